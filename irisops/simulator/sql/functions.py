"""Scalar functions of InterSystems SQL, in Python.

Source of names, argument orders and results: "InterSystems SQL Reference", SQL Functions. SQLite calls these under
names that begin with `iris_`; statements cannot reach SQLite's own scalar functions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from irisops.simulator.sql.catalog import SqlType
from irisops.simulator.sql.dates import (
    computed_field,
    date_add,
    date_difference,
    date_part,
    field_of_date,
    last_day,
    name_of_date,
    to_char,
)
from irisops.simulator.sql.failures import FATAL_ERROR, failure
from irisops.simulator.sql.stored.types import (
    MAXIMUM_STRING,
    InvalidValueError,
    odbc_date,
    odbc_time,
    odbc_timestamp,
)
from irisops.simulator.sql.values import Scalar, number, plain, text


@dataclass(frozen=True, slots=True)
class ScalarFunction:
    """A function and its number of arguments. `sql_type` None: the type of its first argument.

    A `strict` function is NULL if any argument is NULL.
    """

    implementation: Callable[..., Scalar]
    minimum: int
    maximum: int
    sql_type: int | None = SqlType.VARCHAR
    strict: bool = True

    def __call__(self, *arguments: Scalar) -> Scalar:
        """Called by SQLite with positional arguments."""
        if self.strict and any(argument is None for argument in arguments):
            return None
        return self.implementation(*arguments)


def sqlupper(value: str) -> str:
    """A string in SQLUPPER collation without the leading blank: upper case, no trailing white space."""
    return value.upper().rstrip()


def compare_sqlupper(left: str, right: str) -> int:
    """Order of two strings in SQLUPPER collation: -1, 0 or 1."""
    first, second = left.upper().rstrip(), right.upper().rstrip()
    return (first > second) - (first < second)


# Predicates ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _like_pattern(pattern: str, escape: str, *, fold: bool) -> re.Pattern[str]:
    if len(escape) > 1:
        raise failure(-63, "ESCAPE takes one character")
    parts: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if escape and character == escape:
            literal = next(characters, None)
            if literal is None:
                raise failure(-63, "the pattern ends with its escape character")
            parts.append(re.escape(literal.upper() if fold else literal))
        elif character == "%":
            parts.append(".*")
        elif character == "_":
            parts.append(".")
        else:
            parts.append(re.escape(character.upper() if fold else character))
    return re.compile("".join(parts), re.DOTALL)


def like(value: Scalar, pattern: Scalar, escape: Scalar, fold: Scalar) -> int | None:
    """`value LIKE pattern`; `fold` 1 for the SQLUPPER collation of the target."""
    if value is None or pattern is None:
        return None
    subject = text(value).upper() if fold else text(value)
    compiled = _like_pattern(text(pattern), text(escape), fold=bool(fold))
    return 1 if compiled.fullmatch(subject) else 0


def starts_with(value: Scalar, prefix: Scalar, fold: Scalar) -> int | None:
    """`value %STARTSWITH prefix`. Under SQLUPPER, trailing blanks of the prefix do not count."""
    if value is None or prefix is None:
        return None
    if fold:
        return 1 if text(value).upper().startswith(sqlupper(text(prefix))) else 0
    return 1 if text(value).startswith(text(prefix)) else 0


def contains(value: Scalar, part: Scalar) -> int | None:
    """`value [ part`, always in EXACT collation."""
    if value is None or part is None:
        return None
    return 1 if text(part) in text(value) else 0


def exact_text(value: Scalar) -> str | None:
    """A value as text, for a string comparison."""
    return None if value is None else text(value)


def _in_form(form: Callable[[Scalar], str]) -> Callable[[Scalar], Scalar]:
    """Converter of a value to a date, time or timestamp form; a value that is none of these stays as it is."""

    def convert(value: Scalar) -> Scalar:
        if value is None:
            return None
        try:
            return form(value)
        except InvalidValueError:
            return text(value)

    return convert


# Strings ---------------------------------------------------------------------------------------------------------


def _substring(value: Scalar, start: Scalar, length: Scalar = None) -> str:
    whole = text(value)
    first = int(number(start))
    first = len(whole) + first + 1 if first < 0 else max(first, 1)
    if first < 1:
        return ""
    if length is None:
        return whole[first - 1 :]
    return whole[first - 1 : first - 1 + max(int(number(length)), 0)]


def _piece(value: Scalar, delimiter: Scalar, first: Scalar = 1, last: Scalar = None) -> str:
    between = text(delimiter)
    if not between:
        return ""
    pieces = text(value).split(between)
    begin = int(number(first))
    end = begin if last is None else int(number(last))
    return between.join(pieces[max(begin, 1) - 1 : max(end, 0)])


def _extract(value: Scalar, first: Scalar = 1, last: Scalar = None) -> str:
    begin = int(number(first))
    end = begin if last is None else int(number(last))
    return text(value)[max(begin, 1) - 1 : max(end, 0)]


def _dollar_length(value: Scalar, delimiter: Scalar = None) -> int:
    if delimiter is None:
        return len(text(value))
    return text(value).count(text(delimiter)) + 1 if text(delimiter) else 0


def _find(part: Scalar, value: Scalar, start: Scalar = 1) -> int:
    return text(value).find(text(part), max(int(number(start)), 1) - 1) + 1


def _instr(value: Scalar, part: Scalar, start: Scalar = 1) -> int:
    return _find(part, value, start)


def _ifnull(value: Scalar, if_null: Scalar, otherwise: Scalar = None) -> Scalar:
    return if_null if value is None else otherwise


def _coalesce(*values: Scalar) -> Scalar:
    return next((value for value in values if value is not None), None)


def _nullif(first: Scalar, second: Scalar) -> Scalar:
    return None if first is not None and second is not None and text(first) == text(second) else first


def _decode(value: Scalar, *rest: Scalar) -> Scalar:
    for candidate, result in zip(rest[::2], rest[1::2], strict=False):
        if (value is None and candidate is None) or (
            value is not None and candidate is not None and text(value) == text(candidate)
        ):
            return result
    return rest[-1] if len(rest) % 2 else None


def _extreme(*values: Scalar, largest: bool) -> Scalar:
    if all(isinstance(value, int | float) for value in values):
        return (max if largest else min)(values, key=number)
    return (max if largest else min)(text(value) for value in values)


def _check_length(length: int) -> None:
    if length > MAXIMUM_STRING:
        raise failure(FATAL_ERROR, "<MAXSTRING> the result of a string function is too long")


def _replace(value: Scalar, old: Scalar, new: Scalar) -> str:
    searched, find, put = text(value), text(old), text(new)
    if not find:
        return searched
    _check_length(len(searched) + searched.count(find) * (len(put) - len(find)))
    return searched.replace(find, put)


def _repeat(value: Scalar, times: Scalar) -> str:
    count = max(int(number(times)), 0)
    _check_length(count * len(text(value)))
    return text(value) * count


def _padded(value: Scalar, length: Scalar, filling: Scalar = " ", *, left: bool) -> str:
    """LPAD and RPAD: cut or pad a string to a length."""
    shown, width, fill = text(value), max(int(number(length)), 0), text(filling)
    _check_length(width)
    if width <= len(shown) or not fill:
        return shown[:width]
    padding = (fill * (width // len(fill) + 1))[: width - len(shown)]
    return padding + shown if left else shown + padding


def concatenate(left: Scalar, right: Scalar) -> str | None:
    """`left || right`: NULL if either is."""
    if left is None or right is None:
        return None
    whole = text(left) + text(right)
    _check_length(len(whole))
    return whole


# Numbers ---------------------------------------------------------------------------------------------------------


def _divisor(value: Scalar) -> int | float:
    divisor = number(value)
    if divisor == 0:
        raise failure(FATAL_ERROR, "<DIVIDE> division by zero")
    return divisor


def divide(left: Scalar, right: Scalar) -> int | float | None:
    """`left / right`: the quotient is not truncated to an integer; a zero divisor fails as `<DIVIDE>`."""
    if left is None or right is None:
        return None
    quotient = number(left) / _divisor(right)
    return int(quotient) if quotient.is_integer() else quotient


def integer_divide(left: Scalar, right: Scalar) -> int | None:
    r"""`left \ right`: the integer part of the quotient."""
    quotient = divide(left, right)
    return None if quotient is None else math.trunc(quotient)


def modulo(left: Scalar, right: Scalar) -> int | float | None:
    """`left # right`, with the sign of the divisor as in ObjectScript."""
    if left is None or right is None:
        return None
    return number(left) % _divisor(right)


def _mod(left: Scalar, right: Scalar) -> int | float:
    remainder = math.fmod(number(left), _divisor(right))
    return int(remainder) if float(remainder).is_integer() else remainder


def _round(value: Scalar, digits: Scalar = 0) -> int | float:
    places = max(min(int(number(digits)), 100), -100)
    exact = Decimal(text(number(value)))
    return plain(exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))


def _power(base: Scalar, exponent: Scalar) -> int | float:
    try:
        result = float(number(base)) ** float(number(exponent))
    except (OverflowError, ZeroDivisionError):
        raise failure(FATAL_ERROR, "<MAXNUMBER> the result of POWER is too large") from None
    if isinstance(result, complex):
        raise failure(FATAL_ERROR, "<ILLEGAL VALUE> POWER of a negative number with a fraction as exponent")
    return int(result) if result.is_integer() and abs(result) < 2**63 else result


def _sqrt(value: Scalar) -> float:
    if number(value) < 0:
        raise failure(FATAL_ERROR, "<ILLEGAL VALUE> SQRT of a negative number")
    return math.sqrt(number(value))


def _trimmed(strip: Callable[[str, str], str]) -> Callable[[Scalar], Scalar]:
    return lambda value: strip(text(value), " ")


_INTEGER = SqlType.INTEGER
_DISPLAY = {"1": "Assert", "2": "Error", "3": "Warning", "4": "Info", "5": "Trace", "6": "Alert"}
"""Of the one column with words that the product reads: Type of Ens_Util.Log.

