"""Date functions of InterSystems SQL over dates in ODBC form, `YYYY-MM-DD HH:MM:SS`.

Source: "InterSystems SQL Reference", DATEDIFF, DATEADD, DATEPART. SQL timestamps carry no time zone; arithmetic
here is done as if they were UTC, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from irisops.simulator.sql.failures import FATAL_ERROR, failure
from irisops.simulator.sql.values import Scalar, number, text

_DATE_PARTS = {
    **dict.fromkeys(("year", "yyyy", "yy"), "year"),
    **dict.fromkeys(("month", "mm", "m"), "month"),
    **dict.fromkeys(("week", "wk", "ww"), "week"),
    **dict.fromkeys(("day", "dd", "d"), "day"),
    **dict.fromkeys(("hour", "hh", "h"), "hour"),
    **dict.fromkeys(("minute", "mi", "n"), "minute"),
    **dict.fromkeys(("second", "ss", "s"), "second"),
}

_SECONDS = {"hour": 3600, "minute": 60, "second": 1}


def _moment(value: Scalar) -> datetime:
    shown = text(value).strip()
    for layout in ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return datetime.strptime(shown, layout).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise failure(FATAL_ERROR, f"<ILLEGAL VALUE> {shown!r} is not a date of the form YYYY-MM-DD [HH:MM:SS]")


def _part(name: Scalar) -> str:
    part = _DATE_PARTS.get(text(name).lower())
    if part is None:
        raise failure(
            -8, f"{text(name)!r}; the simulator knows year, month, week, day, hour, minute and second"
        )
    return part


def date_difference(part: Scalar, start: Scalar, end: Scalar) -> int:
    """Boundaries of the part that lie between the two, as the reference says of DATEDIFF."""
    name, begin, finish = _part(part), _moment(start), _moment(end)
    if name == "year":
        return finish.year - begin.year
    if name == "month":
        return (finish.year - begin.year) * 12 + finish.month - begin.month
    if name == "week":
        return (finish.date().toordinal() // 7) - (begin.date().toordinal() // 7)
    days = finish.date().toordinal() - begin.date().toordinal()
    if name == "day":
        return days
    unit = _SECONDS[name]
    seconds = [moment.hour * 3600 + moment.minute * 60 + moment.second for moment in (begin, finish)]
    return days * (86400 // unit) + seconds[1] // unit - seconds[0] // unit


def date_add(part: Scalar, amount: Scalar, value: Scalar) -> str:
    """A moment moved by an amount of a part. A day that the month has not becomes its last."""
    name, moment, units = _part(part), _moment(value), int(number(amount))
    try:
        if name in {"year", "month"}:
            months = moment.year * 12 + moment.month - 1 + units * (12 if name == "year" else 1)
            year, month = months // 12, months % 12 + 1
            moment = moment.replace(year=year, month=month, day=min(moment.day, _days_in(year, month)))
        elif name in {"week", "day"}:
            moment += timedelta(days=units * (7 if name == "week" else 1))
        else:
            moment += timedelta(seconds=units * _SECONDS[name])
    except (ValueError, OverflowError):
        raise failure(FATAL_ERROR, "<ILLEGAL VALUE> the result of DATEADD is no date") from None
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _days_in(year: int, month: int) -> int:
    first = datetime(year, month, 1, tzinfo=UTC)
    return ((first + timedelta(days=32)).replace(day=1) - first).days


def date_part(part: Scalar, value: Scalar) -> int:
    """The number of one part of a date."""
    name, moment = _part(part), _moment(value)
    return moment.isocalendar().week if name == "week" else int(getattr(moment, name))


def field_of_date(name: str) -> Callable[[Scalar], Scalar]:
    """The function for one part, as in YEAR(x) and HOUR(x)."""
    return lambda value: int(getattr(_moment(value), name))
