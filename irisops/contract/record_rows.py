"""Records seen as the rows of a table: a row and its cells are made when they are asked for, and not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar, overload

from irisops.contract.replies import Cell, Row

Record = TypeVar("Record")
T = TypeVar("T")

Cells = Mapping[str, Callable[[Record], Cell]]
"""What each column has of a record, by the column's name."""


class RecordRow(Mapping[str, Cell], Generic[Record]):
    """A record seen as a row. Two rows of equal records are equal without a look at their cells."""

    __slots__ = ("cells", "record")

    def __init__(self, record: Record, cells: Cells[Record]) -> None:
        self.record, self.cells = record, cells

    def __getitem__(self, name: str) -> Cell:
        return self.cells[name](self.record)

    def get(self, name: str, default: Cell = None) -> Cell:  # type: ignore[override]  # - a row has no other default
        """The cell, or `default` without such a column. Not that of `Mapping`, which raises and catches."""
        made = self.cells.get(name)
        return default if made is None else made(self.record)

    def __iter__(self) -> Iterator[str]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RecordRow) and self.record == other.record and self.cells is other.cells:
            return True
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]  # - as of any mapping: equal ones may be of different records


class Picked(Sequence[T]):
    """Some entries of a list, in an order of their own, each asked of the list when it is asked for."""

    __slots__ = ("numbers", "of")

    def __init__(self, of: Sequence[T], numbers: Sequence[int]) -> None:
        self.of, self.numbers = of, numbers

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> Picked[T]: ...

    def __getitem__(self, place: int | slice) -> T | Picked[T]:
        if isinstance(place, slice):
            return Picked(self.of, self.numbers[place])
        return self.of[self.numbers[place]]

    def __iter__(self) -> Iterator[T]:
        return map(self.of.__getitem__, self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)


class RecordRows(Sequence[RecordRow[Record]]):
    """The rows of these records: ten thousand rows would take 0.6 MB, and few are ever looked at."""

    __slots__ = ("cells", "records")

    def __init__(self, records: Sequence[Record], cells: Cells[Record]) -> None:
        self.records, self.cells = records, cells

    @overload
    def __getitem__(self, place: int) -> RecordRow[Record]: ...

    @overload
    def __getitem__(self, place: slice) -> RecordRows[Record]: ...

    def __getitem__(self, place: int | slice) -> RecordRow[Record] | RecordRows[Record]:
        if isinstance(place, slice):
            return RecordRows(self.records[place], self.cells)
        return RecordRow(self.records[place], self.cells)

    def __iter__(self) -> Iterator[RecordRow[Record]]:
        return (RecordRow(record, self.cells) for record in self.records)

    def __len__(self) -> int:
        return len(self.records)


def picked(rows: Sequence[Row], numbers: Sequence[int]) -> Sequence[Row]:
    """These rows, in this order; those of records are made when they are looked at."""
    if numbers == range(len(rows)):
        return rows
    return Picked(rows, numbers) if isinstance(rows, RecordRows) else [rows[number] for number in numbers]
