"""The server on a port of this machine: by the SDK's own client with the token, and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from irisops.agents.over_http import BIGGEST_REQUEST, HOST, PATH, serve_http
from irisops.agents.service import AgentService
from irisops.commands.catalogue import default_registry
from irisops.logs import MASK, scrub
from tests.agents.serving import APPLY, MODES, Agent, Person, answers_of
from tests.agents.test_stdio import ROOT, told
from tests.commands.fakes import PASSWORD, World

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "x", "version": "1"},
    },
}
ACCEPTED = {"Accept": "application/json, text/event-stream"}


def address_in(said: str) -> tuple[str, Path]:
    """The address, and the file of the token, that are said at the start."""
    ((address, file),) = re.findall(r"(http://\S+) serves .* token is in (\S+)\. ", said)
    return address, Path(file)


def arguments_of(pid: int) -> str:
    """The command line of a process, where it can be read."""
    file = Path(f"/proc/{pid}/cmdline")
    return file.read_text() if file.exists() else ""


def exists(file: Path) -> bool:
    return file.exists()


class Served:
    """A server on a free port, on an instance in memory."""

    def __init__(self, world: World, service: AgentService, said: str) -> None:
        self.world, self.service, self.said = world, service, said
        self.url, self.file = address_in(said)
        self.port = int(self.url.split(":")[2].split("/")[0])
        self.token = self.file.read_text()

    def client(self, **headers: str) -> httpx2.AsyncClient:
        """A client that sends these headers, by default the token."""
        return httpx2.AsyncClient(headers=headers or {"Authorization": f"Bearer {self.token}"}, timeout=30)

    async def status(self, *, host: str = "", origin: str = "", **headers: str) -> int:
        """The status of the answer to a first request."""
        extra = {"Host": host} if host else {}
        extra |= {"Origin": origin} if origin else {}
        async with self.client(**headers) as client:
            return (await client.post(self.url, json=INITIALIZE, headers=ACCEPTED | extra)).status_code


@asynccontextmanager
async def served(home: Path) -> AsyncIterator[Served]:
    world = World(home, APPLY, polling=False)
    world.session.hub.secrets.remember(APPLY, PASSWORD)
    service = AgentService(world.session, default_registry())
    said: asyncio.Queue[str] = asyncio.Queue()
    serving = asyncio.create_task(serve_http(service, 0, world.places.state / "agents", said.put_nowait))
    try:
        yield Served(world, service, await said.get())
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        await service.close()
        await world.session.close()


@pytest.mark.parametrize("mode", MODES)
async def test_the_official_client_lists_asks_plans_applies_and_takes_it_back(
    mode: str, tmp_path: Path
) -> None:
    person = Person("decline")
    async with served(tmp_path) as it, it.client() as http:
        transport = streamable_http_client(it.url, http_client=http)
        async with Client(transport, mode=mode, elicitation_callback=answers_of(it.world, person)) as client:
            agent = Agent(it.world, it.service, client, person)
            assert client.session.protocol_version == {"legacy": "2025-11-25", "auto": "2026-07-28"}[mode]
            assert "apply" in {tool.name for tool in (await client.list_tools()).tools}
            answer = await agent.told("ask", line="who holds my license")
            assert [reply["name"] for reply in answer["replies"]] == ["license", "holders"]
            assert await agent.refused("apply", plan_id=await agent.plan()) == "Declined"
            assert not agent.changed
            person.word = "local"
            await agent.told("apply", plan_id=await agent.plan())
            assert it.world.instance.held("bob") == ("%SQL",)
            back = await agent.told("undo", change=1)
            await agent.told("apply", plan_id=back["plan_id"])
            assert it.world.instance.held("bob") == ()
            assert {call.client for call in agent.calls()} == {"mcp 0.1.0"}


async def test_without_its_token_nothing_is_answered_and_the_cure_is_said(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        wrong = (
            "Bearer wrong", f"Bearer {it.token[:-1]}", f"Bearer {it.token}x", f"Basic {it.token}", it.token, "Bearer",
            "Bearer \xff", "",
        )  # fmt: skip
        for value in wrong:
            async with httpx2.AsyncClient(headers={b"Authorization": value.encode("latin-1")}) as client:
                for path in (PATH, "/", "/.well-known/oauth-protected-resource"):
                    answer = await client.post(f"http://{HOST}:{it.port}{path}", json=INITIALIZE)
                    assert answer.status_code == 401, value
                    assert answer.json()["error"] == "TokenNeeded"
                    assert "Authorization: Bearer" in answer.json()["cure"]
                    assert it.token not in answer.text
                    assert str(it.file) not in answer.text, "no path of this machine to a stranger"
        twice = [("Authorization", f"Bearer {it.token}"), ("Authorization", "Bearer wrong")]
        async with httpx2.AsyncClient() as client:
            assert (await client.post(it.url, json=INITIALIZE, headers=twice)).status_code == 401
        assert await it.status() == 200
        assert not it.world.instance.logins


async def test_a_page_that_reaches_it_by_another_name_is_refused(tmp_path: Path) -> None:
    """DNS rebinding: the browser of somebody who has the token sends the name and the origin of the page."""
    async with served(tmp_path) as it:
        for host in ("evil.example", f"evil.example:{it.port}", f"{HOST}:1", "127.0.0.1.evil.example", HOST):
            assert await it.status(host=host) == 421, host
        for origin in ("http://evil.example", f"https://{HOST}:{it.port}", "null", f"http://{HOST}:1"):
            assert await it.status(origin=origin) == 403, origin
        assert await it.status(host=f"localhost:{it.port}", origin=f"http://localhost:{it.port}") == 200


async def test_it_listens_on_this_machine_alone_and_takes_no_large_request(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        for family, address in ((socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1")):
            with pytest.raises(OSError, match=r"."), socket.socket(family) as other:
                other.connect((address, it.port))
        async with it.client() as client:
            answer = await client.post(it.url, content=b"x" * (BIGGEST_REQUEST + 1), headers=ACCEPTED)
            assert answer.status_code == 413
        with pytest.raises(OSError, match="in use"):
            await serve_http(it.service, it.port, tmp_path, print)


async def test_the_token_is_private_new_each_time_and_goes_with_the_server(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        assert it.file.stat().st_mode & 0o777 == 0o600
        assert it.file.parent.stat().st_mode & 0o777 == 0o700
        assert it.token not in it.said
        assert scrub(f"it is {it.token}") == f"it is {MASK}", "no log holds it"
        assert len(it.token) >= 40
        first = it
    assert not first.file.exists()
    async with served(tmp_path) as it:
        assert it.token != first.token


async def test_the_program_serves_until_it_is_ended(tmp_path: Path) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "irisops", "mcp", "--demo", "--http", "0",
        cwd=ROOT, env={**os.environ, "IRISOPS_HOME": str(tmp_path)}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert program.stderr is not None
    try:
        said = (await program.stderr.readline()).decode()
        url, file = address_in(said)
        token = file.read_text()
        assert token not in arguments_of(program.pid)
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            assert (await told(client, "status"))["profile"] == "demo"
            program.send_signal(signal.SIGTERM)  # while a client is connected
            rest = (await program.stderr.read()).decode()
        assert await program.wait() == 128 + signal.SIGTERM
        assert "Traceback" not in rest
        assert token not in said + rest
        assert not exists(file)
    finally:
        with contextlib.suppress(ProcessLookupError):
            program.kill()
        await program.wait()
