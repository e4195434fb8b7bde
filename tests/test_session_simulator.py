"""The session on a real simulator through the real driver: the instance stops and comes back."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from irisops.contract.chat import Command, Notice, ProfileState
from irisops.contract.replies import Done, Problem, Reply
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session

LONG = 60.0
"""Seconds after which something that should have happened did not."""


class Simulator:
    """A simulator process that can be killed and started again on the same port."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[str] | None = None
        self.port = 0
        self.user = ""
        self.password = ""

    def start(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "irisops", "simulator", "--port", str(self.port), "--with-parent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.child.stdout is not None
        ready = json.loads(self.child.stdout.readline())
        self.port, self.user, self.password = ready["superserver"], ready["username"], ready["password"]

    def kill(self) -> None:
        if self.child is not None:
            self.child.kill()
            self.child.communicate()
            self.child = None


@dataclass
class Chatting:
    """A session as a screen uses it, with a way to wait for its events."""

    session: Session
    simulator: Simulator
    notices: list[Notice] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _waking: set[asyncio.Task[None]] = field(default_factory=set)

    def begin(self) -> None:
        self.session.subscribe(self._wake, self._notice)

    def _notice(self, notice: Notice) -> None:
        self.notices.append(notice)
        self._wake()

    def _wake(self) -> None:
        task = asyncio.get_running_loop().create_task(self._notify())
        self._waking.add(task)
        task.add_done_callback(self._waking.discard)

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    @property
    def active(self) -> ProfileState:
        return self.session.overview().active or ProfileState("none yet", "off")

    async def until(self, happened: Callable[[], bool], seconds: float = LONG) -> None:
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(happened)

    async def say(self, line: str) -> list[Reply]:
        command = self.session.parse(line)
        assert isinstance(command, Command)
        return [reply async for reply in self.session.run(command)]


@pytest.fixture
async def chatting(tmp_path: Path) -> AsyncIterator[Chatting]:
    simulator = Simulator()
    simulator.start()
    try:
        profile = Profile("sim", "127.0.0.1", simulator.port, "%SYS", simulator.user, poll_interval=0.5)
        secrets = Secrets(None)
        secrets.remember(profile, simulator.password)
        session = Session(Places.below(tmp_path), secrets=secrets, extra=[profile], first="sim")
        chat = Chatting(session, simulator)
        chat.begin()
        await session.start()
        await chat.until(lambda: chat.active.state == "connected" and chat.active.units_used is not None)
        yield chat
        await session.close()
    finally:
        simulator.kill()


async def test_the_side_panel_gets_its_figures(chatting: Chatting) -> None:
    await chatting.until(lambda: chatting.active.sessions is not None)
    active = chatting.active
    assert active.version.startswith("IRIS ")
    assert active.units_limit
    assert active.processes
    assert not active.stale
    await chatting.until(lambda: len(chatting.active.history) >= 3)


async def test_a_killed_instance_is_stale_said_once_and_recovers_by_itself(chatting: Chatting) -> None:
    chatting.simulator.kill()
    await chatting.until(lambda: chatting.active.stale)
    problem = (await chatting.say("/license"))[-1]
    assert isinstance(problem, Problem)
    assert problem.cure
    assert len([notice for notice in chatting.notices if notice.level != "info"]) == 1
    chatting.simulator.start()
    await chatting.until(lambda: chatting.active.state == "connected" and not chatting.active.stale)
    assert chatting.notices[-1].message == "Connected to sim again."
    board = await chatting.say("/license")
    assert not isinstance(board[-1], Problem)


async def test_completion_knows_the_instance(chatting: Chatting) -> None:
    await chatting.until(lambda: bool(chatting.session.complete("/grant %SQ", 10)))
    assert chatting.session.complete("/grant %SQ", 10)[0].value == "%SQL "


async def test_leaving_logs_out(chatting: Chatting) -> None:
    done = (await chatting.say("/disconnect"))[-1]
    assert isinstance(done, Done)
    assert chatting.active.state == "off"
    await chatting.session.close()
