"""A profile: how to reach one instance, without its password."""

from __future__ import annotations

import re
from dataclasses import dataclass

from irisops.profiles.host import is_host, split_host

DEFAULT_PORT = 1972
"""The superserver's port of a standard installation."""
DEFAULT_USER = "_SYSTEM"
"""The administrator that every installation creates (facts: iris-security); taken where no user is named."""
AGENTS = ("off", "read", "plan", "apply")
"""What agents may do on a profile through `irisops mcp`; each level includes the one before it."""
NAMES = ("shown", "hidden")
COLOURS = ("green", "cyan", "blue", "magenta", "yellow", "red", "white")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*")


class ProfileInvalidError(ValueError):
    """A field of a profile is invalid. `field` names it, the message says what is valid."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Profile:
    """One instance and the user to log in as."""

    name: str
    host: str = "localhost"
    port: int = DEFAULT_PORT
    namespace: str = "%SYS"
    """Administration works in %SYS; elsewhere the Security classes are not visible (facts: iris-security 1)."""
    user: str = ""
    colour: str = ""
    read_only: bool = False
    guarded: bool = False
    web_port: int | None = None
    web_scheme: str = "http"
    path_prefix: str = ""
    """Prefix of every path on the web port, if one web server serves several instances: `/iris-a` (VS Code:
    `pathPrefix`)."""
    sslconfig: str = ""
    """Name of a TLS configuration in the driver's SSLDefs.ini; "" connects without TLS."""
    poll_interval: float | None = None
    """Seconds between polls; None for the setting."""
    password_command: str = ""
    """Command that prints the password: `pass show iris/local`. Never imported from others."""
    agents: str = "read"
    """One of `AGENTS`. Never imported above "read" from others."""
    agents_names: str = "shown"
    """Whether agents see names of users and addresses, or pseudonyms: one of `NAMES`."""

    @property
    def address(self) -> str:
        """host:port/NAMESPACE, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{self.namespace}"

    def check(self) -> None:
        """Raise `ProfileInvalidError` for the first invalid field."""
        if not _NAME.fullmatch(self.name):
            raise ProfileInvalidError(
                "name",
                "A profile's name has letters, digits and . _ : - only, and begins with a letter or digit.",
            )
        if not is_host(self.host):
            raise ProfileInvalidError("host", _wrong_host(self.host))
        _check_port("port", self.port)
        if self.web_port is not None:
            _check_port("web_port", self.web_port)
        if not self.namespace or "/" in self.namespace or not self.namespace.isprintable():
            raise ProfileInvalidError("namespace", "The namespace is a name such as %SYS or USER.")
        if not self.password_command.isprintable():
            raise ProfileInvalidError("password_command", "The password command is one line.")
        if self.agents not in AGENTS:
            raise ProfileInvalidError("agents", f"What agents may do is one of {', '.join(AGENTS)}.")
        if self.agents_names not in NAMES:
            raise ProfileInvalidError("agents_names", f"Names for agents are one of {', '.join(NAMES)}.")
        if self.colour and self.colour not in COLOURS:
            raise ProfileInvalidError("colour", f"The colour is one of {', '.join(COLOURS)}.")
        if self.web_scheme not in ("http", "https"):
            raise ProfileInvalidError("web_scheme", "The web scheme is http or https.")
        if not _PREFIX.fullmatch(self.path_prefix):
            raise ProfileInvalidError(
                "path_prefix", "The path prefix begins with / and does not end with it: /iris-a."
            )
        if self.poll_interval is not None and not 0.5 <= self.poll_interval <= 3600:
            raise ProfileInvalidError("poll_interval", "The poll interval is between 0.5 and 3600 seconds.")


def fit_prefix(text: str) -> str:
    """A path prefix (`iris-a`, `/iris-a/`) in the form that `check` accepts."""
    inner = text.strip().strip("/")
    return f"/{inner}" if inner else ""


def _wrong_host(text: str) -> str:
    """What is wrong with a host, and how to write it. The host is hidden if it may hold a password."""
    alone = "The host is a name or an address alone, without scheme, user, port or path"
    parts = split_host(text)
    if parts is None:
        return f"{alone}."
    fields = [f"host={parts.host}"]
    if parts.port is not None:
        fields.append(f"{'web_port' if parts.web else 'port'}={parts.port}")
    if parts.scheme == "https":
        fields.append("web_scheme=https")
    return f"{alone}: {' '.join(fields)}."


def _check_port(field: str, port: int) -> None:
    if not 1 <= port <= 65535:
        raise ProfileInvalidError(field, f"The {field.replace('_', ' ')} is a number from 1 to 65535.")
