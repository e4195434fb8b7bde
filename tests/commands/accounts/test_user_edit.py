from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irisops.contract.replies import Cell, Done, Facts, Form, Plan, Problem, Table
from irisops.simulator.world.model import Permission, User
from tests.commands.editing import GOOD, Desk, add_role, desk, desk_on
from tests.instance.served import PASSWORD


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as made:
        yield made


async def test_a_form_shows_what_is_and_several_edits_are_one_change(at: Desk) -> None:
    form = await at.form("/user bob")
    values = {each.name: each.value for each in form.fields}
    assert (values["full_name"], values["roles"], values["enabled"]) == ("Bob", ["%SQL"], True)
    assert at.entries() == []
    fields = values | {
        "full_name": "Robert",
        "comment": "from the clinic",
        "email": "bob@example.org",
        "namespace": "USER",
        "routine": "^MENU",
        "expires": "2099-12-31",
        "account_never_expires": True,
        "password_never_expires": True,
        "roles": ["%Developer", "Clerk"],
        "escalation_roles": ["%Operator"],
        "password": GOOD + "x",
        "password_again": GOOD + "x",
    }
    plan = await at.plan(form.command, fields)
    before_after = {change.what: (change.before, change.after) for change in plan.changes}
    assert before_after["full name of bob"] == ("Bob", "Robert")
    assert before_after["roles of bob"] == ("%SQL", "%Developer, Clerk")
    assert before_after["expires of bob"] == ("never", "2099-12-31")
    assert GOOD not in repr(plan)
    assert at.user("bob").full_name == "Bob"
    await at.yes(plan)
    bob = at.user("bob")
    assert (bob.full_name, bob.comment, bob.email_address) == ("Robert", "from the clinic", "bob@example.org")
    assert (bob.namespace, bob.routine, str(bob.expiration_date)) == ("USER", "^MENU", "2099-12-31")
    assert (bob.account_never_expires, bob.password_never_expires, bob.enabled) == (True, True, True)
    assert (set(bob.roles), bob.escalation_roles) == ({"%Developer", "Clerk"}, ["%Operator"])
    assert at.served.world.password_matches(bob, GOOD + "x")
    (entry,) = at.entries()
    assert (entry.status, entry.steps_done) == ("done", len(entry.intent.steps))
    assert GOOD not in at.session.context.journal("local").path.read_text()


async def test_undo_takes_all_fields_back_and_redo_brings_them_again(at: Desk) -> None:
    await at.do("/user bob full_name=Robert roles=%Developer,Clerk expires=2099-01-01 enabled=no")
    plan = await at.plan("/undo")
    assert plan.title == "Take back change 1: Change full name, enabled, roles and expires of bob"
    await at.yes(plan)
    bob = at.user("bob")
    assert (bob.full_name, bob.roles, bob.expiration_date, bob.enabled) == ("Bob", ["%SQL"], None, True)
    await at.do("/redo")
    bob = at.user("bob")
    assert (bob.full_name, set(bob.roles), bob.enabled) == ("Robert", {"%Developer", "Clerk"}, False)
    assert (await at.problem("/redo")).error == "NothingToRedo"


async def test_undo_refuses_with_the_difference_when_the_user_moved(at: Desk) -> None:
    await at.do("/user bob full_name=Robert comment=x")
    at.user("bob").full_name = "Somebody else's"
    table, problem = await at.say("/undo")
    assert isinstance(table, Table)
    assert isinstance(problem, Problem)
    assert table.rows == [
        {"what": "full name of bob", "left": "Robert", "now": "Somebody else's", "goal": "Bob"}
    ]
    assert problem.error == "Moved"
    assert at.user("bob").comment == "x"


async def test_undo_leaves_alone_what_the_change_did_not_touch(at: Desk) -> None:
    await at.do("/user bob full_name=Robert")
    at.user("bob").comment = "added later"
    await at.do("/undo")
    assert (at.user("bob").full_name, at.user("bob").comment) == ("Bob", "added later")


async def test_a_new_user_gets_a_password_that_is_shown_once_and_kept_nowhere(at: Desk) -> None:
    replies = await at.do("/user add eve full_name=Eve roles=%SQL,Clerk email=e@x.org expires=30d")
    facts = replies[-1]
    assert isinstance(facts, Facts)
    (password,) = facts.blocks.values()
    eve = at.user("eve")
    assert at.served.world.password_matches(eve, password)
    assert (eve.full_name, eve.roles, eve.email_address, eve.enabled) == (
        "Eve",
        ["%SQL", "Clerk"],
        "e@x.org",
        True,
    )
    assert eve.expiration_date is not None
    assert password not in at.session.context.journal("local").path.read_text()
    await at.do("/undo")
    assert at.served.world.users.get("eve") is None
    again = (await at.do("/redo"))[-1]
    assert isinstance(again, Facts)
    assert at.served.world.password_matches(at.user("eve"), next(iter(again.blocks.values())))
    assert at.user("eve").email_address == "e@x.org"


