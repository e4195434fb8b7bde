"""Random WHERE and ORDER BY clauses over random small tables agree with an evaluation in plain Python.

The evaluation knows SQL's three-valued logic and the collations, and shares nothing with the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from irisops.simulator.backend import SqlFailure
from irisops.simulator.sql.engine import Engine
from tests.simulator.sql.fake_catalog import FakeCatalog

Row = tuple[int, int | None, str | None, str | None]
"""Pid, CPUTime, UserName (SQLUPPER), Routine (EXACT)."""

Truth = bool | None

_SELECT = "SELECT Pid FROM %SYS.ProcessQuery"

_words = st.one_of(st.none(), st.text(alphabet="aAbB_%' ", max_size=3))
_rows = st.lists(st.tuples(st.one_of(st.none(), st.integers(-3, 3)), _words, _words), max_size=7).map(
    lambda cells: [(index, *cell) for index, cell in enumerate(cells)]
)


@dataclass(frozen=True)
class Condition:
    """A condition as SQL and as a function of a row."""

    sql: str
    holds: Callable[[Row], Truth]

    def __repr__(self) -> str:
        return self.sql


def _quoted(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def _collated(column: str, value: str) -> str:
    return value.upper().rstrip() if column == "UserName" else value


_POSITIONS = {"CPUTime": 1, "UserName": 2, "Routine": 3}

_COMPARE: dict[str, Callable[[str | int, str | int], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,  # type: ignore[operator]
    ">=": lambda left, right: left >= right,  # type: ignore[operator]
}


def _number_comparison(operator: str, value: int, *, as_text: bool) -> Condition:
    def holds(row: Row) -> Truth:
        return None if row[1] is None else _COMPARE[operator](row[1], value)

    return Condition(f"CPUTime {operator} {_quoted(str(value)) if as_text else value}", holds)


def _word_comparison(column: str, operator: str, value: str) -> Condition:
    def holds(row: Row) -> Truth:
        cell = row[_POSITIONS[column]]
        return (
            None
            if cell is None
            else _COMPARE[operator](_collated(column, str(cell)), _collated(column, value))
        )

    return Condition(f"{column} {operator} {_quoted(value)}", holds)


def _starts(column: str, value: str) -> Condition:
    def holds(row: Row) -> Truth:
        cell = row[_POSITIONS[column]]
        if cell is None:
            return None
        subject = str(cell).upper() if column == "UserName" else str(cell)
        return subject.startswith(_collated(column, value))

    return Condition(f"{column} %STARTSWITH {_quoted(value)}", holds)


def _null(column: str, *, negated: bool) -> Condition:
    return Condition(
        f"{column} IS {'NOT ' if negated else ''}NULL",
        lambda row: (row[_POSITIONS[column]] is None) != negated,
    )


def _between(low: int, high: int) -> Condition:
    return Condition(
        f"CPUTime BETWEEN {low} AND {high}", lambda row: None if row[1] is None else low <= row[1] <= high
    )


def _member(values: list[int], *, negated: bool) -> Condition:
    listed = ", ".join(str(value) for value in values)
    return Condition(
        f"CPUTime {'NOT ' if negated else ''}IN ({listed})",
        lambda row: None if row[1] is None else (row[1] in values) != negated,
    )


def _not(inner: Condition) -> Condition:
    def holds(row: Row) -> Truth:
        truth = inner.holds(row)
        return None if truth is None else not truth

    return Condition(f"NOT ({inner.sql})", holds)


def _and(left: Condition, right: Condition) -> Condition:
    def holds(row: Row) -> Truth:
        truths = {left.holds(row), right.holds(row)}
        return False if False in truths else None if None in truths else True

    return Condition(f"({left.sql} AND {right.sql})", holds)


def _or(left: Condition, right: Condition) -> Condition:
    def holds(row: Row) -> Truth:
        truths = {left.holds(row), right.holds(row)}
        return True if True in truths else None if None in truths else False

    return Condition(f"({left.sql} OR {right.sql})", holds)


_operators = st.sampled_from(sorted(_COMPARE))
_word_columns = st.sampled_from(["UserName", "Routine"])
_literals = st.text(alphabet="aAbB_%' ", max_size=2)

_simple = st.one_of(
    st.builds(_number_comparison, _operators, st.integers(-3, 3), as_text=st.booleans()),
    st.builds(_word_comparison, _word_columns, _operators, _literals),
    st.builds(_starts, _word_columns, _literals),
    st.builds(_null, st.sampled_from(sorted(_POSITIONS)), negated=st.booleans()),
    st.builds(_between, st.integers(-3, 3), st.integers(-3, 3)),
    st.builds(_member, st.lists(st.integers(-3, 3), min_size=1, max_size=3), negated=st.booleans()),
)

_conditions = st.recursive(
    _simple,
    lambda inner: st.one_of(
        st.builds(_not, inner), st.builds(_and, inner, inner), st.builds(_or, inner, inner)
    ),
    max_leaves=6,
)


def _engine(rows: list[Row]) -> Engine:
    catalog = FakeCatalog()
    catalog.processes = [(pid, pid, user, "USER", routine, cpu, 0, None) for pid, cpu, user, routine in rows]
    return Engine(catalog)


@settings(max_examples=150, deadline=None)
@given(rows=_rows, condition=_conditions)
def test_where_keeps_the_rows_that_python_keeps(rows: list[Row], condition: Condition) -> None:
    engine = _engine(rows)
    sql = f"{_SELECT} WHERE {condition.sql} ORDER BY Pid"
    kept = [(row[0],) for row in rows if condition.holds(row) is True]
    assert engine.query(engine.prepare(sql), []) == kept


@settings(max_examples=150, deadline=None)
@given(
    rows=_rows,
    order=st.lists(st.tuples(st.sampled_from(sorted(_POSITIONS)), st.booleans()), min_size=1, max_size=3),
)
def test_order_by_sorts_as_python_sorts(rows: list[Row], order: list[tuple[str, bool]]) -> None:
    engine = _engine(rows)
    listed = ", ".join(f"{column} {'DESC' if down else 'ASC'}" for column, down in order)
    expected = sorted(rows)
    for column, down in reversed(order):

        def key(row: Row, column: str = column) -> tuple[bool, str | int]:
            cell = row[_POSITIONS[column]]
            if cell is None:
                return (False, 0)
            return (True, cell if isinstance(cell, int) else _collated(column, cell))

        expected.sort(key=key, reverse=down)
    sql = f"{_SELECT} ORDER BY {listed}, Pid"
    assert engine.query(engine.prepare(sql), []) == [(row[0],) for row in expected]


@settings(max_examples=100, deadline=None)
@given(rows=_rows)
def test_group_by_counts_as_python_counts(rows: list[Row]) -> None:
    engine = _engine(rows)
    groups: dict[str | None, tuple[int, int]] = {}
    for _, cpu, user, _ in rows:
        key = None if user is None else user.upper().rstrip()
        count, total = groups.get(key, (0, 0))
        groups[key] = (count + 1, total + (cpu or 0))
    sql = "SELECT UserName, COUNT(*), COALESCE(SUM(CPUTime), 0) FROM %SYS.ProcessQuery GROUP BY UserName"
    answered = {
        None if name is None else str(name).rstrip(): (count, total)
        for name, count, total in engine.query(engine.prepare(sql), [])
    }
    assert answered == groups


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "SELECT",
                "FROM",
                "WHERE",
                "GROUP",
                "BY",
                "ORDER",
                "HAVING",
                "TOP",
                "UNION",
                "JOIN",
                "ON",
                "AND",
                "OR",
                "NOT",
                "IN",
                "LIKE",
                "ESCAPE",
                "NULL",
                "IS",
                "AS",
                "CASE",
                "WHEN",
                "THEN",
                "ELSE",
                "END",
                "CAST",
                "COUNT",
                "(",
                ")",
                ",",
                ".",
                "*",
                "=",
                "<",
                ">",
                "+",
                "-",
                "/",
                "||",
                "[",
                "]",
                "{",
                "}",
                "?",
                "'x'",
                "1",
                "2.5",
                "Pid",
                "UserName",
                "%SYS.ProcessQuery",
                "Security.Roles",
                'Security.Users_List("")',
                '"User"',
                "%STARTSWITH",
                "%EXACT",
                "DISTINCT",
                "EXISTS",
                "BETWEEN",
                "LIMIT",
                "FETCH",
                "FIRST",
                "ROWS",
                "ONLY",
                "GRANT",
                "TO",
                "REVOKE",
                "CREATE",
                "USER",
                "DROP",
                "ROLE",
                "IDENTIFY",
            ]
        ),
        max_size=14,
    )
)
def test_no_sequence_of_words_is_more_than_an_sql_failure(words: list[str]) -> None:
    engine = _engine([(1, 1, "a", "b")])
    for sql in (
        " ".join(words),
        "SELECT " + " ".join(words),
        f"{_SELECT} WHERE {' '.join(words)}",
    ):
        try:
            prepared = engine.prepare(sql)
            values = ["1"] * prepared.parameter_count
            outcome: object = (
                engine.query(prepared, values) if prepared.columns else engine.update(prepared, values)
            )
        except SqlFailure as failure:
            outcome = failure.sqlcode
        assert outcome is not None
