"""INSERT, UPDATE and DELETE of single rows: defaults, types, keys, foreign keys, locks and undo.

"Filing" is the vendor's term. Codes: the SQL error table, -104 to -124.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from irisops.simulator.backend import SqlFailure, Value
from irisops.simulator.sql.definitions import ColumnSpec, Default, Moment, Rule
from irisops.simulator.sql.failures import failure
from irisops.simulator.sql.stored.database import Database
from irisops.simulator.sql.stored.table import Key, Reference, Row, StoredTable, UniqueKey
from irisops.simulator.sql.stored.types import InvalidValueError, decimal_of
from irisops.simulator.sql.stored.undo import UndoLog
from irisops.simulator.sql.values import Scalar

Environment = Callable[[], Mapping[str, Scalar]]
"""Values of the moment, by the values of `Moment`."""

_VALIDATION = {"INSERT": -104, "UPDATE": -105}
_UNIQUENESS = {"INSERT": -119, "UPDATE": -120}
_MAXIMUM_DEPTH: Final = 50
_SHOWN: Final = 40


class Filer:
    """Changes the rows of one database for one job.

    UNVERIFIED: a row changed by another job's transaction fails at once with -110; IRIS first waits for the lock
    timeout, 10 seconds by default. Settle: two connections without autocommit that UPDATE the same row.
    """

    def __init__(self, database: Database, undo: UndoLog, job: int, environment: Environment) -> None:
        self._database = database
        self._undo = undo
        self._job = job
        self._environment = environment

    def insert(self, table: StoredTable, given: Mapping[int, Value], *, check: bool = True) -> int:
        """Insert a row from values by position in the layout; returns its RowID. `check` enables foreign key checks."""
        rowid = self._new_rowid(table, given)
        row = tuple(
            rowid if position == table.rowid_position else self._inserted(table, position, given)
            for position in range(len(table.layout))
        )
        self._check_required(table, row)
        self._check_unique(table, rowid, row, "INSERT")
        if check:
            for reference in table.references.values():
                self._check_parent(table, reference, row, -121)
        self._file(table, rowid, row)
        table.next_rowid = max(table.next_rowid, rowid + 1)
        return rowid

    def update(
        self,
        table: StoredTable,
        rowid: int,
        given: Mapping[int, Value],
        *,
        check: bool = True,
        depth: int = 0,
    ) -> None:
        """Change columns of an existing row."""
        table.check_lock(rowid, self._job)
        old = table.rows.get(rowid)
        if old is None:
            raise failure(-109, f"row {rowid} of {table.qualified_name}")
        row = list(old)
        for position, value in given.items():
            column = table.layout[position]
            if position == table.rowid_position:
                if value is not None and _same_number(value, rowid):
                    continue
                raise failure(-107, f"'{column.name}' of {table.qualified_name}")
            if column.type.versioned:
                raise failure(-138, f"'{column.name}' of {table.qualified_name}")
            row[position] = self._stored(table, column, value, "UPDATE")
        self._renew_versions(table, row)
        new = tuple(row)
        self._check_required(table, new)
        self._check_unique(table, rowid, new, "UPDATE")
        if check:
            for reference in table.references.values():
                if any(old[position] != new[position] for position in reference.positions):
                    self._check_parent(table, reference, new, -122)
        self._file(table, rowid, new)
        if check:
            self._follow(table, old, new, depth)

    def delete(self, table: StoredTable, rowid: int, *, check: bool = True, depth: int = 0) -> None:
        """Delete a row."""
        table.check_lock(rowid, self._job)
        old = table.rows.get(rowid)
        if old is None and rowid in table.locks:
            return  # already deleted by a cascade of the same transaction
        if old is None:
            raise failure(-106, f"row {rowid} of {table.qualified_name}")
        self._file(table, rowid, None)
        if check:
            self._follow(table, old, None, depth)

    def find(self, table: StoredTable, given: Mapping[int, Value]) -> int | None:
        """The row with the same unique key; keys without all their values are skipped."""
        for key in table.keys.values():
            if not all(position in given for position in key.positions):
                continue
            values = [
                self._stored(table, table.layout[position], given[position], "INSERT")
                for position in key.positions
            ]
            wanted = table.collated_key(values, key.positions)
            rowid = key.rows.get(wanted) if wanted is not None else None
            if rowid is not None:
                return rowid
        value = given.get(table.rowid_position)
        return value if isinstance(value, int) and value in table.rows else None

    # Values ----------------------------------------------------------------------------------------------------

    def _new_rowid(self, table: StoredTable, given: Mapping[int, Value]) -> int:
        value = given.get(table.rowid_position)
        if value is None:
            rowid = table.next_rowid
        else:
            column = table.layout[table.rowid_position]
            if not table.spec.identity_insert:
                raise failure(-111, f"'{column.name}' of {table.qualified_name}")
            number = self._stored(table, column, value, "INSERT")
            if not isinstance(number, int) or number < 1:
                raise _invalid(table, column, value, -104)
            rowid = number
            if rowid in table.rows:
                raise failure(-119, f"'{column.name}' {rowid} of {table.qualified_name}")
        return rowid

    def _inserted(self, table: StoredTable, position: int, given: Mapping[int, Value]) -> Value:
        column = table.layout[position]
        if column.type.versioned:
            if position in given:
                raise failure(-138, f"'{column.name}' of {table.qualified_name}")
            return self._next_version()
        if position in given:
            value = self._stored(table, column, given[position], "INSERT")
        else:
            value = self._default(table, column)
        if column.type.counts:
            return self._counted(table, position, value)
        return value

    def _default(self, table: StoredTable, column: ColumnSpec) -> Value:
        if column.default is None:
            return None
        return self._stored(table, column, self.evaluated(column.default), "INSERT")

    def evaluated(self, default: Default) -> Value:
        """The current value of a default."""
        if isinstance(default.value, Moment):
            return self._environment()[default.value.value]
        return default.value

    def _counted(self, table: StoredTable, position: int, value: Value) -> Value:
        """A SERIAL or AUTO_INCREMENT value: a given positive number is kept, and SERIAL continues from it."""
        if isinstance(value, int) and value > 0:
            if table.layout[position].type.class_name == "%Library.Counter":
                table.counters[position] = max(table.counters[position], value)
            return value
        table.counters[position] += 1
        return table.counters[position]

    def _next_version(self) -> int:
        self._database.row_version += 1
        return self._database.row_version

    def _renew_versions(self, table: StoredTable, row: list[Value]) -> None:
        for position, column in enumerate(table.layout):
            if column.type.versioned:
                row[position] = self._next_version()

    def _stored(self, table: StoredTable, column: ColumnSpec, value: Value, verb: str) -> Value:
        try:
            return column.type.stored(value)
        except InvalidValueError as invalid:
            raise _invalid(table, column, value, invalid.sqlcode or _VALIDATION[verb]) from None

    # Constraints -----------------------------------------------------------------------------------------------

    def _check_required(self, table: StoredTable, row: Row) -> None:
        for column, value in zip(table.layout, row, strict=True):
            if value is None and not column.nullable:
                raise failure(-108, f"'{column.name}' of {table.qualified_name} needs a value")

    def _check_unique(self, table: StoredTable, rowid: int, row: Row, verb: str) -> None:
        for key in table.keys.values():
            values = table.key_of(row, key.positions)
            if values is None:
                continue
            holder = key.rows.get(values)
            if holder is not None and holder != rowid:
                raise failure(
                    _UNIQUENESS[verb],
                    f"constraint {key.name} of {table.qualified_name}: a row with {_shown(table, key, row)} exists",
                )
            former = key.freed.get(values)
            if former is not None and former != rowid and table.locks[former].job != self._job:
                raise failure(
                    -110, f"the key {key.name} of {table.qualified_name} is freed by an open transaction"
                )

    def _check_parent(self, table: StoredTable, reference: Reference, row: Row, sqlcode: int) -> None:
        if not reference.spec.checked:
            return
        given = [row[position] for position in reference.positions]
        if None in given:
            return
        parent = self._database.parent_of(reference)
        found = None
        if parent is not None:
            positions = parent.positions(reference.referenced)
            key = parent.keys.get(reference.key_name.upper())
            values = parent.collated_key(given, positions)
            if key is not None and values is not None:
                found = key.rows.get(values)
        if parent is None or found is None:
            where = f"{reference.spec.schema}.{reference.spec.table}"
            raise failure(
                sqlcode, f"foreign key {reference.spec.name} of {table.qualified_name}: not in {where}"
            )
        lock = parent.locks.get(found)
        if lock is not None and lock.job != self._job:
            raise failure(-110, f"row {found} of {parent.qualified_name} is changed by another transaction")

    def _follow(self, table: StoredTable, old: Row, new: Row | None, depth: int) -> None:
        """Apply the rules of foreign keys that refer to a deleted row (`new` is None) or to a changed key."""
        if depth > _MAXIMUM_DEPTH:
            raise failure(-400, "foreign keys that cascade in a circle")
        for child, reference in self._database.references_to(table):
            if not reference.spec.checked:
                continue
            positions = table.positions(reference.referenced)
            if new is not None and all(old[position] == new[position] for position in positions):
                continue
            wanted = child.collated_key([old[position] for position in positions], reference.positions)
            rowids = sorted(reference.children.get(wanted, ())) if wanted is not None else []
            if rowids:
                after = None if new is None else [new[position] for position in positions]
                self._apply(child, reference, rowids, after, depth)

    def _apply(
        self,
        child: StoredTable,
        reference: Reference,
        rowids: list[int],
        after: list[Value] | None,
        depth: int,
    ) -> None:
        rule = reference.spec.on_delete if after is None else reference.spec.on_update
        if rule is Rule.NO_ACTION:
            raise failure(
                -124 if after is None else -123,
                f"foreign key {reference.spec.name} of {child.qualified_name} refers to the row",
            )
        for rowid in rowids:
            if rule is Rule.CASCADE and after is None:
                if rowid in child.rows:
                    self.delete(child, rowid, depth=depth + 1)
                continue
            values: dict[int, Value] = {}
            for index, position in enumerate(reference.positions):
                default = child.layout[position].default
                if rule is Rule.CASCADE and after is not None:
                    values[position] = after[index]
                elif rule is Rule.SET_DEFAULT and default is not None:
                    values[position] = self.evaluated(default)
                else:
                    values[position] = None
            self.update(child, rowid, values, depth=depth + 1)

    # Rows ------------------------------------------------------------------------------------------------------

    def _file(self, table: StoredTable, rowid: int, row: Row | None) -> None:
        if table.lock(rowid, self._job):
            self._undo.hold((table.number, rowid), partial(table.unlock, rowid))
        before = table.rows.get(rowid)
        table.put(rowid, row)
        self._undo.remember((table.number, rowid), partial(table.put, rowid, before, restoring=True))


def _same_number(value: Value, rowid: int) -> bool:
    try:
        return decimal_of(value) == rowid
    except InvalidValueError:
        return False


def _invalid(table: StoredTable, column: ColumnSpec, value: Value, sqlcode: int) -> SqlFailure:
    shown = str(value)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    return failure(
        sqlcode, f"Field '{table.qualified_name}.{column.name}' (value '{shown}') failed validation"
    )


def _shown(table: StoredTable, key: UniqueKey, row: Row) -> str:
    values: Key = tuple(row[position] for position in key.positions)
    return ", ".join(
        f"{name} = {str(value)[:_SHOWN]!r}"
        for name, value in zip(table.names(key.positions), values, strict=True)
    )
