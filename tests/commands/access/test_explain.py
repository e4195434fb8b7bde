from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from irisops.contract.replies import Done, Facts, Plan, Problem, Reply, Table
from irisops.instance.models import Role
from irisops.instance.security.lists import Resource, WebApplication
from irisops.instance.security.permissions import Permission
from irisops.instance.security.sqlprivileges import SqlGrant, SqlHoldings
from tests.commands.fakes import LOCAL, START, World, a_user, failed, lost


async def told(world: World, line: str) -> tuple[Facts, Plan | None]:
    """The answer, and the plan of what it offers: the answer itself never asks for a yes."""
    (facts,) = await world.say(line)
    assert isinstance(facts, Facts), facts
    if not facts.actions:
        return facts, None
    ((key, _label, fixing),) = facts.actions
    assert key == "f"
    answer, plan = await world.say(fixing)
    assert isinstance(answer, Facts)
    assert answer.facts == facts.facts
    assert isinstance(plan, Plan), plan
    return facts, plan


async def problem(world: World, line: str) -> Problem:
    (found,) = await world.say(line)
    assert isinstance(found, Problem), found
    return found


def noted(reply: Facts | Table, part: str) -> bool:
    return any(part in note for note in reply.notes)


@pytest.fixture
def reader(connected: World) -> World:
    """bob reads HR by a chain of roles; a role gives the payroll database, with much besides or with nothing."""
    instance = connected.instance
    instance.all_roles += [
        Role("Clerk", "", (), ("Reader",)),
        Role("Reader", "", (("HR", "R"),), ()),
        Role("Payroll", "", (("%DB_PAYROLL", "RW"),), ()),
    ]
    instance.set_roles("bob", "Clerk")
    instance.resources = [
        each._replace(public=Permission.NONE) if each.name == "HR" else each for each in instance.resources
    ]
    return connected


# Resources


async def test_the_path_is_told_role_by_role(reader: World) -> None:
    facts, plan = await told(reader, "/explain bob HR:R")
    assert facts.facts["allowed"] is True
    assert facts.notes[0] == "✓ role Clerk → granted role Reader → HR:R"
    assert plan is None


async def test_every_path_is_told_the_public_one_too(reader: World) -> None:
    reader.instance.set_roles("bob", "Clerk", "Boss")
    reader.instance.resources.append(Resource("Open", "", Permission.R))
    facts, _ = await told(reader, "/explain bob HR:R")
    assert [note for note in facts.notes if note.startswith("✓")] == [
        "✓ role Clerk → granted role Reader → HR:R",
        "✓ role Boss → granted role %All → every privilege",
    ]
    facts, _ = await told(reader, "/explain UnknownUser Open:R")
    assert facts.notes[0] == "✓ public permission of the resource → Open:R"


async def test_what_is_missing_comes_with_the_smallest_change_as_a_plan(reader: World) -> None:
    facts, plan = await told(reader, "can bob write the payroll database")
    assert facts.facts["allowed"] is False
    assert facts.facts["missing"] == "W"
    assert noted(facts, "Smallest change: give Payroll to bob. That also gives %DB_PAYROLL:R")
    assert plan is not None
    assert plan.changes[0].after == "Clerk, Payroll"
    replies = await reader.yes(plan.id)
    assert isinstance(replies[-1], Done)
    facts, plan = await told(reader, "can bob write the payroll database")
    assert facts.facts["allowed"] is True
    assert plan is None


async def test_the_smallest_change_is_journaled_as_the_grant_that_it_is(reader: World) -> None:
    _, plan = await told(reader, "/explain bob %DB_PAYROLL:W")
    assert plan is not None
    await reader.yes(plan.id)
    (entry,) = reader.session.context.journal("local").entries()
    assert entry.intent.command == "/grant Payroll to bob"
    assert entry.can_be_undone


async def test_without_a_permission_each_is_told_and_nothing_is_proposed(reader: World) -> None:
    facts, plan = await told(reader, "/explain bob HR")
    assert (facts.facts["held"], facts.facts["missing"]) == ("R", "WU")
    assert plan is None
    assert noted(facts, "/explain bob HR:WU offers the smallest change.")


async def test_escalation_is_no_permission_but_is_told(reader: World) -> None:
    reader.instance.escalation["appuser"] = ("Reader",)
    facts, _ = await told(reader, "/explain appuser HR:R")
    assert facts.facts["allowed"] is False
    assert noted(facts, "(✓) escalation role (only after escalating) Reader → HR:R")


