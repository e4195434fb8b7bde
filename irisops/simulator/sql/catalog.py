"""What the SQL engine asks of the instance: tables, procedures and functions.

The engine is pure of the world. The runtime implements `Catalog` for one logged-in session (who asks, in which
namespace, with which privileges) and the engine reads nothing that the catalog does not hand over.

Names arrive as they stand in the statement. All look-ups are without regard to case, as identifiers are in IRIS SQL;
the answer carries the spelling of the class definition, and that spelling is what result columns are called.
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
    """How strings of a column are compared, sorted and grouped."""

    SQLUPPER = "SQLUPPER"
    """Letter case does not count; the default of a `%String` property."""
    EXACT = "EXACT"


@dataclass(frozen=True, slots=True)
class ColumnDef:
    """A column as its class defines it. `precision` is the maximum length of a string.

    `hidden` columns can be named, but `SELECT *` leaves them out (a private property, `ID` of some tables). `%ID` is
    the column that is the `row_id`, or the one called ID where none is.
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
        """How the wire describes this column in a result. A VARCHAR needs a `table` to reach Python as `str`."""
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
    """Let everybody do everything: for tables that need no privilege."""


def _constant_revision() -> Hashable:
    return 0


RowReader = Callable[[Sequence[str]], Iterable[Sequence[Value]]]
"""Rows of a table with the values of the asked columns, in the asked order; `()` asks for empty rows, to be counted.

Column names come in the spelling of the definition. IRIS projects an empty property as NULL: give `None` for it.
"""

Authorize = Callable[[Action], None]
"""Raises `SqlFailure(-99, ...)` if the session may not. Called at every prepare and again at every execution."""


class ChangingRows(Protocol):
    """Rows of a table that SQL changes: readers catch up with what changed instead of reading all of them anew."""

    def rows(self) -> Iterable[tuple[int, Sequence[Value]]]:
        """All rows with their RowIDs, each as wide as the table has columns."""
        ...

    def row(self, rowid: int) -> Sequence[Value] | None:
        """One row; None if it is not there any more."""
        ...

    def changed_since(self, revision: Hashable) -> Collection[int] | None:
        """The RowIDs that changed since then; None where that is not known."""
        ...


class TableChanges(Protocol):
    """INSERT, UPDATE and DELETE of single rows of one table, for one session.

    Values come by the position of their column. `check` False leaves foreign keys unlooked at (%NOCHECK). Every method
    raises `SqlFailure` with the code of the constraint that is broken.
    """

    def insert(self, values: Mapping[int, Value], *, check: bool) -> int:
        """A new row; returns its RowID. A column that is not in `values` gets its default."""
        ...

    def update(self, rowid: int, values: Mapping[int, Value], *, check: bool) -> None:
        """Change the columns in `values`."""
        ...

    def delete(self, rowid: int, *, check: bool) -> None:
        """Take a row away."""
        ...

    def find(self, values: Mapping[int, Value]) -> int | None:
        """The row that has the same unique key as the values, for INSERT OR UPDATE."""
        ...

    def default(self, position: int) -> Value:
        """What the DEFAULT of a column is at this moment."""
        ...


@dataclass(frozen=True, slots=True)
class TableDef:
    """A projected table or view, as one session sees it.

    `revision()`: rows read under equal revisions must be equal, for then the engine keeps them; whatever the rows
    depend on belongs into it (the world's revision, the user if each sees different rows).
    `refusal` is the `%msg` that INSERT, UPDATE and DELETE fail with, after `authorize` let them pass: no
    projected table can be changed by SQL (`Security.*` carry a NoSQL trigger, facts: iris-security 1).
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
"""The default of an argument that has none."""


@dataclass(frozen=True, slots=True)
class ArgumentDef:
    """An argument of a procedure or function. `default` is `REQUIRED` or what an omitted argument becomes."""

    name: str
    default: Value | _Required = REQUIRED
    sql_type: int = SqlType.VARCHAR


@dataclass(frozen=True, slots=True)
class ProcedureDef:
    """A class query projected as a procedure: `SELECT ... FROM Security.Users_List('*')` and `callproc`.

    `run` gets every argument, defaults filled in, and returns rows in the order of `columns`. It may raise
    `SqlFailure`. Its rows are never cached: a query may be run for its moment.
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
    """What names in a query mean, for one session. Look-ups are without regard to case."""

    @property
    def default_schema(self) -> str:
        """The schema of an unqualified table name; `SQLUser` unless changed."""
        ...

    @property
    def username(self) -> str:
        """What `USER` and `CURRENT_USER` answer."""
        ...

    @property
    def namespace(self) -> str:
        """The session's namespace: what `INFORMATION_SCHEMA` calls the catalog."""
        ...

    @property
    def version(self) -> Hashable:
        """Changes when a name may mean something else: what was compiled before is compiled anew."""
        ...

    def table(self, schema: str, name: str) -> TableDef | None:
        """The table of that name, or None: then the statement fails with -30."""
        ...

    def procedure(self, schema: str, name: str) -> ProcedureDef | None:
        """The class query projected under that name, or None."""
        ...

    def function(self, schema: str, name: str) -> FunctionDef | None:
        """The class method projected under that name, or None."""
        ...


class Catalog(Names, Protocol):
    """All that SQL can reach, as one session sees it."""

    @property
    def security(self) -> SecurityStatements:
        """The statements that change users, roles and privileges, for this session's user."""
        ...

    @property
    def transaction(self) -> TransactionStatements:
        """The session's transaction."""
        ...

    @property
    def definitions(self) -> DefinitionStatements:
        """The statements that define tables and views, for this session's user."""
        ...

    def tables(self) -> Iterable[TableDef]:
        """The tables that this session may know of, for `INFORMATION_SCHEMA`."""
        ...

    def procedures(self) -> Iterable[ProcedureDef]:
        """The procedures that this session may know of, for `INFORMATION_SCHEMA.ROUTINES`."""
        ...

    def role_exists(self, name: str) -> bool:
        """Whether a role of that name exists: it tells `GRANT %SQL TO x` from `GRANT %CREATE_TABLE TO x`."""
        ...

    def now(self) -> str:
        """The world's clock as `YYYY-MM-DD HH:MM:SS` in the instance's local time, for `CURRENT_TIMESTAMP`."""
        ...

    def variables(self) -> Mapping[str, Value]:
        """The special variables of ObjectScript at this moment: those of `vocabulary.OBJECTSCRIPT_VARIABLES`."""
        ...
