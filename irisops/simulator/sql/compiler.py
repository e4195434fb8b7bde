"""Query compiler: from the syntax tree of a SELECT to a plan that the store can run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from sqlglot import exp

from irisops.simulator.backend import Parameter, Value
from irisops.simulator.sql.catalog import Names, SqlType, TableDef
from irisops.simulator.sql.definitions import ViewSpec
from irisops.simulator.sql.dialect import ROW_NUMBER, parse_query, shown
from irisops.simulator.sql.expressions import ExpressionCompiler
from irisops.simulator.sql.failures import INVALID_STATEMENT, TABLE_NOT_FOUND, failure, unsupported
from irisops.simulator.sql.outputs import (
    all_columns,
    derived,
    directed,
    grouped,
    labelled,
    mixes_aggregates_and_columns,
    nothing,
    output_position,
    stored,
    united,
)
from irisops.simulator.sql.routines import check_arguments, complete_arguments
from irisops.simulator.sql.scope import (
    CompiledQuery,
    Nature,
    Plan,
    Scope,
    Source,
    SourceColumn,
    Term,
    expression,
)
from irisops.simulator.sql.statements import Action
from irisops.simulator.sql.store import ProcedureNeed, Store
from irisops.simulator.sql.trusted import trusted
from irisops.simulator.sql.values import Scalar

_SELECT_PARTS = frozenset(
    {"expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset", "distinct"}
    | {"with_"}
)
_SET_PARTS = frozenset({"this", "expression", "distinct", "order", "limit", "offset", "with_"})
_TABLE_PARTS = frozenset({"this", "db", "catalog", "alias"})
_JOIN_PARTS = frozenset({"this", "side", "kind", "on", "using"})
_MAXIMUM_VIEWS = 30


def compile_query(tree: exp.Expr, catalog: Names, store: Store, parameters: Sequence[Parameter]) -> Plan:
    """A plan for the query. Raises `SqlFailure` for unknown names, missing privileges and unsupported syntax."""
    numbers_rows = any(column.name.upper() == ROW_NUMBER for column in tree.find_all(exp.Column))
    plan = Plan(parameters=parameters, numbers_rows=numbers_rows)
    compiler = _QueryCompiler(plan, catalog, store)
    compiled = compiler.query(tree, None)
    plan.sql, plan.outputs = compiled.sql, list(compiled.outputs)
    return plan


def _refuse_others(node: exp.Expr, known: frozenset[str]) -> None:
    """Refuse parts of a node that the parser accepts and the compiler would ignore."""
    for part, value in node.args.items():
        if value and part not in known:
            raise unsupported(f"{part.strip('_').replace('_', ' ').upper()} in a {node.key.upper()}")


@dataclass(frozen=True, slots=True)
class _Named:
    """A query in a WITH clause, and the compiler that knows the names visible to it."""

    query: exp.Expr
    columns: tuple[str, ...]
    compiler: _QueryCompiler


@dataclass(slots=True)
class _QueryCompiler:
    plan: Plan
    catalog: Names
    store: Store
    named: Mapping[str, _Named] = field(default_factory=dict)
    """The queries of WITH clauses, by upper-case name."""
    entered: exp.Expr | None = None
    """The WITH clause already compiled into `named`."""

    def query(self, node: exp.Expr, parent: Scope | None) -> CompiledQuery:
        while isinstance(node, (exp.Subquery, exp.Paren)):
            node = node.this
        clause = node.args.get("with_")
        if clause and clause is not self.entered:
            return self._with(clause).query(node, parent)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, parent)
        if not isinstance(node, exp.Select):
            raise failure(INVALID_STATEMENT, "a SELECT was expected")
        return self._select(node, parent)

    def _with(self, clause: exp.Expr) -> _QueryCompiler:
        """A compiler that also knows the queries of a WITH clause; each sees those before it (SQL Reference, WITH)."""
        if clause.args.get("recursive"):
            raise unsupported("WITH RECURSIVE")
        compiler = self
        for each in clause.expressions:
            _refuse_others(each, frozenset({"this", "alias"}))
            named = _Named(each.this, tuple(each.alias_column_names), compiler)
            compiler = replace(self, named={**compiler.named, each.alias.upper(): named})
        return replace(compiler, entered=clause)

    # SELECT ----------------------------------------------------------------------------------------------------

    def _select(self, node: exp.Select, parent: Scope | None) -> CompiledQuery:
        _refuse_others(node, _SELECT_PARTS)
        if not node.expressions:
            raise failure(-12, "after SELECT")
        scope = Scope(parent)
        plain = ExpressionCompiler(self.plan, scope, self.catalog, self.query)
        from_sql = self._from(node, scope, plain)
        where = node.args.get("where")
        where_sql = f" WHERE {plain.condition(where.this)}" if where else ""
        group = node.args.get("group")
        groups = [plain.scalar(item) for item in group.expressions] if group else []
        if group:
            _refuse_others(group, frozenset({"expressions"}))
        having = node.args.get("having")
        windowed = not group and not having and mixes_aggregates_and_columns(node.expressions)
        items = replace(plain, aggregates=True, windowed=windowed)
        outputs = list(self._outputs(node.expressions, scope, items))
        distinct = node.args.get("distinct")
        if distinct and distinct.args.get("on"):
            raise unsupported("SELECT DISTINCT BY")
        if distinct or groups:
            outputs = [(name, grouped(term, groups, whole=bool(distinct))) for name, term in outputs]
        having_sql = f" HAVING {replace(plain, aggregates=True).condition(having.this)}" if having else ""
        listed = ", ".join(f"{term.sql} AS o{index}" for index, (_, term) in enumerate(outputs, 1))
        group_sql = f" GROUP BY {', '.join(term.compared for term in groups)}" if groups else ""
        order_sql = self._order(node.args.get("order"), outputs, items)
        limit_sql = self._limit(node, plain)
        sql = (
            f"SELECT {'DISTINCT ' if distinct else ''}{listed}{from_sql}{where_sql}{group_sql}{having_sql}"
            f"{order_sql}{limit_sql}"
        )
        return CompiledQuery(sql, outputs)

    def _outputs(
        self, items: Sequence[exp.Expr], scope: Scope, compiler: ExpressionCompiler
    ) -> Iterable[tuple[str, Term]]:
        position = 0
        for item in items:
            if isinstance(item, exp.Star):
                _refuse_others(item, frozenset())
                expanded = list(all_columns(scope.sources))
            elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
                expanded = list(all_columns(labelled(scope, item)))
            else:
                alias = item.alias if isinstance(item, exp.Alias) else ""
                term = compiler.scalar(item.this if isinstance(item, exp.Alias) else item)
                position += 1
                yield alias or term.automatic_name(position), term
                continue
            if not expanded:
                raise failure(-26 if not scope.sources else INVALID_STATEMENT, "* without a table")
            for term in expanded:
                position += 1
                yield term.definition.name, term

    def _order(
        self, order: exp.Order | None, outputs: Sequence[tuple[str, Term]], compiler: ExpressionCompiler
    ) -> str:
        if order is None:
            return ""
        parts = []
        for item in order.expressions:
            target = item.this if isinstance(item, exp.Ordered) else item
            position = output_position(target, outputs)
            if position is not None:
                term = outputs[position - 1][1]
                sql = term.comparand or f"o{position}"
            else:
                term = compiler.scalar(target)
                matching = [index for index, (_, output) in enumerate(outputs, 1) if output.sql == term.sql]
                sql = f"o{matching[0]}" if matching and not term.comparand else term.compared
            parts.append(directed(sql, item))
        return f" ORDER BY {', '.join(parts)}"

    def _limit(self, node: exp.Query, compiler: ExpressionCompiler) -> str:
        limit, offset = node.args.get("limit"), node.args.get("offset")
        if limit is None and offset is None:
            return ""
        if isinstance(limit, exp.Fetch):
            options = limit.args.get("limit_options")
            if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
                raise unsupported("FETCH with PERCENT or TIES")
            count = limit.args.get("count")
            limit_sql = self._row_count(count, compiler) if count is not None else "1"
        elif limit is not None:
            if limit.args.get("limit_options") or limit.args.get("offset") or limit.expressions:
                raise failure(INVALID_STATEMENT, "TOP and LIMIT take one number")
            limit_sql = self._row_count(limit.expression, compiler)
        else:
            limit_sql = "-1"
        offset_sql = f" OFFSET {self._row_count(offset.expression, compiler)}" if offset is not None else ""
        return f" LIMIT {limit_sql}{offset_sql}"

    def _row_count(self, node: exp.Expr, compiler: ExpressionCompiler) -> str:
        if not isinstance(node, (exp.Literal, exp.Placeholder)):
            raise failure(-65, "for the number of rows")
        if isinstance(node, exp.Literal) and (node.is_string or not node.name.isdigit()):
            raise failure(-65, f"for the number of rows, not {node.name!r}")
        value = f"CAST({compiler.scalar(node).sql} AS INTEGER)"
        return f"(CASE WHEN {value} > 0 THEN {value} ELSE 0 END)"

    # UNION -----------------------------------------------------------------------------------------------------

    def _set_operation(self, node: exp.SetOperation, parent: Scope | None) -> CompiledQuery:
        _refuse_others(node, _SET_PARTS)
        left, right = self.query(node.this, parent), self.query(node.expression, parent)
        if len(left.outputs) != len(right.outputs):
            raise failure(-9, f"{len(left.outputs)} and {len(right.outputs)} columns")
        operator = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}[type(node)]
        if node.args.get("distinct") is False:
            if operator != "UNION":
                raise unsupported(f"{operator} ALL")
            operator = "UNION ALL"
        outputs = [
            (name, united(term, other))
            for (name, term), (_, other) in zip(left.outputs, right.outputs, strict=True)
        ]
        order_sql = ""
        if node.args.get("order") is not None:
            parts = []
            for item in node.args["order"].expressions:
                target = item.this if isinstance(item, exp.Ordered) else item
                position = output_position(target, outputs)
                if position is None:
                    raise failure(-6, shown(target))
                parts.append(directed(str(position), item))
            order_sql = f" ORDER BY {', '.join(parts)}"
        compiler = ExpressionCompiler(self.plan, Scope(parent), self.catalog, self.query)
        listed = ", ".join(f"o{index}" for index in range(1, len(outputs) + 1))
        arms = f"SELECT {listed} FROM ({left.sql}) {operator} SELECT {listed} FROM ({right.sql})"  # noqa: S608 - compiled
        return CompiledQuery(f"{arms}{order_sql}{self._limit(node, compiler)}", outputs)

    # FROM ------------------------------------------------------------------------------------------------------

    def _from(self, node: exp.Select, scope: Scope, compiler: ExpressionCompiler) -> str:
        clause = node.args.get("from_")
        if clause is None:
            if node.args.get("joins"):
                raise failure(-26)
            return ""
        sql = f" FROM {self._source(clause.this, scope)}"
        for join in node.args.get("joins") or ():
            sql += self._join(join, scope, compiler)
        return sql

    def _join(self, join: exp.Join, scope: Scope, compiler: ExpressionCompiler) -> str:
        _refuse_others(join, _JOIN_PARTS)
        side, kind = str(join.args.get("side") or "").upper(), str(join.args.get("kind") or "").upper()
        before = list(scope.sources)
        source_sql = self._source(join.this, scope)
        condition = ""
        if join.args.get("using"):
            pairs = []
            for name in join.args["using"]:
                left = Scope(sources=before).resolve(name.name)
                right = Scope(sources=scope.sources[-1:]).resolve(name.name)
                pairs.append(f"{left.sql} = {right.sql}")
            condition = " AND ".join(pairs)
        elif join.args.get("on") is not None:
            condition = compiler.condition(join.args["on"])
        elif side:
            raise failure(INVALID_STATEMENT, f"{side} JOIN needs ON")
        if kind not in {"", "INNER", "OUTER", "CROSS"}:
            raise unsupported(f"{kind} JOIN")
        return f" {side} JOIN {source_sql}".replace("  ", " ") + (f" ON {condition}" if condition else "")

    def _source(self, node: exp.Expr, scope: Scope) -> str:
        label = self.plan.fresh_label()
        if isinstance(node, exp.Subquery):
            _refuse_others(node, frozenset({"this", "alias"}))
            if node.alias_column_names:
                raise unsupported("column aliases of a subquery in FROM")
            compiled = self.query(node.this, scope.parent)
            columns = [
                SourceColumn(derived(term, name, f"{label}.o{index}"), nothing)
                for index, (name, term) in enumerate(compiled.outputs, 1)
            ]
            return self._derived_table(compiled, columns, label, Source(node.alias, "", columns), scope)
        if not isinstance(node, exp.Table):
            raise unsupported(f"{node.key.upper()} in FROM")
        _refuse_others(node, _TABLE_PARTS)
        if node.alias_column_names:
            raise unsupported("column aliases of a table in FROM")
        named = self.named.get(node.name.upper()) if not node.db else None
        if named is not None and isinstance(node.this, exp.Identifier):
            return self._common_table(node, named, label, scope)
        schema = node.db or self.catalog.default_schema
        if node.catalog:
            raise failure(
                TABLE_NOT_FOUND, f"Table '{f'{node.catalog}.{schema}.{node.name}'.upper()}' not found"
            )
        if isinstance(node.this, exp.Anonymous):
            return self._procedure(node, schema, label, scope)
        table = self.catalog.table(schema, node.name)
        if table is None:
            raise failure(TABLE_NOT_FOUND, f"Table '{f'{schema}.{node.name}'.upper()}' not found")
        table.authorize(Action.SELECT)
        self.plan.authorized.append(table)
        if table.view is not None:
            return self._view(table, table.view, node.alias, label, scope)
        physical = self.store.physical_name(table)
        used = self.plan.tables.setdefault(physical, (table, set()))[1]
        columns = [
            SourceColumn(stored(column, f"{label}.c{index}", table), partial(used.add, index))
            for index, column in enumerate(table.columns)
        ]
        scope.add(Source(node.alias or table.name, "" if node.alias else table.schema, columns))
        return f'"{physical}" AS {label}'

    def _common_table(self, node: exp.Table, named: _Named, label: str, scope: Scope) -> str:
        """Expand a reference to a query of a WITH clause."""
        self._count_expansion()
        compiled = named.compiler.query(named.query, None)
        if named.columns and len(named.columns) != len(compiled.outputs):
            raise failure(-142, f"{len(named.columns)} names for {len(compiled.outputs)} columns")
        names = named.columns or [name for name, _ in compiled.outputs]
        columns = [
            SourceColumn(derived(term, name, f"{label}.o{index}"), nothing)
            for index, (name, (_, term)) in enumerate(zip(names, compiled.outputs, strict=True), 1)
        ]
        source = Source(node.alias or node.name, "", columns)
        return self._derived_table(compiled, columns, label, source, scope)

    def _derived_table(
        self,
        compiled: CompiledQuery,
        columns: list[SourceColumn],
        label: str,
        source: Source,
        scope: Scope,
    ) -> str:
        """A query in FROM; adds a hidden row number if the statement uses %VID."""
        scope.add(source)
        if not self.plan.numbers_rows:
            return f"({compiled.sql}) AS {label}"
        number = replace(expression(f"{label}.vid", SqlType.INTEGER), nature=Nature.COLUMN)
        hidden = replace(number, definition=replace(number.definition, name=ROW_NUMBER, hidden=True))
        columns.append(SourceColumn(hidden, nothing))
        return f"(SELECT *, row_number() OVER () AS vid FROM ({compiled.sql})) AS {label}"  # noqa: S608 - compiled

    def _count_expansion(self) -> None:
        """Limit the nesting of views and WITH queries, which can grow exponentially."""
        self.plan.views += 1
        if self.plan.views > _MAXIMUM_VIEWS:
            raise unsupported(f"more than {_MAXIMUM_VIEWS} views and queries of WITH in one query")

    def _view(self, table: TableDef, view: ViewSpec, alias: str, label: str, scope: Scope) -> str:
        """Expand a view to its query, run with its owner's rights (SQL Reference, CREATE VIEW, Privileges)."""
        self._count_expansion()
        inner = _QueryCompiler(self.plan, trusted(self.catalog, view.default_schema), self.store)
        named = len(self.plan.authorized)
        compiled = inner.query(parse_query(view.query), None)
        del self.plan.authorized[named:]  # the owner's rights were checked when the view was defined
        names = view.columns or [name for name, _ in compiled.outputs]
        columns = [
            SourceColumn(
                replace(derived(term, name, f"{label}.o{index}"), schema=table.schema, table=table.name),
                nothing,
            )
            for index, (name, (_, term)) in enumerate(zip(names, compiled.outputs, strict=True), 1)
        ]
        source = Source(alias or table.name, "" if alias else table.schema, columns)
        return self._derived_table(compiled, columns, label, source, scope)

    def _procedure(self, node: exp.Table, schema: str, label: str, scope: Scope) -> str:
        call = node.this
        name = str(call.this)
        procedure = self.catalog.procedure(schema, name)
        if procedure is None:
            # UNVERIFIED: the code for an unknown table function. Settle: SELECT * FROM Nix.Such().
            raise failure(-428, f"'{f'{schema}.{name}'.upper()}'")
        procedure.authorize(Action.EXECUTE)
        check_arguments(procedure.qualified_name, procedure.arguments, len(call.expressions))
        arguments = [_argument(argument) for argument in call.expressions]
        for argument in call.expressions:
            if isinstance(argument, exp.Placeholder):
                self.plan.parameter_count = max(self.plan.parameter_count, int(str(argument.this)[1:]))
        physical = f"p{len(self.plan.procedures)}"

        def values(bound: Mapping[str, Scalar]) -> Sequence[Value]:
            given = [
                bound[argument] if isinstance(argument, str) else argument.value for argument in arguments
            ]
            return complete_arguments(procedure.qualified_name, procedure.arguments, given)

        self.plan.procedures.append(ProcedureNeed(procedure, physical, values))
        columns = [
            SourceColumn(stored(column, f"{label}.c{index}", procedure), nothing)
            for index, column in enumerate(procedure.columns)
        ]
        scope.add(Source(node.alias or procedure.name, "" if node.alias else procedure.schema, columns))
        return f'"{physical}" AS {label}'


@dataclass(frozen=True, slots=True)
class _Constant:
    value: Scalar


def _argument(node: exp.Expr) -> str | _Constant:
    """An argument of a table function: the name of a bound parameter, or a constant."""
    match node:
        case exp.Placeholder():
            return str(node.this)
        case exp.Null():
            return _Constant(None)
        case exp.Literal():
            if node.is_string:
                return _Constant(str(node.this))
            return _Constant(float(node.name) if "." in node.name else int(node.name))
        case exp.Neg() if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return _Constant(-(float(node.this.name) if "." in node.this.name else int(node.this.name)))
        case exp.Paren():
            return _argument(node.this)
    raise unsupported("an argument of a table function that is neither a literal nor a parameter")
