"""Data types of columns: their DDL names, and the conversion of values to them.

Source: "InterSystems SQL Reference", Data Types, table of DDL data types and their classes; codes: the SQL error table
(-104 and -105 validation, -146 dates, -147 times).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

from irisops.simulator.backend import ObjectRef, Value
from irisops.simulator.sql.catalog import Collation, SqlType
from irisops.simulator.sql.values import canonical

MAXIMUM_STRING: Final = 3_641_144
"""Characters in the longest string of IRIS (long strings on)."""

_NUMBER = re.compile(r"[+-]?(?:\d{1,80}(?:\.\d{0,80})?|\.\d{1,80})(?:[eE][+-]?\d{1,3})?")
_DAY_ZERO = date(1840, 12, 31)
_LAST_DAY = (date.max - _DAY_ZERO).days
_DAY = 86_400
_FINER = re.compile(r"(?<=\.\d{6})\d{1,3}$")


class InvalidValueError(Exception):
    """A value that does not fit the type. `sqlcode` 0: -104 or -105, depending on the statement."""

    def __init__(self, sqlcode: int = 0) -> None:
        super().__init__("the value does not fit the type")
        self.sqlcode = sqlcode


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A data type with its limits. `precision` is the maximum length of a string, or the digits of a number."""

    name: str
    """Its name in `INFORMATION_SCHEMA.COLUMNS.DATA_TYPE`."""
    class_name: str
    sql_type: int
    precision: int
    scale: int = 0
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    counts: bool = False
    """SERIAL and AUTO_INCREMENT: a missing value is generated."""
    versioned: bool = False
    """ROWVERSION: generated at every insert and update; cannot be set."""

    @property
    def collation(self) -> Collation:
        """SQLUPPER for strings, EXACT for the rest."""
        return Collation.SQLUPPER if self.sql_type == SqlType.VARCHAR else Collation.EXACT

    def stored(self, value: Value) -> Value:
        """The value as stored in a row: NULL is None. Raises `InvalidValueError`."""
        if value is None:
            return None
        return _COERCIONS[self.sql_type](self, value)


def _text(column: ColumnType, value: Value) -> str:
    match value:
        case str():
            shown = value
        case bytes():
            shown = value.decode("latin-1")
        case ObjectRef():
            raise InvalidValueError
        case _:
            shown = canonical(Decimal(str(value)))
    if len(shown) > column.precision:
        raise InvalidValueError
    return shown


def _binary(column: ColumnType, value: Value) -> bytes:
    match value:
        case bytes():
            kept = value
        case str():
            try:
                kept = value.encode("latin-1")
            except UnicodeEncodeError:
                raise InvalidValueError from None
        case ObjectRef():
            raise InvalidValueError
        case _:
            kept = str(value).encode()
    if len(kept) > column.precision:
        raise InvalidValueError
    return kept


