"""How ObjectScript reads the values that cross the wire: everything is a string or a number, truth is a number."""

from __future__ import annotations

import re
from decimal import Decimal
from math import isfinite

from irisops.simulator.backend import ByRef, ObjectRef, Value

_CANONICAL = re.compile(r"^[+-]*(?:\d+\.?\d*|\.\d+)")


def as_text(value: object) -> str:
    """A value as its string. Undefined is empty, 1.0 is "1", bytes are 8-bit characters."""
    if isinstance(value, ByRef):
        value = value.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, ObjectRef):
        return f"{value.number}@{value.class_name}"
    return str(value)


def as_integer(value: object) -> int:
    """The whole part of a value's leading number, 0 where there is none."""
    if isinstance(value, ByRef):
        value = value.value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float | Decimal):
        return int(value) if isfinite(value) else 0
    match = _CANONICAL.match(as_text(value))
    if match is None:
        return 0
    digits = match.group().lstrip("+-")
    sign = -1 if match.group()[: len(match.group()) - len(digits)].count("-") % 2 else 1
    return sign * int(Decimal(digits))


def as_boolean(value: object) -> bool:
    """`''value`: any number that is not zero; "" and words are false (facts: iris-security 2.4, the Enabled trap)."""
    if isinstance(value, ByRef):
        value = value.value
    match = _CANONICAL.match(as_text(value))
    return match is not None and Decimal(match.group().lstrip("+-")) != 0


def comma_list(value: object) -> list[str]:
    """The non-empty elements of a comma list, without blanks around them."""
    return [part for part in (piece.strip() for piece in as_text(value).split(",")) if part]


def same(left: str, right: str) -> bool:
    """Whether two names of users, roles, resources are one: letter case does not count (facts: iris-security 1)."""
    return left.lower() == right.lower()


def matches_names(name: str, pattern: str, *, prefix: bool = False, contains: bool = False) -> bool:
    """The name filter of the list queries: `*`, comma lists, `Abc*`; case-insensitive (facts: iris-security 2.5, 3.2).

    `prefix`: an element without `*` matches as a prefix, too. `contains`: anywhere in the name.
    """
    text = name.lower()
    for part in comma_list(pattern):
        wanted = part.lower()
        if wanted == "*":
            return True
        stem = wanted.rstrip("*")
        if contains and stem in text:
            return True
        if (prefix or wanted.endswith("*")) and text.startswith(stem):
            return True
        if text == wanted:
            return True
    return False


def undefined_as_empty(value: Value) -> Value:
    """A value that the client passed: Python's None travels as an empty string (facts: wire-protocol 2)."""
    return "" if value is None else value
