"""What the SQL engine needs from the instance: tables, procedures and functions.

The engine knows nothing of the world. The runtime implements `Catalog` for one logged-in session, with its user,
namespace and privileges.

Names arrive as written in the statement. All look-ups ignore case, as identifiers do in IRIS SQL; the answer has the
spelling of the class definition, which also names the result columns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from irisops.simulator.backend import Column, Value
from irisops.simulator.sql.statements import Action, SecurityStatements, TransactionStatements

if TYPE_CHECKING:
    from irisops.simulator.sql.definitions import DefinitionStatements, TableDetails, ViewSpec


class SqlType:
    """The xDBC type numbers that the client tells apart (facts: wire-protocol 7)."""

    BIT: Final = -7
    TINYINT: Final = -6
    BIGINT: Final = -5
    VARBINARY: Final = -3
    NUMERIC: Final = 2
    INTEGER: Final = 4
    DOUBLE: Final = 8
    DATE: Final = 9
    TIME: Final = 10
    TIMESTAMP: Final = 11
    VARCHAR: Final = 12


class Collation(Enum):
    """Rules by which strings of a column are compared, sorted and grouped."""

    SQLUPPER = "SQLUPPER"
    """Case-insensitive; the default of a `%String` property."""
    EXACT = "EXACT"


@dataclass(frozen=True, slots=True)
class ColumnDef:
    """A column as its class defines it. `precision` is the maximum length of a string.

    `hidden` columns can be named, but `SELECT *` omits them (a private property, `ID` of some tables). `%ID` is the
    `row_id` column, or the column called ID if the table has no such column.
    """

    name: str
    sql_type: int = SqlType.VARCHAR
    precision: int = 50
    scale: int = 0
    nullable: bool = True
    collation: Collation = Collation.SQLUPPER
    hidden: bool = False
    row_id: bool = False

    def result_column(self, *, schema: str = "", table: str = "") -> Column:
        """The column as the wire describes it in a result. A VARCHAR needs a `table` to reach Python as `str`."""
        return Column(
            name=self.name,
            sql_type=self.sql_type,
            precision=self.precision,
            scale=self.scale,
            nullable=self.nullable,
            table=table,
            schema=schema,
        )


def _allow(_action: Action) -> None:
    """Allow every action: for tables that need no privilege."""


def _constant_revision() -> Hashable:
    return 0


RowReader = Callable[[Sequence[str]], Iterable[Sequence[Value]]]
"""Rows of a table: the requested columns in the requested order. `()` gives empty rows, for counting.

