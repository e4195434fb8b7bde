"""kill -9 in the middle of an /apply of 200 objects: /finish ends in the wanted state, /undo in the former.

Four of the twenty moments in CI; all of them with `python -m pytest tests/commands/configuration/test_killed_apply.py
--moments 5`.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from irisops.configuration.text import path_of
from irisops.contract.replies import Done, Plan, Problem, Table
from irisops.simulator.world.model import Permission, Resource, User
from tests.changes.test_killed import killed
from tests.commands.configuration.test_apply import bytes_in
from tests.commands.editing import GOOD, Desk, add_role, desk_on
from tests.instance.served import Served, serve

USERS, ROLES, RESOURCES = 120, 50, 30
CALLS = RESOURCES + ROLES + USERS
"""Changing calls: Create of each new resource and role, %Save of each user."""
CHANCE = random.Random(16)  # noqa: S311 - moments, not secrets
MOMENTS = [(CHANCE.randint(1, CALLS), CHANCE.choice(("before", "after"))) for _ in range(20)]


def people(served: Served, comment: str) -> None:
    for number in range(USERS):
        served.world.add_user(User(f"user{number:03d}", roles=["%SQL"], comment=comment), GOOD)


async def say_and_agree(person: Desk, line: str) -> None:
    """Give the line and its yes; without anything left to do, that is said instead."""
    reply = (await person.say(line))[-1]
    if isinstance(reply, Plan):
        replies = await person.yes(reply)
        assert any(isinstance(each, Done) for each in replies), replies
    else:
        assert isinstance(reply, Problem), reply
        assert reply.error in ("NothingToUndo", "NothingToFinish"), reply


@pytest.mark.timeout(600)  # five times a whole apply, finish and undo of 200 objects
@pytest.mark.parametrize("part", range(4))
async def test_an_apply_that_was_killed_is_finished_and_taken_back(
    part: int, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    moments = MOMENTS[part * 5 : part * 5 + min(5, pytestconfig.getoption("--moments"))]
    wanted, former = tmp_path / "wanted", tmp_path / "former"
    only = "only resources,roles,users"
    async with serve(units=50) as model, desk_on(model, tmp_path / "model") as person:
        people(model, "after")
        for number in range(RESOURCES):
            model.world.resources.add(Resource(f"Ward{number:02d}", "", Permission.NONE, 1 << 31))
        for number in range(ROLES):
            add_role(model, f"Role{number:02d}", *([f"Role{number - 1:02d}"] if number % 5 else []))
        await person.say(f"/export {wanted} {only}")
    async with serve(units=50) as served:
        people(served, "before")
        async with desk_on(served, tmp_path / "reader") as person:
            await person.say(f"/export {former} {only}")
        for turn, moment in enumerate(moments, part):
            home = tmp_path / f"home{turn}"
            await killed(served, home, moment, f"/apply {wanted} {only}")
            async with desk_on(served, home) as person:
                assert len(person.entries()[0].intent.touched) == USERS + ROLES + RESOURCES
                if turn % 2 == 0:
                    await say_and_agree(person, "/finish 1")
                    (*_, table) = await person.say(f"/diff {wanted} {only}")
                    assert isinstance(table, Table)
                    assert table.status == 0, table.rows[:5]
                    for entry in reversed(person.entries()):
                        await say_and_agree(person, f"/undo {entry.number}")
                else:
                    await say_and_agree(person, "/undo 1")
                assert not person.session.context.journal("local").unfinished()
                now = tmp_path / f"now{turn}"
                await person.say(f"/export {now} {only}")
                assert bytes_in(now) == bytes_in(former)


KINDS = "only system,audit-events,sql-privileges,tasks"


@pytest.mark.parametrize(("point", "finished"), [((4, "after"), True), ((5, "before"), False)])
async def test_settings_and_privileges_are_finished_and_taken_back(
    point: tuple[int, str], finished: bool, tmp_path: Path
) -> None:
    """Calls: an event is made, one changed, a task suspended, two privileges granted, the system set."""
    former, wanted = tmp_path / "former", tmp_path / "wanted"
    async with serve(units=50) as served:
        add_role(served, "Clerk")
        async with desk_on(served, tmp_path / "reader") as person:
            for folder in (former, wanted):
                await person.say(f"/export {folder} {KINDS}")
        change(wanted, "system", "SYSTEM", "InactiveLimit = 90", "InactiveLimit = 30")
        change(wanted, "audit-events", "%System/%Login/LoginFailure", "Enabled = true", "Enabled = false")
        change(wanted, "tasks", "Switch Journal", "\nTaskClass", "\nSuspended = true\nTaskClass")
        (wanted / path_of("audit-events", "a/b/c")).write_text('Name = "a/b/c"\nEnabled = true\n')
        grants = 'Name = "USER/Clerk"\nPrivileges = ["INSERT ON TABLE A.B", "SELECT ON TABLE A.B"]\n'
        (wanted / path_of("sql-privileges", "USER/Clerk")).parent.mkdir()
        (wanted / path_of("sql-privileges", "USER/Clerk")).write_text(grants)
        await killed(served, tmp_path / "home", point, f"/apply {wanted} {KINDS}")
        async with desk_on(served, tmp_path / "home") as person:
            assert person.entries()[0].steps_done == point[0] - 1
            if finished:
                await say_and_agree(person, "/finish 1")
                (*_, table) = await person.say(f"/diff {wanted} {KINDS}")
                assert isinstance(table, Table)
                assert table.status == 0, table.rows[:5]
            await say_and_agree(person, "/undo 1")
            await person.say(f"/export {tmp_path / 'now'} {KINDS}")
            assert bytes_in(tmp_path / "now") == bytes_in(former)


def change(folder: Path, kind: str, name: str, old: str, new: str) -> None:
    file = folder / path_of(kind, name)
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
