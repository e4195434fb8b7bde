"""/sessions: age of the sessions."""

from __future__ import annotations

import pytest

from irisops.contract.replies import Plan, Table
from irisops.instance.errors import NotAvailable
from tests.commands.fakes import World


async def listed(world: World, line: str = "/sessions") -> Table:
    table = (await world.say(line))[-1]
    assert isinstance(table, Table)
    return table


async def test_the_age_of_a_session_without_a_login_is_told_and_grows(connected: World) -> None:
    table = await listed(connected)
    assert {row["user"]: row["age"] for row in table.rows} == {"UnknownUser": 400.0, "appuser": None}
    await connected.clock.advance(60)
    assert [row["age"] for row in (await listed(connected, "/sessions user=UnknownUser")).rows] == [460.0]


async def test_the_instance_is_asked_only_for_new_sessions(connected: World) -> None:
    await listed(connected)
    await listed(connected)
    assert connected.instance.holders_asked == 1
    connected.instance.gone.add("AbCdEfGhIjKl")
    await listed(connected)
    assert connected.instance.holders_asked == 1
    connected.instance.gone.clear()
    await listed(connected)
    assert connected.instance.holders_asked == 2


async def test_it_can_be_filtered_by(connected: World) -> None:
    assert len((await listed(connected, "/sessions age>5m")).rows) == 1
    assert not (await listed(connected, "/sessions age>10m")).rows
    plan = (await connected.say("/sessions end age>5m"))[-1]
    assert isinstance(plan, Plan)
    assert plan.title.startswith("End 1 web session")


async def test_why_it_is_not_known(connected: World) -> None:
    connected.instance.fail["holders"] = NotAvailable("This instance lacks something.")
    table = await listed(connected)
    assert all(row["age"] is None for row in table.rows)
    assert "It is not known how long they exist: This instance lacks something." in table.notes


@pytest.mark.parametrize("words", ["user=appuser", ""])
async def test_an_empty_column_says_why(connected: World, words: str) -> None:
    connected.instance.gone.add("AbCdEfGhIjKl")
    table = await listed(connected, f"/sessions {words}")
    assert any(note.startswith("Age is not known") for note in table.notes)
