from __future__ import annotations

from dataclasses import replace

from irisops.contract.chat import Command
from irisops.contract.replies import Done, Effect, Form, Problem, Reply, Table
from irisops.profiles.settings import SCHEMA, Settings, SettingsStore
from tests.commands.fakes import World


def kept(world: World) -> Settings:
    return SettingsStore(world.places.settings).load().settings


async def submit(world: World, **values: str | bool | float | None) -> list[Reply]:
    command = world.session.parse("/settings")
    assert isinstance(command, Command)
    return [reply async for reply in world.session.run(replace(command, fields=values))]


async def test_the_form_has_every_setting_and_sending_it_back_changes_nothing(world: World) -> None:
    (form,) = await world.say("/settings")
    assert isinstance(form, Form)
    assert [field.name for field in form.fields] == [setting.name for setting in SCHEMA]
    values = {field.name: field.value for field in form.fields}
    (done,) = await submit(world, **values)  # type: ignore[arg-type]
    assert isinstance(done, Done)
    assert not world.places.settings.exists()


async def test_typed_and_submitted_values_are_kept(world: World) -> None:
    (done,) = await world.say("/settings poll_interval=5 traffic=full mouse=no")
    assert isinstance(done, Done)
    assert kept(world) == Settings(poll_interval=5.0, traffic="full", mouse=False)
    assert world.session.hub.default_interval == 5.0
    assert any("next start" in line and "mouse" in line for line in done.details)
    done, effect = await submit(world, theme="light", poll_interval="5", mouse=False)
    assert effect == Effect("theme", "light")
    assert kept(world).theme == "light"


async def test_wrong_values_come_back_on_their_fields(world: World) -> None:
    (form,) = await submit(world, poll_interval="0", traffic="much", log_level="debug")
    assert isinstance(form, Form)
    assert set(form.errors) == {"poll_interval", "traffic"}
    assert {field.name: field.value for field in form.fields}["log_level"] == "debug"
    (problem,) = await world.say("/settings poll_interval=soon")
    assert isinstance(problem, Problem)
    assert "seconds" in problem.message
    assert not world.places.settings.exists()


async def test_the_list_says_where_each_value_comes_from_and_what_is_wrong(world: World) -> None:
    world.places.config.mkdir(parents=True, exist_ok=True)
    world.places.settings.write_text("poll_interval = 7\nmouse = 3\n")
    (table,) = await world.say("show my settings")
    assert isinstance(table, Table)
    rows = {str(row["name"]): row for row in table.rows}
    assert (rows["poll_interval"]["value"], rows["poll_interval"]["from"]) == (7.0, "the file")
    assert (rows["mouse"]["value"], rows["mouse"]["from"]) == (True, "default")
    assert "line 2" in table.notes[0]
    assert isinstance((await world.say("/settings theme=dark"))[0], Done)
    world.places.settings.write_text("= =")
    (problem,) = await world.say("/settings theme=light")
    assert isinstance(problem, Problem)
    assert problem.error == "SettingsFile"
    assert world.places.settings.read_text() == "= ="


async def test_what_cannot_be_written_has_a_cure_for_the_disk_not_for_the_text(world: World) -> None:
    world.places.config.parent.mkdir(parents=True, exist_ok=True)
    if world.places.config.exists():
        world.places.config.rmdir()
    world.places.config.write_text("a file where a folder must be")
    for line in ("/settings poll_interval=5", "/profile add q host=h.example"):
        (problem,) = await world.say(line)
        assert isinstance(problem, Problem)
        assert problem.cure == "Move it away, then try again."
        assert "Errno" not in problem.message
