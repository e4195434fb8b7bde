"""/apply of settings, events, TLS, SQL privileges, tasks and namespaces: done, guarded, or left with a reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.commands.configuration.setting_kinds import LDAP as LDAP_KIND
from irisops.commands.configuration.setting_kinds import SYSTEM as SYSTEM_KIND
from irisops.commands.configuration.setting_kinds import TLS as TLS_KIND
from irisops.configuration.text import path_of
from irisops.contract.replies import Done, Plan, Refusal
from irisops.instance.security.access import read_access
from irisops.instance.security.object_state import FieldValue, ObjectChange, ObjectState
from irisops.simulator.classes.sql_privileges import ObjectPrivilege
from irisops.simulator.world.model import AuditEvent, NamedSettings
from tests.commands.configuration.test_apply import bytes_in
from tests.commands.editing import Desk, desk, desk_on
from tests.instance.served import USER, serve


@pytest.fixture
async def person(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path / "home") as made:
        made.served.world.tables.tls.add(NamedSettings("Mail", {"CAFile": "/ca.pem"}))
        made.served.world.tables.ldap.add(NamedSettings("corp", {"LDAPFlags": 64}))
        yield made


class Folder:
    """An export that the test changes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def change(self, kind: str, name: str, old: str, new: str) -> None:
        file = self.path / path_of(kind, name)
        text = file.read_text()
        assert old in text, text
        file.write_text(text.replace(old, new))

    def add(self, kind: str, name: str, *lines: str) -> None:
        file = self.path / path_of(kind, name)
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join((f'Name = "{name}"', *lines, "")))


async def exported(person: Desk, tmp_path: Path, name: str = "live") -> Folder:
    assert isinstance((await person.say(f"/export {tmp_path / name}"))[-1], Done)
    return Folder(tmp_path / name)


SYSTEM = ("system", "SYSTEM")
NAMED = "users,roles,sql-privileges,databases,namespaces"
LOGIN_FAILURE = "%System/%Login/LoginFailure"


async def test_settings_are_changed_by_one_plan_and_taken_back(person: Desk, tmp_path: Path) -> None:
    live = await exported(person, tmp_path)
    before = bytes_in(live.path)
    live.change(*SYSTEM, "InactiveLimit = 90", "InactiveLimit = 30")
    live.change(*SYSTEM, "AuditEnabled = true", "AuditEnabled = false")
    live.change("audit-events", LOGIN_FAILURE, "Enabled = true", "Enabled = false")
    live.add("audit-events", "App/Order/Cancel", 'Description = "by the clerk"', "Enabled = true")
    live.change("tls", "Mail", "/ca.pem", "/new.pem")
    live.change("ldap", "corp", "LDAPFlags = 64", "LDAPFlags = 0")
    live.change("tasks", "Switch Journal", "\nTaskClass", "\nSuspended = true\nTaskClass")
    live.change("databases", "USER", "GlobalJournalState = ", "MaxSize = 500\nGlobalJournalState = ")
    privileges = ["SELECT ON TABLE Shop.Orders WITH GRANT OPTION", "EXECUTE ON PROCEDURE Shop.Total"]
    live.add("sql-privileges", "USER/Clerk", f"Privileges = {privileges}".replace("'", '"'))
    plan = await person.plan(f"/apply {live.path}")
    assert [each.what for each in plan.changes] == [
        "CAFile of Mail",
        "LDAPFlags of corp",
        "audit event App/Order/Cancel",
        "description of App/Order/Cancel",
        "recorded of App/Order/Cancel",
        f"recorded of {LOGIN_FAILURE}",
        "suspended of Switch Journal",
        "largest size, MB of USER",
        "privileges on objects of USER/Clerk",
        "auditing of SYSTEM",
        "InactiveLimit of SYSTEM",
    ]
    told = " ".join((*plan.effects, *plan.warnings))
    assert "Nothing is written to the audit log" in told
    assert "not used for 30 days is inactive then" in told
    assert "Wrong settings refuse who logs in by LDAP" in told
    assert f"Not recorded any more: {LOGIN_FAILURE}" in told
    assert "must be on the instance's machine" in told
    *_, done = await person.yes(plan)
    assert isinstance(done, Done), done
    world = person.served.world
    assert (world.system.inactive_limit, world.system.audit_enabled) == (30, False)
    granted = person.served.runtime.emulation.sql_privileges.of("Clerk")
    assert {(each.namespace, each.name, each.action, each.grantable) for each in granted} == {
        ("USER", "Orders", "s", True),
        ("USER", "Total", "e", False),
    }
    assert isinstance((await person.say(f"/apply {live.path}"))[-1], Done)
    await person.do("/undo")
    assert bytes_in((await exported(person, tmp_path, "back")).path) == before


