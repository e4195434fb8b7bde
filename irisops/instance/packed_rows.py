"""Rows of a repeated query, each in one piece of bytes: ten thousand processes take 2.5 MB, as tuples they take 6.

To unpack one takes a microsecond. The cells of a row are mostly asked for one after the other, so the row that was
unpacked last is kept.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Sequence
from datetime import date, time
from decimal import Decimal
from typing import overload

from irisops.instance.calls import Value

Cells = tuple[Value, ...]
Kept = bytes | Cells
"""A row: packed, or as it came."""


def packed(row: Cells) -> Kept:
    """The row in one piece. Dates and times become text; a row with a Decimal in it stays as it is.

    Equal rows are equal bytes: from version 3 on the bytes would depend on which objects are shared.
    """
    try:
        whole = marshal.dumps(row, 2)  # type: ignore[arg-type]  # - what it cannot take is met below
    except ValueError:
        if any(isinstance(cell, Decimal) for cell in row):
            return row
        return packed(tuple([str(cell) if isinstance(cell, (date, time)) else cell for cell in row]))
    # A copy: marshal makes them in a kilobyte and gives back what lies behind, which leaves holes between the rows.
    return bytes(memoryview(whole))


_last: tuple[bytes, Cells] = (b"", ())
"""The row unpacked last, and its cells: replaced as one, so that threads need no lock."""


def unpacked(kept: Kept) -> Cells:
    """Its cells."""
    global _last  # noqa: PLW0603 - the one row that is kept
    last = _last
    if last[0] is kept:
        return last[1]
    if not isinstance(kept, bytes):
        return kept
    cells: Cells = marshal.loads(kept)  # noqa: S302 - bytes that `packed` made in this process
    _last = (kept, cells)
    return cells


class PackedRows(Sequence[Cells]):
    """The rows of a result as tuples, though they are held packed."""

    __slots__ = ("kept",)

    def __init__(self, kept: list[Kept]) -> None:
        self.kept = kept

    @overload
    def __getitem__(self, place: int) -> Cells: ...

    @overload
    def __getitem__(self, place: slice) -> list[Cells]: ...

    def __getitem__(self, place: int | slice) -> Cells | list[Cells]:
        if isinstance(place, slice):
            return [unpacked(each) for each in self.kept[place]]
        return unpacked(self.kept[place])

    def __len__(self) -> int:
        return len(self.kept)


def as_kept(rows: Sequence[Cells]) -> Iterable[Kept]:
    """The rows of a result as they are held."""
    return rows.kept if isinstance(rows, PackedRows) else rows
