from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from irisops.contract.replies import Done, Facts, Plan, Problem, Table
from irisops.instance.errors import NotPermitted
from irisops.instance.security.audit import REFUSALS, Auditing, AuditRecord
from tests.commands.fakes import LOCAL, START, World, a_user, failed, lost


def refused(event: str, data: str, user: str = "bob", minutes: int = 1, **more: str) -> AuditRecord:
    return AuditRecord(START - timedelta(minutes=minutes), event, user, "", data, **more)  # type: ignore[arg-type]


async def table(world: World, line: str = "/denied") -> Table:
    (found,) = await world.say(line)
    assert isinstance(found, Table), found
    return found


def noted(reply: Table | Facts, part: str) -> bool:
    return any(part in note for note in reply.notes)


def secure(world: World) -> None:
    world.instance.audit = [
        refused(
            "AccessDenied", "Operation requires %Development:U", client_ip="10.0.0.9", executable="python"
        ),
        refused("AccessDenied", "Operation requires %Development:U", minutes=9),
        refused("LoginFailure", "bad password", "eve", minutes=20),
    ]


async def test_refusals_are_listed_by_cause_with_what_was_missing(connected: World) -> None:
    secure(connected)
    found = await table(connected)
    first, second = found.rows
    assert (first["user"], first["count"], first["missing"], first["state"]) == (
        "bob",
        2,
        "%Development:U",
        "still missing",
    )
    assert first["where"] == "python 10.0.0.9"
    assert first["last"] == START - timedelta(minutes=1)
    assert (second["event"], second["why"]) == ("LoginFailure", "there is no such user; bad password")
    assert found.actions[0][2] == "/denied fix {id}"


async def test_the_card_is_live_and_the_fix_is_not(connected: World) -> None:
    live, fixing = connected.session.parse("/denied"), connected.session.parse("/denied fix abc")
    assert not isinstance(live, Problem)
    assert not isinstance(fixing, Problem)
    assert live.live
    assert not fixing.live


async def test_nothing_recorded_asks_for_a_click(connected: World) -> None:
    assert noted(await table(connected), "Click in your browser now")


async def test_an_empty_answer_that_cannot_be_confirmed_is_no_all_clear(connected: World) -> None:
    connected.instance.fail["audit table"] = NotPermitted("no SELECT on it")
    found = await table(connected)
    assert noted(found, "there may be refusals that are not shown")
    assert not noted(found, "No refusal is recorded")


async def test_a_fix_is_the_plan_of_explain(connected: World) -> None:
    secure(connected)
    identity = (await table(connected)).rows[0]["id"]
    facts, told = await connected.say(f"/denied fix {identity}")
    assert isinstance(facts, Facts)
    assert (facts.facts["missing"], facts.facts["count"]) == ("%Development:U", 2)
    assert isinstance(told, Facts)
    assert told.facts["allowed"] is False
    _, plan = await connected.say(told.actions[0][2])
    assert isinstance(plan, Plan)
    assert plan.title == "Give %Developer to bob"
    await connected.yes(plan.id)
    found = await table(connected)
    assert (found.rows[0]["id"], found.rows[0]["state"]) == (identity, "held now")


async def test_a_refused_table_is_explained_as_sql(connected: World) -> None:
    connected.instance.audit = [
        refused(
            "PrivilegeFailure",
            "User bob is not privileged for INSERT on table HR.Person",
            namespace="PAYROLL",
        )
    ]
    identity = (await table(connected)).rows[0]["id"]
    _, told = await connected.say(f"/denied fix {identity}")
    assert isinstance(told, Facts)
    assert (told.facts["action"], told.facts["namespace"]) == ("insert", "PAYROLL")
    _, plan = await connected.say(told.actions[0][2])
    assert isinstance(plan, Plan)
    assert plan.title == "Give bob INSERT on HR.Person in PAYROLL"


@pytest.mark.parametrize(
    ("user", "part"),
    [("eve", "Somebody is trying names"), ("off", "/enable off"), ("bob", "A wrong password")],
)
async def test_a_failed_login_is_advised_on(connected: World, user: str, part: str) -> None:
    connected.instance.all_users.append(a_user("off", enabled=False))
    connected.instance.audit = [refused("LoginFailure", "refused", user)]
    identity = (await table(connected)).rows[0]["id"]
    (facts,) = await connected.say(f"/denied fix {identity}")
    assert isinstance(facts, Facts)
    assert noted(facts, part)


async def test_an_unknown_id_suggests_those_that_are_there(connected: World) -> None:
    secure(connected)
    (found,) = await connected.say("/denied fix ffffff")
    assert isinstance(found, Problem)
    assert found.error == "NoSuchCause"
    assert len(found.suggestions) == 2


async def test_hostile_text_is_harmless_in_facts(connected: World) -> None:
    connected.instance.audit = [refused("Protect", "<PROTECT>\x1b[31m", "esc\x1b[0m")]
    identity = (await table(connected)).rows[0]["id"]
    facts = (await connected.say(f"/denied fix {identity}"))[0]
    assert isinstance(facts, Facts)
    assert "\x1b" not in facts.title + str(facts.facts["data"]) + "".join(facts.notes)


async def test_without_the_model_the_refusals_are_listed_all_the_same(connected: World) -> None:
    secure(connected)
    connected.instance.fail["users"] = NotPermitted("This account lacks %Admin_Secure:U.")
    found = await table(connected)
    assert len(found.rows) == 2
    assert noted(found, "It is not known whether it is held by now: This account lacks %Admin_Secure:U.")


