"""A world of the matrix: a furnished `home` that does this or that in doubt, with one person logged in."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from irisops.connections.open_shares import SharingSettings
from irisops.contract.chat import Command
from irisops.contract.clock import Clock
from irisops.contract.replies import Done, Plan, Problem, Progress, Reply, Table
from irisops.instance.calls import HELPER
from irisops.instance.capabilities import DoctorRow
from irisops.instance.helper import source
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session
from irisops.simulator.agent.launcher import write_launcher
from irisops.simulator.agent.switches import Switches
from irisops.simulator.classes.compiled import compile_class
from irisops.simulator.classes.loaded import Loaded
from irisops.simulator.classes.sql_privileges import ObjectPrivilege
from irisops.simulator.doubts import DOUBTS, Doubts
from irisops.simulator.main import Options, RunningSimulator, serve
from irisops.simulator.objectscript.source import read_class
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.model import Application, Permission, Role, User
from irisops.simulator.world.processes import SUSPENDED
from irisops.simulator.world.security import event_key
from irisops.simulator.world.tables import NameTable
from irisops.simulator.world.world import World
from tests.matrix.lines import all_lines

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
"""When all worlds stand still."""
KINDEST = {each.name: each.behaviours[-1].value for each in DOUBTS} | {"last-login": "odbc"}
"""What the kindest instance does: the last behaviour of each doubt, but for the one that leaves a column empty."""
TABLES = ("users", "roles", "resources", "services", "applications", "events", "databases")
"""Tables of a world whose records are copied and compared."""
MOVING = {
    "modified",
    "modified_by",
    "created",
    "created_by",
    "password_hash",
    "password_salt",
    "password_changed",
    "last_login",
    "last_login_device",
    "last_login_service",
    "total",
    "written",
    "lost",
}
"""Fields of records that differ from change to change, or from login to login."""

HELPER_CHANGES = ("helper install", "helper remove")
"""Commands that the reference gives to an instance without the helper."""
LETTERS = {"R": Permission.READ, "W": Permission.WRITE, "U": Permission.USE}

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Who is logged in where: an account of the scenarios, a version, and what the instance does in doubt.

    `helper`: somebody installed it.
    """

    account: str
    version: str
    doubts: Mapping[str, str]
    helper: bool = False

    @property
    def reference(self) -> Place:
        """The kindest world of the same version and counting, as %All."""
        counting = {"community-units": self.doubts["community-units"]}
        return Place("admin1", self.version, KINDEST | counting)


@dataclass(slots=True)
class Seen:
    """What one line brought: replies up to the plan, replies to the yes, and what it did to the world."""

    replies: list[Reply] = field(default_factory=list)
    after: list[Reply] = field(default_factory=list)
    change: dict[str, Any] = field(default_factory=dict)
    """Place in the world -> (before, after)."""
    agreed: bool = False
    undo: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What an account may do in its world, from the world's own tables."""

    superuser: bool
    permissions: Mapping[str, Permission]
    """Resource in lower case -> permission."""

    def has(self, resource: str, letters: str) -> bool:
        """True if it has each of the letters R, W, U on the resource."""
        permission = self.permissions.get(resource.lower(), Permission.NONE)
        return self.superuser or all(permission & LETTERS[letter] for letter in letters)


class StillClock(Clock):
    """The world's clock: it moves when somebody waits, and not else."""

    def __init__(self, simulator: RunningSimulator) -> None:
        self._simulator = simulator
        self._passed = 0.0

    def now(self) -> datetime:
        return self._simulator.world.clock.now()

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        self._passed += seconds
        self._simulator.control.advance(seconds)
        await asyncio.sleep(0)


