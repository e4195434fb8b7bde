from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from irisops.contract.replies import Done, Problem, Progress, Reply, Table
from irisops.profiles.discovery.everywhere import Discovery
from irisops.profiles.discovery.found import Found, StoredPassword
from irisops.profiles.secrets import SERVICE
from tests.commands.fakes import PASSWORD, World


class Here:
    """What is on the machine, and how often a password was read."""

    def __init__(self, password: str | None = PASSWORD) -> None:
        self.looks = 0
        self.read = 0
        self.password = password
        self.found = [
            Found(
                "docker:iris-1",
                "Docker",
                port=32768,
                state="running",
                password=StoredPassword("P", self._read),
            ),
            Found("code", "VS Code", "10.0.0.1", 1972, user="dev"),
            Found(
                "old",
                "installed here",
                port=None,
                problem="OLD is down.",
                cure="Start it with: iris start OLD",
            ),
        ]

    async def _read(self) -> str | None:
        self.read += 1
        return self.password

    async def look(self) -> Discovery:
        self.looks += 1
        return Discovery(tuple(self.found), ("Podman failed: x.",))


def a_world(home: Path, here: Here) -> World:
    return World(home, look=here.look)


def table_of(replies: list[Reply]) -> Table:
    assert isinstance(replies[0], Progress)
    (table,) = [reply for reply in replies if isinstance(reply, Table)]
    return table


async def test_the_first_run_begins_with_what_is_here_one_enter_away(tmp_path: Path) -> None:
    world = a_world(tmp_path, Here())
    await world.session.start()
    assert world.session.overview().opening == "/discover"
    table = table_of(await world.say("/discover"))
    assert [row["name"] for row in table.rows] == ["docker:iris-1", "code", "old"]
    assert table.offer == "/profile adopt docker:iris-1"
    assert table.rows[2]["state"] == "OLD is down."
    assert "Podman failed: x." in table.notes
    replies = await world.say(table.offer)
    assert isinstance(replies[-1], Done)
    assert world.session.hub.active is not None
    assert world.session.hub.active.profile.address == "127.0.0.1:32768/%SYS"
    await world.session.close()


async def test_later_starts_do_not_look(tmp_path: Path) -> None:
    here = Here()
    world = a_world(tmp_path, here)
    await world.say("/profile add a host=h user=u")
    again = a_world(tmp_path, here)
    await again.session.start()
    assert again.session.overview().opening == ""
    assert here.looks == 0
    for each in (world, again):
        await each.session.close()


async def test_a_password_is_read_only_when_the_person_says_so(tmp_path: Path) -> None:
    here = Here()
    world = a_world(tmp_path, here)
    await world.say("/discover")
    await world.say("/profile adopt docker:iris-1")
    assert (here.read, len(world.asked)) == (0, 1)
    await world.session.close()


async def test_with_the_password_found_there_nobody_is_asked(tmp_path: Path) -> None:
    here = Here()
    world = a_world(tmp_path, here)
    replies = await world.say("/profile adopt docker:iris-1 password=yes name=mine")
    assert isinstance(replies[-1], Done)
    assert (here.read, world.asked) == (1, [])
    assert world.keyring.kept == {(SERVICE, "_SYSTEM@127.0.0.1:32768"): PASSWORD}
    assert [profile.name for profile in world.session.hub.profiles()] == ["mine"]
    assert PASSWORD not in world.places.profiles.read_text()
    await world.session.close()


async def test_a_wrong_password_found_there_is_tried_once_and_not_kept(tmp_path: Path) -> None:
    world = a_world(tmp_path, Here("wrong"))
    replies = await world.say("/profile adopt docker:iris-1 password=yes")
    assert isinstance(replies[-1], Problem)
    assert replies[-1].error == "LoginRefused"
    assert world.instance.logins == ["wrong"]
    assert world.keyring.kept == {}
    await world.session.close()


async def test_what_is_known_already_is_connected_not_added_again(tmp_path: Path) -> None:
    here = Here()
    world = a_world(tmp_path, here)
    await world.say("/profile add box host=localhost port=32768 user=_SYSTEM")
    table = table_of(await world.say("/discover"))
    assert table.rows[0]["state"] == "profile box"
    assert table.offer == "/profile adopt code"
    await world.say("/profile adopt docker:iris-1")
    assert world.session.hub.active is not None
    assert world.session.hub.active.name == "box"
    assert len(world.session.hub.profiles()) == 1
    await world.session.close()


async def test_what_cannot_be_adopted_says_why(tmp_path: Path) -> None:
    here = Here(None)
    world = a_world(tmp_path, here)
    for line, error, cure in (
        ("/profile adopt old", "NotReady", "iris start OLD"),
        ("/profile adopt cod", "NothingFound", "code"),
        ("/profile adopt code password=yes", "NoPasswordFound", "/profile adopt code"),
        ("/profile adopt docker:iris-1 password=yes", "NoPasswordFound", "asks for it"),
        ('/profile adopt code name="a b"', "ProfileInvalid", "/profile add"),
    ):
        (problem,) = await world.say(line)
        assert isinstance(problem, Problem), line
        assert problem.error == error
        assert cure in problem.cure
    await world.say("/profile add code host=elsewhere user=u")
    (problem,) = await world.say("/profile adopt code")
    assert isinstance(problem, Problem)
    assert problem.error == "ProfileExists"
    assert len(world.session.hub.profiles()) == 1


async def test_nothing_found_says_what_to_do(tmp_path: Path) -> None:
    here = Here()
    here.found = [replace(here.found[2], problem="x")]
    table = table_of(await a_world(tmp_path, here).say("/discover"))
    assert table.offer == ""
    here.found = []
    table = table_of(await a_world(tmp_path, here).say("find my instances"))
    assert "/profile add" in table.notes[-1]
