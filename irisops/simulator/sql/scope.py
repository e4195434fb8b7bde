"""Name resolution in a query: the sources in FROM, their columns, and what they need from the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from irisops.simulator.backend import Column, Parameter
from irisops.simulator.sql.catalog import Collation, ColumnDef, FunctionDef, ProcedureDef, SqlType, TableDef
from irisops.simulator.sql.failures import FIELD_NOT_FOUND, failure
from irisops.simulator.sql.statements import Action
from irisops.simulator.sql.store import Needs, ProcedureNeed, TableNeed
from irisops.simulator.sql.values import Scalar

NUMERIC_TYPES = frozenset(
    {SqlType.BIT, SqlType.TINYINT, SqlType.BIGINT, SqlType.INTEGER, SqlType.NUMERIC, SqlType.DOUBLE}
)


class Nature(Enum):
    """Kind of a select item; decides the name of a column without an alias."""

    COLUMN = auto()
    HOST_VARIABLE = auto()
    LITERAL = auto()
    AGGREGATE = auto()
    EXPRESSION = auto()
    SUBQUERY = auto()
    WINDOW = auto()


_AUTOMATIC_NAMES = {
    Nature.HOST_VARIABLE: "HostVar",
    Nature.LITERAL: "Literal",
    Nature.AGGREGATE: "Aggregate",
    Nature.EXPRESSION: "Expression",
    Nature.SUBQUERY: "Subquery",
    Nature.WINDOW: "Window",
}


@dataclass(frozen=True, slots=True)
class Term:
    """A compiled scalar expression.

    `comparand` replaces the value in comparisons and sorting if the two differ (`%SQLUPPER`). `has_affinity`: SQLite
    knows a declared type for it and converts the other side of a comparison.
    """

    sql: str
    definition: ColumnDef
    nature: Nature = Nature.EXPRESSION
    comparand: str = ""
    has_affinity: bool = False
    schema: str = ""
    table: str = ""

    @property
    def compared(self) -> str:
        """The SQL of this term in a comparison."""
        return self.comparand or self.sql

    @property
    def is_numeric(self) -> bool:
        """True if its values are numbers."""
        return self.definition.sql_type in NUMERIC_TYPES

    @property
    def folds_case(self) -> bool:
        """True if comparisons ignore case."""
        return self.definition.sql_type == SqlType.VARCHAR and self.definition.collation is Collation.SQLUPPER

    def automatic_name(self, position: int) -> str:
        """The name of an item without alias, e.g. `Aggregate_2` (SQL Reference, SELECT, Column Aliases)."""
        if self.nature is Nature.COLUMN:
            return self.definition.name
        return f"{_AUTOMATIC_NAMES[self.nature]}_{position}"

    def result_column(self, name: str) -> Column:
        """Description of the column on the wire. An expression belongs to no table."""
        return replace(self.definition, name=name).result_column(schema=self.schema, table=self.table)


def expression(sql: str, sql_type: int, *, precision: int = 0, scale: int = 0) -> Term:
    """A term other than a column.

    UNVERIFIED: its precision and scale in the result's metadata. Settle: cursor.description of SELECT
    UPPER(UserName), Pid + 1, COUNT(*), CPUTime / 3 FROM %SYS.ProcessQuery.
    """
    lengths = {
        SqlType.VARCHAR: 4096,
        SqlType.INTEGER: 10,
        SqlType.BIGINT: 19,
        SqlType.NUMERIC: 18,
        SqlType.DOUBLE: 20,
    }
    return Term(
        sql,
        ColumnDef("", sql_type, precision or lengths.get(sql_type, 19), scale, collation=Collation.EXACT),
    )


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """A query as SQLite's SQL; its columns are named `o1`, `o2` ..."""

    sql: str
    outputs: Sequence[tuple[str, Term]]


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of a source in FROM; `use` records that the query needs it."""

    term: Term
    use: Callable[[], None]

    @property
    def name(self) -> str:
        """The column's name in the spelling of its definition."""
        return self.term.definition.name


