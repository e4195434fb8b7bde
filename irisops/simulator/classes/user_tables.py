"""The tables of people's own, as one job sees them, and who may read and change them (facts: iris-security 4.1)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from irisops.simulator.backend import Value
from irisops.simulator.classes.dates import odbc
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.sql_access import has_sql_privilege, privilege_violation
from irisops.simulator.classes.values import same
from irisops.simulator.sql.catalog import ColumnDef, TableDef
from irisops.simulator.sql.definitions import (
    ColumnSpec,
    ForeignKeyDef,
    IndexSpec,
    KeyDef,
    TableDetails,
    TableSpec,
)
from irisops.simulator.sql.statements import Action, Isolation
from irisops.simulator.sql.stored import types
from irisops.simulator.sql.stored.database import Database, StoredView
from irisops.simulator.sql.stored.filing import Filer
from irisops.simulator.sql.stored.table import Row, StoredTable
from irisops.simulator.sql.values import Scalar
from irisops.simulator.world.user_tables import UserTable

SERVICE_SQL = "%Service_SQL:U"

_SEED_TYPES = {"%Integer": types.INTEGER, "%String": types.column_type("VARCHAR", (256,))}
_OBJECT_ACTIONS = (
    Action.SELECT,
    Action.INSERT,
    Action.UPDATE,
    Action.DELETE,
    Action.ALTER,
    Action.REFERENCES,
)


class JobTables:
    """The tables and views in the job's namespace."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._found: dict[Hashable, TableDef] = {}
        self._found_for: Hashable = None

    @property
    def database(self) -> Database:
        """The database of the namespace, with the tables that the world has from its start."""
        database = self._job.emulation.databases.of(self._job.namespace)
        for seed in self._job.world.user_tables:
            if same(seed.namespace, self._job.namespace) and id(seed) not in database.seeded:
                database.seeded.add(id(seed))
                _plant(database, seed)
        return database

    @property
    def version(self) -> Hashable:
        """Changes with every definition, with the namespace, and with whether uncommitted rows are read."""
        database = self.database
        return (self._job.namespace.upper(), database.version, self._reads_committed)

    @property
    def _reads_committed(self) -> bool:
        return self._job.transaction.isolation is not Isolation.READ_UNCOMMITTED

    def environment(self) -> Mapping[str, Scalar]:
        """The values of the moment, for defaults."""
        now = odbc(self._job.world.now())
        return {
            "env_now": now,
            "env_today": now[:10],
            "env_time": now[11:19],
            "env_user": self._job.username,
        }

    def filer(self) -> Filer:
        """What changes rows in this job's name."""
        return Filer(
            self.database, self._job.transaction.undo, self._job.process.job_number, self.environment
        )

    def table(self, schema: str, name: str) -> TableDef | None:
        """The table or view of that name, or None."""
        version = self.version
        if version != self._found_for:
            self._found, self._found_for = {}, version
        key = (schema.upper(), name.upper())
        if key not in self._found:
            database = self.database
            stored, view = database.table(schema, name), database.view(schema, name)
            if stored is not None:
                self._found[key] = self._projected(stored)
            elif view is not None:
                self._found[key] = self._projected_view(view)
            else:
                return None
        return self._found[key]

    def tables(self) -> Iterable[TableDef]:
        """The tables and views on which the job has any privilege."""
        database = self.database
        for table in list(database.tables.values()):
            if self.may_do_anything(table.owner, table.spec.schema, table.spec.name):
                found = self.table(table.spec.schema, table.spec.name)
                if found is not None:
                    yield found
        for view in list(database.views.values()):
            if self.may_do_anything(view.owner, view.spec.schema, view.spec.name):
                found = self.table(view.spec.schema, view.spec.name)
                if found is not None:
                    yield found

    def may(self, action: Action, owner: str, schema: str, name: str) -> bool:
        """Whether the job owns the object or was granted the privilege."""
        return same(owner, self._job.username) or has_sql_privilege(self._job, schema, name, action.value)

    def may_do_anything(self, owner: str, schema: str, name: str) -> bool:
        """Whether the job has any privilege on the object, so that it is shown it."""
        return any(self.may(action, owner, schema, name) for action in _OBJECT_ACTIONS)

    def _authorize(self, owner: str, schema: str, name: str, action: Action) -> None:
        if not self._job.holds(SERVICE_SQL) or not self.may(action, owner, schema, name):
            raise privilege_violation(self._job)

    def _projected(self, table: StoredTable) -> TableDef:
        committed = self._reads_committed
        rows = _CommittedRows(table, self._job.process.job_number) if committed else _CurrentRows(table)
        spec = table.spec
        return TableDef(
            schema=spec.schema,
            name=spec.name,
            columns=[_column(table, position, each) for position, each in enumerate(table.layout)],
            rows=_no_rows,
            revision=rows.revision,
            authorize=partial(self._authorize, table.owner, spec.schema, spec.name),
            class_name=class_name(spec.schema, spec.name),
            # What a job reads without the others' uncommitted rows is its own.
            identity=(table.number, self._job.process.job_number if committed else 0),
            changing=rows,
            changes=_Changes(self.filer(), table),
            details=_details(self.database, table),
        )

    def _projected_view(self, view: StoredView) -> TableDef:
        spec = view.spec
        return TableDef(
            schema=spec.schema,
            name=spec.name,
            columns=spec.outputs,
            rows=_no_rows,
            authorize=partial(self._authorize, view.owner, spec.schema, spec.name),
            class_name=class_name(spec.schema, spec.name),
            table_type="VIEW",
            details=TableDetails(owner=view.owner),
            view=spec,
        )


