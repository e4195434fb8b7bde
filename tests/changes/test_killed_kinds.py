"""Every other kind of change, killed before and after each call: reported at the next start, undone and finished."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from irisops.changes import undo
from irisops.commands.catalogue import default_registry
from irisops.contract.chat import Notice
from irisops.contract.replies import Done, Plan, Problem
from irisops.instance.calls import HELPER
from irisops.journal import Entry, Intent
from irisops.simulator.world.model import AuditEvent, Permission, User
from irisops.simulator.world.operations import Item, Production
from irisops.simulator.world.sessions import Visitor
from tests.changes.test_killed import killed
from tests.commands.editing import GOOD, Desk, desk_on
from tests.instance.served import Served, serve, until

Thing = TypeVar("Thing")
EVENTS = [("%System", "%Security", "Protect"), ("%System", "%Login", "LoginFailure")]


@dataclass(frozen=True)
class Case:
    """One kind of change. Tests compare `state`; a final change can be finished, but not undone."""

    line: Callable[[Served], str]
    calls: int
    state: Callable[[Served], object]
    before: object
    after: object
    words: tuple[str, str]
    """What the next start says of the first thing that it changes, when it is done and when it is not."""
    final: bool = False
    first: Callable[[Served], str] = lambda _: ""
    """A line that is done before, by a program that nobody kills."""
    kind: str = ""
    """The journal's name for the kind, if it is not the name of the case."""


def pid_of_eve(served: Served) -> int:
    return next(each.pid for each in served.world.processes.values() if each.username == "eve")


def state_of_eve(served: Served) -> str:
    """State of Eve's process; "gone" if it has ended."""
    return next((each.state for each in served.world.processes.values() if each.username == "eve"), "gone")


def grants_of_bob(served: Served) -> list[str]:
    return [each.action for each in served.runtime.emulation.sql_privileges.of("bob")]


def events(served: Served) -> list[AuditEvent]:
    found = [served.world.tables.events.get("/".join(key)) for key in EVENTS]
    return [each for each in found if each is not None]


def recorded(served: Served) -> tuple[bool, ...]:
    return (served.world.system.audit_enabled, *(each.enabled for each in events(served)))


def timeout(served: Served) -> int:
    found = served.world.application("/csp/user")
    assert found is not None
    return found.timeout


def terminal(served: Served) -> str:
    found = served.world.tables.services.get("%Service_Terminal")
    assert found is not None
    return "on" if found.enabled else "off"


def applications(served: Served) -> tuple[bool, ...]:
    found = [served.world.application(each) for each in ("/csp/user", "/api/monitor")]
    return tuple(each.enabled for each in found if each is not None)


def public(served: Served) -> Permission:
    found = served.world.resources.get("%DB_USER")
    assert found is not None
    return found.public


def there(thing: Thing | None) -> Thing:
    assert thing is not None
    return thing


def helper(served: Served) -> str:
    return "gone" if served.runtime.emulation.loaded.find(HELPER, "%SYS") is None else "there"


