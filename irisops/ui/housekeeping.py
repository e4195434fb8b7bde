"""Garbage collection and emptying of caches at quiet times, so that no key waits for it.

A table of ten thousand rows is made anew every two seconds. Python's default would then examine all objects of the
program each time, which takes 50 ms and more. What such a table leaves behind needs no collector; the little that does
is collected when nobody types.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable

from rich.cells import cached_cell_len
from textual.geometry import Region

YOUNG = 1_000
"""New objects before a collection of the youngest generation: about a millisecond's work."""
NEVER = 1_000_000_000
"""Collections of the young before the older generations are collected as well."""

QUIET = 3.0
"""Seconds without a key before a full collection."""
EVERY = 60.0
"""Seconds between full collections."""
AT_THE_LATEST = 600.0
"""Seconds after which a full collection runs even while keys come."""
PAUSE = 0.3
"""Seconds without a key in which a full collection goes unnoticed: 10 to 20 ms."""
SOME_LITTER = 6
"""Young collections after which a full one runs at the next pause: what a card leaves behind, half a MB and more."""
LITTER = 9
"""Young collections after which a full one runs even while keys come: quick typing leaves as much behind."""
MUCH_LITTER = 30
"""Young collections after which a full one does not wait for the end of an answer, either."""
WORTH_A_TRIM = 10_000
"""Blocks freed, a megabyte or so, after which memory is given back: before that there is hardly any to give."""
SWITCH = 0.001
"""Seconds that a thread which sorts or filters may keep the screen waiting; Python's default is five times that."""


LARGE = 65_536
"""Bytes of a block that is mapped by itself."""
M_MMAP_THRESHOLD = -3
"""Number of that option in malloc.h of glibc."""

REMEMBERED = (
    cached_cell_len,
    Region.contains_region,
    Region.grow,
    Region.intersection,
    Region.overlaps,
    Region.shrink,
    Region.split_vertical,
    Region.translate,
    Region.union,
)
"""Functions of Rich and Textual that remember their last results, up to 4,096 each: 3 MB of places where cards once
were, and 0.6 MB of the widths of words."""


def trim() -> None:
    """Give what is free between the blocks in use back to the system: 3 MB and more after some large tables.

    glibc alone can, and musl has no such function; elsewhere nothing happens.
    """
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - not at the start

        give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if give_back is not None:
            give_back(ctypes.c_size_t(0))


def keep_large_blocks_apart() -> None:
    """Have each large block mapped by itself, and so given back whole, for the rest of this process.

    glibc raises its limit with every such block that is freed. From then on pieces of tables long gone stay between
    what lives: 2 to 4 MB after some hundred commands on a large instance. musl has no such setting.
    """
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - not at the start

        set_option = getattr(ctypes.CDLL(None), "mallopt", None)
        if set_option is not None:
            set_option(M_MMAP_THRESHOLD, LARGE)


class Housekeeping:
    """Full collections at quiet times.

    `clock` gives monotonic seconds, `give_back` returns free memory, `in_use` counts the blocks of memory in use, and
    `settle` sets the allocator before memory is given back for the first time: a chat in which nothing was asked needs
    neither, and both load ctypes, which takes 0.4 MB.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        give_back: Callable[[], None] = trim,
        in_use: Callable[[], int] = sys.getallocatedblocks,
        settle: Callable[[], None] = keep_large_blocks_apart,
    ) -> None:
        self._clock, self._give_back, self._in_use = clock, give_back, in_use
        self._settle: Callable[[], None] | None = settle
        self._key = self._done = clock()
        self._before: tuple[tuple[int, int, int], float] | None = None
        self._most = in_use()
        """Most blocks in use since memory was given back."""

    def sweep(self) -> None:
        """Collect what the imports left behind, as a class for each dataclass with slots: 0.6 MB.

        Before the session is imported, which finds room there.
        """
        gc.unfreeze()  # what the command line imported, too
        gc.collect()

    def begin(self) -> None:
        """Take over from Python. Objects made at the start live to the end, so they are not examined again."""
        if self._before is None:
            self._before = (gc.get_threshold(), sys.getswitchinterval())
            self.sweep()
            gc.freeze()
            gc.enable()  # off since the program's start
            gc.set_threshold(YOUNG, NEVER, NEVER)
            sys.setswitchinterval(SWITCH)

    def end(self) -> None:
        """Restore Python's own settings."""
        if self._before is not None:
            (threshold, switch), self._before = self._before, None
            gc.set_threshold(*threshold)
            sys.setswitchinterval(switch)
            gc.unfreeze()

    def key(self) -> None:
        """Note that a key came."""
        self._key = self._clock()

    def tick(self, *, answering: bool = False) -> bool:
        """Collect if it is time; True if it did. Called about every second.

        While a card is `answering` it waits for another second: the answer would come a third later.
        """
        self._most = max(self._most, self._in_use())
        now = self._clock()
        since = now - self._done
        idle = now - self._key
        litter = gc.get_count()[1]
        late = litter >= MUCH_LITTER or since >= AT_THE_LATEST
        wanted = (
            litter >= LITTER
            or (litter >= SOME_LITTER and idle >= PAUSE)
            or (since >= EVERY and idle >= QUIET)
        )
        if not (late or (wanted and not answering)):
            return False
        for each in REMEMBERED:
            each.cache_clear()
        gc.collect()
        if self._most - self._in_use() >= WORTH_A_TRIM:
            if self._settle is not None:
                self._settle()
                self._settle = None
            self._give_back()
            self._most = self._in_use()
        self._done = now
        return True