Column names have the spelling of the definition. IRIS projects an empty property as NULL: give `None` for it.
"""

Authorize = Callable[[Action], None]
"""Raises `SqlFailure(-99, ...)` if the session may not. Called at every prepare and again at every execution."""


class ChangingRows(Protocol):
    """Rows of a table that SQL can change. Readers fetch only the rows that changed."""

    def rows(self) -> Iterable[tuple[int, Sequence[Value]]]:
        """All rows with their RowIDs; each row has a value per column of the table."""
        ...

    def row(self, rowid: int) -> Sequence[Value] | None:
        """One row; None if it no longer exists."""
        ...

    def changed_since(self, revision: Hashable) -> Collection[int] | None:
        """RowIDs of the rows changed since `revision`; None if unknown."""
        ...


class TableChanges(Protocol):
    """INSERT, UPDATE and DELETE of single rows of one table, for one session.

    Values are keyed by column position. `check=False` skips the foreign keys (%NOCHECK). Every method raises
    `SqlFailure` with the code of the violated constraint.
    """

    def insert(self, values: Mapping[int, Value], *, check: bool) -> int:
        """Insert a row and return its RowID. Columns missing from `values` get their defaults."""
        ...

    def update(self, rowid: int, values: Mapping[int, Value], *, check: bool) -> None:
        """Change the columns in `values`."""
        ...

    def delete(self, rowid: int, *, check: bool) -> None:
        """Delete a row."""
        ...

    def find(self, values: Mapping[int, Value]) -> int | None:
        """The row with the same unique key, for INSERT OR UPDATE; None if no row has it."""
        ...

    def default(self, position: int) -> Value:
        """The current DEFAULT of a column."""
        ...


@dataclass(frozen=True, slots=True)
class TableDef:
    """A projected table or view, as one session sees it.

    `revision()`: rows read under equal revisions must be equal, because the engine caches them. Include everything
    the rows depend on (the world's revision; the user, if each user sees different rows).
    `refusal` is the `%msg` of a failed INSERT, UPDATE or DELETE, after `authorize` has passed: SQL cannot change a
    projected table (`Security.*` carry a NoSQL trigger, facts: iris-security 1).
    """

    schema: str
    name: str
    columns: Sequence[ColumnDef]
    rows: RowReader = field(repr=False)
    revision: Callable[[], Hashable] = field(default=_constant_revision, repr=False)
    authorize: Authorize = field(default=_allow, repr=False)
    class_name: str = ""
    table_type: str = "BASE TABLE"
    refusal: str = ""
    identity: Hashable = None
    changing: ChangingRows | None = field(default=None, repr=False)
    changes: TableChanges | None = field(default=None, repr=False)
    details: TableDetails | None = field(default=None, repr=False)
    view: ViewSpec | None = field(default=None, repr=False)

    @property
    def qualified_name(self) -> str:
        """`Schema.Table` in the spelling of the definition."""
        return f"{self.schema}.{self.name}"


class _Required(Enum):
    REQUIRED = "required"


REQUIRED: Final = _Required.REQUIRED
"""Default of an argument that must be given."""


@dataclass(frozen=True, slots=True)
class ArgumentDef:
    """An argument of a procedure or function. `default` is `REQUIRED` or the value of an omitted argument."""

    name: str
    default: Value | _Required = REQUIRED
    sql_type: int = SqlType.VARCHAR


@dataclass(frozen=True, slots=True)
class ProcedureDef:
    """A class query projected as a procedure: `SELECT ... FROM Security.Users_List('*')` and `callproc`.

    `run` gets every argument, with defaults filled in, and returns rows in the order of `columns`. It may raise
    `SqlFailure`. Its rows are never cached: a query may depend on the moment it runs.
    """

    schema: str
    name: str
    arguments: Sequence[ArgumentDef]
    columns: Sequence[ColumnDef]
    run: Callable[[Sequence[Value]], Iterable[Sequence[Value]]] = field(repr=False)
    authorize: Authorize = field(default=_allow, repr=False)
    class_name: str = ""

    @property
    def qualified_name(self) -> str:
        """`Schema.Procedure` in the spelling of the definition."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class FunctionDef:
    """A class method projected as a scalar function: `SELECT %SYSTEM_SQL.Security_UserExists('x')`."""

    schema: str
    name: str
    arguments: Sequence[ArgumentDef]
    returns: ColumnDef
    call: Callable[[Sequence[Value]], Value] = field(repr=False)
    authorize: Authorize = field(default=_allow, repr=False)
    class_name: str = ""

    @property
    def qualified_name(self) -> str:
        """`Schema.Function` in the spelling of the definition."""
        return f"{self.schema}.{self.name}"


class Names(Protocol):
    """Meaning of the names in a query, for one session. Look-ups ignore case."""

    @property
    def default_schema(self) -> str:
        """The schema of an unqualified table name; `SQLUser` by default."""
        ...

    @property
    def username(self) -> str:
        """The value of `USER` and `CURRENT_USER`."""
        ...

    @property
    def namespace(self) -> str:
        """The session's namespace, which `INFORMATION_SCHEMA` calls the catalog."""
        ...

    @property
    def version(self) -> Hashable:
        """Changes whenever a name may have a new meaning; compiled statements of another version are stale."""
        ...

    def table(self, schema: str, name: str) -> TableDef | None:
        """The table of that name, or None: the statement then fails with -30."""
        ...

    def procedure(self, schema: str, name: str) -> ProcedureDef | None:
        """The class query projected under that name, or None."""
        ...

    def function(self, schema: str, name: str) -> FunctionDef | None:
        """The class method projected under that name, or None."""
        ...


class Catalog(Names, Protocol):
    """Everything SQL can reach, as one session sees it."""

    @property
    def security(self) -> SecurityStatements:
        """The statements that change users, roles and privileges, run as this session's user."""
        ...

    @property
    def transaction(self) -> TransactionStatements:
        """The session's transaction."""
        ...

    @property
    def definitions(self) -> DefinitionStatements:
        """The statements that define tables and views, run as this session's user."""
        ...

    def cancel_query(self, pid: int) -> None:
        """`CANCEL QUERY pid`. Raises `SqlFailure`: -99 without the privilege, -400 for a process that runs none."""
        ...

    def tables(self) -> Iterable[TableDef]:
        """The tables visible to this session, for `INFORMATION_SCHEMA`."""
        ...

    def procedures(self) -> Iterable[ProcedureDef]:
        """The procedures visible to this session, for `INFORMATION_SCHEMA.ROUTINES`."""
        ...

    def role_exists(self, name: str) -> bool:
        """True if a role has that name: tells `GRANT %SQL TO x` (a role) from `GRANT %CREATE_TABLE TO x`."""
        ...

    def now(self) -> str:
        """The world's clock as `YYYY-MM-DD HH:MM:SS` in the instance's local time, for `CURRENT_TIMESTAMP`."""
        ...

    def variables(self) -> Mapping[str, Value]:
        """The special variables of ObjectScript at this moment: those of `vocabulary.OBJECTSCRIPT_VARIABLES`."""
        ...
