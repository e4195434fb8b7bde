"""Rows of a repeated query in one piece of memory: ten thousand processes take 2.5 MB, as tuples they take 6.

To unpack one takes a microsecond. The cells of a row are mostly asked for one after the other, so the row that was
unpacked last is kept.

The piece of a large result comes from the system and goes back to it as soon as nobody holds the result. Rows apart
would lie between the small objects of the rest: Python gives memory of those back a megabyte at a time, and only if
nothing else is in it.
"""

from __future__ import annotations

import marshal
import mmap
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time
from decimal import Decimal
from typing import overload

from irisops.instance.calls import Value

Cells = tuple[Value, ...]
Kept = bytes | Cells
"""A row: packed, or as it came."""

APART = 1 << 16
"""Bytes from which a result has memory of its own."""


def packed(row: Cells) -> bytes:
    """The row in one piece. Dates and times become text.

    Equal rows are equal bytes: from version 3 on the bytes would depend on which objects are shared.
    """
    # A copy: marshal makes them in a kilobyte and gives back what lies behind, which leaves holes between the rows.
    return bytes(memoryview(_dumped(row)))


def _dumped(row: Cells) -> bytes:
    try:
        return marshal.dumps(row, 2)  # type: ignore[arg-type]  # - what it cannot take is met below
    except ValueError:
        cells = tuple([str(cell) if isinstance(cell, (date, time)) else cell for cell in row])
    if not any(isinstance(cell, Decimal) for cell in cells):
        return marshal.dumps(cells, 2)  # type: ignore[arg-type]  # - nothing is left that it cannot take
    return marshal.dumps([(str(cell),) if isinstance(cell, Decimal) else cell for cell in cells], 2)


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
    cells = marshal.loads(kept)  # noqa: S302 - bytes that `packed` made in this process
    if isinstance(cells, list):
        cells = tuple([Decimal(*cell) if isinstance(cell, tuple) else cell for cell in cells])
    _last = (kept, cells)
    return cells  # type: ignore[no-any-return]  # - as `packed` had them


class PackedRows(Sequence[Cells]):
    """The rows of a result as tuples, though they are held packed. Made by `Packing`."""

    __slots__ = ("data", "ends")

    def __init__(self, data: bytes | mmap.mmap, ends: array[int]) -> None:
        """`ends` has where each row ends in `data`."""
        self.data, self.ends = data, ends

    @overload
    def __getitem__(self, place: int) -> Cells: ...

    @overload
    def __getitem__(self, place: slice) -> list[Cells]: ...

    def __getitem__(self, place: int | slice) -> Cells | list[Cells]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self.ends)))]
        return unpacked(self.kept(place))

    def __iter__(self) -> Iterator[Cells]:
        return map(unpacked, map(self.kept, range(len(self.ends))))

    def __len__(self) -> int:
        return len(self.ends)

    def kept(self, place: int) -> bytes:
        """A row as it is held. Raises IndexError."""
        ends = self.ends
        end = ends[place]
        return self.data[ends[place - 1] if place % len(ends) else 0 : end]


class Packing:
    """Puts the rows of a result together: new ones, and those of an earlier result."""

    def __init__(self) -> None:
        self._data = mmap.mmap(-1, APART)
        self._size = 0
        self._ends = array("Q")

    def add(self, rows: Iterable[Cells]) -> None:
        """New rows."""
        for row in rows:
            self._put(_dumped(row))
            self._ends.append(self._size)

    def take(self, earlier: PackedRows, start: int, count: int) -> None:
        """So many rows of an earlier result, from `start` on."""
        if count:
            first = earlier.ends[start - 1] if start else 0
            ends = earlier.ends[start : start + count]
            gap = self._size - first
            with memoryview(earlier.data) as data, data[first : ends[-1]] as piece:
                self._put(piece)
            self._ends.extend([end + gap for end in ends])

    def rows(self) -> PackedRows:
        """The result; nothing is added after it."""
        small = self._size < APART
        return PackedRows(self._data[: self._size] if small else self._data, self._ends)

    def _put(self, piece: bytes | memoryview) -> None:
        end = self._size + len(piece)
        if end > len(self._data):
            larger = mmap.mmap(-1, 2 * end)  # what is not written takes no memory
            with memoryview(self._data) as data, data[: self._size] as before:
                larger.write(before)
            self._data = larger
        self._data[self._size : end] = piece
        self._size = end


NO_ROWS = Packing().rows()


def as_kept(rows: Sequence[Cells]) -> Iterable[Kept]:
    """The rows of a result as they are held."""
    return map(rows.kept, range(len(rows))) if isinstance(rows, PackedRows) else rows