def decimal_of(value: Value) -> Decimal:
    """A number of any type, or a string that is entirely a number. Raises `InvalidValueError`."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if isinstance(value, str):
        value = value.strip()
        if not _NUMBER.fullmatch(value):
            raise InvalidValueError
    if isinstance(value, ObjectRef) or value is None:
        raise InvalidValueError
    try:
        found = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation:
        raise InvalidValueError from None
    if not found.is_finite():
        raise InvalidValueError
    return found


def _within(column: ColumnType, value: Decimal) -> Decimal:
    too_small = column.minimum is not None and value < column.minimum
    if too_small or (column.maximum is not None and value > column.maximum):
        raise InvalidValueError
    return value


def _integer(column: ColumnType, value: Value) -> int:
    """A fraction is truncated, as `Normalize` of %Library.Integer does.

    UNVERIFIED: that an INSERT of 1.7 into an INTEGER stores 1. Settle: INSERT it, then SELECT it.
    """
    return int(_within(column, decimal_of(value)))


def _bit(_column: ColumnType, value: Value) -> int:
    return int(decimal_of(value) != 0)


def _numeric(column: ColumnType, value: Value) -> Value:
    exact = decimal_of(value)
    try:
        rounded = exact.quantize(Decimal(1).scaleb(-column.scale), rounding=ROUND_HALF_UP)
    except InvalidOperation:  # more digits than the decimal context holds
        raise InvalidValueError from None
    if abs(rounded) >= Decimal(10) ** max(column.precision - column.scale, 0):
        raise InvalidValueError
    return int(rounded) if rounded == rounded.to_integral_value() else rounded.normalize()


def _double(_column: ColumnType, value: Value) -> float:
    number = float(decimal_of(value))
    if number in {float("inf"), float("-inf")}:
        raise InvalidValueError
    return number


def odbc_date(value: Value) -> str:
    """A date as `YYYY-MM-DD`: from that form, a timestamp, or the days of `$HOROLOG`. Raises `InvalidValueError`."""
    if isinstance(value, str) and "-" in value[1:]:
        try:
            return date.fromisoformat(value.strip()[:10]).isoformat()
        except ValueError:
            raise InvalidValueError(-146) from None
    try:
        days = decimal_of(value)
    except InvalidValueError:
        raise InvalidValueError(-146) from None
    # Zero is the last day of 1840; dates before it are negative days (SQL Reference, Data Types).
    if days != days.to_integral_value() or not -672_045 <= days <= _LAST_DAY:
        raise InvalidValueError(-146)
    return (_DAY_ZERO + timedelta(days=int(days))).isoformat()


def horolog_day(shown: str) -> int:
    """`$HOROLOG` days of `YYYY-MM-DD`."""
    return (date.fromisoformat(shown) - _DAY_ZERO).days


def odbc_time(value: Value) -> str:
    """A time as `HH:MM:SS[.fff]`: from that form or from seconds since midnight. Raises `InvalidValueError`."""
    if isinstance(value, str) and ":" in value:
        shown, finer = _to_the_microsecond(value.strip().rpartition(" ")[2])
        for layout in ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M"):
            try:
                moment = datetime.strptime(shown, layout)  # noqa: DTZ007 - a time of day has no zone
            except ValueError:
                continue
            return _without_zeros(moment.strftime("%H:%M:%S.%f") + finer)
        raise InvalidValueError(-147)
    try:
        seconds = decimal_of(value)
    except InvalidValueError:
        raise InvalidValueError(-147) from None
    if not 0 <= seconds < _DAY:
        raise InvalidValueError(-147)
    micros = int(seconds * 1_000_000)
    minutes, rest = divmod(micros, 60_000_000)
    shown = f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1_000_000:02}.{rest % 1_000_000:06}"
    return _without_zeros(shown)


def odbc_timestamp(value: Value) -> str:
    """A timestamp as `YYYY-MM-DD HH:MM:SS[.fff]`, with up to nine digits of a second. Raises `InvalidValueError`."""
    if not isinstance(value, str):
        raise InvalidValueError
    shown, finer = _to_the_microsecond(value.strip().replace("T", " ", 1))
    for layout in ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            moment = datetime.strptime(shown, layout)  # noqa: DTZ007 - SQL timestamps have no zone
        except ValueError:
            continue
        return _without_zeros(moment.isoformat(" ", "microseconds") + finer)
    raise InvalidValueError


def _to_the_microsecond(shown: str) -> tuple[str, str]:
    """A time as far as Python's go, and its seventh to ninth digit (SQL Reference: a precision of 0 to 9)."""
    found = _FINER.search(shown)
    return (shown[: found.start()], found[0]) if found is not None else (shown, "")


def _without_zeros(shown: str) -> str:
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


_COERCIONS: dict[int, Callable[[ColumnType, Value], Value]] = {
    SqlType.VARCHAR: _text,
    SqlType.VARBINARY: _binary,
    SqlType.BIT: _bit,
    SqlType.TINYINT: _integer,
    SqlType.INTEGER: _integer,
    SqlType.BIGINT: _integer,
    SqlType.NUMERIC: _numeric,
    SqlType.DOUBLE: _double,
    SqlType.DATE: lambda _column, value: odbc_date(value),
    SqlType.TIME: lambda _column, value: odbc_time(value),
    SqlType.TIMESTAMP: lambda _column, value: odbc_timestamp(value),
}


def _whole(name: str, class_name: str, sql_type: int, precision: int, largest: int) -> ColumnType:
    smallest = -largest if sql_type == SqlType.BIGINT else -largest - 1
    return ColumnType(
        name, class_name, sql_type, precision, minimum=Decimal(smallest), maximum=Decimal(largest)
    )