CASES = {
    "sql.privilege": Case(
        lambda _: "/explain bob sql HR.Person access=insert fix=yes",
        1,
        grants_of_bob,
        [],
        ["i"],
        ("bob holds INSERT on HR.Person in USER", "bob does not hold INSERT on HR.Person in USER"),
    ),
    "sql revoke": Case(
        lambda _: "/undo",
        1,
        grants_of_bob,
        ["i"],
        [],
        ("bob does not hold INSERT on HR.Person in USER", "bob holds INSERT on HR.Person in USER"),
        first=lambda _: "/explain bob sql HR.Person access=insert fix=yes",
        kind="sql.privilege",
    ),
    "audit.refusals": Case(
        lambda _: "/denied enable",
        3,
        recorded,
        (False, False, False),
        (True, True, True),
        ("audit event Protect is on", "audit event Protect is off"),
    ),
    "webapp.timeout": Case(
        lambda _: "/license timeout /csp/user 300",
        1,
        timeout,
        900,
        300,
        ("timeout of /csp/user is 300 s (5 min)", "timeout of /csp/user is 900 s (15 min)"),
    ),
    "process.suspend": Case(
        lambda served: f"/process suspend {pid_of_eve(served)}",
        1,
        state_of_eve,
        "RUN",
        "SUSP",
        ("of eve is suspended", "of eve is not suspended"),
    ),
    "process.resume": Case(
        lambda _: "/undo",
        1,
        state_of_eve,
        "SUSP",
        "RUN",
        ("of eve is not suspended", "of eve is suspended"),
        first=lambda served: f"/process suspend {pid_of_eve(served)}",
    ),
    "service": Case(
        lambda _: "/service %Service_Terminal disable",
        1,
        terminal,
        "on",
        "off",
        ("enabled of %Service_Terminal is no", "enabled of %Service_Terminal is yes"),
    ),
    "application": Case(
        lambda _: "/app /csp/user /api/monitor disable",
        2,
        applications,
        (True, True),
        (False, False),
        ("enabled of /csp/user is no", "enabled of /csp/user is yes"),
    ),
    "resource": Case(
        lambda _: "/resource %DB_USER public=R",
        1,
        public,
        Permission.NONE,
        Permission.READ,
        ("of %DB_USER is R", "of %DB_USER is none"),
    ),
    "helper": Case(
        lambda _: "/helper install",
        1,
        helper,
        "gone",
        "there",
        ("the helper is version", "the helper is not"),
    ),
    "helper removal": Case(
        lambda _: "/helper remove",
        1,
        helper,
        "there",
        "gone",
        ("the helper is not", "the helper is version"),
        first=lambda _: "/helper install",
        kind="helper",
    ),
    "database.mount": Case(
        lambda _: "/database dismount user",
        1,
        lambda served: f"mounted {there(served.world.databases.get('USER')).mounted}",
        "mounted True",
        "mounted False",
        ("is dismounted", "is mounted"),
    ),
    "task.suspend": Case(
        lambda _: "/task suspend 3",
        1,
        lambda served: f"suspended {there(served.world.operations.task(3)).suspended}",
        "suspended False",
        "suspended True",
        ("3 is suspended", "3 is scheduled"),
    ),
    "production.state": Case(
        lambda _: "/production stop user",
        1,
        lambda served: there(served.world.operations.production("USER")).state,
        1,
        2,
        ("is stopped", "is running"),
    ),
    "component.state": Case(
        lambda _: "/component stop Orders in user",
        1,
        lambda served: f"enabled {there(served.world.operations.production('USER')).items[0].enabled}",
        "enabled True",
        "enabled False",
        ("is disabled", "is enabled"),
    ),
    "process.terminate": Case(
        lambda served: f"/process terminate {pid_of_eve(served)}",
        1,
        state_of_eve,
        "RUN",
        "gone",
        ("has ended", "of eve is there"),
        final=True,
    ),
    "sessions.end": Case(
        lambda _: "/sessions end app=/csp/user",
        2,
        lambda served: len(served.world.sessions),
        2,
        0,
        ("of nobody (no login) is gone", "of nobody (no login) is there"),
        final=True,
    ),
}
POINTS = [
    (name, (at, when))
    for name, case in CASES.items()
    for at in range(1, case.calls + 1)
    for when in ("before", "after")
]


class Hurrying:
    """A clock at thirty times the real speed, to shorten the wait for the daemon that removes marked sessions."""

    def __init__(self) -> None:
        self._start = datetime.now(UTC)

    def now(self) -> datetime:
        return self._start + (datetime.now(UTC) - self._start) * 30


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serve(units=50, clock=Hurrying()) as made:
        world = made.world
        world.add_user(User("bob", roles=["%SQL"]), GOOD)
        world.add_user(User("eve", roles=["%SQL"]), GOOD)
        process = world.start_process(username="eve", namespace="USER", client_ip="10.0.0.9")
        process.state = "RUN"
        application = world.applications.get("/csp/user")
        assert application is not None
        usual = application.timeout  # on that clock half a minute, which a busy machine may take
        application.timeout = 100_000
        for address in ("10.0.0.1", "10.0.0.2"):
            world.open_session("/csp/user", Visitor(address))
        application.timeout = usual
        world.operations.add_production(
            Production("USER", "Shop.Production", items=[Item("Orders", "Shop.In")])
        )
        world.system.audit_enabled = False
        for event in events(made):
            event.enabled = False
        yield made


def looked_at(served: Served, case: Case) -> object:
    """The state after all due actions."""
    served.world.tick()
    return case.state(served)


async def told(desk: Desk) -> list[Notice]:
    """Report of the next start on interrupted changes."""
    link = desk.session.hub.active
    assert link is not None
    desk.notices.clear()
    await undo.tell_interrupted(desk.session.context, link)
    return desk.notices


def newest(desk: Desk) -> Entry:
    return desk.entries()[-1]


