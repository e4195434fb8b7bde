"""Masks: the shape of a value (`9999-99-99 99:99:99`, `Aaaa`, `%Aaa`) and the codes in an error text.

Nothing else of what an instance says gets into the evidence: a shape keeps kinds of characters and punctuation, no
letter and no digit.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal

from irisops.instance.calls import Value
from irisops.instance.errors import InstanceProblem
from irisops.instance.status import decode_status, is_error_status

MOST_LETTERS = 4
"""Letters in a row that a shape shows; the length of a name is nobody's business."""
MOST_DIGITS = 8
LONGEST = 48
"""Characters of a shape."""
MOST_SHAPES = 4
"""Different shapes shown of a column."""

_RUNS = {"A": MOST_LETTERS, "a": MOST_LETTERS, "9": MOST_DIGITS}
_NAMES = re.compile(r"[A-Za-z%][\w%#.]{0,40}", re.ASCII)
_WORDS = re.compile(r"[\w .,/()&+:-]{0,90}", re.ASCII)
_CODES = re.compile(r"SQLCODE:?\s*<?\s*-?\d{1,4}|#\d{2,6}\b|\bHTTP \d{3}\b|<[A-Z ]+>")
_THROWN = frozenset(
    f"<{name}>"
    for name in (
        "PROTECT", "CLASS DOES NOT EXIST", "METHOD DOES NOT EXIST", "PROPERTY DOES NOT EXIST",
        "PARAMETER DOES NOT EXIST", "PRIVATE METHOD", "NOROUTINE", "NOLINE", "INVALID OREF", "INVALID CLASS",
        "CANNOT GET THIS PROPERTY", "UNDEFINED", "ILLEGAL VALUE", "LIST", "LIST ERROR", "NAMESPACE", "NULL VALUE",
        "PARAMETER", "FUNCTION", "SYNTAX", "SUBSCRIPT", "COMMAND", "DATABASE", "DIRECTORY", "MAXSTRING", "STORE",
        "THROW", "SQL ERROR", "NETWORK", "INTERRUPT", "CLASS PROPERTY", "LICENSE LIMIT EXCEEDED", "COMMUNICATION ERROR",
    )
)  # fmt: skip


def kind_of(value: Value) -> str:  # noqa: PLR0911 - one per type
    """The type of a value in words; "empty" for None and ""."""
    match value:
        case None | "":
            return "empty"
        case bool():
            return "flag"
        case int():
            return "whole number"
        case float() | Decimal():
            return "number"
        case bytes():
            return "bytes"
        case datetime():
            return "timestamp"
        case date():
            return "date"
        case time():
            return "time"
        case _:
            return "text"


def shape(value: Value) -> str:
    """The shape of a value; "" for an empty one and a flag. Runs of letters and of digits are cut."""
    if value is None or isinstance(value, bool):
        return ""
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    parts: list[str] = []
    for sign, run in itertools.groupby(map(_sign, text[: 10 * LONGEST])):
        length = len(list(run))
        most = _RUNS.get(sign, length)
        parts.append(sign * min(length, most) + ("…" if sign == "9" and length > most else ""))
    found = "".join(parts)
    return found if len(found) <= LONGEST else f"{found[: LONGEST - 1]}…"


def _sign(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "A" if character.isupper() else "a"
    return character if character.isascii() and character.isprintable() else "?"


def summary(values: Iterable[Value]) -> str:
    """Types and different shapes of a few values: `text: Aaaa | aaaa, empty`."""
    by_kind: dict[str, list[str]] = {}
    for value in values:
        shapes = by_kind.setdefault(kind_of(value), [])
        if (mask := shape(value)) and mask not in shapes and len(shapes) < MOST_SHAPES:
            shapes.append(mask)
    return ", ".join(f"{kind}: {' | '.join(shapes)}" if shapes else kind for kind, shapes in by_kind.items())


def column_name(name: str) -> str:
    """The name of a column of a system class; anything that is not written as one is masked."""
    return name if _NAMES.fullmatch(name) else shape(name)


def product_words(text: str) -> str:
    """A part of `$ZVERSION`; masked if it is written in other characters than those parts are."""
    return text if _WORDS.fullmatch(text) else shape(text)


def codes_of(problem: InstanceProblem) -> list[str]:
    """Numbers and names of an error without its words: `SQLCODE -99`, `#822`, `HTTP 503`, `<PROTECT>`."""
    found = [_code(match) for match in _CODES.findall(f"{problem.detail}\n{problem.message}")]
    for status in (problem.detail, problem.message):
        if is_error_status(status):
            found += [f"#{error.code}" for error in decode_status(status)]
    return list(dict.fromkeys(found))


def _code(text: str) -> str:
    if text.startswith("<"):
        return text if text in _THROWN else shape(text)
    return f"SQLCODE {re.sub(r'[^-0-9]', '', text)}" if text.startswith("SQLCODE") else text
