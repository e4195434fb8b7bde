"""CREATE, ALTER and DROP of tables, indices and views in one database, and their undo.

A table is never altered in place: a new one with its rows replaces it, so undo puts the old one back.

UNVERIFIED: that a rollback undoes definitions. The vendor's text on transactions mentions only rows; definitions
are globals, though, which a rollback restores. Settle: autocommit off, CREATE TABLE t (a INT), rollback; is t there?
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace
from functools import partial

from irisops.simulator.sql.definitions import (
    ForeignKeySpec,
    IndexSpec,
    KeySpec,
    TableAlteration,
    TableSpec,
    ViewSpec,
)
from irisops.simulator.sql.failures import failure, unsupported
from irisops.simulator.sql.stored.altering import Alteration, Evaluate, check_columns, check_names
from irisops.simulator.sql.stored.database import MAXIMUM_OBJECTS, Database, Databases, StoredView
from irisops.simulator.sql.stored.table import Reference, StoredTable, UniqueKey
from irisops.simulator.sql.stored.undo import UndoLog

MAXIMUM_KEYS = 400
"""Constraints and indices of one table."""


class Definer:
    """Defines tables and views for one job; the caller checks privileges."""

    def __init__(
        self,
        databases: Databases,
        database: Database,
        undo: UndoLog,
        job: int,
        evaluate: Evaluate,
    ) -> None:
        self._databases = databases
        self._database = database
        self._undo = undo
        self._job = job
        self._evaluate = evaluate

    # Tables ----------------------------------------------------------------------------------------------------

    def create_table(self, spec: TableSpec, owner: str) -> StoredTable:
        """A new, empty table. The caller has checked that the name is free."""
        self._check_room()
        check_columns(spec.columns)
        check_names([spec.schema, spec.name])
        table = self._database.new_table(spec, owner)
        self._set_table(table)
        for key in spec.keys:
            self._add_key(table, key)
        for foreign in spec.foreign_keys:
            self._add_foreign_key(table, foreign)
        return table

    def drop_table(self, table: StoredTable, *, cascade: bool) -> None:
        """Raises `SqlFailure` -320 if foreign keys of other tables refer to it; `cascade` drops those."""
        self._check_free(table)
        others = [(child, each) for child, each in self._database.references_to(table) if child is not table]
        if others and not cascade:
            raise failure(-320, f"{others[0][0].qualified_name} refers to {table.qualified_name}")
        for child, reference in others:
            self._drop_reference(child, reference)
        self._remove_table(table)

    def alter_table(self, table: StoredTable, alteration: TableAlteration) -> StoredTable:
        """Replace a table by its altered version; returns that."""
        self._check_free(table)
        altered = Alteration(self._database, table, self._evaluate).apply(alteration)
        self._replace_table(table, altered)
        self._rename_references(altered, dict(alteration.rename_columns))
        for key in alteration.add_keys:
            self._add_key(altered, key)
        for foreign in alteration.add_foreign_keys:
            self._add_foreign_key(altered, foreign, existing=True)
        return altered

    def truncate_table(self, table: StoredTable) -> int:
        """Delete all rows and reset the counters. Raises `SqlFailure` -124 if rows of another table refer to one.

        Refused while any transaction, even this one, has changed rows of the table.
        """
        table.check_definition(self._job)
        if table.locks:
            raise failure(-110, f"{table.qualified_name} has rows that a transaction changed")
        for child, reference in self._database.references_to(table):
            if reference.children and child is not table and reference.spec.checked:
                raise failure(
                    -124, f"foreign key {reference.spec.name} of {child.qualified_name} refers to rows"
                )
        count = len(table.rows)
        restore = table.clear()
        # Until the transaction ends no other job may insert rows, which a rollback would lose.
        self._claim(table)
        self._undo_by(restore)
        return count

    # Indices ---------------------------------------------------------------------------------------------------

    def create_index(self, table: StoredTable, spec: IndexSpec) -> None:
        """Raises `SqlFailure` -324 for a duplicate name, -29 for an unknown column, -125 for duplicate keys."""
        _check_key_name(table, spec.name)
        positions = table.positions([*(name for name, _ in spec.columns), *spec.data])
        if spec.unique:
            self._check_free(table)
            table.add_key(UniqueKey(spec.name, positions[: len(spec.columns)], from_index=True))
        table.indexes[spec.name.upper()] = spec
        self._undo_by(partial(_forget_index, table, spec.name))
        self._database.version += 1

    def drop_index(self, table: StoredTable, name: str) -> None:
        """Raises `SqlFailure` -333 for an unknown index, -325 for the index of a constraint."""
        spec = table.indexes.get(name.upper())
        if spec is None:
            if name.upper() in table.keys:
                raise failure(-325, f"'{name}' belongs to a constraint; use ALTER TABLE DROP CONSTRAINT")
            raise failure(-333, f"'{name}' on {table.qualified_name}")
        self._check_free(table)
        key = table.keys.get(name.upper()) if spec.unique else None
        _forget_index(table, name)
        self._undo_by(partial(_recall_index, table, spec, key))
        self._database.version += 1

    # Views -----------------------------------------------------------------------------------------------------

    def create_view(self, spec: ViewSpec, owner: str) -> None:
        """A view; replaces an existing one of that name."""
        self._check_room()
        check_names([spec.schema, spec.name, *spec.columns])
        name = spec.key
        former = self._database.views.get(name)
        self._database.views[name] = StoredView(spec, owner)
        self._undo_by(partial(self._set_view, name, former))
        self._database.version += 1

    def drop_view(self, view: StoredView) -> None:
        """Drop a view. Views that use it fail from then on."""
        name = view.spec.key
        self._set_view(name, None)
        self._undo_by(partial(self._set_view, name, view))

    def _set_view(self, name: tuple[str, str], view: StoredView | None) -> None:
        if view is None:
            self._database.views.pop(name, None)
        else:
            self._database.views[name] = view
        self._database.version += 1

    # Keys ------------------------------------------------------------------------------------------------------

    def _add_key(self, table: StoredTable, spec: KeySpec) -> None:
        positions = table.positions(spec.columns, -86)
        if spec.primary and table.primary_key is not None:
            raise failure(-307, table.qualified_name)
        name = spec.name or _free_name(table, "PKEY" if spec.primary else "UNIQUE", table.keys)
        _check_key_name(table, name)
        if spec.primary:
            # The columns of a primary key are required (SQL Reference, CREATE TABLE, Defining a Primary Key).
            required = set(positions)
            table.layout = tuple(
                replace(column, nullable=False) if position in required else column
                for position, column in enumerate(table.layout)
            )
            if any(row[position] is None for row in table.rows.values() for position in required):
                raise failure(-305, f"a column of the primary key of {table.qualified_name}")
        table.add_key(UniqueKey(name, positions, primary=spec.primary))

    def _add_foreign_key(self, table: StoredTable, spec: ForeignKeySpec, *, existing: bool = False) -> None:
        positions = table.positions(spec.columns)
        parent = self._database.table(spec.schema, spec.table)
        if parent is None:
            raise failure(-310, f"'{spec.schema}.{spec.table}'")
        name = spec.name or _free_name(table, "FKEY", table.references)
        check_names([name])
        if name.upper() in table.references:
            raise failure(-311, f"'{name}' on {table.qualified_name}")
        referenced, key_name = _referenced_key(parent, spec)
        reference = Reference(replace(spec, name=name), positions, key_name, referenced)
        table.add_reference(reference)
        if existing and spec.checked:
            key = parent.keys[key_name.upper()]
            targets = parent.positions(referenced)
            for row in table.rows.values():
                values = [row[position] for position in positions]
                if None not in values and parent.collated_key(values, targets) not in key.rows:
                    raise failure(
                        -127,
                        f"'{name}': {spec.schema}.{spec.table} lacks a row for one of {table.qualified_name}",
                    )

    def _drop_reference(self, table: StoredTable, reference: Reference) -> None:
        name = reference.spec.name.upper()
        del table.references[name]
        self._undo_by(partial(table.add_reference, reference))
        self._database.version += 1

    # The database ----------------------------------------------------------------------------------------------

    def _check_room(self) -> None:
        if self._databases.objects >= MAXIMUM_OBJECTS:
            raise unsupported(f"more than {MAXIMUM_OBJECTS} tables and views; drop some")

    def _check_free(self, table: StoredTable) -> None:
        table.check_definition(self._job)
        if table.locked_by_others(self._job):
            raise failure(-110, f"{table.qualified_name} is changed by another transaction")

    def _claim(self, table: StoredTable) -> None:
        """Keep other jobs off the table until the transaction ends."""
        table.defined_by = self._job
        self._undo.hold(("definition", table.number), partial(_release, table))

    def _undo_by(self, action: Callable[[], None]) -> None:
        self._undo.remember(("definition", self._database.version, object()), action)

    def _set_table(self, table: StoredTable) -> None:
        name = table.spec.key
        self._database.tables[name] = table
        self._database.version += 1
        self._claim(table)
        self._undo_by(partial(self._undo_set, name, table))

    def _undo_set(self, name: tuple[str, str], table: StoredTable) -> None:
        if self._database.tables.get(name) is table:
            del self._database.tables[name]
        table.drop()
        self._database.version += 1

    def _remove_table(self, table: StoredTable) -> None:
        name = table.spec.key
        del self._database.tables[name]
        table.drop()
        self._database.version += 1
        self._undo_by(partial(self._undo_remove, name, table))

    def _undo_remove(self, name: tuple[str, str], table: StoredTable) -> None:
        self._database.tables[name] = table
        table.recover()
        self._database.version += 1

    def _replace_table(self, table: StoredTable, altered: StoredTable) -> None:
        old_name, new_name = table.spec.key, altered.spec.key
        if new_name != old_name and (new_name in self._database.tables or new_name in self._database.views):
            altered.drop()
            raise failure(-201, f"'{altered.qualified_name}'")
        self._remove_table(table)
        self._set_table(altered)
        if new_name != old_name:
            for _, reference in self._database.references_to(table):
                self._redirect(reference, altered)

    def _rename_references(self, table: StoredTable, renames: dict[str, str]) -> None:
        """Give foreign keys that refer to renamed columns the new names."""
        names = {old.upper(): new for old, new in renames.items()}
        if not names:
            return
        for _, reference in self._database.references_to(table):
            former = reference.referenced
            reference.referenced = tuple(names.get(name.upper(), name) for name in former)
            self._undo_by(partial(_set_referenced, reference, former))

    def _redirect(self, reference: Reference, parent: StoredTable) -> None:
        former = reference.spec
        reference.spec = replace(former, schema=parent.spec.schema, table=parent.spec.name)
        self._undo_by(partial(_set_spec, reference, former))


def _set_referenced(reference: Reference, columns: tuple[str, ...]) -> None:
    reference.referenced = columns


def _set_spec(reference: Reference, spec: ForeignKeySpec) -> None:
    reference.spec = spec


def _release(table: StoredTable) -> None:
    table.defined_by = None


def _forget_index(table: StoredTable, name: str) -> None:
    spec = table.indexes.pop(name.upper(), None)
    if spec is not None and spec.unique:
        table.keys.pop(name.upper(), None)


def _recall_index(table: StoredTable, spec: IndexSpec, key: UniqueKey | None) -> None:
    table.indexes[spec.name.upper()] = spec
    if key is not None:
        # Changes of rows since then are undone only after this.
        table.keys[spec.name.upper()] = UniqueKey(key.name, key.positions, from_index=True)
        for rowid, row in table.rows.items():
            values = table.key_of(row, key.positions)
            if values is not None:
                table.keys[spec.name.upper()].rows[values] = rowid


def _check_key_name(table: StoredTable, name: str) -> None:
    check_names([name])
    if name.upper() in table.keys or name.upper() in table.indexes:
        raise failure(-324, f"'{name}' on {table.qualified_name}")
    if len(table.indexes) + len(table.keys) >= MAXIMUM_KEYS:
        raise unsupported(f"more than {MAXIMUM_KEYS} keys and indices of one table")


def _free_name(table: StoredTable, kind: str, taken: Container[str]) -> str:
    """Generated name for a constraint without one.

    UNVERIFIED: its form. Settle: CREATE TABLE t (a INT PRIMARY KEY, b INT UNIQUE), then SELECT CONSTRAINT_NAME FROM
    INFORMATION_SCHEMA.TABLE_CONSTRAINTS.
    """
    number = 1
    while (name := f"{table.spec.name}_{kind}{number}".upper()) in taken:
        number += 1
    return name


def _referenced_key(parent: StoredTable, spec: ForeignKeySpec) -> tuple[tuple[str, ...], str]:
    """The columns that a foreign key refers to, in its own order, and the name of their unique key."""
    if not spec.referenced:
        primary = parent.primary_key
        if primary is not None:
            columns = parent.names(primary.positions)
            if len(columns) != len(spec.columns):
                raise failure(-316, f"{parent.qualified_name} has a primary key of {len(columns)} columns")
            return columns, primary.name
        if parent.rowid_is_hidden:
            raise failure(-319, parent.qualified_name)
    positions = parent.positions(spec.referenced or parent.names([parent.rowid_position]), -316)
    if len(positions) != len(spec.columns):
        raise failure(-316, f"{len(spec.columns)} columns refer to {len(positions)}")
    for key in parent.keys.values():
        if sorted(key.positions) == sorted(positions):
            return parent.names(positions), key.name
    if positions == (parent.rowid_position,):
        # A public RowID is an implicit primary key (SQL Reference, CREATE TABLE, %PUBLICROWID).
        parent.add_key(UniqueKey("RowIDField_As_PKey", positions))
        return parent.names(positions), "RowIDField_As_PKey"
    raise failure(-314, f"{', '.join(spec.referenced)} of {parent.qualified_name}")