async def test_a_lost_connection_is_not_swallowed(connected: World) -> None:
    secure(connected)
    for read in ("denials", "users", "auditing"):
        connected.instance.fail = {read: lost()}
        (found,) = await connected.say("/denied")
        assert isinstance(found, Problem)
        assert found.error == "Unreachable"


# Recording


def off(*events: str, system: bool = True) -> Auditing:
    return Auditing(system, {event: event not in events for event in REFUSALS})


async def test_what_is_not_recorded_is_said_and_offered(connected: World) -> None:
    connected.instance.audits = off("Protect", system=False)
    found = await table(connected)
    assert noted(found, "Auditing is off: no refusal is recorded. /denied enable switches it on")
    assert noted(found, "the audit event is disabled: Protect (<PROTECT> errors)")
    (plan,) = await connected.say("enable auditing")
    assert isinstance(plan, Plan)
    assert [(change.before, change.after) for change in plan.changes] == [
        ("off", "on"),
        ("disabled", "enabled"),
    ]
    assert connected.instance.done == []
    (done,) = await connected.yes(plan.id)
    assert isinstance(done, Done)
    assert connected.instance.done == [("audit on", "Protect", ""), ("audit on", "all", "")]
    (entry,) = connected.session.context.journal("local").entries()
    assert entry.status == "done"
    assert not noted(await table(connected), "Auditing is off")


async def test_an_event_that_the_instance_does_not_list_is_named(connected: World) -> None:
    events = {event: True for event in REFUSALS if event != "PrivilegeFailure"}
    connected.instance.audits = Auditing(True, events)  # noqa: FBT003
    assert noted(
        await table(connected), "lists no audit event of this name, so none can be shown here: PrivilegeF"
    )
    connected.instance.audits = off()
    assert not noted(await table(connected), "lists no audit event")


async def test_only_what_is_off_is_changed(connected: World) -> None:
    connected.instance.audits = off("LoginFailure", "PrivilegeFailure")
    (plan,) = await connected.say("/denied enable")
    assert isinstance(plan, Plan)
    await connected.yes(plan.id)
    assert connected.instance.done == [
        ("audit on", "LoginFailure", ""),
        ("audit on", "PrivilegeFailure", ""),
    ]


async def test_when_everything_is_recorded_nothing_is_planned(connected: World) -> None:
    (found,) = await connected.say("/denied enable")
    assert isinstance(found, Problem)
    assert found.error == "AlreadyRecorded"


async def test_what_somebody_else_switched_meanwhile_stops_the_plan(connected: World) -> None:
    connected.instance.audits = off("Protect")
    (plan,) = await connected.say("/denied enable")
    assert isinstance(plan, Plan)
    connected.instance.audits = off()
    (found,) = await connected.yes(plan.id)
    assert isinstance(found, Problem)
    assert found.error == "Moved"
    assert connected.instance.done == []


@pytest.mark.parametrize(("problem", "status"), [(failed("ERROR #855"), "failed"), (lost(), "unknown")])
async def test_a_failed_change_is_journaled(connected: World, problem: Exception, status: str) -> None:
    connected.instance.audits = off("Protect")
    (plan,) = await connected.say("/denied enable")
    assert isinstance(plan, Plan)
    connected.instance.fail["switch auditing"] = problem  # type: ignore[assignment]
    (found,) = await connected.yes(plan.id)
    assert isinstance(found, Problem)
    (entry,) = connected.session.context.journal("local").entries()
    assert entry.status == status


async def test_a_read_only_profile_is_not_offered_a_change(connected: World) -> None:
    link = connected.session.hub.active
    assert link is not None
    link.profile = replace(LOCAL, read_only=True)
    connected.instance.audits = off("Protect")
    assert not noted(await table(connected), "/denied enable")
    (found,) = await connected.say("/denied enable")
    assert isinstance(found, Problem)
    assert found.error == "ReadOnly"


async def test_what_was_switched_on_is_switched_off_by_undo_and_on_by_redo(connected: World) -> None:
    connected.instance.audits = off("Protect", system=False)
    (plan,) = await connected.say("/denied enable")
    assert isinstance(plan, Plan)
    await connected.yes(plan.id)
    (plan,) = await connected.say("/undo")
    assert isinstance(plan, Plan)
    assert [(change.before, change.after) for change in plan.changes] == [
        ("on", "off"),
        ("enabled", "disabled"),
    ]
    await connected.yes(plan.id)
    assert connected.instance.audits == off("Protect", system=False)
    (plan,) = await connected.say("/redo")
    assert isinstance(plan, Plan)
    await connected.yes(plan.id)
    assert connected.instance.audits == off()
    assert [entry.status for entry in connected.session.context.journal("local").entries()] == ["done"] * 3


async def test_undo_says_when_somebody_else_switched_it_already(connected: World) -> None:
    connected.instance.audits = off("Protect")
    (plan,) = await connected.say("/denied enable")
    assert isinstance(plan, Plan)
    await connected.yes(plan.id)
    connected.instance.audits = off("Protect")
    (found,) = await connected.say("/undo 1")
    assert isinstance(found, Problem)
    assert found.error == "Moved"
    assert "Audit event Protect is off by now: somebody changed that since change 1." in found.message
