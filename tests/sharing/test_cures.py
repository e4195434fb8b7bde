"""What the preflight finds is put right by one key, a plan and a yes; then it looks again, and the finding is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from irisops.app import IrisopsApp
from irisops.connections.open_shares import SharingSettings
from irisops.contract.chat import Command
from irisops.contract.replies import Done, Plan, Problem, Reply, Table
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session
from irisops.simulator.agent.launcher import write_launcher
from irisops.simulator.agent.switches import Switches
from irisops.simulator.web.server import WebServer
from irisops.simulator.world.model import Application, Permission
from irisops.simulator.world.seed import PASSWORD_BIT, UNAUTHENTICATED_BIT
from irisops.simulator.world.world import World
from irisops.ui.ask import Confirm
from irisops.ui.card import Card
from irisops.ui.grid import Grid
from tests.instance.served import PASSWORD, USER, Served, serve
from tests.sharing import test_preflight_on_instance as situations
from tests.sharing.conftest import TOKEN
from tests.sharing.test_preflight_on_instance import calm
from tests.ui.driving import NEVER, DrivenApp, Driver, until


@dataclass
class Sharing:
    """A session that is about to share a simulated instance to the internet."""

    session: Session
    served: Served

    async def say(self, line: str) -> list[Reply]:
        command = self.session.parse(line)
        assert isinstance(command, Command), command
        return [reply async for reply in self.session.run(command)]

    async def yes(self, replies: list[Reply]) -> list[Reply]:
        """Agree to the plan among the replies."""
        plan = next(reply for reply in replies if isinstance(reply, Plan))
        return [r async for r in self.session.confirm(plan.id, plan.confirm_word)]


@asynccontextmanager
async def sharing(home: Path, *, connect: bool = True, asks: bool = False) -> AsyncIterator[Sharing]:
    """`connect`: by itself, as for a test without a screen. `asks`: password and token are typed by hand."""
    async with serve(units=25) as served, AsyncExitStack() as stack:
        calm(served.world)
        web = WebServer(served.world)
        await web.start()
        stack.push_async_callback(web.stop)
        profile = Profile("local", "127.0.0.1", served.server.port, "%SYS", USER, web_port=web.port)
        secrets = Secrets(None)
        if not asks:
            secrets.remember(profile, PASSWORD)
        agent = write_launcher(home / "bin" / "ngrok", Switches())
        settings = SharingSettings(agent=str(agent), token="" if asks else TOKEN)
        session = Session(
            Places.below(home / "home"),
            secrets=secrets,
            extra=[profile],
            first="local",
            polling=False,
            sharing=lambda: settings,
        )
        if connect:
            session.subscribe(lambda: None, lambda _notice: None)
            await session.hub.connect(profile)
        try:
            yield Sharing(session, served)
        finally:
            await session.close()


def preflight(replies: list[Reply]) -> Table:
    """The last preflight among replies."""
    return [reply for reply in replies if isinstance(reply, Table) and reply.name == "preflight"][-1]


def levels(table: Table) -> dict[str, str]:
    """The worst level of each rule."""
    found: dict[str, str] = {}
    for row in table.rows:
        found.setdefault(str(row["rule"]).split(" ")[0], str(row["level"]).split(" ")[1])
    return found


def failure_events_off(world: World) -> None:
    for event in world.events.values():
        event.enabled = event.name != "LoginFailure"


MENDED: list[tuple[str, Callable[[World], None]]] = [
    ("unknown-user", situations.unknown_user),
    ("bindings-unauthenticated", situations.bindings),
    ("open-applications", situations.monitor),
    ("open-applications", situations.terminal_socket),
    ("all-through-application", situations.all_role),
    ("public-databases", situations.public),
    ("auditing", situations.audit_off),
    ("auditing", failure_events_off),
    ("unused-accounts", situations.unused),
]


@pytest.mark.parametrize(
    ("rule", "spoil"), MENDED, ids=[f"{rule}-{spoil.__name__}" for rule, spoil in MENDED]
)
async def test_one_key_a_plan_a_yes_and_the_finding_is_gone(
    tmp_path: Path, rule: str, spoil: Callable[[World], None]
) -> None:
    async with sharing(tmp_path) as at:
        spoil(at.served.world)
        table = preflight(await at.say("/share both for 1h people 2 probe=no"))
        assert levels(table)[rule] != "green"
        row = next(row for row in table.rows if row["rule"] == rule)
        assert str(row["key"]).startswith("/share after /")
        replies = await at.yes(await at.say(str(row["key"])))
        assert any(isinstance(reply, Done) and reply.undo is not None for reply in replies)
        assert not any(isinstance(reply, Problem) for reply in replies)
        assert levels(preflight(replies))[rule] == "green"
        # What had been red is none any more: the plan of the share itself comes next.
        assert any(isinstance(reply, Plan) and reply.name == "share" for reply in replies)
        assert (await at.say("/undo"))[-1].name != "share"  # type: ignore[union-attr]


async def test_an_account_whose_default_password_was_refused_is_not_tried_again(tmp_path: Path) -> None:
    async with sharing(tmp_path) as at:
        for name in situations.PREDEFINED:
            at.served.user(name).enabled = True
        situations.default_password(at.served.world)
        at.served.world.applications.add(
            Application("/x", "USER", authe_enabled=PASSWORD_BIT | UNAUTHENTICATED_BIT)
        )
        first = preflight(await at.say("/share both for 1h people 2"))
        assert levels(first)["default-passwords"] == "red"
        failed = {name: at.served.user(name).invalid_login_attempts for name in situations.PREDEFINED}
        assert failed == {"SuperUser": 1, "Admin": 0, "CSPSystem": 1}
        (told,) = [note for note in first.notes if "failed login" in note]
        assert "SuperUser" in told
        assert "CSPSystem" in told
        assert "Admin" not in told, "its default password worked"
        assert "probe=no" in told
        row = next(row for row in first.rows if row["rule"] == "open-applications")
        again = preflight(await at.yes(await at.say(str(row["key"]))))
        assert levels(again)["default-passwords"] == "red", "still, and it was tried again for that"
        assert {name: at.served.user(name).invalid_login_attempts for name in failed} == failed


async def test_red_that_is_left_is_shown_but_no_failure_of_the_cure(tmp_path: Path) -> None:
    async with sharing(tmp_path) as at:
        situations.bindings(at.served.world)
        situations.public(at.served.world)
        table = preflight(await at.say("/share superserver for 1h probe=no"))
        assert not [note for note in table.notes if "failed login" in note], "nothing was tried"
        row = next(row for row in table.rows if row["rule"] == "bindings-unauthenticated")
        replies = await at.yes(await at.say(str(row["key"])))
        assert levels(preflight(replies)) | {"public-databases": "red"} == levels(preflight(replies))
        assert not any(isinstance(reply, Plan | Problem) for reply in replies)


async def test_a_declined_cure_changes_nothing(tmp_path: Path) -> None:
    async with sharing(tmp_path) as at:
        situations.public(at.served.world)
        table = preflight(await at.say("/share superserver for 1h probe=no"))
        row = next(row for row in table.rows if row["rule"] == "public-databases")
        plan = (await at.say(str(row["key"])))[-1]
        assert isinstance(plan, Plan)
        at.session.decline(plan.id)
        resource = at.served.world.resources.get("%DB_USER")
        assert resource is not None
        assert resource.public == Permission.READ | Permission.WRITE


async def test_each_row_of_a_rule_can_be_chosen(tmp_path: Path) -> None:
    """Two findings of one rule are two rows with keys of their own."""
    async with sharing(tmp_path) as at:
        situations.all_role(at.served.world)
        at.served.world.applications.add(
            Application("/y", "USER", authe_enabled=PASSWORD_BIT, match_roles={"": ["%All"]})
        )
        table = preflight(await at.say("/share both for 1h probe=no"))
        keys = [str(row["rule"]) for row in table.rows]
        assert len(set(keys)) == len(keys)
        assert {"all-through-application", "all-through-application 2"} <= set(keys)


# On the screen


def connected(session: Session) -> bool:
    active = session.overview().active
    return active is not None and active.state == "connected"


@pytest.mark.timeout(180)
async def test_by_keys_on_the_card(tmp_path: Path) -> None:
    async with sharing(tmp_path, connect=False) as at:
        world = at.served.world
        for spoil in (situations.bindings, situations.terminal_socket, situations.public):
            spoil(world)
        app = DrivenApp(at.session, poll_interval=NEVER, environment={})
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: connected(at.session))
            app.conversation.prompt.put("/share both for 1h people 2 probe=no")
            await pilot.press("enter")
            await until(pilot, lambda: last_state(app) == "failed")
            rules = ("bindings-unauthenticated", "open-applications", "public-databases")
            for rule in rules:
                await cure(pilot, app, rule)
            last = app.conversation.transcript.cards[-1]
            assert not set(rules) & {
                each for each, level in levels(preflight(last.replies)).items() if level == "red"
            }
            # Nothing is red any more: the share itself is planned, in the same card, and waits for the word.
            await until(pilot, lambda: bool(app.screen.query(Confirm)))
            plans = [reply for reply in last.replies if isinstance(reply, Plan)]
            assert plans[-1].name == "share"
            assert plans[-1].confirm_word == "local"
        service = world.services.get("%Service_Bindings")
        assert service is not None
        assert service.authe_enabled == PASSWORD_BIT


def last_state(app: IrisopsApp) -> str:
    """How the newest card stands, "" without one."""
    return next((card.state for card in reversed(app.conversation.transcript.cards)), "")


async def cure(pilot: Driver, app: IrisopsApp, rule: str) -> None:
    """Walk to the rule's row of the last preflight, press Enter, then y."""
    cards = app.conversation.transcript.cards
    before = cards[-1:]
    card: Card = cards[-1]
    await until(pilot, lambda: bool(card.query(Grid)) and card.query(Grid).last().size.height > 0)
    for _ in app.conversation.transcript.stops():
        await pilot.press("alt+up")
        if isinstance(app.focused, Grid):
            break
    grid = app.focused
    assert isinstance(grid, Grid)
    await pilot.press("home")
    for _ in range(len(grid.view.keys)):
        if grid.cursor_key == rule:
            break
        await pilot.press("down")
    assert grid.cursor_key == rule
    await pilot.press("enter")
    await until(pilot, lambda: bool(app.screen.query(Confirm)))
    await pilot.press("y")
    await until(
        pilot,
        lambda: (
            app.conversation.transcript.cards[-1:] != before
            and app.conversation.transcript.cards[-1].state in ("done", "waiting")
            and any(isinstance(r, Table) for r in app.conversation.transcript.cards[-1].replies)
        ),
    )
