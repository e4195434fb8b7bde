"""Types and collations of combined values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from irisops.simulator.sql.catalog import Collation, ColumnDef, SqlType
from irisops.simulator.sql.functions import internal_name
from irisops.simulator.sql.scope import Nature, Term, expression


def collated(name: str, argument: Term) -> Term:
    """A collation function: %EXACT changes only how the value is compared, the others also change the value."""
    if name == "%EXACT":
        exact = replace(argument.definition, collation=Collation.EXACT)
        bare = argument.sql
        return Term(f"({bare} COLLATE BINARY)", exact, has_affinity=argument.has_affinity)
    value = f"{internal_name(name)}({argument.sql})"
    if name == "%SQLSTRING":
        return expression(value, SqlType.VARCHAR)
    definition = ColumnDef("", SqlType.VARCHAR, max(argument.definition.precision, 1) + 1)
    return Term(value, definition, comparand=f"iris_text({argument.sql}) COLLATE IRIS_SQLUPPER")


def aggregated(name: str, sql: str, term: Term) -> Term:
    """An aggregate of `term`, computed by `sql` (types: SQL Reference, the pages of the aggregates)."""
    if name in {"COUNT", "LIST"}:
        return expression(sql, SqlType.BIGINT if name == "COUNT" else SqlType.VARCHAR)
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


def number_type(term: Term) -> int:
    """The type of a term in a numeric context."""
    return term.definition.sql_type if term.is_numeric else SqlType.NUMERIC


def common_number(left: int, right: int) -> int:
    """The type of a sum of two numbers."""
    if SqlType.DOUBLE in {left, right}:
        return SqlType.DOUBLE
    if SqlType.NUMERIC in {left, right}:
        return SqlType.NUMERIC
    return SqlType.BIGINT if SqlType.BIGINT in {left, right} else SqlType.INTEGER


def common_type(terms: Sequence[Term]) -> int:
    """The common type of alternative values, as in CASE or COALESCE."""
    typed = [term for term in terms if term.nature is not Nature.LITERAL]
    if not typed:
        return SqlType.VARCHAR
    if all(term.is_numeric for term in typed):
        common = typed[0].definition.sql_type
        for term in typed[1:]:
            common = common_number(common, term.definition.sql_type)
        return common
    types = {term.definition.sql_type for term in typed}
    return types.pop() if len(types) == 1 else SqlType.VARCHAR


def cast(sql: str, sql_type: int, sizes: Sequence[int]) -> Term:
    """`CAST(... AS type(sizes))`. Dates and times stay text in ODBC form, as the client shows them."""
    if sql_type == SqlType.VARCHAR:
        shown = f"iris_text({sql})"
        return expression(
            f"iris_left({shown}, {sizes[0]})" if sizes else shown, sql_type, precision=sum(sizes[:1])
        )
    if sql_type == SqlType.NUMERIC:
        scale = sizes[1] if len(sizes) > 1 else 0
        number = f"CAST({sql} AS NUMERIC)"
        return expression(f"iris_round({number}, {scale})" if sizes else number, sql_type, scale=scale)
    formed = {
        SqlType.BIT: f"(CAST({sql} AS NUMERIC) <> 0)",
        SqlType.INTEGER: f"CAST({sql} AS INTEGER)",
        SqlType.BIGINT: f"CAST({sql} AS INTEGER)",
        SqlType.DOUBLE: f"CAST({sql} AS REAL)",
        SqlType.DATE: f"iris_left(iris_text({sql}), 10)",
    }
    return expression(formed.get(sql_type, f"iris_text({sql})"), sql_type)
