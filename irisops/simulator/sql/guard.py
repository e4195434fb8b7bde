"""What a running query may do and cost: only reading, so many instructions, so many characters."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from irisops.simulator.backend import SqlFailure
from irisops.simulator.sql.failures import FATAL_ERROR, failure
from irisops.simulator.sql.values import Scalar

PROGRESS_STEP = 20_000
"""SQLite instructions between two looks at the budget."""

_LONG = 4096

_MAXIMUM_CHARACTERS = 32 * 1024 * 1024
"""Characters in all strings longer than `_LONG` that one query may make."""

_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION})

_PERMITTED_FUNCTIONS = frozenset({"count", "sum", "min", "max", "avg", "row_number", "rank", "dense_rank"})


@dataclass(slots=True)
class Guard:
    """Switches between filling tables, where all is permitted, and running a query, where only reading is."""

    reading: bool = False
    budget: int = 0
    characters: int = 0
    failed: SqlFailure | None = None

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
        return 1 if self.budget < 0 else 0

    @contextmanager
    def only_reading(self, budget: int) -> Iterator[None]:
        """Around a query of a statement; `budget` is in instructions."""
        self.reading, self.budget, self.failed, self.characters = True, budget, None, 0
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
