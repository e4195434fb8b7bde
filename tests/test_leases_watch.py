"""Passwords without a prompt: taken from the first source that has one; the others report why not, once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from irisops.leases_watch import Unasked
from irisops.profiles.model import Profile
from irisops.profiles.remembered import RefusedStore
from irisops.profiles.secrets import Secrets, account_of
from irisops.profiles.vault import Vault
from tests.commands.fakes import FakeKeyring

LOGIN = Profile("clinic", "h", 1972, user="u")


class Found:
    """An `Unasked` and its messages."""

    def __init__(self, folder: Path, secrets: Secrets, *kept: Profile) -> None:
        self.said: list[str] = []
        self.refused = RefusedStore(folder / "refused.json")
        self.unasked = Unasked(secrets, lambda: kept, self.refused, self.said.append)

    async def of(self, login: Profile = LOGIN) -> str | None:
        return await self.unasked.password_of(login)


def with_command(folder: Path, text: str) -> Profile:
    """The kept profile of the login, whose command prints `text` and counts its runs."""
    program = folder / "gives.py"
    program.write_text(f"open({str(folder / 'runs')!r}, 'a').write('x')\nprint({text!r})\n")
    return Profile("clinic", "h", 1972, user="u", password_command=f"{sys.executable} {program}")


def runs(folder: Path) -> int:
    counted = folder / "runs"
    return len(counted.read_text()) if counted.exists() else 0


async def test_the_keyring_comes_first(tmp_path: Path) -> None:
    keyring = FakeKeyring()
    keyring.put("irisops", account_of(LOGIN), "from-keyring")
    found = Found(tmp_path, Secrets(keyring), with_command(tmp_path, "from-command"))
    assert await found.of() == "from-keyring"
    assert (found.said, runs(tmp_path)) == ([], 0)


async def test_the_profiles_own_command_gives_it_and_is_run_once(tmp_path: Path) -> None:
    found = Found(tmp_path, Secrets(None), with_command(tmp_path, "from-command"))
    assert await found.of() == "from-command"
    assert await found.of() == "from-command"
    assert runs(tmp_path) == 1
    elsewhere = Profile("clinic", "h", 1973, user="u")
    assert await found.of(elsewhere) is None, "a command is for its own login alone"


async def test_a_command_that_fails_says_why_and_is_not_tried_again(tmp_path: Path) -> None:
    kept = Profile("clinic", "h", 1972, user="u", password_command="no-such-program x")
    found = Found(tmp_path, Secrets(None), kept)
    assert await found.of() is None
    assert await found.of() is None
    assert found.said == [
        "The password command of clinic gave no password: there is no program no-such-program."
    ]


async def test_what_was_refused_is_not_sent_again_in_this_run_or_a_later_one(tmp_path: Path) -> None:
    kept = with_command(tmp_path, "outdated")
    found = Found(tmp_path, Secrets(None), kept)
    assert await found.of() == "outdated"
    found.unasked.refused(LOGIN)
    assert await Found(tmp_path, Secrets(None), kept).of() is None
    again = Found(tmp_path, Secrets(None), kept)
    assert await again.of() is None
    assert "refused before" in again.said[0]
    assert runs(tmp_path) == 1


async def test_a_locked_file_says_that_nobody_can_open_it_and_the_command_is_tried(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "secrets")
    vault.create("a passphrase of mine")
    vault.put(account_of(LOGIN), "from-file")
    locked = Vault(tmp_path / "secrets")
    found = Found(tmp_path, Secrets(None, locked), with_command(tmp_path, "from-command"))
    assert await found.of() == "from-command"
    assert found.said[0].startswith("The encrypted file of passwords is locked, and nobody is here")


async def test_in_a_terminal_the_passphrase_is_asked_for_once(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "secrets")
    vault.create("a passphrase of mine")
    vault.put(account_of(LOGIN), "from-file")
    secrets = Secrets(None, Vault(tmp_path / "secrets"))
    asked: list[str] = []

    async def ask(title: str, _prompt: str) -> str | None:
        asked.append(title)
        return "a passphrase of mine"

    secrets.ask = ask
    found = Found(tmp_path, secrets)
    assert await found.of() == "from-file"
    assert await found.of() == "from-file"
    assert (len(asked), found.said) == (1, [])


async def test_a_file_that_is_not_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("not a vault")
    found = Found(tmp_path, Secrets(None, Vault(tmp_path / "secrets")))
    assert await found.of() is None
    assert found.said[0].startswith("The encrypted file of passwords cannot be used: ")


@pytest.mark.parametrize("place", ["keyring", "memory"])
async def test_nothing_known_is_none(tmp_path: Path, place: str) -> None:
    secrets = Secrets(FakeKeyring() if place == "keyring" else None)
    assert await Found(tmp_path, secrets).of() is None
