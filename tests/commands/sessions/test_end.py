from __future__ import annotations

import asyncio

import pytest

from irisops.contract.replies import Done, Plan, Problem, Progress, Reply, Table
from irisops.instance.errors import NotAvailable, NotPermitted, Unreachable
from tests.commands.fakes import World


async def plan_of(world: World, line: str) -> Plan:
    plan = (await world.say(line))[-1]
    assert isinstance(plan, Plan), plan
    return plan


async def confirmed(world: World, plan: Plan, seconds: float = 11) -> list[Reply]:
    """Say yes and let time pass; the replies without the steps in between."""
    task = asyncio.create_task(world.yes(plan.id))
    await world.clock.advance(seconds)
    return [reply for reply in await task if not isinstance(reply, Progress)]


async def problem_of(world: World, line: str) -> Problem:
    problem = (await world.say(line))[-1]
    assert isinstance(problem, Problem), problem
    return problem


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("appuser", 6),
        ("appuser@10.0.0.9", 6),
        ("10.0.0.9", 6),
        ("/api/atelier", 6),
        ("/API/Atelier/", 6),
        ("anonymous", 1),
        ("AbCdEfGh…", 1),
        ("AbCd", 1),
        ("user=appuser left<3m", 3),
        ("app=/csp/user", 1),
        ("all", 7),
    ],
)
async def test_what_words_mean(connected: World, words: str, number: int) -> None:
    plan = await plan_of(connected, f"/sessions end {words}")
    assert plan.title.startswith(f"End {number} web session")
    assert connected.instance.done == []


@pytest.mark.parametrize("words", ["nobodyknows", "abcdefgh", "user=zoe", "AbC", "10.0.0"])
async def test_words_that_mean_no_session_are_refused(connected: World, words: str) -> None:
    problem = await problem_of(connected, f"/sessions end {words}")
    assert problem.error == "NoSuchSession"
    assert problem.cure


async def test_the_sentence_of_the_readme(connected: World) -> None:
    plan = await plan_of(connected, "end the sessions of appuser")
    assert plan.title == "End 6 web sessions of appuser@10.0.0.9 on /api/atelier"
    assert "AbCdEfGhIjKl" not in str(plan)
    assert not any("Leak00000001" in line for line in str(plan).splitlines()), "an id is never shown whole"


async def test_yes_ends_them_and_says_when_they_are_gone(connected: World) -> None:
    plan = await plan_of(connected, "/sessions end user=appuser left<3m")
    (done,) = await confirmed(connected, plan)
    assert isinstance(done, Done)
    assert done.message == "Ended 3 web sessions."
    assert [what for what, _, _ in connected.instance.done] == ["end"] * 3
    (entry,) = connected.session.context.journal("local").entries()
    assert (entry.status, entry.can_be_undone) == ("done", False)
    assert "Leak00000000" not in str(entry)


async def test_a_session_that_stays_is_told(connected: World) -> None:
    connected.instance.stubborn = True
    plan = await plan_of(connected, "/sessions end AbCd")
    (problem,) = await confirmed(connected, plan)
    assert isinstance(problem, Problem)
    assert (problem.error, problem.message) == (
        "NotEnded",
        "1 session still listed 10 seconds after being marked to end.",
    )


async def test_ended_by_somebody_else_between_the_plan_and_the_yes(connected: World) -> None:
    plan = await plan_of(connected, "/sessions end AbCd")
    connected.instance.gone.add("AbCdEfGhIjKl")
    (problem,) = await confirmed(connected, plan)
    assert isinstance(problem, Problem)
    assert problem.error == "AlreadyGone"
    assert connected.instance.done == []
    assert connected.session.context.journal("local").entries() == []


async def test_some_gone_already_are_counted(connected: World) -> None:
    plan = await plan_of(connected, "/sessions end appuser")
    connected.instance.gone.update({"Leak00000000", "Leak00000001"})
    (done,) = await confirmed(connected, plan)
    assert isinstance(done, Done)
    assert done.message == "Ended 4 web sessions."
    assert done.details[0].startswith("2 sessions already gone")


async def test_a_missing_privilege_is_named_and_journaled(connected: World) -> None:
    plan = await plan_of(connected, "/sessions end AbCd")
    connected.instance.fail["end session"] = NotPermitted("no", privilege="%DB_IRISSYS:W")
    (problem,) = await confirmed(connected, plan)
    assert isinstance(problem, Problem)
    assert problem.cure.startswith("It needs %DB_IRISSYS:W.")
    (entry,) = connected.session.context.journal("local").entries()
    assert entry.status == "failed"


async def test_a_lost_connection_leaves_the_outcome_unknown(connected: World) -> None:
    plan = await plan_of(connected, "/sessions end AbCd")
    connected.instance.fail["end session"] = Unreachable("gone")
    (problem,) = await confirmed(connected, plan)
    assert isinstance(problem, Problem)
    assert problem.error == "Unreachable"
    (entry,) = connected.session.context.journal("local").entries()
    assert entry.status == "unknown"


