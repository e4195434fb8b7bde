"""A TCP relay that counts the requests of the superserver protocol, for the cost of a connect or a poll.

It knows only the framing (a 14-byte header whose first four bytes are the payload's length), so that neither the
product nor the simulator can miscount for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from types import TracebackType

HEADER = 14
SILENT = {b"DC", b"AF", b"AN"}
"""Requests that get no reply, hence no round trip (disconnect, autocommit off and on)."""


class CountingRelay:
    """Listens on a free port of 127.0.0.1 and passes everything on to `port`."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: Counter[bytes] = Counter()
        self.connections = 0
        self.failures: list[OSError] = []

    @property
    def port(self) -> int:
        """Where to connect."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def round_trips(self) -> int:
        """Requests so far that wait for a reply, on all connections."""
        return sum(count for opcode, count in self.requests.items() if opcode not in SILENT)

    async def __aenter__(self) -> CountingRelay:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError as error:
            self.failures.append(error)
            writer.close()
            return
        for work in (self._requests(reader, upstream_writer), self._replies(upstream_reader, writer)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header = await reader.readexactly(HEADER)
                payload = await reader.readexactly(int.from_bytes(header[:4], "little"))
                self.requests[header[12:14]] += 1
                writer.write(header + payload)
                await writer.drain()

    async def _replies(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
