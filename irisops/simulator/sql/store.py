"""The embedded SQLite database, in memory, that runs compiled queries.

Only the columns that a query uses are copied from the catalog's tables, and they stay until the table's revision
changes; if the table reports which rows changed, only those are copied again. The least recently used tables are
dropped. An authorizer makes queries read-only; a progress handler stops runaway queries. Not thread-safe: the runtime
calls it from one thread at a time.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from irisops.simulator.backend import SqlFailure, Value
from irisops.simulator.sql.catalog import (
    ChangingRows,
    Collation,
    ColumnDef,
    FunctionDef,
    ProcedureDef,
    SqlType,
    TableDef,
)
from irisops.simulator.sql.conversion import storable, storable_rows
from irisops.simulator.sql.failures import FATAL_ERROR, INVALID_STATEMENT, failure
from irisops.simulator.sql.functions import compare_sqlupper, internal_functions
from irisops.simulator.sql.guard import PROGRESS_STEP, TIMED_OUT, TOO_MUCH_WORK, Guard
from irisops.simulator.sql.routines import complete_arguments
from irisops.simulator.sql.stored.types import odbc_date
from irisops.simulator.sql.values import Scalar, number

_DECLARED = {
    SqlType.BIT: "INTEGER",
    SqlType.TINYINT: "INTEGER",
    SqlType.BIGINT: "INTEGER",
    SqlType.INTEGER: "INTEGER",
    SqlType.NUMERIC: "NUMERIC",
    SqlType.DOUBLE: "REAL",
}

_KEPT_TABLES = 400
"""Maximum number of tables whose rows are kept."""

_KEPT_NAMES = 5_000


@dataclass(slots=True)
class Limits:
    """Limits of one statement: SQLite `instructions` and CPU `seconds` of a query, result `rows`, and `changes`, the
    rows inserted, updated or deleted.
    """

    instructions: int = 20_000_000
    seconds: float = 0.75
    rows: int = 300_000
    changes: int = 20_000


@dataclass(frozen=True, slots=True)
class TableNeed:
    """A table that a query reads: its name in SQLite, and the needed columns by position."""

    table: TableDef
    physical_name: str
    columns: frozenset[int]


@dataclass(frozen=True, slots=True)
class ProcedureNeed:
    """A procedure that a query reads; `arguments` compute its arguments from the query's parameters."""

    procedure: ProcedureDef
    physical_name: str
    arguments: Callable[[Mapping[str, Scalar]], Sequence[Value]]


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything a query needs before it runs; `functions` are in the order of their slots in `iris_call`."""

    tables: Sequence[TableNeed] = ()
    procedures: Sequence[ProcedureNeed] = ()
    functions: Sequence[FunctionDef] = ()


@dataclass(slots=True)
class _Held:
    revision: Hashable
    columns: frozenset[int]


@dataclass(slots=True)
class Store:
    """One SQLite database in memory, which the engines (sessions) of one instance may share."""

    limits: Limits = field(default_factory=Limits)
    _connection: sqlite3.Connection = field(init=False, repr=False)
    _guard: Guard = field(init=False, repr=False, default_factory=Guard)
    _names: OrderedDict[Hashable, str] = field(init=False, repr=False, default_factory=OrderedDict)
    _numbers: Iterator[int] = field(init=False, repr=False, default_factory=count)
    _held: OrderedDict[str, _Held] = field(init=False, repr=False, default_factory=OrderedDict)
    _functions: Sequence[FunctionDef] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        self._connection = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, cached_statements=256
        )
        self._connection.create_collation("IRIS_SQLUPPER", self._guard.collating(compare_sqlupper))
        for name, arguments, implementation in internal_functions():
            self._connection.create_function(
                name, arguments, self._guard.remembering(implementation), deterministic=True
            )
        self._connection.create_function("iris_call", -1, self._guard.remembering(self._call))
        for statement in ("PRAGMA temp_store = MEMORY", "PRAGMA trusted_schema = OFF"):
            self._connection.execute(statement)
        self._connection.set_authorizer(self._guard.authorize)
        self._connection.set_progress_handler(self._guard.progress, PROGRESS_STEP)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def physical_name(self, table: TableDef) -> str:
        """The table's name in SQLite: generated, so names of the catalog never reach SQL text."""
        shape = tuple((column.name, column.sql_type, column.collation) for column in table.columns)
        key = (table.schema.upper(), table.name.upper(), table.identity, shape)
        if key not in self._names:
            # A plan may keep a name that is dropped here: numbers are never reused, so no other table gets it.
            self._names[key] = f"t{next(self._numbers)}"
            while len(self._names) > _KEPT_NAMES:
                self._names.popitem(last=False)
        return self._names[key]

    def select(
        self, needs: Needs, sql: str, values: Mapping[str, Scalar], max_rows: int
    ) -> list[tuple[Scalar, ...]]:
        """Fill the tables of a query, run it and return at most `max_rows` rows (0: all). Raises `SqlFailure`."""
        self._functions = needs.functions
        for need in needs.tables:
            self._refresh(need)
        filled: list[str] = []
        try:
            for call in needs.procedures:
                filled.append(call.physical_name)
                self._fill_from_procedure(call, values)
            return self._run(sql, values, max_rows)
        finally:
            for name in filled:
                self._connection.execute(f'DROP TABLE IF EXISTS "{name}"')

    def _call(self, slot: Scalar, *arguments: Scalar) -> Scalar:
        """`iris_call(n, ...)`: call the n-th catalog function of the running query."""
        function = self._functions[int(number(slot))]
        return storable(
            function.call(complete_arguments(function.qualified_name, function.arguments, arguments))
        )

    def _run(self, sql: str, values: Mapping[str, Scalar], max_rows: int) -> list[tuple[Scalar, ...]]:
        # SQLite does not call the authorizer again for a cached statement.
        if not sql.startswith("SELECT "):
            raise failure(INVALID_STATEMENT, "only a query can be run")
        wanted = min(max_rows, self.limits.rows) if max_rows > 0 else self.limits.rows + 1
        with self._guard.only_reading(self.limits.instructions, self.limits.seconds):
            try:
                rows = self._fetched(self._connection.execute(sql, dict(values)), wanted)
            except sqlite3.Error as error:
                raise self._translated(error) from None
        if len(rows) > self.limits.rows:
            raise failure(
                FATAL_ERROR, f"more than {self.limits.rows} rows, the limit of this simulator; use TOP"
            )
        return rows

    def _fetched(self, cursor: sqlite3.Cursor, wanted: int) -> list[tuple[Scalar, ...]]:
        """At most `wanted` rows; in small chunks with counted characters if functions made long strings."""
        rows = cursor.fetchmany(min(wanted, 1))
        while len(rows) < wanted:
            chunk = cursor.fetchmany(min(wanted - len(rows), 4 if self._guard.characters else 2000))
            if not chunk:
                break
            rows += chunk
            if self._guard.characters:
                self._guard.count_characters(
                    sum(len(cell) for row in chunk for cell in row if isinstance(cell, str))
                )
        cursor.close()
        return rows

    def _translated(self, error: sqlite3.Error) -> SqlFailure:
        if self._guard.failed is not None:
            return self._guard.failed
        if self._guard.budget < 0:
            return failure(TIMED_OUT, TOO_MUCH_WORK)
        message = str(error)
        if "too many" in message or "too large" in message or "parser stack overflow" in message:
            return failure(INVALID_STATEMENT, f"the statement is too complex for this simulator ({message})")
        return failure(FATAL_ERROR, f"the simulator's database refused the query ({message})")

    def _refresh(self, need: TableNeed) -> None:
        held = self._held.get(need.physical_name)
        revision = need.table.revision()
        columns = need.columns
        if held is not None:
            self._held.move_to_end(need.physical_name)
            if columns <= held.columns and (held.revision == revision or self._caught_up(need, held)):
                held.revision = revision
                return
            columns |= held.columns
        changing = need.table.changing
        if changing is not None:
            self._held.pop(need.physical_name, None)
            self._fill_keyed(need.physical_name, need.table.columns, columns, changing)
            self._hold(need.physical_name, _Held(revision, columns))
            return
        ordered = tuple(sorted(columns))
        names = tuple(need.table.columns[index].name for index in ordered)
        self._held.pop(need.physical_name, None)
        self._fill(need.physical_name, need.table.columns, ordered, lambda: need.table.rows(names))
        self._hold(need.physical_name, _Held(revision, columns))

    def _hold(self, name: str, held: _Held) -> None:
        self._held[name] = held
        while len(self._held) > _KEPT_TABLES:
            forgotten, _ = self._held.popitem(last=False)
            self._connection.execute(f'DROP TABLE IF EXISTS "{forgotten}"')

    def _caught_up(self, need: TableNeed, held: _Held) -> bool:
        """Copy the rows that changed since the last copy. False if the changes are unknown."""
        changing = need.table.changing
        changed = None if changing is None else changing.changed_since(held.revision)
        if changing is None or changed is None:
            return False
        name = need.physical_name
        columns = _with_row_id(need.table.columns, held.columns)
        rows = [(rowid, changing.row(rowid)) for rowid in sorted(changed)]
        there = [(rowid, row) for rowid, row in rows if row is not None]
        gone = [(rowid,) for rowid, row in rows if row is None]
        with self._transaction():
            self._connection.executemany(f'DELETE FROM "{name}" WHERE rowid = ?', gone)  # noqa: S608 - generated name
            self._connection.executemany(_replacing(name, columns), _keyed(there, columns))
        return True

    def _fill_keyed(
        self, name: str, columns: Sequence[ColumnDef], wanted: frozenset[int], changing: ChangingRows
    ) -> None:
        """Copy rows with their RowIDs as keys, so that single rows can be replaced."""
        ordered = _with_row_id(columns, wanted)
        declared = "".join(
            f", c{index} {'INTEGER PRIMARY KEY' if columns[index].row_id else _declaration(columns[index])}"
            for index in ordered
        )
        self._connection.execute(f'DROP TABLE IF EXISTS "{name}"')
        self._connection.execute(f'CREATE TABLE "{name}" (z{declared})')
        try:
            with self._transaction():
                self._connection.executemany(_replacing(name, ordered), _keyed(changing.rows(), ordered))
        except BaseException:
            self._connection.execute(f'DROP TABLE IF EXISTS "{name}"')
            raise

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _fill_from_procedure(self, need: ProcedureNeed, values: Mapping[str, Scalar]) -> None:
        columns = need.procedure.columns
        rows = list(need.procedure.run(need.arguments(values)))
        self._fill(need.physical_name, columns, tuple(range(len(columns))), lambda: rows)

    def _fill(
        self,
        name: str,
        columns: Sequence[ColumnDef],
        wanted: Sequence[int],
        rows: Callable[[], Iterable[Sequence[Value]]],
    ) -> None:
        declared = "".join(f", c{index} {_declaration(columns[index])}" for index in wanted)
        self._connection.execute(f'DROP TABLE IF EXISTS "{name}"')
        self._connection.execute(f'CREATE TABLE "{name}" (z{declared})')
        if not wanted:
            self._fill_empty(name, rows())
            return
        listed = ", ".join(f"c{index}" for index in wanted)
        marks = ", ".join("?" * len(wanted))
        insert = f'INSERT INTO "{name}" ({listed}) VALUES ({marks})'  # noqa: S608 - only generated names
        filler = storable_rows(_dated(list(rows()), columns, wanted), len(wanted))
        try:
            with self._transaction():
                self._connection.executemany(insert, filler)
        except BaseException:
            self._connection.execute(f'DROP TABLE IF EXISTS "{name}"')
            raise

    def _fill_empty(self, name: str, rows: Iterable[Sequence[Value]]) -> None:
        """Rows without columns, for `COUNT(*)`. SQLite generates them: four times as fast as binding each."""
        count = len(rows) if isinstance(rows, Sized) else sum(1 for _ in rows)
        if count:
            numbers = (
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?) SELECT NULL FROM n"
            )
            self._connection.execute(f'INSERT INTO "{name}" (z) {numbers}', (count,))


