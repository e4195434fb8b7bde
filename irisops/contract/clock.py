"""The session's clock, injected so that tests control time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """The real clock."""

    def now(self) -> datetime:
        """The time in UTC, for people."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds for measuring durations; unaffected by changes of the clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for a number of seconds."""
        await asyncio.sleep(seconds)
