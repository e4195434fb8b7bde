"""`iris://user@host:port/NAMESPACE`: an instance named on the command line, in the chat or in a variable."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from irisops.profiles.host import is_host, port_number
from irisops.profiles.model import DEFAULT_PORT, Profile, ProfileInvalidError

_TAIL = re.compile(
    r"(?:\[(?P<v6>[^\[\]@/?#]+)\]|(?P<host>[^\[\]@:/?#]+))(?::(?P<port>[0-9]+))?"
    r"(?:/(?P<path>[^@:?#]*))?(?:\?(?P<query>.*))?",
    re.DOTALL,
)
"""What may follow `user:password@`. The query alone may hold an @."""


class AddressError(ValueError):
    """The address is invalid. The text says why, without repeating any of it: it may hold a password."""


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address, unescaped. `password` is None if missing."""

    scheme: str
    user: str
    password: str | None = field(repr=False)
    host: str
    port: int | None
    path: str
    """Without the slashes around it."""
    query: str = field(repr=False)


def read_address(text: str) -> Address:
    """Parse an address with any characters in its password. Raises `AddressError`.

    User and password end at the last @ before the path, as in SQLAlchemy's reading of `user:12/34@host`, where the
    usual rules for URLs would take `12` for a port. An address that can be read in two ways is refused: in one of them
    a piece of the password would be the host, and be shown, stored and asked of a name server.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        raise AddressError("An address begins with iris://.")
    ends = [-1, *(at for at, character in enumerate(rest) if character == "@")]
    readings = [(end, tail) for end in ends if (tail := _tail(rest[end + 1 :])) is not None]
    if len(readings) > 1:
        raise AddressError(
            "The address can be read in more than one way. Write special characters of the user and the password as "
            "escapes: %40 for @, %2F for /, %3F for ?, %23 for #, %3A for :."
        )
    if not readings:
        raise AddressError(_wrong(rest))
    ((end, tail),) = readings
    user, colon, password = rest[: max(end, 0)].partition(":")
    if any(mark in user for mark in "/?#"):
        raise AddressError("The user of the address has a / ? or #: write it as %2F, %3F or %23.")
    return Address(
        scheme=scheme.casefold(),
        user=_unescaped(user),
        password=_unescaped(password) if colon else None,
        host=(tail["v6"] or tail["host"]).lower(),
        port=None if tail["port"] is None else port_number(tail["port"]),
        path=_unescaped((tail["path"] or "").strip("/")),
        query=tail["query"] or "",
    )


def _tail(text: str) -> re.Match[str] | None:
    """Host, port, path and query, if they match."""
    found = _TAIL.fullmatch(text)
    if found is None or not is_host(found["v6"] or found["host"]):
        return None
    if found["v6"] is not None and ":" not in found["v6"]:
        return None
    return None if found["port"] is not None and port_number(found["port"]) is None else found


def _wrong(rest: str) -> str:
    """Why the rest is no host, port and path, judged by its punctuation only."""
    userinfo, _, tail = rest.rpartition("@")
    if ":" in userinfo:
        return "The address cannot be understood: after the last @ it has no host, port and namespace."
    place = re.split(r"[/?#]", tail, maxsplit=1)[0]
    if "#" in tail:
        return "An address has no ? or # part; write those characters as %3F and %23."
    if not re.sub(r":[^:\]]*$", "", place):
        return "The address has no host."
    if re.search(r"[^:]:[^:\]]*$", place):
        return "The port of the address is a number from 1 to 65535."
    return "The address has no host that can be one."


def parse_address(text: str) -> Profile:
    """A temporary profile. Percent escapes are decoded (`_SYSTEM%40x`, `%25SYS`); a bare `%SYS` works too.

    A password in it is refused, as the process list and the shell's history would show it. Raises `AddressError`.
    """
    if text.partition("://")[0].casefold() != "iris":
        raise AddressError("An address begins with iris://.")
    address = read_address(text)
    if address.password is not None:
        raise AddressError(
            "A password in the address would stand in the process list and the shell's history. Leave it out: it is "
            "asked for, or taken from IRISOPS_PASSWORD."
        )
    if address.query:
        raise AddressError("An address has no ? or # part; write those characters as %3F and %23.")
    if not address.user:
        raise AddressError("The address has no user: iris://user@host:port/NAMESPACE.")
    port = DEFAULT_PORT if address.port is None else address.port
    shown = re.sub(r"[^A-Za-z0-9_.-]", ".", address.host).strip(".-_")[:50] or "host"
    profile = Profile(
        name=f"{shown}:{port}",
        host=address.host,
        port=port,
        namespace=address.path or "%SYS",
        user=address.user,
    )
    try:
        profile.check()
    except ProfileInvalidError as wrong:
        raise AddressError(str(wrong)) from None
    return profile


def named(text: str) -> str:
    """A given profile name, for `There is no profile …`; hidden if it looks like an address."""
    return "of that name; an address begins with iris://" if "@" in text or "://" in text else text


def _unescaped(text: str) -> str:
    """`%25SYS` -> `%SYS`; a `%` that starts no valid escape (`%SYS`, `%DB`) is kept."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text
