"""Order of subscripts: canonical numbers by value, then everything else by code (facts: wire-protocol 6)."""

from __future__ import annotations

import re
from decimal import Decimal

from irisops.simulator.backend import Value

_CANONICAL = re.compile(r"0|-?(?:[1-9][0-9]*(?:\.[0-9]*[1-9])?|\.[0-9]*[1-9])")


def subscript_text(value: Value) -> str:  # noqa: PLR0911 - one return per type
    """A subscript as IRIS stores it: a string, numbers in canonical form (`.5`, not `0.5`; no trailing zeros)."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, (float, Decimal)):
        number = Decimal(repr(value)) if isinstance(value, float) else value
        if not number.is_finite():
            return str(number)
        text = format(number, "f")
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
        digits = digits.removeprefix("0") if digits.startswith("0.") else digits
        return "0" if digits in ("", "0") else sign + digits
    return f"{value.number}@{value.class_name}"


def sort_key(subscript: str) -> tuple[int, Decimal, str]:
    """Sort key of subscripts in IRIS: the empty one, then canonical numbers, then strings."""
    if not subscript:
        return 0, Decimal(0), ""
    if _CANONICAL.fullmatch(subscript):
        return 1, Decimal(subscript), ""
    return 2, Decimal(0), subscript


def compare(first: str, second: str) -> int:
    """-1 if `first` sorts after `second`, 1 if before, 0 if equal or one is empty, as `%SubscriptSortOrder` returns."""
    if not first or not second:
        return 0
    one, two = sort_key(first), sort_key(second)
    return (one < two) - (one > two)
