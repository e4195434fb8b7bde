from __future__ import annotations

from dataclasses import replace

from irisops.commands.catalogue import ALL
from irisops.contract.replies import Done, Facts, Plan, Problem, Reply, Table
from irisops.instance.connection import State
from irisops.instance.errors import NotPermitted
from irisops.journal import Journal
from tests.commands.fakes import World, a_user, failed, lost


async def plan_of(world: World, line: str) -> Plan:
    (plan,) = await world.say(line)
    assert isinstance(plan, Plan), plan
    return plan


async def problem_of(world: World, line: str) -> Problem:
    (problem,) = await world.say(line)
    assert isinstance(problem, Problem), problem
    return problem


async def done(world: World, line: str) -> Done:
    replies = await world.yes((await plan_of(world, line)).id)
    assert isinstance(replies[-1], Done), replies
    return replies[-1]


def journal(world: World) -> Journal:
    return world.session.context.journal("local")


def only(replies: list[Reply]) -> Problem:
    assert isinstance(replies[-1], Problem), replies
    return replies[-1]


async def test_a_plan_shows_before_after_and_what_it_means_and_changes_nothing(connected: World) -> None:
    plan = await plan_of(connected, "give appuser %SQL")
    assert plan.title == "Give %SQL to appuser"
    assert plan.instance == "local (IRISA)"
    (change,) = plan.changes
    assert (change.before, change.after) == ("%Developer", "%Developer, %SQL")
    assert (change.comes, change.goes, change.stays) == (["%SQL"], [], ["%Developer"])
    assert plan.effects == [
        "appuser gains 1 privilege: %Service_SQL:U.",
        "SQL privileges granted to appuser directly stay as they are.",
    ]
    assert plan.calls["SQL"] == ['GRANT "%SQL" TO "appuser"']
    assert connected.instance.done == []
    assert journal(connected).entries() == []


async def test_yes_changes_verifies_and_journals(connected: World) -> None:
    reply = await done(connected, "/grant %sql to APPUSER")
    assert reply.message == "appuser now holds %Developer, %SQL."
    assert reply.undo == 1
    assert connected.instance.done == [("add", "appuser", "%SQL")]
    (entry,) = journal(connected).entries()
    assert (entry.number, entry.status, entry.intent.user, entry.intent.command) == (
        1,
        "done",
        "_SYSTEM",
        "/grant %sql to APPUSER",
    )


async def test_the_intent_is_in_the_journal_before_the_first_call(connected: World) -> None:
    seen: list[str] = []
    connected.instance.on_change = lambda: seen.extend(entry.status for entry in journal(connected).entries())
    await done(connected, "/grant %SQL to bob")
    assert seen == ["unknown"]


async def test_undo_takes_it_back_by_a_plan_and_an_undo_can_be_undone(connected: World) -> None:
    await done(connected, "/grant %SQL to bob")
    plan = await plan_of(connected, "/undo")
    assert plan.title == "Take back change 1: Give %SQL to bob"
    await connected.yes(plan.id)
    assert connected.instance.held("bob") == ()
    assert (await problem_of(connected, "/undo 1")).error == "AlreadyUndone"
    assert (await problem_of(connected, "/undo")).error == "NothingToUndo"
    await done(connected, "/undo 2")
    assert connected.instance.held("bob") == ("%SQL",)


async def test_undo_refuses_when_the_user_was_changed_since(connected: World) -> None:
    await done(connected, "/grant %SQL to bob")
    connected.instance.set_roles("bob", "%SQL", "Boss")
    table, problem = await connected.say("/undo")
    assert isinstance(table, Table)
    assert [(row["left"], row["now"], row["goal"]) for row in table.rows] == [("%SQL", "%SQL, Boss", "none")]
    assert isinstance(problem, Problem)
    assert problem.error == "Moved"


async def test_a_plan_is_refused_when_the_user_moved_meanwhile(connected: World) -> None:
    plan = await plan_of(connected, "/grant %SQL to bob")
    connected.instance.set_roles("bob", "Boss")
    assert only(await connected.yes(plan.id)).error == "Moved"
    assert connected.instance.done == []
    assert journal(connected).entries() == []


async def test_becoming_a_superuser_is_said_directly_and_by_way_of_a_role(connected: World) -> None:
    for line in ("make bob a superuser", "/grant Boss to bob"):
        plan = await plan_of(connected, line)
        assert "bob becomes a superuser" in plan.effects[0]
        assert plan.warnings


async def test_unknown_names_get_the_nearest(connected: World) -> None:
    problem = await problem_of(connected, "/grant %SQL to apuser")
    assert (problem.error, problem.suggestions[0]) == ("NoSuchUser", "/grant %SQL to appuser")
    problem = await problem_of(connected, "/grant %SQ to bob")
    assert (problem.error, problem.suggestions[0]) == ("NoSuchRole", "/grant %SQL to bob")
    assert (await problem_of(connected, "/grant {x} to {y}")).error == "NoSuchUser"


async def test_what_is_held_already_or_not_at_all_is_refused(connected: World) -> None:
    assert (await problem_of(connected, "/grant %developer to appuser")).error == "AlreadyHeld"
    problem = await problem_of(connected, "/revoke %SQL from appuser")
    assert (problem.error, list(problem.suggestions)) == ("NotHeld", ["/revoke %Developer from appuser"])


async def test_no_self_harm(connected: World) -> None:
    assert (await problem_of(connected, "/revoke %All from _SYSTEM")).error == "OwnAccount"
    plan = await plan_of(connected, "/grant %SQL to _SYSTEM")
    assert any("account you are using" in warning for warning in plan.warnings)