async def test_a_deleted_user_comes_back_but_for_the_password(at: Desk) -> None:
    await at.do("/user bob comment='keep me' escalation_roles=%Operator")
    plan = await at.plan("/user delete bob")
    assert any("new password" in warning for warning in plan.warnings)
    await at.yes(plan)
    assert at.served.world.users.get("bob") is None
    back = await at.plan("/undo")
    assert "bob gets a new password: nobody knows the old one." in back.warnings
    replies = await at.yes(back)
    bob = at.user("bob")
    assert (bob.full_name, bob.comment, bob.roles, bob.escalation_roles) == (
        "Bob",
        "keep me",
        ["%SQL"],
        ["%Operator"],
    )
    facts = replies[-1]
    assert isinstance(facts, Facts)
    assert at.served.world.password_matches(bob, next(iter(facts.blocks.values())))
    assert not at.served.world.password_matches(bob, GOOD)


async def test_copy_takes_the_roles_and_a_password_of_its_own(at: Desk) -> None:
    facts = (await at.do("copy bob to bob2"))[-1]
    assert isinstance(facts, Facts)
    assert at.user("bob2").roles == ["%SQL"]
    assert at.served.world.password_matches(at.user("bob2"), next(iter(facts.blocks.values())))
    await at.do("/undo")
    assert at.served.world.users.get("bob2") is None


async def test_several_users_are_disabled_and_come_back_as_one_change(at: Desk) -> None:
    at.served.world.add_user(User("eve"), GOOD)
    plan = await at.plan("disable bob and eve")
    assert plan.effects == [
        "bob and eve can no longer log in; connections that are open now go on until they end."
    ]
    await at.yes(plan)
    assert not at.user("bob").enabled
    assert not at.user("eve").enabled
    (entry,) = at.entries()
    assert len(entry.intent.touched) == 2
    await at.do("/undo")
    assert at.user("bob").enabled
    assert at.user("eve").enabled
    assert (await at.problem("/enable bob")).error == "AlreadySo"


async def test_unlock_enables_and_forgets_the_bad_logins(at: Desk) -> None:
    assert (await at.problem("/unlock bob")).error == "AlreadySo"
    at.user("bob").enabled = False
    at.user("bob").invalid_login_attempts = 5
    await at.do("unlock bob")
    assert (at.user("bob").enabled, at.user("bob").invalid_login_attempts) == (True, 0)


async def test_a_password_is_set_by_the_form_or_made_and_never_taken_back(at: Desk) -> None:
    form = await at.form("reset the password of bob")
    assert {field.kind for field in form.fields} == {"secret", "flag"}
    differing = await at.form(form.command, {"password": GOOD + "a", "password_again": GOOD + "b"})
    assert differing.errors == {"password_again": "The two passwords differ."}
    weak = await at.form(form.command, {"password": "x", "password_again": "x"})
    assert weak.errors["password"].startswith("The instance's password policy refuses it.")
    await at.do(
        form.command, {"password": GOOD + "a", "password_again": GOOD + "a", "must_change_password": True}
    )
    assert at.served.world.password_matches(at.user("bob"), GOOD + "a")
    assert at.user("bob").change_password
    facts = (await at.do("/password bob generate=yes"))[-1]
    assert isinstance(facts, Facts)
    assert at.served.world.password_matches(at.user("bob"), next(iter(facts.blocks.values())))
    assert (await at.problem("/undo 2")).error == "CannotUndo"


