"""Parsing of host names and port numbers written by people or other programs."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import NamedTuple

_SCHEME = re.compile(r"(https?|iris|tcp)://", re.IGNORECASE)
_ZONE = re.compile(r"[A-Za-z0-9_.-]+")


class HostField(NamedTuple):
    """Contents of a host field: the host, with port (or None) and scheme (or "") if given."""

    host: str
    port: int | None = None
    scheme: str = ""

    @property
    def web(self) -> bool:
        """True if the port is a web server's."""
        return self.scheme in ("http", "https")


def port_number(text: str) -> int | None:
    """A port from 1 to 65535 in ASCII digits; None for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        return None
    return int(text) if 1 <= int(text) <= 65535 else None


def is_host(text: str) -> bool:
    """True for a host name or an IP address without scheme, port, user or path."""
    if ":" in text:
        address, percent, zone = text.partition("%")
        try:
            ipaddress.IPv6Address(address)
        except ValueError:
            return False
        return not percent or _ZONE.fullmatch(zone) is not None
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(
        0 < len(label) <= 63 and not label.startswith("-") and all(map(_fits, label)) for label in labels
    )


def _fits(character: str) -> bool:
    """True for hyphen, underscore, and letters, marks and digits of any script (they become IDNA)."""
    if character.isascii():
        return character.isalnum() or character in "-_"
    return unicodedata.category(character)[0] in "LM" or unicodedata.category(character) == "Nd"


def split_host(text: str) -> HostField | None:
    """Host, port and scheme of a field that should hold a host: `http://localhost:52773`, `db.example:1973`.

    None for anything else. Anything with an @ is refused: the part before it may be a password.
    """
    text = text.strip()
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else ""
    rest = text[found.end() :].removesuffix("/") if found else text
    bracket = re.fullmatch(r"\[([^\[\]]*)\](?::(.*))?", rest)
    if bracket is not None:
        host, port = bracket[1], bracket[2]
        if ":" not in host:
            return None
    elif rest.count(":") == 1:
        host, _, port = rest.partition(":")
    else:
        host, port = rest, None
    number = None if port is None else port_number(port)
    if not is_host(host) or (port is not None and number is None):
        return None
    return HostField(host, number, scheme)
