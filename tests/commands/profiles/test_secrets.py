from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Plan, Problem, Reply, Table
from irisops.profiles.secrets import SERVICE, Secrets
from irisops.profiles.vault import Vault
from tests.commands.fakes import PASSWORD, World

PASSPHRASE = "correct horse"
ACCOUNT = "u@h:1972"


class Machine(World):
    """A world whose person types what a test says, with a profile `a` and an encrypted file to be set up."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        hub = self.session.hub
        hub.secrets = Secrets(self.keyring, Vault(self.places.secrets, cost=2))
        self.answers: list[str | None] = []
        self.session.ask_with(self.person)

    async def person(self, title: str, prompt: str) -> str | None:
        self.asked.append((title, prompt))
        return self.answers.pop(0)


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    made = Machine(tmp_path)
    await made.say("/profile add a host=h user=u")
    yield made
    await made.session.close()


async def one(machine: Machine, line: str) -> Reply:
    (reply,) = await machine.say(line)
    assert PASSWORD not in repr(reply)
    assert PASSPHRASE not in repr(reply)
    return reply


async def where(machine: Machine) -> str:
    table = await one(machine, "where are my passwords")
    assert isinstance(table, Table)
    return str(table.rows[0]["where"])


async def test_shows_where_each_is_and_never_its_value(machine: Machine) -> None:
    assert await where(machine) == "nowhere: it is asked for"
    machine.keyring.kept[SERVICE, ACCOUNT] = PASSWORD
    assert await where(machine) == "in the keyring"
    await machine.say("/profile edit a password_command=pass")
    assert await where(machine) == "in the keyring and printed by pass"
    machine.keyring.kept[SERVICE, "ngrok"] = PASSWORD
    table = await one(machine, "/secrets")
    assert isinstance(table, Table)
    assert [row["name"] for row in table.rows] == ["a", "ngrok"]


async def test_sets_a_file_up_moves_into_it_and_finds_it_at_the_next_start(machine: Machine) -> None:
    machine.keyring.kept[SERVICE, ACCOUNT] = PASSWORD
    machine.answers = [PASSPHRASE, PASSPHRASE]
    assert isinstance(await one(machine, "/secrets file"), Done)
    moved = await one(machine, "move the password of a to the file")
    assert isinstance(moved, Done)
    assert "in the encrypted file" in moved.message
    assert machine.keyring.kept == {}
    assert PASSWORD not in machine.places.secrets.read_text()
    again = Machine(machine.places.config.parent)
    again.session.load_profiles()
    assert await where(again) == "nowhere: it is asked for"
    again.answers = ["wrong horse", PASSPHRASE]
    assert isinstance(await one(again, "/secrets unlock"), Done)
    assert await where(again) == "in the encrypted file"
    again.instance.logins.clear()
    assert isinstance((await again.say("/connect a"))[-1], Done)
    assert again.instance.logins == [PASSWORD]
    await again.session.close()


async def test_forgetting_asks_first(machine: Machine) -> None:
    machine.keyring.kept[SERVICE, ACCOUNT] = PASSWORD
    plan = await one(machine, "forget a's password")
    assert isinstance(plan, Plan)
    assert machine.keyring.kept
    assert isinstance((await machine.yes(plan.id))[0], Done)
    assert machine.keyring.kept == {}


@pytest.mark.parametrize(
    ("line", "answers", "error"),
    [
        ("/secrets move a to file", [], "NoSecret"),
        ("/secrets move b to file", [], "NoSuchProfile"),
        ("/secrets move a to moon", [], "NotUnderstood"),
        ("/secrets forget a", [], "NoSecret"),
        ("/secrets unlock", [], "NoEncryptedFile"),
        ("/secrets file", [None], "Declined"),
        ("/secrets file", [PASSPHRASE, "other"], "NotTheSame"),
        ("/secrets file", ["short", "short"], "EncryptedFile"),
    ],
)
async def test_what_cannot_be_done_says_why(
    machine: Machine, line: str, answers: list[str | None], error: str
) -> None:
    machine.answers = answers
    problem = await one(machine, line)
    assert isinstance(problem, Problem)
    assert problem.error == error
    assert problem.cure
    assert not machine.places.secrets.exists()


async def test_moving_to_a_file_that_is_not_there_leaves_it(machine: Machine) -> None:
    machine.keyring.kept[SERVICE, ACCOUNT] = PASSWORD
    problem = await one(machine, "/secrets move a to file")
    assert isinstance(problem, Problem)
    assert "/secrets file" in problem.message
    assert machine.keyring.kept == {(SERVICE, ACCOUNT): PASSWORD}


async def test_a_new_passphrase_needs_the_old_one(machine: Machine) -> None:
    machine.answers = [PASSPHRASE, PASSPHRASE, "another horse", "another horse"]
    await machine.say("/secrets file")
    assert isinstance(await one(machine, "change the passphrase"), Done)
    Vault(machine.places.secrets).unlock("another horse")
    locked = Machine(machine.places.config.parent)
    locked.answers = [None]
    problem = await one(locked, "/secrets file")
    assert isinstance(problem, Problem)
    assert problem.error == "EncryptedFileLocked"
    await locked.session.close()
