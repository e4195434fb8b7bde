"""Services, and login methods as bits: `AutheEnabled` of services and web applications (facts: iris-security 3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SERVICES = tuple(
    f"%Service_{name}"
    for name in (
        "Bindings", "CacheDirect", "CallIn", "ComPort", "Console", "DataCheck", "DocDB", "ECP", "EscalateLogin",
        "Login", "Mirror", "Monitor", "Shadow", "Sharding", "Telnet", "Terminal", "WebGateway", "Weblink",
    )
)  # fmt: skip
"""All services (facts: iris-security 3.3), for completion before an instance was read."""

PASSWORD = 32
UNAUTHENTICATED = 64
"""The bit that lets anybody in (facts: iris-security 3.4)."""

METHODS: Mapping[int, str] = {
    1: "k5ccache",
    2: "k5prompt",
    4: "kerberos",
    8: "k5keytab",
    16: "os",
    32: "password",
    64: "unauthenticated",
    128: "kb",
    256: "kbencryption",
    512: "kbintegrity",
    1024: "system",
    2048: "ldap",
    4096: "ldapcache",
    8192: "delegated",
    16384: "logintoken",
    1048576: "twofactorsms",
    2097152: "twofactorpw",
    33554432: "mutualtls",
    67108864: "oauth2",
}
"""Bit -> word to type: the vendor's macros without `Authe`; K5API, plain Kerberos, is `kerberos`.

(facts: iris-security 3.4, iris-webapps-gateway 1.3)
"""

_ALIASES = {"k5api": 4, "token": 16384, "anonymous": 64, "none": 64, "nologin": 64, "passwords": 32}
WEB_METHODS = 4 | 32 | 64 | 2048 | 8192 | 16384 | 1048576 | 2097152
"""Bits that a web application may have (facts: iris-security 3.4)."""
OAUTH2 = 67108864
OAUTH2_SINCE = (2025, 2)
"""OAuth 2.0 as a method of a web application, and the release that brought it (facts: iris-webapps-gateway 1.3)."""
SECOND_FACTORS = 1048576 | 2097152
"""Bits that add a second factor and are no login method by themselves."""
_UNKNOWN = "bit"


def words_of(bits: int) -> tuple[str, ...]:
    """The words for a bitmask; an unnamed bit is `bit18`, so that `bits_of` restores the mask."""
    return tuple(METHODS.get(1 << at, f"{_UNKNOWN}{at}") for at in range(bits.bit_length()) if bits >> at & 1)


def web_methods(release: str) -> int:
    """The bits that a web application may have in a release, e.g. `2025.2`; "" if that is not known."""
    major, _, minor = release.partition(".")
    known = (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else (0, 0)
    return WEB_METHODS | (OAUTH2 if known >= OAUTH2_SINCE else 0)


def bits_of(words: Sequence[str]) -> int:
    """The bitmask of words, the inverse of `words_of`. Raises ValueError naming an unknown word."""
    bits = 0
    for word in words:
        bits |= _bit(word)
    return bits


def changed(bits: int, text: str) -> int:
    """`bits` after typed changes: `password,ldap` sets exactly these, `+ldap,-unauthenticated` adds and removes.

    Raises ValueError with a sentence for the person.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise ValueError("no way to log in is named")
    signed = [part[0] in "+-" for part in parts]
    if not any(signed):
        return bits_of(parts)
    if not all(signed):
        raise ValueError("either all ways to log in have a + or - before them, or none has")
    for part in parts:
        bit = _bit(part[1:])
        bits = bits | bit if part[0] == "+" else bits & ~bit
    return bits


def lets_in(bits: int) -> bool:
    """True if a login is possible at all: a second factor alone does not suffice."""
    return bool(bits & ~SECOND_FACTORS)


def _bit(word: str) -> int:
    key = word.strip().casefold().replace(" ", "").replace("-", "")
    for bit, name in METHODS.items():
        if name == key:
            return bit
    if key in _ALIASES:
        return _ALIASES[key]
    number = key.removeprefix(_UNKNOWN)
    if key.startswith(_UNKNOWN) and number.isdecimal() and len(number) < 3 and int(number) < 31:
        return int(1 << int(number))
    known = ", ".join(name for bit, name in METHODS.items() if bit & (WEB_METHODS | OAUTH2 | 16))
    raise ValueError(f"“{word}” is no way to log in; there are {known}")
