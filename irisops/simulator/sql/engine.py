"""The SQL engine of one session: statements in, rows and row counts out.

`Engine` is what the runtime uses. It decides what kind of statement it has before it, and hands queries to
`compiler` and `store`, the statements on users, roles and privileges to `security`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from irisops.simulator.backend import CallOutcome, Column, Parameter, Prepared, Value
from irisops.simulator.sql import calls, information_schema, security, transactions
from irisops.simulator.sql.catalog import Action, Catalog, TableDef
from irisops.simulator.sql.compiler import compile_query
from irisops.simulator.sql.dialect import parse_query
from irisops.simulator.sql.failures import (
    INVALID_STATEMENT,
    TABLE_NOT_FOUND,
    failure,
    unsupported,
)
from irisops.simulator.sql.lexer import Kind, Lexeme, lex
from irisops.simulator.sql.scope import Plan
from irisops.simulator.sql.store import Limits, Store, delivered, storable
from irisops.simulator.sql.values import Scalar, number

_CHANGES = {"INSERT": (Action.INSERT, -130), "UPDATE": (Action.UPDATE, -132), "DELETE": (Action.DELETE, -134)}

_DEFINITIONS = frozenset(
    {"CREATE", "ALTER", "DROP", "TRUNCATE", "TUNE", "BUILD", "LOCK", "UNLOCK", "PURGE", "FREEZE"}
)


@dataclass(frozen=True, slots=True)
class _Command:
    """A statement that is no query; `run` returns its row count."""

    run: Callable[[Mapping[int, Value]], int]


class Engine:
    """SQL for one session. `store` may be shared by the sessions of one instance; not thread-safe.

    Every method raises `SqlFailure` and nothing else for what a client can do wrong.
    """

    def __init__(self, catalog: Catalog, *, store: Store | None = None, limits: Limits | None = None) -> None:
        self._catalog = information_schema.with_information_schema(catalog)
        self._store = store if store is not None else Store(limits if limits is not None else Limits())

    def prepare(self, sql: str, parameters: Sequence[Parameter] = ()) -> Prepared:
        """Check a statement and find its result columns. Parameters stand in it as `:%qpar(n)` or `?`."""
        try:
            return self._prepare(sql, parameters)
        except RecursionError:
            raise failure(INVALID_STATEMENT, "the statement is nested too deeply; simplify it") from None

    def _prepare(self, sql: str, parameters: Sequence[Parameter]) -> Prepared:
        _refuse_definition(sql)
        lexemes = lex(sql)
        first = next((lexeme.upper for lexeme in lexemes if lexeme.text != "("), "")
        if first == "SELECT":
            plan = compile_query(_parsed(sql), self._catalog, self._store, parameters)
            return self._prepared(sql, parameters, plan, plan.result_columns(), plan.parameter_count)
        count = max((int(lexeme.text) for lexeme in lexemes if lexeme.kind is Kind.PARAMETER), default=0)
        command = self._command(lexemes, parameters)
        # A statement on users may hold a password, which must not be in the repr of what was prepared.
        kept = (
            " ".join(lexeme.upper for lexeme in lexemes[:2])
            if security.is_security_statement(lexemes)
            else sql
        )
        return self._prepared(kept, parameters, command, None, count)

    def query(
        self, prepared: Prepared, values: Sequence[Value], max_rows: int = 0
    ) -> list[tuple[Value, ...]]:
        """Run a query; at most `max_rows` rows, 0 for all."""
        plan = prepared.plan
        if not isinstance(plan, Plan):
            raise failure(INVALID_STATEMENT, "the statement is not a query")
        plan.authorize()
        bound = {**plan.constants, **self._environment(), **_bound(prepared, values)}
        rows = self._store.select(plan.needs(), plan.sql, bound, max_rows)
        return _delivered_rows(rows, plan)

    def update(self, prepared: Prepared, values: Sequence[Value]) -> int:
        """Run a statement that is no query; returns its row count, 0 for one that has none."""
        if not isinstance(prepared.plan, _Command):
            raise failure(INVALID_STATEMENT, "the statement is a query")
        return prepared.plan.run(dict(enumerate(values, 1)))

    def prepare_call(self, text: str) -> Prepared:
        """A stored procedure as `callproc` sends it: `Security.Users_List ( :%qpar(1) )`, with or without CALL."""
        call = calls.parse_call(text, self._catalog)
        columns = call.columns
        return self._prepared(text, (), call, columns, call.parameter_count)

    def call(self, prepared: Prepared, values: Sequence[Value]) -> CallOutcome:
        """Run a stored procedure; its parameters come back as they were, for none of these changes one."""
        if not isinstance(prepared.plan, calls.Call):
            raise failure(-427, "the statement is not a procedure call")
        return prepared.plan.run(values)

    def _prepared(
        self,
        sql: str,
        parameters: Sequence[Parameter],
        plan: object,
        columns: Sequence[Column] | None,
        count: int,
    ) -> Prepared:
        return Prepared(sql, list(parameters), columns, max(count, len(parameters)), plan)

    def _environment(self) -> dict[str, Scalar]:
        now = self._catalog.now()
        return {
            "env_now": now,
            "env_today": now[:10],
            "env_time": now[11:19],
            "env_user": self._catalog.username,
            "env_namespace": self._catalog.namespace,
        }

    def _command(self, lexemes: Sequence[Lexeme], parameters: Sequence[Parameter]) -> _Command:
        first = lexemes[0].upper if lexemes else ""
        if security.is_security_statement(lexemes):
            statement = security.parse(lexemes, parameters, self._catalog)
            return _Command(lambda values: self._secured(statement, values))
        if first in _CHANGES:
            return self._change(lexemes, first)
        if transactions.is_transaction_statement(lexemes):
            change = transactions.parse(lexemes)
            return _Command(lambda _values: self._in_transaction(change))
        if first in {"SET", "START", "USE"}:
            raise unsupported(f"{' '.join(lexeme.upper for lexeme in lexemes[:2])}")
        if first == "CALL":
            raise unsupported("CALL in execute(); use cursor.callproc() or SELECT ... FROM procedure(...)")
        raise failure(
            -51 if first else INVALID_STATEMENT, f"'{first}'" if first else "the statement is empty"
        )

    def _secured(self, statement: security.Statement, values: Mapping[int, Value]) -> int:
        statement(self._catalog.security, values)
        # UNVERIFIED: the row count of such a statement. On a real instance: cursor.rowcount after GRANT %SQL TO x.
        return 0

    def _in_transaction(self, statement: transactions.Statement) -> int:
        statement(self._catalog.transaction)
        return 0

    def _change(self, lexemes: Sequence[Lexeme], verb: str) -> _Command:
        table = self._target(lexemes, verb)
        action, sqlcode = _CHANGES[verb]
        table.authorize(action)

        def run(_values: Mapping[int, Value]) -> int:
            table.authorize(action)
            # UNVERIFIED: the code of a NoSQL trigger's refusal. On a real instance, in %SYS: UPDATE Security.Roles SET
            # Description = 'x' WHERE Name = 'NoSuchRole'.
            raise failure(sqlcode, table.refusal or f"{table.qualified_name} cannot be changed by SQL")

        return _Command(run)

    def _target(self, lexemes: Sequence[Lexeme], verb: str) -> TableDef:
        """The table that an INSERT, UPDATE or DELETE names. Its values are not looked at: the change is refused."""
        words = list(lexemes[1:])
        while words and words[0].upper in {"INTO", "FROM", "OR", "UPDATE"}:
            words.pop(0)
        name = [words.pop(0).text] if words and words[0].kind in {Kind.WORD, Kind.NAME} else []
        if name and len(words) > 1 and words[0].text == ".":
            name.append(words[1].text)
        if not name:
            raise failure(-12, f"after {verb}")
        schema, table_name = name if len(name) == 2 else (self._catalog.default_schema, name[0])
        table = self._catalog.table(schema, table_name)
        if table is None:
            raise failure(TABLE_NOT_FOUND, f"Table '{f'{schema}.{table_name}'.upper()}' not found")
        return table


def _refuse_definition(sql: str) -> None:
    """Before its words are cut: the code in a CREATE FUNCTION follows the rules of another language."""
    words = sql.upper().split(maxsplit=2)[:2]
    if words and words[0] in _DEFINITIONS and not security.defines_user_or_role(words):
        raise unsupported(f"{' '.join(words)}; its tables and procedures are fixed")


@lru_cache(maxsize=512)
def _parsed(sql: str) -> exp.Expr:
    """Syntax trees of recent queries; nothing changes a tree after it was parsed."""
    return parse_query(sql)


def _bound(prepared: Prepared, values: Sequence[Value]) -> dict[str, Scalar]:
    if len(values) < prepared.parameter_count:
        raise failure(
            INVALID_STATEMENT, f"{prepared.parameter_count} parameters are needed, {len(values)} were sent"
        )
    bound: dict[str, Scalar] = {}
    for index, value in enumerate(values, 1):
        stored = storable(value)
        parameter = prepared.parameters[index - 1] if index <= len(prepared.parameters) else None
        if (
            parameter is not None
            and parameter.kind == "c"
            and parameter.code in {10, 11}
            and isinstance(stored, str)
        ):
            stored = number(stored)
        bound[f"p{index}"] = stored
    return bound


def _delivered_rows(rows: list[tuple[Scalar, ...]], plan: Plan) -> list[tuple[Value, ...]]:
    """Values of stored columns are what they were; what SQLite computed is put into the type of its column."""
    computed = [
        (index, term.definition.sql_type)
        for index, (_, term) in enumerate(plan.outputs)
        if not (term.has_affinity and term.definition.sql_type in _KEPT)
    ]
    if not computed:
        return list(rows)
    converted: list[tuple[Value, ...]] = []
    for row in rows:
        cells: list[Value] = list(row)
        for index, sql_type in computed:
            cells[index] = delivered(row[index], sql_type)
        converted.append(tuple(cells))
    return converted


_KEPT = frozenset({4, -5, -6, -7, 12, 8, 11})
