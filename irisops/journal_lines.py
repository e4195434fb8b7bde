"""The lines of a journal file: the version of their shape, and each one read on its own.

A journal outlives crashes, editors and older and newer irisops. A line that cannot be read is skipped and named; it
never takes away the lines beside it. A line without `v` is of the shape before there were versions, which is the same
but for that. A line with a later `v` than `VERSION` is left to the irisops that wrote it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

VERSION: Final = 1
MOST_BYTES = 16 << 20
"""A longer line is not parsed. The largest real ones, changes of a thousand users, are about 2 MB."""
MOST_NUMBER = 999_999_999
MOST_LEAP = 1_000_000
"""How far the number of a readable line may lie above all before it; one beyond is damage. It may lie above them at
all where a journal was moved away, as the counting goes on."""
NEAR = 1_000
"""The same for a line that is damaged otherwise: it may be of a change, so its number is not given out again."""
STATUSES: Final = ("done", "failed", "unknown")
_BOM = b"\xef\xbb\xbf"
_START = re.compile(rb'\{(?:"v":\d{1,9},)?"number":(\d{1,9})[,}]')
"""The start of every line: the number can be read even if the rest was cut off."""


class LineError(ValueError):
    """A line that could not be read back, so it is not written. `cure` says what to do."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.cure = cure


class Line(NamedTuple):
    """One readable line of change `number`. `data` holds values of the right types."""

    at_line: int
    number: int
    kind: str
    at: datetime
    data: Mapping[str, Any]


class Skipped(NamedTuple):
    """One unreadable line, counted from 1. `number` is its change if that can be read and is a likely one."""

    at_line: int
    number: int | None
    newer: bool = False


def read_lines(raw: bytes) -> list[Line | Skipped]:
    """All lines of a file in order, without empty ones. A line with an unlikely number counts as damaged."""
    found: list[Line | Skipped] = []
    highest = 0
    for at_line, line in enumerate(raw.removeprefix(_BOM).split(b"\n"), start=1):
        if not line.strip():
            continue
        each = _read(at_line, line)
        newer = isinstance(each, Skipped) and each.newer
        leap = MOST_LEAP if newer or isinstance(each, Line) else NEAR
        if each.number is not None and each.number > highest + leap:
            each = Skipped(at_line, None, newer)
        highest = max(highest, each.number or 0)
        found.append(each)
    return found


def written(number: int, record: Mapping[str, object]) -> bytes:
    """A line to append. Raises `LineError`."""
    if not 1 <= number <= MOST_NUMBER:
        raise LineError(
            f"there is no room for a change with the number {number}",
            "Move that file away, then try again: another one is begun.",
        )
    line = json.dumps({"v": VERSION, "number": number, **record}, ensure_ascii=True, separators=(",", ":"))
    if len(line) > MOST_BYTES:
        raise LineError(
            f"the change is too large for one line: {len(line)} bytes", "Make the change in smaller parts."
        )
    return line.encode() + b"\n"


def _read(at_line: int, line: bytes) -> Line | Skipped:
    start = _START.match(line)
    number = int(start[1]) if start else None
    record = _parsed(line)
    if _is_number(record.get("number")):
        number = record["number"]
    version = record.get("v", 0)
    known = type(version) is int and 0 <= version <= VERSION
    kind, at = record.get("kind"), _time(record.get("at"))
    if number is None or not known or at is None or not isinstance(kind, str) or not _is_right(kind, record):
        return Skipped(at_line, number, newer=type(version) is int and version > VERSION)
    if record.get("undoes", 0) >= number:
        return Skipped(at_line, number)  # only an earlier change can be undone
    return Line(at_line, number, kind, at, record)


def _parsed(line: bytes) -> Mapping[str, Any]:
    """The JSON object of a line; empty for anything else."""
    if len(line) > MOST_BYTES:
        return {}
    try:
        record = json.loads(line.decode())
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


Check = Callable[[object], bool]


def _is_right(kind: str, record: Mapping[str, object]) -> bool:
    """True if a line of this kind has all its fields, each of the right type."""
    shape = _SHAPES.get(kind)
    return shape is not None and all(
        right(record[name]) if name in record else not required for name, (right, required) in shape.items()
    )


def _time(value: object) -> datetime | None:
    """An aware time between 1970 and 9000; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo is not None and 1970 <= at.year <= 9000 else None


def _is_number(value: object) -> bool:
    return type(value) is int and 1 <= value <= MOST_NUMBER


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_status(value: object) -> bool:
    return isinstance(value, str) and value in STATUSES


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _are_changes(value: object) -> bool:
    return isinstance(value, list) and all(_are_texts(each) and len(each) == 3 for each in value)


def _are_calls(value: object) -> bool:
    return isinstance(value, dict) and all(_are_texts(each) for each in value.values())


def _is_reverse(value: object) -> bool:
    return isinstance(value, dict) and all(
        right(value.get(name))
        for name, right in (
            ("kind", _is_text),
            ("target", _is_text),
            ("before", _are_texts),
            ("after", _are_texts),
        )
    )


def _are_fields(value: object) -> bool:
    return value is None or (
        isinstance(value, dict)
        and all(isinstance(each, str | bool) or _are_texts(each) for each in value.values())
    )


def _are_touched(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict)
        and _is_text(each.get("kind"))
        and _is_text(each.get("name"))
        and {"before", "after"} <= each.keys()
        and _are_fields(each["before"])
        and _are_fields(each["after"])
        and (each["before"] is not None or each["after"] is not None)
        and isinstance(each.get("follows", False), bool)
        for each in value
    )


_SHAPES: Mapping[str, Mapping[str, tuple[Check, bool]]] = {
    "intent": {
        "title": (_is_text, True),
        "command": (_is_text, True),
        "instance": (_is_text, True),
        "user": (_is_text, True),
        "changes": (_are_changes, True),
        "calls": (_are_calls, False),
        "reverse": (_is_reverse, False),
        "undoes": (_is_number, False),
        "touched": (_are_touched, False),
        "steps": (_are_texts, False),
        "passwords": (_are_texts, False),
        "final": (_is_text, False),
    },
    "step": {},
    "outcome": {"status": (_is_status, True), "detail": (_is_text, False)},
}
"""Kind of line -> its fields, each with its check and whether it is required."""


def places(lines: Sequence[int], most: int = 5) -> str:
    """`line 3`, `lines 3, 4 and 9`, `lines 1, 2, 3, 4, 5 and 12 more`."""
    if len(lines) == 1:
        return f"line {lines[0]}"
    shown = [str(each) for each in lines[:most]]
    rest = len(lines) - len(shown)
    last = f"{rest} more" if rest else shown.pop()
    return f"lines {', '.join(shown)} and {last}"
