"""Keeping the interpreter's own work out of the way of the keys.

A table of ten thousand rows is made anew every two seconds. Each time that makes the garbage collector look through all
objects of the program, which takes 50 ms and more in which no key is answered. What such a table leaves behind needs no
collector; the little that does is collected when nobody types.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable

YOUNG = 3_000
"""Objects made before the next pass over those made since the last: about a millisecond's work."""
NEVER = 1_000_000_000
"""Passes over the young ones before the older are looked at as well."""

QUIET = 3.0
"""Seconds without a key after which there is time for a full collection."""
EVERY = 60.0
"""Seconds between two full collections."""
AT_THE_LATEST = 600.0
"""Seconds after which one is made although somebody types."""
SWITCH = 0.001
"""Seconds that a thread which sorts or filters may keep the screen waiting; Python's own are five times that."""
LITTER = 150
"""Passes over the young ones, of `YOUNG` objects each, after which one is made whoever types: what left the screen is
no smaller because somebody is quick."""


class Housekeeping:
    """Full collections at quiet times. `clock` tells monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._key = self._done = clock()
        self._before: tuple[tuple[int, int, int], float] | None = None

    def begin(self) -> None:
        """Take over. What the start made stays for good, so it is not looked at again."""
        if self._before is None:
            self._before = (gc.get_threshold(), sys.getswitchinterval())
            gc.freeze()
            gc.set_threshold(YOUNG, NEVER, NEVER)
            sys.setswitchinterval(SWITCH)

    def end(self) -> None:
        """Give everything back as it was."""
        if self._before is not None:
            (threshold, switch), self._before = self._before, None
            gc.set_threshold(*threshold)
            sys.setswitchinterval(switch)
            gc.unfreeze()

    def key(self) -> None:
        """Somebody typed."""
        self._key = self._clock()

    def tick(self) -> bool:
        """Collect if it is time and nobody types; whether it did. Called every second or so."""
        now = self._clock()
        since = now - self._done
        quiet = now - self._key >= QUIET
        if gc.get_count()[1] < LITTER and (since < EVERY or (not quiet and since < AT_THE_LATEST)):
            return False
        gc.collect()
        self._done = now
        return True
