"""The transaction of one job: its level, commit mode, isolation and savepoints.

Values of globals and rows are not rolled back: what can be changed here (globals, users, roles) stays changed.
"""

from __future__ import annotations

from collections.abc import Callable

from irisops.simulator.backend import SqlFailure
from irisops.simulator.sql.catalog import CommitMode, Isolation

NO_SAVEPOINT = -400

__all__ = ["CommitMode", "Isolation", "Transaction"]


class Transaction:
    """`$TLEVEL` and what goes with it; implements `irisops.simulator.sql.catalog.TransactionStatements`.

    `shown` is called with whether a transaction is open whenever that changed: a process's row tells it.
    """

    def __init__(self, shown: Callable[[bool], None]) -> None:
        self._shown = shown
        self._savepoints: list[str] = []
        self._level = 0
        self.commit_mode = CommitMode.IMPLICIT
        self.isolation = Isolation.READ_UNCOMMITTED

    @property
    def level(self) -> int:
        """`$TLEVEL`."""
        return self._level

    def begin(self) -> None:
        """`TSTART`: one level more."""
        self._set(self._level + 1)

    def end_level(self) -> None:
        """`TCOMMIT` and `TROLLBACK 1`: one level less."""
        self._set(max(0, self._level - 1))

    def start(self) -> None:
        """`START TRANSACTION`: SQL does not nest, a second one changes nothing (SQL Reference, START TRANSACTION)."""
        if not self._level:
            self._set(1)

    def finish(self) -> None:
        """`COMMIT`, `ROLLBACK`, `TROLLBACK`: no transaction is open after it, with or without one before."""
        self._set(0)

    def savepoint(self, name: str) -> None:
        """`SAVEPOINT name`: starts a transaction where there is none, and is one level (SQL Reference, SAVEPOINT)."""
        self.start()
        self._savepoints.append(name.upper())
        self._set(self._level + 1)

    def rollback_to(self, name: str) -> None:
        """`ROLLBACK TO SAVEPOINT name`: back to before it; without a name, to the last one.

        UNVERIFIED: -400 for a savepoint that does not exist. Settle: ROLLBACK TO SAVEPOINT nix.
        """
        wanted = name.upper()
        if not self._savepoints or (wanted and wanted not in self._savepoints):
            raise SqlFailure(NO_SAVEPOINT, f"Fatal error occurred: savepoint '{name}' does not exist")
        while self._savepoints:
            last = self._savepoints.pop()
            self._set(self._level - 1)
            if not wanted or last == wanted:
                return

    def _set(self, level: int) -> None:
        was_open, self._level = bool(self._level), level
        if not level:
            self._savepoints.clear()
        if was_open != bool(level):
            self._shown(bool(level))
