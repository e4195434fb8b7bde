from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from irisops.commands.processes.acting import same_process
from irisops.contract.replies import Done, Facts, Plan, Problem, Progress, Reply, Table
from irisops.instance.calls import Value
from irisops.instance.models import Process
from tests.commands.fakes import START, World


def changed(process: Process, **cells: Value) -> Process:
    return Process({**process, **cells}, own=process.own)


async def plan_of(world: World, line: str) -> Plan:
    plan = (await world.say(line))[-1]
    assert isinstance(plan, Plan), plan
    return plan


async def confirmed(world: World, plan: Plan) -> list[Reply]:
    task = asyncio.create_task(world.yes(plan.id))
    await world.clock.advance(11)
    return [reply for reply in await task if not isinstance(reply, Progress)]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("/process terminate 4712", "OwnProcess"),
        ("/process suspend 4712", "OwnProcess"),
        ("/process terminate 11", "SystemProcess"),
        ("kill process 11", "SystemProcess"),
        ("/process terminate 99999", "NoSuchProcess"),
        ("/process resume 4711", "NotSuspended"),
        ("/process 99999", "NoSuchProcess"),
    ],
)
async def test_what_is_refused_and_why(connected: World, line: str, error: str) -> None:
    (problem,) = await connected.say(line)
    assert isinstance(problem, Problem)
    assert problem.error == error
    assert problem.cure
    assert connected.instance.done == []


async def test_yes_terminates_and_waits_until_it_is_gone(connected: World) -> None:
    plan = await plan_of(connected, "terminate process 4711")
    assert plan.title == "Terminate process 4711 of appuser"
    (done,) = await confirmed(connected, plan)
    assert isinstance(done, Done)
    assert done.message == "Process 4711 is terminated."
    assert connected.instance.done == [("terminate", "4711", "")]


async def test_one_that_stays_is_told(connected: World) -> None:
    connected.instance.stubborn = True
    (problem,) = await confirmed(connected, await plan_of(connected, "/process terminate 4711"))
    assert isinstance(problem, Problem)
    assert problem.error == "NotEnded"


async def test_one_that_ended_meanwhile_is_already_gone(connected: World) -> None:
    plan = await plan_of(connected, "/process terminate 4711")
    connected.instance.gone.add("4711")
    (problem,) = await confirmed(connected, plan)
    assert isinstance(problem, Problem)
    assert problem.error == "AlreadyGone"
    assert connected.instance.done == []


@pytest.mark.parametrize(
    "another",
    [
        lambda process: changed(process, username="bob"),
        lambda process: changed(process, jobnumber=7),
        lambda process: changed(process, starttimeutc=START + timedelta(seconds=1)),
    ],
)
async def test_a_pid_that_was_used_again_is_left_alone(
    connected: World, another: Callable[[Process], Process]
) -> None:
    before = connected.instance.processes()
    connected.instance.replaced = [changed(each, starttimeutc=START) for each in before]
    plan = await plan_of(connected, "/process terminate 4711")
    connected.instance.replaced = [another(each) for each in connected.instance.replaced]
    (problem,) = await confirmed(connected, plan)
    assert isinstance(problem, Problem)
    assert problem.error == "AnotherProcess"
    assert connected.instance.done == []


async def test_without_start_times_user_and_job_decide(connected: World) -> None:
    process = connected.instance.processes()[1]
    assert same_process(process, changed(process, starttimeutc=START))
    assert not same_process(process, changed(process, jobnumber=5))


async def test_an_open_transaction_is_warned_of(connected: World) -> None:
    before = connected.instance.processes()
    connected.instance.replaced = [changed(each, intransaction=1) for each in before]
    plan = await plan_of(connected, "/process terminate 4711")
    assert any("rolled back" in warning for warning in plan.warnings)
    plan = await plan_of(connected, "/process suspend 4711")
    assert any("locks" in warning for warning in plan.warnings)


async def test_the_details_say_what_can_be_done(connected: World) -> None:
    (facts,) = await connected.say("what is process 4711 doing?")
    assert isinstance(facts, Facts)
    assert facts.facts["user"] == "appuser"
    assert any("/process terminate 4711" in note for note in facts.notes)
    (facts,) = await connected.say("/process 4712")
    assert isinstance(facts, Facts)
    assert facts.facts["kind"] == "this tool"
    assert not any("terminate" in note for note in facts.notes)


async def test_columns_are_chosen_as_in_top(connected: World) -> None:
    (table,) = await connected.say("/processes columns=user,cpu,state sort=-commands limit=2")
    assert isinstance(table, Table)
    assert [column.name for column in table.columns] == ["pid", "user", "cpu_ms", "state"]
    assert all(column.hide_under == 0 for column in table.columns)
    assert [row["pid"] for row in table.rows] == [4712, 4711]
    (problem,) = await connected.say("/processes columns=nonsense")
    assert isinstance(problem, Problem)
    assert problem.error == "BadFilter"
    (problem,) = await connected.say("/processes columns=,")
    assert isinstance(problem, Problem)


async def test_one_that_may_no_longer_be_ended_at_the_yes_is_left_alone(connected: World) -> None:
    plan = await plan_of(connected, "/process terminate 4711")
    before = connected.instance.processes()
    connected.instance.replaced = [changed(each, canbeterminated=False) for each in before]
    (problem,) = await confirmed(connected, plan)
    assert isinstance(problem, Problem)
    assert problem.error == "NotAllowed"
    assert connected.instance.done == []