@dataclass(frozen=True, slots=True)
class _CurrentRows:
    """Rows as they are, uncommitted ones included: READ UNCOMMITTED, the default of IRIS."""

    table: StoredTable

    def revision(self) -> Hashable:
        return self.table.revision

    def rows(self) -> Iterable[tuple[int, Row]]:
        return sorted(self.table.rows.items())

    def row(self, rowid: int) -> Row | None:
        return self.table.rows.get(rowid)

    def changed_since(self, revision: Hashable) -> Collection[int] | None:
        return self.table.changed_since(revision) if isinstance(revision, int) else None


@dataclass(frozen=True, slots=True)
class _CommittedRows:
    """Rows without what other jobs have not committed.

    UNVERIFIED: IRIS waits for the lock on such a row, and fails with -114 once the lock timeout has passed; here the
    row is shown as it was committed last. Settle: UPDATE without commit on one connection, SELECT on another with SET
    TRANSACTION ISOLATION LEVEL READ COMMITTED.
    """

    table: StoredTable
    job: int

    def revision(self) -> Hashable:
        # Locks come and go with commits, which change no row: they count, too.
        others = sorted(rowid for rowid, lock in self.table.locks.items() if lock.job != self.job)
        return (self.table.revision, tuple(others))

    def rows(self) -> Iterable[tuple[int, Row]]:
        return self.table.committed(self.job)

    def row(self, rowid: int) -> Row | None:
        lock = self.table.locks.get(rowid)
        if lock is not None and lock.job != self.job:
            return lock.before
        return self.table.rows.get(rowid)

    def changed_since(self, revision: Hashable) -> Collection[int] | None:
        del revision
        return None


class _Changes:
    """Implements `irisops.simulator.sql.catalog.TableChanges` for one table and job."""

    def __init__(self, filer: Filer, table: StoredTable) -> None:
        self._filer = filer
        self._table = table

    def insert(self, values: Mapping[int, Value], *, check: bool) -> int:
        return self._filer.insert(self._table, values, check=check)

    def update(self, rowid: int, values: Mapping[int, Value], *, check: bool) -> None:
        self._filer.update(self._table, rowid, values, check=check)

    def delete(self, rowid: int, *, check: bool) -> None:
        self._filer.delete(self._table, rowid, check=check)

    def find(self, values: Mapping[int, Value]) -> int | None:
        return self._filer.find(self._table, values)

    def default(self, position: int) -> Value:
        default = self._table.layout[position].default
        return None if default is None else self._filer.evaluated(default)


def _no_rows(_names: Sequence[str]) -> Iterable[Sequence[Value]]:
    return ()


def class_name(schema: str, name: str) -> str:
    """The class behind a table: the schema SQLUser is the package User, and `_` is no letter of a class name."""
    package = "User" if same(schema, "SQLUser") else schema.replace("_", ".")
    return f"{package}.{''.join(letter for letter in name if letter.isalnum())}"


def _column(table: StoredTable, position: int, spec: ColumnSpec) -> ColumnDef:
    is_row_id = position == table.rowid_position
    return ColumnDef(
        spec.name,
        spec.type.sql_type,
        spec.type.precision,
        spec.type.scale,
        nullable=spec.nullable,
        collation=spec.collation,
        hidden=is_row_id and table.rowid_is_hidden,
        row_id=is_row_id,
    )


def _details(database: Database, table: StoredTable) -> TableDetails:
    keys = [
        KeyDef(key.name, table.names(key.positions), key.primary)
        for key in table.keys.values()
        if not key.from_index
    ]
    foreign = []
    for reference in table.references.values():
        parent = database.parent_of(reference)
        spec = reference.spec
        foreign.append(
            ForeignKeyDef(
                spec.name,
                table.names(reference.positions),
                parent.spec.schema if parent is not None else spec.schema,
                parent.spec.name if parent is not None else spec.table,
                reference.referenced,
                reference.key_name,
                spec.on_update,
                spec.on_delete,
            )
        )
    indexes = [
        *(
            IndexSpec(key.name, tuple((name, False) for name in table.names(key.positions)), unique=True)
            for key in table.keys.values()
            if not key.from_index
        ),
        *table.indexes.values(),
    ]
    specs = {column.name: column for column in table.layout}
    return TableDetails(
        table.owner,
        table.spec.description,
        specs,
        keys,
        foreign,
        indexes,
        frozenset(table.unselectable),
        dict(table.faults),
    )


def _plant(database: Database, seed: UserTable) -> None:
    """A table that the world has from its start: its first column is the RowID, which is shown."""
    columns = tuple(
        ColumnSpec(name, found, identity=not index, nullable=bool(index), collation=found.collation)
        for index, (name, kind) in enumerate(seed.kinds.items())
        if (found := types.BIGINT if not index else _SEED_TYPES[kind]) is not None
    )
    table = database.new_table(TableSpec(seed.schema, seed.name, columns), "_SYSTEM")
    for index in seed.indexes:
        fields = tuple((name, False) for name in index.fields)
        spec = IndexSpec(index.name, fields, type=index.type, origin=index.origin)
        table.indexes[index.name.upper()] = spec
    table.faults = {name.upper(): fault for name, fault in seed.faults.items()}
    table.stored, table.mapped, table.columnar = seed.stored, seed.mapped, seed.columnar
    for row in seed.rows:
        rowid = int(row[0])
        table.put(rowid, tuple(row))
        table.next_rowid = max(table.next_rowid, rowid + 1)
    database.tables[seed.schema.upper(), seed.name.upper()] = table
    database.version += 1
