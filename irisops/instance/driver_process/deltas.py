"""Results of repeated queries cross the pipe as differences to the last result.

Of ten thousand processes a tenth changes between two refreshes, and sending, decoding and converting the others costs
more than the rest of a refresh. So both ends remember the last result of a `Query` that is `repeated`: the tool its
rows (`held`), the driver process a digest of each row (`Sent`). A result is identified by the number of the request
that brought it. Each request names the result that the tool holds; the driver process sends a difference to it or, if
it remembers another or none, everything.

A difference is a list of whole numbers, three for each step: how many of the rows that came along are next, and from
where and how many rows of the held result follow them.
"""

from __future__ import annotations

import marshal
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from irisops.instance.calls import Query, Value

_MARSHALLED: frozenset[type] = frozenset((str, int, float, bool, type(None), bytes))

KEPT = 4
"""Results that each end remembers; the least recently used is forgotten first."""

Row = tuple[Value, ...]
T = TypeVar("T")


class Recent(Generic[T]):
    """The newest result of each of the last `KEPT` queries, with the number of the request that brought it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Query, tuple[int, T]] = OrderedDict()

    def get(self, query: Query) -> tuple[int, T] | None:
        """Number and result; None if it is not remembered."""
        return self._kept.get(query)

    def keep(self, query: Query, number: int, result: T) -> None:
        """Remember a result in place of the former one."""
        self._kept[query] = (number, result)
        self._kept.move_to_end(query)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def forget(self, query: Query) -> None:
        """Forget a result, if it is remembered."""
        self._kept.pop(query, None)


class Difference:
    """One result being sent, as the difference to the digests of an earlier one (digest -> row number).

    `odd` are the places of cells that marshal cannot take: of a list's columns it is mostly one, with a time.
    """

    def __init__(self, earlier: Mapping[int, int], odd: tuple[int, ...] = ()) -> None:
        self._earlier = earlier
        self.digests: dict[int, int] = {}
        self.odd = odd
        self._size = 0

    def of(self, rows: Sequence[Row]) -> tuple[list[Row], list[int]]:
        """For the next rows of the result: the rows to send, and the steps that rebuild the portion."""
        fresh: list[Row] = []
        steps: list[int] = []
        sent = start = count = 0
        for row in rows:
            digest = self._digest(row)
            self.digests[digest] = self._size
            self._size += 1
            place = self._earlier.get(digest)
            if place is not None and count and place == start + count:
                count += 1
                continue
            if count:
                steps += (sent, start, count)
                sent = count = 0
            if place is None:
                fresh.append(row)
                sent += 1
            else:
                start, count = place, 1
        steps += (sent, start, count)
        return fresh, steps

    def _digest(self, row: Row) -> int:
        """64 bits of the row's types and values, salted per process: a collision in 10,000 rows is all but impossible.

        Not `hash(row)`, for which -1 is -2 and 1 is True.
        """
        plain = list(row)
        apart: list[Value] = []
        for place in self.odd:
            if type(row[place]) not in _MARSHALLED:
                plain[place] = None
                apart += (place, _distinct(row[place]))
        try:
            # From version 3 on the bytes depend on which objects are shared.
            return hash((marshal.dumps(plain, 2), *apart))
        except ValueError:  # to try it with each row would cost more than all the rest
            new = (place for place, cell in enumerate(row) if type(cell) not in _MARSHALLED)
            self.odd = tuple(sorted({*self.odd, *new}))
            return self._digest(row)


class Sent:
    """The driver process's end."""

    def __init__(self) -> None:
        self._kept: Recent[tuple[dict[int, int], tuple[int, ...]]] = Recent()

    def begin(self, query: Query, held: int) -> Difference:
        """Start a result for a tool that holds the result of request `held` (0: none)."""
        known = self._kept.get(query)
        return Difference(*known[1]) if known is not None and known[0] == held else Difference({})

    def keep(self, query: Query, number: int, difference: Difference) -> None:
        """Remember the result of request `number`, now sent completely."""
        self._kept.keep(query, number, (difference.digests, difference.odd))


def _distinct(cell: Value) -> Value:
    """What differs for different cells, also for those that are equal to Python."""
    return cell if type(cell) is datetime and cell.tzinfo is None else repr(cell)