async def test_without_the_board_it_still_can_be_ended(connected: World) -> None:
    connected.instance.fail["LUConsumed"] = NotAvailable("no counts here")
    plan = await plan_of(connected, "/sessions end AbCd")
    assert any("no counts here" in warning for warning in plan.warnings)


async def test_the_sweep_proposes_the_leak_alone(connected: World) -> None:
    replies = await connected.say("end the leaked sessions")
    table, plan = replies
    assert isinstance(table, Table)
    assert isinstance(plan, Plan)
    assert [(row["holder"], row["sessions"]) for row in table.rows] == [("appuser@10.0.0.9", 6)]
    assert plan.title == "End 6 web sessions of appuser@10.0.0.9 on /api/atelier"
    (done,) = await connected.say("/sessions sweep bob")
    assert isinstance(done, Done)
    assert done.message.startswith("No leak of bob")


async def test_no_leak_is_said(connected: World) -> None:
    connected.instance.gone.update({"Leak00000000", "Leak00000001"})
    (done,) = await connected.say("/sessions sweep")
    assert isinstance(done, Done)
    assert done.message.startswith("No leak:")


async def test_free_chooses_the_leak_then_the_closed_tab(connected: World) -> None:
    plan = await plan_of(connected, "free a unit")
    assert plan.title.startswith("End 6 web sessions of appuser")
    connected.instance.gone.update(f"Leak{number:08}" for number in range(3))
    plan = await plan_of(connected, "I need a license unit")
    assert plan.title == "End 1 web session of nobody (no login) on /csp/user"
    connected.instance.gone.update({"AbCdEfGhIjKl", *(f"Leak{number:08}" for number in range(6))})
    assert (await problem_of(connected, "free a unit")).error == "NothingToFree"


async def test_idle_is_worked_out_from_the_timeout_of_the_application(connected: World) -> None:
    (table,) = await connected.say("/sessions")
    assert isinstance(table, Table)
    idle = {str(row["session"]): row["idle"] for row in table.rows}
    assert idle["AbCdEfGh…"] == 900 - 9 * 60
    (table,) = await connected.say("/sessions idle>59m columns=session,idle")
    assert isinstance(table, Table)
    assert [column.name for column in table.columns] == ["session", "idle"]
    assert len(table.rows) == 1


async def test_without_the_timeouts_idle_is_unknown_and_said_to_be(connected: World) -> None:
    connected.instance.fail["applications"] = NotPermitted("This account lacks %Admin_Secure:U.")
    (table,) = await connected.say("/sessions")
    assert isinstance(table, Table)
    assert {row["idle"] for row in table.rows} == {None}
    assert any("%Admin_Secure:U" in note for note in table.notes)
    assert (await problem_of(connected, "/sessions end idle>5m")).error == "IdleUnknown"


async def changed(world: World, **what: object) -> None:
    """All sessions of the instance are otherwise from now on."""
    world.instance.replaced_sessions = [each._replace(**what) for each in world.instance.sessions()]  # type: ignore[arg-type]


async def test_a_session_that_somebody_logged_in_to_meanwhile_is_left_alone(connected: World) -> None:
    plan = await plan_of(connected, "/sessions end AbCd")
    await changed(connected, license_id="zoe@10.0.0.7", username="zoe")
    (problem,) = await confirmed(connected, plan)
    assert isinstance(problem, Problem)
    assert problem.error == "ChangedMeanwhile"
    assert connected.instance.done == []


async def test_this_tools_own_session_is_refused_and_left_out(connected: World) -> None:
    sessions = connected.instance.sessions()
    connected.instance.replaced_sessions = [sessions[0]._replace(pid=4712), *sessions[1:]]
    assert (await problem_of(connected, "/sessions end AbCd")).error == "OwnSession"
    plan = await plan_of(connected, "/sessions end all")
    assert plan.title.startswith("End 6 web sessions")
    assert "This tool's own session is left out." in plan.warnings


async def test_what_the_portal_protects_is_left_out_unless_it_is_named(connected: World) -> None:
    sessions = connected.instance.sessions()
    portal = sessions[0]._replace(application="/csp/sys/", username="_SYSTEM", allow_end=False)
    connected.instance.replaced_sessions = [portal, *sessions[1:]]
    plan = await plan_of(connected, "/sessions end all")
    assert plan.title.startswith("End 6 web sessions")
    assert any("1 session on /csp/sys/ left out" in warning for warning in plan.warnings)
    plan = await plan_of(connected, "/sessions end /csp/sys")
    assert plan.title.startswith("End 1 web session")
    assert any("perhaps your own" in warning for warning in plan.warnings)
    connected.instance.replaced_sessions = [portal]
    assert (await problem_of(connected, "/sessions end all")).error == "Protected"
