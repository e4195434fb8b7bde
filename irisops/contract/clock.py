"""The session's clock, injected so that tests decide what time it is."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """The real one."""

    def now(self) -> datetime:
        """The time in UTC, for people."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds for measuring spans; unaffected by changes of the clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for a span in seconds."""
        await asyncio.sleep(seconds)
