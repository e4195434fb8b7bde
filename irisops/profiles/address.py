"""`iris://user@host:port/NAMESPACE`: an instance named on the command line or in the chat, without a profile."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from irisops.profiles.model import DEFAULT_PORT, Profile, ProfileInvalidError


class AddressError(ValueError):
    """The address cannot be used; the text says why and never repeats a password."""


def parse_address(text: str) -> Profile:
    """A profile for this run alone. Percent escapes are undone (`_SYSTEM%40x`, `%25SYS`), a bare `%SYS` works too.

    A password in it is refused: it would stand in the process list and the shell's history. Raises `AddressError`.
    """
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.casefold() != "iris":
        raise AddressError("An address begins with iris://.")
    try:
        parts = urlsplit(f"//{rest}")
        port = parts.port
    except ValueError:
        raise AddressError("The port of the address is a number from 1 to 65535.") from None
    if parts.password is not None:
        raise AddressError(
            "A password in the address would stand in the process list and the shell's history. Leave it out: it is "
            "asked for, or taken from IRISOPS_PASSWORD."
        )
    if parts.query or parts.fragment:
        raise AddressError("An address has no ? or # part; write those characters as %3F and %23.")
    namespace = _unescaped(parts.path.strip("/")) or "%SYS"
    host = parts.hostname or ""
    user = _unescaped(parts.username or "")
    if not host:
        raise AddressError("The address has no host.")
    if not user:
        raise AddressError("The address has no user: iris://user@host:port/NAMESPACE.")
    port = DEFAULT_PORT if port is None else port
    shown = host.replace(":", ".").strip(".") or "host"
    profile = Profile(name=f"{shown}:{port}", host=host, port=port, namespace=namespace, user=user)
    try:
        profile.check()
    except ProfileInvalidError as wrong:
        raise AddressError(str(wrong)) from None
    return profile


def _unescaped(text: str) -> str:
    """`%25SYS` -> `%SYS`; a `%` that begins no escape (`%SYS`), or one that is no UTF-8 (`%DB`), stays."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text
