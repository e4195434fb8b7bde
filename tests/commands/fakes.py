"""Test doubles of the session's surroundings: a clock that tests drive, a keyring in memory, a connection, a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from irisops.connections.connection import InstanceConnection
from irisops.contract.chat import Notice
from irisops.contract.clock import Clock
from irisops.contract.replies import Problem, Reply
from irisops.instance.calls import Answer, Call
from irisops.instance.capabilities import Capabilities, DoctorRow
from irisops.instance.connection import State, Target
from irisops.instance.errors import InstanceError, LoginRefused, Unreachable
from irisops.instance.models import SystemInfo
from irisops.instance.values import answered
from irisops.instance.web import WebAddress
from irisops.profiles.discovery.discoverer import Look, look_around
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.recording.readings import Heard
from irisops.session import Session
from tests.commands.fake_instance import PASSWORD, START, FakeInstance, a_user

__all__ = ["PASSWORD", "START", "FakeInstance", "a_user"]
"""Of `fake_instance`, for whoever takes all from here."""


async def settle() -> None:
    """Let everything that can run, run."""
    for _ in range(50):
        await asyncio.sleep(0)


class FakeClock(Clock):
    """Time passes when a test says so."""

    def __init__(self) -> None:
        self.passed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.passed + seconds, future))
        await future

    async def advance(self, seconds: float, step: float = 0.25) -> None:
        """Let time pass in small steps, running what wakes up at each."""
        end = self.passed + seconds
        await settle()
        while self.passed < end:
            self.passed = min(end, self.passed + step)
            due = [each for each in self._sleepers if each[0] <= self.passed]
            self._sleepers = [each for each in self._sleepers if each[0] > self.passed]
            for _, future in due:
                if not future.done():
                    future.set_result(None)
            await settle()


class FakeKeyring:
    """A keyring in memory that can be locked, slow to answer, broken or forgetful."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.trouble = ""
        self.raises: Exception | None = None
        self.loses = False
        self.block: Callable[[], None] = lambda: None

    def problem(self) -> str:
        self.block()
        if self.raises is not None:
            raise self.raises
        return self.trouble

    def get(self, service: str, account: str) -> str | None:
        return self.kept.get((service, account))

    def put(self, service: str, account: str, secret: str) -> None:
        if not self.loses:
            self.kept[service, account] = secret

    def delete(self, service: str, account: str) -> None:
        del self.kept[service, account]


class FakeCapabilities(Capabilities):
    """Everything is there, but for what a test takes away."""

    def __init__(self) -> None:
        super().__init__(None)
        self.gone: dict[str, str] = {}

    def has(self, class_name: str, member: str = "") -> bool:
        return True

    def has_start_time(self) -> bool:
        return True

    def missing(self) -> list[tuple[str, str]]:
        return [("%CSP.Session.SessionInfo", "not in this version")]

    def doctor(self) -> list[DoctorRow]:
        return [
            DoctorRow(
                "users.list",
                available=True,
                route="SQL Security.Users_List",
                rejected=(("ResultSet", "not needed"),),
            )
        ]

    def available(self, what: str) -> tuple[bool, str]:
        return (what not in self.gone, self.gone.get(what, ""))


