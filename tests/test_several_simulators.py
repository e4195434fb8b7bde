"""Three real instances at once, one stalling, one dying: the other answers as before."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irisops.contract.replies import Problem, Table
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.profiles.store import ProfileStore
from irisops.session import Session
from tests.test_session_simulator import LONG, Chatting, Simulator

if sys.platform == "win32":
    pytest.skip("a process is stalled by SIGSTOP", allow_module_level=True)

NAMES = ("steady", "stalling", "dying")


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[tuple[Chatting, dict[str, Simulator]]]:
    simulators = {name: Simulator() for name in NAMES}
    places = Places.below(tmp_path)
    store = ProfileStore(places.profiles)
    secrets = Secrets(None)
    session = Session(places, secrets=secrets)
    try:
        for name, simulator in simulators.items():
            simulator.start()
            profile = Profile(name, "127.0.0.1", simulator.port, "%SYS", simulator.user, poll_interval=0.5)
            store.add(profile)
            secrets.remember(profile, simulator.password)
        chatting = Chatting(session, simulators["steady"])
        chatting.begin()
        session.load_profiles()
        yield chatting, simulators
    finally:
        await session.close()
        for simulator in simulators.values():
            if simulator.child is not None:
                simulator.child.send_signal(signal.SIGCONT)
            simulator.kill()


async def dashboard(chatting: Chatting) -> dict[str, str]:
    """State of each instance as the dashboard has it."""
    (table,) = await chatting.say("/dashboard")
    assert isinstance(table, Table)
    return {str(row["instance"]): str(row["state"]) for row in table.rows}


async def test_one_stalls_one_dies_and_the_other_answers_as_before(
    three: tuple[Chatting, dict[str, Simulator]],
) -> None:
    chatting, simulators = three
    board, holders = await chatting.say("/on all /license")
    assert isinstance(board, Table)
    assert isinstance(holders, Table)
    assert [column.title for column in board.columns][1:4] == list(NAMES)
    assert {row["instance"] for row in holders.rows} == set(NAMES)
    simulators["dying"].kill()
    stalling = simulators["stalling"].child
    assert stalling is not None
    os.kill(stalling.pid, signal.SIGSTOP)
    hub = chatting.session.hub
    await chatting.until(lambda: hub.links["dying"].connection.state.name == "lost")

    polled = hub.links["steady"].counts
    await chatting.until(lambda: hub.links["steady"].counts is not polled)

    waiting = asyncio.create_task(chatting.say("/on all /license"))
    (facts,) = await chatting.say("/on steady /status")
    assert not isinstance(facts, Problem)
    assert not waiting.done(), "it still waits for the one that stalls"
    async with asyncio.timeout(LONG):
        replies = await waiting
    why = [reply.message for reply in replies if isinstance(reply, Problem)]
    assert any("stalling" in each for each in why), why
    assert any("dying" in each for each in why), why
    assert not any("steady" in each for each in why), why

    states = await dashboard(chatting)
    assert states["steady"] == "● connected"
    assert "lost" in states["dying"] or "connecting" in states["dying"]
    async with asyncio.timeout(LONG):
        while (await dashboard(chatting))["stalling"] == "● connected":  # noqa: ASYNC110 - time alone makes it stale
            await asyncio.sleep(0.1)

    os.kill(stalling.pid, signal.SIGCONT)
    simulators["dying"].start()
    await chatting.until(lambda: all(hub.links[name].connection.state.name == "connected" for name in NAMES))


async def test_two_answer_and_the_third_says_why_not(three: tuple[Chatting, dict[str, Simulator]]) -> None:
    chatting, simulators = three
    await chatting.say("/on all /status")
    simulators["dying"].kill()
    hub = chatting.session.hub
    await chatting.until(lambda: hub.links["dying"].connection.state.name == "lost")
    board, holders, problem = await chatting.say("/on all /license")
    assert isinstance(board, Table)
    assert [column.title for column in board.columns][1:3] == ["steady", "stalling"]
    assert isinstance(holders, Table)
    assert {row["instance"] for row in holders.rows} == {"steady", "stalling"}
    assert isinstance(problem, Problem)
    assert "dying" in problem.message
