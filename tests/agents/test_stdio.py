"""The server as a program of its own, over its standard input and output."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.session import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitResult

from irisops.agent_calls import AgentCalls
from irisops.agents.plans import TO_READ
from irisops.contract.replies import Table
from irisops.profiles.places import Places
from irisops.simulator.world.model import User
from tests.changes.test_killed import AFTER, EDIT, state
from tests.commands.editing import GOOD, desk_on
from tests.instance.served import PASSWORD, USER, Served, serve

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def program(home: Path, *arguments: str, mode: str = "auto") -> AsyncIterator[Client]:
    """The SDK's client with a server that it starts, and a person who reads the question and agrees."""

    async def person(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        await asyncio.sleep(TO_READ * 1.1)  # the program looks at its clock: a person takes the time to read
        return ElicitResult(action="accept", content={"word": "local"})

    environment = {"IRISOPS_HOME": str(home), "IRISOPS_PASSWORD": PASSWORD, "PATH": os.environ["PATH"]}
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", *arguments], env=environment, cwd=str(ROOT)
    )
    async with Client(parameters, mode=mode, elicitation_callback=person) as client:
        yield client


async def told(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return dict(result.structured_content)


def profile_file(served: Served, home: Path, agents: str = "apply") -> None:
    places = Places.below(home)
    places.config.mkdir(parents=True)
    places.profiles.write_text(
        f'[profiles.local]\nhost = "127.0.0.1"\nport = {served.server.port}\nuser = "{USER}"\nagents = "{agents}"\n'
    )


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serve(units=50) as made:
        made.world.add_user(User("bob", roles=["%SQL"], full_name="Bob"), GOOD)
        yield made


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_program_of_its_own_is_seen_on_the_board_and_leaves_with_its_client(
    mode: str, served: Served, tmp_path: Path
) -> None:
    profile_file(served, tmp_path)
    async with program(tmp_path, "irisops", "mcp", "--profile", "local", mode=mode) as client:
        assert len((await client.list_tools()).tools) == 14
        board = await told(client, "license")
        (row,) = board["replies"][1]["rows"]
        assert row["kind"] == "this tool (agent)"
        assert row["returns"] == "when the agent has asked nothing for a minute"
        async with desk_on(served, tmp_path) as person:
            table = (await person.say("/license"))[1]
            assert isinstance(table, Table)
            assert "this tool (agent) among them" in str(table.rows[0]["why"])
        plan = await told(client, "plan", line="/grant %Developer to bob")
        await told(client, "apply", plan_id=plan["plan_id"])
        assert "%Developer" in served.user("bob").roles
    async with desk_on(served, tmp_path) as person:
        (calls,) = await person.say("/history agents")
        assert isinstance(calls, Table)
        assert [row["outcome"] for row in calls.rows][:3] == ["done", "begun", "asked"]
        table = (await person.say("/license"))[1]
        assert isinstance(table, Table)
        assert [row["kind"] for row in table.rows] == ["this tool"]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_kill_9_in_the_middle_leaves_a_true_journal(mode: str, served: Served, tmp_path: Path) -> None:
    arguments = ("tests.agents.killed_server", str(tmp_path), str(served.server.port), "2", "after")
    async with program(tmp_path, *arguments, mode=mode) as client:
        plan = await told(client, "plan", line=EDIT)
        with pytest.raises(MCPError):
            await told(client, "apply", plan_id=plan["plan_id"])
    calls, unreadable = AgentCalls(Places.below(tmp_path).journals).read()
    assert ([call.outcome for call in calls], unreadable) == (["begun", "asked", "done"], 0)
    async with desk_on(served, tmp_path) as person:
        (entry,) = person.entries()
        assert (entry.status, entry.steps_done) == ("unknown", 1)
        await person.do("/finish 1")
        assert state(served) == AFTER


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "irisops", *arguments],
        cwd=ROOT,
        env={**os.environ, "IRISOPS_HOME": str(home)},
        input="",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_profile_for_agents_it_says_so_and_ends(tmp_path: Path) -> None:
    ended = run(tmp_path, "mcp")
    assert ended.returncode == 2
    assert "There is no profile for agents" in ended.stderr
    assert ended.stdout == ""
    assert run(tmp_path, "approve").returncode == 3, "approve needs a terminal"
