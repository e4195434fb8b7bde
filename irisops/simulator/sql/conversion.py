"""Conversion of values to and from the embedded database."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import cast

from irisops.simulator.backend import ObjectRef, Value
from irisops.simulator.sql.catalog import SqlType
from irisops.simulator.sql.failures import FATAL_ERROR, failure
from irisops.simulator.sql.values import Scalar, canonical, plain, text


def storable_rows(rows: list[Sequence[Value]], width: int) -> Iterable[Sequence[object]]:
    """The rows as SQLite takes them. The check is faster than a conversion, and most rows need none."""
    for position in range(width):
        cells = [row[position] for row in rows]
        if not _storable_column(cells):
            break
    else:
        return rows
    return [[storable(value) for value in row] for row in rows]


_STORED_AS_THEY_ARE = frozenset({int, str, float, type(None), bool})


def _storable_column(cells: Sequence[Value]) -> bool:
    """True if SQLite takes every cell: integers of at most 64 bits, strings that can be encoded."""
    kinds = set(map(type, cells))
    if not kinds <= _STORED_AS_THEY_ARE:
        return False
    if kinds == {str}:
        texts = cast("Sequence[str]", cells)  # `kinds` says so
        return all(map(str.isascii, texts)) or all(map(_encodable, texts))
    if kinds & {int, str}:
        return all(map(_fits, cells))
    return True


def _fits(value: Value) -> bool:
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return not isinstance(value, str) or _encodable(value)


def _encodable(value: str) -> bool:
    """False for half a surrogate pair, which UTF-8 cannot hold."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable(value: Value) -> Scalar:
    """A wire value as SQLite can store it. Decimals become floats unless whole; SQLite has no decimals."""
    match value:
        case Decimal():
            return plain(value)
        case int() if not -(2**63) <= value < 2**63:
            return str(value)
        case str():
            return value if _encodable(value) else value.encode("utf-8", "replace").decode()
        case bytes():
            return value.decode("latin-1")
        case ObjectRef():
            return f"{value.number}@{value.class_name}"
        case _:
            return value


def delivered(value: Scalar, sql_type: int) -> Value:
    """A value of SQLite as the wire sends it for a column of that type."""
    if value is None or isinstance(value, bytes):
        return value
    if sql_type == SqlType.VARBINARY:
        return text(value).encode("latin-1", "replace")
    if sql_type in {SqlType.VARCHAR, SqlType.TIMESTAMP, SqlType.DATE, SqlType.TIME}:
        return text(value)
    if isinstance(value, float) and sql_type != SqlType.DOUBLE:
        return _number(value, sql_type)
    return value


def _number(value: float, sql_type: int) -> Value:
    if not math.isfinite(value):
        raise failure(FATAL_ERROR, "<MAXNUMBER> the result is too large for a number")
    if value.is_integer():
        return int(value)
    return Decimal(canonical(Decimal(repr(value)))) if sql_type == SqlType.NUMERIC else value
