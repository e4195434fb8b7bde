"""A journal with lines that nobody can read, or from ce5a615: /history, /undo and the start go on and say it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from irisops.changes import undo
from irisops.contract.chat import Notice
from irisops.contract.replies import Plan, Problem, Table
from irisops.profiles.places import Places
from irisops.simulator.world.model import Permission, User
from tests.changes.test_killed import killed
from tests.commands.editing import GOOD, Desk, add_role, desk_on
from tests.instance.served import Served, serve

OLD = Path(__file__).parents[2] / "data" / "journals" / "ce5a615"
GARBAGE = '{"number":2,"kind":"intent"}\nnot json\n{"number":2,"kind":"outcome","status":"perhaps"}\n'


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serve(units=50) as made:
        made.world.add_user(User("bob", roles=["%SQL"], full_name="Bob"), GOOD)
        add_role(made, "Clerk", "%SQL", DB_USER=Permission.READ)
        yield made


def journal_in(home: Path) -> Path:
    return Places.below(home).journals / "local.jsonl"


def given(home: Path, name: str) -> Path:
    """A journal of ce5a615 in its place."""
    path = journal_in(home)
    path.parent.mkdir(parents=True)
    path.write_bytes((OLD / name).read_bytes())
    return path


async def start(desk: Desk) -> list[Notice]:
    """What the start says."""
    link = desk.session.hub.active
    assert link is not None
    desk.notices.clear()
    await undo.tell_interrupted(desk.session.context, link)
    return list(desk.notices)


async def test_history_undo_and_the_start_go_on_and_say_which_lines_they_skipped(
    served: Served, tmp_path: Path
) -> None:
    await killed(served, tmp_path, (1, "after"), "/user bob full_name=Robert roles=%Developer")
    path = journal_in(tmp_path)
    with path.open("a") as file:
        file.write(GARBAGE)
    skipped = f"The journal {path} was read without 3 lines: lines 2, 3 and 4 cannot be read."
    async with desk_on(served, tmp_path) as desk:
        first, cut_off = await start(desk)
        assert first.message == skipped
        assert "Change 1 (Change full name and roles of bob) was cut off" in cut_off.message
        table = (await desk.say("/history"))[-1]
        assert isinstance(table, Table)
        assert table.notes == [skipped]
        assert [row["number"] for row in table.rows] == [1]
        await desk.do("/grant %Operator to bob")
        assert [entry.number for entry in desk.entries()] == [1, 3], (
            "the number of a skipped line is not given again"
        )
        assert skipped in (await desk.problem("/history 2")).cure
        desk.notices.clear()
        await desk.do("/undo 3")
        assert [each.message for each in desk.notices] == [skipped]
        await desk.do("/undo 1")
        assert served.user("bob").full_name == "Bob"
        for line in ("/redo", "/finish"):
            desk.notices.clear()
            await desk.say(line)
            assert [each.message for each in desk.notices] == [skipped]


async def test_changes_of_ce5a615_are_listed_shown_undone_and_done_again(
    served: Served, tmp_path: Path
) -> None:
    given(tmp_path, "changes.jsonl")
    served.user("bob").roles[:] = ["%SQL", "%Operator"]
    add_role(served, "Desk", "%SQL")
    desk_role = served.world.tables.roles.get("Desk")
    assert desk_role is not None
    desk_role.description = "Counter"
    resource = served.world.resources.get("%DB_USER")
    assert resource is not None
    resource.public = Permission.READ
    async with desk_on(served, tmp_path) as desk:
        assert await start(desk) == []
        table = (await desk.say("/history"))[-1]
        assert isinstance(table, Table)
        assert ([row["number"] for row in table.rows], table.notes) == (list(range(22, 0, -1)), [])
        for number in range(1, 23):
            assert not isinstance((await desk.say(f"/history {number}"))[-1], Problem)
        await desk.do("/undo 3")
        assert served.user("bob").roles == ["%SQL"]
        await desk.do("/redo 3")
        assert served.user("bob").roles == ["%SQL", "%Operator"]
        await desk.do("/undo 11")
        assert resource.public == Permission.NONE
        await desk.do("/undo 8")
        assert desk.role("Desk").granted_roles == []
        await desk.do("/redo 4")
        assert served.user("bob").full_name == "Robert"
        assert (await desk.problem("/undo 20")).error == "CannotUndo"
        assert desk.entries()[-1].number == 27


async def test_cut_off_changes_of_ce5a615_are_told_finished_and_taken_back(
    served: Served, tmp_path: Path
) -> None:
    given(tmp_path, "cut-off.jsonl")
    bob = served.user("bob")
    bob.roles[:] = ["%SQL", "%Operator", "%Developer"]
    bob.full_name = "Robert"
    application = served.world.application("/csp/user")
    assert application is not None
    application.enabled = False
    async with desk_on(served, tmp_path) as desk:
        told = {each.message.partition(" ")[2].partition(" (")[0]: each.message for each in await start(desk)}
        assert sorted(told, key=int) == ["2", "4", "5", "6", "7", "8", "9", "10", "11"]
        assert "Done: enabled of /csp/user is no" in told["4"]
        assert "Not done: enabled of /api/monitor is yes" in told["4"]
        assert "Done: full name of bob" in told["2"]
        await desk.do("/finish 2")
        assert (tuple(bob.roles), tuple(bob.escalation_roles)) == (("%Developer",), ("%Operator",))
        await desk.do("/undo 4")
        assert application.enabled


def unlike(path: tuple[str | int, ...], value: object) -> Callable[[dict[str, Any]], None]:
    """Something else at one place of a line."""

    def change(record: dict[str, Any]) -> None:
        at: Any = record
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value

    return change


SETTINGS = ("reverse", "after", 0)
SPOILED = {
    "a user's field that nobody knows": (4, unlike(("touched", 0, "after", "shoe_size"), "44")),
    "a flag that is a text": (1, unlike(("touched", 0, "before", "enabled"), "yes")),
    "an object that is neither user nor role": (1, unlike(("touched", 0, "kind"), "group")),
    "a date that is none": (4, unlike(("touched", 0, "before", "expires"), "soon")),
    "a privilege that is none": (8, unlike(("touched", 0, "after", "privileges"), ["%DB_USER:XX"])),
    "settings that are no JSON": (10, unlike(SETTINGS, "enabled")),
    "settings that nest deep": (10, unlike(SETTINGS, "[" * 5_000)),
    "settings without a name": (10, unlike(SETTINGS, '{"enabled":true}')),
    "settings that nobody knows": (10, unlike(SETTINGS, '{"name":"/csp/user","colour":"red"}')),
    "a flag of a setting that is a number": (10, unlike(SETTINGS, '{"name":"/csp/user","enabled":1}')),
    "a permission that is none": (11, unlike(SETTINGS, '{"name":"%DB_USER","public":"Q"}')),
    "settings of one object more": (10, unlike(("reverse", "before"), [])),
    "a timeout in words": (12, unlike(("reverse", "after"), ["long"])),
    "a timeout that is missing": (12, unlike(("reverse", "after"), [])),
    "a process without a number": (13, unlike(("reverse", "target"), "first")),
    "a process of nobody": (13, unlike(("reverse", "before"), [])),
    "sessions without their users": (16, unlike(("reverse", "before"), ["abc"])),
    "an SQL privilege in one word": (17, unlike(("reverse", "after"), ["insert"])),
    "an SQL privilege that nobody knows": (17, unlike(("reverse", "after"), ["fly", "table", "A.B", "USER"])),
    "recording of nothing": (18, unlike(("reverse", "after"), [])),
}


@pytest.mark.parametrize(("number", "spoil"), SPOILED.values(), ids=SPOILED.keys())
async def test_a_change_whose_states_are_spoiled_is_told_and_neither_undone_nor_in_the_way(
    served: Served, tmp_path: Path, number: int, spoil: Callable[[dict[str, Any]], None]
) -> None:
    path = given(tmp_path, "changes.jsonl")
    records = [json.loads(line) for line in path.read_text().splitlines()]
    (intent,) = (each for each in records if (each["number"], each["kind"]) == (number, "intent"))
    spoil(intent)
    intent.pop("final", None)
    kept = [each for each in records if each is intent or each["number"] == 1]
    path.write_text("".join(json.dumps(each) + "\n" for each in kept if each is intent or number != 1))
    async with desk_on(served, tmp_path) as desk:
        (notice,) = await start(desk)
        assert f"Change {number} (" in notice.message
        assert "does not understand" in notice.message
        assert notice.cure == f"/history {number} shows what is known of it."
        for line in (f"/undo {number}", f"/finish {number}"):
            assert (await desk.problem(line)).error == "NotUnderstood"
        assert isinstance((await desk.say("/grant Clerk to bob"))[-1], Plan)


async def test_an_undo_of_a_change_that_cannot_be_read_is_an_undo_still(
    served: Served, tmp_path: Path
) -> None:
    served.world.add_user(User("eve", roles=["%SQL"]), GOOD)
    async with desk_on(served, tmp_path) as desk:
        await desk.do("/grant %Operator to bob")
        await desk.do("/grant Clerk to eve")
        await desk.do("/undo 1")
        path = journal_in(tmp_path)
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("x\n" + "".join(each for each in lines if '"number":1,' not in each))
        plan = await desk.plan("/undo")
        assert plan.title == "Take back change 2: Give Clerk to eve"


@pytest.mark.parametrize("number", [999_999_999, -1, "7", 1], ids=["huge", "negative", "a text", "twice"])
async def test_a_line_with_a_wrong_number_stops_no_change_and_is_named(
    served: Served, tmp_path: Path, number: object
) -> None:
    path = journal_in(tmp_path)
    async with desk_on(served, tmp_path) as desk:
        await desk.do("/grant %Operator to bob")
        first = path.read_text().splitlines()[0]
        damaged = {**json.loads(first), "number": number, "title": "damaged"}
        with path.open("a") as file:
            file.write(json.dumps(damaged, separators=(",", ":")) + "\n")
        await desk.do("/grant Clerk to bob")
        table = (await desk.say("/history"))[-1]
        assert isinstance(table, Table)
        assert [row["number"] for row in table.rows if row["change"] != "damaged"] == [2, 1]
        if number == 1:
            return  # two changes of one number are both shown
        assert table.notes == [f"The journal {path} was read without 1 line: line 4 cannot be read."]
        await desk.do("/undo 2")
        await desk.do("/undo 1")
        assert desk.user("bob").roles == ["%SQL"]