async def test_templates_say_what_they_grant_and_make_what_they_say(at: Desk) -> None:
    table = (await at.say("/templates"))[-1]
    assert isinstance(table, Table)
    assert [row["name"] for row in table.rows] == [
        "sql", "sql-reader", "rest", "developer", "teammate", "operator",
    ]  # fmt: skip
    assert all(row["why"] for row in table.rows)
    for name in ("sql", "rest", "developer", "teammate", "operator"):
        await at.do(f"/user add {name}1 template={name}")
    assert at.user("developer1").roles == ["%Developer", "%SQL"]
    assert at.user("teammate1").expiration_date is not None
    assert at.user("rest1").password_never_expires
    plan = await at.plan("/user add reader1 template=sql-reader namespace=USER")
    assert "reader1 gains 2 privileges: %DB_USER:R and %Service_SQL:U." in plan.effects
    await at.yes(plan)
    assert at.user("reader1").roles == ["irisops_read_user"]
    problem = await at.problem("/user add r template=sql-reader full_name=Reader")
    assert problem.error == "NamespaceNeeded"
    for typed in ("/user add r", "template=sql-reader", "full_name=Reader", "namespace=USER"):
        assert typed in problem.cure
    form = await at.form("/user add template=teammate")
    values = {each.name: each.value for each in form.fields}
    assert values["roles"] == ["%Developer", "%SQL"]
    assert values["expires"]


async def test_the_reading_template_works_from_the_form_and_wants_its_namespace(at: Desk) -> None:
    line = "/user add template=sql-reader"
    form = await at.form(line, await at.edited(line, name="kim"))
    assert form.errors == {"namespace": "Read-only SQL needs the namespace that may be read."}
    await at.do(line, await at.edited(line, name="kim", namespace="USER"))
    assert at.user("kim").roles == ["irisops_read_user"]
    assert at.role("irisops_read_user").resources["%DB_USER"] is Permission.READ


async def test_a_call_that_fails_half_way_says_what_was_done_and_undo_takes_that_back(at: Desk) -> None:
    plan = await at.plan("/user bob full_name=Robert roles=%SQL,Clerk")
    at.served.world.roles.remove("Clerk")
    problem = (await at.yes(plan))[-1]
    assert isinstance(problem, Problem)
    assert "1 call of 2 had been made before." in problem.message
    assert problem.cure.startswith("/undo 1 takes those back, /finish 1 goes on.")
    assert at.user("bob").full_name == "Robert"
    await at.do("/undo 1")
    assert at.user("bob").full_name == "Bob"
    assert [entry.status for entry in at.entries()] == ["failed", "done"]
    assert (await at.problem("/finish 1")).error == "NothingToFinish"


# What it means


async def test_the_plan_warns_of_a_superuser_of_public_permissions_and_of_the_own_account(at: Desk) -> None:
    plan = await at.plan("/user bob roles=%All")
    assert "bob becomes a superuser: every privilege on the whole instance." in plan.effects
    assert any("narrower role" in warning for warning in plan.warnings)
    resource = at.served.world.resources.get("%DB_USER")
    assert resource is not None
    resource.public = Permission.READ
    plan = await at.plan("/user bob roles=%SQL,Clerk")
    assert "%DB_USER:R is public: everybody has it, with the role or without." in plan.warnings
    plan = await at.plan("/user _SYSTEM comment=x")
    assert any("account you are using" in warning for warning in plan.warnings)
    for line in ("/user delete _SYSTEM", "/disable _SYSTEM", "/user _SYSTEM roles=%SQL"):
        assert (await at.problem(line)).error == "OwnAccount", line


async def test_the_calls_are_shown_in_three_languages_without_the_password(at: Desk) -> None:
    plan = await at.plan("/user bob full_name='it\"s' roles=%Developer expires=2099-01-01")
    assert 'set user.FullName = "it""s"' in plan.calls["ObjectScript"]
    assert "set user.ExpirationDate = 94234" in plan.calls["ObjectScript"]
    assert 'user.set("FullName", \'it"s\')' in plan.calls["Python"]
    assert 'REVOKE "%SQL" FROM "bob"' in plan.calls["SQL"]


async def test_a_change_of_roles_that_changes_nothing_is_told(at: Desk) -> None:
    add_role(at.served, "Empty")
    plan = await at.plan("/user bob roles=%SQL,Empty")
    assert plan.effects[0].startswith("No resource privilege of bob changes")
    at.served.world.add_user(User("chief", roles=["%All"]), GOOD)
    plan = await at.plan("/grant %SQL to chief")
    assert plan.effects[0] == "chief is a superuser before and after: what can be done does not change."


# Two people at once


async def test_what_somebody_else_changed_meanwhile_is_shown_and_stays(at: Desk, tmp_path: Path) -> None:
    fields = await at.edited("/user bob", full_name="Robert", roles=["%SQL", "Clerk"])
    async with desk_on(at.served, tmp_path / "other") as other:
        await other.do("/user bob comment=theirs roles=%SQL,%Operator")
    table, plan = await at.say("/user bob", fields)
    assert isinstance(table, Table)
    assert isinstance(plan, Plan)
    assert {row["field"] for row in table.rows} == {"full name", "comment", "roles"}
    await at.yes(plan)
    bob = at.user("bob")
    assert (bob.full_name, bob.comment) == ("Robert", "theirs")
    assert set(bob.roles) == {"%SQL", "%Operator", "Clerk"}


