"""Codec of $LIST items, which make up every payload (facts: wire-protocol 2).

An item is a length, a type and data. Decoding never reads past the end of its input and refuses everything that the
facts do not describe, with `ListItemError`. Encoding refuses values that the driver cannot take, with `EncodeError`,
because the driver reads past the end of a wrong reply and may crash its interpreter.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from decimal import Decimal

from irisops.simulator.backend import Argument, ByRef, ObjectRef, Value

MAX_ITEMS = 4_000_000
"""Maximum items in one payload; 4,000,000 Python objects take some 200 MiB, the limit for one request."""

MAX_DATA = 2**25 - 2
"""Maximum bytes in one item. The driver loses 2^25 bytes of a longer one (facts: wire-protocol 2)."""

MAX_SCALE = 127
MIN_SCALE = -128
INT_LIMIT = 2**63
"""Integers beyond eight signed bytes are sent as strings, as the client does (facts: wire-protocol 2)."""

_BY_REFERENCE = 0x20
_LATIN, _UNICODE, _POSITIVE, _NEGATIVE, _POSITIVE_DECIMAL, _NEGATIVE_DECIMAL = 1, 2, 4, 5, 6, 7
_DOUBLE, _DOUBLE_8, _OREF = 8, 9, 0x19

_FLOAT = struct.Struct("<f")
_LONG_FLOAT = struct.Struct("<d")
_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")

UNDEFINED = b"\x01"
EMPTY = b"\x02\x01"
SQL_EMPTY = b"\x03\x01\x00"

_LATIN_PREFIX = [bytes((size + 2, _LATIN)) for size in range(254)]


class ListItemError(ValueError):
    """Bytes that are not a $LIST item, or more items than allowed."""


class EncodeError(ValueError):
    """A value that would harm the driver."""


# --- encoding -----------------------------------------------------------------------------------------------------


def _framed(kind: int, data: bytes) -> bytes:
    size = len(data)
    if size <= 253:
        return bytes((size + 2, kind)) + data
    if size + 1 <= 0xFFFF:
        return b"\x00" + _U16.pack(size + 1) + bytes((kind,)) + data
    if size > MAX_DATA:
        raise EncodeError(f"an item of {size} bytes; the driver takes at most {MAX_DATA}")
    return b"\x00\x00\x00" + _U32.pack(size + 1) + bytes((kind,)) + data


def _integer_data(number: int) -> tuple[int, bytes]:
    """The type and data of an integer: little-endian, minimal, with the sign in the type as well."""
    if number >= 0:
        return _POSITIVE, number.to_bytes((number.bit_length() + 8) // 8, "little") if number else b""
    return _NEGATIVE, number.to_bytes(9, "little", signed=True).rstrip(b"\xff")


def _encode_text(text: str) -> bytes:
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        return _framed(_UNICODE, text.encode("utf-16-le", "surrogatepass"))
    if len(data) <= 253:
        return _LATIN_PREFIX[len(data)] + data
    return _framed(_LATIN, data)


def _encode_decimal(number: Decimal) -> bytes:
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):  # a letter for NaN and the infinities
        return _encode_text(str(number))
    coefficient = int("".join(map(str, digits)))
    if not MIN_SCALE <= exponent <= MAX_SCALE or coefficient >= INT_LIMIT:
        return _encode_text(format(number, "f"))
    kind, data = _integer_data(-coefficient if sign else coefficient)
    return _framed(kind + 2, exponent.to_bytes(1, "little", signed=True) + data)


def encode(value: Value) -> bytes:  # noqa: PLR0911 - one return per type
    """One item. `None` is the undefined item `01`, `""` the empty string `02 01`.

    Raises `EncodeError` for a value that the driver cannot take and for an unknown type.
    """
    if value is None:
        return UNDEFINED
    if isinstance(value, str):
        return _encode_text(value)
    if isinstance(value, int):  # bool, too: IRIS has no other booleans (facts: wire-protocol 4)
        if not -INT_LIMIT <= value < INT_LIMIT:
            return _encode_text(str(value))
        return _framed(*_integer_data(int(value)))
    if isinstance(value, Decimal):
        return _encode_decimal(value)
    if isinstance(value, float):
        return b"\x0a\x08" + _LONG_FLOAT.pack(value)
    if isinstance(value, bytes):
        return _framed(_LATIN, value)
    if isinstance(value, ObjectRef):
        return _encode_reference(value)
    raise EncodeError(f"a {type(value).__name__} has no place in a $LIST")


def _encode_reference(reference: ObjectRef) -> bytes:
    text = f"{reference.number}@{reference.class_name}"
    try:
        return _framed(_OREF, text.encode("ascii"))
    except UnicodeEncodeError as error:
        raise EncodeError(f"class name {reference.class_name!r} is not ASCII") from error


def encode_sql(value: Value) -> bytes:
    """One item in SQL: NULL is `02 01` and the empty string is chr 0 (facts: wire-protocol 7)."""
    if value is None:
        return EMPTY
    if isinstance(value, str) and not value:
        return SQL_EMPTY
    return encode(value)


def encode_all(values: Iterable[Value]) -> bytes:
    """Concatenated items, each by `encode`."""
    return b"".join([encode(value) for value in values])


def encode_rows(rows: Sequence[Sequence[Value]], columns: int) -> bytearray:
    """The rows of a result, concatenated. Raises `EncodeError` for a row of a different width."""
    buffer = bytearray()
    prefix = _LATIN_PREFIX
    small = [_framed(*_integer_data(number)) for number in range(256)]
    for row in rows:
        if len(row) != columns:
            raise EncodeError(f"a row of {len(row)} values under {columns} columns")
        for value in row:
            if isinstance(value, str) and value:
                # Common cases are inlined: an encoder call per value halves the rows per second.
                try:
                    data = value.encode("latin-1")
                except UnicodeEncodeError:
                    buffer += _encode_text(value)
                    continue
                buffer += prefix[len(data)] + data if len(data) <= 253 else _framed(_LATIN, data)
            elif isinstance(value, int) and 0 <= value < 256:
                buffer += small[value]
            else:
                buffer += encode_sql(value)
    return buffer


def pack_list(values: Iterable[Value]) -> bytes:
    """A packed list as a single value, which the driver reads as `IRISList(value)`."""
    return encode_all(values)


# --- decoding -----------------------------------------------------------------------------------------------------


def _decode_double(data: bytes) -> float:
    size = len(data)
    if size == 8:
        return float(_LONG_FLOAT.unpack(data)[0])
    if size == 4:
        return float(_FLOAT.unpack(data)[0])
    if size == 2:  # the upper half of a float32
        return float(_FLOAT.unpack(b"\x00\x00" + data)[0])
    if size == 0:
        return 0.0
    raise ListItemError(f"a double of {size} bytes")


def _decode_negative(data: bytes) -> int:
    return int.from_bytes(data + b"\xff", "little", signed=True)


def _decode_value(kind: int, data: bytes) -> Value:  # noqa: C901, PLR0911, PLR0912 - one branch per type of the facts' table
    if kind == _LATIN:
        return data.decode("latin-1")
    if kind == _POSITIVE:
        if len(data) > 8:
            raise ListItemError(f"an integer of {len(data)} bytes")
        return int.from_bytes(data, "little")
    if kind == _UNICODE:
        if len(data) % 2:
            raise ListItemError("a UTF-16 string of an odd number of bytes")
        return data.decode("utf-16-le", "surrogatepass")
    if kind == _NEGATIVE:
        if len(data) > 8:
            raise ListItemError(f"an integer of {len(data)} bytes")
        return _decode_negative(data)
    if kind in (_POSITIVE_DECIMAL, _NEGATIVE_DECIMAL):
        if not 1 <= len(data) <= 9:
            raise ListItemError(f"a decimal of {len(data)} bytes")
        scale = int.from_bytes(data[:1], "little", signed=True)
        digits = data[1:]
        number = int.from_bytes(digits, "little") if kind == _POSITIVE_DECIMAL else _decode_negative(digits)
        sign = 1 if number < 0 else 0
        return Decimal((sign, tuple(map(int, str(abs(number)))), scale))
    if kind == _DOUBLE:
        return _decode_double(data)
    if kind == _DOUBLE_8:
        if len(data) != 8:
            raise ListItemError(f"a double of {len(data)} bytes")
        return _decode_double(data)
    if kind == _OREF:
        return _decode_reference(data)
    raise ListItemError(f"an item of unknown type {kind}")


def _decode_reference(data: bytes) -> ObjectRef:
    number, _, class_name = data.partition(b"@")
    if not number.isdigit() or len(number) > 18:
        raise ListItemError("an object reference without a number")
    try:
        return ObjectRef(int(number), class_name.decode("ascii"))
    except UnicodeDecodeError as error:
        raise ListItemError("an object reference that is not ASCII") from error


def decode_item(payload: bytes, offset: int = 0) -> tuple[Argument, int]:
    """The item at `offset` and the offset after it. Raises `ListItemError`."""
    end = len(payload)
    if offset >= end:
        raise ListItemError("the payload ends where an item should begin")
    size = payload[offset]
    if size == 1:
        return None, offset + 1
    start, stop = offset + 1, offset + size
    if size == 0:
        start, stop = _long_bounds(payload, offset)
    if stop > end:
        raise ListItemError(f"an item of {stop - start} bytes with {end - start} left")
    kind = payload[start]
    data = payload[start + 1 : stop]
    if kind & _BY_REFERENCE:
        return ByRef(_decode_value(kind ^ _BY_REFERENCE, data)), stop
    return _decode_value(kind, data), stop


def _long_bounds(payload: bytes, offset: int) -> tuple[int, int]:
    """Start and end of a long item's type and data: `00 u16`, or `00 00 00 u32`."""
    if offset + 3 > len(payload):
        raise ListItemError("the payload ends within a length")
    size = _U16.unpack_from(payload, offset + 1)[0]
    start = offset + 3
    if not size:
        if offset + 7 > len(payload):
            raise ListItemError("the payload ends within a length")
        size = _U32.unpack_from(payload, offset + 3)[0]
        start = offset + 7
        if not size:
            raise ListItemError("an item without a type")
    return start, start + size


def decode(payload: bytes, offset: int = 0, limit: int = MAX_ITEMS) -> list[Argument]:
    """All items from `offset` to the end. Raises `ListItemError`, also for more than `limit` items."""
    items: list[Argument] = []
    end = len(payload)
    while offset < end:
        if len(items) >= limit:
            raise ListItemError(f"more than {limit} items in one payload")
        size = payload[offset]
        stop = offset + size
        if size > 1 and stop <= end and payload[offset + 1] == _LATIN:
            # Most items are short Latin-1 strings; this saves the call.
            items.append(payload[offset + 2 : stop].decode("latin-1"))
            offset = stop
        else:
            item, offset = decode_item(payload, offset)
            items.append(item)
    return items
