"""Values inside the embedded database, and their form as text and as numbers in InterSystems SQL."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation

Scalar = None | int | float | str | bytes
"""A value in SQLite. Decimals become integers if whole, otherwise floats."""


def text(value: Scalar) -> str:
    """A value as IRIS shows it; numbers in canonical form, `.5` instead of `0.5`."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return "INF" if value > 0 else "-INF" if value < 0 else "NAN"
    return canonical(Decimal(repr(value)))


def canonical(value: Decimal) -> str:
    """A number in the canonical form of IRIS: no exponent, no trailing zeros, no zero before the point."""
    shown = format(value, "f")
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    sign, digits = ("-", shown[1:]) if shown.startswith("-") else ("", shown)
    digits = digits[1:] if digits.startswith("0.") else digits
    return "0" if digits in {"", "0"} else sign + digits


_NUMBER = re.compile(r"\s*[+-]*(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")


def number(value: Scalar) -> int | float:
    """A value in a numeric context: the number at the start of a string, else 0."""
    if isinstance(value, int | float):
        return value
    match = _NUMBER.match(text(value))
    if match is None:
        return 0
    digits = match[0].strip()
    sign = -1 if digits[: len(digits) - len(digits.lstrip("+-"))].count("-") % 2 else 1
    try:
        return sign * plain(Decimal(digits.lstrip("+-")))
    except InvalidOperation:
        return 0


def plain(value: Decimal) -> int | float:
    """A decimal as SQLite can store it: an integer of 64 bits, else a float."""
    if abs(value) < 2**63 and value == value.to_integral_value():
        return int(value)
    return float(value)