async def test_what_would_lock_this_tool_out_is_refused(person: Desk, tmp_path: Path) -> None:
    live = await exported(person, tmp_path)
    file = live.path / path_of(*SYSTEM)
    text = file.read_text()
    for old, new, error in (
        ('    "password",\n', "", "OwnConnection"),
        ("PercentGlobalWrite", 'RequiredRole = "Clerk"\nPercentGlobalWrite', "OwnAccess"),
        ("PercentGlobalWrite", 'RequiredRole = "Nowhere"\nPercentGlobalWrite', "NoSuchRole"),
    ):
        live.change(*SYSTEM, old, new)
        assert (await person.problem(f"/apply {live.path} only system,roles")).error == error
        file.write_text(text)
    assert person.entries() == []


def system_of(**fields: FieldValue) -> ObjectState:
    return ObjectState("system", "SYSTEM", {"AutheEnabled": ("ldap", "password"), **fields})


async def test_what_may_refuse_people_or_this_tool_later_is_a_warning(person: Desk) -> None:
    access = await read_access(person.session.hub.require().connection)
    before = system_of(SQLSecurity=True, PasswordExpirationDays="0", InactiveLimit="90")
    for field, value, words in (
        ("SQLSecurity", False, "SQL privileges are not asked for"),
        ("AuditFlags", "3", "may freeze"),
        ("PasswordExpirationDays", "30", "Passwords older than 30 days expire then"),
        ("InactiveLimit", "1", "not used for 1 day is inactive then"),
    ):
        _, warnings = SYSTEM_KIND.family.effects(
            access, [ObjectChange(before, before.with_fields({field: value}))], USER
        )
        assert [words in each for each in warnings] == [True]
    for field, value in (("InactiveLimit", "0"), ("InactiveLimit", "91")):
        change = ObjectChange(before, before.with_fields({field: value}))
        assert SYSTEM_KIND.family.effects(access, [change], USER)[1] == []


async def test_the_way_by_which_this_tool_came_is_kept(person: Desk) -> None:
    link = person.session.hub.require()
    access = await read_access(link.connection)
    unlisted = replace(access, users=tuple(each for each in access.users if each.name != USER))
    both, passwords = system_of(), system_of(AutheEnabled=("password",))
    ldap = system_of(AutheEnabled=("ldap",))
    guard_system, guard_tls, guard_ldap = (each.family.guard for each in (SYSTEM_KIND, TLS_KIND, LDAP_KIND))
    guard_system(link, access, [ObjectChange(both, passwords)])
    with pytest.raises(Refusal, match="keeps ldap"):
        guard_system(link, unlisted, [ObjectChange(both, passwords)])
    with pytest.raises(Refusal, match="keeps ldap"):
        guard_system(link, access, [ObjectChange(ldap, system_of(AutheEnabled=()))])
    corp = ObjectState("ldap", "corp", {"LDAPFlags": "64"})
    changed = [ObjectChange(corp, corp.with_fields({"LDAPFlags": "0"}))]
    guard_ldap(link, access, changed)
    with pytest.raises(Refusal, match="may have logged in by LDAP"):
        guard_ldap(link, unlisted, changed)
    client, server = (ObjectState("tls", kind, {"Type": kind}) for kind in ("client", "server"))
    guard_tls(link, access, [ObjectChange(server, None)])
    _, warnings = TLS_KIND.family.effects(access, [ObjectChange(server, None)], USER)
    assert "If the superserver uses server" in warnings[0]
    link.profile = replace(link.profile, sslconfig="over-tls")
    guard_tls(link, access, [ObjectChange(client, None)])
    with pytest.raises(Refusal, match="the superserver may use server"):
        guard_tls(link, access, [ObjectChange(server, None)])


