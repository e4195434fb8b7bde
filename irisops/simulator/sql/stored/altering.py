"""ALTER TABLE: builds the altered table, with its rows, keys and indices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from irisops.simulator.backend import Value
from irisops.simulator.sql.definitions import ColumnChange, ColumnSpec, Default, TableAlteration
from irisops.simulator.sql.failures import failure, unsupported
from irisops.simulator.sql.stored.database import Database
from irisops.simulator.sql.stored.table import Reference, Row, StoredTable, UniqueKey
from irisops.simulator.sql.stored.types import InvalidValueError

MAXIMUM_COLUMNS = 1_000
MAXIMUM_NAME = 128

Evaluate = Callable[[Default], Value]
"""Computes the current value of a default."""

Sources = list[tuple[ColumnSpec, int | None]]
"""The columns of the new table, with their position in the old one; None for a new column."""


class Alteration:
    """One ALTER TABLE: the new columns, and the rows converted to them."""

    def __init__(self, database: Database, table: StoredTable, evaluate: Evaluate) -> None:
        self._database = database
        self._table = table
        self._evaluate = evaluate

    def apply(self, alteration: TableAlteration) -> StoredTable:
        """The altered table, with rows, keys and indices, not yet in the database."""
        old = self._table
        sources: Sources = [
            (column, position)
            for position, column in enumerate(old.layout)
            if column.identity or position != old.rowid_position
        ]
        sources = self._dropped(sources, alteration.drop_columns)
        sources = self._modified(sources, alteration.modify)
        sources = self._renamed(sources, alteration.rename_columns)
        sources = self._added(sources, alteration.add)
        columns = tuple(column for column, _ in sources)
        check_columns(columns)
        name = alteration.rename_to or old.spec.name
        check_names([name])
        spec = replace(old.spec, name=name, columns=columns, keys=(), foreign_keys=())
        new = self._database.new_table(spec, old.owner)
        new.next_rowid = old.next_rowid
        self._keep_keys(new, alteration)
        self._fill(new, sources)
        return new

    def _dropped(self, sources: Sources, names: Sequence[str]) -> Sources:
        for position in self._table.positions(names):
            used = [
                *(key.positions for key in self._table.keys.values()),
                *(reference.positions for reference in self._table.references.values()),
                *(
                    self._table.positions([name for name, _ in index.columns])
                    for index in self._table.indexes.values()
                ),
            ]
            if any(position in positions for positions in used):
                raise failure(-322, f"'{self._table.layout[position].name}' of {self._table.qualified_name}")
        unwanted = {name.upper() for name in names}
        return [(column, source) for column, source in sources if column.name.upper() not in unwanted]

    def _renamed(self, sources: Sources, renames: Sequence[tuple[str, str]]) -> Sources:
        names = {old.upper(): new for old, new in renames}
        self._table.positions(names)
        return [
            (replace(column, name=names.get(column.name.upper(), column.name)), source)
            for column, source in sources
        ]

    def _modified(self, sources: Sources, changes: Sequence[ColumnChange]) -> Sources:
        changed = {change.name.upper(): change for change in changes}
        self._table.positions(changed)
        return [
            (
                _changed(column, changed[column.name.upper()]) if column.name.upper() in changed else column,
                source,
            )
            for column, source in sources
        ]

    def _added(self, sources: Sources, columns: Sequence[ColumnSpec]) -> Sources:
        for column in columns:
            if any(column.name.upper() == other.name.upper() for other, _ in sources):
                raise failure(-306, f"'{column.name}' in {self._table.qualified_name}")
            if column.identity:
                raise failure(-308, f"'{column.name}' cannot be added to {self._table.qualified_name}")
            if not column.nullable and column.default is None and self._table.rows:
                raise failure(-304, f"'{column.name}' of {self._table.qualified_name}")
        return [*sources, *((column, None) for column in columns)]

    def _keep_keys(self, new: StoredTable, alteration: TableAlteration) -> None:
        """Copy the keys and indices that are not dropped, with renamed columns."""
        old = self._table
        dropped = {name.upper() for name in alteration.drop_constraints}
        known = {*old.keys, *old.references}
        for name in dropped - known:
            raise failure(-315, f"'{name}' of {old.qualified_name}")
        if alteration.drop_primary_key:
            primary = old.primary_key
            if primary is None:
                raise failure(-315, f"{old.qualified_name} has no primary key")
            dropped.add(primary.name.upper())
        for _, reference in self._database.references_to(old):
            if reference.key_name.upper() in dropped:
                raise failure(-317, f"'{reference.key_name}' of {old.qualified_name}")
        names = {before.upper(): after for before, after in alteration.rename_columns}

        def now(columns: Sequence[str]) -> tuple[str, ...]:
            return tuple(names.get(column.upper(), column) for column in columns)

        for key in old.keys.values():
            if key.name.upper() not in dropped:
                positions = new.positions(now(old.names(key.positions)))
                new.add_key(UniqueKey(key.name, positions, key.primary, key.from_index))
        for reference in old.references.values():
            if reference.spec.name.upper() not in dropped:
                columns = now(reference.spec.columns)
                spec = replace(reference.spec, columns=columns)
                new.add_reference(
                    Reference(spec, new.positions(columns), reference.key_name, reference.referenced)
                )
        for index in old.indexes.values():
            columns = now([name for name, _ in index.columns])
            pairs = tuple(zip(columns, (descending for _, descending in index.columns), strict=True))
            new.indexes[index.name.upper()] = replace(index, columns=pairs, data=now(index.data))

    def _fill(self, new: StoredTable, sources: Sources) -> None:
        offset = len(new.layout) - len(sources)
        try:
            for rowid, row in self._table.rows.items():
                cells: Row = tuple(
                    self._cell(new, column, row, source, position + offset)
                    for position, (column, source) in enumerate(sources)
                )
                new.put(rowid, (rowid, *cells) if offset else cells)
        except BaseException:
            new.drop()
            raise

    def _cell(
        self, new: StoredTable, column: ColumnSpec, row: Row, source: int | None, position: int
    ) -> Value:
        try:
            if source is not None:
                value = column.type.stored(row[source])
            else:
                value = None if column.default is None else column.type.stored(self._evaluate(column.default))
        except InvalidValueError:
            raise failure(
                -105, f"a value of '{column.name}' of {new.qualified_name} does not fit its type"
            ) from None
        if column.type.counts and value is None:
            new.counters[position] += 1
            return new.counters[position]
        if column.type.counts and isinstance(value, int):
            new.counters[position] = max(new.counters[position], value)
        if value is None and not column.nullable:
            raise failure(-305, f"'{column.name}' of {new.qualified_name}")
        return value


def _changed(column: ColumnSpec, change: ColumnChange) -> ColumnSpec:
    if change.type is not None:
        column = replace(column, type=change.type, collation=change.type.collation)
    if change.nullable is not None:
        column = replace(column, nullable=change.nullable)
    if change.default is not None or change.drop_default:
        column = replace(column, default=change.default)
    return column


def check_columns(columns: Sequence[ColumnSpec]) -> None:
    """Raises `SqlFailure` -306 for a duplicate name, -308 for a second IDENTITY, -400 for too many columns."""
    if len(columns) > MAXIMUM_COLUMNS:
        raise unsupported(f"more than {MAXIMUM_COLUMNS} columns")
    names = [column.name.upper() for column in columns]
    check_names(names)
    for name in names:
        if names.count(name) > 1:
            raise failure(-306, f"'{name}' is there twice")
    if sum(column.identity for column in columns) > 1:
        raise failure(-308, "a table has at most one IDENTITY column")


def check_names(names: Sequence[str]) -> None:
    """Raises `SqlFailure` -1 for a name that is too long."""
    for name in names:
        if len(name) > MAXIMUM_NAME:
            raise failure(-1, f"the name '{name[:20]}...' is longer than {MAXIMUM_NAME} characters")
