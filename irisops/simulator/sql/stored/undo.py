"""Undo log of a transaction.

A log is a stack of segments: one for the transaction, one for each savepoint and for a running statement. A segment
keeps the first state of each thing it changes, so its size is limited by the number of things changed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

Action = Callable[[], None]


class UndoLog:
    """The changes of one job's transaction, and the locks that it holds until it ends."""

    def __init__(self) -> None:
        self._segments: list[dict[Hashable, Action]] = []
        self._locks: dict[Hashable, Action] = {}

    @property
    def depth(self) -> int:
        """Number of open segments."""
        return len(self._segments)

    @property
    def changed(self) -> bool:
        """True if there is anything to undo."""
        return any(self._segments)

    def open(self) -> None:
        """Begin a segment."""
        self._segments.append({})

    def remember(self, key: Hashable, restore: Action) -> None:
        """Record, before `key` changes, how to restore it. No effect without an open segment."""
        if self._segments:
            self._segments[-1].setdefault(key, restore)

    def hold(self, key: Hashable, release: Action) -> None:
        """Call `release` at the end of the transaction."""
        self._locks.setdefault(key, release)

    def close(self) -> None:
        """End the innermost segment and merge its changes into the enclosing one, if any."""
        finished = self._segments.pop()
        if self._segments:
            outer = self._segments[-1]
            for key, restore in finished.items():
                outer.setdefault(key, restore)

    def roll_back(self, depth: int = 0) -> None:
        """Undo and end all segments above `depth`, newest change first."""
        while len(self._segments) > depth:
            for restore in reversed(self._segments.pop().values()):
                restore()

    def finish(self) -> None:
        """End the transaction: drop the undo records and release the locks."""
        self._segments.clear()
        locks, self._locks = self._locks, {}
        for release in locks.values():
            release()
