"""The tool's end of `deltas`: results of repeated queries, rebuilt from what crossed the pipe. They are held packed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import TypeGuard

from irisops.instance.calls import Query
from irisops.instance.driver_process.channel import ChannelError, Json
from irisops.instance.driver_process.deltas import Recent, Row
from irisops.instance.packed_rows import NO_ROWS, PackedRows, Packing


class Held:
    """The newest result of each of the last queries. `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._kept: Recent[PackedRows] = Recent()
        self._asked: dict[Query, float] = {}

    def asked(self, query: Query) -> int:
        """Number of the request that brought the result held; 0 for none. The query is asked again now."""
        self._asked[query] = self._clock()
        known = self._kept.get(query)
        return known[0] if known is not None else 0

    def keep(self, query: Query, number: int, rows: PackedRows) -> None:
        """Remember the result of request `number`, now complete."""
        self._kept.keep(query, number, rows)

    def forget(self, seconds: float) -> None:
        """Forget what nobody has asked for in so many seconds; the next result of such a query comes whole."""
        before = self._clock() - seconds
        for query in [query for query, at in self._asked.items() if at < before]:
            del self._asked[query]
            self._kept.forget(query)

    def add(self, query: Query, fresh: Sequence[Row], steps: Json, to: Packing) -> None:
        """Add the rows of one portion to those of the portions before it. Raises ChannelError for invalid steps."""
        known = self._kept.get(query)
        base = known[1] if known is not None else NO_ROWS
        if not isinstance(steps, list) or len(steps) % 3:
            raise ChannelError("a difference is not made of steps")
        taken = 0
        for place in range(0, len(steps), 3):
            sent, start, count = steps[place : place + 3]
            if not (_natural(sent) and _natural(start) and _natural(count)) or start + count > len(base):
                raise ChannelError("a difference goes beyond the result that it is to")
            to.add(fresh[taken : taken + sent])
            to.take(base, start, count)
            taken += sent
        if taken != len(fresh):
            raise ChannelError(f"a difference brought {len(fresh)} rows and uses {taken}")


def _natural(step: Json) -> TypeGuard[int]:
    return isinstance(step, int) and step >= 0
