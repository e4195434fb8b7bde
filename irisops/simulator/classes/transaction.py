"""The transaction of one job: its level, commit mode, isolation and savepoints, and what it can take back.

Rows of tables, their definitions, and what was set and killed in globals are rolled back. Users, roles and privileges
are not, and neither are counters: RowIDs and SERIAL columns go on (SQL Reference, ROLLBACK), and so does `$INCREMENT`.

UNVERIFIED: that a rollback leaves CREATE USER and GRANT done. Settle: autocommit off, CREATE USER x, rollback; is there
a user x?

UNVERIFIED: that `$INCREMENT` goes on. Settle: TSTART, $INCREMENT(^x), TROLLBACK; what is ^x?
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from irisops.simulator.backend import SqlFailure
from irisops.simulator.sql.statements import CommitMode, Isolation
from irisops.simulator.sql.stored.undo import UndoLog

NO_SAVEPOINT = -400
MAXIMUM_LEVEL = 255

__all__ = ["CommitMode", "Isolation", "Transaction"]


class Transaction:
    """`$TLEVEL` and what goes with it; implements `irisops.simulator.sql.catalog.TransactionStatements`.

    `shown` is called with whether a transaction is open whenever that changed: a process's row tells it. Each level has
    its segment in `undo`.
    """

    def __init__(self, shown: Callable[[bool], None]) -> None:
        self._shown = shown
        self._savepoints: list[tuple[str, int]] = []
        self._level = 0
        self.commit_mode = CommitMode.IMPLICIT
        self.isolation = Isolation.READ_UNCOMMITTED
        self.undo = UndoLog()
        """What to tell before anything changes that a rollback restores."""

    @property
    def level(self) -> int:
        """`$TLEVEL`."""
        return self._level

    def begin(self) -> None:
        """`TSTART`: one level more. Raises `SqlFailure` -400 where they are too many."""
        if self._level >= MAXIMUM_LEVEL:
            raise SqlFailure(
                -400, f"Fatal error occurred: <TRANSACTION LEVEL> more than {MAXIMUM_LEVEL} levels"
            )
        self.undo.open()
        self._set(self._level + 1)

    def end_level(self) -> None:
        """`TCOMMIT`: one level less; at the outermost all is committed."""
        if self._level <= 1:
            self.commit()
            return
        self.undo.close()
        self._set(self._level - 1)

    def roll_back_level(self) -> None:
        """`TROLLBACK 1`: take the innermost level back."""
        self._roll_back_above(max(0, self._level - 1))

    def start(self) -> None:
        """`START TRANSACTION`: SQL does not nest, a second one changes nothing (SQL Reference, START TRANSACTION)."""
        if not self._level:
            self.begin()

    def commit(self) -> None:
        """`COMMIT`: no transaction is open after it, with or without one before."""
        self.undo.finish()
        self._set(0)

    def roll_back(self) -> None:
        """`ROLLBACK`, `TROLLBACK`, and the end of a process: likewise, and what was changed is as before."""
        self._roll_back_above(0)

    def savepoint(self, name: str) -> None:
        """`SAVEPOINT name`: starts a transaction where there is none, and is one level (SQL Reference, SAVEPOINT)."""
        self.start()
        self._savepoints.append((name.upper(), self._level))
        self.begin()

    def rollback_to(self, name: str) -> None:
        """`ROLLBACK TO SAVEPOINT name`: back to before it; without a name, to the last one.

        UNVERIFIED: -400 for a savepoint that does not exist. Settle: ROLLBACK TO SAVEPOINT nix.
        """
        wanted = name.upper()
        level = next(
            (level for each, level in reversed(self._savepoints) if not wanted or each == wanted), None
        )
        if level is None:
            raise SqlFailure(NO_SAVEPOINT, f"Fatal error occurred: savepoint '{name}' does not exist")
        self._roll_back_above(level)

    @contextmanager
    def statement(self) -> Iterator[None]:
        """Around a statement that changes rows or definitions: all of it is done, or nothing.

        With autocommit it is a transaction of its own; without, the first begins one (SQL Reference, SET TRANSACTION,
        %COMMITMODE). UNVERIFIED: with %COMMITMODE NONE, too, a statement that fails leaves nothing behind here. Settle:
        with it, INSERT ... SELECT of rows of which the last breaks a UNIQUE constraint.
        """
        begins = not self._level and self.commit_mode is CommitMode.EXPLICIT
        if begins:
            self.begin()
        depth = self.undo.depth
        self.undo.open()
        try:
            yield
        except BaseException:
            self.undo.roll_back(depth)
            if begins:
                self.roll_back()
            elif not self._level:
                self.undo.finish()
            raise
        self.undo.close()
        if not self._level:
            self.undo.finish()

    def _roll_back_above(self, level: int) -> None:
        self.undo.roll_back(level)
        if not level:
            self.undo.finish()
        self._set(level)

    def _set(self, level: int) -> None:
        was_open, self._level = bool(self._level), level
        self._savepoints = [each for each in self._savepoints if each[1] < level]
        if was_open != bool(level):
            self._shown(bool(level))
