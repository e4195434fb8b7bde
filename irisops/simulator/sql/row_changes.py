"""Compiled INSERT, UPDATE and DELETE statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from irisops.simulator.backend import Value
from irisops.simulator.sql.catalog import TableChanges, TableDef
from irisops.simulator.sql.failures import INVALID_STATEMENT, failure, unsupported
from irisops.simulator.sql.scope import Plan
from irisops.simulator.sql.statements import Action
from irisops.simulator.sql.values import Scalar

ACTIONS = {"INSERT": Action.INSERT, "UPDATE": Action.UPDATE, "DELETE": Action.DELETE}
_REFUSALS = {"INSERT": -130, "UPDATE": -132, "DELETE": -134}

Rows = Callable[[Plan, Mapping[int, Value]], list[tuple[Scalar, ...]]]
"""Runs a compiled query with the parameter values."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value stored as given: a parameter by number, or a constant."""

    value: Value = None
    parameter: int = 0


@dataclass(frozen=True, slots=True)
class Computed:
    """The n-th output column of the statement's query."""

    index: int


class Omitted:
    """DEFAULT instead of a value."""


Source = Given | Computed | Omitted


@dataclass(slots=True)
class Outcome:
    """Number of changed rows, and the RowID of the last."""

    count: int = 0
    last_rowid: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A change of a table that SQL cannot change."""

    table: TableDef
    verb: str

    def run(self, _rows: Rows, _values: Mapping[int, Value]) -> Outcome:
        """Raises `SqlFailure`: -99, or the refusal."""
        self.table.authorize(ACTIONS[self.verb])
        # UNVERIFIED: the code of a NoSQL trigger's refusal. Settle: in %SYS, UPDATE Security.Roles SET
        # Description = 'x' WHERE Name = 'NoSuchRole'.
        refusal = self.table.refusal or f"{self.table.qualified_name} cannot be changed by SQL"
        raise failure(_REFUSALS[self.verb], refusal)


@dataclass(frozen=True, slots=True)
class Insert:
    """Each of `rows` is inserted once per row of the `plan`, or once without a plan."""

    table: TableDef
    check: bool
    maximum: int
    plan: Plan | None = None
    positions: Sequence[int] = ()
    rows: Sequence[Sequence[Source]] = field(default=(), kw_only=True)
    replacing: bool = field(default=False, kw_only=True)
    """INSERT OR UPDATE."""

    def run(self, rows: Rows, values: Mapping[int, Value]) -> Outcome:
        """Insert the rows. Raises `SqlFailure`; the caller undoes rows already inserted."""
        changes, outcome = _changes(self.table, Action.INSERT), Outcome()
        computed: Sequence[Sequence[Scalar]] = [()] if self.plan is None else rows(self.plan, values)
        _limit(len(computed) * len(self.rows), self.maximum)
        for row in computed:
            for sources in self.rows:
                given = _assigned(self.positions, sources, row, values)
                existing = changes.find(given) if self.replacing else None
                if existing is None:
                    outcome.last_rowid = changes.insert(given, check=self.check)
                else:
                    changes.update(existing, given, check=self.check)
                    outcome.last_rowid = existing
                outcome.count += 1
        return outcome


@dataclass(frozen=True, slots=True)
class Update:
    """The `plan` returns the RowID of each row to change, then the computed values."""

    table: TableDef
    check: bool
    maximum: int
    plan: Plan
    positions: Sequence[int]
    sources: Sequence[Source]

    def run(self, rows: Rows, values: Mapping[int, Value]) -> Outcome:
        """Update the rows. Raises `SqlFailure`; the caller undoes rows already changed."""
        changes, outcome = _changes(self.table, Action.UPDATE), Outcome()
        found = {_rowid(row): row for row in rows(self.plan, values)}
        _limit(len(found), self.maximum)
        for rowid, row in found.items():
            given = _assigned(self.positions, self.sources, row, values)
            for position, source in zip(self.positions, self.sources, strict=True):
                if isinstance(source, Omitted):
                    given[position] = changes.default(position)
            changes.update(rowid, given, check=self.check)
            outcome.count += 1
            outcome.last_rowid = rowid
        return outcome


@dataclass(frozen=True, slots=True)
class Delete:
    """The `plan` returns the RowID of each row to delete."""

    table: TableDef
    check: bool
    maximum: int
    plan: Plan

    def run(self, rows: Rows, values: Mapping[int, Value]) -> Outcome:
        """Delete the rows. Raises `SqlFailure`; the caller undoes rows already deleted."""
        changes, outcome = _changes(self.table, Action.DELETE), Outcome()
        found = dict.fromkeys(_rowid(row) for row in rows(self.plan, values))
        _limit(len(found), self.maximum)
        for rowid in found:
            changes.delete(rowid, check=self.check)
            outcome.count += 1
            outcome.last_rowid = rowid
        return outcome


Change = Insert | Update | Delete | Refused


def _changes(table: TableDef, action: Action) -> TableChanges:
    table.authorize(action)
    if table.changes is None:
        raise failure(INVALID_STATEMENT, f"{table.qualified_name} cannot be changed")
    return table.changes


def _rowid(row: Sequence[Scalar]) -> int:
    rowid = row[0]
    if not isinstance(rowid, int):
        raise failure(INVALID_STATEMENT, "a row without a RowID")
    return rowid


def _assigned(
    positions: Sequence[int],
    sources: Sequence[Source],
    computed: Sequence[Scalar],
    values: Mapping[int, Value],
) -> dict[int, Value]:
    given: dict[int, Value] = {}
    for position, source in zip(positions, sources, strict=True):
        if isinstance(source, Computed):
            given[position] = computed[source.index]
        elif isinstance(source, Given):
            given[position] = _parameter(values, source.parameter) if source.parameter else source.value
    return given


def _parameter(values: Mapping[int, Value], number: int) -> Value:
    if number not in values:
        raise failure(INVALID_STATEMENT, f"{number} parameters are needed, {len(values)} were sent")
    return values[number]


def _limit(count: int, maximum: int) -> None:
    if count > maximum:
        raise unsupported(f"a statement that changes more than {maximum} rows; change them in parts")
