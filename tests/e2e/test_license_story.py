"""Why is my license full, and until when: the whole chat against the simulator, its clock moved by the test."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from irisops.contract.quoting import filled
from irisops.contract.replies import Cell, Done, Facts, Problem, Reply, Table
from irisops.simulator.world.license import LicenseLimitExceededError
from irisops.simulator.world.model import Application, Permission, Role, User
from irisops.simulator.world.scenarios.hackathon import LEAKING, LEAKING_ADDRESS
from irisops.simulator.world.scenarios.home import BROWSER
from irisops.simulator.world.sessions import Visitor
from tests.e2e.staging import Person, Stage, stage

VISITOR = Visitor("192.0.2.7")


async def holder(person: Person, name: str) -> dict[str, Cell]:
    """The row of a holder on the board, after checking that the board adds up."""
    replies = await person.say("/license")
    facts = next(reply for reply in replies if isinstance(reply, Facts))
    table = next(reply for reply in replies if isinstance(reply, Table))
    assert sum(int(str(row["units"])) for row in table.rows) == facts.facts["consumed"]
    return dict(next(row for row in table.rows if str(row["holder"]).startswith(name)))


def moment(row: dict[str, Cell]) -> datetime:
    at = row["free_at"]
    assert isinstance(at, datetime), row
    return at


def drops_exactly_at(on: Stage, at: datetime, units: int) -> None:
    """The simulator's own count: as before until one second earlier, `units` fewer from that moment on."""
    before = on.consumed
    on.advance((at - on.world.clock.now()).total_seconds() - 1)
    assert on.consumed == before
    on.advance(1)
    assert on.consumed == before - units


async def test_a_newcomer_gets_a_unit_back_with_two_sentences(tmp_path: Path) -> None:
    async with stage("home", tmp_path) as on, on.person() as maria:
        on.simulator.control.fill_license()
        with pytest.raises(LicenseLimitExceededError):
            on.world.open_session("/csp/user", Visitor(BROWSER))
        board = await maria.say("license limit exceeded")
        facts = next(reply for reply in board if isinstance(reply, Facts))
        assert (
            "! No connection is free: the next login or browser is refused. /license free offers to give one back."
            in facts.notes
        )
        plan = await maria.plan("free a unit")
        assert any("missed least" in effect for effect in plan.effects)
        assert any("8 → 7, 1 of 8 free" in effect for effect in plan.effects)
        assert on.consumed == 8, "nothing happens before the yes"
        (done,) = await maria.yes(plan)
        assert isinstance(done, Done)
        assert done.details[-1] == "Connections in use: 8 → 7 of 8."
        assert on.consumed == 7
        on.world.open_session("/csp/user", Visitor(BROWSER))


