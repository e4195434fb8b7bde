"""What a running query may do and cost: only reading, so many instructions, so much time, so many characters.

Everything runs in the thread that all connections share, so a query that takes long makes all others wait. Instructions
alone do not tell how long: a function or a collation in Python takes as long as hundreds of them.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from irisops.simulator.backend import SqlFailure
from irisops.simulator.sql.failures import FATAL_ERROR, failure
from irisops.simulator.sql.values import Scalar

TIMED_OUT = -450
TOO_MUCH_WORK = "the query needs more work than this simulator allows; narrow it down"

PROGRESS_STEP = 20_000
"""SQLite instructions between two looks at the budget."""

CALLS_STEP = 64
"""Calls of functions and collations between two looks at the clock."""

_LONG = 4096

_MAXIMUM_CHARACTERS = 32 * 1024 * 1024
"""Characters in all strings longer than `_LONG` that one query may make."""

_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION})

_PERMITTED_FUNCTIONS = frozenset(
    {"count", "sum", "min", "max", "avg", "group_concat"}
    | {"row_number", "rank", "dense_rank", "percent_rank", "cume_dist"}
    | {"lag", "lead", "first_value", "last_value"}
)


@dataclass(slots=True)
class Guard:
    """Switches between filling tables, where all is permitted, and running a query, where only reading is."""

    reading: bool = False
    budget: int = 0
    characters: int = 0
    failed: SqlFailure | None = None
    clock: Callable[[], float] = time.process_time
    """Seconds that this process has worked, whatever else the machine does."""
    deadline: float = 0.0
    calls: int = 0

    def authorize(
        self, action: int, _first: str | None, second: str | None, _database: str | None, _trigger: str | None
    ) -> int:
        """SQLite asks whether a statement that it compiles may do `action`."""
        if not self.reading:
            return sqlite3.SQLITE_OK
        if action not in _READING:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_FUNCTION and not (
            str(second).startswith("iris_") or str(second).lower() in _PERMITTED_FUNCTIONS
        ):
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    def progress(self) -> int:
        """SQLite asks, now and then, whether to stop: 1 means yes."""
        if not self.reading:
            return 0
        self.budget -= PROGRESS_STEP
        return 1 if self.spent else 0

    @property
    def spent(self) -> bool:
        """Whether the query has used up what it may cost."""
        if self.budget >= 0 and self.clock() > self.deadline:
            self.budget = -1
        return self.budget < 0

    def _called(self) -> bool:
        """Count a call into Python; True once the query has used up what it may cost."""
        self.calls += 1
        return self.budget < 0 or (self.calls % CALLS_STEP == 0 and self.reading and self.spent)

    def collating(self, compare: Callable[[str, str], int]) -> Callable[[str, str], int]:
        """A collation that makes nothing of strings any more once the query has cost too much.

        SQLite does not ask whether to stop while it sorts, and cannot be told so by a collation.
        """

        def call(left: str, right: str) -> int:
            return 0 if self._called() and self.reading else compare(left, right)

        return call

    @contextmanager
    def only_reading(self, budget: int, seconds: float) -> Iterator[None]:
        """Around a query of a statement; `budget` is in instructions."""
        self.reading, self.budget, self.failed, self.characters = True, budget, None, 0
        self.deadline, self.calls = self.clock() + seconds, 0
        try:
            yield
        finally:
            self.reading = False

    def count_characters(self, number_of_characters: int) -> None:
        """Raises `SqlFailure` once the long strings of a query are too many to hold."""
        self.characters += number_of_characters
        if self.characters > _MAXIMUM_CHARACTERS:
            raise failure(FATAL_ERROR, "the strings of the result are too long for this simulator")

    def remembering(self, function: Callable[..., Scalar]) -> Callable[..., Scalar]:
        """SQLite reduces an exception of a function to one text; keep the failure itself."""

        def call(*arguments: Scalar) -> Scalar:
            try:
                if self._called() and self.reading:
                    raise failure(TIMED_OUT, TOO_MUCH_WORK)
                result = function(*arguments)
                if isinstance(result, str) and len(result) > _LONG:
                    self.count_characters(len(result))
            except SqlFailure as error:
                self.failed = error
                raise
            except (ArithmeticError, ValueError) as error:
                self.failed = failure(FATAL_ERROR, f"<ILLEGAL VALUE> in a function ({error})")
                raise
            return result

        return call
