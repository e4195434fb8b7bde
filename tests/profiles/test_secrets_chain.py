"""Keyring, encrypted file, memory: each is used if the one before it cannot be."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from irisops.profiles.secrets import SERVICE, NotKeptError, Secrets
from irisops.profiles.vault import Vault
from tests.commands.fakes import FakeKeyring

PASSPHRASE = "correct horse"
SECRET = "canary-Secret-1"


class Person:
    """Scripted answers to prompts, in order; None declines."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []

    async def __call__(self, title: str, prompt: str) -> str | None:
        self.asked.append((title, prompt))
        return self.answers.pop(0)


def locked_keyring() -> FakeKeyring:
    keyring = FakeKeyring()
    keyring.trouble = "the keyring is locked"
    return keyring


async def with_file(tmp_path: Path, keyring: FakeKeyring | None = None, *answers: str | None) -> Secrets:
    """Secrets with an encrypted file from an earlier run, not opened yet."""
    path = tmp_path / "secrets.json"
    if not path.exists():
        Vault(path, cost=2).create(PASSPHRASE)
    secrets = Secrets(keyring or locked_keyring(), Vault(path))
    secrets.ask = Person(*answers)
    return secrets


async def test_the_file_takes_over_where_the_keyring_cannot_be_used(tmp_path: Path) -> None:
    secrets = await with_file(tmp_path, None, PASSPHRASE)
    kept = await secrets.keep_secret("a", SECRET)
    assert (kept.place, kept.lasting) == ("file", True)
    again = await with_file(tmp_path, None, PASSPHRASE)
    assert await again.get_secret("a") == SECRET
    assert await again.get_secret("a") == SECRET
    assert isinstance(again.ask, Person)
    assert len(again.ask.asked) == 1


async def test_the_keyring_comes_first_and_then_nobody_is_asked(tmp_path: Path) -> None:
    secrets = await with_file(tmp_path, FakeKeyring())
    assert (await secrets.keep_secret("a", SECRET)).place == "keyring"
    assert await secrets.get_secret("a") == SECRET
    assert isinstance(secrets.ask, Person)
    assert secrets.ask.asked == []


async def test_a_declined_passphrase_is_not_asked_for_again_until_the_person_wants_it(tmp_path: Path) -> None:
    secrets = await with_file(tmp_path, None, None, PASSPHRASE)
    assert await secrets.get_secret("a") is None
    kept = await secrets.keep_secret("a", SECRET)
    assert kept.place == "memory"
    assert "locked" in kept.reason
    assert await secrets.unlock(again=True)


async def test_three_wrong_passphrases_end_the_asking(tmp_path: Path) -> None:
    secrets = await with_file(tmp_path, None, "wrong", "wronger", "wrongest")
    assert await secrets.get_secret("a") is None
    assert await secrets.get_secret("a") is None
    assert isinstance(secrets.ask, Person)
    assert [title for title, _ in secrets.ask.asked][1:] == ["That passphrase does not open it"] * 2


async def test_moving_leaves_it_in_one_place(tmp_path: Path) -> None:
    keyring = FakeKeyring()
    secrets = await with_file(tmp_path, keyring, PASSPHRASE)
    await secrets.keep_secret("a", SECRET)
    assert await secrets.move("a", "file") == "keyring"
    assert keyring.kept == {}
    assert await secrets.where("a") == ["file"]
    assert await secrets.move("a", "memory") == "file"
    assert await secrets.where("a") == ["memory"]
    assert await secrets.move("a", "keyring") == "memory"
    assert keyring.kept == {(SERVICE, "a"): SECRET}
    assert await secrets.where("a") == ["keyring"]
    with pytest.raises(KeyError):
        await secrets.move("b", "file")


async def test_what_cannot_be_moved_stays(tmp_path: Path) -> None:
    keyring = FakeKeyring()
    secrets = await with_file(tmp_path, keyring, None)
    await secrets.keep_secret("a", SECRET)
    with pytest.raises(NotKeptError, match="locked"):
        await secrets.move("a", "file")
    assert await secrets.where("a") == ["keyring"]


async def test_forgetting_empties_all_places(tmp_path: Path) -> None:
    keyring = FakeKeyring()
    secrets = await with_file(tmp_path, keyring, PASSPHRASE)
    await secrets.put("a", SECRET, "file")
    await secrets.put("a", SECRET, "keyring")
    await secrets.put("a", SECRET, "memory")
    assert await secrets.where("a") == ["memory", "keyring", "file"]
    await secrets.forget_secret("a")
    assert await secrets.where("a") == []


async def test_a_damaged_file_counts_as_empty_and_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text("garbage")
    secrets = await with_file(tmp_path)
    assert await secrets.get_secret("a") is None
    kept = await secrets.keep_secret("a", SECRET)
    assert kept.place == "memory"
    assert "damaged" in kept.reason
    assert path.read_text() == "garbage"


async def test_who_waits_behind_a_hanging_keyring_waits_once(tmp_path: Path) -> None:
    keyring = FakeKeyring()
    answered = threading.Event()
    calls: list[int] = []

    def block() -> None:
        calls.append(1)
        answered.wait(30)

    keyring.block = block
    secrets = Secrets(keyring, deadline=0.05)
    try:
        await secrets.probe()
        assert await secrets.get_secret("a") is None
        assert "did not answer" in await secrets.describe()
        assert len(calls) == 1
    finally:
        answered.set()