UNVERIFIED: the numbers behind the words, which public code tells in three ways (facts: iris-operations 9). Settle:
SELECT DISTINCT Type, %External(Type) FROM Ens_Util.Log.
"""

FUNCTIONS: dict[str, ScalarFunction] = {
    "%EXACT": ScalarFunction(lambda value: value, 1, 1, None),
    "%EXTERNAL": ScalarFunction(lambda value: _DISPLAY.get(text(value), text(value)), 1, 1),
    "%SQLSTRING": ScalarFunction(lambda value: " " + text(value).rstrip(), 1, 1),
    "%SQLUPPER": ScalarFunction(lambda value: " " + sqlupper(text(value)), 1, 1),
    "%UPPER": ScalarFunction(lambda value: text(value).upper(), 1, 1),
    "$EXTRACT": ScalarFunction(_extract, 1, 3),
    "$LENGTH": ScalarFunction(_dollar_length, 1, 2, _INTEGER),
    "$PIECE": ScalarFunction(_piece, 2, 4),
    "ABS": ScalarFunction(lambda value: abs(number(value)), 1, 1, None),
    "ASCII": ScalarFunction(lambda value: ord(text(value)[0]) if text(value) else None, 1, 1, _INTEGER),
    "CEILING": ScalarFunction(lambda value: math.ceil(number(value)), 1, 1, _INTEGER),
    "CHARACTER_LENGTH": ScalarFunction(lambda value: len(text(value)), 1, 1, _INTEGER),
    "CHARINDEX": ScalarFunction(_find, 2, 3, _INTEGER),
    "CHAR_LENGTH": ScalarFunction(lambda value: len(text(value)), 1, 1, _INTEGER),
    "COALESCE": ScalarFunction(_coalesce, 2, 50, None, strict=False),
    "CONCAT": ScalarFunction(concatenate, 2, 2),
    "DATEADD": ScalarFunction(date_add, 3, 3, SqlType.TIMESTAMP),
    "DATEDIFF": ScalarFunction(date_difference, 3, 3, _INTEGER),
    "DATEPART": ScalarFunction(date_part, 2, 2, _INTEGER),
    "DATE": ScalarFunction(_in_form(odbc_date), 1, 1, SqlType.DATE),
    "DAYNAME": ScalarFunction(name_of_date("%A"), 1, 1),
    "DAYOFWEEK": ScalarFunction(computed_field("weekday"), 1, 1, _INTEGER),
    "DAYOFYEAR": ScalarFunction(computed_field("dayofyear"), 1, 1, _INTEGER),
    "LAST_DAY": ScalarFunction(last_day, 1, 1, SqlType.DATE),
    "LPAD": ScalarFunction(lambda *parts: _padded(*parts, left=True), 2, 3),
    "MONTHNAME": ScalarFunction(name_of_date("%B"), 1, 1),
    "PI": ScalarFunction(lambda: math.pi, 0, 0, SqlType.NUMERIC),
    "QUARTER": ScalarFunction(computed_field("quarter"), 1, 1, _INTEGER),
    "RPAD": ScalarFunction(lambda *parts: _padded(*parts, left=False), 2, 3),
    "SPACE": ScalarFunction(lambda count: _repeat(" ", count), 1, 1),
    "SQUARE": ScalarFunction(lambda value: number(value) ** 2, 1, 1, SqlType.NUMERIC),
    "TO_CHAR": ScalarFunction(to_char, 1, 2),
    "TO_NUMBER": ScalarFunction(number, 1, 1, SqlType.NUMERIC),
    "WEEK": ScalarFunction(computed_field("week"), 1, 1, _INTEGER),
    "DAY": ScalarFunction(field_of_date("day"), 1, 1, _INTEGER),
    "DAYOFMONTH": ScalarFunction(field_of_date("day"), 1, 1, _INTEGER),
    "DECODE": ScalarFunction(_decode, 3, 50, SqlType.VARCHAR, strict=False),
    "FLOOR": ScalarFunction(lambda value: math.floor(number(value)), 1, 1, _INTEGER),
    "GREATEST": ScalarFunction(lambda *values: _extreme(*values, largest=True), 2, 50, None),
    "HOUR": ScalarFunction(field_of_date("hour"), 1, 1, _INTEGER),
    "IFNULL": ScalarFunction(_ifnull, 2, 3, None, strict=False),
    "INSTR": ScalarFunction(_instr, 2, 3, _INTEGER),
    "ISNULL": ScalarFunction(_coalesce, 2, 2, None, strict=False),
    "LCASE": ScalarFunction(lambda value: text(value).lower(), 1, 1),
    "LEAST": ScalarFunction(lambda *values: _extreme(*values, largest=False), 2, 50, None),
    "LEFT": ScalarFunction(lambda value, count: text(value)[: max(int(number(count)), 0)], 2, 2),
    "LEN": ScalarFunction(lambda value: len(text(value).rstrip(" ")), 1, 1, _INTEGER),
    "LENGTH": ScalarFunction(lambda value: len(text(value).rstrip(" ")), 1, 1, _INTEGER),
    "LOWER": ScalarFunction(lambda value: text(value).lower(), 1, 1),
    "LTRIM": ScalarFunction(_trimmed(str.lstrip), 1, 1),
    "MINUTE": ScalarFunction(field_of_date("minute"), 1, 1, _INTEGER),
    "MOD": ScalarFunction(_mod, 2, 2, SqlType.NUMERIC),
    "MONTH": ScalarFunction(field_of_date("month"), 1, 1, _INTEGER),
    "NULLIF": ScalarFunction(_nullif, 2, 2, None, strict=False),
    "NVL": ScalarFunction(_coalesce, 2, 2, None, strict=False),
    "POWER": ScalarFunction(_power, 2, 2, SqlType.NUMERIC),
    "REPEAT": ScalarFunction(_repeat, 2, 2),
    "REPLACE": ScalarFunction(_replace, 3, 3),
    "REVERSE": ScalarFunction(lambda value: text(value)[::-1], 1, 1),
    "RIGHT": ScalarFunction(
        lambda value, count: text(value)[max(len(text(value)) - max(int(number(count)), 0), 0) :], 2, 2
    ),
    "ROUND": ScalarFunction(_round, 1, 2, SqlType.NUMERIC),
    "RTRIM": ScalarFunction(_trimmed(str.rstrip), 1, 1),
    "SECOND": ScalarFunction(field_of_date("second"), 1, 1, _INTEGER),
    "SIGN": ScalarFunction(lambda value: (number(value) > 0) - (number(value) < 0), 1, 1, _INTEGER),
    "SQRT": ScalarFunction(_sqrt, 1, 1, SqlType.NUMERIC),
    "STRING": ScalarFunction(lambda *values: "".join(text(value) for value in values), 1, 50, strict=False),
    "SUBSTR": ScalarFunction(_substring, 2, 3),
    "SUBSTRING": ScalarFunction(_substring, 2, 3),
    "TRIM": ScalarFunction(_trimmed(str.strip), 1, 1),
    "UCASE": ScalarFunction(lambda value: text(value).upper(), 1, 1),
    "UPPER": ScalarFunction(lambda value: text(value).upper(), 1, 1),
    "YEAR": ScalarFunction(field_of_date("year"), 1, 1, _INTEGER),
}
"""By upper-case name. DATEDIFF and the other date functions take the date part as a word or a string."""

DATE_PART_FUNCTIONS = frozenset({"DATEADD", "DATEDIFF", "DATEPART"})

AGGREGATES = frozenset({"AVG", "COUNT", "LIST", "MAX", "MIN", "SUM"})


def internal_name(function: str) -> str:
    """The name of a function in SQLite."""
    return "iris_" + function.lower().replace("%", "pct_").replace("$", "dollar_")


def internal_functions() -> Sequence[tuple[str, int, Callable[..., Scalar]]]:
    """Functions to register in SQLite: name, number of arguments (-1 for any), implementation."""
    operators: list[tuple[str, int, Callable[..., Scalar]]] = [
        ("iris_like_match", 4, like),
        ("iris_starts_with", 3, starts_with),
        ("iris_contains", 2, contains),
        ("iris_text", 1, exact_text),
        ("iris_as_date", 1, _in_form(odbc_date)),
        ("iris_as_time", 1, _in_form(odbc_time)),
        ("iris_as_timestamp", 1, _in_form(odbc_timestamp)),
        ("iris_concatenate", 2, concatenate),
        ("iris_divide", 2, divide),
        ("iris_integer_divide", 2, integer_divide),
        ("iris_modulo", 2, modulo),
    ]
    named = [(internal_name(name), -1, function) for name, function in FUNCTIONS.items()]
    return [*operators, *named]
