"""Scalar expressions and conditions: from the syntax tree to SQLite's SQL.

Only the kinds of nodes listed here are translated; everything else fails. Literals are bound, never written out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlglot import exp

from irisops.simulator.sql.catalog import Catalog, Collation, ColumnDef, SqlType
from irisops.simulator.sql.dialect import Contains, Follows, StartsWith
from irisops.simulator.sql.failures import INVALID_STATEMENT, TERM_EXPECTED, failure, unsupported
from irisops.simulator.sql.functions import (
    AGGREGATES,
    DATE_PART_FUNCTIONS,
    FUNCTIONS,
    internal_name,
    plain,
)
from irisops.simulator.sql.routines import check_arguments
from irisops.simulator.sql.scope import Nature, Plan, Scope, Term, expression

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}

_CONDITIONS = (
    *_COMPARISONS,
    exp.And,
    exp.Or,
    exp.Not,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Like,
    exp.Escape,
    exp.Exists,
    StartsWith,
    Contains,
    Follows,
)

_ENVIRONMENT = {
    "CURRENT_TIMESTAMP": ("now", SqlType.TIMESTAMP),
    "GETDATE": ("now", SqlType.TIMESTAMP),
    "NOW": ("now", SqlType.TIMESTAMP),
    "SYSDATE": ("now", SqlType.TIMESTAMP),
    "CURRENT_DATE": ("today", SqlType.DATE),
    "CURRENT_TIME": ("time", SqlType.TIME),
    "CURRENT_USER": ("user", SqlType.VARCHAR),
    "SESSION_USER": ("user", SqlType.VARCHAR),
    "USER": ("user", SqlType.VARCHAR),
    "$USERNAME": ("user", SqlType.VARCHAR),
    "$NAMESPACE": ("namespace", SqlType.VARCHAR),
}
"""Values of the moment and of the session: bound as `:env_...` when the query runs."""

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


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """A query as SQLite's SQL; its columns are called `o1`, `o2` ... there."""

    sql: str
    outputs: Sequence[tuple[str, Term]]


SubqueryCompiler = Callable[[exp.Expr, Scope], CompiledQuery]


