"""What a transaction changed, and how it is taken back.

A log is a stack of segments: one for the transaction, one more for each savepoint and for a statement that runs. A
segment keeps the first state of each thing that it changes, so it never holds more than what was changed in all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

Action = Callable[[], None]


class UndoLog:
    """The changes of one job's transaction, and the locks that it holds until its end."""

    def __init__(self) -> None:
        self._segments: list[dict[Hashable, Action]] = []
        self._locks: dict[Hashable, Action] = {}

    @property
    def depth(self) -> int:
        """How many segments are open."""
        return len(self._segments)

    @property
    def changed(self) -> bool:
        """Whether anything is there to be taken back."""
        return any(self._segments)

    def open(self) -> None:
        """Begin a segment."""
        self._segments.append({})

    def remember(self, key: Hashable, restore: Action) -> None:
        """Before `key` changes: how to restore it. Outside of any segment there is nothing to remember."""
        if self._segments:
            self._segments[-1].setdefault(key, restore)

    def hold(self, key: Hashable, release: Action) -> None:
        """Until the end of the transaction, then `release` is called."""
        self._locks.setdefault(key, release)

    def close(self) -> None:
        """End the innermost segment and keep its changes: they are now those of the one around it, if any."""
        finished = self._segments.pop()
        if self._segments:
            outer = self._segments[-1]
            for key, restore in finished.items():
                outer.setdefault(key, restore)

    def roll_back(self, depth: int = 0) -> None:
        """Take back the changes of all segments above `depth`, the last first, and end them."""
        while len(self._segments) > depth:
            for restore in reversed(self._segments.pop().values()):
                restore()

    def finish(self) -> None:
        """The transaction is over: forget what could be taken back, release what is held."""
        self._segments.clear()
        locks, self._locks = self._locks, {}
        for release in locks.values():
            release()