async def test_a_contradiction_is_written_only_after_a_second_save(at: Desk) -> None:
    fields = await at.edited("/user bob", full_name="Mine")
    at.user("bob").full_name = "Theirs"
    table, form = await at.say("/user bob", fields)
    assert isinstance(table, Table)
    assert isinstance(form, Form)
    assert "Theirs" in form.errors["full_name"]
    assert {each.name: each.value for each in form.fields}["full_name"] == "Mine"
    assert at.user("bob").full_name == "Theirs"
    await at.do("/user bob", fields)
    assert at.user("bob").full_name == "Mine"


async def test_a_plan_is_refused_when_the_user_moves_before_the_yes(at: Desk) -> None:
    plan = await at.plan("/user bob full_name=Mine")
    at.user("bob").full_name = "Theirs"
    problem = (await at.yes(plan))[-1]
    assert isinstance(problem, Problem)
    assert problem.error == "Moved"
    assert "full name of bob is Theirs now, but was Bob in the plan" in problem.message
    assert at.entries() == []


# Ten wrong inputs, each with a message on the right field, and nothing changed

LONG_NAME = "n" * 161


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"name": ""}, "name", "A name is needed"),
        ({"name": "a@b"}, "name", "No @"),
        ({"name": "a*"}, "name", "No \\*"),
        ({"name": LONG_NAME}, "name", "At most 160"),
        ({"name": "clerk"}, "name", "There is a role Clerk"),
        ({"name": "BOB"}, "name", "There is a user bob already"),
        ({"name": "a\nb"}, "name", "control characters"),
        ({"full_name": "x" * 2049}, "full_name", "At most 2,048"),
        ({"namespace": "NOSUCH"}, "namespace", "no namespace NOSUCH"),
        ({"expires": "2020-01-01"}, "expires", "is past"),
        ({"expires": "tomorrow"}, "expires", "Not a date"),
        ({"email": "nobody"}, "email", "Not an e-mail"),
        ({"roles": ["%SQLx"]}, "roles", "Did you mean %SQL"),
        ({"escalation_roles": ["Nobody"]}, "escalation_roles", "There is no role Nobody"),
        ({"password": "x", "password_again": "x"}, "password", "policy refuses"),
        ({"password": GOOD}, "password_again", "differ"),
    ],
)
async def test_a_wrong_input_of_a_new_user(at: Desk, fields: dict[str, str], field: str, says: str) -> None:
    changes = at.changes()
    given = await at.edited("/user add", name="eve") | fields
    form = await at.form("/user add", given)
    assert list(form.errors) == [field]
    assert re.search(says, form.errors[field])
    assert {each.name: each.value for each in form.fields}["name"] == given["name"]
    assert at.changes() == changes
    assert at.entries() == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"roles": ["%SQL", "Nobody"]}, "roles"),
        ({"comment": "two\nlines"}, "comment"),
        ({"namespace": "NOSUCH"}, "namespace"),
        ({"routine": "r" * 65}, "routine"),
        ({"expires": "1999-01-01"}, "expires"),
        ({"password": "x", "password_again": "x"}, "password"),
    ],
)
async def test_a_wrong_input_of_an_old_user(at: Desk, fields: dict[str, str], field: str) -> None:
    changes = at.changes()
    form = await at.form("/user bob", await at.edited("/user bob") | fields)
    assert list(form.errors) == [field]
    assert at.changes() == changes


async def test_the_last_superuser_keeps_its_role_and_stays_enabled(at: Desk) -> None:
    for user in at.served.world.users.values():
        if "%All" in user.roles and user.name != "_SYSTEM":
            user.enabled = False
    at.served.world.add_user(User("chief", roles=["%All"]), GOOD)
    at.user("_SYSTEM").enabled = False
    form = await at.form("/user chief", await at.edited("/user chief", roles=["%SQL"]))
    assert "nobody could administer" in form.errors["roles"]
    form = await at.form("/user chief", await at.edited("/user chief", enabled=False))
    assert "nobody could administer" in form.errors["enabled"]
    assert (await at.problem("/user delete chief")).error == "LastSuperuser"


