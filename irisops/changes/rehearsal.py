"""The calls that a change will make, found by running it where nothing happens: `?` shows what really runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from irisops.instance.calls import HELPER, Answer, Call, ClassMethod, ObjectCall
from irisops.instance.capabilities import Capabilities
from irisops.instance.routes import Instance


class Rehearsal:
    """An `Instance` that keeps each call and answers that it succeeded. It offers what the real one does."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self.calls: list[Call] = []

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        """See `irisops.instance.calls.Caller`."""
        return [await self.call(call, deadline=deadline) for call in calls]

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        """See `irisops.instance.calls.Caller`."""
        del deadline  # nothing is waited for
        self.calls.append(call)
        if isinstance(call, ObjectCall):
            return Answer(values=(1,) * len(call.steps))
        # A %Status of 1 is success; the helper answers the text of an error, or nothing.
        return Answer(value="" if isinstance(call, ClassMethod) and call.class_name == HELPER else 1)


async def rehearse(instance: Instance, *changes: Callable[[Instance], Awaitable[object]]) -> list[Call]:
    """The calls of these changes on `instance`, by the first usable route of each. Nothing reaches the instance.

    Raises NotAvailable where there is no route. A change must not read back what it did.
    """
    rehearsal = Rehearsal(instance.capabilities)
    for change in changes:
        await change(rehearsal)
    return rehearsal.calls
