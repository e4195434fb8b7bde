"""Data types of columns: their DDL names, and the values that fit."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.backend import ObjectRef, Value
from irisops.simulator.sql.stored import types
from irisops.simulator.sql.stored.types import ColumnType, InvalidValueError, column_type, horolog_day


def made(name: str, *sizes: int, **parameters: str) -> ColumnType:
    found = column_type(name, sizes, parameters)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("column", "value", "stored"),
    [
        (made("INTEGER"), "12", 12),
        (made("INTEGER"), Decimal("1.9"), 1),
        (made("TINYINT"), -128, -128),
        (made("BIT"), 5, 1),
        (made("BIT"), "0", 0),
        (made("NUMERIC", 6, 2), "12.345", Decimal("12.35")),
        (made("NUMERIC", 6, 2), 3.0, 3),
        (made("NUMERIC"), "7.4", 7),
        (made("DOUBLE"), "1e3", 1000.0),
        (made("VARCHAR", 5), 12.50, "12.5"),
        (made("VARCHAR", 5), b"\xe9", "é"),
        (made("VARCHAR", 5), "", ""),
        (made("VARBINARY", 3), "\xff\x00", b"\xff\x00"),
        (made("DATE"), "2024-06-09", "2024-06-09"),
        (made("DATE"), "67000", "2024-06-09"),
        (made("DATE"), 0, "1840-12-31"),
        (made("DATE"), "2024-06-09 10:00:00", "2024-06-09"),
        (made("TIME"), "03:04:05.500", "03:04:05.5"),
        (made("TIME"), 3661, "01:01:01"),
        (made("TIMESTAMP"), "2024-06-09", "2024-06-09 00:00:00"),
        (made("TIMESTAMP"), "2024-06-09T01:02:03.250000", "2024-06-09 01:02:03.25"),
        (made("TIMESTAMP"), "2024-06-09 01:02:03.123456789", "2024-06-09 01:02:03.123456789"),
        (made("TIMESTAMP"), "2024-06-09 01:02:03.000000000", "2024-06-09 01:02:03"),
        (made("TIME"), "01:02:03.1234567", "01:02:03.1234567"),
        (made("%STRING", MAXLEN="3"), "abc", "abc"),
        (made("LONGVARCHAR"), "x" * 100_000, "x" * 100_000),
        (made("VARCHAR", 5), None, None),
    ],
)
def test_a_value_that_fits_is_stored_in_the_form_of_its_type(
    column: ColumnType, value: Value, stored: Value
) -> None:
    found = column.stored(value)
    assert (found, type(found)) == (stored, type(stored))


@pytest.mark.parametrize(
    ("column", "value", "sqlcode"),
    [
        (made("INTEGER"), "twelve", 0),
        (made("INTEGER"), "", 0),
        (made("INTEGER"), 2**31, 0),
        (made("TINYINT"), 128, 0),
        (made("SMALLINT"), -32769, 0),
        (made("BIGINT"), 2**63, 0),
        (made("NUMERIC", 4, 2), 100, 0),
        (made("NUMERIC", 4, 2), "9" * 400, 0),
        (made("DOUBLE"), float("inf"), 0),
        (made("VARCHAR"), "ab", 0),
        (made("VARCHAR", 3), "abcd", 0),
        (made("VARCHAR", 3), ObjectRef(1, "X"), 0),
        (made("VARBINARY", 3), b"abcd", 0),
        (made("VARBINARY", 3), "\u65e5", 0),
        (made("DATE"), "2024-02-30", -146),
        (made("DATE"), "soon", -146),
        (made("DATE"), 10**9, -146),
        (made("TIME"), "25:00:00", -147),
        (made("TIME"), 86_400, -147),
        (made("TIMESTAMP"), "yesterday", 0),
        (made("TIMESTAMP"), "2024-06-09 01:02:03.1234567890", 0),
        (made("TIMESTAMP"), 5, 0),
    ],
)
def test_a_value_that_does_not_fit_is_refused(column: ColumnType, value: Value, sqlcode: int) -> None:
    with pytest.raises(InvalidValueError) as caught:
        column.stored(value)
    assert caught.value.sqlcode == sqlcode


@given(st.dates(min_value=datetime.date(1841, 1, 1)))
def test_days_of_horolog_and_dates_are_one(day: datetime.date) -> None:
    shown = day.isoformat()
    assert types.DATE.stored(horolog_day(shown)) == shown
    assert types.DATE.stored(shown) == shown


@given(st.times())
def test_a_time_keeps_its_microseconds(moment: datetime.time) -> None:
    stored = types.TIME.stored(moment.isoformat("microseconds"))
    assert (
        datetime.time.fromisoformat(str(stored).ljust(15, "0") if "." in str(stored) else str(stored))
        == moment
    )
    seconds = Decimal(moment.hour * 3600 + moment.minute * 60 + moment.second) + Decimal(
        moment.microsecond
    ) / Decimal(10**6)
    assert types.TIME.stored(seconds) == stored


@given(st.decimals(-(10**8), 10**8, places=2))
def test_a_number_of_the_right_scale_comes_back_as_it_was(number: Decimal) -> None:
    stored = made("NUMERIC", 12, 2).stored(number)
    assert isinstance(stored, int | Decimal)
    assert stored == number


@pytest.mark.parametrize("name", ["NIXSUCH", "", "%NIX", "VARCHAR VARCHAR"])
def test_there_is_no_such_type(name: str) -> None:
    assert column_type(name, ()) is None