async def test_the_last_enabled_superuser_keeps_all(connected: World) -> None:
    connected.instance.all_users = [
        a_user("_SYSTEM"),
        a_user("SuperUser", "%All"),
        a_user("x", "%All", enabled=False),
    ]
    assert (await problem_of(connected, "/revoke %All from SuperUser")).error == "LastSuperuser"
    connected.instance.all_users.append(a_user("deputy", "Boss"))
    await plan_of(connected, "/revoke %All from SuperUser")


async def test_the_guard_holds_at_the_moment_of_the_change_too(connected: World) -> None:
    plan = await plan_of(connected, "/revoke %All from SuperUser")
    connected.instance.set_roles("_SYSTEM")
    assert only(await connected.yes(plan.id)).error == "LastSuperuser"
    assert connected.instance.held("SuperUser") == ("%All",)


async def test_a_role_and_a_user_named_like_keywords(connected: World) -> None:
    connected.instance.all_users.append(a_user('we"ird [red]'))
    reply = await done(connected, '/grant "to" to "we\\"ird [red]"')
    assert connected.instance.done == [("add", 'we"ird [red]', "to")]
    assert reply.undo == 1


async def test_several_roles_are_one_entry(connected: World) -> None:
    await done(connected, "give bob %SQL and %Developer")
    assert connected.instance.held("bob") == ("%SQL", "%Developer")
    assert len(journal(connected).entries()) == 1
    await done(connected, "/undo")
    assert connected.instance.held("bob") == ()


async def test_a_failure_is_journaled_with_the_call_that_failed(connected: World) -> None:
    connected.instance.fail["add %SQL"] = failed("ERROR #884: Role does not exist")
    plan = await plan_of(connected, "give bob %SQL and %Developer")
    assert only(await connected.yes(plan.id)).error == "InstanceError"
    (entry,) = journal(connected).entries()
    assert entry.status == "failed"
    assert "Security.Users.AddRoles bob: %SQL,%Developer: InstanceError" in entry.detail
    assert (await problem_of(connected, "/undo 1")).error == "CannotUndo"


async def test_a_connection_lost_in_the_change_leaves_it_unknown_until_looked_at(connected: World) -> None:
    connected.instance.fail["add %SQL"] = lost()
    plan = await plan_of(connected, "/grant %SQL to bob")
    assert only(await connected.yes(plan.id)).error == "Unreachable"
    assert [entry.status for entry in journal(connected).entries()] == ["unknown"]
    problem = await problem_of(connected, "/undo 1")
    assert problem.error == "NothingToUndo"
    assert [entry.status for entry in journal(connected).entries()] == ["failed"]
    assert connected.instance.done == []


async def test_a_change_that_does_not_read_back_is_not_called_done(connected: World) -> None:
    plan = await plan_of(connected, "/grant %SQL to bob")
    connected.instance.after_change = lambda: connected.instance.set_roles("bob")
    assert only(await connected.yes(plan.id)).error == "NotVerified"
    assert journal(connected).entries()[0].status == "unknown"


async def test_roles_that_may_not_be_listed_are_a_warning(connected: World) -> None:
    connected.instance.fail["roles"] = NotPermitted("Roles may not be listed.")
    plan = await plan_of(connected, "/grant %SQL to bob")
    assert any("could not be listed" in warning for warning in plan.warnings)


async def test_read_only_profiles_change_nothing(connected: World) -> None:
    link = connected.session.hub.require()
    link.profile = replace(link.profile, read_only=True)
    assert (await problem_of(connected, "/grant %SQL to bob")).error == "ReadOnly"
    greyed = {info.name for info in connected.session.commands() if not info.available}
    assert greyed == {spec.name for spec in ALL if spec.changes and spec.needs_connection and not spec.shows}
    assert {"grant", "revoke", "undo"} <= greyed


async def test_a_journal_that_cannot_be_written_stops_the_change(connected: World) -> None:
    folder = connected.places.journals
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where a folder should be")
    plan = await plan_of(connected, "/grant %SQL to bob")
    assert only(await connected.yes(plan.id)).error == "Journal"
    assert connected.instance.done == []


async def test_history_lists_and_shows(connected: World) -> None:
    (table,) = await connected.say("/history")
    assert isinstance(table, Table)
    assert table.rows == []
    await done(connected, "/grant %SQL to bob")
    await done(connected, "/undo")
    (table,) = await connected.say("what did i change?")
    assert isinstance(table, Table)
    assert [(row["number"], row["status"]) for row in table.rows] == [(2, "done"), (1, "undone by 2")]
    (facts,) = await connected.say("/history 1")
    assert isinstance(facts, Facts)
    assert facts.facts["command"] == "/grant %SQL to bob"
    assert (await problem_of(connected, "/history 9")).error == "NoSuchChange"


async def test_a_change_cut_off_by_a_crash_is_told_at_the_next_login(world: World) -> None:
    await world.connect()
    plan = await plan_of(world, "/grant %SQL to bob")
    world.instance.after_change = lambda: world.instance.fail.update(users=lost())
    await world.yes(plan.id)
    text = journal(world).path.read_text().splitlines()[0]
    journal(world).path.write_text(text + "\n")
    world.notices.clear()
    again = World(world.places.config.parent, world.session.hub.profiles()[0])
    again.instance = world.instance
    await again.connect()
    assert [notice.message for notice in again.notices if "Change 1" in notice.message]
    world.instance.fail.clear()
    plan = await plan_of(again, "/undo 1")
    assert plan.title == "Take back change 1: Give %SQL to bob"
    again.connection.become(State("lost"))
    await again.session.close()
