"""The world's time. The simulator takes every moment from one of these clocks, never from the machine directly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """A source of the time, in UTC and with a time zone."""

    def now(self) -> datetime:
        """The current time."""
        ...


class SystemClock:
    """The time of the machine."""

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock for tests: stands still until moved."""

    def __init__(self, start: datetime | None = None) -> None:
        """Start at `start` (with a time zone), or at a fixed moment in 2026."""
        self._now = start or datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The time it was last set to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward. Raises ValueError for a negative number."""
        self._now += _forward(seconds)


class SteerableClock:
    """A clock that follows another and can be frozen, thawed and advanced, for the control API and `--frozen`."""

    def __init__(self, base: Clock | None = None, *, frozen: bool = False) -> None:
        self._base: Clock = base or SystemClock()
        self._offset = timedelta()
        self._frozen_at: datetime | None = None
        if frozen:
            self.freeze()

    @property
    def frozen(self) -> bool:
        """True if time stands still."""
        return self._frozen_at is not None

    def now(self) -> datetime:
        """The base clock's time plus all advances; if frozen, the moment of freezing plus the advances since."""
        return self._frozen_at if self._frozen_at is not None else self._base.now() + self._offset

    def advance(self, seconds: float) -> None:
        """Move forward, frozen or not. Raises ValueError for a negative number."""
        step = _forward(seconds)
        self._offset += step
        if self._frozen_at is not None:
            self._frozen_at += step

    def freeze(self) -> None:
        """Stop the clock; no effect if frozen."""
        if self._frozen_at is None:
            self._frozen_at = self._base.now() + self._offset

    def thaw(self) -> None:
        """Continue from the moment of freezing, without catching up."""
        if self._frozen_at is not None:
            self._offset = self._frozen_at - self._base.now()
            self._frozen_at = None


def _forward(seconds: float) -> timedelta:
    if seconds < 0:
        raise ValueError(f"a clock moves forward only, not by {seconds} seconds")
    return timedelta(seconds=seconds)