async def test_the_timeout_of_a_session_is_predicted_to_the_second(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on:
        on.world.open_session("/csp/user", VISITOR, pages=2)
        on.advance(100)
        async with on.person() as person:
            row = await holder(person, "web /csp/user")
            assert str(row["returns"]).endswith("(13 min)")
            drops_exactly_at(on, moment(row), 1)


async def test_the_grace_of_a_one_page_visit_is_predicted_before_and_while_it_runs(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on:
        session = on.world.open_session("/csp/user", VISITOR, pages=1)
        async with on.person() as person:
            first = moment(await holder(person, "web /csp/user"))
            assert (first - session.expires).total_seconds() == 600
            on.advance_to(session.expires)
            assert on.world.sessions.get(session.id) is None
            row = await holder(person, session.id)
            assert (row["kind"], moment(row)) == ("grace", first)
            drops_exactly_at(on, first, 1)


async def test_the_hold_of_a_call_without_a_session_is_predicted(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on:
        rest = on.world.applications.get("/csp/user")
        assert rest is not None
        on.world.applications.add(replace(rest, name="/rest", dispatch_class="Some.REST", use_session=False))
        async with on.person() as person:
            on.world.rest_call("/rest", VISITOR)
            on.advance(3)
            row = await holder(person, "session ")
            assert row["kind"] == "web"
            assert (moment(row) - on.world.clock.now()).total_seconds() == 7
            drops_exactly_at(on, moment(row), 1)


@pytest.mark.parametrize("clean", [True, False])
async def test_a_client_frees_its_unit_when_it_disconnects_and_not_before(
    clean: bool, tmp_path: Path
) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        process = on.world.start_process(username="Admin", namespace="USER", client_ip="192.0.2.9")
        row = await holder(person, "192.0.2.9")
        assert (row["free_at"], row["returns"]) == (None, "when it disconnects")
        on.advance(24 * 3600)
        before = on.consumed
        on.world.logout(process, clean=clean)
        on.advance(0 if clean else on.world.unclean_hold)
        assert on.consumed == before - 1


async def test_the_sweep_ends_exactly_what_leaks_and_the_count_falls_as_forecast(tmp_path: Path) -> None:
    async with stage("hackathon", tmp_path) as on, on.person() as person:
        on.advance(12 * 20)  # past the 26th session: one unit for each now
        leaked = {s.id for s in on.world.sessions.values() if s.username == LEAKING}
        others = {s.id for s in on.world.sessions.values()} - leaked
        assert len(leaked) > 25
        replies = await person.say("who is leaking sessions")
        table = next(reply for reply in replies if isinstance(reply, Table))
        assert [(row["holder"], row["sessions"]) for row in table.rows] == [
            (f"{LEAKING}@{LEAKING_ADDRESS}", len(leaked))
        ]
        assert replies == [table], "a question is answered, and asks for no yes"
        plan = await person.plan(filled(table.actions[0][2], table.rows[0]))
        before = on.consumed
        assert any(f"{before} → {before - len(leaked)}," in effect for effect in plan.effects)
        (done,) = await person.yes(plan)
        assert isinstance(done, Done)
        assert done.message == f"Ended {len(leaked)} web sessions."
        assert set(on.world.sessions) == others
        assert on.consumed == before - len(leaked)


async def test_two_people_end_one_session_at_once(tmp_path: Path) -> None:
    async with stage("home", tmp_path) as on:
        on.world.key.units = on.world.license.limit = 20
        async with on.person() as one, on.person() as other:
            session = next(s for s in on.world.sessions.values() if s.username == "UnknownUser")
            plans = [await person.plan(f"/sessions end {session.id[:8]}") for person in (one, other)]
            answers = await asyncio.gather(one.yes(plans[0]), other.yes(plans[1]))
            kinds = sorted(_kind(answer[-1]) for answer in answers)
            assert kinds == ["AlreadyGone", "done"]
            late = await one.say(f"/sessions end {session.id[:8]}")
            assert isinstance(late[-1], Problem)
            assert late[-1].error == "NoSuchSession"


async def test_a_plan_for_a_session_that_timed_out_meanwhile_says_so(tmp_path: Path) -> None:
    async with stage("home", tmp_path) as on, on.person() as person:
        plan = await person.plan("end the sessions on /csp/user")
        on.advance(400)
        (problem,) = await person.yes(plan)
        assert isinstance(problem, Problem)
        assert (problem.error, problem.cure[:12]) == ("AlreadyGone", "There was no")


async def test_two_people_end_one_process_at_once(tmp_path: Path) -> None:
    async with stage("home", tmp_path) as on:
        on.world.key.units = on.world.license.limit = 20
        async with on.person() as one, on.person() as other:
            pid = next(p.pid for p in on.world.processes.values() if p.username == "notebook")
            plans = [await person.plan(f"/process terminate {pid}") for person in (one, other)]
            before = on.consumed
            first = await one.yes(plans[0])
            second = await other.yes(plans[1])
            assert [_kind(first[-1]), _kind(second[-1])] == ["done", "AlreadyGone"]
            assert on.consumed == before - 1


async def test_a_process_is_suspended_and_goes_on(tmp_path: Path) -> None:
    async with stage("home", tmp_path) as on, on.person() as person:
        pid = next(p.pid for p in on.world.processes.values() if p.username == "notebook")
        (done,) = await person.yes(await person.plan(f"suspend process {pid}"))
        assert _kind(done) == "done"
        assert on.world.processes[pid].state == "SUSP"
        (done,) = await person.yes(await person.plan(f"resume process {pid}"))
        assert _kind(done) == "done"
        assert on.world.processes[pid].state != "SUSP"


async def test_what_is_not_permitted_is_named_and_the_rest_works(tmp_path: Path) -> None:
    use, read = Permission.USE, Permission.READ
    async with stage("home", tmp_path) as on:
        on.world.key.units = on.world.license.limit = 20
        on.world.roles.add(
            Role("Looker", "May look", {"%Admin_Operate": use, "%DB_IRISSYS": read}, ["SimConnect"])
        )
        on.world.add_user(User("looker", roles=["Looker"], password_never_expires=True), "looker-demo")
        async with on.person("looker", "looker-demo") as looker:
            problem = (await looker.say("end the sessions on /csp/user"))[-1]
            assert isinstance(problem, Problem)
            assert problem.error == "NotPermitted"
            assert "%DB_IRISSYS" in f"{problem.message} {problem.cure}"
            assert {s.ending for s in on.world.sessions.values()} == {None}
        async with on.person("secadmin", "Practice-2!") as blind:
            (problem,) = await blind.say("/sessions")
            assert isinstance(problem, Problem)
            assert "%Admin_Operate" in f"{problem.message} {problem.cure}"
            facts = next(r for r in await blind.say("/license") if isinstance(r, Facts))
            assert facts.facts["consumed"] == on.consumed
            notes = (await blind.table("/license", "holders")).notes
            assert any("Sessions cannot be read" in note and "%Admin_Operate" in note for note in notes)


async def test_a_shorter_timeout_is_set_by_plan_and_read_back(tmp_path: Path) -> None:
    async with stage("home", tmp_path) as on, on.person() as person:
        advice = await person.table("how can I save units", "advice")
        typed = str(next(row["command"] for row in advice.rows if "Closed tabs" in str(row["title"])))
        assert typed == "/license timeout /csp/user 300"
        (done,) = await person.yes(await person.plan(typed))
        assert _kind(done) == "done"
        application = on.world.applications.get("/csp/user")
        assert isinstance(application, Application)
        assert application.timeout == 300
        session = on.world.open_session("/csp/user", VISITOR, pages=2)
        on.advance(301)
        assert session.id not in on.world.sessions


async def test_community_edition_is_forecast_before_the_eighth_connection(tmp_path: Path) -> None:
    async with stage("home", tmp_path) as on, on.person() as person:
        assert on.consumed == 7
        facts, ways = await person.say("/license forecast 1 clients")
        assert isinstance(facts, Facts)
        assert isinstance(ways, Table)
        assert any("one connection is left of 8" in note for note in facts.notes)
        assert {row["admitted"] for row in ways.rows} == {1}
        on.world.start_process(username="maria", namespace="USER", client_ip="192.168.1.20")
        _, ways = await person.say("/license forecast 1 clients")
        assert isinstance(ways, Table)
        assert {row["admitted"] for row in ways.rows} == {0}
        with pytest.raises(LicenseLimitExceededError):
            on.world.start_process(username="maria", namespace="USER", client_ip="192.168.1.20")


async def test_locked_out_shows_what_can_be_read_and_how_to_get_in(tmp_path: Path) -> None:
    async with stage("full", tmp_path) as on, on.person(connect=False) as person:
        problem, facts, emergency = await person.say("/connect")
        assert isinstance(problem, Problem)
        assert problem.error == "LicenseExhausted"
        assert isinstance(facts, Facts)
        assert facts.facts["available"] == 0
        assert isinstance(emergency, Table)
        commands = " ".join(str(row["command"]) for row in emergency.rows)
        for part in (
            "iris terminal INSTANCE -B",
            "irisdb -s",
            "docker exec -it",
            "DeleteSession^%SYS.cspServer",
        ):
            assert part in commands
        assert on.consumed == 8
        on.advance(90)  # the first closed tab times out
        assert any(isinstance(reply, Done) for reply in await person.say("/connect"))


def _kind(reply: Reply) -> str:
    return reply.error if isinstance(reply, Problem) else "done" if isinstance(reply, Done) else str(reply)
