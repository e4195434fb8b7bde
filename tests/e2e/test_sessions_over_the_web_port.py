"""Sessions end over the SysAdmin API where a client may not call the function for it: the whole chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.contract.replies import Done, Problem, Table
from irisops.simulator.world.sessions import Visitor
from tests.e2e.staging import Person, stage

VISITOR = Visitor("192.0.2.7")


async def routes(person: Person) -> dict[str, tuple[object, str]]:
    """`/doctor`: by fact or action, the chosen route and why not the others."""
    table = await person.table("/doctor", "routes")
    return {str(row["what"]): (row["route"], str(row["rejected"])) for row in table.rows}


async def test_a_session_ends_and_the_card_follows_until_it_is_gone(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path, version="2026.2") as on:
        on.simulator.control.doubt("function", "refused")
        session = on.world.open_session("/csp/user", VISITOR, pages=2)
        async with on.person() as person:
            before = on.consumed
            plan = await person.plan("/sessions end anonymous")
            assert "DELETE /api/admin/v2/web-session?id=…" in plan.calls["HTTP"][-1]
            assert session.id not in str(plan)
            (done,) = await person.yes(plan)
            assert isinstance(done, Done)
            assert done.message == "Ended 1 web session."
            assert (on.consumed, list(on.world.sessions)) == (before - 1, [])
            route, why_not = (await routes(person))["sessions.end"]
            assert route == "DELETE /api/admin/v2/web-session"
            assert "$$DeleteSession^%SYS.cspServer" in why_not


@pytest.mark.parametrize("version", ["2025.2", "2026.1"])
async def test_older_versions_name_the_ways_that_are_left(tmp_path: Path, version: str) -> None:
    async with stage("quiet", tmp_path, version=version) as on:
        on.simulator.control.doubt("function", "refused")
        on.world.open_session("/csp/user", VISITOR, pages=2)
        async with on.person() as person:
            problem = (await person.say("/sessions end anonymous"))[-1]
            assert isinstance(problem, Problem)
            assert problem.error == "NotAvailable"
            assert "portal" in problem.cure
            assert f"this is {version}" in (await routes(person))["sessions.end"][1]
        assert len(on.world.sessions) == 1


async def test_a_web_port_that_is_named_later_is_used_at_once(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path, version="2026.2") as on:
        web = on.simulator.web
        assert web is not None
        async with on.person() as person:
            added = f"/profile add second host=127.0.0.1 port={on.simulator.port} user={on.profile().user}"
            await person.say(added)
            person.session.hub.secrets.remember(
                person.session.hub.profiles()[-1], on.simulator.account.password
            )
            await person.say("/connect second")
            assert "no web port" in (await routes(person))["sessions.end"][1]
            await person.say(f"/profile edit second web_port={web.port}")
            assert "no web port" not in (await routes(person))["sessions.end"][1]
            on.simulator.control.doubt("function", "refused")
            on.world.open_session("/csp/user", VISITOR, pages=2)
            (done,) = await person.yes(await person.plan("/sessions end anonymous"))
            assert isinstance(done, Done)


async def test_the_clinics_sessions_are_listed_within_few_round_trips(tmp_path: Path) -> None:
    async with stage("clinic", tmp_path) as on, on.person() as person:
        table = (await person.say("/sessions"))[-1]
        assert isinstance(table, Table)
        assert table.total == len(on.world.sessions) >= 1900
        assert str((await routes(person))["sessions.list"][0]) == "%CSP.Session.SessionInfoFetch"
