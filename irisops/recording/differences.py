"""The difference of two results of one query, by column: of ten thousand processes all counters move, and little else.

Rows are known by their first cell. `steps` rebuild the order of the rows: three whole numbers for each, how many of the
new rows are next, and from where and how many rows of the earlier result follow them. `cells` has the columns that
differ then: the places by their distance to the one before, and the values, whole numbers as what was added to them.
Columns compress to half of what rows do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from operator import add, itemgetter
from typing import TypeGuard, cast

from irisops.instance.calls import Value
from irisops.instance.driver_process.channel import ChannelError, Json, pack_value, unpack_value

Row = Sequence[Value]
_AS_THEY_ARE: frozenset[type] = frozenset((str, int, bool, type(None), float))
"""Types of cells that need no unpacking, which costs most of it."""
_INT: frozenset[type] = frozenset((int,))
MOST_CELLS = 10_000_000
"""Of one list; ten thousand processes have 200,000."""


@dataclass(slots=True)
class Cells:
    """What differs in one column: places of rows and their new values, or what is `added` to the earlier ones."""

    column: int
    places: list[int]
    values: list[Value]
    added: bool


@dataclass(slots=True)
class Difference:
    """See above. `fresh` are the rows that the earlier result has not."""

    steps: list[int]
    fresh: list[Row]
    cells: list[Cells] = field(default_factory=list)


def difference(before: Sequence[Row], after: Sequence[Row], width: int) -> Difference:
    """What makes `after` of `before`; both have `width` columns."""
    known: dict[Value, int] = {}
    for place, row in enumerate(before):
        known.setdefault(row[0], place)
    steps: list[int] = []
    fresh: list[Row] = []
    pairs: list[int] = []
    """Place in `before` of each row of `after`, -1 for a new one."""
    sent = start = count = 0
    for row in after:
        place = known.pop(row[0], -1)  # a second row of the same name is a new one
        pairs.append(place)
        if place >= 0 and count and place == start + count:
            count += 1
            continue
        if count:
            steps += (sent, start, count)
            sent = count = 0
        if place < 0:
            fresh.append(row)
            sent += 1
        else:
            start, count = place, 1
    steps += (sent, start, count)
    made = Difference(steps, fresh)
    old = [(at, before[place], after[at]) for at, place in enumerate(pairs) if place >= 0]
    for column in range(1, width):
        changed = [
            (at, was[column], now[column])
            for at, was, now in old
            if was[column] is not now[column] and was[column] != now[column]
        ]
        if changed:
            counted = all(_whole(was) and _whole(now) for _, was, now in changed)
            values: list[Value] = [
                now - was if counted and _whole(now) and _whole(was) else now for _, was, now in changed
            ]
            made.cells.append(Cells(column, [at for at, _, _ in changed], values, counted))
    return made


def packed(made: Difference) -> dict[str, Json]:
    """A difference as JSON."""
    return {
        "steps": list(made.steps),
        "fresh": [[pack_value(cell) for cell in column] for column in zip(*made.fresh, strict=True)],
        "cells": [
            [
                each.column,
                each.added,
                [after - before for before, after in pairwise((-1, *each.places))],
                [pack_value(value) for value in each.values],
            ]
            for each in made.cells
        ],
    }


def applied(before: list[list[Value]], item: dict[str, Json], width: int) -> list[list[Value]]:
    """The columns after a packed difference to these columns. Raises ChannelError for one that does not fit.

    `before` stays as it is; where nothing is taken from it the result may be the very lists of `item`.
    """
    steps, fresh, cells = (_list(item.get(name)) for name in ("steps", "fresh", "cells"))
    size = len(before[0]) if before else 0
    columns = [_unpacked(column) for column in fresh] or [[] for _ in range(width)]
    if len(columns) != width or len({len(column) for column in columns}) > 1 or len(steps) % 3:
        raise ChannelError("new rows have other columns than their list")
    numbers = _naturals(steps)
    length = sum(numbers[0::3]) + sum(numbers[2::3])
    if sum(numbers[0::3]) != len(columns[0]) or length * width > MOST_CELLS:
        raise ChannelError("a difference brings other rows than it uses")
    # Where each row comes from, in the earlier rows with the new ones behind them: a column is then picked in one go.
    rows: list[int] = []
    taken = size
    for sent, start, count in zip(numbers[0::3], numbers[1::3], numbers[2::3], strict=True):
        if start + count > size:
            raise ChannelError("a difference goes beyond the list that it is to")
        rows += range(taken, taken + sent)
        rows += range(start, start + count)
        taken += sent
    if not any(numbers[2::3]):
        after = columns
    else:
        pick = itemgetter(*rows, 0)  # one more: of one place alone it would be no tuple
        after = [[*pick(old + new)[:-1]] for old, new in zip(before, columns, strict=True)]
    for each in cells:
        _change(after, _list(each))
    return after


def _change(columns: list[list[Value]], change: list[Json]) -> None:
    """Checks and changes run over whole columns: a loop of our own over 50,000 counters is 20 ms."""
    if len(change) != 4:
        raise ChannelError("a change of a column has four parts")
    (number,), added, gaps, values = _naturals(change[:1]), change[1] is True, change[2], _unpacked(change[3])
    places = list(accumulate(_naturals(_list(gaps)), initial=-1))[1:]
    if number >= len(columns) or len(places) != len(values):
        raise ChannelError("a change is of a column that is not there")
    column = columns[number]
    if places and not 0 <= places[0] <= places[-1] < len(column):
        raise ChannelError("a change is of a row that is not there")
    if added:
        was = [column[place] for place in places]
        if not _all_whole(was) or not _all_whole(values):
            raise ChannelError("a change adds to what is no number")
        values = list(map(add, was, values))
    for place, value in zip(places, values, strict=True):
        column[place] = value


def _unpacked(packed_cells: Json) -> list[Value]:
    cells = _list(packed_cells)
    if _AS_THEY_ARE.issuperset(map(type, cells)):
        return cast("list[Value]", cells)
    return [unpack_value(cell) for cell in cells]


def _whole(value: Value) -> TypeGuard[int]:
    return type(value) is int


def _all_whole(values: Sequence[object]) -> TypeGuard[Sequence[int]]:
    return _INT.issuperset(map(type, values))


def _naturals(items: Sequence[Json]) -> list[int]:
    if not _all_whole(items) or (items and min(items) < 0):
        raise ChannelError("a place is no number")
    return list(items)


def _list(item: Json) -> list[Json]:
    if not isinstance(item, list):
        raise ChannelError("a list is missing")
    return item