@pytest.mark.parametrize(("name", "point"), POINTS)
@pytest.mark.parametrize("way", ["/finish", "/undo"])
async def test_a_change_that_was_killed_is_told_and_then_finished_or_taken_back(
    served: Served, tmp_path: Path, name: str, point: tuple[int, str], way: str
) -> None:
    at, when = point
    case = CASES[name]
    if first := case.first(served):
        async with desk_on(served, tmp_path) as desk:
            await desk.do(first)
    assert case.state(served) == case.before
    await killed(served, tmp_path, point, case.line(served))
    made = at - (when == "before")
    if case.final and made:
        await until(lambda: looked_at(served, case) != case.before)
    async with desk_on(served, tmp_path) as desk:
        number = newest(desk).number
        (notice,) = await told(desk)
        assert f"Change {number} (" in notice.message
        done, left = (part in notice.message for part in ("Done: ", "Not done: "))
        assert (done, left) == (made > 0, made < case.calls)
        assert case.words[0 if made else 1] in notice.message
        if made == case.calls:
            assert newest(desk).status == "done"
            assert ("cannot be taken back" in notice.cure) is case.final
            assert await told(desk) == [], "what is settled is said once"
        else:
            assert f"/finish {number} goes on" in notice.cure
        reply = (await desk.say(way if way == "/finish" else f"/undo {number}"))[-1]
        if isinstance(reply, Plan):
            assert isinstance((await desk.yes(reply))[-1], Done)
            assert case.state(served) == (case.after if way == "/finish" else case.before)
            assert not desk.session.context.journal("local").unfinished()
        else:
            assert isinstance(reply, Problem)
            expected = {
                "/finish": made == case.calls and "NothingToFinish",
                "/undo": (case.final and "CannotUndo") or (made == 0 and "NothingToUndo"),
            }
            assert reply.error == expected[way]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_password_that_was_cut_off_is_said_once_and_can_neither_be_finished_nor_taken_back(
    served: Served, tmp_path: Path, when: str
) -> None:
    before = served.user("bob").password_hash
    await killed(served, tmp_path, (1, when), "/password bob generate=yes")
    assert (served.user("bob").password_hash == before) is (when == "before")
    async with desk_on(served, tmp_path) as desk:
        (notice,) = await told(desk)
        assert "Whether the password of bob was set cannot be read." in notice.message
        assert notice.cure == "Give the command again if it is still wanted: /password bob generate=yes"
        assert await told(desk) == []
        assert (await desk.problem("/finish 1")).error == "CannotFinish"
        problem = await desk.problem("/undo")
        assert problem.error == "CannotUndo"
        assert "/password bob sets another one" in problem.message


def test_no_kind_is_left_out() -> None:
    # These have tests of their own; the third calls no instance, the last are changed by /apply of a folder.
    aside = {"user", "role", "gateway.password", "oauth_server", "oauth_client", "system", "audit_event"}
    aside |= {"sql_holder", "tls", "ldap", "task", "database", "namespace"}
    kinds = set(default_registry().kinds_of_change) - aside
    assert {case.kind or name for name, case in CASES.items()} == kinds


async def test_a_change_of_which_nothing_can_be_found_out_is_said_once(
    served: Served, tmp_path: Path
) -> None:
    async with desk_on(served, tmp_path) as desk:
        desk.session.context.journal("local").intend(
            Intent("Share abc", "/share", "local", "_SYSTEM", [], final="/leases shows what is left of it.")
        )
        (notice,) = await told(desk)
        assert "nothing tells whether it was carried out" in notice.message
        assert notice.cure == "/leases shows what is left of it."
        assert await told(desk) == []


async def test_undo_of_what_is_final_says_why_and_offers_the_change_before(
    served: Served, tmp_path: Path
) -> None:
    async with desk_on(served, tmp_path) as desk:
        problem = await desk.problem("/undo")
        assert problem.error == "NothingToUndo"
        await desk.do("/sessions end app=/csp/user")
        problem = await desk.problem("/undo")
        assert problem.message.endswith("an ended session is gone; its user must log in again.")
        assert "Nothing before it" in problem.cure
        await desk.do("/license timeout /csp/user 300")
        await desk.do(f"/process terminate {pid_of_eve(served)}")
        problem = await desk.problem("/undo")
        assert "cannot be taken back: a process that has ended is gone." in problem.message
        assert "/undo 2 takes back the change before it" in problem.cure
        assert problem.suggestions == ("/undo 2",)
        await desk.do("/undo 2")
        assert timeout(served) == 900


async def test_a_suspended_process_goes_on_by_undo_and_is_suspended_again_by_redo(
    served: Served, tmp_path: Path
) -> None:
    async with desk_on(served, tmp_path) as desk:
        await desk.do(f"/process suspend {pid_of_eve(served)}")
        await desk.do("/undo")
        assert "SUSP" not in state_of_eve(served)
        await desk.do("/redo")
        assert "SUSP" in state_of_eve(served)
        served.world.terminate_process(pid_of_eve(served))
        problem = await desk.problem("/undo")
        assert problem.error == "Moved"
        assert "has ended" in problem.message


async def test_plain_undo_takes_back_what_was_cut_off(served: Served, tmp_path: Path) -> None:
    async with desk_on(served, tmp_path) as desk:
        await desk.do("/grant %Operator to bob")
    await killed(served, tmp_path, (2, "after"), "/denied enable")
    async with desk_on(served, tmp_path) as desk:
        await desk.do("/undo")
        assert recorded(served) == (False, False, False)
        assert "%Operator" in served.user("bob").roles