@dataclass(slots=True)
class ExpressionCompiler:
    """Translates the expressions of one SELECT.

    `aggregates`: whether aggregate functions may stand where it is used. `windowed`: they are values beside each row
    (`SELECT Name, COUNT(*) FROM t` without GROUP BY answers every row with the count beside it, as IRIS does).
    """

    plan: Plan
    scope: Scope
    catalog: Catalog
    subquery: SubqueryCompiler
    aggregates: bool = False
    windowed: bool = False

    def without_aggregates(self) -> ExpressionCompiler:
        """For WHERE, ON, GROUP BY and the arguments of an aggregate."""
        return replace(self, aggregates=False, windowed=False)

    # Scalars ---------------------------------------------------------------------------------------------------

    def scalar(self, node: exp.Expr) -> Term:
        """A value. Raises `SqlFailure` -11 for a condition, -12 for what is no term, -400 for what is not emulated."""
        if isinstance(node, _CONDITIONS):
            raise failure(-11, node.key.upper())
        match node:
            case exp.Column():
                return self._column(node)
            case exp.Literal():
                return self._literal(node)
            case exp.Placeholder():
                return self._placeholder(node)
            case exp.Null():
                return replace(expression("NULL", SqlType.VARCHAR), nature=Nature.LITERAL)
            case exp.Paren():
                inner = self.scalar(node.this)
                return replace(inner, sql=f"({inner.sql})") if inner.nature is Nature.EXPRESSION else inner
            case exp.Neg():
                inner = self.scalar(node.this)
                return expression(f"(0 - {self._numeric(inner)})", _number_type(inner))
            case exp.Add() | exp.Sub() | exp.Mul():
                return self._arithmetic(node, _ARITHMETIC[type(node)])
            case exp.Div() | exp.IntDiv() | exp.Mod():
                return self._division(node)
            case exp.DPipe():
                left, right = self.scalar(node.this), self.scalar(node.expression)
                return expression(f"iris_concatenate({left.sql}, {right.sql})", SqlType.VARCHAR)
            case exp.Case():
                return self._case(node)
            case exp.Cast():
                return self._cast(node)
            case exp.Subquery():
                return self._scalar_subquery(node)
            case exp.Anonymous():
                return self._call(node)
            case exp.Dot():
                return self._routine_call(node)
            case exp.Star():
                raise failure(TERM_EXPECTED, "* stands alone in a SELECT list or in COUNT(*)")
        raise unsupported(f"{node.key.upper()} in an expression")

    def _column(self, node: exp.Column) -> Term:
        if isinstance(node.this, exp.Star):
            raise failure(TERM_EXPECTED, f"{node.table}.* stands only in a SELECT list")
        if node.catalog:
            raise failure(INVALID_STATEMENT, f"the name {node.sql()} has too many parts")
        name = "ID" if node.name.upper() == "%ID" else node.name
        return self.scope.resolve(name, node.table, node.db)

    def _literal(self, node: exp.Literal) -> Term:
        if node.is_string:
            term = expression(
                self.plan.constant(node.this), SqlType.VARCHAR, precision=max(len(node.this), 1)
            )
        else:
            value = Decimal(node.this)
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
        """A term where a number is wanted: SQLite, like IRIS, takes the number that a string begins with."""
        return term.sql if term.is_numeric else f"CAST({term.sql} AS NUMERIC)"

    def _arithmetic(self, node: exp.Binary, operator: str) -> Term:
        left, right = self.scalar(node.this), self.scalar(node.expression)
        sql_type = _common_number(_number_type(left), _number_type(right))
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
                condition = self._compare(self.scalar(node.this), "=", self.scalar(branch.this))
            result = self.scalar(branch.args["true"])
            branches.append(result)
            parts.append(f"WHEN {condition} THEN {result.sql}")
        default = node.args.get("default")
        if default is not None:
            branches.append(self.scalar(default))
            parts.append(f"ELSE {branches[-1].sql}")
        return expression(f"{' '.join(parts)} END", _common_type(branches))

    def _cast(self, node: exp.Cast) -> Term:
        sql_type = _CASTS.get(node.to.this)
        if sql_type is None:
            raise unsupported(f"CAST AS {node.to.sql().upper()}")
        inner = self.scalar(node.this).sql
        sizes = [int(size.name) for size in node.to.expressions if size.name.isdigit()]
        if sql_type == SqlType.VARCHAR:
            shown = f"iris_text({inner})"
            return expression(
                f"iris_left({shown}, {sizes[0]})" if sizes else shown, sql_type, precision=sum(sizes[:1])
            )
        if sql_type == SqlType.BIT:
            return expression(f"(CAST({inner} AS NUMERIC) <> 0)", sql_type, precision=1)
        if sql_type == SqlType.NUMERIC:
            scale = sizes[1] if len(sizes) > 1 else 0
            cast = f"CAST({inner} AS NUMERIC)"
            return expression(f"iris_round({cast}, {scale})" if sizes else cast, sql_type, scale=scale)
        if sql_type in {SqlType.INTEGER, SqlType.BIGINT}:
            return expression(f"CAST({inner} AS INTEGER)", sql_type)
        if sql_type == SqlType.DOUBLE:
            return expression(f"CAST({inner} AS REAL)", sql_type)
        if sql_type == SqlType.DATE:
            return expression(f"iris_left(iris_text({inner}), 10)", sql_type)
        return expression(f"iris_text({inner})", sql_type)

    def _scalar_subquery(self, node: exp.Subquery) -> Term:
        compiled = self.subquery(node.this, self.scope)
        if len(compiled.outputs) != 1:
            raise failure(-10, f"it has {len(compiled.outputs)}")
        term = compiled.outputs[0][1]
        return replace(
            term, sql=f"({compiled.sql})", comparand="", nature=Nature.SUBQUERY, table="", schema=""
        )

    # Calls -----------------------------------------------------------------------------------------------------

    def _call(self, node: exp.Anonymous) -> Term:
        name = str(node.this).upper()
        if name in AGGREGATES:
            return self._aggregate(name, node)
        if name in _ENVIRONMENT and not node.expressions:
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
            return _collated(name, arguments[0])
        sql_type = function.sql_type if function.sql_type is not None else _common_type(arguments)
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
        sql = f"{name.lower()}({quantifier}{operand}){over}"
        return replace(_aggregated(name, sql, term), nature=Nature.AGGREGATE)

    # Conditions ------------------------------------------------------------------------------------------------

    def condition(self, node: exp.Expr) -> str:
        """A condition. Raises `SqlFailure` -14 for a mere value."""
        match node:
            case exp.And() | exp.Or():
                operator = "AND" if isinstance(node, exp.And) else "OR"
                return f"({self.condition(node.this)} {operator} {self.condition(node.expression)})"
            case exp.Not():
                return f"(NOT {self.condition(node.this)})"
            case exp.Paren():
                return f"({self.condition(node.this)})"
            case exp.Exists():
                return f"EXISTS ({self.subquery(_query_of(node.this), self.scope).sql})"
            case exp.In():
                return self._in(node)
            case exp.Between():
                if node.args.get("symmetric"):
                    raise failure(INVALID_STATEMENT, "BETWEEN SYMMETRIC")
                term = self.scalar(node.this)
                low = self._compare(term, ">=", self.scalar(node.args["low"]))
                high = self._compare(term, "<=", self.scalar(node.args["high"]))
                return f"({low} AND {high})"
            case exp.Is():
                if not isinstance(node.expression, exp.Null):
                    raise failure(INVALID_STATEMENT, "IS is followed by NULL or NOT NULL")
                return f"({self.scalar(node.this).sql} IS NULL)"
            case exp.Like():
                return self._like(node, "''")
            case exp.Escape():
                if not isinstance(node.this, exp.Like):
                    raise failure(INVALID_STATEMENT, "ESCAPE belongs to LIKE")
                return self._like(node.this, self.scalar(node.expression).sql)
            case StartsWith():
                term = self.scalar(node.this)
                prefix = self.scalar(node.expression).sql
                return f"iris_starts_with({_subject(term)}, {prefix}, {int(term.folds_case)})"
            case Contains():
                return f"iris_contains({self.scalar(node.this).sql}, {self.scalar(node.expression).sql})"
            case Follows():
                left, right = self.scalar(node.this), self.scalar(node.expression)
                return f"(iris_text({left.sql}) > iris_text({right.sql}))"
        operator = _COMPARISONS.get(type(node), "")
        if not operator:
            self.scalar(node)
            raise failure(-14, f"after {node.sql()!r}")
        if isinstance(node.expression, exp.Any):
            if operator != "=":
                raise unsupported(f"{operator} ANY")
            return self._in_query(self.scalar(node.this), node.expression.this)
        return self._compare(self.scalar(node.this), operator, self.scalar(node.expression))

    def _compare(self, left: Term, operator: str, right: Term) -> str:
        return f"({_side(left, right)} {operator} {_side(right, left)})"

    def _like(self, node: exp.Like, escape: str) -> str:
        term, pattern = self.scalar(node.this), self.scalar(node.expression)
        return f"iris_like_match({_subject(term)}, {pattern.sql}, {escape}, {int(term.folds_case)})"

    def _in(self, node: exp.In) -> str:
        term = self.scalar(node.this)
        query = node.args.get("query")
        if query is not None:
            return self._in_query(term, query)
        if not node.expressions or node.args.get("unnest") or node.args.get("field"):
            raise failure(TERM_EXPECTED, "in the list of IN")
        if len(node.expressions) == 1 and isinstance(node.expressions[0], (exp.Subquery, exp.Select)):
            return self._in_query(term, node.expressions[0])
        alternatives = (self._compare(term, "=", self.scalar(item)) for item in node.expressions)
        return f"({' OR '.join(alternatives)})"

    def _in_query(self, term: Term, query: exp.Expr) -> str:
        compiled = self.subquery(_query_of(query), self.scope)
        if len(compiled.outputs) != 1:
            raise failure(-10, f"it has {len(compiled.outputs)}")
        return f"({_side(term, compiled.outputs[0][1])} IN ({compiled.sql}))"


