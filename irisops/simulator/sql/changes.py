"""INSERT, UPDATE and DELETE.

A change starts as a query for the rows and their new values. The query compiler compiles it, so expressions mean the
same in both; then the rows are written one by one. Plain literals and parameters bypass the embedded database,
because SQLite has no decimals.

Grammar and codes: "InterSystems SQL Reference", INSERT, UPDATE, DELETE, INSERT OR UPDATE; the SQL error table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from irisops.simulator.backend import Parameter
from irisops.simulator.sql.catalog import Catalog, TableDef
from irisops.simulator.sql.compiler import compile_query
from irisops.simulator.sql.dialect import parse_lexemes
from irisops.simulator.sql.failures import (
    INVALID_STATEMENT,
    TABLE_NOT_FOUND,
    TERM_EXPECTED,
    failure,
    unsupported,
)
from irisops.simulator.sql.lexer import Kind, Lexeme
from irisops.simulator.sql.reader import StatementReader, split
from irisops.simulator.sql.row_changes import (
    ACTIONS,
    Change,
    Computed,
    Delete,
    Given,
    Insert,
    Omitted,
    Refused,
    Source,
    Update,
)
from irisops.simulator.sql.scope import Plan
from irisops.simulator.sql.statements import Action
from irisops.simulator.sql.store import Store
from irisops.simulator.sql.trusted import trusted

VERBS = frozenset({"INSERT", "UPDATE", "DELETE"})

_RESTRICTIONS = frozenset(
    {"%NOCHECK", "%NOLOCK", "%NOINDEX", "%NOTRIGGER", "%NOFPLAN", "%NOJOURN", "%PROFILE", "%PROFILE_ALL"}
)


@dataclass(slots=True)
class ChangeCompiler:
    """Compiles one statement. `maximum` is the number of rows that a statement may change."""

    catalog: Catalog
    store: Store
    parameters: Sequence[Parameter]
    maximum: int

    def compile(self, lexemes: Sequence[Lexeme]) -> Change:
        """Raises `SqlFailure` for unknown names, missing privileges and unsupported syntax."""
        reader = StatementReader(lexemes, self.parameters)
        verb = reader.word()
        if verb == "INSERT":
            return self._insert(reader)
        return self._update(reader) if verb == "UPDATE" else self._delete(reader)

    # INSERT ----------------------------------------------------------------------------------------------------

    def _insert(self, reader: StatementReader) -> Change:
        replacing = reader.accept("OR", "UPDATE")
        check = _restrictions(reader)
        reader.accept("INTO")
        table = self._table(reader, "INSERT")
        if replacing:
            table.authorize(Action.UPDATE)
        refused = self._refused(table, "INSERT")
        if refused is not None:
            return refused
        if reader.accept("DEFAULT", "VALUES"):
            reader.end()
            return Insert(table, check, self.maximum, replacing=replacing, rows=[[]])
        if reader.accept("SET"):
            positions, sources, plan = self._assignments(table, reader.rest(), computing=())
            return Insert(table, check, self.maximum, plan, positions, replacing=replacing, rows=[sources])
        named = reader.peek() == "(" and not _is_query(reader, 1)
        positions = self._named(table, reader.name_list("a column")) if named else _fillable(table)
        if reader.accept("VALUES"):
            rows, plan = self._values(reader, len(positions), named=named)
            reader.end()
            return Insert(table, check, self.maximum, plan, positions, replacing=replacing, rows=rows)
        return self._insert_query(table, reader, positions, check=check, replacing=replacing, named=named)

    def _insert_query(
        self,
        table: TableDef,
        reader: StatementReader,
        positions: list[int],
        *,
        check: bool,
        replacing: bool,
        named: bool,
    ) -> Change:
        query = reader.rest()
        if not query:
            raise failure(TERM_EXPECTED, "VALUES, SET or a SELECT is missing")
        plan = self._plan(query)
        if len(plan.outputs) != len(positions):
            raise failure(-62 if named else -116, f"{len(positions)} columns, {len(plan.outputs)} values")
        sources: list[Source] = [Computed(index) for index in range(len(positions))]
        return Insert(table, check, self.maximum, plan, positions, replacing=replacing, rows=[sources])

    def _values(
        self, reader: StatementReader, width: int, *, named: bool
    ) -> tuple[list[list[Source]], Plan | None]:
        """The rows of VALUES. UNVERIFIED: that several rows in parentheses are accepted, which sqlalchemy-iris relies
        on. Settle: INSERT INTO t (a) VALUES (1), (2).
        """
        computed: list[Sequence[Lexeme]] = []

        def row() -> list[Source]:
            parts = reader.enclosed()
            if len(parts) != width:
                raise failure(-62 if named else -116, f"{width} columns, {len(parts)} values")
            return [self._source(part, computed) for part in parts]

        rows = reader.listed(row)  # fills `computed`
        return rows, self._plan(_selecting(computed)) if computed else None

    def _named(self, table: TableDef, names: Sequence[str]) -> list[int]:
        positions = [_position(table, name) for name in names]
        if len(set(positions)) != len(positions):
            raise failure(-377, table.qualified_name)
        return positions

    # UPDATE and DELETE -----------------------------------------------------------------------------------------

    def _update(self, reader: StatementReader) -> Change:
        check = _restrictions(reader)
        start = reader.position
        table = self._table(reader, "UPDATE")
        target = reader.lexemes[start : reader.position]
        refused = self._refused(table, "UPDATE")
        if refused is not None:
            return refused
        label, source = _labelled(reader, target, {"SET", "(", "VALUES"})
        assigned = reader.until({"FROM", "WHERE"}) if reader.accept("SET") else _as_assignments(reader, table)
        tail = self._tail(reader, source)
        positions, sources, plan = self._assignments(
            table, assigned, computing=label, tail=tail, reads=_reads(tail)
        )
        if plan is None:
            raise failure(INVALID_STATEMENT, "UPDATE without its table")
        return Update(table, check, self.maximum, plan, positions, sources)

    def _delete(self, reader: StatementReader) -> Change:
        check = _restrictions(reader)
        reader.accept("FROM")
        start = reader.position
        table = self._table(reader, "DELETE")
        target = reader.lexemes[start : reader.position]
        refused = self._refused(table, "DELETE")
        if refused is not None:
            return refused
        label, source = _labelled(reader, target, {"FROM", "WHERE"})
        tail = self._tail(reader, source)
        query = [_word("SELECT"), *label, *tail]
        return Delete(table, check, self.maximum, self._plan(query, reads=_reads(tail)))

    def _tail(self, reader: StatementReader, source: Sequence[Lexeme]) -> list[Lexeme]:
        """`FROM target [, more] [WHERE ...]`."""
        tail = [_word("FROM"), *source]
        if reader.accept("FROM"):
            for part in split(reader.until({"WHERE"})):
                if _plain(part) != _plain(source):  # the table itself may be named again
                    tail += [_symbol(","), *part]
        if reader.peek() == "WHERE":
            condition = reader.rest()
            if [lexeme.upper for lexeme in condition[1:3]] == ["CURRENT", "OF"]:
                raise unsupported("WHERE CURRENT OF")
            tail += condition
        reader.end()
        return tail

    def _assignments(
        self,
        table: TableDef,
        lexemes: Sequence[Lexeme],
        *,
        computing: Sequence[Lexeme],
        tail: Sequence[Lexeme] = (),
        reads: bool = True,
    ) -> tuple[list[int], list[Source], Plan | None]:
        """`column = value, ...`; with a `tail`, the query returns the RowID before the computed values."""
        names: list[str] = []
        sources: list[Source] = []
        computed: list[Sequence[Lexeme]] = [computing] if computing else []
        for part in split(lexemes):
            inner = StatementReader(part)
            name = inner.name("a column")
            while inner.accept("."):  # qualified by the table or its alias
                name = inner.name("a column")
            inner.expect("=")
            names.append(name)
            sources.append(self._source(inner.rest(), computed))
        if not names:
            raise failure(TERM_EXPECTED, "SET without a column")
        plan = None
        if computed:
            needs_columns = reads or len(computed) > 1
            plan = self._plan([*_selecting(computed), *tail], reads=needs_columns)
        return self._named(table, names), sources, plan

    # Parts -----------------------------------------------------------------------------------------------------

    def _table(self, reader: StatementReader, verb: str) -> TableDef:
        """The table that the statement names, checked for the privilege of the verb."""
        schema, name = reader.qualified_name("the table's name", self.catalog.default_schema)
        table = self.catalog.table(schema, name)
        if table is None:
            raise failure(TABLE_NOT_FOUND, f"Table '{f'{schema}.{name}'.upper()}' not found")
        table.authorize(ACTIONS[verb])
        return table

    def _refused(self, table: TableDef, verb: str) -> Change | None:
        if table.changes is not None:
            return None
        if table.view is not None:
            # UNVERIFIED: that no view can be changed. IRIS can change a view over one table. Settle: CREATE VIEW v AS
            # SELECT a FROM t, then INSERT INTO v (a) VALUES (1).
            raise failure(-35, f"{table.qualified_name}; this simulator can change tables only")
        return Refused(table, verb)

    def _source(self, part: Sequence[Lexeme], computed: list[Sequence[Lexeme]]) -> Source:
        if not part:
            raise failure(TERM_EXPECTED, "a value is missing")
        given = _given(part)
        if given is None:
            computed.append(part)
            return Computed(len(computed) - 1)
        return given

    def _plan(self, lexemes: Sequence[Lexeme], *, reads: bool = True) -> Plan:
        """A query. It needs the SELECT privilege only if the statement `reads`.

        UNVERIFIED: that an UPDATE or DELETE without WHERE needs no SELECT privilege. Settle: as a user with DELETE
        alone on t: DELETE FROM t.
        """
        tree = parse_lexemes(lexemes, " ".join(lexeme.text for lexeme in lexemes))
        catalog = self.catalog if reads else trusted(self.catalog)
        return compile_query(tree, catalog, self.store, self.parameters)


def _given(part: Sequence[Lexeme]) -> Source | None:
    """A plain literal, parameter, NULL or DEFAULT; None for an expression that must be computed."""
    match [(lexeme.kind, lexeme.upper or lexeme.text) for lexeme in part]:
        case [(Kind.PARAMETER, number)]:
            return Given(parameter=int(number))
        case [(Kind.STRING, text)]:
            return Given(text)
        case [*sign, (Kind.NUMBER, digits)] if sign in ([], [(Kind.SYMBOL, "-")]):
            return Given(-Decimal(digits) if sign else Decimal(digits))
        case [(Kind.WORD, "NULL")]:
            return Given()
        case [(Kind.WORD, "DEFAULT")]:
            return Omitted()
    return None


def _restrictions(reader: StatementReader) -> bool:
    """False if %NOCHECK switches the foreign key checks off."""
    found = set()
    while word := reader.accept_any(_RESTRICTIONS):
        found.add(word)
    return "%NOCHECK" not in found


def _is_query(reader: StatementReader, ahead: int) -> bool:
    while reader.peek(ahead) == "(":
        ahead += 1
    return reader.peek(ahead) in {"SELECT", "WITH"}


def _position(table: TableDef, name: str) -> int:
    for index, column in enumerate(table.columns):
        if column.name.upper() == name.upper() or (name.upper() == "%ID" and column.row_id):
            return index
    raise failure(-29, f"'{name.upper()}' not found in {table.qualified_name}")


def _fillable(table: TableDef) -> list[int]:
    """The columns filled by an INSERT without a column list: all but the RowID and ROWVERSION."""
    specs = table.details.specs if table.details is not None else {}
    return [
        index
        for index, column in enumerate(table.columns)
        if not column.hidden
        and not column.row_id
        and not (column.name in specs and specs[column.name].type.versioned)
    ]


def _labelled(
    reader: StatementReader, target: Sequence[Lexeme], stops: set[str]
) -> tuple[list[Lexeme], list[Lexeme]]:
    """The RowID, qualified by the table's name or alias in the statement, and the table as written in FROM."""
    aliased = reader.accept("AS")
    following = reader.kind()
    if aliased or (following in {Kind.WORD, Kind.NAME} and reader.peek() not in stops | {"FROM", "WHERE"}):
        alias = Lexeme(Kind.NAME, reader.name("an alias"), 0, 0)
        return [alias, _symbol("."), _word("%ID")], [*target, _word("AS"), alias]
    return [*target, _symbol("."), _word("%ID")], list(target)


