"""Alerts of the instance, for `/api/monitor/alerts` (facts: license-sessions 5.4, 6.1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from irisops.simulator.world.model import Alert

KEPT = 1_000
REFUSAL_INTERVAL = timedelta(seconds=60)


class AlertLog:
    """Newest last; the oldest are dropped. `forgotten` is the number of dropped alerts."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.records: list[Alert] = []
        self.forgotten = 0
        self._refused: datetime | None = None

    @property
    def total(self) -> int:
        """Number of alerts since the start."""
        return self.forgotten + len(self.records)

    def add(self, severity: int, message: str) -> None:
        """Raise an alert: 0 information, 1 warning, 2 severe, 3 fatal."""
        self.records.append(Alert(self._now(), severity, message))
        if len(self.records) > KEPT:
            del self.records[0]
            self.forgotten += 1

    def license_refused(self, identity: str) -> None:
        """The licensing module alerts when the limit is exceeded (facts: license-sessions 2.4), here once a minute.

        UNVERIFIED: the text and the severity. Settle: use all units, connect once more, read messages.log.
        """
        now = self._now()
        if self._refused is None or now - self._refused >= REFUSAL_INTERVAL:
            self._refused = now
            self.add(2, f"License limit exceeded: no unit for {identity}")
