"""Encoding of values and messages on the pipe between the tool and its driver process.

A frame is a 4-byte big-endian length and that many bytes of JSON (ASCII: lone surrogates and all other characters are
escaped, so any Python string survives). Values that JSON lacks travel as a one-key object that names their kind. No
pickle: a frame can never make the reader run code.
"""

from __future__ import annotations

import binascii
import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from irisops.instance.calls import Value

if TYPE_CHECKING:  # the driver process reads without it
    import asyncio

MAX_FRAME = 256 * 1024 * 1024
"""Bytes. The driver carries strings under 32 MiB (facts: wire-protocol 2), which escape to at most six times that."""

HEADER_SIZE = 4

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class ChannelError(Exception):
    """The other side sent no valid message of this protocol. The pipe cannot be used any more."""


def pack_value(value: Value) -> Json:
    """One value as JSON. Raises TypeError for a type that is not a `Value`."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, bytes):
        return {"bytes": binascii.b2a_base64(value, newline=False).decode("ascii")}
    # datetime is a date, so it comes first.
    for kind, name in ((datetime, "datetime"), (date, "date"), (time, "time")):
        if isinstance(value, kind):
            return {name: value.isoformat()}
    raise TypeError(f"cannot send a {type(value).__name__} to the driver process")


def unpack_value(item: Json) -> Value:
    """Inverse of `pack_value`. Raises ChannelError for anything else."""
    if item is None or isinstance(item, bool | int | float | str):
        return item
    if isinstance(item, dict) and len(item) == 1:
        ((kind, text),) = item.items()
        if isinstance(text, str):
            return _unpack_tagged(kind, text)
    raise ChannelError(f"not a value: a {type(item).__name__}")


def _unpack_tagged(kind: str, text: str) -> Value:
    try:
        match kind:
            case "float":
                return float(text)
            case "decimal":
                return Decimal(text)
            case "bytes":
                return binascii.a2b_base64(text, strict_mode=True)
            case "datetime":
                return datetime.fromisoformat(text)
            case "date":
                return date.fromisoformat(text)
            case "time":
                return time.fromisoformat(text)
    except (ValueError, InvalidOperation, binascii.Error) as error:
        raise ChannelError(f"not a {kind}: {type(error).__name__}") from None
    raise ChannelError(f"unknown kind of value {kind!r}")


def encode_frame(message: Mapping[str, Json]) -> bytes:
    """A message as a frame. Raises ChannelError above `MAX_FRAME`."""
    body = json.dumps(message, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
    if len(body) > MAX_FRAME:
        raise ChannelError(f"a message of {len(body)} bytes is too big for the pipe")
    return len(body).to_bytes(HEADER_SIZE, "big") + body


def frame_size(header: bytes) -> int:
    """Length of the body that follows `header` (4 bytes). Raises ChannelError above `MAX_FRAME`."""
    size = int.from_bytes(header, "big")
    if size > MAX_FRAME:
        raise ChannelError(f"a frame announces {size} bytes: the pipe is out of step")
    return size


async def read_message(pipe: asyncio.StreamReader) -> dict[str, Json]:
    """The next message. Raises ChannelError, and `asyncio.IncompleteReadError` at the end of the pipe."""
    size = frame_size(await pipe.readexactly(HEADER_SIZE))
    return decode_body(await pipe.readexactly(size))


def decode_body(body: bytes) -> dict[str, Json]:
    """The message in a frame's body. Raises ChannelError."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        # The body may hold a secret (a password on its way to the driver): it stays out of the error.
        raise ChannelError(f"a frame of {len(body)} bytes is not JSON: {type(error).__name__}") from None
    if not isinstance(message, dict):
        raise ChannelError(f"a frame holds a {type(message).__name__}, not a message")
    return message