def _query_of(node: exp.Expr) -> exp.Expr:
    while isinstance(node, (exp.Subquery, exp.Paren)):
        node = node.this
    return node


def _subject(term: Term) -> str:
    """What LIKE and %STARTSWITH look at: their own folding takes the place of a collation."""
    return term.comparand.removesuffix(" COLLATE IRIS_SQLUPPER") if term.comparand else term.sql


def _side(term: Term, other: Term) -> str:
    """One side of a comparison, so that `5 = '5'` holds whichever side is the number.

    SQLite converts the other side only where it sees a declared type; a CAST gives an expression one.
    """
    if term.has_affinity or term.is_numeric == other.is_numeric:
        return term.compared
    if term.nature is Nature.HOST_VARIABLE:
        both_bare = other.nature is Nature.HOST_VARIABLE
        return f"iris_text({term.sql})" if both_bare else term.sql
    if other.has_affinity and not term.is_numeric:
        return term.compared
    return f"CAST({term.compared} AS {'NUMERIC' if term.is_numeric else 'TEXT'})"


def _collated(name: str, argument: Term) -> Term:
    """A collation function: EXACT changes how the value is compared, the others its value, too."""
    if name == "%EXACT":
        exact = replace(argument.definition, collation=Collation.EXACT)
        bare = argument.sql
        return Term(f"({bare} COLLATE BINARY)", exact, has_affinity=argument.has_affinity)
    value = f"{internal_name(name)}({argument.sql})"
    if name == "%SQLSTRING":
        return expression(value, SqlType.VARCHAR)
    definition = ColumnDef("", SqlType.VARCHAR, max(argument.definition.precision, 1) + 1)
    return Term(value, definition, comparand=f"iris_text({argument.sql}) COLLATE IRIS_SQLUPPER")