@dataclass(frozen=True, slots=True)
class Source:
    """A table, procedure or subquery in FROM. `schema` is empty if an alias replaces the qualified name."""

    label: str
    schema: str
    columns: Sequence[SourceColumn]

    def find(self, name: str) -> SourceColumn | None:
        """The column of that name, ignoring case; `%ID` is the RowID under any name."""
        wanted = name.upper()
        if wanted == "%ID":
            row_id = next((column for column in self.columns if column.term.definition.row_id), None)
            return row_id if row_id is not None else self.find("ID")
        return next((column for column in self.columns if column.name.upper() == wanted), None)


@dataclass(slots=True)
class Scope:
    """The sources of one SELECT, nested in those of the outer query."""

    parent: Scope | None = None
    sources: list[Source] = field(default_factory=list)

    def add(self, source: Source) -> None:
        """Raises `SqlFailure` -20 if another source has the label."""
        label = (source.schema.upper(), source.label.upper())
        if source.label and any(
            (other.schema.upper(), other.label.upper()) == label for other in self.sources
        ):
            raise failure(-20, f"'{source.label}' is in FROM twice; give one an alias")
        self.sources.append(source)

    def resolve(self, name: str, label: str = "", schema: str = "") -> Term:
        """The column with that name, here or in the outer query. Raises `SqlFailure` -29, -27 or -23."""
        scope: Scope | None = self
        label_known = False
        while scope is not None:
            candidates = [source for source in scope.sources if _answers_to(source, label, schema)]
            label_known = label_known or bool(candidates)
            found = [column for source in candidates if (column := source.find(name)) is not None]
            if len(found) > 1:
                raise failure(-27, f"'{name}' is in more than one table; qualify it")
            if found:
                found[0].use()
                return found[0].term
            scope = scope.parent
        if label and not label_known:
            shown = f"{schema}.{label}" if schema else label
            raise failure(-23, f"'{shown}'")
        raise failure(FIELD_NOT_FOUND, f"'{name.upper()}' not found")


def _answers_to(source: Source, label: str, schema: str) -> bool:
    if label and source.label.upper() != label.upper():
        return False
    return not schema or source.schema.upper() == schema.upper()


@dataclass(slots=True)
class Plan:
    """A compiled query: SQL for SQLite, the tables to fill first, and the result columns."""

    sql: str = ""
    outputs: list[tuple[str, Term]] = field(default_factory=list)
    constants: dict[str, Scalar] = field(default_factory=dict)
    functions: list[FunctionDef] = field(default_factory=list)
    procedures: list[ProcedureNeed] = field(default_factory=list)
    tables: dict[str, tuple[TableDef, set[int]]] = field(default_factory=dict)
    parameters: Sequence[Parameter] = ()
    parameter_count: int = 0
    labels: int = 0
    numbers_rows: bool = False
    """True if the statement uses %VID."""
    authorized: list[TableDef] = field(default_factory=list)
    """Tables and views in the statement itself: the user needs SELECT on each."""
    views: int = 0
    """Number of views and WITH queries expanded so far."""

    def fresh_label(self) -> str:
        """A label for a source, unique in the statement."""
        self.labels += 1
        return f"x{self.labels}"

    def constant(self, value: Scalar) -> str:
        """Bind a literal; values of a statement never become text of the compiled SQL."""
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return f":{name}"

    def result_columns(self) -> list[Column]:
        """The columns of the result, for the wire."""
        return [term.result_column(name) for name, term in self.outputs]

    def needs(self) -> Needs:
        """Tables, procedures and functions that the store must provide."""
        tables = [
            TableNeed(table, name, frozenset(columns)) for name, (table, columns) in self.tables.items()
        ]
        return Needs(tables, self.procedures, self.functions)

    def authorize(self) -> None:
        """Check the privilege on every object of the query. Raises `SqlFailure` -99."""
        for table in self.authorized:
            table.authorize(Action.SELECT)
        for need in self.procedures:
            _authorize_call(need.procedure)
        for function in self.functions:
            _authorize_call(function)


def _authorize_call(routine: ProcedureDef | FunctionDef) -> None:
    routine.authorize(Action.EXECUTE)
