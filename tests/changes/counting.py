"""A connection that counts what crosses the pipe to its driver process."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.instance.calls import Answer, Call
from irisops.instance.connection import Connection


class CountingConnection(Connection):
    """The product's own; `batches` counts calls and batches of calls, each of which crosses the pipe once."""

    batches = 0

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        self.batches += 1
        return await super().batch(calls, deadline=deadline)