async def test_a_user_that_was_deleted_meanwhile(at: Desk) -> None:
    fields = await at.edited("/user bob", full_name="x")
    at.served.world.users.remove("bob")
    problem = (await at.say("/user bob", fields))[-1]
    assert isinstance(problem, Problem)
    assert problem.error == "NoSuchUser"


async def test_a_missing_privilege_is_named_and_changes_nothing(at: Desk) -> None:
    plan = await at.plan("/user bob full_name=x")
    at.user("_SYSTEM").roles = ["%Developer", "%DB_IRISSYS"]
    # The running connection keeps what it logged in with; a new one lacks it.
    await at.session.hub.disconnect(at.session.context.link())
    profile = at.session.hub.profiles()[0]
    await at.session.connect(profile)
    problem = (await at.say("/user bob full_name=x"))[-1]
    assert isinstance(problem, Problem)
    assert problem.error == "NotPermitted"
    assert "%Admin_Secure" in problem.message + problem.cure
    gone = (await at.yes(plan))[-1]
    assert isinstance(gone, Problem)
    assert at.user("bob").full_name == "Bob"


# Every version


@pytest.mark.parametrize("version", [(2022, 2), (2023, 1), (2024, 1), (2025, 1), (2025, 2)])
async def test_every_field_goes_there_and_back_in_each_version(
    tmp_path: Path, version: tuple[int, int]
) -> None:
    async with desk(tmp_path, version=version) as at:
        values = await at.edited("/user bob")
        changed: dict[str, Cell] = {
            "full_name": "Ünï “quoted”",
            "comment": "c",
            "enabled": False,
            "roles": ["Clerk"],
            "namespace": "USER",
            "routine": "^X",
            "email": "a@b.c",
            "expires": "2098-07-06",
            "account_never_expires": True,
            "password_never_expires": True,
            "must_change_password": True,
        }
        if "escalation_roles" in values:
            changed["escalation_roles"] = ["%Operator"]
        await at.do("/user bob", values | changed)
        assert {
            key: value for key, value in (await at.edited("/user bob")).items() if key in changed
        } == changed


async def test_the_editor_shows_what_a_plain_driver_script_sees(at: Desk) -> None:
    await at.do("/user bob comment=c email=b@x.org expires=2098-07-06 roles=%SQL,Clerk namespace=USER")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.commands.plain_script", str(at.served.server.port), "bob",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await child.communicate(PASSWORD.encode() + b"\n")
    seen = json.loads(out)
    shown = await at.edited("/user bob")
    assert {key: shown[key] for key in seen} == seen
    assert set(shown) - set(seen) == {"password", "password_again"}


async def test_an_editor_opens_in_at_most_four_round_trips(at: Desk) -> None:
    for line in ("/user bob", "/role Clerk", "/user add", "/role add"):
        counted = at.served.count_requests()
        await at.form(line)
        assert counted.fired <= 4, line


async def test_done_says_what_can_be_undone(at: Desk) -> None:
    replies = await at.do("/user bob comment=x")
    done = replies[-1]
    assert isinstance(done, Done)
    assert (done.message, done.undo) == ("User bob is changed.", 1)


async def test_what_nobody_touched_stays_as_it_is_to_the_byte(at: Desk) -> None:
    kept = " two\r\nlines \x1b[2J "
    at.user("bob").comment = kept
    form = await at.form("/user bob")
    values = {each.name: each.value for each in form.fields}
    plan = await at.plan(form.command, values | {"full_name": "Robert"})
    assert [change.what for change in plan.changes] == ["full name of bob"]
    await at.yes(plan)
    assert at.user("bob").comment == kept


async def test_control_characters_that_were_there_may_stay_and_none_may_come(at: Desk) -> None:
    at.user("bob").comment = "two\nlines"
    form = await at.form("/user bob")
    values = {each.name: each.value for each in form.fields}
    await at.yes(await at.plan(form.command, values | {"comment": "two\nlong lines"}))
    assert at.user("bob").comment == "two\nlong lines"
    wrong = await at.form(form.command, values | {"comment": "two\nlines\x1b[2J"})
    assert wrong.errors == {"comment": "No line breaks and no control characters."}


async def test_a_name_with_a_wide_blank_is_no_control_character(at: Desk) -> None:
    form = await at.form("/user bob")
    values = {each.name: each.value for each in form.fields}
    await at.yes(await at.plan(form.command, values | {"full_name": "山田　太郎"}))
    assert at.user("bob").full_name == "山田　太郎"
