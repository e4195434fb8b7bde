"""Polled counts kept for plots: fine for the last minutes, coarser the older they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

FINE = timedelta(minutes=15)
"""Every reading is kept this long."""
MIDDLE = timedelta(hours=4)
"""One reading per `MIDDLE_STEP` is kept this long; after that one per `COARSE_STEP`."""
MIDDLE_STEP = timedelta(seconds=15)
COARSE_STEP = timedelta(minutes=2)
MOST = timedelta(hours=48)

FIGURES = ("units", "sessions", "processes")


class Sample(NamedTuple):
    """One reading; a figure that could not be read is None. `units` are connections on Community Edition."""

    at: datetime
    units: int | None
    sessions: int | None
    processes: int | None

    def figure(self, name: str) -> int | None:
        """The figure of that name, one of `FIGURES`. Raises KeyError for another."""
        return {"units": self.units, "sessions": self.sessions, "processes": self.processes}[name]


class CountHistory:
    """Samples, oldest first. Of several in one step the one with the most units stays, to keep peaks."""

    most = MOST
    """The longest span that is kept."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque()
        self._thin_from = 0

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, sample: Sample) -> None:
        """Add a reading. One older than the last (a clock was set back) restarts the history."""
        if self._samples and sample.at < self._samples[-1].at:
            self._samples.clear()
        self._samples.append(sample)
        self._thin_from += 1
        if self._thin_from >= 64:
            self._thin_from = 0
            self._thin(sample.at)

    def precede(self, samples: Sequence[Sample]) -> None:
        """Put earlier readings before those that are there: a recording that goes on holds them."""
        first = self._samples[0].at if self._samples else None
        older = [each for each in samples if first is None or each.at < first]
        self._samples = deque([*older, *self._samples])

    def since(self, start: datetime) -> Sequence[Sample]:
        """The samples from `start` on."""
        return [sample for sample in self._samples if sample.at >= start]

    def _thin(self, now: datetime) -> None:
        kept: deque[Sample] = deque()
        for sample in self._samples:
            age = now - sample.at
            if age > self.most:
                continue
            step = COARSE_STEP if age > MIDDLE else MIDDLE_STEP if age > FINE else None
            if step is None or not kept or _slot(sample, step) != _slot(kept[-1], step):
                kept.append(sample)
            elif (sample.units or 0) > (kept[-1].units or 0):
                kept[-1] = sample
        self._samples = kept


def _slot(sample: Sample, step: timedelta) -> int:
    return int(sample.at.timestamp() // step.total_seconds())
