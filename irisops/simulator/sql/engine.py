"""The SQL engine of one session: statements in, rows and row counts out.

`Engine` is the interface for the runtime. It passes queries to `compiler` and `store`, changes of rows to `changes`,
definitions to `ddl`, and statements on users, roles and privileges to `security`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sqlglot import exp

from irisops.simulator.backend import CallOutcome, Column, Parameter, Prepared, Value
from irisops.simulator.sql import (
    calls,
    changes,
    ddl,
    index_faults,
    information_schema,
    security,
    transactions,
)
from irisops.simulator.sql.catalog import Catalog
from irisops.simulator.sql.compiler import compile_query
from irisops.simulator.sql.conversion import delivered, storable
from irisops.simulator.sql.definitions import ViewSpec
from irisops.simulator.sql.dialect import parse_query
from irisops.simulator.sql.failures import INVALID_STATEMENT, failure, unsupported
from irisops.simulator.sql.lexer import Kind, Lexeme, lex
from irisops.simulator.sql.row_changes import Change
from irisops.simulator.sql.scope import Plan
from irisops.simulator.sql.store import Limits, Store
from irisops.simulator.sql.values import Scalar, number

_DEFINITIONS = frozenset(
    {"CREATE", "ALTER", "DROP", "TRUNCATE", "TUNE", "BUILD", "LOCK", "UNLOCK", "PURGE", "FREEZE"}
)
_COMMENTS = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
_QUERIES = frozenset({"SELECT", "WITH"})


@dataclass(slots=True)
class _Query:
    """A compiled query and the catalog version it was compiled for."""

    plan: Plan
    version: Hashable


@dataclass(slots=True)
class _Command:
    """A statement other than a query; `run` returns its row count."""

    run: Callable[[Mapping[int, Value]], int]


@dataclass(slots=True)
class _Change:
    """A statement that changes rows, and the catalog version it was compiled for."""

    lexemes: Sequence[Lexeme]
    compiled: Change
    version: Hashable


class Engine:
    """SQL for one session. Sessions of one instance may share `store`; not thread-safe.

    Methods raise only `SqlFailure` for a client's mistakes.
    """

    def __init__(self, catalog: Catalog, *, store: Store | None = None, limits: Limits | None = None) -> None:
        self._catalog = information_schema.with_information_schema(catalog)
        self._store = store if store is not None else Store(limits if limits is not None else Limits())
        self._last_identity: int | None = None

    def prepare(self, sql: str, parameters: Sequence[Parameter] = ()) -> Prepared:
        """Check a statement and describe its result columns. Its parameters are `:%qpar(n)` or `?`."""
        try:
            return self._prepare(sql, parameters)
        except RecursionError:
            raise failure(INVALID_STATEMENT, "the statement is nested too deeply; simplify it") from None

    def _prepare(self, sql: str, parameters: Sequence[Parameter]) -> Prepared:
        _refuse_definition(sql)
        lexemes = lex(sql)
        first = next((lexeme.upper for lexeme in lexemes if lexeme.text != "("), "")
        if first in _QUERIES:
            query = self._compiled(sql, parameters)
            return self._prepared(
                sql, parameters, query, query.plan.result_columns(), query.plan.parameter_count
            )
        count = max((int(lexeme.text) for lexeme in lexemes if lexeme.kind is Kind.PARAMETER), default=0)
        command = self._command(sql, lexemes, parameters)
        # A statement on users may contain a password, which must stay out of the repr of `Prepared`.
        kept = (
            " ".join(lexeme.upper for lexeme in lexemes[:2])
            if security.is_security_statement(lexemes)
            else sql
        )
        return self._prepared(kept, parameters, command, None, count)

    def query(
        self, prepared: Prepared, values: Sequence[Value], max_rows: int = 0
    ) -> list[tuple[Value, ...]]:
        """Run a query; returns at most `max_rows` rows, all if 0."""
        query = prepared.plan
        if not isinstance(query, _Query):
            raise failure(INVALID_STATEMENT, "the statement is not a query")
        if query.version != self._catalog.version:
            query = self._recompiled(prepared)
        plan = query.plan
        plan.authorize()
        bound = {**plan.constants, **self._environment(), **_bound(prepared, values)}
        rows = self._store.select(plan.needs(), plan.sql, bound, max_rows)
        return _delivered_rows(rows, plan)

    def update(self, prepared: Prepared, values: Sequence[Value]) -> int:
        """Run a statement other than a query; returns its row count, 0 if it has none."""
        plan = prepared.plan
        numbered = dict(enumerate(values, 1))
        if isinstance(plan, _Change):
            return self._changed(plan, prepared, numbered)
        if not isinstance(plan, _Command):
            raise failure(INVALID_STATEMENT, "the statement is a query")
        return plan.run(numbered)

    def prepare_call(self, text: str) -> Prepared:
        """Prepare a stored procedure as `callproc` sends it: `Security.Users_List ( :%qpar(1) )`, CALL is optional."""
        call = calls.parse_call(text, self._catalog)
        columns = call.columns
        return self._prepared(text, (), call, columns, call.parameter_count)

    def call(self, prepared: Prepared, values: Sequence[Value]) -> CallOutcome:
        """Run a stored procedure. Parameters are returned unchanged: no procedure here has output parameters."""
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

    def _compiled(self, sql: str, parameters: Sequence[Parameter]) -> _Query:
        version = self._catalog.version
        seen = index_faults.as_seen(sql, self._catalog)
        return _Query(compile_query(_parsed(seen), self._catalog, self._store, parameters), version)

    def _recompiled(self, prepared: Prepared) -> _Query:
        """Recompile a query after a definition changed. The client knows its columns: they must not change."""
        try:
            query = self._compiled(prepared.sql, prepared.parameters)
        except RecursionError:
            raise failure(INVALID_STATEMENT, "the statement is nested too deeply; simplify it") from None
        if query.plan.result_columns() != prepared.columns:
            raise failure(INVALID_STATEMENT, "a table or view of the query was redefined; prepare it again")
        prepared.plan = query
        return query

    def _environment(self) -> dict[str, Scalar]:
        now = self._catalog.now()
        return {
            "env_now": now,
            "env_today": now[:10],
            "env_time": now[11:19],
            "env_user": self._catalog.username,
            "env_last_identity": self._last_identity,
            **{
                f"env_{name.removeprefix('$').lower()}": storable(value)
                for name, value in self._catalog.variables().items()
            },
        }

    def _command(
        self, sql: str, lexemes: Sequence[Lexeme], parameters: Sequence[Parameter]
    ) -> _Command | _Change:
        first = lexemes[0].upper if lexemes else ""
        if security.is_security_statement(lexemes):
            statement = security.parse(lexemes, parameters, self._catalog)
            return _Command(lambda values: self._secured(statement, values))
        if first in changes.VERBS:
            version = self._catalog.version
            return _Change(lexemes, self._compiled_change(lexemes, parameters), version)
        if ddl.is_definition([lexeme.upper for lexeme in lexemes[:2]]):
            definition = ddl.parse(sql, lexemes, self._catalog, self._described_view)
            return _Command(lambda _values: self._defined(definition))
        if [lexeme.upper for lexeme in lexemes[:2]] == ["CANCEL", "QUERY"]:
            return _Command(self._cancelling(lexemes))
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

    def _compiled_change(self, lexemes: Sequence[Lexeme], parameters: Sequence[Parameter]) -> Change:
        maximum = self._store.limits.changes
        return changes.ChangeCompiler(self._catalog, self._store, parameters, maximum).compile(lexemes)

    def _changed(self, change: _Change, prepared: Prepared, values: Mapping[int, Value]) -> int:
        """Run a change; if it fails, nothing is changed."""
        if change.version != self._catalog.version:
            try:
                change.compiled = self._compiled_change(change.lexemes, prepared.parameters)
            except RecursionError:
                raise failure(INVALID_STATEMENT, "the statement is nested too deeply; simplify it") from None
            change.version = self._catalog.version
        environment = self._environment()

        def rows(plan: Plan, given: Mapping[int, Value]) -> list[tuple[Scalar, ...]]:
            plan.authorize()
            bound = _bound(prepared, [given[number] for number in sorted(given)])
            return self._store.select(plan.needs(), plan.sql, {**plan.constants, **environment, **bound}, 0)

        with self._catalog.transaction.statement():
            outcome = change.compiled.run(rows, values)
        if outcome.last_rowid is not None:
            self._last_identity = outcome.last_rowid
        return outcome.count

    def _described_view(self, view: ViewSpec) -> ViewSpec:
        """The view with its columns. Raises `SqlFailure` for an invalid query."""
        plan = self._compiled(view.query, ()).plan
        width = len(plan.outputs)
        if view.columns and len(view.columns) != width:
            raise failure(-142, f"{len(view.columns)} names for {width} columns")
        names = view.columns or [name for name, _ in plan.outputs]
        columns = [
            replace(term.definition, name=name, hidden=False, row_id=False)
            for name, (_, term) in zip(names, plan.outputs, strict=True)
        ]
        uses = dict.fromkeys((table.schema, table.name) for table in plan.authorized)
        return replace(view, outputs=tuple(columns), uses=tuple(uses))

    def _defined(self, definition: ddl.Statement) -> int:
        with self._catalog.transaction.statement():
            return definition(self._catalog.definitions) or 0

    def _cancelling(self, lexemes: Sequence[Lexeme]) -> Callable[[Mapping[int, Value]], int]:
        """`CANCEL QUERY pid` (facts: iris-operations 2)."""
        if len(lexemes) > 3:
            raise unsupported(f"CANCEL QUERY pid {lexemes[3].upper}")
        pid = lexemes[-1]
        if pid.kind not in (Kind.NUMBER, Kind.PARAMETER):
            raise failure(INVALID_STATEMENT, "CANCEL QUERY takes the number of a process")

        def run(values: Mapping[int, Value]) -> int:
            given = values[int(pid.text)] if pid.kind is Kind.PARAMETER else pid.text
            self._catalog.cancel_query(int(str(given)))
            return 0

        return run

    def _secured(self, statement: security.Statement, values: Mapping[int, Value]) -> int:
        statement(self._catalog.security, values)
        # UNVERIFIED: the row count. Settle: cursor.rowcount after GRANT %SQL TO x.
        return 0

    def _in_transaction(self, statement: transactions.Statement) -> int:
        statement(self._catalog.transaction)
        return 0


def _refuse_definition(sql: str) -> None:
    """Refuse unsupported definitions before lexing: the code in a CREATE FUNCTION is not SQL."""
    words = _COMMENTS.sub("", sql, count=1).upper().split(maxsplit=4)[:4]
    if not words or words[0] not in _DEFINITIONS or security.defines_user_or_role(words):
        return
    if words[:3] == ["CREATE", "OR", "REPLACE"] and words[3:] != ["VIEW"]:
        raise unsupported(" ".join(words))
    if not ddl.is_definition(words):
        raise unsupported(" ".join(words[:2]))
    if "COMPUTECODE" in sql.upper():
        raise unsupported("COMPUTECODE: columns whose values are computed by code")


@lru_cache(maxsize=512)
def _parsed(sql: str) -> exp.Expr:
    """Syntax tree of a query; cached, because trees are never modified."""
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
    """Convert what SQLite computed to the type of its column; values of stored columns need no conversion."""
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