async def test_a_disabled_account_is_said_to_be_one(reader: World) -> None:
    reader.instance.all_users.append(a_user("gone", "Clerk", enabled=False))
    facts, _ = await told(reader, "/explain gone HR:R")
    assert facts.facts["allowed"] is True
    assert noted(facts, "gone is disabled and cannot log in")


async def test_what_keeps_an_account_out_and_what_a_login_adds_is_said(reader: World) -> None:
    reader.instance.all_users += [
        a_user("late", "Clerk")._replace(expires=START.date() - timedelta(days=1)),
        a_user("fine", "Clerk")._replace(expires=START.date() + timedelta(days=1), type="Password user"),
        a_user("fresh", "Clerk")._replace(change_password=True),
        a_user("ldap", "Clerk")._replace(type="LDAP user"),
    ]
    for user, part in (
        ("late", "has expired on 2026-11-23"),
        ("fresh", "must change its password"),
        ("ldap", "its roles are given at each login"),
    ):
        facts, _ = await told(reader, f"/explain {user} HR:R")
        assert noted(facts, part)
    facts, _ = await told(reader, "/explain fine HR:R")
    assert len(facts.notes) == 1


async def test_resources_and_applications_complete_once_they_are_known(reader: World) -> None:
    await told(reader, "/explain bob HR:R")
    line = "/explain bob %DB_"
    found = [each.value.strip() for each in reader.session.complete(line, len(line))]
    assert found == ["%DB_PAYROLL", "%DB_USER"]
    line = "/who-can /csp/p"
    assert [each.value.strip() for each in reader.session.complete(line, len(line))] == ["/csp/payroll"]


async def test_within_an_application_its_roles_count(reader: World) -> None:
    facts, _ = await told(reader, "/explain bob %Service_SQL:U")
    assert facts.facts["allowed"] is False
    facts, _ = await told(reader, "/explain bob %Service_SQL:U in=/csp/payroll")
    assert facts.facts["allowed"] is True
    assert noted(facts, "application role %SQL")


async def test_a_read_only_profile_proposes_no_plan(reader: World) -> None:
    link = reader.session.hub.active
    assert link is not None
    link.profile = replace(LOCAL, read_only=True)
    facts, plan = await told(reader, "/explain bob %DB_PAYROLL:W")
    assert plan is None
    assert noted(facts, "Smallest change: give Payroll to bob")


async def test_what_could_not_be_read_is_said(reader: World) -> None:
    reader.instance.fail["applications"] = failed("no such query")
    facts, _ = await told(reader, "/explain bob HR:R")
    assert noted(facts, "Web applications are left out: they cannot be read (no such query)")


async def test_a_resource_that_only_a_role_names_is_said_to_be_gone(reader: World) -> None:
    reader.instance.all_roles.append(Role("Old", "", (("Gone", "U"),), ()))
    reader.instance.set_roles("bob", "Old")
    facts, _ = await told(reader, "/explain bob Gone:U")
    assert facts.facts["allowed"] is True
    assert noted(facts, "There is no resource Gone any longer")
    facts, _ = await told(reader, "/explain bob HR:R")
    assert not noted(facts, "any longer")


async def test_hostile_names_are_shown_harmlessly(reader: World) -> None:
    reader.instance.all_users.append(a_user("esc\x1b[31m{x}", "Clerk"))
    facts, _ = await told(reader, '/explain "esc\\u{1b}[31m{x}" HR:R')
    assert "\x1b" not in facts.title + "".join(facts.notes)
    found = await problem(reader, "/explain {0}{ HR:R")
    assert found.error == "NoSuchUser"


@pytest.mark.parametrize(
    ("line", "error", "part"),
    [
        ("/explain bop HR:R", "NoSuchUser", "bob"),
        ("/explain bob HX:R", "NoSuchResource", "no resource HX"),
        ("/explain bob PAYROL:R", "NoSuchResource", "%DB_PAYROLL"),
        ("/explain bob HR:X", "BadPermission", "not a permission"),
        ("/explain bob HR:", "BadPermission", "permission is missing"),
        ("/explain bob HR access=fly", "BadPermission", "fly"),
        ("/explain bob /csp/pay", "NoSuchApplication", "/csp/pay"),
        ("/explain bob HR:R in=/nowhere", "NoSuchApplication", "/nowhere"),
        ("/explain bob sql", "NotUnderstood", "Which table"),
        ("/explain bob sql HR.Person access=fly", "BadAction", "fly"),
        ("/explain bob HR.Person:R", "NoSuchResource", "no resource HR.Person"),
    ],
)
async def test_what_is_wrong_is_said_with_a_cure(reader: World, line: str, error: str, part: str) -> None:
    found = await problem(reader, line)
    assert found.error == error
    assert part in found.message + found.cure
    assert found.cure


