"""Services, web applications and resources: lists, plans, what is saved, what is refused, and the way back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Facts, Plan, Problem, Table
from irisops.simulator.world.model import Application, Permission, Resource, Role, Service, User
from irisops.simulator.world.seed import PASSWORD_BIT, UNAUTHENTICATED_BIT
from tests.commands.editing import GOOD, Desk, add_role, desk

R, W, U = Permission.READ, Permission.WRITE, Permission.USE


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as made:
        yield made


def service(at: Desk, name: str = "%Service_Bindings") -> Service:
    found = at.served.world.services.get(name)
    assert found is not None
    return found


def app(at: Desk, name: str) -> Application:
    found = at.served.world.applications.get(name)
    assert found is not None
    return found


def resource(at: Desk, name: str) -> Resource:
    found = at.served.world.resources.get(name)
    assert found is not None
    return found


async def table(at: Desk, line: str) -> Table:
    reply = (await at.say(line))[-1]
    assert isinstance(reply, Table), reply
    return reply


async def facts(at: Desk, line: str) -> Facts:
    reply = (await at.say(line))[-1]
    assert isinstance(reply, Facts), reply
    return reply


def done(replies: list[object]) -> Done:
    return next(reply for reply in replies if isinstance(reply, Done))


def lines(plan: Plan) -> list[tuple[str, str, str]]:
    return [(each.what, each.before, each.after) for each in plan.changes]


# Lists


async def test_services_are_listed_filtered_and_opened(at: Desk) -> None:
    service(at).authe_enabled |= UNAUTHENTICATED_BIT
    shown = await table(at, "/services enabled=yes sort=name")
    assert [row["name"] for row in shown.rows][:2] == ["%Service_Bindings", "%Service_EscalateLogin"]
    assert shown.rows[0]["login"] == ["Password", "Unauthenticated"]
    assert ("enter", "open", "/service {name}") in shown.actions
    whole = await table(at, "show services")
    assert whole.notes == ["! Open without a login: %Service_Bindings."], "not the Web Gateway's own"


async def test_applications_and_resources_are_listed(at: Desk) -> None:
    app(at, "/csp/user").match_roles = {"": ["%SQL"], "Clerk": ["%Developer"]}
    shown = await table(at, "which apps need no login")
    assert [row["name"] for row in shown.rows] == ["/api/monitor", "/csp/user"]
    (row,) = (await table(at, "/apps name=/csp/user")).rows
    assert row["roles"] == ["%SQL", "%Developer (if Clerk)"]
    assert row["timeout"] == 900
    resource(at, "%DB_USER").public = R | W
    shown = await table(at, "which resources are public")
    assert {"name": "%DB_USER", "public": "RW"}.items() <= {row["name"]: row for row in shown.rows}[
        "%DB_USER"
    ].items()


async def test_what_is_shown_of_one(at: Desk) -> None:
    add_role(at.served, "Visitor", Development=U)
    at.served.world.add_user(User("eve", roles=["Visitor"]), GOOD)
    shown = await facts(at, "show the application /api/atelier")
    assert shown.facts["login"] == ["password"]
    assert "eve" in str(shown.facts["may_enter"])
    assert "bob" not in str(shown.facts["may_enter"])
    assert (await facts(at, "/service bindings")).facts["name"] == "%Service_Bindings"
    told = await facts(at, "/resource USER")
    assert told.facts["name"] == "%DB_USER"
    assert "Clerk:R" in str(told.facts["roles"])


# Changes


async def test_unauthenticated_access_is_taken_off_the_superserver_and_comes_back(at: Desk) -> None:
    service(at).authe_enabled = PASSWORD_BIT | UNAUTHENTICATED_BIT
    plan = await at.plan("take unauthenticated access off %Service_Bindings")
    assert lines(plan) == [("login of %Service_Bindings", "password, unauthenticated", "password")]
    assert plan.effects[0].startswith("Visitors of %Service_Bindings without a login must log in now")
    script = plan.calls["ObjectScript"]
    assert 'set service = ##class(Security.Services).%OpenId("%service_bindings")' in script
    assert "set service.AutheEnabled = 32" in script
    assert "set status = service.%Save()" in script
    assert 'service.set("AutheEnabled", 32)' in plan.calls["Python"]
    assert service(at).authe_enabled == PASSWORD_BIT | UNAUTHENTICATED_BIT, "nothing before the yes"
    said = done(list(await at.yes(plan)))
    assert said.message == "%Service_Bindings: login is password."
    assert service(at).authe_enabled == PASSWORD_BIT
    await at.do(f"/undo {said.undo}")
    assert service(at).authe_enabled == PASSWORD_BIT | UNAUTHENTICATED_BIT
    await at.do("/redo")
    assert service(at).authe_enabled == PASSWORD_BIT


async def test_a_service_is_switched(at: Desk) -> None:
    await at.do("disable the service %Service_Terminal")
    assert not service(at, "%Service_Terminal").enabled
    plan = await at.plan("/service Terminal enable auth=+unauthenticated")
    assert lines(plan)[0] == ("enabled of %Service_Terminal", "no", "yes")
    assert any("without a login, as UnknownUser" in each for each in plan.warnings)
    await at.yes(plan)
    assert service(at, "%Service_Terminal").enabled
    assert service(at, "%Service_Terminal").authe_enabled & UNAUTHENTICATED_BIT


@pytest.mark.parametrize(
    "line",
    [
        "/service %Service_Bindings disable",
        "/service %service_bindings auth=ldap",
        "/service Bindings auth=-password,+unauthenticated",
        "/service Bindings Terminal disable",
    ],
)
async def test_the_own_door_stays_open(at: Desk, line: str) -> None:
    told = await at.problem(line)
    assert told.error == "OwnConnection"
    assert service(at).enabled
    assert service(at).authe_enabled & PASSWORD_BIT
    assert at.entries() == []


async def test_where_password_login_is_off_already_the_other_ways_stay(at: Desk) -> None:
    """The user and password given may have been checked in any of them."""
    service(at).authe_enabled = 2048 | UNAUTHENTICATED_BIT
    assert (await at.problem("/service Bindings auth=-ldap")).error == "OwnConnection"
    plan = await at.plan("/service Bindings auth=-unauthenticated")
    assert lines(plan) == [("login of %Service_Bindings", "unauthenticated, ldap", "ldap")]


async def test_an_open_application_wants_a_login(at: Desk) -> None:
    plan = await at.plan("require a login for /api/monitor")
    assert lines(plan) == [("login of /api/monitor", "unauthenticated", "password")]
    assert "Programs that call /api/monitor without a login are refused." in plan.effects
    await at.yes(plan)
    assert app(at, "/api/monitor").authe_enabled == PASSWORD_BIT
    await at.do("undo the last change")
    assert app(at, "/api/monitor").authe_enabled == UNAUTHENTICATED_BIT


async def test_all_of_an_application_at_once(at: Desk) -> None:
    app(at, "/csp/user").match_roles = {"": ["%All", "%SQL"], "Clerk": ["%all"]}
    line = "/app /csp/user disable resource=%Development timeout=300 roles=-%All,+Clerk auth=password"
    plan = await at.plan(line)
    assert [what for what, _, _ in lines(plan)] == [
        "enabled of /csp/user",
        "login of /csp/user",
        "resource of /csp/user",
        "session timeout of /csp/user",
        "roles of /csp/user",
    ]
    assert any("bob" in each and "can no longer enter" in each for each in plan.effects)
    assert any("no longer get %All" in each for each in plan.effects)
    before = repr(app(at, "/csp/user"))
    await at.yes(plan)
    changed = app(at, "/csp/user")
    assert (changed.enabled, changed.resource, changed.timeout, changed.authe_enabled) == (
        False,
        "%Development",
        300,
        PASSWORD_BIT,
    )
    assert changed.match_roles == {"": ["%SQL", "Clerk"]}
    await at.do("/undo")
    assert repr(app(at, "/csp/user")) == before


async def test_several_applications_are_one_change(at: Desk) -> None:
    plan = await at.plan("/app /csp/user /api/monitor auth=-unauthenticated,+password")
    assert len(plan.changes) == 2
    said = done(list(await at.yes(plan)))
    assert len(at.entries()) == 1
    assert app(at, "/api/monitor").authe_enabled == app(at, "/csp/user").authe_enabled == PASSWORD_BIT
    await at.do(f"/undo {said.undo}")
    assert app(at, "/api/monitor").authe_enabled == UNAUTHENTICATED_BIT


async def test_a_public_permission_is_taken_and_the_plan_says_who_loses_it(at: Desk) -> None:
    resource(at, "%DB_USER").public = R | W
    add_role(at.served, "Reader", DB_USER=R)
    at.served.world.add_user(User("rita", roles=["Reader"]), GOOD)
    plan = await at.plan("take the public permission from %DB_USER")
    assert lines(plan) == [("public permission of %DB_USER", "RW", "none")]
    losing = plan.effects[0]
    assert "bob" in losing
    assert "_SYSTEM" not in losing
    await at.yes(plan)
    assert resource(at, "%DB_USER").public == Permission.NONE
    await at.do("/undo")
    assert resource(at, "%DB_USER").public == R | W


async def test_a_public_permission_is_given_with_a_warning(at: Desk) -> None:
    plan = await at.plan("/resource USER public=R")
    assert any("logged in or not: %DB_USER:R" in each for each in plan.warnings)
    await at.yes(plan)
    assert resource(at, "%DB_USER").public == R


async def test_the_own_accounts_access_stays(tmp_path: Path) -> None:
    """An administrator without %All whose class methods are public: taking that would lock this tool out."""
    async with desk(tmp_path) as at:
        own = at.user("_SYSTEM")
        role = Role("Narrow", "")
        role.resources.update({"%Admin_Secure": U, "%DB_IRISSYS": R, "%Service_SQL": U})
        at.served.world.roles.add(role)
        own.roles = ["Narrow"]
        at.served.world.users.touch()
        resource(at, "%Native_ClassExecution").public = U
        told = await at.problem("/resource %Native_ClassExecution public=none")
        assert told.error == "OwnAccess"
        assert resource(at, "%Native_ClassExecution").public == U


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        ("/service %Service_Bindngs disable", "NoSuchService", "%Service_Bindings"),
        ("/service Bindings auth=passwort", "BadLogin", "auth=password"),
        ("/service Bindings auth=+ldap,password", "BadLogin", "auth="),
        ("/app /csp/usr disable", "NoSuchApplication", "/csp/user"),
        ("/app /csp/user auth=os", "BadLogin", "password"),
        ("/app /csp/user resource=%Nope", "NoSuchResource", "/resources"),
        ("/app /csp/user timeout=100001", "BadTimeout", "900"),
        ("/app /csp/user roles=%All", "BadRoles", "roles=-%All"),
        ("/app /csp/user roles=+Nobody", "NoSuchRole", "/roles"),
        ("/app /csp/user enable disable", "BadChange", "one of them"),
        ("/app enable", "NameNeeded", "/apps"),
        ("/app /csp/user enable", "AlreadySo", "nothing"),
        ("/resource %DB_USER public=U", "BadPermission", "public="),
        ("/resource %DB_USER public=X", "BadPermission", "public="),
        ("/resource Nowhere public=R", "NoSuchResource", "/resources"),
    ],
)
async def test_wrong_words_are_refused_with_a_cure(at: Desk, line: str, error: str, hint: str) -> None:
    told = await at.problem(line)
    assert told.error == error
    assert hint in told.cure + " ".join(told.suggestions)
    assert at.entries() == []


async def test_nothing_is_changed_through_a_read_only_profile_but_shown(at: Desk) -> None:
    link = at.session.context.link()
    link.profile = replace(link.profile, read_only=True)
    for line in ("/service Terminal disable", "/app /csp/user disable", "/resource %DB_USER public=R"):
        assert (await at.problem(line)).error == "ReadOnly"
    for line in ("/service Terminal", "/app /csp/user", "/resource %DB_USER", "/services"):
        assert isinstance((await at.say(line))[-1], Facts | Table)


async def test_a_guarded_profile_wants_its_name(at: Desk) -> None:
    link = at.session.context.link()
    link.profile = replace(link.profile, guarded=True)
    assert (await at.plan("/app /csp/user disable")).confirm_word == "local"


async def test_somebody_was_quicker(at: Desk) -> None:
    plan = await at.plan("/app /csp/user disable")
    app(at, "/csp/user").authe_enabled = UNAUTHENTICATED_BIT
    told = (await at.yes(plan))[-1]
    assert isinstance(told, Problem)
    assert told.error == "Moved"
    assert "login of /csp/user is unauthenticated now" in told.message
    assert app(at, "/csp/user").enabled


async def test_undo_refuses_what_somebody_moved(at: Desk) -> None:
    await at.do("/app /csp/user auth=password")
    app(at, "/csp/user").authe_enabled = 2048
    told = await at.problem("/undo")
    assert told.error == "Moved"
    assert "ldap" in told.message
    assert app(at, "/csp/user").authe_enabled == 2048


async def test_a_refused_save_is_journaled_as_failed(at: Desk) -> None:
    plan = await at.plan("/app /csp/user resource=%Development")
    at.served.world.tables.resources.remove("%Development")
    told = (await at.yes(plan))[-1]
    assert isinstance(told, Problem)
    assert "892" in told.detail or "%Development" in told.message
    (entry,) = at.entries()
    assert entry.status == "failed"
    assert app(at, "/csp/user").resource == ""


async def test_names_are_completed(at: Desk) -> None:
    values = [each.value for each in at.session.complete("/service bind", 13)]
    assert values[0] == "%Service_Bindings "
    await at.say("/apps")
    assert at.session.complete("/app /api/mo", 12)[0].value == "/api/monitor "
    assert at.session.complete("/app /csp/user auth=pass", 24)[0].value == "password "
    assert at.session.complete("/resource X public=n", 20)[0].value == "none "
