from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from irisops.simulator.web.server import WebServer
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.model import Application, User
from irisops.simulator.world.seed import PASSWORD_BIT
from irisops.simulator.world.world import World

PASSWORD = "right-1"


@dataclass
class Answer:
    """A received response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str:
        return next((value for each, value in self.headers if each.lower() == name.lower()), "")


@dataclass
class Browser:
    """A client that keeps cookies by name. Each request is a connection of its own."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, target: str, *, body: bytes = b"", **headers: str) -> Answer:
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if body:
            lines += [f"Content-Length: {len(body)}", "Content-Type: application/x-www-form-urlencoded"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        answer = await self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return answer

    async def get(self, target: str, **headers: str) -> Answer:
        return await self.ask("GET", target, body=b"", **headers)

    async def login(self, target: str, username: str, password: str = PASSWORD) -> Answer:
        return await self.ask(
            "POST", target, body=f"IRISUsername={username}&IRISPassword={password}".encode()
        )

    async def raw(self, data: bytes) -> Answer:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            await writer.drain()
            received = await asyncio.wait_for(reader.read(), 20)
        finally:
            writer.close()
        head, _, body = received.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in rest)]
        return Answer(int(first.split(" ")[1]), headers, body)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def world(clock: ManualClock) -> World:
    world = World(clock)
    world.add_user(User("ana", roles=["%Developer"]), PASSWORD)
    world.add_user(User("sql", roles=["%SQL"]), PASSWORD)
    for name in ("/api/keeping", "/api/free"):
        world.applications.add(
            Application(
                name, dispatch_class="X.REST", authe_enabled=PASSWORD_BIT, use_session=name == "/api/keeping"
            )
        )
    return world


@pytest.fixture
async def server(world: World) -> AsyncIterator[WebServer]:
    server = WebServer(world)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def browser(server: WebServer) -> Browser:
    return Browser(server.port)
