"""Scalar functions: results by example, and laws by hypothesis."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.backend import Value
from irisops.simulator.sql.functions import FUNCTIONS, compare_sqlupper, like, sqlupper
from irisops.simulator.sql.values import canonical, number, text
from tests.simulator.sql.conftest import Select


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("UPPER('straße')", "STRASSE"),
        ("LOWER('ÄB')", "äb"),
        ("LENGTH('ab  ')", 2),
        ("CHAR_LENGTH('ab  ')", 4),
        ("$LENGTH('a,b,c', ',')", 3),
        ("$PIECE('a,b,c', ',', 2)", "b"),
        ("$PIECE('a,b,c', ',', 2, 3)", "b,c"),
        ("$EXTRACT('abc', 2)", "b"),
        ("SUBSTRING('abcdef', 2, 3)", "bcd"),
        ("SUBSTRING('abcdef', 5)", "ef"),
        ("LEFT('abc', 2)", "ab"),
        ("RIGHT('abc', 2)", "bc"),
        ("LTRIM('  a ') || '|'", "a |"),
        ("RTRIM(' a  ') || '|'", " a|"),
        ("TRIM('  a  ')", "a"),
        ("REPLACE('banana', 'an', '-')", "b--a"),
        ("CONCAT('a', 1.50)", "a1.5"),
        ("STRING('a', NULL, 2)", "a2"),
        ("REVERSE('abc')", "cba"),
        ("REPEAT('ab', 3)", "ababab"),
        ("CHARINDEX('b', 'abcb')", 2),
        ("CHARINDEX('b', 'abcb', 3)", 4),
        ("INSTR('abcb', 'b')", 2),
        ("ASCII('A')", 65),
        ("COALESCE(NULL, NULL, 'x')", "x"),
        ("NVL(NULL, 5)", 5),
        ("ISNULL('a', 'b')", "a"),
        ("NULLIF('a', 'a')", None),
        ("DECODE(2, 1, 'one', 2, 'two', 'many')", "two"),
        ("DECODE(9, 1, 'one', 2, 'two', 'many')", "many"),
        ("GREATEST(3, 10, 7)", 10),
        ("LEAST('b', 'a')", "a"),
        ("ABS(-4)", 4),
        ("ROUND(2.345, 2)", Decimal("2.35")),
        ("ROUND(1234, -2)", 1200),
        ("FLOOR(-1.5)", -2),
        ("CEILING(-1.5)", -1),
        ("MOD(-7, 3)", -1),
        ("SIGN(-3)", -1),
        ("POWER(2, 10)", 1024),
        ("SQRT(9)", 3),
        ("YEAR('2026-11-24')", 2026),
        ("MONTH('2026-11-24')", 11),
        ("DAY('2026-11-24')", 24),
        ("HOUR('2026-11-24 10:58:07')", 10),
        ("SECOND('2026-11-24 10:58:07')", 7),
        ("MINUTE('2026-11-24 10:58:07')", 58),
        ("DATEDIFF('year', '2025-12-31', '2026-01-01')", 1),
        ("DATEDIFF('mm', '2026-01-31', '2026-02-01')", 1),
        ("DATEDIFF(dd, '2026-01-01', '2026-01-05 23:59:59')", 4),
        ("DATEDIFF('hour', '2026-01-01 09:59:59', '2026-01-01 10:00:00')", 1),
        ("DATEDIFF('ss', '2026-01-01', '2026-01-02')", 86400),
        ("DATEADD('month', 1, '2026-01-31')", "2026-02-28 00:00:00"),
        ("DATEADD('day', -1, '2026-03-01 12:00:00')", "2026-02-28 12:00:00"),
        ("DATEPART('week', '2026-01-08')", 2),
        ("DATEPART('weekday', '2024-06-09')", 1),
        ("DATEDIFF('quarter', '2025-12-31', '2026-04-01')", 2),
        ("DATEADD('quarter', 1, '2026-01-31')", "2026-04-30 00:00:00"),
        ("DATE('2026-11-24 10:58:07')", "2026-11-24"),
        ("DATE(67000)", "2024-06-09"),
        ("DAYNAME('2024-06-09')", "Sunday"),
        ("DAYOFWEEK('2024-06-08')", 7),
        ("DAYOFYEAR('2024-12-31')", 366),
        ("LAST_DAY('2024-02-03')", "2024-02-29"),
        ("MONTHNAME('2024-02-03')", "February"),
        ("QUARTER('2024-10-01')", 4),
        ("WEEK('2026-01-08')", 2),
        ("TO_CHAR('2026-01-02 15:04:05', 'DD.MM.YYYY HH24:MI:SS HH:MI AM')", "02.01.2026 15:04:05 03:04 PM"),
        ("TO_CHAR(12.50)", "12.5"),
        ("TO_NUMBER('12.5 m')", Decimal("12.5")),
        ("LPAD('ab', 5, 'xy')", "xyxab"),
        ("RPAD('abc', 2)", "ab"),
        ("RPAD('a', 3)", "a  "),
        ("SPACE(2) || '.'", "  ."),
        ("SQUARE(-3)", 9),
        ("FLOOR( PI() )", 3),
        ("CONVERT(VARCHAR(2), CONVERT(INTEGER, '123'))", "12"),
        ("{fn CONVERT('7', SQL_INTEGER)} + 1", 8),
        ("%SQLUPPER('ab ')", " AB"),
        ("%EXACT('ab')", "ab"),
        ("%EXTERNAL('ab')", "ab"),
        ("%EXTERNAL(3)", "Warning"),
        ("UPPER(NULL)", None),
        ("1 + NULL", None),
    ],
)
def test_examples(select: Select, call: str, result: Value) -> None:
    assert select("SELECT " + call) == [(result,)]


def test_every_function_is_exercised_by_an_example_or_is_an_alias() -> None:
    aliases = {
        "CHARACTER_LENGTH",
        "SUBSTR",
        "UCASE",
        "LCASE",
        "LEN",
        "DAYOFMONTH",
        "%UPPER",
        "%SQLSTRING",
        "IFNULL",
    }
    examples = next(mark for mark in test_examples.pytestmark if mark.name == "parametrize").args[1]  # type: ignore[attr-defined]
    shown = " ".join(call for call, _ in examples)
    assert {name for name in FUNCTIONS if f" {name}(" not in f" {shown}"} - aliases == set()


@given(st.integers(-(10**15), 10**15), st.integers(0, 9))
def test_the_canonical_form_of_a_decimal_reads_back(digits: int, scale: int) -> None:
    value = Decimal(digits).scaleb(-scale)
    shown = canonical(value)
    assert Decimal(shown) == value
    assert not shown.startswith(("0.", "-0"))
    assert "E" not in shown
    assert not ("." in shown and shown.endswith("0"))


@given(st.integers(-(2**63), 2**63 - 1), st.text(alphabet="abc /!", max_size=5))
def test_a_string_is_the_number_it_begins_with(value: int, rest: str) -> None:
    assert number(f"{value}{rest}") == value


@given(st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.binary()))
def test_reading_a_value_as_text_or_number_never_fails(value: float | str | bytes | None) -> None:
    assert isinstance(text(value), str)
    assert isinstance(number(value), int | float)


@given(st.text(alphabet="aAbBß _", max_size=6), st.text(alphabet="aAbBß _", max_size=6))
def test_sqlupper_orders_as_its_collated_form(left: str, right: str) -> None:
    first, second = sqlupper(left), sqlupper(right)
    assert compare_sqlupper(left, right) == (first > second) - (first < second)


@given(st.text(alphabet="ab%_!", max_size=8))
def test_an_escaped_pattern_matches_its_own_text_alone(value: str) -> None:
    pattern = "".join(f"!{character}" if character in "%_!" else character for character in value)
    assert like(value, pattern, "!", 0) == 1
    assert like(value + "x", pattern, "!", 0) == 0


def _like_by_recursion(value: str, pattern: str) -> bool:
    if not pattern:
        return not value
    if pattern[0] == "%":
        return any(_like_by_recursion(value[skip:], pattern[1:]) for skip in range(len(value) + 1))
    return bool(value) and pattern[0] in {"_", value[0]} and _like_by_recursion(value[1:], pattern[1:])


@given(st.text(alphabet="ab\n", max_size=6), st.text(alphabet="ab%_\n", max_size=5))
def test_like_agrees_with_its_definition(value: str, pattern: str) -> None:
    assert bool(like(value, pattern, "", 0)) == _like_by_recursion(value, pattern)
