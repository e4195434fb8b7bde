"""Killed between any two calls of a change: the next start reports what was done, and undo and finish both work."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Plan, Problem
from irisops.journal import Journal
from irisops.profiles.places import Places
from irisops.simulator.world.model import User
from tests.commands.editing import GOOD, desk_on, session_on
from tests.instance.served import PASSWORD, Served, serve

EDIT = "/user bob full_name=Robert roles=%Developer escalation_roles=%Operator"
CALLS = 4
"""%Save, AddRoles, RemoveRoles, AddEscalationRoles."""

POINTS = [(1, "before"), *((at, "after") for at in range(1, CALLS)), (CALLS, "before"), (CALLS, "after")]


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serve(units=50) as made:
        made.world.add_user(User("bob", roles=["%SQL"], full_name="Bob"), GOOD)
        yield made


async def killed(served: Served, home: Path, point: tuple[int, str], line: str) -> None:
    """Run `line` in a process that is killed at `point`."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.changes.killed_child",
        str(home), str(served.server.port), str(point[0]), point[1], line,
        stdin=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await child.communicate(PASSWORD.encode() + b"\n")
    assert child.returncode == -signal.SIGKILL


def state(served: Served) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    bob = served.user("bob")
    return bob.full_name, tuple(sorted(bob.roles)), tuple(bob.escalation_roles)


BEFORE = ("Bob", ("%SQL",), ())
AFTER = ("Robert", ("%Developer",), ("%Operator",))


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("way", ["/finish", "/undo 1"])
async def test_a_change_that_was_killed_is_finished_or_taken_back(
    served: Served, tmp_path: Path, point: tuple[int, str], way: str
) -> None:
    await killed(served, tmp_path, point, EDIT)
    at, when = point
    made = at - (when == "before")
    assert (state(served)[0] == "Robert") == (made >= 1)
    async with desk_on(served, tmp_path) as desk:
        (entry,) = desk.entries()
        assert (entry.status, entry.steps_done) == ("unknown", at - 1)
        reply = (await desk.say(way))[-1]
        if isinstance(reply, Plan):
            assert isinstance((await desk.yes(reply))[-1], Done)
        else:
            # Everything was where it was to go already: said, and noted.
            assert isinstance(reply, Problem)
            assert reply.error in ("NothingToUndo", "NothingToFinish")
            assert made == (CALLS if way == "/finish" else 0)
        assert state(served) == (AFTER if way == "/finish" else BEFORE)
        assert not desk.session.context.journal("local").unfinished()


async def test_the_next_start_says_what_was_and_was_not_done_and_offers_both_ways(
    served: Served, tmp_path: Path
) -> None:
    await killed(served, tmp_path, (2, "after"), EDIT)
    session, _ = session_on(served, tmp_path, polling=True)
    told: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()

    def notice(message: str, cure: str) -> None:
        if "cut off" in message and not told.done():
            told.set_result((message, cure))

    session.subscribe(lambda: None, lambda each: notice(each.message, each.cure))
    await session.start()
    try:
        message, cure = await asyncio.wait_for(told, 30)
    finally:
        await session.close()
    assert "Change 1 (Change full name, roles and escalation roles of bob) was cut off" in message
    assert "1 of 4 calls had returned." in message
    assert "Done: full name of bob is Robert." in message
    assert cure == "/finish 1 goes on, /undo 1 takes back what was done."


async def test_a_creation_that_was_killed_half_way_is_finished_or_taken_back(
    served: Served, tmp_path: Path
) -> None:
    await killed(served, tmp_path, (2, "before"), "/user add eve roles=%SQL email=e@x.org")
    assert served.user("eve").email_address == ""
    async with desk_on(served, tmp_path) as desk:
        await desk.do("/finish 1")
        assert served.user("eve").email_address == "e@x.org"
    await killed(served, tmp_path, (2, "before"), "/user add kim roles=%SQL email=k@x.org")
    async with desk_on(served, tmp_path) as desk:
        await desk.do("/undo 3")
        assert served.world.users.get("kim") is None


async def test_the_journal_of_a_killed_creation_holds_no_password(served: Served, tmp_path: Path) -> None:
    await killed(served, tmp_path, (1, "after"), "/user add eve roles=%SQL")
    journal = Journal.of_profile(Places.below(tmp_path).journals, "local", served.world.now)
    (entry,) = journal.entries()
    assert entry.intent.passwords == ("eve",)
    hashes = served.user("eve").password_hash
    words = journal.path.read_text().replace('"', " ").split()
    probe = [word for word in words if served.world.password_matches(served.user("eve"), word)]
    assert hashes
    assert probe == []


async def test_the_rest_that_was_finished_is_taken_back_alone_and_then_the_first_half(
    served: Served, tmp_path: Path
) -> None:
    await killed(served, tmp_path, (2, "after"), EDIT)
    half = state(served)
    async with desk_on(served, tmp_path) as desk:
        await desk.do("/finish 1")
        await desk.do("/undo 2")
        assert state(served) == half
        first = desk.entries()[0]
        assert (first.half_done, first.detail) == (True, "finished by change 2, which change 3 took back")
        await desk.do("/undo 1")
        assert state(served) == BEFORE
        assert not any(each.half_done for each in desk.entries())
