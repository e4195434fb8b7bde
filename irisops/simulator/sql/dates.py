"""Date functions of InterSystems SQL over dates in ODBC form, `YYYY-MM-DD HH:MM:SS`.

Source: "InterSystems SQL Reference", DATEDIFF, DATEADD, DATEPART. SQL timestamps have no time zone; arithmetic treats
them as UTC, which does not change the result.
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
    **dict.fromkeys(("quarter", "qq", "q"), "quarter"),
    **dict.fromkeys(("weekday", "dw", "w"), "weekday"),
    **dict.fromkeys(("dayofyear", "dy", "y"), "dayofyear"),
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
    """Number of boundaries of the part between the two moments, as the reference defines DATEDIFF."""
    name, begin, finish = _part(part), _moment(start), _moment(end)
    if name == "year":
        return finish.year - begin.year
    if name == "month":
        return (finish.year - begin.year) * 12 + finish.month - begin.month
    if name == "quarter":
        return (finish.year - begin.year) * 4 + _quarter(finish) - _quarter(begin)
    if name == "week":
        return (finish.date().toordinal() // 7) - (begin.date().toordinal() // 7)
    days = finish.date().toordinal() - begin.date().toordinal()
    if name in {"day", "weekday", "dayofyear"}:
        return days
    unit = _SECONDS[name]
    seconds = [moment.hour * 3600 + moment.minute * 60 + moment.second for moment in (begin, finish)]
    return days * (86400 // unit) + seconds[1] // unit - seconds[0] // unit


def date_add(part: Scalar, amount: Scalar, value: Scalar) -> str:
    """Add an amount of a part to a moment. A day past the end of the month becomes the month's last day."""
    name, moment, units = _part(part), _moment(value), int(number(amount))
    try:
        if name in _MONTHS:
            months = moment.year * 12 + moment.month - 1 + units * _MONTHS[name]
            year, month = months // 12, months % 12 + 1
            moment = moment.replace(year=year, month=month, day=min(moment.day, _days_in(year, month)))
        elif name in {"week", "day", "weekday", "dayofyear"}:
            moment += timedelta(days=units * (7 if name == "week" else 1))
        else:
            moment += timedelta(seconds=units * _SECONDS[name])
    except (ValueError, OverflowError):
        raise failure(FATAL_ERROR, "<ILLEGAL VALUE> the result of DATEADD is not a date") from None
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _days_in(year: int, month: int) -> int:
    first = datetime(year, month, 1, tzinfo=UTC)
    return ((first + timedelta(days=32)).replace(day=1) - first).days


def date_part(part: Scalar, value: Scalar) -> int:
    """The value of one part of a date."""
    name, moment = _part(part), _moment(value)
    computed = _COMPUTED.get(name)
    return computed(moment) if computed is not None else int(getattr(moment, name))


def to_char(value: Scalar, layout: Scalar = None) -> str:
    """`TO_CHAR(value[, format])` of a date or timestamp; without a format, the value as text.

    Raises `SqlFailure` -400 for a number format, which is not emulated.
    """
    if layout is None:
        return text(value)
    moment = _moment(value)
    shown, rest = "", text(layout)
    while rest:
        code = next((code for code in _CODES if rest.upper().startswith(code)), "")
        shown += _CODES[code](moment) if code else rest[0]
        rest = rest[len(code) or 1 :]
    return shown


def last_day(value: Scalar) -> str:
    """The last day of the month of a date."""
    moment = _moment(value)
    return moment.replace(day=_days_in(moment.year, moment.month)).strftime("%Y-%m-%d")


def name_of_date(layout: str) -> Callable[[Scalar], Scalar]:
    """DAYNAME and MONTHNAME, in English."""
    return lambda value: _moment(value).strftime(layout)


def computed_field(name: str) -> Callable[[Scalar], Scalar]:
    """The function for a computed part, as in QUARTER(x) and DAYOFWEEK(x)."""
    return lambda value: _COMPUTED[name](_moment(value))


def _quarter(moment: datetime) -> int:
    return (moment.month + 2) // 3


_MONTHS = {"year": 12, "quarter": 3, "month": 1}

_COMPUTED: dict[str, Callable[[datetime], int]] = {
    "week": lambda moment: moment.isocalendar().week,
    "quarter": _quarter,
    "weekday": lambda moment: moment.isoweekday() % 7 + 1,
    "dayofyear": lambda moment: moment.timetuple().tm_yday,
}
"""Weekdays are numbered from Sunday = 1 (SQL Reference, DATEPART)."""

_CODES: dict[str, Callable[[datetime], str]] = {
    "YYYY": lambda moment: f"{moment.year:04}",
    "YY": lambda moment: f"{moment.year % 100:02}",
    "MONTH": lambda moment: moment.strftime("%B"),
    "MON": lambda moment: moment.strftime("%b"),
    "MM": lambda moment: f"{moment.month:02}",
    "MI": lambda moment: f"{moment.minute:02}",
    "DDD": lambda moment: str(moment.timetuple().tm_yday),
    "DD": lambda moment: f"{moment.day:02}",
    "DAY": lambda moment: moment.strftime("%A"),
    "DY": lambda moment: moment.strftime("%a"),
    "D": lambda moment: str(moment.isoweekday() % 7 + 1),
    "HH24": lambda moment: f"{moment.hour:02}",
    "HH12": lambda moment: f"{(moment.hour + 11) % 12 + 1:02}",
    "HH": lambda moment: f"{(moment.hour + 11) % 12 + 1:02}",
    "SS": lambda moment: f"{moment.second:02}",
    "AM": lambda moment: "AM" if moment.hour < 12 else "PM",
    "PM": lambda moment: "AM" if moment.hour < 12 else "PM",
}
"""Format codes; a longer code comes before its prefixes (SQL Reference, TO_CHAR)."""


def field_of_date(name: str) -> Callable[[Scalar], Scalar]:
    """The function for one part, as in YEAR(x) and HOUR(x)."""
    return lambda value: int(getattr(_moment(value), name))
