"""Scalar expressions and conditions: from the syntax tree to SQLite's SQL.

Only the node types listed here are translated; all others fail. Literals are bound, never written into the SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

from sqlglot import exp

from irisops.simulator.sql.catalog import Collation, Names, SqlType
from irisops.simulator.sql.conditions import compare, condition, is_condition
from irisops.simulator.sql.dialect import shown
from irisops.simulator.sql.failures import INVALID_STATEMENT, TERM_EXPECTED, failure, unsupported
from irisops.simulator.sql.functions import AGGREGATES, DATE_PART_FUNCTIONS, FUNCTIONS, internal_name
from irisops.simulator.sql.routines import check_arguments
from irisops.simulator.sql.scope import CompiledQuery, Nature, Plan, Scope, Term, expression
from irisops.simulator.sql.statements import Action
from irisops.simulator.sql.typing_rules import (
    aggregated,
    cast,
    collated,
    common_number,
    common_type,
    number_type,
)
from irisops.simulator.sql.values import plain
from irisops.simulator.sql.vocabulary import OBJECTSCRIPT_VARIABLES

_ENVIRONMENT = {
    "CURRENT_TIMESTAMP": ("now", SqlType.TIMESTAMP),
    "GETDATE": ("now", SqlType.TIMESTAMP),
    "NOW": ("now", SqlType.TIMESTAMP),
    "SYSDATE": ("now", SqlType.TIMESTAMP),
    "CURDATE": ("today", SqlType.DATE),
    "CURTIME": ("time", SqlType.TIME),
    "CURRENT_DATE": ("today", SqlType.DATE),
    "CURRENT_TIME": ("time", SqlType.TIME),
    "CURRENT_USER": ("user", SqlType.VARCHAR),
    "SESSION_USER": ("user", SqlType.VARCHAR),
    "USER": ("user", SqlType.VARCHAR),
    "LAST_IDENTITY": ("last_identity", SqlType.INTEGER),
    **{
        spelled: (name.removeprefix("$").lower(), sql_type)
        for name, (short, sql_type) in OBJECTSCRIPT_VARIABLES.items()
        for spelled in (name, short)
        if spelled
    },
}
"""Values of the moment and the session: bound as `:env_...` when the query runs."""

_WITH_PRECISION = frozenset({"CURRENT_TIMESTAMP", "CURRENT_TIME", "GETDATE", "CURTIME"})
"""Those that take a precision, as in `CURRENT_TIMESTAMP(3)`."""

_LARGEST_NUMBER = Decimal("9.223372036854775807E145")
"""The largest decimal number of ObjectScript."""

_RANKINGS = {
    "ROW_NUMBER": SqlType.INTEGER,
    "RANK": SqlType.INTEGER,
    "DENSE_RANK": SqlType.INTEGER,
    "PERCENT_RANK": SqlType.DOUBLE,
    "CUME_DIST": SqlType.DOUBLE,
}
"""Window functions without arguments."""

_NEIGHBOURS = {"LAG": 3, "LEAD": 3, "FIRST_VALUE": 1, "LAST_VALUE": 1}
"""Window functions that return a value of another row, and their maximum number of arguments."""

_FRAME_ENDS = frozenset({"UNBOUNDED", "CURRENT ROW"})

_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}

_CASTS: dict[object, int] = {
    exp.DataType.Type.BIGINT: SqlType.BIGINT,
    exp.DataType.Type.INT: SqlType.INTEGER,
    exp.DataType.Type.SMALLINT: SqlType.INTEGER,
    exp.DataType.Type.TINYINT: SqlType.INTEGER,
    exp.DataType.Type.BIT: SqlType.BIT,
    exp.DataType.Type.DOUBLE: SqlType.DOUBLE,
    exp.DataType.Type.FLOAT: SqlType.DOUBLE,
    exp.DataType.Type.DECIMAL: SqlType.NUMERIC,
    exp.DataType.Type.MONEY: SqlType.NUMERIC,
    exp.DataType.Type.CHAR: SqlType.VARCHAR,
    exp.DataType.Type.VARCHAR: SqlType.VARCHAR,
    exp.DataType.Type.NVARCHAR: SqlType.VARCHAR,
    exp.DataType.Type.DATE: SqlType.DATE,
    exp.DataType.Type.TIME: SqlType.TIME,
    exp.DataType.Type.TIMESTAMP: SqlType.TIMESTAMP,
    exp.DataType.Type.DATETIME: SqlType.TIMESTAMP,
}


SubqueryCompiler = Callable[[exp.Expr, Scope], CompiledQuery]


@dataclass(slots=True)
class ExpressionCompiler:
    """Translates the expressions of one SELECT.

    `aggregates`: aggregate functions are allowed. `windowed`: they are computed beside each row (`SELECT Name,
    COUNT(*) FROM t` without GROUP BY returns every row with the count, as IRIS does).
    """

    plan: Plan
    scope: Scope
    catalog: Names
    subquery: SubqueryCompiler
    aggregates: bool = False
    windowed: bool = False
    in_window: bool = False

    def without_aggregates(self) -> ExpressionCompiler:
        """For WHERE, ON, GROUP BY and the arguments of an aggregate."""
        return replace(self, aggregates=False, windowed=False)

    # Scalars ---------------------------------------------------------------------------------------------------

    def scalar(self, node: exp.Expr) -> Term:
        """A value. Raises `SqlFailure` -11 for a condition, -12 for a misplaced `*`, -400 for unsupported syntax."""
        if is_condition(node):
            raise failure(-11, f"{shown(node)!r} is one")
        translate = self._TRANSLATIONS.get(type(node))
        if translate is None:
            raise unsupported(f"{node.key.upper()} in an expression")
        return translate(self, node)

    def condition(self, node: exp.Expr) -> str:
        """A condition. Raises `SqlFailure` -14 for a plain value."""
        return condition(self, node)

    def nested(self, node: exp.Expr) -> CompiledQuery:
        """A subquery inside an expression or condition."""
        return self.subquery(node, self.scope)

    def _star(self, _node: exp.Expr) -> Term:
        raise failure(TERM_EXPECTED, "* is allowed only as a SELECT item or in COUNT(*)")

    def _null(self, _node: exp.Expr) -> Term:
        return replace(expression("NULL", SqlType.VARCHAR), nature=Nature.LITERAL)

    def _paren(self, node: exp.Paren) -> Term:
        inner = self.scalar(node.this)
        return replace(inner, sql=f"({inner.sql})") if inner.nature is Nature.EXPRESSION else inner

    def _negative(self, node: exp.Neg) -> Term:
        inner = self.scalar(node.this)
        return expression(f"(0 - {self._numeric(inner)})", number_type(inner))

    def _concatenation(self, node: exp.DPipe) -> Term:
        left, right = self.scalar(node.this), self.scalar(node.expression)
        return expression(f"iris_concatenate({left.sql}, {right.sql})", SqlType.VARCHAR)

    def _column(self, node: exp.Column) -> Term:
        if isinstance(node.this, exp.Star):
            raise failure(TERM_EXPECTED, f"{node.table}.* is allowed only in a SELECT list")
        if node.catalog:
            raise failure(INVALID_STATEMENT, f"the name {shown(node)} has too many parts")
        return self.scope.resolve(node.name, node.table, node.db)

    def _literal(self, node: exp.Literal) -> Term:
        if node.is_string:
            term = expression(
                self.plan.constant(node.this), SqlType.VARCHAR, precision=max(len(node.this), 1)
            )
        else:
            value = Decimal(node.this)
            if abs(value) > _LARGEST_NUMBER:
                raise failure(-7, node.this)
            whole = value == value.to_integral_value()
            term = expression(self.plan.constant(plain(value)), SqlType.INTEGER if whole else SqlType.NUMERIC)
        return replace(term, nature=Nature.HOST_VARIABLE)

    def _placeholder(self, node: exp.Placeholder) -> Term:
        number = int(str(node.this)[1:])
        self.plan.parameter_count = max(self.plan.parameter_count, number)
        sql_type: int = SqlType.VARCHAR
        if number <= len(self.plan.parameters) and self.plan.parameters[number - 1].kind == "c":
            codes = {10: SqlType.INTEGER, 11: SqlType.NUMERIC}
            sql_type = codes.get(self.plan.parameters[number - 1].code, SqlType.VARCHAR)
        return replace(expression(f":p{number}", sql_type), nature=Nature.HOST_VARIABLE)

    def _numeric(self, term: Term) -> str:
        """A term as a number: like IRIS, SQLite takes the number at the start of a string."""
        return term.sql if term.is_numeric else f"CAST({term.sql} AS NUMERIC)"

    def _arithmetic(self, node: exp.Binary) -> Term:
        operator = _ARITHMETIC[type(node)]
        left, right = self.scalar(node.this), self.scalar(node.expression)
        sql_type = common_number(number_type(left), number_type(right))
        return expression(f"({self._numeric(left)} {operator} {self._numeric(right)})", sql_type)

    def _division(self, node: exp.Binary) -> Term:
        left, right = self.scalar(node.this), self.scalar(node.expression)
        function, sql_type = {
            exp.Div: ("iris_divide", SqlType.NUMERIC),
            exp.IntDiv: ("iris_integer_divide", SqlType.INTEGER),
            exp.Mod: ("iris_modulo", SqlType.NUMERIC),
        }[type(node)]
        return expression(f"{function}({left.sql}, {right.sql})", sql_type)

    def _case(self, node: exp.Case) -> Term:
        branches: list[Term] = []
        parts = ["CASE"]
        for branch in node.args["ifs"]:
            if node.this is None:
                condition = self.condition(branch.this)
            else:
                condition = compare(self.scalar(node.this), "=", self.scalar(branch.this))
            result = self.scalar(branch.args["true"])
            branches.append(result)
            parts.append(f"WHEN {condition} THEN {result.sql}")
        default = node.args.get("default")
        if default is not None:
            branches.append(self.scalar(default))
            parts.append(f"ELSE {branches[-1].sql}")
        return expression(f"{' '.join(parts)} END", common_type(branches))

    def _cast(self, node: exp.Cast) -> Term:
        sql_type = _CASTS.get(node.to.this)
        if sql_type is None:
            raise unsupported(f"CAST AS {shown(node.to)}")
        sizes = [int(size.name) for size in node.to.expressions if size.name.isdigit()]
        return cast(self.scalar(node.this).sql, sql_type, sizes)

    def _scalar_subquery(self, node: exp.Subquery) -> Term:
        compiled = self.nested(node.this)
        if len(compiled.outputs) != 1:
            raise failure(-10, f"it has {len(compiled.outputs)}")
        term = compiled.outputs[0][1]
        return replace(
            term, sql=f"({compiled.sql})", comparand="", nature=Nature.SUBQUERY, table="", schema=""
        )

    def _window(self, node: exp.Window) -> Term:
        """A window function: PARTITION BY, ORDER BY and a ROWS frame."""
        call = node.this
        if not self.aggregates or self.in_window:
            raise failure(INVALID_STATEMENT, "a window function is allowed only in a SELECT list or ORDER BY")
        known = {"this", "partition_by", "order", "over", "spec"}
        if any(value and part not in known for part, value in node.args.items()) or not isinstance(
            call, exp.Anonymous
        ):
            raise unsupported("this form of OVER (...)")
        inner = replace(self, windowed=False, in_window=True)
        name = str(call.this).upper()
        if name in _RANKINGS:
            if call.expressions:
                raise failure(INVALID_STATEMENT, f"{name} takes no arguments")
            term = expression(f"{name.lower()}()", _RANKINGS[name])
        elif name in _NEIGHBOURS:
            term = inner.neighbour(name, call)
        elif name in AGGREGATES:
            term = inner.scalar(call)
            if term.comparand:
                raise unsupported(f"{name} of a string OVER (...)")
        else:
            raise unsupported(f"{name} OVER (...)")
        parts = []
        if node.args.get("partition_by"):
            listed = ", ".join(inner.scalar(item).compared for item in node.args["partition_by"])
            parts.append(f"PARTITION BY {listed}")
        if node.args.get("order"):
            items = [
                inner.scalar(item.this).compared + (" DESC" if item.args.get("desc") else "")
                for item in node.args["order"].expressions
            ]
            parts.append(f"ORDER BY {', '.join(items)}")
        if node.args.get("spec"):
            parts.append(self._frame(node.args["spec"]))
        return replace(term, sql=f"{term.sql} OVER ({' '.join(parts)})", nature=Nature.WINDOW)

    def neighbour(self, name: str, call: exp.Anonymous) -> Term:
        """LAG, LEAD, FIRST_VALUE and LAST_VALUE; the result has the type of the first argument."""
        if not 1 <= len(call.expressions) <= _NEIGHBOURS[name]:
            raise failure(INVALID_STATEMENT, f"{name} takes 1 to {_NEIGHBOURS[name]} arguments")
        arguments = [self.scalar(argument) for argument in call.expressions]
        definition = replace(arguments[0].definition, name="", collation=Collation.EXACT)
        sql = f"{name.lower()}({', '.join(argument.sql for argument in arguments)})"
        return replace(expression(sql, definition.sql_type), definition=definition)

    def _frame(self, spec: exp.Expr) -> str:
        """`ROWS start` and `ROWS BETWEEN start AND end`."""
        if str(spec.args.get("kind") or "").upper() != "ROWS" or spec.args.get("exclude"):
            raise unsupported("a frame of anything but ROWS")
        start = self._frame_end(spec.args.get("start"), spec.args.get("start_side"))
        if spec.args.get("end") is None:
            return f"ROWS {start}"
        return f"ROWS BETWEEN {start} AND {self._frame_end(spec.args['end'], spec.args.get('end_side'))}"

    def _frame_end(self, end: object, side: object) -> str:
        if isinstance(end, str):
            word = end.upper()
            if word not in _FRAME_ENDS:
                raise failure(INVALID_STATEMENT, f"a frame cannot end at {word}")
        elif isinstance(end, exp.Literal) and end.name.isdigit():
            word = str(int(end.name))
        elif isinstance(end, exp.Placeholder):
            # The client sends the number as a parameter, and SQLite takes an expression here.
            word = f"CAST({self.scalar(end).sql} AS INTEGER)"
        else:
            raise failure(-65, "for the rows of a frame")
        direction = str(side or "").upper()
        return f"{word} {direction}" if direction in {"PRECEDING", "FOLLOWING"} else word

    # Calls -----------------------------------------------------------------------------------------------------

    def _call(self, node: exp.Anonymous) -> Term:
        name = str(node.this).upper()
        if name in AGGREGATES:
            return self._aggregate(name, node)
        if name in _ENVIRONMENT and len(node.expressions) <= int(name in _WITH_PRECISION):
            # The simulator's clock has whole seconds, so fractional digits would be zeros and are omitted.
            value, sql_type = _ENVIRONMENT[name]
            return expression(f":env_{value}", sql_type)
        function = FUNCTIONS.get(name)
        if function is None:
            return self._catalog_function(self.catalog.default_schema, str(node.this), node.expressions)
        if not function.minimum <= len(node.expressions) <= function.maximum:
            wanted = (
                str(function.minimum)
                if function.minimum == function.maximum
                else f"{function.minimum} to {function.maximum}"
            )
            raise failure(
                INVALID_STATEMENT, f"{name} takes {wanted} arguments and got {len(node.expressions)}"
            )
        arguments = [self._argument(name, index, argument) for index, argument in enumerate(node.expressions)]
        if name in {"%EXACT", "%UPPER", "%SQLUPPER", "%SQLSTRING"}:
            return collated(name, arguments[0])
        sql_type = function.sql_type if function.sql_type is not None else common_type(arguments)
        return expression(f"{internal_name(name)}({', '.join(a.sql for a in arguments)})", sql_type)

    def _argument(self, function: str, index: int, node: exp.Expr) -> Term:
        if function in DATE_PART_FUNCTIONS and index == 0 and isinstance(node, exp.Column) and not node.table:
            return expression(self.plan.constant(node.name), SqlType.VARCHAR)
        return self.scalar(node)

    def _routine_call(self, node: exp.Dot) -> Term:
        call = node.expression
        if not isinstance(node.this, exp.Identifier) or not isinstance(call, exp.Anonymous):
            raise failure(INVALID_STATEMENT, "a function is called as schema.name(arguments)")
        return self._catalog_function(node.this.name, str(call.this), call.expressions)

    def _catalog_function(self, schema: str, name: str, arguments: Sequence[exp.Expr]) -> Term:
        function = self.catalog.function(schema, name)
        if function is None:
            shown = name if schema == self.catalog.default_schema else f"{schema}.{name}"
            raise failure(-359, f"'{shown.upper()}'")
        function.authorize(Action.EXECUTE)
        check_arguments(function.qualified_name, function.arguments, len(arguments))
        if function not in self.plan.functions:
            self.plan.functions.append(function)
        slot = self.plan.functions.index(function)
        passed = "".join(f", {self.scalar(argument).sql}" for argument in arguments)
        term = expression(f"iris_call({slot}{passed})", function.returns.sql_type)
        return replace(term, definition=replace(function.returns, collation=Collation.EXACT))

    def _aggregate(self, name: str, node: exp.Anonymous) -> Term:
        if not self.aggregates:
            raise failure(-19, name)
        if len(node.expressions) != 1:
            raise failure(INVALID_STATEMENT, f"{name} takes one argument")
        argument = node.expressions[0]
        distinct = isinstance(argument, exp.Distinct)
        if distinct:
            if argument.args.get("on") or len(argument.expressions) != 1:
                raise unsupported(f"{name}(DISTINCT ...) with more than one argument")
            if self.windowed:
                raise unsupported(f"{name}(DISTINCT ...) beside columns without GROUP BY")
            argument = argument.expressions[0]
        over = " OVER ()" if self.windowed else ""
        if isinstance(argument, exp.Star):
            if name != "COUNT" or distinct:
                raise failure(INVALID_STATEMENT, f"{name} takes an expression, only COUNT takes *")
            return replace(expression(f"count(*){over}", SqlType.BIGINT), nature=Nature.AGGREGATE)
        term = self.without_aggregates().scalar(argument)
        quantifier = "DISTINCT " if distinct else ""
        operand = self._numeric(term) if name in {"SUM", "AVG"} else term.compared
        function = "group_concat" if name == "LIST" else name.lower()
        sql = f"{function}({quantifier}{operand}){over}"
        return replace(aggregated(name, sql, term), nature=Nature.AGGREGATE)

    _TRANSLATIONS: ClassVar[dict[type[exp.Expr], Callable[[ExpressionCompiler, Any], Term]]] = {
        exp.Column: _column,
        exp.Literal: _literal,
        exp.Placeholder: _placeholder,
        exp.Null: _null,
        exp.Paren: _paren,
        exp.Neg: _negative,
        exp.Add: _arithmetic,
        exp.Sub: _arithmetic,
        exp.Mul: _arithmetic,
        exp.Div: _division,
        exp.IntDiv: _division,
        exp.Mod: _division,
        exp.DPipe: _concatenation,
        exp.Case: _case,
        exp.Cast: _cast,
        exp.Subquery: _scalar_subquery,
        exp.Anonymous: _call,
        exp.Dot: _routine_call,
        exp.Star: _star,
        exp.Window: _window,
    }
