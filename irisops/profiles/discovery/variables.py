"""Environment variables commonly used for IRIS (facts: iris-license-sessions 8.3)."""

from __future__ import annotations

from collections.abc import Mapping

from irisops.profiles.address import AddressError, read_address
from irisops.profiles.discovery.found import Found, Report, Surroundings, fit_name, known_password
from irisops.profiles.host import HostField, port_number, split_host
from irisops.profiles.model import DEFAULT_PORT

HOSTS = ("IRIS_HOSTNAME", "IRIS_HOST")
PORT = "IRIS_PORT"
USER = "IRIS_USERNAME"
PASSWORD = "IRIS_PASSWORD"  # noqa: S105 - the variable's name
SCHEMES = ("iris", "iris+intersystems", "iris+emb")


async def variables(around: Surroundings) -> Report:
    """IRIS_HOSTNAME and related variables, and any variable with an iris:// address."""
    environment = around.environment
    found: list[Found] = []
    troubles: list[str] = []
    named = next((name for name in HOSTS if environment.get(name)), "")
    link = _link(environment)
    given = "" if link else _bare(environment.get(PORT, ""))
    if named or link or given:
        host = split_host(_bare(environment[named])) if named else link or HostField("127.0.0.1")
        port = port_number(given)
        if host is None:
            troubles.append(f"The environment variable {named} is not a host name or an address.")
        elif given and port is None:
            troubles.append(f"The environment variable {PORT} is no port.")
        elif port and host.port and not host.web and port != host.port:
            troubles.append(f"The environment variables {named} and {PORT} name different ports.")
        else:
            found.append(_from_variables(environment, host, port))
    for name, value in sorted(environment.items()):
        address = _bare(value)
        if address.partition("://")[0].casefold() in SCHEMES and "://" in address:
            try:
                found.append(_from_address(name, address))
            except AddressError as error:
                troubles.append(f"The address in the environment variable {name} cannot be used: {error}")
    return Report(tuple(found), " ".join(troubles))


def _link(environment: Mapping[str, str]) -> HostField | None:
    """The address that Kubernetes and Docker's links put into `IRIS_PORT` for a service or a container called iris."""
    host = split_host(_bare(environment.get(PORT, "")))
    return host if host is not None and host.scheme == "tcp" else None


def _bare(value: str) -> str:
    """The value without quotation marks, which Docker's env files leave in place."""
    value = value.strip()
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _from_variables(environment: Mapping[str, str], host: HostField, port: int | None) -> Found:
    superserver = port or (None if host.web else host.port)
    return Found(
        name=fit_name(f"env-{host.host}"),
        source="environment",
        host=host.host,
        port=superserver or DEFAULT_PORT,
        port_assumed=superserver is None,
        user=environment.get(USER, ""),
        web_port=host.port if host.web else None,
        web_scheme=host.scheme if host.web else "http",
        about="IRIS_… variables",
        password=known_password(f"the environment variable {PASSWORD}", environment.get(PASSWORD, "")),
    )


def _from_address(name: str, value: str) -> Found:
    """Raises `AddressError`."""
    address = read_address(value)
    return Found(
        name=fit_name(f"env-{address.host}"),
        source="environment",
        host=address.host,
        port=address.port or DEFAULT_PORT,
        port_assumed=address.port is None,
        user=address.user,
        about=f"address in {name}",
        password=known_password(f"the environment variable {name}", address.password or ""),
    )
