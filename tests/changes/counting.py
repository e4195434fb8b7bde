"""A connection that counts round trips to its driver process."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.instance.calls import Answer, Call
from irisops.instance.connection import Connection


class CountingConnection(Connection):
    """The product's connection; `batches` counts round trips through the pipe: calls and batches of calls."""

    batches = 0

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        self.batches += 1
        return await super().batch(calls, deadline=deadline)