async def test_mappings_are_not_taken_away_where_undo_could_not_bring_them_back(
    person: Desk, tmp_path: Path
) -> None:
    live = await exported(person, tmp_path)
    world = person.served.world
    for name in ("USER", "%SYS"):
        namespace = world.namespaces.get(name)
        assert namespace is not None
        namespace.package_mappings["Gone"] = "IRISLIB"
    kept = (await person.say(f"/apply {live.path}"))[-1]
    assert isinstance(kept, Done)
    for what, why in (("USER", "/helper install"), ("%SYS", "the instance and this tool work in it")):
        assert any(f"namespace {what}" in line and why in line for line in kept.details), kept.details
    await person.do("/helper install")
    live.change(
        "namespaces", "USER", 'Routines = "USER"', 'Routines = "USER"\nMapGlobals = ["A(1) = IRISLIB"]'
    )
    plan = await person.plan(f"/apply {live.path}")
    assert [each.what for each in plan.changes] == ["global mappings of USER", "package mappings of USER"]
    assert "maps the whole global, too, and /undo leaves that: A(1) alone" in " ".join(plan.warnings)
    assert "No longer mapped so: Gone = IRISLIB of USER" in " ".join(plan.warnings)
    await person.yes(plan)
    await person.do("/undo")
    user = world.namespaces.get("USER")
    assert user is not None
    assert user.package_mappings["Gone"] == "IRISLIB"


async def test_what_is_named_but_is_nowhere_is_refused_before_anything_is_done(
    person: Desk, tmp_path: Path
) -> None:
    assert isinstance((await person.say(f"/export {tmp_path / 'live'} only {NAMED}"))[-1], Done)
    live = Folder(tmp_path / "live")
    live.add("sql-privileges", "USER/nobody", 'Privileges = ["SELECT ON TABLE A.B"]')
    assert (await person.problem(f"/apply {live.path}")).error == "NoSuchGrantee"
    (live.path / path_of("sql-privileges", "USER/nobody")).unlink()
    live.add("sql-privileges", "FAR/Clerk", 'Privileges = ["SELECT ON TABLE A.B"]')
    assert (await person.problem(f"/apply {live.path}")).error == "NoSuchNamespace"
    (live.path / path_of("sql-privileges", "FAR/Clerk")).unlink()
    await person.do("/helper install")
    live.add("namespaces", "APP", 'Globals = "NODB"', 'Routines = "USER"')
    problem = await person.problem(f"/apply {live.path}")
    assert (problem.error, "NODB" in problem.message) == ("NoSuchDatabase", True)


async def test_what_is_left_to_be_set_by_hand_is_named_with_the_reason(person: Desk, tmp_path: Path) -> None:
    live = await exported(person, tmp_path)
    live.change(*SYSTEM, "DefaultSecurityDomain = ", 'DefaultSecurityDomain = "x" #')
    live.change("namespaces", "USER", 'Globals = "USER"', 'Globals = "IRISLIB"')
    live.change("tasks", "Switch Journal", '"%SYS.Task.SwitchJournal"', '"Other"')
    live.change("databases", "USER", "ResourceName = ", "BlockSize = 5\nResourceName = ")
    live.add("tls", "New", 'CipherList = ""', 'Ciphersuites = ""', "DiffieHellmanBits = 0")
    live.add("ldap", "new", "LDAPFlags = 0")
    privileges = ["CreateTable"], ["USE ON SERVER Far"]
    live.add("sql-privileges", "USER/Clerk", f"AdminPrivileges = {privileges[0]}".replace("'", '"'))
    live.add("sql-privileges", "%SYS/Clerk", f"Privileges = {privileges[1]}".replace("'", '"'))
    reply = (await person.say(f"/apply {live.path}"))[-1]
    assert isinstance(reply, Done), reply
    assert reply.message.startswith("Nothing to apply on local: what "), reply.message
    told = "\n".join(reply.details)
    for why, what in (
        ("accounts are named by it", "DefaultSecurityDomain of system"),
        ("data and code would seem to be gone", "globals of namespace USER"),
        ("not all that it takes can be read", "TaskClass of task Switch Journal"),
        ("not all that it takes can be read", "the creation of LDAP configuration new"),
        ("files are those of the instance's machine", "BlockSize of database USER"),
        ("/helper install", "the creation of TLS configuration New"),
        ("no public source tells", "privileges on no object of holder of SQL privileges USER/Clerk"),
        ("no public source tells", "privileges on objects of holder of SQL privileges %SYS/Clerk"),
    ):
        assert any(why in line and what in line for line in reply.details), (why, what, told)


