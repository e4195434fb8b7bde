from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from irisops.contract.chat import Command
from irisops.contract.replies import Column, Done, Facts, Plan, Problem, Progress, Reply, Table
from irisops.engine.side_by_side import named, side_by_side
from irisops.instance.connection import State, Target
from irisops.instance.errors import InstanceError
from tests.commands.fakes import FakeConnection, FakeInstance, World, settle


class Several(World):
    """Three instances behind three ports; `at` gives the one behind a port."""

    def __init__(self, home: Path) -> None:
        self.at = {port: FakeInstance() for port in (1, 2, 3)}
        super().__init__(home)

    def _connector(self, target: Target) -> FakeConnection:
        self.connections.append(FakeConnection(self.at[target.port], target))
        return self.connections[-1]

    def to(self, port: int) -> FakeConnection:
        return next(each for each in self.connections if each.target.port == port)


@pytest.fixture
async def several(tmp_path: Path) -> AsyncIterator[Several]:
    made = Several(tmp_path)
    for name, port in (("a", 1), ("b", 2), ("c", 3)):
        await made.say(f"/profile add {name} host=h port={port} user=u")
    for instance, used in ((1, 3), (2, 5), (3, 7)):
        made.at[instance].used = used
    yield made
    await made.session.close()


def only(replies: Sequence[Reply]) -> Reply:
    (reply,) = replies
    return reply


async def test_a_command_on_another_instance_leaves_the_active_one(several: Several) -> None:
    await several.say("/connect a")
    facts = only(await several.say("/on b /status"))
    assert isinstance(facts, Facts)
    assert facts.facts["units_used"] == 5
    assert "b" in facts.title
    assert several.session.hub.active is not None
    assert several.session.hub.active.name == "a"
    assert several.to(2).state.name == "connected"


async def test_plain_words_and_quotes_reach_the_command_as_typed(several: Several) -> None:
    await several.say("/connect a")
    replies = await several.say("/on b who holds my license")
    assert [type(reply) for reply in replies] == [Facts, Table]
    found = several.session.parse('/on b /grant "to" to bob')
    assert isinstance(found, Command)
    assert found.slash == '/on b /grant "to" to bob'
    assert found.changes
    live = several.session.parse("on all status")
    assert isinstance(live, Command)
    assert live.live
    assert live.args == {"where": "all", "line": "status"}


async def test_a_change_is_planned_and_made_where_it_was_said(several: Several) -> None:
    await several.say("/connect a")
    plan = (await several.say("/on b /grant %SQL to bob"))[-1]
    assert isinstance(plan, Plan)
    assert plan.instance.startswith("b")
    await several.say("/connect c")  # the active one changes before the yes
    assert isinstance((await several.yes(plan.id))[-1], Done)
    assert several.at[2].held("bob") == ("%SQL",)
    assert several.at[1].done == several.at[3].done == []


async def test_a_guarded_or_read_only_instance_stays_so(several: Several) -> None:
    await several.say("/profile edit b guarded=yes")
    await several.say("/profile edit c read_only=yes")
    await several.say("/connect a")
    plan = (await several.say("/on b /grant %SQL to bob"))[-1]
    assert isinstance(plan, Plan)
    assert plan.confirm_word == "b"
    problem = only(await several.say("/on c /grant %SQL to bob"))
    assert isinstance(problem, Problem)
    assert problem.error == "ReadOnly"


async def test_all_is_what_is_in_use_side_by_side(several: Several) -> None:
    await several.say("/connect a")
    await several.say("/connect b")
    table = only(await several.say("/on all /status"))
    assert isinstance(table, Table)
    used = next(row for row in table.rows if row["fact"] == "License units used")
    assert (used["a"], used["b"]) == (3, 5)
    assert "c" not in used
    several.at[1].fail["sessions"] = InstanceError("no such query")
    board, holders = await several.say("/on all /license")
    assert isinstance(board, Table)
    assert isinstance(holders, Table)
    assert [row["instance"] for row in holders.rows] == ["a"] * 3 + ["b"] * 3
    assert len({row[holders.key] for row in holders.rows}) == 6
    assert holders.actions[0][2] == "/on {instance} /license why {holder}"
    assert "a: Sessions cannot be read: no such query" in holders.notes


async def test_with_nothing_in_use_all_is_every_profile(several: Several) -> None:
    table = only(await several.say("/on all /status"))
    assert isinstance(table, Table)
    assert [column.title for column in table.columns][1:4] == ["a", "b", "c"]
    names = only(await several.say("/on c,A /status"))
    assert isinstance(names, Table)
    assert [column.title for column in names.columns][1:3] == ["c", "a"]


