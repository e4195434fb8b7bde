"""The few figures that are read again and again."""

from __future__ import annotations

from irisops.instance.models import PollCounts
from irisops.instance.routes import Instance


class Poller:
    """Reads the side panel's figures in one batch of at most four round trips. One per connection."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    async def poll(self) -> PollCounts:
        """One reading. Raises Unreachable when the connection is gone; a missing privilege only leaves a figure None."""
        raise NotImplementedError