BIGINT = _whole("bigint", "%Library.BigInt", SqlType.BIGINT, 19, 2**63 - 1)
INTEGER = _whole("integer", "%Library.Integer", SqlType.INTEGER, 10, 2**31 - 1)
# UNVERIFIED: the xDBC type of a SMALLINT in a result, here that of INTEGER. Settle: print cursor.description of
# SELECT x FROM t, with x a SMALLINT.
SMALLINT = _whole("smallint", "%Library.SmallInt", SqlType.INTEGER, 5, 2**15 - 1)
TINYINT = _whole("tinyint", "%Library.TinyInt", SqlType.TINYINT, 3, 2**7 - 1)
BIT = ColumnType("bit", "%Library.Boolean", SqlType.BIT, 1)
DOUBLE = ColumnType("double", "%Library.Double", SqlType.DOUBLE, 20)
NUMERIC = ColumnType("numeric", "%Library.Numeric", SqlType.NUMERIC, 15)
DATE = ColumnType("date", "%Library.Date", SqlType.DATE, 10)
TIME = ColumnType("time", "%Library.Time", SqlType.TIME, 18)
TIMESTAMP = ColumnType("timestamp", "%Library.TimeStamp", SqlType.TIMESTAMP, 26)
# UNVERIFIED: that VARCHAR without a length holds one character. Settle: CREATE TABLE t (a VARCHAR); INSERT 'xy'.
STRING = ColumnType("varchar", "%Library.String", SqlType.VARCHAR, 1)
BINARY = ColumnType("varbinary", "%Library.Binary", SqlType.VARBINARY, 1)
# Streams have their own requests on the wire; here they are long values, which the client reads at once (facts:
# wire-protocol 7). UNVERIFIED: how a client treats a stream column. Settle: SELECT a LONGVARCHAR column.
LONG_STRING = ColumnType("longvarchar", "%Stream.GlobalCharacter", SqlType.VARCHAR, MAXIMUM_STRING)
LONG_BINARY = ColumnType("longvarbinary", "%Stream.GlobalBinary", SqlType.VARBINARY, MAXIMUM_STRING)
COUNTER = replace(BIGINT, class_name="%Library.Counter", counts=True)
AUTO_INCREMENT = replace(BIGINT, class_name="%Library.AutoIncrement", counts=True)
ROW_VERSION = replace(BIGINT, class_name="%Library.RowVersion", versioned=True)

_NAMES: dict[str, ColumnType] = {
    "BIGINT": BIGINT,
    "BINARY": BINARY,
    "BINARY VARYING": BINARY,
    "BIT": BIT,
    "BLOB": LONG_BINARY,
    "CHAR": STRING,
    "CHAR VARYING": STRING,
    "CHARACTER": STRING,
    "CHARACTER VARYING": STRING,
    "CLOB": LONG_STRING,
    "DATE": DATE,
    "DATETIME": replace(TIMESTAMP, class_name="%Library.DateTime"),
    "DATETIME2": replace(TIMESTAMP, class_name="%Library.DateTime"),
    "DEC": NUMERIC,
    "DECIMAL": NUMERIC,
    "DOUBLE": DOUBLE,
    "DOUBLE PRECISION": DOUBLE,
    "FLOAT": DOUBLE,
    "IMAGE": LONG_BINARY,
    "INT": INTEGER,
    "INTEGER": INTEGER,
    "LONG": LONG_STRING,
    "LONG BINARY": LONG_BINARY,
    "LONG RAW": LONG_BINARY,
    "LONG VARCHAR": LONG_STRING,
    "LONGTEXT": LONG_STRING,
    "LONGVARBINARY": LONG_BINARY,
    "LONGVARCHAR": LONG_STRING,
    "MEDIUMINT": replace(INTEGER, class_name="%Library.MediumInt"),
    "MEDIUMTEXT": LONG_STRING,
    "MONEY": replace(NUMERIC, class_name="%Library.Currency", precision=18, scale=4),
    "NATIONAL CHAR": STRING,
    "NATIONAL CHAR VARYING": STRING,
    "NATIONAL CHARACTER": STRING,
    "NATIONAL CHARACTER VARYING": STRING,
    "NATIONAL VARCHAR": STRING,
    "NCHAR": STRING,
    "NTEXT": LONG_STRING,
    "NUMBER": NUMERIC,
    "NUMERIC": NUMERIC,
    "NVARCHAR": STRING,
    "NVARCHAR MAX": LONG_STRING,
    "RAW": BINARY,
    "REAL": DOUBLE,
    "ROWVERSION": ROW_VERSION,
    "SERIAL": COUNTER,
    "SMALLDATETIME": TIMESTAMP,
    "SMALLINT": SMALLINT,
    "SMALLMONEY": replace(NUMERIC, class_name="%Library.Currency", precision=18, scale=4),
    "SYSNAME": replace(STRING, precision=128),
    "TEXT": LONG_STRING,
    "TIME": TIME,
    "TIMESTAMP": TIMESTAMP,
    "TIMESTAMP2": TIMESTAMP,
    "TINYINT": TINYINT,
    "UNIQUEIDENTIFIER": replace(STRING, class_name="%Library.UniqueIdentifier", precision=36),
    "VARBINARY": BINARY,
    "VARCHAR": STRING,
    "VARCHAR2": STRING,
}