def _declaration(column: ColumnDef) -> str:
    declared = _DECLARED.get(column.sql_type)
    if declared is not None:
        return declared
    return "TEXT COLLATE IRIS_SQLUPPER" if column.collation is Collation.SQLUPPER else "TEXT COLLATE BINARY"


def _dated(
    rows: list[Sequence[Value]], columns: Sequence[ColumnDef], wanted: Sequence[int]
) -> list[Sequence[Value]]:
    """Rows with dates in ODBC form; projected classes have `$HOROLOG` days."""
    places = [place for place, index in enumerate(wanted) if columns[index].sql_type == SqlType.DATE]
    if not places:
        return rows
    dated = [list(row) for row in rows]
    for row in dated:
        for place in places:
            if isinstance(row[place], int):
                row[place] = odbc_date(row[place])
    return [tuple(row) for row in dated]


def _with_row_id(columns: Sequence[ColumnDef], wanted: frozenset[int]) -> tuple[int, ...]:
    """Positions of the wanted columns and of the RowID, which is the key of the copy."""
    return tuple(index for index, column in enumerate(columns) if index in wanted or column.row_id)


def _replacing(name: str, columns: Sequence[int]) -> str:
    listed = "".join(f", c{index}" for index in columns)
    marks = ", ?" * len(columns)
    return f'INSERT OR REPLACE INTO "{name}" (rowid{listed}) VALUES (?{marks})'  # noqa: S608 - only generated names


def _keyed(
    rows: Iterable[tuple[int, Sequence[Value]]], columns: Sequence[int]
) -> Iterator[tuple[Scalar, ...]]:
    for rowid, row in rows:
        yield (rowid, *[storable(row[index]) for index in columns])
