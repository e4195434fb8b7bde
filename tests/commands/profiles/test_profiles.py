from __future__ import annotations

from pathlib import Path

import pytest

from irisops.contract.chat import Command
from irisops.contract.replies import Done, Form, Plan, Problem, Reply, Table
from irisops.profiles.secrets import SERVICE
from tests.commands.fakes import LOCAL, World


async def submit(world: World, line: str, **fields: str | bool | int | None) -> Reply:
    command = world.session.parse(line)
    assert isinstance(command, Command)
    filled = Command(command.name, command.args, command.slash, command.text, fields=fields)
    return [reply async for reply in world.session.run(filled)][-1]


async def first(world: World, line: str) -> Reply:
    return (await world.say(line))[0]


async def test_adds_by_typed_options(tmp_path: Path) -> None:
    world = World(tmp_path)
    reply = await first(
        world, "/profile add clinic host=10.0.0.7 port=1973 user=admin guarded=yes colour=red"
    )
    assert isinstance(reply, Done)
    table = await first(world, "/profiles")
    assert isinstance(table, Table)
    assert table.rows[0]["name"] == "clinic"
    assert table.rows[0]["address"] == "10.0.0.7:1973/%SYS"
    assert table.rows[0]["flags"] == ["guarded"]
    assert [completion.value for completion in world.session.complete("/connect c", 10)] == ["clinic "]


async def test_adds_by_a_form_and_keeps_the_password_in_the_keyring_only(tmp_path: Path) -> None:
    world = World(tmp_path)
    form = await first(world, "add a profile")
    assert isinstance(form, Form)
    values: dict[str, str | bool | int | None] = {field.name: field.value for field in form.fields}  # type: ignore[misc]
    reply = await submit(
        world, form.command, **{**values, "name": "mine", "port": "1973", "password": "canary"}
    )
    assert isinstance(reply, Done)
    assert world.keyring.kept == {(SERVICE, "_SYSTEM@localhost:1973"): "canary"}
    written = world.places.profiles.read_text()
    assert "canary" not in written
    assert "canary" not in repr(reply)


async def test_a_wrong_field_comes_back_on_the_form_without_the_password(tmp_path: Path) -> None:
    world = World(tmp_path)
    for name, value, field in (("x y", "1972", "name"), ("ok", "99999", "port"), ("ok", "abc", "port")):
        reply = await submit(
            world, "/profile add", name=name, port=value, user="u", host="h", password="canary"
        )
        assert isinstance(reply, Form), reply
        assert list(reply.errors) == [field]
        assert {each.name: each.value for each in reply.fields}["port"] == value
        assert "canary" not in repr(reply)
    assert not world.places.profiles.exists()


@pytest.mark.parametrize(
    ("host", "right"),
    [
        ("http://localhost:52773", "host=localhost web_port=52773."),
        ("https://db.example:443/", "host=db.example web_port=443 web_scheme=https."),
        ("db.example:1973", "host=db.example port=1973."),
        ("[::1]:1973", "host=::1 port=1973."),
        ("localhost/iris", ""),
        ("ops@box", ""),
        ("iris://u:canary@box", ""),
        ("${env:H}", ""),
        ("-oProxyCommand=x", ""),
    ],
)
async def test_a_host_that_is_none_is_refused_on_its_field(tmp_path: Path, host: str, right: str) -> None:
    world = World(tmp_path)
    await first(world, "/profile add a host=h user=u")
    before = world.places.profiles.read_text()
    for line in (f"/profile add p host={host} user=u", f"/profile edit a host={host}"):
        told = await first(world, line)
        assert isinstance(told, Problem)
        assert "canary" not in told.message + told.cure + told.text
        if "canary" in host:
            assert told.error == "SecretInLine"  # before anybody looks at the host
            continue
        assert told.message.startswith("The host is a name or an address alone")
        assert told.message.endswith(right or "path.")
        assert "host=" in told.cure
    form = await submit(world, "/profile edit a", name="a", host=host, user="u")
    assert isinstance(form, Form)
    assert list(form.errors) == ["host"]
    assert world.places.profiles.read_text() == before


async def test_a_host_of_the_file_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    world = World(tmp_path)
    await first(world, "/profile add a host=h user=u")
    file = world.places.profiles
    file.write_text(file.read_text().replace('host = "h"', 'host = "db.example:1973"'))
    loaded = world.session.hub.reload()
    assert loaded.profiles == ()
    assert "host=db.example port=1973" in loaded.warnings[0]
    assert "line" in loaded.warnings[0]