_CLASSES: dict[str, ColumnType] = {
    "%LIBRARY.BIGINT": BIGINT,
    "%LIBRARY.BINARY": BINARY,
    "%LIBRARY.BOOLEAN": BIT,
    "%LIBRARY.DATE": DATE,
    "%LIBRARY.DATETIME": _NAMES["DATETIME"],
    "%LIBRARY.DOUBLE": DOUBLE,
    # Its range is that of a 64-bit number, unlike the DDL type INTEGER.
    "%LIBRARY.INTEGER": replace(
        BIGINT, class_name="%Library.Integer", name="integer", sql_type=SqlType.INTEGER
    ),
    "%LIBRARY.NUMERIC": replace(NUMERIC, precision=18, scale=2),
    "%LIBRARY.SMALLINT": SMALLINT,
    "%LIBRARY.STRING": replace(STRING, precision=50),
    "%LIBRARY.TIME": TIME,
    "%LIBRARY.TIMESTAMP": TIMESTAMP,
    "%LIBRARY.TINYINT": TINYINT,
    "%LIBRARY.VARSTRING": replace(STRING, class_name="%Library.VarString", precision=MAXIMUM_STRING),
}
"""Class names that DDL accepts as a type: `%String(MAXLEN=30)`."""


def names_a_type(name: str) -> bool:
    """True if a data type has this name: upper-case words, separated by one space."""
    return name in _NAMES or name.startswith("%")


def column_type(
    name: str, sizes: Sequence[int], parameters: dict[str, str] | None = None
) -> ColumnType | None:
    """The type of that upper-case name, with `(n)`, `(p,s)` or class parameters; None for an unknown name."""
    if name.startswith("%"):
        full = name if name.startswith(("%LIBRARY.", "%STREAM.")) else f"%LIBRARY.{name[1:]}"
        found = _CLASSES.get(full)
        if found is None and full.startswith("%STREAM."):
            found = LONG_BINARY if "BINARY" in full else LONG_STRING
        return None if found is None else _with_parameters(found, parameters or {})
    found = _NAMES.get(name)
    if found is None or not sizes:
        return found
    if found.sql_type in {SqlType.VARCHAR, SqlType.VARBINARY} and found.precision < MAXIMUM_STRING:
        return replace(found, precision=min(max(sizes[0], 1), MAXIMUM_STRING))
    if found.sql_type == SqlType.NUMERIC:
        scale = sizes[1] if len(sizes) > 1 else 0
        return replace(found, precision=min(max(sizes[0], 1), 18 + scale), scale=min(scale, 18))
    return found


def _with_parameters(found: ColumnType, parameters: dict[str, str]) -> ColumnType:
    for name, value in parameters.items():
        number = int(value) if value.isdigit() else None
        if name == "MAXLEN" and number is not None:
            found = replace(found, precision=min(max(number, 1), MAXIMUM_STRING))
        elif name == "SCALE" and number is not None and found.sql_type == SqlType.NUMERIC:
            found = replace(found, scale=min(number, 18))
    return found
