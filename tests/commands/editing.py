"""A session on a simulator of its own through the real driver: what the editors do is seen by what the world became."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from irisops.connections.connection import Connector
from irisops.contract.chat import Command, Notice
from irisops.contract.clock import Clock
from irisops.contract.replies import Cell, Done, Form, Plan, Problem, Reply
from irisops.instance.connection import Connection
from irisops.journal import Entry
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session
from irisops.simulator.backend import Backend
from irisops.simulator.world.model import Permission, Role, User
from tests.instance.served import PASSWORD, USER, Served, serve

GOOD = "Geheim-12345"
"""A password that the simulator's policy takes."""


@dataclass
class Desk:
    """A person at a session, and the instance behind it."""

    session: Session
    served: Served
    notices: list[Notice] = field(default_factory=list)

    def command(self, line: str, fields: Mapping[str, Cell] | None = None) -> Command:
        command = self.session.parse(line)
        assert isinstance(command, Command), command
        return command if fields is None else replace(command, fields=dict(fields))

    async def say(self, line: str, fields: Mapping[str, Cell] | None = None) -> list[Reply]:
        """Type a line, or submit a form of it with these fields."""
        return [reply async for reply in self.session.run(self.command(line, fields))]

    async def plan(self, line: str, fields: Mapping[str, Cell] | None = None) -> Plan:
        reply = (await self.say(line, fields))[-1]
        assert isinstance(reply, Plan), reply
        return reply

    async def problem(self, line: str) -> Problem:
        reply = (await self.say(line))[-1]
        assert isinstance(reply, Problem), reply
        return reply

    async def form(self, line: str, fields: Mapping[str, Cell] | None = None) -> Form:
        reply = (await self.say(line, fields))[-1]
        assert isinstance(reply, Form), reply
        return reply

    async def yes(self, plan: Plan) -> list[Reply]:
        return [reply async for reply in self.session.confirm(plan.id)]

    async def do(self, line: str, fields: Mapping[str, Cell] | None = None) -> list[Reply]:
        """Say it, confirm it; it must have been done. The replies to the yes."""
        replies = await self.yes(await self.plan(line, fields))
        assert any(isinstance(reply, Done) for reply in replies), replies
        return replies

    async def edited(self, line: str, **changed: Cell) -> dict[str, Cell]:
        """Open a form; its values as a person leaves them."""
        form = await self.form(line)
        return {each.name: each.value for each in form.fields} | changed

    def user(self, name: str) -> User:
        return self.served.user(name)

    def role(self, name: str) -> Role:
        role = self.served.world.tables.roles.get(name)
        assert role is not None
        return role

    def entries(self) -> list[Entry]:
        return list(self.session.context.journal("local").entries())

    def changes(self) -> int:
        """How often the security tables of the world were changed."""
        return sum(
            event.event in ("UserChange", "RoleChange") for event in self.served.world.audit_log.records
        )


def add_role(served: Served, name: str, *granted: str, **resources: Permission) -> None:
    """A role in the world. `resources` without their %."""
    role = Role(name, granted_roles=list(granted))
    role.resources.update({f"%{key}": value for key, value in resources.items()})
    served.world.roles.add(role)


def session_on(
    served: Served,
    home: Path,
    connector: Connector = Connection,
    *,
    polling: bool = False,
    clock: Clock | None = None,
) -> tuple[Session, Profile]:
    """A session that is not connected yet."""
    profile = Profile("local", "127.0.0.1", served.server.port, "%SYS", USER)
    secrets = Secrets(None)
    secrets.remember(profile, PASSWORD)
    places = Places.below(home)
    return Session(
        places,
        secrets=secrets,
        clock=clock,
        connector=connector,
        extra=[profile],
        first="local",
        polling=polling,
    ), profile


@asynccontextmanager
async def desk_on(
    served: Served, home: Path, connector: Connector = Connection, *, clock: Clock | None = None
) -> AsyncIterator[Desk]:
    """A connected session; another one for another person."""
    session, profile = session_on(served, home, connector, clock=clock)
    desk = Desk(session, served)
    session.subscribe(lambda: None, desk.notices.append)
    session.load_profiles()
    session.hub.choose(profile)
    assert await session.connect(profile) is None
    try:
        yield desk
    finally:
        await session.close()


@asynccontextmanager
async def desk(
    home: Path,
    *,
    version: tuple[int, int] = (2025, 2),
    through: Callable[[Backend], Backend] = lambda backend: backend,
) -> AsyncIterator[Desk]:
    """A fresh instance with a person at it. `through` wraps its backend."""
    async with serve(units=50, version=version, through=through) as served:
        served.world.add_user(User("bob", roles=["%SQL"], full_name="Bob"), GOOD)
        add_role(served, "Clerk", "%SQL", DB_USER=Permission.READ)
        async with desk_on(served, home) as made:
            yield made
