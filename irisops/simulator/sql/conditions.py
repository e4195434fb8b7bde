"""Conditions of WHERE, HAVING, ON and CASE: from the syntax tree to SQLite's SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sqlglot import exp

from irisops.simulator.sql.catalog import SqlType
from irisops.simulator.sql.dialect import Contains, EscapedBy, Follows, StartsWith, shown
from irisops.simulator.sql.failures import INVALID_STATEMENT, TERM_EXPECTED, failure, unsupported
from irisops.simulator.sql.scope import CompiledQuery, Nature, Term


class Scalars(Protocol):
    """The part of the expression compiler that conditions need."""

    def scalar(self, node: exp.Expr) -> Term:
        """A value."""
        ...

    def nested(self, node: exp.Expr) -> CompiledQuery:
        """A subquery; it may refer to the columns of the outer query."""
        ...


_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}


_MOMENTS = {
    SqlType.DATE: "iris_as_date",
    SqlType.TIME: "iris_as_time",
    SqlType.TIMESTAMP: "iris_as_timestamp",
}
"""Function that converts a value compared with a date or time to ODBC form: clients send dates as text or as
`$HOROLOG` days."""


def condition(scalars: Scalars, node: exp.Expr) -> str:
    """SQL for a condition. Raises `SqlFailure` -14 for a plain value."""
    translate = _TRANSLATIONS.get(type(node))
    if translate is None:
        scalars.scalar(node)
        raise failure(-14, f"after {shown(node)!r}")
    sql = translate(scalars, node)
    return f"(NOT {sql})" if node.args.get("negate") else sql


def is_condition(node: exp.Expr) -> bool:
    """True if the node can only be a condition, never a value."""
    return type(node) in _TRANSLATIONS and not isinstance(node, exp.Paren)


def compare(left: Term, operator: str, right: Term) -> str:
    """SQL that compares two values, with the collation of the first that has one."""
    return f"({_side(left, right)} {operator} {_side(right, left)})"


def _side(term: Term, other: Term) -> str:
    """One side of a comparison, so that `5 = '5'` is true whichever side is the number.

    SQLite converts the other side only if this one has a declared type; a CAST gives an expression one.
    """
    if term.nature is Nature.HOST_VARIABLE and other.definition.sql_type in _MOMENTS:
        return f"{_MOMENTS[other.definition.sql_type]}({term.sql})"
    if term.has_affinity or term.is_numeric == other.is_numeric:
        return term.compared
    if term.nature is Nature.HOST_VARIABLE:
        both_bare = other.nature is Nature.HOST_VARIABLE
        return f"iris_text({term.sql})" if both_bare else term.sql
    if other.has_affinity and not term.is_numeric:
        return term.compared
    return f"CAST({term.compared} AS {'NUMERIC' if term.is_numeric else 'TEXT'})"


def _binary(node: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    return node.args["this"], node.args["expression"]


def _chain(operator: str) -> Callable[[Scalars, exp.Expr], str]:
    """AND and OR. Balanced, because a chain of hundreds would nest too deeply, here and in SQLite."""

    def translate(scalars: Scalars, node: exp.Expr) -> str:
        links: list[exp.Expr] = []
        rest = node
        while type(rest) is type(node):
            rest, link = _binary(rest)
            links.append(link)
        parts = [condition(scalars, link) for link in (rest, *reversed(links))]
        return _balanced(parts, operator)

    return translate


def _balanced(parts: Sequence[str], operator: str) -> str:
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_balanced(parts[:middle], operator)} {operator} {_balanced(parts[middle:], operator)})"


def _not(scalars: Scalars, node: exp.Expr) -> str:
    return f"(NOT {condition(scalars, node.this)})"


def _paren(scalars: Scalars, node: exp.Expr) -> str:
    return f"({condition(scalars, node.this)})"


def _exists(scalars: Scalars, node: exp.Expr) -> str:
    return f"EXISTS ({scalars.nested(node.this).sql})"


def _between(scalars: Scalars, node: exp.Expr) -> str:
    if node.args.get("symmetric"):
        raise failure(INVALID_STATEMENT, "BETWEEN SYMMETRIC")
    term = scalars.scalar(node.this)
    low, high = scalars.scalar(node.args["low"]), scalars.scalar(node.args["high"])
    return f"({compare(term, '>=', low)} AND {compare(term, '<=', high)})"


def _is(scalars: Scalars, node: exp.Expr) -> str:
    value, wanted = _binary(node)
    if not isinstance(wanted, exp.Null):
        raise failure(INVALID_STATEMENT, "IS is followed by NULL or NOT NULL")
    return f"({scalars.scalar(value).sql} IS NULL)"


def _like(scalars: Scalars, node: exp.Expr) -> str:
    return _like_with(scalars, node, "''")


def _escape(scalars: Scalars, node: exp.Expr) -> str:
    inner, character = _binary(node)
    while isinstance(inner, exp.Paren):
        inner = inner.this
    if not isinstance(inner, exp.Like):
        raise failure(INVALID_STATEMENT, "ESCAPE is allowed only after LIKE")
    sql = _like_with(scalars, inner, scalars.scalar(character).sql)
    return f"(NOT {sql})" if inner.args.get("negate") else sql


def _like_with(scalars: Scalars, node: exp.Expr, escape: str) -> str:
    target, pattern = _binary(node)
    if isinstance(pattern, exp.Any):
        raise unsupported("LIKE ANY")
    term = scalars.scalar(target)
    return (
        f"iris_like_match({_subject(term)}, {scalars.scalar(pattern).sql}, {escape}, {int(term.folds_case)})"
    )


def _starts_with(scalars: Scalars, node: exp.Expr) -> str:
    target, prefix = _binary(node)
    term = scalars.scalar(target)
    return f"iris_starts_with({_subject(term)}, {scalars.scalar(prefix).sql}, {int(term.folds_case)})"


def _contains(scalars: Scalars, node: exp.Expr) -> str:
    target, part = _binary(node)
    return f"iris_contains({scalars.scalar(target).sql}, {scalars.scalar(part).sql})"


def _follows(scalars: Scalars, node: exp.Expr) -> str:
    left, right = _binary(node)
    return f"(iris_text({scalars.scalar(left).sql}) > iris_text({scalars.scalar(right).sql}))"


def _subject(term: Term) -> str:
    """Subject of LIKE and %STARTSWITH, without the collation: these fold case themselves."""
    return term.comparand.removesuffix(" COLLATE IRIS_SQLUPPER") if term.comparand else term.sql


def _in(scalars: Scalars, node: exp.Expr) -> str:
    term = scalars.scalar(node.this)
    query = node.args.get("query")
    if query is not None:
        return _in_query(scalars, term, query)
    items = node.expressions
    if not items or node.args.get("unnest") or node.args.get("field"):
        raise failure(TERM_EXPECTED, "in the list of IN")
    if len(items) == 1 and isinstance(items[0], (exp.Subquery, exp.Select)):
        return _in_query(scalars, term, items[0])
    members = [scalars.scalar(item) for item in items]
    if len({member.is_numeric for member in members}) == 1:
        listed = ", ".join(_side(member, term) for member in members)
        return f"({_side(term, members[0])} IN ({listed}))"
    return _balanced([compare(term, "=", member) for member in members], "OR")


def _in_query(scalars: Scalars, term: Term, query: exp.Expr) -> str:
    compiled = scalars.nested(query)
    if len(compiled.outputs) != 1:
        raise failure(-10, f"it has {len(compiled.outputs)}")
    return f"({_side(term, compiled.outputs[0][1])} IN ({compiled.sql}))"


def _comparison(operator: str) -> Callable[[Scalars, exp.Expr], str]:
    def translate(scalars: Scalars, node: exp.Expr) -> str:
        left, right = _binary(node)
        if isinstance(right, exp.Any):
            if operator != "=":
                raise unsupported(f"{operator} ANY")
            return _in_query(scalars, scalars.scalar(left), right.this)
        return compare(scalars.scalar(left), operator, scalars.scalar(right))

    return translate


_TRANSLATIONS: dict[type[exp.Expr], Callable[[Scalars, exp.Expr], str]] = {
    exp.And: _chain("AND"),
    exp.Or: _chain("OR"),
    exp.Not: _not,
    exp.Paren: _paren,
    exp.Exists: _exists,
    exp.In: _in,
    exp.Between: _between,
    exp.Is: _is,
    exp.Like: _like,
    EscapedBy: _escape,
    StartsWith: _starts_with,
    Contains: _contains,
    Follows: _follows,
    **{node_type: _comparison(operator) for node_type, operator in _COMPARISONS.items()},
}
