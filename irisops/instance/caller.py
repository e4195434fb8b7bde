"""What makes calls, as a type. Apart from `calls`, which the driver process imports without `typing`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from irisops.instance.calls import Answer, Call


class Caller(Protocol):
    """The part of a connection that reads and changes use. Implemented by `Connection`; tests give a fake."""

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        """Run calls in order. A failed call yields its named `InstanceProblem` in its place; the rest still run.

        Raises `Unreachable` (or a subclass) if the connection fails. `deadline` in seconds for the whole batch.
        """
        ...

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        """Run one call; raises its named `InstanceProblem`."""
        ...
