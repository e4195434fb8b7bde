"""Scheduled actions, by the world's clock: expiries, the session daemon, people of a scenario."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count

from irisops.simulator.world.clock import Clock

Action = Callable[[], None]


class Scheduler:
    """A queue of actions by time. `run` executes the due ones, each at its own moment.

    While an action runs, `now()` is its due time, so a world not ticked for an hour goes through the same events as one
    ticked every second.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: list[tuple[datetime, int, Action]] = []
        self._number = count()
        self._moment: datetime | None = None

    def now(self) -> datetime:
        """The clock's time, or the due time of the running action."""
        return self._moment if self._moment is not None else self._clock.now()

    def at(self, when: datetime, action: Action) -> None:
        """Schedule `action` for `when`, or for the next `run` if that is past."""
        heapq.heappush(self._queue, (when, next(self._number), action))

    def after(self, seconds: float, action: Action) -> None:
        """Schedule `action` in `seconds` from `now()`."""
        self.at(self.now() + timedelta(seconds=seconds), action)

    def every(self, seconds: float, action: Callable[[float], None]) -> None:
        """Repeat `action`; it gets the seconds since its last run.

        Runs missed because `run` was not called are replaced by one.
        """
        last = self.now()

        def again() -> None:
            nonlocal last
            present = max(self.now(), self._clock.now())
            elapsed = (present - last).total_seconds()
            last = present
            action(elapsed)
            self.at(present + timedelta(seconds=seconds), again)

        self.after(seconds, again)

    @contextmanager
    def as_of(self, when: datetime) -> Iterator[None]:
        """Within the block the time is `when`, to give a new world a past."""
        before, self._moment = self._moment, when
        try:
            yield
        finally:
            self._moment = before

    def run(self) -> int:
        """Execute the due actions in order of time; returns their number. No effect within an action."""
        if self._moment is not None or not self._queue:
            return 0
        present = self._clock.now()
        done = 0
        try:
            while self._queue and self._queue[0][0] <= present:
                when, _, action = heapq.heappop(self._queue)
                self._moment = when
                action()
                done += 1
        finally:
            self._moment = None
        return done
