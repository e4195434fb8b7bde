"""Convert values of an instance to Python: numbers, flags, dates, times, lists of names, privileges.

All functions accept anything and return None (or an empty value) for nonsense: one odd cell must not fail a list.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

from irisops.instance.calls import Answer, Rows, Value
from irisops.instance.packed_rows import Cells, Kept, as_kept, unpacked

T = TypeVar("T")

HOROLOG_START = date(1840, 12, 31)
"""Day 0 of $HOROLOG (facts: iris-license-sessions 1.2)."""

Row = Mapping[str, Value]

FIRST_YEAR = 1900
"""An earlier time is none: the instance never sends one."""
WHOLE_SECONDS = len("YYYY-MM-DD HH:MM:SS")

PORTION = 256
"""Rows converted between two turns of the event loop: a millisecond or two."""

LOOKED_AT = 1_024
"""Unchanged rows passed over between two turns of the event loop: half a millisecond."""


class NamedRow(Mapping[str, Value]):
    """A row of a result by its columns' lower-cased names, in 50 bytes: a dict of 26 cells takes 1 KB."""

    __slots__ = ("kept", "places")

    def __init__(self, places: Mapping[str, int], kept: Kept) -> None:
        """`places` has each column's place in the row; all rows of a result share it. `kept` may be packed."""
        self.places, self.kept = places, kept

    @property
    def cells(self) -> Cells:
        """The row."""
        return unpacked(self.kept)

    def __getitem__(self, name: str) -> Value:
        return unpacked(self.kept)[self.places[name]]

    def get(self, name: str, default: Value = None) -> Value:  # type: ignore[override]  # - a row has no other default
        """The cell, or `default` if the result lacks the column. Not that of `Mapping`, which raises and catches."""
        place = self.places.get(name)
        if place is None:
            return default
        kept = self.kept
        return (unpacked(kept) if isinstance(kept, bytes) else kept)[place]

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


def named_row(row: Row) -> NamedRow:
    """The same row as a `NamedRow`."""
    return NamedRow({name: place for place, name in enumerate(row)}, tuple(row.values()))


def as_int(value: Value) -> int | None:
    """A whole number, from a number or its text; None for "" and all else."""
    if type(value) is int:  # first, as most are: ten thousand rows ask this 40,000 times
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float | Decimal | str):
        try:
            if isinstance(value, str):
                return int(text) if (text := value.strip()) else None
            number = float(value)
        except ValueError:  # no number, or a signalling NaN
            return None
        return int(value) if math.isfinite(number) and abs(number) < 1e30 else None
    return None


def as_text(value: Value) -> str:
    """Text; "" for None. Bytes are Latin-1, as 8-bit strings are (facts: wire-protocol 2)."""
    if type(value) is str:
        # The driver reads a lone NUL as the empty string of SQL (facts: wire-protocol 7).
        return "" if value == "\0" else value
    if value is None:
        return ""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def as_flag(value: Value, *, default: bool = False) -> bool:
    """A flag: 0/1 in objects, Yes/No in class queries (facts: iris-security 1). `default` for neither."""
    if isinstance(value, int):
        return bool(value)
    text = as_text(value).strip().lower()
    if text in {"1", "yes", "true"}:
        return True
    if text in {"0", "no", "false"}:
        return False
    return default


def as_names(value: Value) -> tuple[str, ...]:
    """Names in a comma list, blanks trimmed, empty ones and repeats dropped, order kept."""
    return tuple(dict.fromkeys(name for part in as_text(value).split(",") if (name := part.strip())))


def as_privileges(value: Value) -> tuple[tuple[str, str], ...]:
    """`R1:RW,R2:U` as (resource, letters) pairs (facts: iris-security 3.1). Long names become letters too."""
    pairs: list[tuple[str, str]] = []
    last = ""
    for part in as_text(value).split(","):
        name, colon, letters = part.strip().rpartition(":")
        if colon and name:
            pairs.append((name, _letters(letters)))
            last = name
        elif last and part.strip().upper() in {"READ", "WRITE", "USE", "R", "W", "U"}:
            # `Res:Read,Use`: a second permission of the same resource.
            pairs[-1] = (last, _letters(pairs[-1][1] + _letters(part)))
        elif part.strip():
            pairs.append((part.strip(), ""))
            last = part.strip()
    return tuple(pairs)


