from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Plan, Problem
from irisops.profiles.store import ProfileStore
from tests.commands.fakes import LOCAL, World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path / "home", LOCAL)
    for line in ("a host=h user=u guarded=yes password_command=pass", "b host=i user=u", "c host=j user=u"):
        await made.say(f"/profile add {line}")
    yield made
    await made.session.close()


def names(world: World) -> list[str]:
    return [profile.name for profile in ProfileStore(world.places.profiles).load().profiles]


@pytest.mark.parametrize("where", ["²", pytest.param("9" * 5000, id="long"), "٣x"])
async def test_a_place_in_other_digits_is_refused(tmp_path: Path, where: str) -> None:
    world = World(tmp_path)
    await world.say("/profile add a host=h user=u")
    (told,) = await world.say(f"/profile move a to {where}")
    assert isinstance(told, Problem)
    assert told.message.startswith("There is no place")


async def test_copies_and_keeps_the_rest(world: World) -> None:
    (done,) = await world.say("copy the profile a to d")
    assert isinstance(done, Done)
    assert names(world) == ["a", "b", "c", "d"]
    copied = ProfileStore(world.places.profiles).load().profiles[3]
    assert (copied.host, copied.guarded, copied.password_command) == ("h", True, "pass")
    assert isinstance((await world.say("/profile copy local to mine"))[0], Done), (
        "one of this run becomes one that stays"
    )
    for line in ("/profile copy a to b", '/profile copy a to "x y"', "/profile copy zz to y"):
        assert isinstance((await world.say(line))[0], Problem)


@pytest.mark.parametrize(
    ("line", "order"),
    [
        ("/profile move c to first", "cab"),
        ("/profile move a to last", "bca"),
        ("/profile move a to 2", "bac"),
        ("/profile move B to 2", "abc"),
    ],
)
async def test_moves_with_all_comments(world: World, line: str, order: str) -> None:
    path = world.places.profiles
    path.write_text(path.read_text().replace("[profiles.b]", "[profiles.b]  # mine\nunknown = 1"))
    (done,) = await world.say(line)
    assert isinstance(done, Done)
    assert names(world) == list(order)
    assert "# mine" in path.read_text()
    assert "unknown = 1" in path.read_text()
    assert "never kept here" in path.read_text()


@pytest.mark.parametrize("where", ["0", "4", "middle"])
async def test_no_such_place(world: World, where: str) -> None:
    before = world.places.profiles.read_text()
    (problem,) = await world.say(f"/profile move a to {where}")
    assert isinstance(problem, Problem)
    assert world.places.profiles.read_text() == before


async def test_scattered_tables_are_left_alone(world: World) -> None:
    path = world.places.profiles
    path.write_text(
        '[profiles.a]\nhost = "h"\nuser = "u"\n[other]\nx = 1\n[profiles.b]\nhost = "i"\nuser = "u"\n'
    )
    before = ProfileStore(path).load().profiles
    (reply,) = await world.say("/profile move b to first")
    assert isinstance(reply, Done | Problem)
    assert set(ProfileStore(path).load().profiles) == set(before)
    assert "[other]" in path.read_text()


async def test_travels_without_secrets_and_commands(world: World, tmp_path: Path) -> None:
    file = tmp_path / "team.toml"
    (done,) = await world.say(f'/profiles export "{file}"')
    assert isinstance(done, Done)
    assert "pass" not in file.read_text().replace("Passwords are never kept here", "")
    (again,) = await world.say(f'/profiles export "{file}"')
    assert isinstance(again, Problem)
    assert again.error == "FileExists"
    file.write_text(file.read_text() + '[profiles.evil]\nhost = "e"\nuser = "u"\npassword_command = "rm x"\n')
    other = World(tmp_path / "other")
    await other.say("/profile add B host=mine user=u")
    (plan,) = await other.say(f'import profiles from "{file}"')
    assert isinstance(plan, Plan)
    assert [change.what for change in plan.changes] == ["profile a", "profile c", "profile evil"]
    assert any("b" in warning for warning in plan.warnings)
    assert any("evil" in warning for warning in plan.warnings)
    assert names(other) == ["B"]
    await other.yes(plan.id)
    assert names(other) == ["B", "a", "c", "evil"]
    assert "rm x" not in other.places.profiles.read_text()
    assert other.session.hub.profiles()[0].host == "mine"
    await other.session.close()


async def test_what_cannot_be_imported_says_why(world: World, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    for text, error in ((None, "NoSuchFile"), ("[profiles.a", "ProfilesFile"), ("", "NothingToImport")):
        if text is not None:
            file.write_text(text)
        (problem,) = await world.say(f'/profiles import "{file}"')
        assert isinstance(problem, Problem)
        assert problem.error == error
    assert names(world) == ["a", "b", "c"]
