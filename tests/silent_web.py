"""Servers that accept a connection and then do what no web server should: nothing, drops, another protocol."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

KINDS = (
    "silent",
    "does not read",
    "drips",
    "drips a status",
    "hangs up",
    "speaks first",
    "speaks another protocol",
    "never ends",
)
PAUSE = 0.05


@asynccontextmanager
async def odd_server(kind: str, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server of one of `KINDS`."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):  # the client had enough
            await _answer(kind, reader, writer, over)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        over.set()
        server.close()
        await server.wait_closed()


async def _answer(
    kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, over: asyncio.Event
) -> None:
    match kind:
        case "silent":
            await over.wait()
        case "does not read":
            assert isinstance(writer.transport, asyncio.ReadTransport)
            writer.transport.pause_reading()
            await over.wait()
        case "drips" | "drips a status":
            if kind == "drips a status":
                writer.write(b"HTTP/1.1 200 OK\r\n")
            while not over.is_set():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(PAUSE)
        case "speaks first":
            writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
            await writer.drain()
            await reader.read(1)
        case "speaks another protocol":
            await reader.read(1)
            writer.write(b"\x05\0\0\0\0\xff\xff -ERR wrong\r\n\r\n")
            await writer.drain()
        case "never ends":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while not over.is_set():
                writer.write(b"x" * 1024)
                await writer.drain()
                await asyncio.sleep(PAUSE)