def _letters(text: str) -> str:
    word = text.strip().upper()
    known = {"READ": "R", "WRITE": "W", "USE": "U"}.get(word, word)
    return "".join(letter for letter in "RWU" if letter in known)


def as_date(value: Value) -> date | None:
    """A date from `YYYY-MM-DD` or a $HOROLOG day; None for "", 0 and anything else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    days = as_int(value)
    if days is not None:
        return _horolog_day(days)
    try:
        return date.fromisoformat(as_text(value).strip()[:10])
    except ValueError:
        return None


def _horolog_day(days: int) -> date | None:
    try:
        return HOROLOG_START + timedelta(days=days) if days > 0 else None
    except OverflowError:
        return None


def as_utc(value: Value) -> datetime | None:  # noqa: PLR0911 - one form after the other
    """A UTC time from `YYYY-MM-DD HH:MM:SS[.fff]` or $HOROLOG `days,seconds`; None for "", 0 and anything else."""
    if isinstance(value, datetime):
        return _in_utc(value)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    text = as_text(value).strip()
    if len(text) == WHOLE_SECONDS and text[4] == "-":  # as most are
        try:
            return found if (found := datetime.fromisoformat(f"{text}+00:00")).year >= FIRST_YEAR else None
        except ValueError:
            pass  # another form of that length
    days, comma, seconds = text.partition(",")
    if comma and days.strip().isdecimal():
        day = _horolog_day(int(days) if len(days) < 8 else 0)
        try:
            return datetime.combine(day, time(), UTC) + timedelta(seconds=float(seconds)) if day else None
        except (ValueError, OverflowError):
            return None
    try:
        found = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return None
    # A bare number is read by fromisoformat as a compact date; the instance never sends one.
    if text.isdigit() or found.year < FIRST_YEAR:
        return None
    return _in_utc(found)


def _in_utc(moment: datetime) -> datetime | None:
    """The time in UTC; a time without a zone is UTC already. None if it is out of range."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None


def answered(outcome: Answer | Exception) -> Answer:
    """The answer of one call of a batch; raises its problem."""
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def number_of(outcome: Answer | Exception) -> int | None:
    """The whole number answered by one call of a batch; None if it failed or answered none."""
    return as_int(outcome.value) if isinstance(outcome, Answer) else None


def text_of(outcome: Answer | Exception) -> str:
    """The text answered by one call of a batch; "" if it failed."""
    return as_text(outcome.value) if isinstance(outcome, Answer) else ""


async def in_portions(rows: Rows | None, make: Callable[[Row], T | None]) -> list[T]:
    """A record per row (keyed by lower-cased column name), without rows of which `make` makes None.

    Yields to the event loop in between: ten thousand rows must not delay a key press.
    """
    if rows is None:
        return []
    names = [*map(str.lower, rows.columns)]
    records: list[T] = []
    for number, row in enumerate(rows.rows, 1):
        # Of all that a record is made of, nothing else is asked as fast.
        record = make(dict(zip(names, row, strict=False)))
        if record is not None:
            records.append(record)
        if number % PORTION == 0:
            await asyncio.sleep(0)
    return records


def places_of(rows: Rows) -> dict[str, int]:
    """Each column's place in the rows, by lower-cased name."""
    return {name.lower(): place for place, name in enumerate(rows.columns)}


class Remade(Generic[T]):
    """Converts the rows of a repeated query to records; unchanged rows keep their record."""

    def __init__(self) -> None:
        self._known: dict[int | Cells, T | None] = {}
        """By the row; by the hash of one that is held packed, which no two of ten thousand will share."""
        self._made_for: tuple[dict[str, int], object] = ({}, None)

    async def of(self, rows: Rows | None, make: Callable[[Row], T | None], given: object = None) -> list[T]:
        """As `in_portions`. `given` is what else the records depend on; a new value remakes all."""
        if rows is None:
            return []
        places = places_of(rows)
        known = self._known if self._made_for == (places, given) else {}
        now: dict[int | Cells, T | None] = {}
        records: list[T] = []
        fresh = 0
        for number, row in enumerate(as_kept(rows.rows), 1):
            key = hash(row) if isinstance(row, bytes) else row
            if key in known:
                record = known[key]
            else:
                record = make(NamedRow(places, row))
                fresh += 1
            now[key] = record
            if record is not None:
                records.append(record)
            if fresh == PORTION or number % LOOKED_AT == 0:
                fresh = 0
                await asyncio.sleep(0)
        self._known, self._made_for = now, (places, given)
        return records
