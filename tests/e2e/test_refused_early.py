"""What can only fail is refused before the yes, and what is not known is not said: on an instance that does in doubt
what the public sources say."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Facts, Plan, Problem, Table
from irisops.engine.reply_text import text
from irisops.instance.calls import HELPER
from irisops.simulator.doubts import Doubts
from irisops.simulator.world.model import Permission, Role, User
from irisops.simulator.world.sessions import Visitor
from tests.e2e.staging import Person, Stage, stage

R, W, U = Permission.READ, Permission.WRITE, Permission.USE
PASSWORDS = {"": "", "secadmin": "Practice-2!", "operator": "Practice-3!", "watcher": "Watch-demo-1"}
"""By account; the first is that of the administrator."""


@asynccontextmanager
async def doubtful(home: Path, *doubts: str, version: str = "2025.2") -> AsyncIterator[Stage]:
    """An instance with the defaults of all doubts but for `doubts`, two web sessions, and an account that may look."""
    async with stage("quiet", home, version=version) as on:
        on.world.doubts = Doubts().choose(*doubts)
        for _ in range(2):
            on.world.open_session("/csp/user", Visitor("192.0.2.7"), pages=2)
        on.world.roles.add(Role("Watch", "", {"%Admin_Operate": U, "%DB_IRISSYS": R}, ["SimConnect", "%SQL"]))
        on.world.add_user(User("watcher", roles=["Watch"], password_never_expires=True), PASSWORDS["watcher"])
        yield on


async def problem(person: Person, line: str) -> Problem:
    """The refusal of a line, given before any plan."""
    replies = await person.say(line)
    assert not any(isinstance(reply, Plan) for reply in replies), replies
    assert isinstance(replies[-1], Problem), replies
    assert [row["change"] for row in (await person.table("/history", "history")).rows] == []
    return replies[-1]


async def doctor(person: Person) -> dict[str, dict[str, object]]:
    return {str(row["what"]): dict(row) for row in (await person.table("/doctor", "routes")).rows}


# Ending web sessions


@pytest.mark.parametrize("line", ["/sessions end all", "/license free", "/sessions sweep"])
@pytest.mark.parametrize(
    ("account", "cure"), [("", "/helper install offers"), ("operator", "A user with %All can add")]
)
async def test_where_no_session_can_be_ended_no_plan_is_shown(
    tmp_path: Path, line: str, account: str, cure: str
) -> None:
    async with doubtful(tmp_path) as on, on.person(account, PASSWORDS[account]) as person:
        for _ in range(6):
            on.world.open_session("/csp/user", Visitor("192.0.2.9", "Admin"), pages=2)
        for _ in range(2):  # what was learnt counts for the next one, too
            refused = await problem(person, line)
            assert refused.error == "NotAvailable"
            assert "$$DeleteSession^%SYS.cspServer: <NOROUTINE>" in refused.message
            assert "this is 2025.2" in refused.message
            assert refused.cure.startswith(cure)
        found = (await doctor(person))["sessions.end"]
        assert (found["state"], found["available"]) == ("failed", False)
        assert {session.ending for session in on.world.sessions.values()} == {None}


async def test_the_web_port_is_named_where_it_would_do(tmp_path: Path) -> None:
    async with doubtful(tmp_path, version="2026.2") as on, on.person() as person:
        web = on.simulator.web
        assert web is not None
        await person.say(
            f"/profile add second host=127.0.0.1 port={on.simulator.port} user={on.profile().user}"
        )
        second = person.session.hub.profiles()[-1]
        person.session.hub.secrets.remember(second, on.simulator.account.password)
        await person.say("/connect second")
        refused = await problem(person, "/sessions end all")
        assert refused.cure.startswith("/profile edit NAME web_port=52773 lets the web port be used.")
        await person.say(f"/profile edit second web_port={web.port}")
        plan = await person.plan("/sessions end all")
        # What is shown is what is done.
        assert "Python" not in plan.calls
        assert any("DELETE" in call for call in plan.calls["HTTP"])
        (done,) = await person.yes(plan)
        assert isinstance(done, Done)
        assert (await doctor(person))["sessions.end"]["state"] == "worked"


async def test_a_helper_that_somebody_else_installs_is_found_without_the_dictionary(tmp_path: Path) -> None:
    async with doubtful(tmp_path) as on, on.person("operator", PASSWORDS["operator"]) as operator:
        await problem(operator, "/sessions end all")
        async with on.person() as administrator:
            assert isinstance(
                (await administrator.yes(await administrator.plan("/helper install")))[-1], Done
            )
        plan = await operator.plan("/sessions end all")
        assert any(HELPER in call for call in plan.calls["Python"])
        (done,) = await operator.yes(plan)
        assert isinstance(done, Done)
        assert done.message == "Ended 2 web sessions."
        assert dict(on.world.sessions) == {}


@pytest.mark.parametrize(
    ("doubt", "version"), [("function=allowed", "2025.2"), ("function=refused", "2026.2")]
)
async def test_a_missing_privilege_to_end_sessions_is_named_before_the_yes(
    tmp_path: Path, doubt: str, version: str
) -> None:
    async with (
        doubtful(tmp_path, doubt, version=version) as on,
        on.person("watcher", PASSWORDS["watcher"]) as watcher,
    ):
        refused = await problem(watcher, "/sessions end all")
        assert (refused.error, refused.message) == ("NotPermitted", "This account lacks %DB_IRISSYS:W.")
        assert (await doctor(watcher))["sessions.end"]["state"] == "failed"


async def test_who_lacks_the_privilege_as_well_is_told_both(tmp_path: Path) -> None:
    async with doubtful(tmp_path) as on, on.person("watcher", PASSWORDS["watcher"]) as watcher:
        refused = await problem(watcher, "/sessions end all")
        assert "Besides, this account lacks %DB_IRISSYS:W" in refused.message


async def test_the_probe_is_made_once_and_ends_nothing(tmp_path: Path) -> None:
    async with doubtful(tmp_path, "function=allowed") as on, on.person() as person:
        for _ in range(2):
            plan = await person.plan("/sessions end all")
            assert any("DeleteSession" in call for call in plan.calls["Python"])
        assert {session.ending for session in on.world.sessions.values()} == {None}
        assert (await doctor(person))["sessions.end"]["state"] == "worked"


async def test_a_locked_out_account_without_the_privilege_is_refused_before_the_yes(tmp_path: Path) -> None:
    async with (
        doubtful(tmp_path, "admin-api=answers", version="2026.2") as on,
        on.person("watcher", PASSWORDS["watcher"], connect=False) as watcher,
    ):
        (refused,) = await watcher.say("/locked free")
        assert isinstance(refused, Problem)
        assert refused.error == "NotPermitted"
        assert "%DB_IRISSYS:W" in refused.message


async def test_a_session_that_ended_by_itself_is_not_told_as_ended(tmp_path: Path) -> None:
    async with (
        doubtful(tmp_path, "admin-api=answers", version="2026.2") as on,
        on.person(connect=False) as person,
    ):
        plan = await person.plan("/locked free")
        for session in list(on.world.sessions):
            on.world.end_session(session)
        on.advance(10)
        assert dict(on.world.sessions) == {}
        (refused,) = await person.yes(plan)
        assert isinstance(refused, Problem)
        assert refused.error == "AlreadyGone"


async def test_a_session_with_a_new_login_is_left_alone_when_locked_out(tmp_path: Path) -> None:
    async with (
        doubtful(tmp_path, "admin-api=answers", version="2026.2") as on,
        on.person(connect=False) as person,
    ):
        plan = await person.plan("/locked free")
        for session in on.world.sessions.values():
            session.license_id = "maria@192.0.2.7"
        (refused,) = await person.yes(plan)
        assert isinstance(refused, Problem)
        assert refused.error == "ChangedMeanwhile"
        assert {session.ending for session in on.world.sessions.values()} == {None}


# Processes and the helper


@pytest.mark.parametrize("action", ["terminate", "suspend"])
async def test_a_process_is_not_planned_to_be_acted_on_without_the_privilege(
    tmp_path: Path, action: str
) -> None:
    async with doubtful(tmp_path) as on, on.person() as administrator:
        info = administrator.session.context.link().connection.info
        assert info is not None
        async with on.person("watcher", PASSWORDS["watcher"]) as watcher:
            refused = await problem(watcher, f"/process {action} {info.pid}")
            assert refused.message == "SQL wants SELECT on %SYS.ProcessQuery."
            on.simulator.runtime.grant_select("%SYS", "ProcessQuery", "watcher")
            refused = await problem(watcher, f"/process {action} {info.pid}")
            assert (refused.error, refused.message) == ("NotPermitted", "This account lacks %DB_IRISSYS:W.")
        async with on.person("operator", PASSWORDS["operator"]) as operator:
            assert (await operator.plan(f"/process {action} {info.pid}")).title.startswith(action.title())


# Timeouts


async def test_timeouts_come_from_the_objects_where_the_list_has_none(tmp_path: Path) -> None:
    async with doubtful(tmp_path) as on, on.person() as person:
        sessions = await person.table("/sessions", "sessions")
        assert all(row["idle"] is not None for row in sessions.rows)
        advice = await person.table("/license advice", "advice")
        assert {row["present"] for row in advice.rows if "Closed tabs" in str(row["title"])} == {
            "900 seconds"
        }
        plan = await person.plan("/license timeout /csp/user 300")
        assert plan.changes[0].before == "900 s (15 min)"
        (done,) = await person.yes(plan)
        assert isinstance(done, Done)
        (back,) = await person.yes(await person.plan("/undo"))
        assert isinstance(back, Done)
        assert back.message == "The session timeout of /csp/user is 900 s (15 min)."


@pytest.mark.parametrize("columns", ["columns=shown", "columns=all"])
async def test_a_timeout_that_cannot_be_set_is_not_planned(tmp_path: Path, columns: str) -> None:
    async with doubtful(tmp_path, columns) as on, on.person("secadmin", PASSWORDS["secadmin"]) as person:
        refused = await problem(person, "/license timeout /csp/user 300")
        assert refused.error == "NotPermitted"
        assert "since 2025.2 they may need %All" in refused.message


@pytest.mark.parametrize(("account", "can"), [("", True), ("secadmin", False)])
async def test_a_timeout_that_cannot_be_set_is_not_offered(tmp_path: Path, account: str, can: bool) -> None:
    async with doubtful(tmp_path, "columns=all") as on:
        secadmin = on.world.user("secadmin")
        assert secadmin is not None
        secadmin.roles.append("Watch")  # so that both see the sessions
        async with on.person(account, PASSWORDS[account]) as person:
            advice = await person.table("/license advice", "advice")
        (tabs,) = (row for row in advice.rows if "Closed tabs" in str(row["title"]))
        assert str(tabs["command"]).startswith("/license timeout /csp/user ") is can
        because = "This account cannot change a timeout: This account has %Admin_Secure:U"
        assert any(note.startswith(because) for note in advice.notes) is not can


# /doctor


async def test_the_doctor_tells_what_worked_from_what_is_only_there(tmp_path: Path) -> None:
    async with doubtful(tmp_path) as on, on.person() as person:
        before = await doctor(person)
        assert {before[each]["state"] for each in ("system.version", "system.pid")} == {"worked"}
        for each in ("license.holders", "sessions.end", "sql.holdings", "users.list"):
            assert before[each]["state"] == "not tried yet", each
        await person.say("/license")
        found = (await doctor(person))["license.holders"]
        assert (found["state"], found["route"]) == ("worked", "%Library.ResultSet %SYSTEM.License:UserList")
        assert any("UserListFetch" in each for each in re.split("; ", str(found["rejected"])))


async def test_the_doctor_gives_the_reason_of_what_failed(tmp_path: Path) -> None:
    async with doubtful(tmp_path) as on, on.person("secadmin", PASSWORDS["secadmin"]) as person:
        await person.say("/users")
        await person.say("/sessions")
        found = await doctor(person)
        assert (found["users.list"]["state"], found["users.list"]["route"]) == (
            "worked",
            "%Library.ResultSet Security.Users:List",
        )
        assert "EXECUTE on Security.Users_List" in str(found["users.list"]["rejected"])
        assert found["sessions.list"]["state"] == "failed"
        assert (found["sessions.list"]["proved"], found["users.edit"]["proved"]) == ("privilege", "%All")
        assert found["sessions.end"]["proved"] == "nobody"
        replies = await person.say("/doctor")
        assert isinstance(replies[0], Facts)
        routes = replies[1]
        assert isinstance(routes, Table)
        assert any(
            note.startswith("sessions.list failed: ") and "%Admin_Operate:U" in note for note in routes.notes
        )
        table = text(routes, 80).splitlines()[: 2 + len(routes.rows)]
        assert max(map(len, table)) <= 80
        assert "PROVED FOR" in text(routes, 120)
