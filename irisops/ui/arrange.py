"""Sorting, filtering and measuring of table rows: pure, and fast enough for 10,000 rows.

Rows are formatted only when painted. The result is immutable, so it can be computed in a thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain, islice
from typing import NamedTuple

from rich.cells import cell_len

from irisops.contract.record_rows import RecordRow, picked
from irisops.contract.replies import Cell, Column, Table
from irisops.contract.wording import harmless
from irisops.ui.figures import CELL_LIMIT, NOTE_LIMIT, cell, names_something

SAMPLE = 200
"""Rows sampled to choose column widths."""

GAP = 2
AROUND = 7
"""Cells of a card beside its rows: border, padding, mark, scroll bar."""
MIN_WIDTH = 4
MAX_WIDTH = 40
"""Cells of a column as long as another may want the room."""
MOST_WRAPPED = 200
"""Rows of a table whose cells may take several lines; more are measured too slowly."""

Row = Mapping[str, Cell]


class Order(NamedTuple):
    """Sort by one column."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """The rows to show, in order. Their keys are made when they are asked for: ten thousand take 0.6 MB."""

    table: Table
    rows: Sequence[Row]
    numbers: Sequence[int]
    """The place of each in the table."""
    order: Order | None = None
    find: str = ""
    count: int = field(default=0)
    """Rows before the filter."""

    @property
    def shown_order(self) -> Order | None:
        """The reader's order, else the one that the rows come in."""
        return self.order or (Order(*self.table.order) if self.table.order is not None else None)

    @property
    def keys(self) -> list[str]:
        """Keys of all rows."""
        return [self.key(number) for number in range(len(self.rows))]

    def key(self, number: int) -> str:
        """Key of a row."""
        return row_key(self.table, self.rows[number], self.numbers[number])

    def place(self, key: str, near: int = 0) -> int | None:
        """Number of the row with a key, from `near` on and back; None without one, after 30 ms for 10,000 rows."""
        last = len(self.rows) - 1
        for step in range(max(near, last - near) + 1):
            for number in (near + step, near - step):
                if 0 <= number <= last and self.key(number) == key:
                    return number
        return None


def row_key(table: Table, row: Row, number: int) -> str:
    """Key of a row: its key column, or its number if the table has none."""
    return str(row.get(table.key, number)) if table.key else str(number)


class Texts:
    """Search texts of the rows of a table, cached for rows that come again."""

    def __init__(self) -> None:
        self._columns: Sequence[Column] = ()
        self._known: Mapping[object, tuple[Row, str]] = {}
        """By record; else by id of the row, which is kept alive so that the id stays unique."""

    def of(self, table: Table) -> list[str]:
        """Texts of all rows, in order. Thread-safe."""
        known = self._known if self._columns == table.columns else {}
        names = [(column.name, column.kind) for column in table.columns]
        now: dict[object, tuple[Row, str]] = {}
        texts: list[str] = []
        for row in table.rows:
            key = row.record if isinstance(row, RecordRow) else id(row)
            now[key] = kept = known.get(key) or (row, _text(row, names))
            texts.append(kept[1])
        self._columns, self._known = table.columns, now
        return texts


def arrange(table: Table, order: Order | None = None, find: str = "", texts: Texts | None = None) -> View:
    """Filter to rows that contain every word of `find` in some cell (case ignored), then sort by `order`.

    Pass the same `texts` each time to reuse its cache. Thread-safe.
    """
    numbers: Sequence[int] = range(len(table.rows))
    words = find.casefold().split()
    if words:
        written = (texts or Texts()).of(table)
        numbers = [number for number in numbers if all(word in written[number] for word in words)]
    if order is not None and any(column.name == order.column for column in table.columns):
        numbers = sorted(
            numbers,
            key=lambda number: _sort_key(table.rows[number].get(order.column)),
            reverse=order.descending,
        )
    return View(table, picked(table.rows, numbers), numbers, order, find, len(table.rows))


def _text(row: Row, names: Sequence[tuple[str, str]]) -> str:
    return "\x00".join([_plain(row.get(name), kind) for name, kind in names]).casefold()


def _plain(value: Cell, kind: str) -> str:
    """A value as searched: text as received (making it harmless would cost more than the search)."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, int) and not isinstance(value, bool) and kind != "duration":
        return f"{value} {value:,}"
    return cell(value, kind)


def _sort_key(value: Cell) -> tuple[int, float, str]:
    """Sort key: numbers, then times, then text (case ignored, digits by value), then empty values."""
    if value is None or value == "":
        return (3, 0.0, "")
    if isinstance(value, (bool, int, float)):
        return (0, float(value), "")
    if isinstance(value, datetime):
        return (1, value.timestamp(), "")
    if isinstance(value, date):
        return (1, float(value.toordinal()) * 86_400, "")
    if isinstance(value, list):
        return (2, 0.0, ", ".join(value).casefold())
    return (2, 0.0, value.casefold())


def title(column: Column) -> str:
    """Heading of a column."""
    return harmless(column.title.upper(), MAX_WIDTH)


class Fit(NamedTuple):
    """A shown column and its width in cells."""

    column: Column
    width: int
    kind: str
    """Format of its values."""
    most: int = 1
    """Most lines of a cell."""

    def text(self, row: Row) -> str:
        """The value of a row."""
        return cell(row.get(self.column.name), self.kind, CELL_LIMIT if self.most == 1 else NOTE_LIMIT)

    def lines(self, row: Row) -> list[str]:
        """The value of a row in lines; the last one may be too long."""
        return in_lines(self.text(row), self.width, self.most)


def in_lines(text: str, width: int, most: int) -> list[str]:
    """Break a text at blanks into lines of at most `width` cells; the last of `most` lines holds the rest."""
    lines: list[str] = []
    while len(lines) < most - 1 and cell_len(text) > width:
        room = len(text)
        while cell_len(text[:room]) > width:
            room -= max(1, (cell_len(text[:room]) - width) // 2)
        cut = text.rfind(" ", 1, room + 1)
        cut = cut if cut > 0 else max(1, room)
        lines.append(text[:cut])
        text = text[cut:].lstrip(" ")
    return [*lines, text]


def shown_columns(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns shown in a card whose rows have `width` cells."""
    return [column for column in columns if column.hide_under <= width + AROUND] or list(columns[:1])