@dataclass
class Stand:
    """A person at a session, and the instance behind it."""

    session: Session
    simulator: RunningSimulator
    place: Place
    home: Path

    @property
    def world(self) -> World:
        return self.simulator.world

    def names(self) -> dict[str, str]:
        """What stands in the lines as `{name}`."""
        notebook = next(each for each in self.world.processes.values() if each.username == "notebook")
        return {"pid": str(notebook.pid), "file": str(self.home / "iris.json")}

    def held(self) -> Held:
        """What the account may do."""
        account, world = self.place.account, self.world
        permissions = {name.lower(): world.permission(account, name) for name in world.resources.names()}
        return Held(world.is_superuser(account), permissions)

    def take_last_place(self) -> None:
        """Somebody takes the last of the eight places: the admin API has no free unit then."""
        self.world.start_process(username="irisowner", namespace="USER", client_ip="192.168.1.20")
        self.world.tick()

    async def say(self, line: str, *, agree: bool) -> Seen:
        """Type a line; say yes to its plan if `agree`."""
        seen = Seen()
        before = self.figures()
        command = self.session.parse(line)
        if isinstance(command, Problem):
            seen.replies.append(command)
            return seen
        assert isinstance(command, Command)
        async for reply in self.session.run(command):
            if isinstance(reply, Table):
                reply.rows = [
                    dict(row) for row in reply.rows
                ]  # some tables make their rows when they are asked for
            if not isinstance(reply, Progress):
                seen.replies.append(reply)
        plan = next((each for each in seen.replies if isinstance(each, Plan)), None)
        if plan is not None and not agree:
            self.session.decline(plan.id)
        elif plan is not None:
            seen.agreed = True
            async for reply in self.session.confirm(plan.id, plan.confirm_word):
                if not isinstance(reply, Progress):
                    seen.after.append(reply)
            seen.undo = next((each.undo for each in seen.after if isinstance(each, Done)), None)
        seen.change = changed(before, self.figures())
        return seen

    def figures(self) -> dict[str, Any]:
        """The whole state that commands can change: "table/name/field" -> value."""
        world = self.world
        found: dict[str, Any] = {}
        for table in TABLES:
            records: list[Any] = list(getattr(world, table).values())
            names = [each.name for each in fields(records[0]) if each.name not in MOVING]
            for record in records:
                key = (
                    f"{table}/{record.name}" if table != "events" else f"events/{record.source}/{record.name}"
                )
                for name in names:
                    value = getattr(record, name)
                    found[f"{key}/{name}"] = (
                        copy.copy(value) if isinstance(value, list | dict | set) else value
                    )
        found |= {f"system/{key}": value for key, value in asdict(world.system).items()}
        # The clock alone moves the states of running processes, and the moment of a run hangs on the waits before it.
        found |= {
            f"processes/{pid}/suspended": row.state == SUSPENDED for pid, row in world.processes.items()
        }
        for task in world.operations.tasks:
            found[f"tasks/{task.number}/suspended"] = task.suspended
            found[f"tasks/{task.number}/started"] = (
                task.last_started is not None and task.last_started >= START
            )
        found |= {f"sessions/{key}": row.ending is None for key, row in world.sessions.items()}
        for grant in self._grants():
            found[f"grants/{grant.grantee}/{grant.schema}.{grant.name}/{grant.action}"] = grant.namespace
        return found

    def _grants(self) -> list[ObjectPrivilege]:
        privileges = self.simulator.runtime.emulation.sql_privileges
        names = [*self.world.users.names(), *self.world.roles.names(), "_PUBLIC"]
        return [grant for name in names for grant in privileges.of(name)]

    def keep(self) -> Kept:
        """A copy of all records."""
        tables: dict[str, list[Any]] = {
            name: [copy.deepcopy(row) for row in getattr(self.world, name).values()] for name in TABLES
        }
        return Kept(tables, copy.deepcopy(self.world.system), self._grants())

    def restore(self, kept: Kept) -> None:
        """Put all records back as they were. Most lines change none."""
        for name, rows in kept.tables.items():
            table: NameTable[Any] = getattr(self.world, name)
            if list(table.values()) == rows:
                continue
            before = {_key(name, row) for row in rows}
            for row in list(table.values()):
                if _key(name, row) not in before:
                    table.remove(_key(name, row))
            for row in rows:
                table.add(copy.deepcopy(row))
        for each in fields(kept.system):
            setattr(self.world.system, each.name, getattr(kept.system, each.name))
        privileges = self.simulator.runtime.emulation.sql_privileges
        for grant in self._grants():
            if grant not in kept.grants:
                privileges.revoke(grant)
        for grant in kept.grants:
            privileges.grant(grant)


@dataclass(frozen=True, slots=True)
class Walk:
    """All that one person saw in one world: by line, with a line of its own for each undo."""

    place: Place
    held: Held
    seen: Mapping[str, Seen]
    doctor: Sequence[DoctorRow]
    """What the connection learnt of each fact and action."""


