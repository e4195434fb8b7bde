from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from irisops.contract.replies import Done, Problem, Progress, Reply, Table
from irisops.profiles.discovery.everywhere import Discovery, discover
from irisops.profiles.discovery.found import Found, StoredPassword
from irisops.profiles.secrets import SERVICE
from tests.commands.fakes import PASSWORD, World
from tests.profiles.discovery.places import Machine


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


def a_machine(root: Path, **entries: dict[str, object]) -> tuple[World, Machine]:
    """A session on a machine with these servers in the settings of VS Code."""
    machine = Machine(root / "machine")
    machine.settings({"intersystems.servers": entries})
    return World(root / "home", look=lambda: discover(machine.around())), machine


def server(web_port: int, **more: object) -> dict[str, object]:
    return {"webServer": {"host": "127.0.0.1", "port": web_port}, "superServer": {"port": 1972}, **more}


async def test_an_assumed_port_is_said_in_the_row_and_after_adopting(tmp_path: Path) -> None:
    entry: dict[str, object] = {"webServer": {"host": "127.0.0.1", "port": 52773, "pathPrefix": "/iris-a"}}
    world, _ = a_machine(tmp_path, one=entry)
    (row,) = table_of(await world.say("/discover")).rows
    assert (row["address"], row["state"]) == ("127.0.0.1:1972", "perhaps, 1972 assumed")
    done = (await world.say("/profile adopt one"))[0]
    assert isinstance(done, Done)
    assert any("1972 is assumed; /profile edit one port=" in detail for detail in done.details)
    (profile,) = world.session.hub.profiles()
    assert (profile.web_port, profile.path_prefix) == (52773, "/iris-a")
    (row,) = table_of(await world.say("/discover")).rows
    assert row["state"] == "profile one", "its own profile is known again, by the web port"
    await world.session.close()


async def test_a_password_of_another_entry_is_never_sent(tmp_path: Path) -> None:
    world, _ = a_machine(
        tmp_path,
        first=server(52773, username="maria"),
        second=server(52774, username="bob", password=PASSWORD),
    )
    rows = table_of(await world.say("/discover")).rows
    assert [(row["name"], row["user"], bool(row["password"])) for row in rows] == [
        ("first", "maria", False),
        ("second", "bob", True),
    ]
    (problem,) = await world.say("/profile adopt first password=yes")
    assert isinstance(problem, Problem)
    assert problem.error == "NoPasswordFound"
    assert world.instance.logins == []
    await world.say("/profile adopt second password=yes")
    assert world.session.hub.active is not None
    assert world.session.hub.active.profile.user == "bob"
    assert world.instance.logins == [PASSWORD]
    await world.session.close()


async def test_a_password_is_not_sent_to_a_port_that_another_instance_may_have(tmp_path: Path) -> None:
    def entry(web_port: int) -> dict[str, object]:
        return {
            "webServer": {"host": "127.0.0.1", "port": web_port}, "username": f"u{web_port}", "password": PASSWORD,
        }  # fmt: skip

    world, machine = a_machine(tmp_path, one=entry(52773), two=entry(52774))
    for name, rival in (("one", "two"), ("two", "one")):
        (problem,) = await world.say(f"/profile adopt {name} password=yes")
        assert isinstance(problem, Problem)
        assert problem.error == "PortAssumed"
        assert rival in problem.message
    assert world.instance.logins == []
    machine.prints("docker", "i\tiris\t0.0.0.0:1980->1972/tcp, 0.0.0.0:52773->52773/tcp\n")
    machine.settings({"intersystems.servers": {"one": entry(52773), "three": entry(52775)}})
    await world.say("/discover")
    for line in ("/profile adopt docker:i password=yes", "/profile adopt three password=yes"):
        assert isinstance((await world.say(line))[-1], Done), line
    assert world.instance.logins == [PASSWORD, PASSWORD]
    await world.session.close()


async def test_a_password_found_is_not_sent_as_the_user_of_a_known_profile(tmp_path: Path) -> None:
    world, _ = a_machine(tmp_path, one=server(52773, password=PASSWORD))
    await world.say("/profile add mine host=localhost port=1972 user=maria")
    (row,) = table_of(await world.say("/discover")).rows
    assert row["state"] == "profile mine", "without a password it is the same place"
    await world.say("/profile adopt one password=yes")
    assert world.session.hub.active is not None
    assert (world.session.hub.active.profile.name, world.session.hub.active.profile.user) == (
        "one",
        "_SYSTEM",
    )
    await world.session.close()


async def test_another_user_is_another_profile(tmp_path: Path) -> None:
    world, _ = a_machine(tmp_path, one=server(52773, username="bob"))
    await world.say("/profile add mine host=localhost port=1972 user=maria")
    (row,) = table_of(await world.say("/discover")).rows
    assert row["state"] == "perhaps"
    await world.say("/profile adopt one")
    assert [each.user for each in world.session.hub.profiles()] == ["maria", "bob"]
    await world.session.close()


async def test_what_is_hung_switched_off_or_out_of_reach_is_not_the_one_offered(tmp_path: Path) -> None:
    world, machine = a_machine(tmp_path, bad={"webServer": {"host": "${env:H}", "port": 1}})
    machine.prints("iris", "H^/h^2025.2.0.227.0^running, since x^iris.cpf^1980^0^0^hung^IRIS^^^\n")
    machine.settings(
        {"objectscript.conn": {"active": False, "host": "h", "port": 1}},
        machine.work / ".vscode" / "settings.json",
    )
    table = table_of(await world.say("/discover"))
    assert {row["name"]: row["state"] for row in table.rows} == {
        "h": "running, hung",
        "vscode-h": "switched off in VS Code, 1972 assumed",
        "bad": "The settings name the host by a variable, which is not resolved here.",
    }
    assert table.offer == ""
    (problem,) = await world.say("/profile adopt bad")
    assert isinstance(problem, Problem)
    assert problem.error == "NotReady"


async def test_nothing_is_said_to_be_there_only_if_nothing_could_not_be_read(tmp_path: Path) -> None:
    """ "No VS Code setting" beside "VS Code's settings.json cannot be read" would be untrue."""
    here = Here()
    here.found = []
    notes = table_of(await a_world(tmp_path / "a", here).say("/discover")).notes
    assert notes[0] == "No instance was found on this machine. Podman failed: x."
    assert notes[1].startswith("For an instance elsewhere, /profile add")

    async def nothing() -> Discovery:
        return Discovery((), ())

    table = table_of(await World(tmp_path / "b", look=nothing).say("/discover"))
    assert "no VS Code setting" in table.notes[0]
    assert table.offer == "/profile add"


async def test_a_port_on_a_host_that_is_not_known_is_no_address(tmp_path: Path) -> None:
    here = Here()
    here.found = [
        Found("docker:i", "Docker", host="", port=32770, problem="Where its engine runs is not known.")
    ]
    (row,) = table_of(await a_world(tmp_path, here).say("/discover")).rows
    assert row["address"] == "port 32770"


async def test_nothing_of_a_password_in_an_address_is_shown_or_stored(tmp_path: Path) -> None:
    world, machine = a_machine(tmp_path)
    machine.environment["DATABASE_URL"] = "iris://_SYSTEM:p@canary#1@127.0.0.1:1972/USER"
    replies = [*await world.say("/discover"), *await world.say("/profile adopt env-127.0.0.1")]
    assert isinstance(replies[-1], Done)
    assert "canary" not in repr(replies)
    assert "canary" not in world.places.profiles.read_text()
    assert [connection.target.host for connection in world.connections] == ["127.0.0.1"]
    await world.session.close()