async def test_two_answer_and_the_third_says_why_not(
    several: Several,
) -> None:
    several.session.context.patience = 1.0
    await several.say("/on all /status")
    several.at[2].poll_waits = asyncio.Event()  # stalls
    table, stalled = await several.say("/on all /status")
    assert isinstance(table, Table)
    assert [column.title for column in table.columns][1:3] == ["a", "c"]
    assert isinstance(stalled, Problem)
    assert stalled.error == "NoAnswer"
    assert "b" in stalled.message
    several.at[2].poll_waits = None
    several.to(2).become(State("lost", "The server went away."))
    table, lost = await several.say("/on all /status")
    assert isinstance(lost, Problem)
    assert "The server went away." in lost.message
    several.to(2).become(State("connected"))
    several.at[2].fail["poll"] = InstanceError("broken")
    table, failed = await several.say("/on all /status")
    assert isinstance(failed, Problem)
    assert failed.message == "b: broken"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("/on all /grant %SQL to bob", "OneAtATime"),
        ("/on nowhere /status", "NoSuchProfile"),
        ("/on , /status", "NoSuchProfile"),
        ("/on a /profiles", "NotOnOne"),
        ("/on a /on b /status", "NotOnOne"),
        ("/on a /quit", "NotOnOne"),
        ("/on a colourless green ideas", "NotUnderstood"),
        ("/on a", "NotUnderstood"),
    ],
)
async def test_what_cannot_be_done_says_why(several: Several, line: str, error: str) -> None:
    problem = only(await several.say(line))
    assert isinstance(problem, Problem)
    assert problem.error == error
    assert problem.cure
    assert several.connections == []


async def test_completes_the_command_within(several: Several) -> None:
    session = several.session
    assert "all" not in [each.value for each in session.complete("/on b", 5)]
    line = "/on b /licen"
    first = session.complete(line, len(line))[0]
    assert line[: first.start] + first.value == "/on b /license "
    line = "/on b /grant x t"
    assert session.complete(line, len(line))[0].value == "to "
    assert session.complete("/on b ", 6) == []


async def test_the_dashboard_shows_every_lamp(several: Several) -> None:
    await several.say("/connect a")
    await several.say("/connect b")
    await settle()
    several.to(2).become(State("lost", "The server went away.", retry_in=2))
    table = only(await several.say("/dashboard"))
    assert isinstance(table, Table)
    first, second = table.rows
    assert (first["instance"], first["state"], first["units"]) == ("a", "● connected", "3/8")
    assert re.match("◌ lost", str(second["state"]))
    assert (second["units"], second["why"]) == ("5/8", "The server went away.")
    assert several.at[1].polls == 1, "the figures are those that are read anyway"


async def test_the_dashboard_without_connections_makes_them(several: Several) -> None:
    several.at[3].password = "other"
    table = only(await several.say("/dashboard"))
    assert isinstance(table, Table)
    assert [row["units"] for row in table.rows] == ["3/8", "5/8", ""]
    assert "refused" in str(table.rows[2]["why"])


def test_different_replies_are_kept_apart() -> None:
    one = Facts("x", "X", {"n": 1, "d": {"k": 2}, "l": [1]}, {"n": "N", "d": "D", "l": "L"}, notes=["hm"])
    two = Facts("x", "X", {"n": 2, "m": 3}, {"n": "N", "m": "M"})
    rows = Table("t", "T", [Column("k", "K")], [{"k": "v"}], key="k", total=9)
    third = [Problem("E", "bad", "cure")]
    replies = side_by_side(
        [("A b", [Progress("p", "…"), one, rows]), ("a-b", [two, Done("d", "done")]), ("c", third)]
    )
    facts, table, done, problem = replies
    assert isinstance(facts, Table)
    assert [column.name for column in facts.columns] == ["fact", "a_b", "a_b_", "name"]
    assert [(row["fact"], row["a_b"], row.get("a_b_")) for row in facts.rows] == [
        ("N", 1, 2), ("D", ["k: 2"], None), ("L", ["1"], None), ("M", None, 3),
    ]  # fmt: skip
    assert facts.notes == ["A b: hm"]
    assert isinstance(table, Table)
    assert (table.rows[0]["instance"], table.total) == ("A b", 9)
    assert isinstance(done, Done)
    assert done.message == "a-b: done"
    assert isinstance(problem, Problem)
    assert problem.message == "c: bad"
    alone = side_by_side([("a", [one]), ("b", [Problem("E", "bad", "")])])
    assert isinstance(alone[0], Facts)
    assert alone[0].title == "a · X"
    whose = named(Table("t", "T", [], [], actions=[("enter", "x", "/license why {k}")]), "a b")
    assert isinstance(whose, Table)
    assert whose.actions == [("enter", "x", '/on "a b" /license why {k}')]