def _aggregated(name: str, sql: str, term: Term) -> Term:
    if name == "COUNT":
        return expression(sql, SqlType.BIGINT)
    if name == "AVG":
        return expression(
            sql, SqlType.DOUBLE if term.definition.sql_type == SqlType.DOUBLE else SqlType.NUMERIC
        )
    if name == "SUM":
        kept = {SqlType.BIGINT, SqlType.DOUBLE, SqlType.NUMERIC}
        small = {SqlType.INTEGER, SqlType.TINYINT, SqlType.BIT}
        sql_type = term.definition.sql_type
        return expression(
            sql, sql_type if sql_type in kept else SqlType.INTEGER if sql_type in small else SqlType.NUMERIC
        )
    if term.folds_case:
        # "MAX returns strings in all uppercase letters" for a field of SQLUPPER collation (SQL Reference, MAX).
        upper = f"{internal_name('UPPER')}({sql})"
        return Term(upper, replace(term.definition, name=""), comparand=f"{sql} COLLATE IRIS_SQLUPPER")
    return Term(sql, replace(term.definition, name=""))


def _number_type(term: Term) -> int:
    return term.definition.sql_type if term.is_numeric else SqlType.NUMERIC


def _common_number(left: int, right: int) -> int:
    if SqlType.DOUBLE in {left, right}:
        return SqlType.DOUBLE
    if SqlType.NUMERIC in {left, right}:
        return SqlType.NUMERIC
    return SqlType.BIGINT if SqlType.BIGINT in {left, right} else SqlType.INTEGER


def _common_type(terms: Sequence[Term]) -> int:
    """The type of a value that is one of several."""
    typed = [term for term in terms if term.nature is not Nature.LITERAL]
    if not typed:
        return SqlType.VARCHAR
    if all(term.is_numeric for term in typed):
        common = typed[0].definition.sql_type
        for term in typed[1:]:
            common = _common_number(common, term.definition.sql_type)
        return common
    types = {term.definition.sql_type for term in typed}
    return types.pop() if len(types) == 1 else SqlType.VARCHAR