class FakeConnection(InstanceConnection):
    """A connection to a `FakeInstance` whose state tests change."""

    def __init__(self, instance: FakeInstance, target: Target) -> None:
        self.instance = instance
        self.target = target
        self.web: WebAddress | None = None
        self.heard: Heard | None = None
        self._state = State("off")
        self._info: SystemInfo | None = None
        self._listeners: list[Callable[[State], None]] = []
        self.offers = FakeCapabilities()
        self.closed = 0
        self.warmed = 0
        self.forgotten: list[float] = []
        """Seconds of each `forget_rows`."""

    @property
    def capabilities(self) -> Capabilities:
        return self.offers

    @property
    def state(self) -> State:
        return self._state

    @property
    def info(self) -> SystemInfo | None:
        return self._info

    def listen(self, listener: Callable[[State], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def become(self, state: State) -> None:
        self._state = state
        for listener in list(self._listeners):
            listener(state)

    @asynccontextmanager
    async def beside(self, namespace: str) -> AsyncIterator[FakeConnection]:
        other = FakeConnection(self.instance, self.target._replace(namespace=namespace))
        await other.connect(self.instance.password)
        try:
            yield other
        finally:
            await other.disconnect()

    def forget_rows(self, seconds: float) -> None:
        self.forgotten.append(seconds)

    async def warm(self) -> None:
        self.warmed += 1

    async def connect(self, password: str) -> SystemInfo:
        self.become(State("connecting"))
        self.instance.logins.append(password)
        if self.instance.refuse is not None:
            self.become(State("off", self.instance.refuse.message))
            raise self.instance.refuse
        if password != self.instance.password:
            self.become(State("refused", "Access Denied", error="LoginRefused"))
            raise LoginRefused("The instance refused user or password.")
        self._info = SystemInfo(
            "IRIS for UNIX (test) 2025.2 (Build 1U)", "IRIS", "2025.2", "1U", "UNIX", self.target.namespace,
            4712, "127.0.0.1", "IRISA",
        )  # fmt: skip
        self.become(State("connected"))
        return self._info

    async def disconnect(self) -> None:
        self.closed += 1
        self.become(State("off"))

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        answers = await self.instance.batch(calls)
        if self.heard is not None:
            self.heard(calls, answers)
        return answers

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        if self.heard is not None:
            (answer,) = await self.batch([call])
            return answered(answer)
        return self.instance.answer(call)


LOCAL = Profile("local", "127.0.0.1", 1972, "%SYS", "_SYSTEM")


class World:
    """A session with everything around it faked."""

    def __init__(
        self,
        home: Path,
        *profiles: Profile,
        polling: bool = True,
        first: str = "",
        later: Callable[[], Awaitable[Profile]] | None = None,
        look: Look = look_around,
        connect_first: bool = True,
        session: type[Session] = Session,
    ) -> None:
        self.clock = FakeClock()
        self.instance = FakeInstance()
        self.keyring = FakeKeyring()
        self.connections: list[FakeConnection] = []
        self.notices: list[Notice] = []
        self.changes = 0
        self.asked: list[tuple[str, str]] = []
        self.answer: str | None = PASSWORD
        self.places = Places.below(home)
        self.session = session(
            self.places,
            secrets=Secrets(self.keyring),
            clock=self.clock,
            connector=self._connector,
            extra=profiles,
            polling=polling,
            first=first,
            later=later,
            look=look,
            connect_first=connect_first,
        )
        self.session.subscribe(self._changed, self.notices.append)
        self.session.ask_with(self._ask)

    def _connector(self, target: Target) -> FakeConnection:
        self.connections.append(FakeConnection(self.instance, target))
        return self.connections[-1]

    def _changed(self) -> None:
        self.changes += 1

    async def _ask(self, title: str, prompt: str) -> str | None:
        self.asked.append((title, prompt))
        return self.answer

    @property
    def connection(self) -> FakeConnection:
        return self.connections[-1]

    async def say(self, line: str) -> list[Reply]:
        """Type a line; the replies to it."""
        command = self.session.parse(line)
        if isinstance(command, Problem):
            return [command]
        return [reply async for reply in self.session.run(command)]

    async def yes(self, plan_id: str, word: str = "") -> list[Reply]:
        return [reply async for reply in self.session.confirm(plan_id, word)]

    async def connect(self) -> None:
        await self.say("/connect")
        await settle()
        assert self.connection.state.name == "connected"


def lost(message: str = "The connection was lost.") -> Unreachable:
    return Unreachable(message)


def failed(message: str) -> InstanceError:
    return InstanceError(message)
