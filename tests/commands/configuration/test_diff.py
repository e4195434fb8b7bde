"""/diff: by object and field, in the words of the editors; what is not known is never the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irisops.contract.replies import Table
from irisops.profiles.model import Profile
from irisops.simulator.world.model import Application, User
from tests.commands.editing import GOOD, Desk, desk
from tests.instance.served import PASSWORD, USER, serve


@pytest.fixture
async def person(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path / "home") as made:
        yield made


async def table(person: Desk, line: str) -> Table:
    reply = (await person.say(line))[-1]
    assert isinstance(reply, Table), reply
    return reply


async def test_a_folder_against_the_instance_by_field_in_the_words_of_the_editors(
    person: Desk, tmp_path: Path
) -> None:
    live = tmp_path / "live"
    await person.say(f"/export {live}")
    assert (await table(person, f"/diff {live}")).status == 0
    await person.do("/user bob enabled=no roles=%SQL,Clerk expires=2027-01-31")
    await person.do("/role Clerk privileges=%DB_USER:RW")
    person.served.world.add_user(User("eve", roles=["%SQL"]), GOOD)
    found = await table(person, f"/diff {live}")
    assert found.status == 1
    assert [
        (row["kind"], row["object"], row["field"], row["first"], row["second"]) for row in found.rows
    ] == [
        ("role", "Clerk", "privileges", "%DB_USER:R", "%DB_USER:RW"),
        ("user", "bob", "enabled", "yes", "no"),
        ("user", "bob", "roles", "no more", "Clerk"),
        ("user", "bob", "expires", "never", "2027-01-31"),
        ("user", "eve", "", "–", "there"),
    ]
    assert (await table(person, f"/diff {live} only roles")).rows == found.rows[:1]


async def test_now_against_the_last_export(person: Desk, tmp_path: Path) -> None:
    assert (await person.problem("/diff")).error == "NoExport"
    await person.say(f"/export {tmp_path / 'live'}")
    await person.do("/disable bob")
    found = await table(person, "/diff")
    assert [(row["object"], row["second"]) for row in found.rows] == [("bob", "no")]


async def test_folder_against_folder_needs_no_instance(person: Desk, tmp_path: Path) -> None:
    await person.say(f"/export {tmp_path / 'a'} only roles,users")
    await person.say(f"/export {tmp_path / 'b'} only roles,services")
    (tmp_path / "b" / "roles" / "clerk.toml").write_text('Name = "Clerk"\n# a comment is no difference\n')
    await person.say("/disconnect")
    found = await table(person, f"/diff {tmp_path / 'a'} {tmp_path / 'b'}")
    assert [(row["object"], row["field"]) for row in found.rows] == [
        ("Clerk", "privileges"),
        ("Clerk", "granted roles"),
    ]
    assert any("has users: not compared" in note for note in found.notes)
    assert any("has services: not compared" in note for note in found.notes)


async def test_profile_against_profile_and_what_comes_with_a_version_is_set_apart(
    person: Desk, tmp_path: Path
) -> None:
    async with serve(units=50, version=(2026, 2)) as other:
        other.world.applications.add(Application("/csp/mine", "USER"))
        other.world.add_user(User("bob", roles=["%SQL"], full_name="Bob"), GOOD)
        profile = Profile("other", "127.0.0.1", other.server.port, "%SYS", USER)
        person.session.hub.add_temporary(profile)
        person.session.hub.secrets.remember(profile, PASSWORD)
        found = await table(person, "/diff local other")
        apart = {row["object"]: row["group"] for row in found.rows}
        assert apart["/csp/mine"] == "different"
        assert apart["Clerk"] == "different"
        assert "bob" not in apart
        assert {row["group"] for row in found.rows if str(row["object"]).startswith("%")} <= {
            "comes with the version"
        }
        assert any("The versions differ: 2025.2 and 2026.2" in note for note in found.notes)
        assert person.session.hub.active is not None
        assert person.session.hub.active.name == "local"
    assert (await person.problem("/diff local local")).error == "SameSide"


async def test_wrong_sides_are_told(person: Desk, tmp_path: Path) -> None:
    assert (await person.problem("/diff lcoal")).error == "NoSuchSide"
    assert (await person.problem(f"/diff {tmp_path / 'nowhere'}")).error == "NoExport"
    await person.say(f"/export {tmp_path / 'live'} only roles")
    clerk = tmp_path / "live" / "roles" / "clerk.toml"
    clerk.write_text('Name = "Clerk"\nDescripton = "x"\n')
    problem = await person.problem(f"/diff {tmp_path / 'live'}")
    assert problem.error == "NotAnExport"
    assert "did you mean Description?" in problem.message


async def test_a_document_of_config_api_stands_on_one_side(person: Desk, tmp_path: Path) -> None:
    document = tmp_path / "config.json"
    document.write_text(
        '{"Security.Users": {"bob": {"Enabled": 0, "FullName": "Bob", "Password": "canary-1"}, "eve": {}},'
        ' "Security.Services": {"%Service_Bindings": {"AutheEnabled": 32}}, "Journal": {"FreezeOnError": 1}}'
    )
    found = await table(person, f"/diff {document}")
    known = [row for row in found.rows if row["what"] != "unknown"]
    assert [(row["object"], row["field"], row["first"], row["second"]) for row in known] == [
        ("bob", "enabled", "no", "yes"),
        ("eve", "", "there", "–"),
    ]
    assert found.status == 1
    assert any("users" in str(row["kind"]) and row["object"] == "" for row in found.rows)
    assert "Not compared: Journal." in found.notes
    assert "canary" not in repr(found)
    folder = tmp_path / "live"
    await person.say(f"/export {folder}")
    before = person.served.count_requests()
    again = await table(person, f"/diff {document} {folder}")
    assert before.fired == 0
    assert [row["object"] for row in again.rows] == [row["object"] for row in found.rows]


async def test_an_xml_export_stands_on_one_side(person: Desk, tmp_path: Path) -> None:
    export = tmp_path / "SecurityExport.xml"
    export.write_text(
        "<SecurityExport><ResourcesExport><Resources><Name>%DB_USER</Name><PublicPermission>1</PublicPermission>"
        "<Description/></Resources></ResourcesExport></SecurityExport>"
    )
    found = await table(person, f"/diff {export}")
    assert ("%DB_USER", "public permission", "R") in [
        (row["object"], row["field"], row["first"]) for row in found.rows
    ]


async def test_a_file_that_is_no_configuration_is_refused(person: Desk, tmp_path: Path) -> None:
    for name, text, error in (
        ("a.json", "{}", "NotAnExport"),
        ("a.json", '{"Security.Users": {"bob": {"Enabeld": 1}}}', "NotAnExport"),
        ("a.xml", "<!DOCTYPE x><UsersExport/>", "NotAnExport"),
        ("a.toml", "", "NoExport"),
    ):
        (tmp_path / name).write_text(text)
        assert (await person.problem(f"/diff {tmp_path / name}")).error == error
