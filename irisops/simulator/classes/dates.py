"""Dates and times as IRIS writes them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

_DAY_ZERO = date(1840, 12, 31)


def horolog_day(day: date) -> int:
    """$HOROLOG days: day 0 is 1840-12-31 (facts: license-sessions 1.2)."""
    return (day - _DAY_ZERO).days


def from_horolog_day(day: int) -> date:
    """The date of a $HOROLOG day."""
    return _DAY_ZERO + timedelta(days=day)


def odbc(moment: datetime | None) -> str:
    """`YYYY-MM-DD HH:MM:SS`, or "" where there is none."""
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def odbc_millis(moment: datetime | None) -> str:
    """`YYYY-MM-DD HH:MM:SS.mmm`, or "" where there is none."""
    return (
        "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}"
    )


def odbc_date(day: date | None) -> str:
    """`YYYY-MM-DD`, or "" where there is none."""
    return "" if day is None else day.isoformat()


def horolog(moment: datetime | None) -> str:
    """`days,seconds` as $H has it; "" where there is none."""
    if moment is None:
        return ""
    return f"{horolog_day(moment.date())},{moment.hour * 3600 + moment.minute * 60 + moment.second}"
