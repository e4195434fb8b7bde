"""Locked out by a full license, and in again over the web port: the whole chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.contract.replies import Done, Facts, Plan, Problem, Reply
from irisops.simulator.world.sessions import Visitor
from tests.e2e.staging import Person, Stage, stage


def notes_of(replies: list[Reply]) -> str:
    return " ".join(note for reply in replies if isinstance(reply, Facts) for note in reply.notes)


def fill(on: Stage) -> None:
    on.simulator.control.fill_license()
    assert on.world.license_counts().available == 0


async def problem(person: Person, line: str) -> Problem:
    (reply,) = await person.say(line)
    assert isinstance(reply, Problem), reply
    return reply


async def test_from_locked_out_to_connected_with_three_lines(tmp_path: Path) -> None:
    async with stage("home", tmp_path, version="2026.2") as on, on.person(connect=False) as maria:
        fill(on)
        replies = await maria.say("/connect stage")
        assert isinstance(replies[0], Problem)
        assert replies[0].error == "LicenseExhausted"
        assert "/locked free stage" in notes_of(replies)
        plan = await maria.plan("free a unit without a login")
        assert plan.effects[0].startswith("Chosen because it is missed least: nobody has logged in to it")
        before = set(on.world.sessions)
        (done,) = await maria.yes(plan)
        assert isinstance(done, Done)
        (gone,) = before - set(on.world.sessions)
        assert gone not in str(plan)
        assert on.world.license_counts().available == 1
        connected = await maria.say("/connect stage")
        assert isinstance(connected[-1], Done)
        (entry,) = maria.session.context.journal("stage").entries()
        assert (entry.status, entry.can_be_undone) == ("done", False)
        assert on.simulator.account.password not in str(entry)


async def test_a_leak_is_given_up_first(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path, version="2026.2") as on, on.person(connect=False) as person:
        for _ in range(6):
            on.world.open_session("/csp/user", Visitor("192.0.2.9", "Admin"), pages=2)
        on.world.open_session("/csp/user", Visitor("192.0.2.7"), pages=2)
        fill(on)
        plan = await person.plan("/locked free")
        assert "Admin leaves a session behind with every call" in plan.effects[0]
        (done,) = await person.yes(plan)
        assert isinstance(done, Done)
        assert done.message == "Ended 6 web sessions."


async def test_the_portal_is_left_alone(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path, version="2026.2") as on, on.person(connect=False) as person:
        on.world.open_session("/csp/sys", Visitor("192.0.2.9", "Admin"), pages=2)
        assert (await problem(person, "/locked free")).error == "NothingToFree"


@pytest.mark.parametrize("version", ["2025.2", "2026.1"])
async def test_an_older_version_has_no_such_way(tmp_path: Path, version: str) -> None:
    async with stage("home", tmp_path, version=version) as on, on.person(connect=False) as person:
        fill(on)
        told = await problem(person, "/locked free")
        assert told.error == "NotAvailable"
        assert "2026.2" in told.cure


async def test_a_refused_password_is_not_sent_again_by_itself(tmp_path: Path) -> None:
    async with (
        stage("home", tmp_path, version="2026.2") as on,
        on.person(password="wrong", connect=False) as person,
    ):
        fill(on)
        assert (await problem(person, "/locked free")).error == "NotAvailable"
        # Nobody is there to be asked for another one.
        assert (await problem(person, "/locked free")).error == "PasswordNeeded"
        user = on.world.user(on.simulator.account.username)
        assert user is not None
        assert user.invalid_login_attempts == 1


async def test_who_is_connected_has_better_ways(tmp_path: Path) -> None:
    async with stage("home", tmp_path, version="2026.2") as on, on.person() as person:
        told = await problem(person, "/locked free")
        assert told.error == "NotLocked"
        assert "/license free" in told.cure
        assert (await problem(person, "/locked free nowhere")).error == "NoSuchProfile"


async def test_a_read_only_profile_ends_nothing_and_a_guarded_one_wants_its_name(tmp_path: Path) -> None:
    async with stage("home", tmp_path, version="2026.2") as on, on.person(connect=False) as person:
        where = f"host=127.0.0.1 port={on.simulator.port} user={on.profile().user}"
        assert on.simulator.web is not None
        for name, flag in (("looker", "read_only"), ("guard", "guarded")):
            await person.say(f"/profile add {name} {where} web_port={on.simulator.web.port} {flag}=yes")
        assert (await problem(person, "/locked free looker")).error == "ReadOnly"
        plan = (await person.say("/locked free guard"))[-1]
        assert isinstance(plan, Plan)
        assert plan.confirm_word == "guard"


async def test_without_a_web_port_no_password_is_asked_for(tmp_path: Path) -> None:
    async with stage("home", tmp_path, version="2026.2") as on, on.person(connect=False) as person:
        await person.say(f"/profile add bare host=127.0.0.1 port={on.simulator.port} user=ana")
        told = await problem(person, "/locked free bare")
        assert told.error == "NotAvailable"
        assert "web_port=" in told.message
