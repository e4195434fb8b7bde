"""Framing: a 14-byte header before every payload, both ways (facts: wire-protocol 1)."""

from __future__ import annotations

import struct
from typing import NamedTuple

HEADER = struct.Struct("<III2s")
HEADER_SIZE = HEADER.size
REPLY_HEADER = struct.Struct("<IIIH")

MAX_PAYLOAD = 64 * 2**20
"""Largest payload of a client that has logged in, in bytes."""

MAX_PAYLOAD_BEFORE_LOGIN = 64 * 2**10
"""Largest payload before the login, in bytes: a connect request is under a kilobyte."""

STATUS_OK = 0
STATUS_NO_MORE_ROWS = 100
STATUS_NATIVE_OK = 0xCA00
"""Bytes `00 ca`: the only value that the driver takes as success of a native request."""


class FrameTooLargeError(Exception):
    """A header announces a payload above the limit. The connection can only be dropped."""


class Frame(NamedTuple):
    """One request. `opcode`: the last two bytes of the header."""

    sequence: int
    statement: int
    opcode: bytes
    payload: bytes


def reply(request: Frame, status: int, payload: bytes | bytearray = b"") -> bytes:
    """The reply to `request`. It must carry the request's sequence number exactly (facts: wire-protocol 1)."""
    return REPLY_HEADER.pack(len(payload), request.sequence, request.statement, status) + payload


class FrameReader:
    """Splits a stream of bytes into frames.

    `max_payload` may change between frames. The buffer never holds more than one frame beyond the bytes fed, if the
    caller takes frames with `next_frame` before it feeds more.
    """

    def __init__(self, max_payload: int = MAX_PAYLOAD_BEFORE_LOGIN) -> None:
        self.max_payload = max_payload
        self._buffer = bytearray()

    def __len__(self) -> int:
        """Buffered bytes."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add bytes from the socket."""
        self._buffer += data

    def next_frame(self) -> Frame | None:
        """The next complete frame, or None. Raises `FrameTooLargeError` by the header alone."""
        buffer = self._buffer
        if len(buffer) < HEADER_SIZE:
            return None
        size, sequence, statement, opcode = HEADER.unpack_from(buffer)
        if size > self.max_payload:
            raise FrameTooLargeError(f"a payload of {size} bytes; at most {self.max_payload} are taken")
        end = HEADER_SIZE + size
        if len(buffer) < end:
            return None
        payload = bytes(memoryview(buffer)[HEADER_SIZE:end])
        del buffer[:end]
        return Frame(sequence, statement, opcode, payload)
