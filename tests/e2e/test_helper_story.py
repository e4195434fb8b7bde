"""The helper from the first refusal to its removal: real driver over TCP, an instance that needs it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Facts, Problem, Reply
from irisops.instance.calls import HELPER
from irisops.instance.helper import VERSION, source
from irisops.simulator.classes.compiled import compile_class
from irisops.simulator.classes.loaded import Loaded
from irisops.simulator.objectscript.source import read_class
from irisops.simulator.world.model import Permission, Role, User
from irisops.simulator.world.sessions import Visitor
from tests.e2e.staging import Person, Stage, stage

FOREIGN = f"Class {HELPER}\n{{\nClassMethod EndSession(id As %String)\n{{\n    quit 1\n}}\n}}\n"


def problem(replies: Iterable[Reply]) -> Problem:
    found = list(replies)[-1]
    assert isinstance(found, Problem), found
    return found


def done(replies: Iterable[Reply]) -> Done:
    found = list(replies)[-1]
    assert isinstance(found, Done), found
    return found


async def facts(person: Person, line: str = "/helper") -> Facts:
    (found,) = await person.say(line)
    assert isinstance(found, Facts), found
    return found


def loaded(on: Stage) -> bool:
    """True if the simulator has the compiled class."""
    return on.simulator.runtime.emulation.loaded.find(HELPER, "%SYS") is not None


def put_there(on: Stage, text: str) -> None:
    """Somebody else loads a class of that name."""
    parsed = read_class(text)
    definition = Loaded(parsed.name, compile_class(parsed), "somebody", tuple(parsed.methods))
    on.simulator.runtime.emulation.loaded.keep(definition, "%SYS")


def without_other_ways(on: Stage) -> None:
    on.simulator.control.doubt("function", "refused")
    on.simulator.control.doubt("role-resources", "refused")
    on.world.roles.add(Role("Clerk", "Works here", {"%DB_USER": Permission.READ}, ["%SQL"]))


async def install(person: Person) -> Done:
    return done(await person.yes(await person.plan("install the helper")))


async def test_from_the_refusal_to_the_end_of_the_session_and_back(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        without_other_ways(on)
        session = on.world.open_session("/csp/user", Visitor("192.0.2.7")).id
        refused = problem(await person.say(f"/sessions end {session}"))
        assert refused.error == "NotAvailable"
        assert refused.cure.startswith("/helper install offers")
        assert session in on.world.sessions

        plan = await person.plan("install the helper")
        assert [(each.before, each.after) for each in plan.changes] == [
            ("not installed", f"version {VERSION}, compiled")
        ]
        assert plan.calls[f"{HELPER}.cls"] == source().splitlines()
        assert not loaded(on)
        installed = done(await person.yes(plan))
        assert loaded(on)
        shown = await facts(person)
        assert (shown.facts["installed"], shown.facts["version"]) == (True, VERSION)
        assert shown.facts["sessions_end"] == f"by {HELPER}.EndSession"

        ended = done(await person.yes(await person.plan(f"/sessions end {session}")))
        assert ended.message == "Ended 1 web session."
        assert session not in on.world.sessions
        # Undone by removal; what is done again is there again.
        plan = await person.plan(f"/undo {installed.undo}")
        assert plan.changes[0].after == "gone"
        assert done(await person.yes(plan)).message == "The helper is gone."
        assert not loaded(on)
        assert (await facts(person)).facts["installed"] is False
        await person.yes(await person.plan("/redo"))
        assert loaded(on)


async def test_privileges_of_a_role_are_changed_through_it_and_taken_back(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        without_other_ways(on)
        line = "/role Clerk add=%DB_IRISSYS:R remove=%DB_USER description=Changed"
        refused = problem(await person.say(line))  # before a yes is asked for
        assert "from outside" in refused.message
        assert refused.cure.startswith("/helper install offers")
        role = on.world.role("Clerk")
        assert role is not None
        assert (role.description, dict(role.resources)) == ("Works here", {"%DB_USER": Permission.READ})

        await install(person)
        changed = done(await person.yes(await person.plan(line)))
        role = on.world.role("Clerk")
        assert role is not None
        assert role.resources == {"%DB_IRISSYS": Permission.READ}
        assert (role.description, role.granted_roles) == ("Changed", ["%SQL"])
        await person.yes(await person.plan(f"/undo {changed.undo}"))
        role = on.world.role("Clerk")
        assert role is not None
        assert (role.description, role.resources) == ("Works here", {"%DB_USER": Permission.READ})
        # What needs no privileges changed goes without it.
        assert done(await person.yes(await person.plan("/role Clerk description=Again")))

        await person.yes(await person.plan("remove the helper"))
        assert not loaded(on)
        refused = problem(await person.say(line))
        assert "/helper install" in refused.cure


async def test_a_helper_removed_between_the_plan_and_the_yes_is_said(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        without_other_ways(on)
        await install(person)
        plan = await person.plan("/role Clerk add=%DB_IRISSYS:R")
        await person.yes(await person.plan("remove the helper"))
        refused = problem(await person.yes(plan))
        assert "/helper install" in refused.cure
        (entry, *_) = (await person.table("/history", "history")).rows
        assert entry["status"] == "failed"


async def test_where_another_way_works_the_helper_is_asked_for_privileges_of_a_role_alone(
    tmp_path: Path,
) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        await install(person)
        shown = await facts(person)
        assert shown.facts["sessions_end"] == "by $$DeleteSession^%SYS.cspServer"
        assert shown.facts["roles_privileges"] == f"by {HELPER}.ModifySecurity Security.Roles"
        routes = await person.table("/doctor", "routes")
        (row,) = [row for row in routes.rows if row["what"] == "helper"]
        assert (row["available"], row["route"]) == (True, f"class {HELPER}")


async def test_the_next_login_finds_it_by_itself(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on:
        async with on.person() as person:
            await install(person)
        without_other_ways(on)
        session = on.world.open_session("/csp/user", Visitor("192.0.2.7")).id
        async with on.person() as person:
            assert done(await person.yes(await person.plan(f"/sessions end {session}")))
            assert session not in on.world.sessions


async def test_the_doctor_says_that_it_is_not_there_and_that_nothing_is_missing(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        routes = await person.table("/doctor", "routes")
        (row,) = [row for row in routes.rows if row["what"] == "helper"]
        assert row["available"] is False
        assert row["rejected"] == [f"class {HELPER}: the helper is not installed (/helper install)"]
        assert not any(HELPER in note for note in routes.notes)


async def test_somebody_elses_class_is_neither_used_nor_replaced_nor_deleted(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on:
        put_there(on, FOREIGN)
        without_other_ways(on)
        session = on.world.open_session("/csp/user", Visitor("192.0.2.7")).id
        async with on.person() as person:
            for line in ("/helper install", "/helper remove"):
                assert problem(await person.say(line)).error == "NotOurs"
            shown = await facts(person)
            assert (shown.facts["installed"], shown.facts["version"]) == (False, None)
            # Its EndSession says that all went well; it is not asked.
            refused = problem(await person.say(f"/sessions end {session}"))
            assert refused.error == "NotAvailable"
        kept = on.simulator.runtime.emulation.loaded.find(HELPER, "%SYS")
        assert kept is not None
        assert list(kept.own_methods) == ["EndSession"]


async def test_a_class_that_appears_after_the_plan_is_not_replaced(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        plan = await person.plan("/helper install")
        put_there(on, FOREIGN)
        assert problem(await person.yes(plan)).error == "ChangedMeanwhile"
        assert [row["change"] for row in (await person.table("/history", "history")).rows] == []


async def test_another_version_is_replaced_and_cannot_be_brought_back(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        put_there(on, source().replace(f'quit "{VERSION}"', 'quit "0"'))
        assert (await facts(person)).notes[0].startswith(f"This tool brings version {VERSION}")
        plan = await person.plan("/helper install")
        assert (plan.title, plan.changes[0].before) == ("Replace the helper", "version 0")
        assert any("cannot be brought back" in warning for warning in plan.warnings)
        replaced = done(await person.yes(plan))
        assert replaced.undo is None
        assert (await facts(person)).facts["version"] == VERSION
        assert problem(await person.say("/undo 1")).error == "CannotUndo"
        assert problem(await person.say("/helper install")).error == "AlreadySo"


async def test_what_did_not_compile_can_be_removed(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        parsed = read_class(source())
        on.simulator.runtime.emulation.loaded.keep(Loaded(HELPER, None, "me", tuple(parsed.methods)), "%SYS")
        assert (await facts(person)).facts["state"] == "there, but does not run"
        assert done(await person.yes(await person.plan("/helper remove"))).message == "The helper is gone."
        assert problem(await person.say("/helper remove")).error == "AlreadySo"


@pytest.mark.parametrize(
    ("resources", "missing"),
    [
        ({"%DB_IRISSYS": "RW"}, "%Development:U"),
        ({"%DB_IRISSYS": "R", "%Development": "U"}, "%DB_IRISSYS:W"),
    ],
)
async def test_without_the_rights_nothing_is_installed(
    resources: dict[str, str], missing: str, tmp_path: Path
) -> None:
    async with stage("quiet", tmp_path) as on:
        letters = {"R": Permission.READ, "W": Permission.WRITE, "U": Permission.USE}
        held = {"%Native_ClassExecution": "U", "%Service_SQL": "U", **resources}
        role = Role("Limited", "", {})
        for name, text in held.items():
            for letter in text:
                role.resources[name] = role.resources.get(name, Permission.NONE) | letters[letter]
        on.world.roles.add(role)
        on.world.add_user(User("limited", roles=["Limited"]), "Limited-1")
        async with on.person("limited", "Limited-1") as person:
            refused = problem(await person.say("/helper install"))
            assert refused.error == "NotPermitted"
            assert missing in refused.message
            assert [row["change"] for row in (await person.table("/history", "history")).rows] == []
        assert not loaded(on)


async def test_guards_of_the_profile(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on:
        async with on.person(read_only=True) as person:
            assert problem(await person.say("/helper install")).error == "ReadOnly"
            assert (await facts(person, "/helper status")).facts["installed"] is False
        async with on.person(guarded=True) as person:
            plan = await person.plan("/helper install")
            assert plan.confirm_word == "stage"
            assert problem(await person.yes(plan)).error == "WordNeeded"
        async with on.person(namespace="USER") as person:
            assert problem(await person.say("/helper install")).error == "WrongNamespace"
        assert not loaded(on)


async def test_the_journal_does_not_repeat_the_source(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        await install(person)
        change = (await person.say("/history 1"))[-1]
        assert isinstance(change, Facts)
        assert not any("ClassMethod" in note for note in change.notes)
        assert any("LoadStream" in note for note in change.notes)