# Web applications


async def test_an_application_asks_for_its_resource_and_its_namespace(reader: World) -> None:
    reader.instance.all_roles.append(Role("Door", "", (("HR", "U"),), ()))
    facts, plan = await told(reader, "why can't bob open /csp/payroll")
    assert facts.facts["allowed"] is False
    assert facts.facts["missing"] == "HR:U, %DB_PAYROLL:R"
    assert noted(facts, "It asks for its resource: HR:U, missing.")
    assert noted(facts, "its code and data are read: %DB_PAYROLL:R, missing.")
    assert noted(facts, "Inside, bob also has: %SQL.")
    assert plan is not None
    assert plan.changes[0].after == "Clerk, Door, Payroll"


async def test_a_role_of_the_application_reads_for_its_visitors(reader: World) -> None:
    reader.instance.all_roles.append(Role("Door", "", (("HR", "U"),), ()))
    reader.instance.applications[1] = WebApplication("/csp/payroll", "PAYROLL", enabled=True)
    reader.instance.completed["/csp/payroll"] = WebApplication(
        "/csp/payroll",
        "PAYROLL",
        enabled=True,
        resource="HR",
        match_roles=(("Door", ("Payroll",)),),
        methods="Unauthenticated",
    )
    reader.instance.set_roles("bob", "Door")
    facts, plan = await told(reader, "/explain bob /csp/payroll/")
    assert facts.facts["allowed"] is True
    assert plan is None
    assert noted(facts, "matching role Payroll → %DB_PAYROLL:R")
    assert noted(facts, "Visitors without a login are let in")


async def test_the_roles_of_an_application_do_not_open_its_own_door(reader: World) -> None:
    reader.instance.all_roles.append(Role("Door", "", (("HR", "U"),), ()))
    reader.instance.applications[1] = reader.instance.applications[1]._replace(
        match_roles=(("", ("Door", "Payroll")),)
    )
    facts, plan = await told(reader, "/explain bob /csp/payroll")
    assert facts.facts["missing"] == "HR:U"
    assert noted(facts, "its code and data are read: %DB_PAYROLL:R, held.")
    assert plan is not None
    assert plan.changes[0].after == "Clerk, Door"


async def test_the_one_plan_brings_all_that_an_application_takes(reader: World) -> None:
    reader.instance.all_roles += [
        Role("Door", "", (("HR", "U"),), ()),
        Role("Both", "", (("HR", "U"), ("%DB_PAYROLL", "R")), ()),
    ]
    _, plan = await told(reader, "/explain bob /csp/payroll")
    assert plan is not None
    assert plan.changes[0].after == "Clerk, Both"


async def test_a_disabled_application_lets_nobody_in(reader: World) -> None:
    reader.instance.applications[0] = reader.instance.applications[0]._replace(enabled=False)
    facts, plan = await told(reader, "/explain _SYSTEM /csp/user")
    assert facts.facts["allowed"] is False
    assert plan is None
    assert noted(facts, "The application is disabled")


# SQL


async def test_sql_is_asked_of_the_instance_and_the_role_named(reader: World) -> None:
    reader.instance.sql.add(("bob", "HR.Person", "select", "USER"))
    reader.instance.grants = [
        SqlGrant("TABLE", "HR.Person", "SELECT", "Reader", "_SYSTEM"),
        SqlGrant("TABLE", "HR.Other", "SELECT", "Clerk"),
    ]
    facts, plan = await told(reader, "can bob select from HR.Person")
    assert facts.facts["allowed"] is True
    assert plan is None
    assert facts.notes[0] == "✓ role Clerk → granted role Reader → SELECT on HR.Person, granted by _SYSTEM"
    assert noted(facts, "bob also lacks %Service_SQL:U")


