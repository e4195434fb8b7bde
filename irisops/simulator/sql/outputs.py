"""Output columns of a query: under GROUP BY, DISTINCT and UNION, and as targets of ORDER BY."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlglot import exp

from irisops.simulator.sql.catalog import ColumnDef, ProcedureDef, SqlType, TableDef
from irisops.simulator.sql.failures import failure
from irisops.simulator.sql.functions import AGGREGATES, internal_name
from irisops.simulator.sql.scope import Nature, Scope, Source, Term


def directed(sql: str, item: exp.Expr) -> str:
    """An ORDER BY item with its direction."""
    return f"{sql} DESC" if isinstance(item, exp.Ordered) and item.args.get("desc") else sql


def nothing() -> None:
    """`use` of a column of a procedure or subquery, which is always available."""


def stored(column: ColumnDef, sql: str, owner: TableDef | ProcedureDef) -> Term:
    """A column of a table or procedure; `sql` refers to it."""
    return Term(sql, column, Nature.COLUMN, has_affinity=True, schema=owner.schema, table=owner.name)


def derived(term: Term, name: str, sql: str) -> Term:
    """A column of a query in FROM."""
    definition = replace(term.definition, name=name, hidden=False)
    return replace(term, sql=sql, definition=definition, nature=Nature.COLUMN, comparand="")


def all_columns(sources: Iterable[Source]) -> Iterable[Term]:
    """The columns of `*`, marked as used."""
    for source in sources:
        for column in source.columns:
            if not column.term.definition.hidden:
                column.use()
                yield column.term


def labelled(scope: Scope, star: exp.Column) -> list[Source]:
    """The sources named by `label.*`. Raises `SqlFailure` -23."""
    wanted = [
        source
        for source in scope.sources
        if source.label.upper() == star.table.upper()
        and (not star.db or source.schema.upper() == star.db.upper())
    ]
    if not wanted:
        raise failure(-23, f"'{star.table}'")
    return wanted


def mixes_aggregates_and_columns(items: Sequence[exp.Expr]) -> bool:
    """True if a SELECT list has both aggregates and, outside them, columns of its own tables."""
    aggregates = columns = False
    pending: list[exp.Expr] = list(items)
    while pending:
        node = pending.pop()
        if isinstance(node, exp.Anonymous) and str(node.this).upper() in AGGREGATES:
            aggregates = True
        elif isinstance(node, (exp.Column, exp.Star, exp.Window)):
            columns = True
        elif not isinstance(node, (exp.Subquery, exp.Select)):
            pending.extend(child for child in node.iter_expressions())
    return aggregates and columns


def grouped(term: Term, groups: Sequence[Term], *, whole: bool) -> Term:
    """A grouped string of SQLUPPER collation is returned in upper case, as IRIS does by default (SQL Reference, GROUP
    BY and DISTINCT, "Letter Case and DISTINCT Optimization").

    UNVERIFIED: whether tables without indices behave so, too. Settle: SELECT DISTINCT UserName FROM
    %SYS.ProcessQuery.
    """
    if term.nature is not Nature.COLUMN or not term.folds_case:
        return term
    if not whole and all(group.sql != term.sql for group in groups):
        return term
    return replace(term, sql=f"{internal_name('UPPER')}({term.sql})", comparand=term.sql if not whole else "")


def united(term: Term, other: Term) -> Term:
    """A column of a UNION: name and table of the first query, and a type that fits both."""
    if term.definition.sql_type == other.definition.sql_type:
        return replace(term, comparand="")
    sql_type = SqlType.NUMERIC if term.is_numeric and other.is_numeric else SqlType.VARCHAR
    return replace(term, definition=replace(term.definition, sql_type=sql_type), comparand="")


def output_position(target: exp.Expr, outputs: Sequence[tuple[str, Term]]) -> int | None:
    """Number, from 1, of the output that an ORDER BY item names by number or name. Raises `SqlFailure` -5."""
    if isinstance(target, exp.Literal) and not target.is_string:
        if not target.name.isdigit() or not 1 <= int(target.name) <= len(outputs):
            raise failure(-5, target.name)
        return int(target.name)
    if isinstance(target, exp.Column) and not target.table:
        wanted = target.name.upper()
        named = [index for index, (name, _) in enumerate(outputs, 1) if name.upper() == wanted]
        return named[0] if named else None
    return None
