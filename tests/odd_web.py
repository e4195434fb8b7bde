"""A web server that answers what a test gives it, and counts who comes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class OddWeb:
    """Its port, and the heads of the requests that came."""

    port: int = 0
    heads: list[str] = field(default_factory=list)


@asynccontextmanager
async def odd_web(answer: Callable[[str], bytes]) -> AsyncIterator[OddWeb]:
    """A server that answers each request by its head."""
    web = OddWeb()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            web.heads.append(head)
            writer.write(answer(head))
            await writer.drain()
        writer.transport.abort() if writer.is_closing() else writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    web.port = int(server.sockets[0].getsockname()[1])
    try:
        yield web
    finally:
        server.close()
        await server.wait_closed()


def response(status: str, body: bytes = b"", *headers: str) -> bytes:
    """An answer of HTTP/1.1 with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