@pytest.mark.parametrize(
    ("via", "way"),
    [
        ("Direct", "granted to bob itself"),
        ("SuperUser", "role %All"),
        ("_PUBLIC", "granted to everybody (_PUBLIC)"),
        ("Owner", "bob owns it"),
        ("Magic", "granted through Magic"),
        ("", "granted through an unknown way"),
    ],
)
async def test_the_words_of_the_instance_are_not_taken_for_roles(reader: World, via: str, way: str) -> None:
    reader.instance.sql.add(("bob", "HR.Person", "select", "USER"))
    reader.instance.grants = [SqlGrant("TABLE", "HR.Person", "SELECT", via)]
    facts, _ = await told(reader, "/explain bob sql HR.Person")
    assert facts.notes[0] == f"✓ {way} → SELECT on HR.Person"


async def test_where_only_the_word_role_is_told_each_role_is_asked(reader: World) -> None:
    reader.instance.sql.add(("bob", "HR.Person", "select", "USER"))
    grant = SqlGrant("TABLE", "HR.Person", "SELECT", "Role", "_SYSTEM")
    reader.instance.grants = [grant]
    reader.instance.holdings = {"Reader": SqlHoldings((replace(grant, via=""),))}
    facts, _ = await told(reader, "/explain bob sql HR.Person")
    assert facts.notes[0] == "✓ role Clerk → granted role Reader → SELECT on HR.Person, granted by _SYSTEM"
    reader.instance.fail["sql holdings"] = failed("no such query")
    facts, _ = await told(reader, "/explain bob sql HR.Person")
    assert "which one cannot be read: no such query" in facts.notes[0]


async def test_a_missing_sql_privilege_is_granted_by_plan_and_checked(reader: World) -> None:
    facts, plan = await told(reader, "/explain bob sql HR.Person access=insert namespace=PAYROLL")
    assert (facts.facts["allowed"], facts.facts["namespace"]) == (False, "PAYROLL")
    assert plan is not None
    assert plan.calls["SQL"][1] == 'GRANT INSERT ON "HR"."Person" TO "bob"'
    assert reader.instance.done == []
    (done,) = await reader.yes(plan.id)
    assert isinstance(done, Done)
    assert done.details == ['By hand, in PAYROLL: REVOKE INSERT ON "HR"."Person" FROM "bob"']
    assert done.undo == 1
    assert reader.instance.done == [("grant sql", "bob", "insert HR.Person")]
    (entry,) = reader.session.context.journal("local").entries()
    assert entry.status == "done"


async def test_a_grant_that_did_not_take_is_no_success(reader: World) -> None:
    reader.instance.sql_obeys = False
    _, plan = await told(reader, "/explain bob sql HR.Person")
    assert plan is not None
    (found,) = await reader.yes(plan.id)
    assert isinstance(found, Problem)
    assert found.error == "NotVerified"
    (entry,) = reader.session.context.journal("local").entries()
    assert entry.status == "unknown"


@pytest.mark.parametrize(("error", "status"), [(failed("ERROR #1"), "failed"), (lost(), "unknown")])
async def test_a_grant_that_fails_is_journaled(reader: World, error: Exception, status: str) -> None:
    _, plan = await told(reader, "/explain bob sql HR.Person")
    assert plan is not None
    reader.instance.fail["change sql"] = error  # type: ignore[assignment]
    (found,) = await reader.yes(plan.id)
    assert isinstance(found, Problem)
    (entry,) = reader.session.context.journal("local").entries()
    assert entry.status == status


async def test_when_the_grants_cannot_be_listed_the_answer_stands(reader: World) -> None:
    reader.instance.sql.add(("bob", "HR.Person", "select", "USER"))
    reader.instance.fail["sql grants"] = failed("no such query")
    facts, _ = await told(reader, "/explain bob sql HR.Person")
    assert facts.facts["allowed"] is True
    assert noted(facts, "through whom cannot be read: no such query")


# Everything


async def test_a_user_alone_lists_all_that_it_holds(reader: World) -> None:
    (table,) = await reader.say("what can bob do")
    assert isinstance(table, Table)
    assert [(row["resource"], row["permission"], row["how"]) for row in table.rows] == [
        ("HR", "R", "role Clerk → granted role Reader")
    ]


# Who can


async def rows(world: World, line: str) -> Table:
    replies: list[Reply] = await world.say(line)
    (table,) = replies
    assert isinstance(table, Table), replies
    return table


async def test_who_can_lists_everybody_with_a_path(reader: World) -> None:
    table = await rows(reader, "who can read HR")
    assert {str(row["user"]): row["how"] for row in table.rows} == {
        "_SYSTEM": "role %All → every privilege",
        "SuperUser": "role %All → every privilege",
        "bob": "role Clerk → granted role Reader → HR:R",
    }
    assert table.rows[0]["privilege"] == "HR:R"