async def test_deletions_are_asked_for_and_come_back(person: Desk, tmp_path: Path) -> None:
    live = await exported(person, tmp_path)
    await person.do("/helper install")
    world, privileges = person.served.world, person.served.runtime.emulation.sql_privileges
    world.tables.tls.add(NamedSettings("Old", {"PrivateKeyFile": "/k", "VerifyDepth": 3}))
    world.events.add(AuditEvent("App", "Order", "Gone", "text"))
    privileges.grant(ObjectPrivilege("USER", "Shop", "Orders", "s", "Clerk", USER))
    whole = await exported(person, tmp_path, "whole")
    kept = (await person.say(f"/apply {live.path}"))[-1]
    assert isinstance(kept, Done)
    plan = await person.plan(f"/apply {live.path} delete=yes")
    assert [each.what for each in plan.changes] == [
        "privileges on objects of USER/Clerk",
        "audit event App/Order/Gone",
        "TLS configuration Old",
    ]
    await person.yes(plan)
    assert plan.changes[-1].before == "exists"
    assert ("Old" in world.tables.tls, "App/Order/Gone" in world.events) == (False, False)
    assert privileges.of("Clerk") == []
    await person.do("/undo")
    assert bytes_in((await exported(person, tmp_path, "back")).path) == bytes_in(whole.path)


async def test_where_objects_are_protected_the_helper_reads_and_sets_them(tmp_path: Path) -> None:
    async with serve(units=50, doubts=["security-objects=protected"]) as served:
        served.world.tables.tls.add(NamedSettings("Mail", {"CAFile": "/ca|~.pem"}))
        async with desk_on(served, tmp_path / "h1") as administrator:
            await administrator.do("/helper install")
        own = served.user(USER)
        own.roles = ["%Manager", "%SQL"]
        async with desk_on(served, tmp_path / "h2") as person:
            await person.say(f"/export {tmp_path / 'live'} only system,tls,audit-events")
            live = Folder(tmp_path / "live")
            live.change(*SYSTEM, "InactiveLimit = 90", "InactiveLimit = 30")
            live.change("tls", "Mail", "/ca|~.pem", "/other")
            live.change("audit-events", LOGIN_FAILURE, "Enabled = true", "Enabled = false")
            plan = await person.plan(f"/apply {live.path}")
            assert len(plan.changes) == 3
            assert isinstance((await person.yes(plan))[-1], Done)
            assert served.world.system.inactive_limit == 30
            await person.do("/undo")
            tls = served.world.tables.tls.get("Mail")
            assert tls is not None
            assert tls.values["CAFile"] == "/ca|~.pem"


async def test_an_older_version_lacks_some_settings(tmp_path: Path) -> None:
    async with serve(units=50, version=(2023, 1)) as served, desk_on(served, tmp_path / "home") as person:
        live = await exported(person, tmp_path)
        live.change(*SYSTEM, "InactiveLimit = 90", "InactiveLimit = 30")
        plan = await person.plan(f"/apply {live.path}")
        assert isinstance(plan, Plan)
        assert isinstance((await person.yes(plan))[-1], Done)
        assert served.world.system.inactive_limit == 30
