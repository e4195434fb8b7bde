"""The web port: `/api/monitor`, `/api/admin` and the web applications over HTTP/1.1 on one address."""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus

from irisops.simulator.web.admin import ADMIN, AdminApi
from irisops.simulator.web.applications import Applications, plain
from irisops.simulator.web.gateway import before_instance
from irisops.simulator.web.http import MAX_LINE, BadRequestError, Request, Response, read_request
from irisops.simulator.web.metrics import Monitor
from irisops.simulator.world.seed import UNAUTHENTICATED_BIT
from irisops.simulator.world.world import World

MAX_CONNECTIONS = 256
IDLE_SECONDS = 30.0
MONITOR = "/api/monitor"


class WebServer:
    """Serves one world. `port` 0: any free one; `idle`: seconds until a silent connection is closed."""

    def __init__(
        self, world: World, host: str = "127.0.0.1", port: int = 0, *, idle: float = IDLE_SECONDS
    ) -> None:
        self._world = world
        self._host = host
        self._wanted = port
        self._idle = idle
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.use(world)

    @property
    def port(self) -> int:
        """The port it listens on. Raises RuntimeError before `start` and after `stop`."""
        if self._server is None:
            raise RuntimeError("the web server is not running")
        return int(self._server.sockets[0].getsockname()[1])

    def use(self, world: World) -> None:
        """Serve another world from now on; its sessions differ, so all cookies become invalid."""
        self._world = world
        self._applications = Applications(world)
        self._monitor = Monitor(world)
        self._admin = AdminApi(world)

    async def start(self) -> None:
        """Listen. Raises OSError if the port is taken."""
        self._server = await asyncio.start_server(self._accept, self._host, self._wanted, limit=MAX_LINE)

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._server is None:
            return
        self._server.close()
        # Tasks are not cancelled: asyncio's streams of Python 3.11 log a cancelled one as an error.
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def answer(self, request: Request, client_ip: str) -> Response:
        """The answer to one request."""
        self._world.tick()
        stopped = before_instance(self._world, request, client_ip)
        if stopped is not None:
            return stopped
        path = request.path.rstrip("/").lower()
        if path == MONITOR or path.startswith(f"{MONITOR}/"):
            return self._answer_monitor(path, request, client_ip)
        if path == ADMIN or path.startswith(f"{ADMIN}/"):
            return self._admin.answer(path, request, client_ip)
        return self._applications.answer(request, client_ip, self.port)

    def _answer_monitor(self, path: str, request: Request, client_ip: str) -> Response:
        """`/api/monitor`; no credentials by default, no license unit.

        UNVERIFIED: that it takes no license unit, as two projects have measured. Settle: poll it, read UserList.
        """
        application = self._world.application(MONITOR)
        if application is None or not application.enabled:
            return plain(HTTPStatus.NOT_FOUND)
        if not application.authe_enabled & UNAUTHENTICATED_BIT:
            refused = self._applications.refuse_without_login(application, request, client_ip)
            if refused is not None:
                return refused
        if path == f"{MONITOR}/metrics":
            return Response(HTTPStatus.OK, self._monitor.metrics().encode())
        if path == f"{MONITOR}/alerts":
            return Response(HTTPStatus.OK, self._monitor.alerts().encode(), "application/json; charset=utf-8")
        return plain(HTTPStatus.NOT_FOUND)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            if len(self._writers) > MAX_CONNECTIONS:
                await self._send(writer, plain(HTTPStatus.SERVICE_UNAVAILABLE), keep_alive=False)
                return
            await self._converse(reader, writer)
        except (ConnectionError, TimeoutError):
            pass  # the client is gone or was silent for too long
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client_ip = str(writer.get_extra_info("peername")[0])
        while True:
            try:
                async with asyncio.timeout(self._idle):
                    request = await read_request(reader)
                if request is None:
                    return
                response = self.answer(request, client_ip)
            except BadRequestError as error:
                await self._send(writer, Response(error.status, f"{error}\n".encode()), keep_alive=False)
                return
            await self._send(
                writer, response, keep_alive=request.keep_alive, with_body=request.method != "HEAD"
            )
            if not request.keep_alive:
                return

    async def _send(
        self, writer: asyncio.StreamWriter, response: Response, *, keep_alive: bool, with_body: bool = True
    ) -> None:
        writer.write(response.encode(with_body=with_body, keep_alive=keep_alive))
        async with asyncio.timeout(self._idle):
            await writer.drain()
