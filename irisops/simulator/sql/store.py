"""The embedded SQLite database that carries out compiled queries.

It lives in memory. Of the catalog's tables only the columns that a query names are copied into it, and stay there until
the table's revision changes. An authorizer lets a query read and nothing else; a progress handler ends a runaway.
Not thread-safe: the runtime calls it from one thread at a time.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from irisops.simulator.backend import ObjectRef, SqlFailure, Value
from irisops.simulator.sql.catalog import Collation, ColumnDef, FunctionDef, ProcedureDef, SqlType, TableDef
from irisops.simulator.sql.failures import FATAL_ERROR, INVALID_STATEMENT, failure
from irisops.simulator.sql.functions import compare_sqlupper, internal_functions
from irisops.simulator.sql.routines import complete_arguments
from irisops.simulator.sql.values import Scalar, canonical, number, plain, text

_DECLARED = {
    SqlType.BIT: "INTEGER",
    SqlType.TINYINT: "INTEGER",
    SqlType.BIGINT: "INTEGER",
    SqlType.INTEGER: "INTEGER",
    SqlType.NUMERIC: "NUMERIC",
    SqlType.DOUBLE: "REAL",
}

_PROGRESS_STEP = 20_000
"""SQLite instructions between two looks at the budget."""

_LONG = 4096

_MAXIMUM_CHARACTERS = 32 * 1024 * 1024
"""Characters in all strings longer than `_LONG` that one query may make."""

_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION})

_PERMITTED_FUNCTIONS = frozenset({"count", "sum", "min", "max", "avg", "row_number", "rank", "dense_rank"})


@dataclass(slots=True)
class Limits:
    """What one query may cost. `instructions` are SQLite's; so many take a second or two."""

    instructions: int = 20_000_000
    rows: int = 300_000


@dataclass(frozen=True, slots=True)
class TableNeed:
    """A table that a query reads: under which name SQLite knows it, and the columns that are wanted, by position."""

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
    """Everything that must be at hand before a query runs; `functions` in the order of their slots in `iris_call`."""

    tables: Sequence[TableNeed] = ()
    procedures: Sequence[ProcedureNeed] = ()
    functions: Sequence[FunctionDef] = ()


@dataclass(slots=True)
class _Held:
    revision: Hashable
    columns: frozenset[int]


@dataclass(slots=True)
class _Guard:
    """Switches between filling tables, where all is permitted, and running a query, where only reading is."""

    reading: bool = False
    budget: int = 0
    characters: int = 0
    failed: SqlFailure | None = None

    def authorize(
        self, action: int, _first: str | None, second: str | None, _database: str | None, _trigger: str | None
    ) -> int:
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
        if not self.reading:
            return 0
        self.budget -= _PROGRESS_STEP
        return 1 if self.budget < 0 else 0

    @contextmanager
    def only_reading(self, budget: int) -> Iterator[None]:
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


