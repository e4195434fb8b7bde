"""The keeper's side of the pipe to its listener: written to, never waited for.

A chat that is stopped, or that waits for an unread terminal, does not read. Nothing that guards a share depends on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, BinaryIO, Self

from irisops.instance.driver_process.channel import encode_frame

NOTICE_ROOM = 64 * 1024
"""Bytes that may wait for a listener before the steps of an opening are dropped, beside what the pipe itself holds."""
FLUSH_SECONDS = 1.0
"""At the end, for a listener that is only slow. What a stopped one misses it learns from the lease."""


class _Closing(asyncio.BaseProtocol):
    def __init__(self) -> None:
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.closed.set()


class Outbox:
    """Frames for the listener. All that is sent is bounded: one answer a request, the steps of one opening, an end."""

    def __init__(self, transport: asyncio.WriteTransport, protocol: _Closing) -> None:
        self._transport = transport
        self._protocol = protocol

    @classmethod
    async def on(cls, pipe: BinaryIO) -> Self:
        """On the writing end of a pipe, which it makes non-blocking and closes at the end."""
        transport, protocol = await asyncio.get_running_loop().connect_write_pipe(_Closing, pipe)
        return cls(transport, protocol)

    def send(self, message: Mapping[str, Any]) -> None:
        """Hand over one message. Never blocks and never fails: a listener that is gone hears nothing."""
        full = self._transport.get_write_buffer_size() > NOTICE_ROOM
        if not self._transport.is_closing() and not (full and message.get("event") == "progress"):
            self._transport.write(encode_frame(message))

    async def close(self) -> None:
        """Give a listener `FLUSH_SECONDS` to take what waits, then let go of it."""
        self._transport.close()
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._protocol.closed.wait()
        except TimeoutError:
            if not self._protocol.closed.is_set():
                self._transport.abort()
