"""Environment variables that programs for IRIS commonly read (facts: iris-license-sessions 8.3)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from irisops.profiles.discovery.found import Found, Report, StoredPassword, Surroundings, fit_name
from irisops.profiles.model import DEFAULT_PORT

HOSTS = ("IRIS_HOSTNAME", "IRIS_HOST")
PORT = "IRIS_PORT"
USER = "IRIS_USERNAME"
PASSWORD = "IRIS_PASSWORD"  # noqa: S105 - the variable's name
SCHEMES = ("iris", "iris+intersystems", "iris+emb")


async def variables(around: Surroundings) -> Report:
    """IRIS_HOSTNAME and its kin, and any variable that holds an iris:// address."""
    environment = around.environment
    found: list[Found] = []
    troubles: list[str] = []
    host = next((environment[name] for name in HOSTS if environment.get(name)), "")
    if host or environment.get(PORT):
        port = environment.get(PORT, "") or str(DEFAULT_PORT)
        if port.isdigit() and 1 <= int(port) <= 65535:
            found.append(_from_variables(environment, host or "127.0.0.1", int(port)))
        else:
            troubles.append(f"The environment variable {PORT} is no port.")
    for name, value in sorted(environment.items()):
        if value.partition("://")[0] in SCHEMES and "://" in value:
            each = _from_address(name, value)
            if each is None:
                troubles.append(f"The address in the environment variable {name} cannot be understood.")
            else:
                found.append(each)
    return Report(tuple(found), " ".join(troubles))


def _from_variables(environment: Mapping[str, str], host: str, port: int) -> Found:
    return Found(
        name=fit_name(f"env-{host}"),
        source="environment",
        host=host,
        port=port,
        user=environment.get(USER, ""),
        about="IRIS_… variables",
        password=_later(PASSWORD, environment.get(PASSWORD, "")),
    )


def _from_address(name: str, value: str) -> Found | None:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    return Found(
        name=fit_name(f"env-{parts.hostname}"),
        source="environment",
        host=parts.hostname,
        port=port or DEFAULT_PORT,
        user=unquote(parts.username or ""),
        about=f"address in {name}",
        password=_later(name, unquote(parts.password or "")),
    )


def _later(variable: str, value: str) -> StoredPassword | None:
    if not value:
        return None

    async def read() -> str | None:
        return value

    return StoredPassword(f"the environment variable {variable}", read)