def _plain(source: Sequence[Lexeme]) -> list[str]:
    """A table in FROM, ignoring case and AS."""
    return [lexeme.text.upper() for lexeme in source if lexeme.upper != "AS"]


def _as_assignments(reader: StatementReader, table: TableDef) -> list[Lexeme]:
    """`UPDATE t (a, b) VALUES (1, 2)` as `a = 1, b = 2`."""
    if reader.peek() == "(":
        names = list(reader.name_list("a column"))
    else:
        names = [table.columns[position].name for position in _fillable(table)]
    reader.expect("VALUES")
    parts = reader.enclosed()
    if len(parts) != len(names):
        raise failure(-62, f"{len(names)} columns, {len(parts)} values")
    assigned: list[Lexeme] = []
    for name, part in zip(names, parts, strict=True):
        if assigned:
            assigned.append(_symbol(","))
        assigned += [Lexeme(Kind.NAME, name, 0, 0), _symbol("="), *part]
    return assigned


def _reads(tail: Sequence[Lexeme]) -> bool:
    return any(lexeme.upper in {"WHERE", ","} for lexeme in tail)


def _selecting(items: Sequence[Sequence[Lexeme]]) -> list[Lexeme]:
    selected = [_word("SELECT")]
    for index, item in enumerate(items):
        if index:
            selected.append(_symbol(","))
        selected += item
    return selected


def _word(text: str) -> Lexeme:
    return Lexeme(Kind.WORD, text, 0, 0)


def _symbol(text: str) -> Lexeme:
    return Lexeme(Kind.SYMBOL, text, 0, 0)
