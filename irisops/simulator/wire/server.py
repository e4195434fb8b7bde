"""The superserver: a TCP port that the unmodified driver connects to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from irisops.simulator.backend import Backend
from irisops.simulator.wire.connection import Connection
from irisops.simulator.wire.faults import Faults
from irisops.simulator.wire.frames import MAX_PAYLOAD

MAX_CONNECTIONS = 1_000
MAX_BUFFERED = 256 * 2**20
"""Maximum bytes of unfinished requests, for all connections together."""

LOGIN_TIMEOUT = 60.0
"""Time for a client to log in, in seconds."""

SWEEP_INTERVAL = 5.0
CLOSE_GRACE = 1.0
"""Time at `stop` for clients to read pending output, in seconds."""

_BACKLOG = 512


class SuperServer:
    """Listens on `host` and `port` for `backend`.

        async with SuperServer(backend) as server:
            ...  # iris.connect("127.0.0.1", server.port, "USER", ...)

    Everything, including the backend's methods, runs in the thread of the event loop that awaited `start`.

    Args:
        backend: the instance behind the port.
        host: the address to listen on.
        port: the port; 0 takes any free one, see `port` after the start.
        faults: deliberate faults; none by default.
        max_payload: bytes of a request's payload above which the connection is dropped.
        max_connections: simultaneous connections; further ones are reset.
        login_timeout: seconds until a client that has not logged in is dropped.
        clock: monotonic time in seconds.
        sleep: coroutine that a `Delay` fault awaits.
    """

    def __init__(
        self,
        backend: Backend,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Faults | None = None,
        *,
        max_payload: int = MAX_PAYLOAD,
        max_connections: int = MAX_CONNECTIONS,
        max_buffered: int = MAX_BUFFERED,
        login_timeout: float = LOGIN_TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.backend = backend
        self.faults = Faults() if faults is None else faults
        self.max_payload = max_payload
        self.clock = clock
        self.sleep = sleep
        self._host = host
        self._port = port
        self._max_connections = max_connections
        self._max_buffered = max_buffered
        self._login_timeout = login_timeout
        self._listener: asyncio.Server | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._connections: dict[int, Connection] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self._accepted = 0
        self._buffered = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def host(self) -> str:
        """The address it listens on."""
        return self._host

    @property
    def port(self) -> int:
        """The port it listens on; the requested one before the start."""
        return self._port

    @property
    def listening(self) -> bool:
        """True if new clients can connect."""
        return self._listener is not None

    @property
    def connections(self) -> list[Connection]:
        """The open connections, oldest first."""
        return list(self._connections.values())

    @property
    def buffered(self) -> int:
        """Bytes of unfinished requests."""
        return self._buffered

    async def start(self) -> None:
        """Listen. Raises `OSError` if the port is taken."""
        await self.open_port()
        self._schedule_sweep()

    async def stop(self) -> None:
        """Close the port and every connection; returns when all are closed and the backend knows."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        await self.close_port()
        for connection in self.connections:
            connection.close()
        try:
            await asyncio.wait_for(self._empty.wait(), CLOSE_GRACE)
        except TimeoutError:
            for connection in self.connections:
                connection.drop()
            await self._empty.wait()

    async def open_port(self) -> None:
        """Listen again after `close_port`, on the same port."""
        if self._listener is None:
            loop = asyncio.get_running_loop()
            self._listener = await loop.create_server(
                self._new_connection, self._host, self._port, backlog=_BACKLOG, reuse_address=True
            )
            self._port = self._listener.sockets[0].getsockname()[1]

    async def close_port(self) -> None:
        """Refuse new clients, like a stopped instance. Open connections stay."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def close_idle_logins(self) -> int:
        """Drop the clients past their time to log in; returns their number. Runs every few seconds by itself."""
        latest = self.clock() - self._login_timeout
        late = [c for c in self._connections.values() if not c.logged_in and c.accepted_at <= latest]
        for connection in late:
            connection.drop()
        return len(late)

    def _new_connection(self) -> Connection:
        self._accepted += 1
        return Connection(self, self._accepted)

    def _schedule_sweep(self) -> None:
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP_INTERVAL, self._sweep)

    def _sweep(self) -> None:
        self.close_idle_logins()
        self._schedule_sweep()

    # --- for connections --------------------------------------------------------------------------------------------

    def admit(self, connection: Connection) -> bool:
        """True if a new connection may stay. It is listed in either case, until it is closed."""
        admitted = not self.faults.refuse_connections and len(self._connections) < self._max_connections
        self._connections[connection.number] = connection
        self._empty.clear()
        return admitted

    def forget(self, connection: Connection) -> None:
        """Remove a closed connection."""
        self._connections.pop(connection.number, None)
        if not self._connections:
            self._empty.set()

    def account(self, grown: int) -> bool:
        """Count `grown` more buffered bytes; False if the limit for all connections is exceeded."""
        self._buffered += grown
        return grown <= 0 or self._buffered <= self._max_buffered