@dataclass(slots=True)
class Store:
    """One SQLite database in memory; several engines (sessions of one instance) may share one."""

    limits: Limits = field(default_factory=Limits)
    _connection: sqlite3.Connection = field(init=False, repr=False)
    _guard: _Guard = field(init=False, repr=False, default_factory=_Guard)
    _names: dict[Hashable, str] = field(init=False, repr=False, default_factory=dict)
    _held: dict[str, _Held] = field(init=False, repr=False, default_factory=dict)
    _functions: Sequence[FunctionDef] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        self._connection = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, cached_statements=256
        )
        self._connection.create_collation("IRIS_SQLUPPER", compare_sqlupper)
        for name, arguments, implementation in internal_functions():
            self._connection.create_function(
                name, arguments, self._guard.remembering(implementation), deterministic=True
            )
        self._connection.create_function("iris_call", -1, self._guard.remembering(self._call))
        for statement in ("PRAGMA temp_store = MEMORY", "PRAGMA trusted_schema = OFF"):
            self._connection.execute(statement)
        self._connection.set_authorizer(self._guard.authorize)
        self._connection.set_progress_handler(self._guard.progress, _PROGRESS_STEP)

    def close(self) -> None:
        """Free the database."""
        self._connection.close()

    def physical_name(self, table: TableDef) -> str:
        """The name under which SQLite knows the table: generated, so no name of the catalog reaches SQL text."""
        shape = tuple((column.name, column.sql_type, column.collation) for column in table.columns)
        key = (table.schema.upper(), table.name.upper(), shape)
        return self._names.setdefault(key, f"t{len(self._names)}")

    def select(
        self, needs: Needs, sql: str, values: Mapping[str, Scalar], max_rows: int
    ) -> list[tuple[Scalar, ...]]:
        """Fill what the query reads, run it and return at most `max_rows` rows (0: all). Raises `SqlFailure`."""
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
        """`iris_call(n, ...)`: the n-th function of the catalog that the running query names."""
        function = self._functions[int(number(slot))]
        return storable(
            function.call(complete_arguments(function.qualified_name, function.arguments, arguments))
        )

    def _run(self, sql: str, values: Mapping[str, Scalar], max_rows: int) -> list[tuple[Scalar, ...]]:
        if not sql.startswith(
            "SELECT "
        ):  # SQLite does not ask the authorizer again about a statement that it has cached
            raise failure(INVALID_STATEMENT, "only a query can be run")
        wanted = min(max_rows, self.limits.rows) if max_rows > 0 else self.limits.rows + 1
        with self._guard.only_reading(self.limits.instructions):
            try:
                rows = self._fetched(self._connection.execute(sql, dict(values)), wanted)
            except sqlite3.Error as error:
                raise self._translated(error) from None
        if len(rows) > self.limits.rows:
            raise failure(
                FATAL_ERROR, f"more than {self.limits.rows} rows; this simulator sends no more, use TOP"
            )
        return rows

    def _fetched(self, cursor: sqlite3.Cursor, wanted: int) -> list[tuple[Scalar, ...]]:
        """At most `wanted` rows. Where functions made long strings, few at a time and counted, for memory's sake."""
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
            return failure(-450, "the query needs more work than this simulator allows; narrow it down")
        message = str(error)
        if "too many" in message or "too large" in message or "parser stack overflow" in message:
            return failure(INVALID_STATEMENT, f"the statement is too complex for this simulator ({message})")
        return failure(FATAL_ERROR, f"the simulator's database refused the query ({message})")

    def _refresh(self, need: TableNeed) -> None:
        held = self._held.get(need.physical_name)
        revision = need.table.revision()
        columns = need.columns
        if held is not None and held.revision == revision:
            if columns <= held.columns:
                return
            columns |= held.columns
        ordered = tuple(sorted(columns))
        names = tuple(need.table.columns[index].name for index in ordered)
        self._held.pop(need.physical_name, None)
        self._fill(need.physical_name, need.table.columns, ordered, lambda: need.table.rows(names))
        self._held[need.physical_name] = _Held(revision, columns)

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
        insert = f'INSERT INTO "{name}" ({listed}) VALUES ({marks})'  # noqa: S608 - generated names alone
        filler = _storable_rows(list(rows()), len(wanted))
        self._connection.execute("BEGIN")
        try:
            self._connection.executemany(insert, filler)
        except BaseException:
            self._connection.execute("ROLLBACK")
            self._connection.execute(f'DROP TABLE IF EXISTS "{name}"')
            raise
        self._connection.execute("COMMIT")

    def _fill_empty(self, name: str, rows: Iterable[Sequence[Value]]) -> None:
        """Rows without columns, for `COUNT(*)`: made inside SQLite, which is four times as fast as binding each."""
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


def _storable_rows(rows: list[Sequence[Value]], width: int) -> Iterable[Sequence[object]]:
    """The rows as SQLite takes them. Nearly always they are already, which is found out faster than converting."""
    for position in range(width):
        cells = [row[position] for row in rows]
        if not _storable_column(cells):
            break
    else:
        return rows
    return [[storable(value) for value in row] for row in rows]


_STORED_AS_THEY_ARE = frozenset({int, str, float, type(None), bool})


def _storable_column(cells: Sequence[Value]) -> bool:
    """Whether SQLite takes every cell: integers of at most 64 bits, strings that can be encoded."""
    kinds = set(map(type, cells))
    if not kinds <= _STORED_AS_THEY_ARE:
        return False
    if kinds == {str}:
        texts = cast("Sequence[str]", cells)  # by the kinds found
        return all(map(str.isascii, texts)) or all(map(_encodable, texts))
    if kinds & {int, str}:
        return all(map(_fits, cells))
    return True


def _fits(value: Value) -> bool:
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return not isinstance(value, str) or _encodable(value)


def _encodable(value: str) -> bool:
    """False for half a surrogate pair, which UTF-8 cannot hold."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable(value: Value) -> Scalar:
    """A value of the wire as SQLite can hold it. Decimals become floats unless whole; SQLite has no decimals."""
    match value:
        case Decimal():
            return plain(value)
        case int() if not -(2**63) <= value < 2**63:
            return str(value)
        case str():
            return value if _encodable(value) else value.encode("utf-8", "replace").decode()
        case bytes():
            return value.decode("latin-1")
        case ObjectRef():
            return f"{value.number}@{value.class_name}"
        case _:
            return value


def delivered(value: Scalar, sql_type: int) -> Value:
    """A value of SQLite as the wire sends it for a column of that type."""
    if value is None or isinstance(value, bytes):
        return value
    if sql_type in {SqlType.VARCHAR, SqlType.TIMESTAMP, SqlType.DATE, SqlType.TIME}:
        return text(value)
    if isinstance(value, float):
        if sql_type == SqlType.DOUBLE:
            return value
        if not math.isfinite(value):
            raise failure(FATAL_ERROR, "<MAXNUMBER> the result is too large for a number")
        if value.is_integer():
            return int(value)
        return Decimal(canonical(Decimal(repr(value)))) if sql_type == SqlType.NUMERIC else value
    return value
