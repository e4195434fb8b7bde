"""Filters typed as words, the same for every table: `role=%All enabled=no name~app idle>10m sort=-units limit=20`.

A bare word finds rows that contain it in any column. All conditions must hold. Letters match without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from operator import ge, gt, le, lt
from typing import TypeVar

from irisops.contract.chat import Command
from irisops.contract.record_rows import picked
from irisops.contract.replies import Cell, Column, Refusal, Row, Table
from irisops.contract.wording import counted, harmless
from irisops.engine import cards

T = TypeVar("T")

_CONDITION = re.compile(r"([A-Za-z_][A-Za-z_ ]*?)(!=|>=|<=|=|~|>|<)(.*)", re.DOTALL)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|sec|m|min|h|d|w)?", re.IGNORECASE)
SHORT = {"ns": "namespace", "prog": "executable", "exe": "executable", "ip": "client"}
"""Abbreviations that are not the start of the column's name; used if the table has that column."""
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}
_UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


_COLUMN_WORDS = ("columns", "cols")


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected rows. `total` is their number before `limit`; `described` is the filter as typed.

    `order` is that of the words `sort=`, as in `Table.order`.
    """

    rows: Sequence[Row]
    total: int
    described: str
    order: tuple[str, bool] | None = None


def select(rows: Sequence[Row], words: Sequence[str], columns: Sequence[Column]) -> Selection:
    """Filter, sort and cut. Raises `Refusal` naming the columns when a word names none of them."""
    kept: Sequence[int] = range(len(rows))
    sort: tuple[Column, bool] | None = None
    limit: int | None = None
    for word in words:
        key, _, value = word.partition("=")
        if key.casefold() == "sort" and value:
            sort = (column_named(value.lstrip("-+"), columns), value.startswith("-"))
        elif key.casefold() == "limit" and value:
            limit = _limit(value)
        else:
            test = condition(word, columns)
            kept = [number for number in kept if test(rows[number])]
    if sort is not None:
        column, descending = sort
        cells = {number: rows[number].get(column.name) for number in kept}
        present = [number for number in kept if cells[number] not in (None, "")]
        absent = [number for number in kept if cells[number] in (None, "")]
        present.sort(key=lambda number: _sort_key(cells[number]), reverse=descending)
        kept = [*present, *absent]
    order = None if sort is None else (sort[0].name, sort[1])
    return Selection(picked(rows, kept if limit is None else kept[:limit]), len(kept), " ".join(words), order)


def is_condition(word: str) -> bool:
    """True if a word compares a column, sorts or limits; any other word is searched for."""
    parsed = _CONDITION.fullmatch(word)
    return parsed is not None and bool(parsed[1].strip())


def condition(word: str, columns: Sequence[Column]) -> Callable[[Row], bool]:
    """The test for one word. Raises `Refusal`."""
    parsed = _CONDITION.fullmatch(word)
    if parsed is None or not parsed[1].strip():
        wanted = word.casefold()
        return lambda row: any(wanted in _text(cell) for cell in row.values())
    column = column_named(parsed[1].strip(), columns)
    operator, wanted_text = parsed[2], parsed[3].strip()
    name = column.name
    if operator in ("=", "!="):
        return _equality(name, wanted_text, negated=operator == "!=")
    if operator == "~":
        return lambda row: wanted_text.casefold() in _text(row.get(name))
    return _comparison(column, operator, wanted_text)


def _equality(name: str, wanted_text: str, *, negated: bool) -> Callable[[Row], bool]:
    wanted = wanted_text.casefold()
    # `/csp/user` of the applications is `/csp/user/` of a session: both mean the same.
    as_path = wanted.rstrip("/") if wanted.startswith("/") else None

    def equal(row: Row) -> bool:
        cell = row.get(name)
        if isinstance(cell, list):
            same = any(wanted == str(each).casefold() for each in cell) or (not cell and not wanted)
        elif isinstance(cell, bool):
            same = wanted in (("yes", "y", "true", "1", "on") if cell else ("no", "n", "false", "0", "off"))
        else:
            text = _text(cell)
            same = text == wanted or (as_path is not None and text.rstrip("/") == as_path)
        return same is not negated

    return equal


def _comparison(column: Column, operator: str, wanted_text: str) -> Callable[[Row], bool]:
    compare, wanted = _COMPARISONS[operator], _measure(column, wanted_text)

    def fits(row: Row) -> bool:
        value = _number(row.get(column.name))
        return value is not None and compare(value, wanted)

    return fits


def _measure(column: Column, text: str) -> float:
    """A number, a duration (`10m`, `2h`, `90d`) in seconds, or a date, by kind of column. Raises `Refusal`."""
    if column.kind == "time":
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise Refusal(
                "BadFilter",
                f"“{harmless(text, 40)}” is not a time for {column.name}.",
                "Write a date such as 2026-11-24 or 2026-11-24T14:30.",
            ) from None
        return (moment if moment.tzinfo else moment.astimezone()).timestamp()
    found = _DURATION.fullmatch(text)
    if found is None:
        raise Refusal(
            "BadFilter",
            f"“{harmless(text, 40)}” is not a number for {column.name}.",
            "Write a number, or a span such as 30s, 10m, 2h or 90d.",
        )
    return float(found[1]) * _UNITS[(found[2] or "s").casefold()]


def _number(cell: Cell) -> float | None:
    if isinstance(cell, datetime):
        return cell.timestamp()
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day, tzinfo=UTC).timestamp()
    if isinstance(cell, list):
        return float(len(cell))
    if isinstance(cell, int | float):
        return float(cell)
    return None


def _text(cell: Cell) -> str:
    if isinstance(cell, list):
        return " ".join(str(each) for each in cell).casefold()
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return "" if cell is None else str(cell).casefold()


def _sort_key(cell: Cell) -> tuple[int, float, str]:
    number = _number(cell) if not isinstance(cell, list) else None
    return (0, number, "") if number is not None else (1, 0.0, _text(cell))


def _limit(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise Refusal(
            "BadFilter", f"limit= is a whole number, not “{harmless(text, 40)}”.", "For example limit=20."
        )
    return int(text)


def column_named(name: str, columns: Sequence[Column]) -> Column:
    """The column by public name, title, or start of the name; `role` finds `roles`. Raises `Refusal`."""
    wanted = name.strip().casefold().replace(" ", "_")
    wanted = SHORT.get(wanted, wanted)
    for column in columns:
        if wanted in (column.name, column.title.casefold().replace(" ", "_")):
            return column
    close = [column for column in columns if column.name.startswith(wanted)]
    if len(close) == 1 and wanted:
        return close[0]
    names = ", ".join(column.name for column in columns)
    raise Refusal(
        "BadFilter",
        f"There is no column {harmless(name, 40)}.",
        f"The columns are {names}. Quote a word that only looks like a condition.",
    )


def take_columns(words: Sequence[str], columns: Sequence[Column], key: str) -> tuple[list[str], list[Column]]:
    """The filter words without `columns=`, and the columns to show: the chosen ones in that order, else all.

    The key column is always included, as it identifies rows. A chosen column is shown on any width of card.
    Raises `Refusal` for an unknown column.
    """
    rest: list[str] = []
    chosen: list[Column] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name.casefold() not in _COLUMN_WORDS:
            rest.append(word)
            continue
        for each in value.split(","):
            if each.strip():
                column = column_named(each, columns)
                if all(column.name != other.name for other in chosen):
                    chosen.append(replace(column, hide_under=0))
        if not chosen:
            raise Refusal(
                "BadFilter",
                f"{name}= names no column.",
                f"The columns are {', '.join(column.name for column in columns)}.",
            )
    if not chosen:
        return rest, list(columns)
    if all(column.name != key for column in chosen):
        chosen.insert(0, replace(column_named(key, columns), hide_under=0))
    return rest, chosen


def filter_words(command: Command) -> list[str]:
    """The filter of a command as typed."""
    return command.words("filter")


def selection_notes(chosen: Selection, all_rows: int, one: str, many: str = "") -> list[str]:
    """How many rows a filter shows, as a note; none without a filter."""
    if not chosen.described:
        return []
    shown = len(chosen.rows)
    described = harmless(chosen.described, 120)
    if chosen.total == all_rows:
        cut = f"The first {shown:,} of {counted(all_rows, one, many)}: {described}"
        return [cut] if shown < all_rows else []
    if chosen.total == 0:
        return [f"None of {counted(all_rows, one, many)} fits: {described}"]
    cut = f", the first {shown:,} shown" if shown < chosen.total else ""
    return [
        f"{chosen.total:,} of {counted(all_rows, one, many)} fit{'s' if chosen.total == 1 else ''}{cut}: {described}"
    ]


def list_table(
    command: Command,
    name: str,
    one: str,
    fields: cards.Fields[T],
    records: Iterable[T],
    *,
    notes: Sequence[str] = (),
    unfiltered: Sequence[str] = (),
    actions: Sequence[tuple[str, str, str]] = (),
) -> Table:
    """All objects of a kind by their column `name`, filtered and sorted by the words of the command.

    `one` is the noun of a row; `unfiltered` are notes on the whole list, left out with a filter. An empty list without
    any note says so. Raises `Refusal`.
    """
    columns, rows = cards.columns_of(fields), cards.rows_of(fields, records)
    chosen = select(rows, filter_words(command), columns)
    said = [*selection_notes(chosen, len(rows), one), *(() if chosen.described else unfiltered), *notes]
    return Table(
        name=name,
        title=f"{one.capitalize()}s",
        columns=columns,
        rows=chosen.rows,
        key="name",
        notes=said if rows or said else [f"There is no {one} on this instance."],
        actions=actions,
        total=chosen.total,
        order=chosen.order,
    )