async def walk(place: Place, home: Path) -> Walk:
    """Type all lines in one world. What a line changed is undone, and then put back, so that each finds the same."""
    found: dict[str, Seen] = {}
    async with standing_in(place, home) as stand:
        names = stand.names()
        kept = stand.keep()
        for line in all_lines():
            if place.helper and line.command in HELPER_CHANGES:
                continue
            if line.last and stand.world.license.room > 0:
                stand.take_last_place()
                kept = stand.keep()
            found[line.text] = seen = await stand.say(line.text.format(**names), agree=line.agree)
            if seen.undo is not None:
                found[undo_of(line.text)] = await stand.say(f"/undo {seen.undo}", agree=True)
            stand.restore(kept)
        connection = stand.session.context.link().connection
        return Walk(place, stand.held(), found, connection.capabilities.doctor())


def undo_of(text: str) -> str:
    """The name of the undo of a line."""
    return f"/undo after {text}"


@dataclass(frozen=True, slots=True)
class Kept:
    """Records of a world, to go back to."""

    tables: Mapping[str, list[Any]]
    system: Any
    grants: list[ObjectPrivilege]


def _key(table: str, row: Any) -> str:
    return event_key(row.source, row.type, row.name) if table == "events" else str(row.name)


def changed(before: Figures, after: Figures) -> dict[str, Any]:
    """What differs: key -> (before, after), None where there is nothing."""
    keys = dict.fromkeys([*before, *after])
    return {key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}


@asynccontextmanager
async def standing_in(place: Place, home: Path) -> AsyncIterator[Stand]:
    """Serve the world, log in, furnish it, and leave at the end."""
    doubts = Doubts().choose(*(f"{name}={value}" for name, value in place.doubts.items()))
    simulator = await serve(
        Options(version=place.version, clock=ManualClock(START), frozen=True, doubts=doubts)
    )
    furnish(simulator)
    if place.helper:
        parsed = read_class(source())
        loaded = Loaded(HELPER, compile_class(parsed), "admin1", tuple(parsed.methods))
        simulator.runtime.emulation.loaded.keep(loaded, "%SYS")
    try:
        async with seated(simulator, place, home) as stand:
            yield stand
    finally:
        await simulator.stop()


@asynccontextmanager
async def seated(simulator: RunningSimulator, place: Place, home: Path) -> AsyncIterator[Stand]:
    """Log in as the account of the place, and leave at the end."""
    account = next(each for each in simulator.world.accounts if each.username == place.account)
    assert simulator.web is not None
    profile = Profile(
        "local", "127.0.0.1", simulator.port, account.namespace, account.username, web_port=simulator.web.port
    )
    secrets = Secrets(None)
    secrets.remember(profile, account.password)
    agent = write_launcher(home / "bin" / "ngrok", Switches())
    sharing = SharingSettings(agent=str(agent), token="canary-authtoken-5f2c")
    session = Session(
        Places.below(home / "home"),
        secrets=secrets,
        clock=StillClock(simulator),
        extra=[profile],
        first="local",
        polling=False,
        sharing=lambda: sharing,
    )
    session.subscribe(lambda: None, lambda _notice: None)
    try:
        problem = await session.connect(profile)
        assert problem is None, problem
        yield Stand(session, simulator, place, home)
    finally:
        await session.close()


def furnish(simulator: RunningSimulator) -> None:
    """What the lines need beyond the household: dormant accounts, a role, refusals, a grant."""
    world = simulator.world
    long_ago = START - timedelta(days=500)
    world.applications.add(Application("/csp/spare", authe_enabled=32))  # one made again is made by a copy
    world.add_user(User("forgotten", full_name="Left last year", roles=["%SQL"], created=long_ago), None)
    old = world.add_user(User("seldom", full_name="Seldom here", roles=["Clerk"], created=long_ago), None)
    old.last_login = START - timedelta(days=200)
    for account in world.accounts:  # so that it does not matter which of them is logged in
        user = world.user(account.username)
        assert user is not None
        user.last_login = START
    world.roles.add(Role("Clerk", "Takes orders", {"%DB_USER": Permission.READ}, ["%SQL"]))
    world.audit(
        "%System",
        "%SQL",
        "PrivilegeFailure",
        event_data="User appuser is not privileged for SELECT on table Clinic.Patient",
        username="appuser",
        client_ip="192.168.1.20",
    )
    world.audit(
        "%System",
        "%Security",
        "AccessDenied",
        event_data="requires WRITE privilege on resource %DB_USER",
        username="sofa",
        client_ip="192.168.1.44",
    )
    simulator.runtime.grant_select("Clinic", "Patient", "Clerk", namespace="USER")
