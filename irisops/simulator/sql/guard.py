"""Limits of a running query: read-only, and a budget of instructions, time and characters.

All connections share one thread, so a slow query makes the others wait. Instructions alone do not measure time: a
Python function or collation costs as much as hundreds of them.
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
"""SQLite instructions between two checks of the budget."""

CALLS_STEP = 64
"""Function and collation calls between two checks of the clock."""

_LONG = 4096

_MAXIMUM_CHARACTERS = 32 * 1024 * 1024
"""Total length of all strings longer than `_LONG` that one query may create."""

_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION})

_PERMITTED_FUNCTIONS = frozenset(
    {"count", "sum", "min", "max", "avg", "group_concat"}
    | {"row_number", "rank", "dense_rank", "percent_rank", "cume_dist"}
    | {"lag", "lead", "first_value", "last_value"}
)


@dataclass(slots=True)
class Guard:
    """Switches between filling tables (everything allowed) and running a query (read-only)."""

    reading: bool = False
    budget: int = 0
    characters: int = 0
    failed: SqlFailure | None = None
    clock: Callable[[], float] = time.process_time
    """CPU seconds of this process, so that a loaded machine does not count."""
    deadline: float = 0.0
    calls: int = 0

    def authorize(
        self, action: int, _first: str | None, second: str | None, _database: str | None, _trigger: str | None
    ) -> int:
        """SQLite's authorizer: permits or denies an `action` of the statement being compiled."""
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
        """SQLite's progress handler: 1 stops the query."""
        if not self.reading:
            return 0
        self.budget -= PROGRESS_STEP
        return 1 if self.spent else 0

    @property
    def spent(self) -> bool:
        """True if the query has used up its budget."""
        if self.budget >= 0 and self.clock() > self.deadline:
            self.budget = -1
        return self.budget < 0

    def _called(self) -> bool:
        """Count a call into Python; True if the query has used up its budget."""
        self.calls += 1
        return self.budget < 0 or (self.calls % CALLS_STEP == 0 and self.reading and self.spent)

    def collating(self, compare: Callable[[str, str], int]) -> Callable[[str, str], int]:
        """A collation that calls all strings equal once the budget is used up.

        SQLite does not run the progress handler while it sorts, and a collation cannot raise.
        """

        def call(left: str, right: str) -> int:
            return 0 if self._called() and self.reading else compare(left, right)

        return call

    @contextmanager
    def only_reading(self, budget: int, seconds: float) -> Iterator[None]:
        """Context of a running query; `budget` is in instructions, `seconds` in CPU time."""
        self.reading, self.budget, self.failed, self.characters = True, budget, None, 0
        self.deadline, self.calls = self.clock() + seconds, 0
        try:
            yield
        finally:
            self.reading = False

    def count_characters(self, number_of_characters: int) -> None:
        """Raises `SqlFailure` if the long strings of a query exceed the limit."""
        self.characters += number_of_characters
        if self.characters > _MAXIMUM_CHARACTERS:
            raise failure(FATAL_ERROR, "the strings of the result are too long for this simulator")

    def remembering(self, function: Callable[..., Scalar]) -> Callable[..., Scalar]:
        """Keep the failure of a function: SQLite reduces the exception to a text."""

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