@pytest.mark.parametrize(("typed", "kept"), [("/iris-a", "/iris-a"), ("a/b/", "/a/b"), ("/", "")])
async def test_a_path_prefix_is_kept(tmp_path: Path, typed: str, kept: str) -> None:
    world = World(tmp_path)
    assert isinstance(await first(world, f"/profile add a host=h user=u path_prefix={typed}"), Done)
    assert world.session.hub.profiles()[0].path_prefix == kept
    assert ("path_prefix" in world.places.profiles.read_text()) == bool(kept)
    form = await first(world, "/profile edit a")
    assert isinstance(form, Form)
    assert {field.name: field.value for field in form.fields}["path_prefix"] == kept


@pytest.mark.parametrize("typed", ["/a b", "/a?x", "/a#x", "//a/../b", "/..", "http://h/a", "/a//b", "/ä"])
async def test_a_path_prefix_that_is_none_is_refused_on_its_field(tmp_path: Path, typed: str) -> None:
    world = World(tmp_path)
    form = await submit(world, "/profile add", name="a", host="h", user="u", path_prefix=typed)
    assert isinstance(form, Form)
    assert list(form.errors) == ["path_prefix"]


async def test_a_name_that_may_be_an_address_is_not_repeated(tmp_path: Path) -> None:
    world = World(tmp_path)
    for line in (
        "/connect u:canary@h",
        "/connect iris://u:12/canary@h",
        "/profile test u:canary@h",
        "/locked u:canary@h",
    ):
        told = await first(world, line)
        assert isinstance(told, Problem)
        assert "canary" not in told.message + told.cure


async def test_edits_and_renames(tmp_path: Path) -> None:
    world = World(tmp_path)
    await first(world, "/profile add a host=h user=u")
    form = await first(world, "/profile edit a")
    assert isinstance(form, Form)
    reply = await submit(world, form.command, name="b", host="h2")
    assert isinstance(reply, Done)
    assert [(each.name, each.host) for each in world.session.hub.profiles()] == [("b", "h2")]
    problem = await first(world, "/profile edit a host=x")
    assert isinstance(problem, Problem)
    assert problem.error == "NoSuchProfile"
    duplicate = await first(world, "/profile add B host=h")
    assert isinstance(duplicate, Problem)
    assert "already" in duplicate.message


async def test_removing_asks_first_and_forgets_the_password(tmp_path: Path) -> None:
    world = World(tmp_path)
    await first(world, "/profile add a host=h user=u")
    world.keyring.kept[SERVICE, "u@h:1972"] = "canary"
    plan = await first(world, "/profile remove a")
    assert isinstance(plan, Plan)
    assert len(world.session.hub.profiles()) == 1
    (done,) = await world.yes(plan.id)
    assert isinstance(done, Done)
    assert world.session.hub.profiles() == []
    assert world.keyring.kept == {}


async def test_a_connected_profile_is_not_removed(tmp_path: Path) -> None:
    world = World(tmp_path)
    await first(world, "/profile add local host=127.0.0.1 user=_SYSTEM")
    await world.connect()
    problem = await first(world, "/profile remove local")
    assert isinstance(problem, Problem)
    assert problem.error == "StillConnected"
    await world.session.close()


async def test_a_profile_of_this_run_is_in_no_file(tmp_path: Path) -> None:
    world = World(tmp_path, LOCAL)
    for line in ("/profile edit local host=x", "/profile remove local"):
        problem = await first(world, line)
        assert isinstance(problem, Problem)
        assert problem.error == "TemporaryProfile"


async def test_a_broken_file_is_reported_and_left_untouched(tmp_path: Path) -> None:
    world = World(tmp_path)
    path = world.places.profiles
    path.parent.mkdir(parents=True)
    path.write_text('[profiles.a]\nhost = "h"\nport = = 3\n')
    await world.session.start()
    assert any("line 3" in notice.message for notice in world.notices)
    problem = await first(world, "/profile add b host=h user=u")
    assert isinstance(problem, Problem)
    assert "line 3" in problem.message
    problem, table = await world.say("/profiles")
    assert isinstance(problem, Problem)
    assert isinstance(table, Table)
    assert path.read_text() == '[profiles.a]\nhost = "h"\nport = = 3\n'
    await world.session.close()