def fit(view: View, width: int, needs: dict[str, int] | None = None, *, wrapping: bool = True) -> list[Fit]:
    """Widths within `width` cells: from headers and a sample of rows; spare width goes where values need it.

    If there is too little room, columns without a value are left out; then columns that say to which width they may
    be cut shrink first, then growing and wrapping ones, then the widest, never below `MIN_WIDTH`. `needs` keeps the
    widths needed so far, by column, so that a table that is refreshed does not move to and fro; it is updated.
    Without `wrapping` a row takes one line.
    """
    columns = shown_columns(view.table.columns, width)
    sample = list(chain(islice(view.rows, SAMPLE), islice(reversed(view.rows), 20)))
    kinds = [written_as(view.table, column) for column in columns]
    wraps = wrapping and len(view.rows) <= MOST_WRAPPED
    most = [column.wrap if wraps else 1 for column in columns]
    needs = {} if needs is None else needs
    filled: dict[str, int] = {}
    for column, kind, lines in zip(columns, kinds, most, strict=True):
        sign = 1 if view.shown_order is not None and view.shown_order.column == column.name else 0
        limit = CELL_LIMIT if lines == 1 else NOTE_LIMIT
        filled[column.name] = max((_measure(row, column, kind, limit) for row in sample), default=0)
        head = cell_len(title(column)) + sign
        needs[column.name] = max(needs.get(column.name, 0), head, filled[column.name])
    if sum(needs[each.name] + GAP for each in columns) - GAP > width and 0 < len(view.rows) <= SAMPLE:
        kept = [n for n, column in enumerate(columns) if filled[column.name]] or [0]
        columns, kinds = [columns[n] for n in kept], [kinds[n] for n in kept]
        most = [most[n] for n in kept]
    wanted = [needs[column.name] for column in columns]
    natural = [min(MAX_WIDTH, need) for need in wanted]
    if sum(wanted) + GAP * (len(columns) - 1) > width:
        folding = zip(columns, natural, most, strict=True)  # what wraps loses nothing by it
        natural = [column.least if column.least and lines > 1 else need for column, need, lines in folding]
    spare = width - sum(natural) - GAP * (len(columns) - 1)
    growing = [number for number, column in enumerate(columns) if column.grow or most[number] > 1]
    for group in ([n for n in growing if columns[n].grow], growing, range(len(columns))):
        spare = _give(natural, wanted, spare, group)
    while spare < 0:
        candidates = (
            [n for n, column in enumerate(columns) if 0 < column.least < natural[n]]
            or [n for n in growing if natural[n] > max(MIN_WIDTH, 10) and not columns[n].least]
            or [n for n in range(len(natural)) if natural[n] > MIN_WIDTH]
        )
        if not candidates:
            break
        widest = max(candidates, key=lambda n: natural[n])
        natural[widest] -= 1
        spare += 1
    return [Fit(*each) for each in zip(columns, natural, kinds, most, strict=True)]


def _give(widths: list[int], wanted: Sequence[int], spare: int, group: Iterable[int]) -> int:
    """Share spare cells among the columns of `group` that want them; returns what is left."""
    wanting = [number for number in group if widths[number] < wanted[number]]
    while spare > 0 and wanting:
        share = max(1, spare // len(wanting))
        for number in wanting:
            given = min(share, spare, wanted[number] - widths[number])
            widths[number] += given
            spare -= given
        wanting = [number for number in wanting if widths[number] < wanted[number]]
    return spare


def written_as(table: Table, column: Column) -> str:
    """A column's kind; numbers that are names (the key, a pid) have no thousands separators."""
    if column.kind == "number" and (column.name == table.key or names_something(column.name)):
        return "id"
    return column.kind


def _measure(row: Row, column: Column, kind: str, limit: int) -> int:
    return cell_len(cell(row.get(column.name), kind, limit))


def next_order(order: Order | None, columns: Sequence[Column]) -> Order | None:
    """The order after `order`: each shown column ascending, then descending, then as received."""
    names = [column.name for column in columns]
    if order is None:
        return Order(names[0])
    if not order.descending:
        return Order(order.column, descending=True)
    place = names.index(order.column) + 1 if order.column in names else 0
    return Order(names[place]) if place < len(names) else None
