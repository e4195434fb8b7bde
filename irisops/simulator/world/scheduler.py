"""What is to happen later, by the world's clock: expiries, the session daemon, what people in a scenario do."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count

from irisops.simulator.world.clock import Clock

Action = Callable[[], None]


class Scheduler:
    """A queue of actions by time. `run` does those that are due, each at its own moment.

    While an action runs, `now()` is the moment that it was due, so a world that was not looked at for an hour goes
    through the same events as one that is looked at each second.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: list[tuple[datetime, int, Action]] = []
        self._number = count()
        self._moment: datetime | None = None

    def now(self) -> datetime:
        """The clock's time, or the moment of the action that runs."""
        return self._moment if self._moment is not None else self._clock.now()

    def at(self, when: datetime, action: Action) -> None:
        """Do `action` at `when`, or at the next `run` if that is past."""
        heapq.heappush(self._queue, (when, next(self._number), action))

    def after(self, seconds: float, action: Action) -> None:
        """Do `action` so many seconds from `now()`."""
        self.at(self.now() + timedelta(seconds=seconds), action)

    def every(self, seconds: float, action: Callable[[float], None]) -> None:
        """Do `action` again and again; it gets the seconds since its last time.

        Times that were missed, because nobody called `run`, are made up for by one call.
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
        """Within the block it is `when`: for giving a new world a past."""
        before, self._moment = self._moment, when
        try:
            yield
        finally:
            self._moment = before

    def run(self) -> int:
        """Do what is due, in order of time; returns how many actions ran. Called within an action, it does nothing."""
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
