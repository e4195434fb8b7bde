"""The whole brain of the chat, through the real driver, on a simulator whose clock the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from irisops.contract.chat import Command, Notice
from irisops.contract.clock import Clock
from irisops.contract.replies import Effect, Plan, Problem, Progress, Reply, Table
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session
from irisops.simulator.doubts import standing
from irisops.simulator.main import DEFAULT_VERSION, Options, RunningSimulator, serve
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.world import World


class StageClock(Clock):
    """Waiting moves the simulator's time on, and nothing else does."""

    def __init__(self, simulator: RunningSimulator) -> None:
        self._simulator = simulator
        self._passed = 0.0

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        self._passed += seconds
        self._simulator.control.advance(seconds)
        await asyncio.sleep(0)


@dataclass
class Person:
    """Somebody with this tool in front of them."""

    session: Session
    notices: list[Notice]

    async def say(self, line: str) -> list[Reply]:
        """Type a line; what it brought, without the steps in between."""
        command = self.session.parse(line)
        if isinstance(command, Problem):
            return [command]
        assert isinstance(command, Command)
        return [reply async for reply in self.session.run(command) if not isinstance(reply, Progress)]

    async def plan(self, line: str) -> Plan:
        """The plan that a line leads to."""
        reply = (await self.say(line))[-1]
        assert isinstance(reply, Plan), reply
        return reply

    async def yes(self, plan: Plan) -> list[Reply]:
        """Agree."""
        return [r async for r in self.session.confirm(plan.id) if not isinstance(r, Progress | Effect)]

    async def table(self, line: str, name: str) -> Table:
        """The table of that name in the answer to a line."""
        for reply in await self.say(line):
            if isinstance(reply, Table) and reply.name == name:
                return reply
        raise AssertionError(f"{line} brought no table {name}")


@dataclass
class Stage:
    """A simulator that stands still until told."""

    simulator: RunningSimulator
    home: Path

    @property
    def world(self) -> World:
        """What the simulator holds."""
        return self.simulator.world

    @property
    def consumed(self) -> int:
        """Units in use, from the simulator's own books."""
        return self.world.license_counts().consumed

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.simulator.control.advance(seconds)

    def advance_to(self, moment: datetime) -> None:
        """Let time pass until then."""
        self.advance((moment - self.world.clock.now()).total_seconds())

    def profile(self, user: str = "", namespace: str = "%SYS", name: str = "stage") -> Profile:
        """Where it is."""
        web = self.simulator.web.port if self.simulator.web is not None else None
        return Profile(
            name,
            "127.0.0.1",
            self.simulator.port,
            namespace,
            user or self.simulator.account.username,
            web_port=web,
        )

    @asynccontextmanager
    async def person(
        self,
        user: str = "",
        password: str = "",
        namespace: str = "%SYS",
        *,
        connect: bool = True,
        **fields: bool | int | str,
    ) -> AsyncIterator[Person]:
        """Log somebody in, with these fields of the profile (`read_only`, `port`); they log out at the end."""
        profile = replace(self.profile(user, namespace), **fields)  # type: ignore[arg-type]  # each has its type
        secrets = Secrets(None)
        secrets.remember(profile, password or self.simulator.account.password)
        home = self.home / f"person{id(profile)}"
        clock = StageClock(self.simulator)
        session = Session(Places.below(home), secrets=secrets, clock=clock, extra=[profile], polling=False)
        notices: list[Notice] = []
        session.subscribe(lambda: None, notices.append)
        person = Person(session, notices)
        try:
            if connect:
                replies = await person.say("/connect")
                assert not any(isinstance(reply, Problem) for reply in replies), replies
            yield person
        finally:
            await session.close()


@asynccontextmanager
async def stage(
    scenario: str, home: Path, *, version: str = DEFAULT_VERSION, doubts: Sequence[str] = ()
) -> AsyncIterator[Stage]:
    """Serve a scenario whose time stands still, at a whole second near now.

    `doubts` are NAME=VALUE, for others than those of the suite.
    """
    start = datetime.now(UTC).replace(microsecond=0)
    simulator = await serve(
        Options(
            scenario=scenario,
            version=version,
            doubts=standing().choose(*doubts),
            clock=ManualClock(start),
            frozen=True,
        )
    )
    try:
        yield Stage(simulator, home)
    finally:
        await simulator.stop()
