"""Values of ObjectScript: strings, and numbers, which equal their canonical strings. Pure functions.

The numeric value of a string is the number it begins with ("12 bottles" is 12, "abc" is 0). Numbers are decimal, with
19 digits and the range of the language.
"""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, ROUND_FLOOR, Context, Decimal, DecimalException

from irisops.simulator.backend import ObjectRef, ThrownError, Value

MOST_CHARACTERS = 3_641_144
"""Maximum length of a string in the language."""

_NUMERIC = re.compile(r"([+-]*)(\d+\.?\d*|\.\d+)((?:[Ee][+-]?\d+)?)")
_CANONICAL = re.compile(r"-?(?:0|[1-9]\d*)?(?:\.\d*[1-9])?")
_CONTEXT = Context(prec=19, Emin=-145, Emax=145)


def text(value: Value) -> str:
    """A value as a string: undefined is empty, numbers are canonical (`.5`, `-3`)."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return _canonical(value)
    if isinstance(value, ObjectRef):
        return f"{value.number}@{value.class_name}"
    return str(int(value)) if isinstance(value, int) else value


def number(value: Value) -> int | Decimal:
    """A value as a number: the number it begins with, else 0. Throws `<MAXNUMBER>`."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Decimal):
        return tidy(value)
    match = _NUMERIC.match(text(value))
    if match is None:
        return 0
    signs, digits, exponent = match.groups()
    try:
        found = _CONTEXT.create_decimal(digits + exponent)
    except DecimalException:
        raise ThrownError("<MAXNUMBER>") from None
    return tidy(-found if signs.count("-") % 2 else found)


def truth(value: Value) -> bool:
    """True for any number but 0."""
    return number(value) != 0


def tidy(value: Decimal) -> int | Decimal:
    """A whole number as int. Throws `<MAXNUMBER>`."""
    if not value.is_finite() or (value and value.adjusted() > _CONTEXT.Emax):
        raise ThrownError("<MAXNUMBER>")
    whole = value == value.to_integral_value(context=Context(prec=200))
    return int(value) if whole else value


def string(value: str) -> str:
    """A computed string. Throws `<MAXSTRING>` if it is too long."""
    if len(value) > MOST_CHARACTERS:
        raise ThrownError("<MAXSTRING>")
    return value


def is_canonical(value: str) -> bool:
    """True if a string has the form of a canonical number: such subscripts sort as numbers, before other strings."""
    return value not in ("", "-", "-0") and _CANONICAL.fullmatch(value) is not None


def collation_key(subscript: str) -> tuple[int, Decimal, str]:
    """Sort key of a subscript: numbers by value, then strings."""
    if is_canonical(subscript):
        return (0, Decimal(subscript), "")
    return (1, Decimal(0), subscript)


def unary(operator: str, value: Value) -> Value:
    """`+x`, `-x`, `'x`."""
    if operator == "'":
        return int(not truth(value))
    found = number(value)
    return found if operator == "+" else -found


def binary(operator: str, left: Value, right: Value) -> Value:
    """A binary operator. Throws `<DIVIDE>`, `<MAXNUMBER>`, `<ILLEGAL VALUE>` or `<MAXSTRING>`."""
    if operator == "_":
        return string(text(left) + text(right))
    if operator in _TESTS:
        return int(_TESTS[operator](left, right))
    if operator.startswith("'") and operator[1:] in _TESTS:
        return int(not _TESTS[operator[1:]](left, right))
    return _arithmetic(operator, Decimal(number(left)), Decimal(number(right)))


_TESTS = {
    "=": lambda left, right: text(left) == text(right),
    "<": lambda left, right: number(left) < number(right),
    ">": lambda left, right: number(left) > number(right),
    "<=": lambda left, right: number(left) <= number(right),
    ">=": lambda left, right: number(left) >= number(right),
    "[": lambda left, right: text(right) in text(left),
    "]": lambda left, right: text(left) > text(right),
    "&": lambda left, right: truth(left) and truth(right),
    "!": lambda left, right: truth(left) or truth(right),
}


def _arithmetic(operator: str, left: Decimal, right: Decimal) -> int | Decimal:
    if operator in ("/", "\\", "#") and not right:
        raise ThrownError("<DIVIDE>")
    try:
        match operator:
            case "+":
                found = _CONTEXT.add(left, right)
            case "-":
                found = _CONTEXT.subtract(left, right)
            case "*":
                found = _CONTEXT.multiply(left, right)
            case "/":
                found = _CONTEXT.divide(left, right)
            case "\\":
                found = _CONTEXT.divide(left, right).to_integral_value(ROUND_DOWN)
            case "#":
                # The result has the sign of the divisor: -7#3 is 2.
                found = left - right * _CONTEXT.divide(left, right).to_integral_value(ROUND_FLOOR)
            case "**":
                found = _CONTEXT.power(left, right)
            case _:
                raise ValueError(f"no operator {operator!r}")
    except DecimalException:
        raise ThrownError("<ILLEGAL VALUE>" if operator == "**" and left < 0 else "<MAXNUMBER>") from None
    return tidy(found)


def _canonical(value: Decimal) -> str:
    written = format(tidy(value), "f") if isinstance(tidy(value), Decimal) else str(tidy(value))
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return written.replace("0.", ".", 1) if written.startswith(("0.", "-0.")) else written