async def test_who_can_agrees_with_explain_for_everybody(reader: World) -> None:
    for privilege in ("HR:R", "%DB_USER:RW", "%Service_SQL:U", "%DB_PAYROLL:W"):
        listed = {row["user"] for row in (await rows(reader, f"/who-can {privilege}")).rows}
        for user in reader.instance.all_users:
            facts, _ = await told(reader, f"/explain {user.name} {privilege}")
            assert (user.name in listed) is facts.facts["allowed"], (user.name, privilege)


async def test_two_roles_that_only_together_bring_it_are_both_named(reader: World) -> None:
    reader.instance.all_roles += [Role("R1", "", (("X", "R"),), ()), Role("W1", "", (("X", "W"),), ())]
    reader.instance.set_roles("bob", "R1", "W1")
    table = await rows(reader, "/who-can X:RW user=bob")
    assert table.rows[0]["how"] == "role R1 → X:R; role W1 → X:W"


async def test_who_can_says_when_it_is_public_or_escalated(reader: World) -> None:
    reader.instance.resources.append(Resource("Open", "", Permission.R))
    assert noted(await rows(reader, "/who-can Open:R"), "everybody has it")
    reader.instance.escalation["appuser"] = ("Reader",)
    assert noted(await rows(reader, "/who-can HR:R"), "After escalating also appuser.")


async def test_who_can_open_an_application(reader: World) -> None:
    table = await rows(reader, "who can open /csp/user")
    assert len(table.rows) == len(reader.instance.all_users)
    assert noted(table, "It asks for no resource")
    table = await rows(reader, "/who-can /csp/payroll")
    assert {row["user"] for row in table.rows} == {"_SYSTEM", "SuperUser"}


async def test_who_can_filters(reader: World) -> None:
    table = await rows(reader, "/who-can HR:R superuser=no")
    assert [row["user"] for row in table.rows] == ["bob"]
    assert noted(table, "1 of 3 users fits")


# Compare


async def test_compare_shows_roles_and_privileges_that_differ(reader: World) -> None:
    table = await rows(reader, "compare appuser with bob")
    found = {(row["kind"], row["name"]): (row["first"], row["second"]) for row in table.rows}
    assert found == {
        ("role", "%Developer"): ("yes", "–"),
        ("role", "Clerk"): ("–", "yes"),
        ("role", "Reader"): ("–", "yes"),
        ("privilege", "%Development"): ("U", "–"),
        ("privilege", "%DB_USER"): ("RW", "–"),
        ("privilege", "HR"): ("–", "R"),
    }
    assert [column.title for column in table.columns][2:4] == ["APPUSER", "BOB"]


async def test_compare_names_superusers_and_equals(reader: World) -> None:
    assert noted(await rows(reader, "/compare _SYSTEM bob"), "_SYSTEM is a superuser")
    table = await rows(reader, "/compare _SYSTEM SuperUser")
    assert table.rows == []
    assert noted(table, "No difference")


async def test_a_superuser_is_one_row_and_not_one_for_each_resource(reader: World) -> None:
    table = await rows(reader, "/compare bob SuperUser")
    found = [row for row in table.rows if row["kind"] == "privilege"]
    assert [(row["name"], row["first"], row["second"]) for row in found] == [
        ("all resources", "see /explain", "every privilege")
    ]
    assert noted(table, "bob holds nothing that SuperUser does not hold.")


async def test_roles_can_be_compared_too(reader: World) -> None:
    table = await rows(reader, "/compare Reader Payroll")
    assert {
        (row["name"], row["first"], row["second"]) for row in table.rows if row["kind"] == "privilege"
    } == {
        ("HR", "R", "–"),
        ("%DB_PAYROLL", "–", "RW"),
    }


async def test_compare_suggests_the_nearest_names(reader: World) -> None:
    found = await problem(reader, "/compare bob appuse")
    assert found.error == "NoSuchUser"
    assert found.suggestions[0] == "/compare bob appuser"


async def test_who_can_has_full_names_only_where_they_could_be_read(reader: World) -> None:
    columns = [column.name for column in (await rows(reader, "/who-can HR:R")).columns]
    assert "full_name" in columns
    reader.instance.fail["user details"] = failed("it may not be run")
    columns = [column.name for column in (await rows(reader, "/who-can HR:R")).columns]
    assert "full_name" not in columns
