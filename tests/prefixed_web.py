"""A web server in front of an instance that serves it below a path prefix, and answers 404 to everything else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

DEADLINE = 10.0


@dataclass
class Prefixed:
    """Its port, and the request lines that it saw."""

    port: int = 0
    seen: list[str] = field(default_factory=list)


@asynccontextmanager
async def prefixed(prefix: str, upstream: int) -> AsyncIterator[Prefixed]:
    """Serve the web port `upstream` of this machine below `prefix`."""
    web = Prefixed()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE)
        line, _, rest = head.partition(b"\r\n")
        web.seen.append(line.decode())
        method, target, version = line.split(b" ")
        if target.startswith(prefix.encode() + b"/"):
            lengths = [each for each in rest.lower().split(b"\r\n") if each.startswith(b"content-length:")]
            length = int(lengths[0].split(b":")[1]) if lengths else 0
            body = await reader.readexactly(length)
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", upstream)
            up_writer.write(
                b" ".join([method, target.removeprefix(prefix.encode()), version]) + b"\r\n" + rest + body
            )
            writer.write(await asyncio.wait_for(up_reader.read(), DEADLINE))
            up_writer.close()
        else:
            writer.write(b"HTTP/1.0 404 Not Found\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        web.port = int(server.sockets[0].getsockname()[1])
        yield web
