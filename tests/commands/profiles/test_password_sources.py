from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Problem
from tests.commands.fakes import PASSWORD, World


def command_that_prints(tmp_path: Path, text: str) -> str:
    source = tmp_path / "prints"
    source.write_text(text + "\n")
    return f'{sys.executable} -c \'print(open("{source}").read(), end="")\''


@pytest.fixture
async def worlds(tmp_path: Path) -> AsyncIterator[list[World]]:
    made: list[World] = []
    yield made
    for world in made:
        await world.session.close()


async def start(worlds: list[World], tmp_path: Path) -> World:
    """A new run of the program on the same files."""
    worlds.append(World(tmp_path))
    worlds[-1].session.load_profiles()
    return worlds[-1]


async def test_a_command_gives_the_password_and_nothing_is_kept(worlds: list[World], tmp_path: Path) -> None:
    world = await start(worlds, tmp_path)
    command = command_that_prints(tmp_path, PASSWORD)
    await world.say(
        f'/profile add a host=h user=u password_command="{command.replace(chr(34), chr(92) + chr(34))}"'
    )
    assert world.session.hub.profiles()[0].password_command == command
    replies = await world.say("/connect a")
    assert isinstance(replies[-1], Done)
    assert (world.asked, world.keyring.kept, world.instance.logins) == ([], {}, [PASSWORD])


async def test_what_a_command_gave_and_was_refused_is_never_sent_again(
    worlds: list[World], tmp_path: Path
) -> None:
    world = await start(worlds, tmp_path)
    command = command_that_prints(tmp_path, "outdated").replace('"', '\\"')
    await world.say(f'/profile add a host=h user=u password_command="{command}"')
    replies = await world.say("/connect a")
    assert isinstance(replies[-1], Problem)
    assert replies[-1].error == "LoginRefused"
    assert world.instance.logins == ["outdated"]
    # the next start asks instead, and says why
    again = await start(worlds, tmp_path)
    assert isinstance((await again.say("/connect a"))[-1], Done)
    assert again.instance.logins == [PASSWORD]
    assert any("refused before" in notice.message for notice in again.notices)
    # an accepted password clears it: the keyring has it now; without the keyring the command is used again
    third = await start(worlds, tmp_path)
    (tmp_path / "prints").write_text(PASSWORD + "\n")
    assert isinstance((await third.say("/connect a"))[-1], Done)
    assert third.asked == []


async def test_a_failing_command_is_said_and_the_person_asked(worlds: list[World], tmp_path: Path) -> None:
    world = await start(worlds, tmp_path)
    await world.say("/profile add a host=h user=u password_command=no-such-program-of-irisops")
    assert isinstance((await world.say("/connect a"))[-1], Done)
    assert len(world.asked) == 1
    assert any("there is no program" in notice.message for notice in world.notices)
