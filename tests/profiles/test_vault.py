from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from irisops.profiles.vault import MOST_COST, Vault, VaultError, VaultLockedError, WrongPassphraseError

PASSPHRASE = "correct horse"
SECRET = "canary-Secret-1"
QUICK = 2


def a_vault(tmp_path: Path) -> Vault:
    vault = Vault(tmp_path / "secrets.json", cost=QUICK)
    vault.create(PASSPHRASE)
    return vault


def reopened(vault: Vault, passphrase: str = PASSPHRASE) -> Vault:
    other = Vault(vault.path)
    other.unlock(passphrase)
    return other


def test_keeps_for_the_next_start_and_for_its_owner_alone(tmp_path: Path) -> None:
    vault = a_vault(tmp_path)
    vault.put("u@h:1", SECRET)
    assert reopened(vault).get("u@h:1") == SECRET
    assert reopened(vault).accounts() == ["u@h:1"]
    raw = vault.path.read_text()
    assert SECRET not in raw
    assert "u@h" not in raw
    assert PASSPHRASE not in raw
    assert SECRET not in repr(vault)
    if os.name == "posix":
        assert vault.path.stat().st_mode & 0o077 == 0
    vault.delete("u@h:1")
    vault.delete("u@h:1")
    assert reopened(vault).get("u@h:1") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(), st.text(), max_size=5))
def test_any_text_comes_back(tmp_path: Path, held: dict[str, str]) -> None:
    vault = Vault(tmp_path / "any.json", cost=QUICK)
    vault.path.unlink(missing_ok=True)
    vault.create(PASSPHRASE)
    for account, secret in held.items():
        vault.put(account, secret)
    other = reopened(vault)
    assert {account: other.get(account) for account in other.accounts()} == held


def test_a_wrong_passphrase_opens_nothing(tmp_path: Path) -> None:
    vault = a_vault(tmp_path)
    with pytest.raises(WrongPassphraseError):
        reopened(vault, "incorrect horse")
    with pytest.raises(VaultLockedError):
        Vault(vault.path).get("x")
    vault.lock()
    with pytest.raises(VaultLockedError):
        vault.put("x", SECRET)


def test_a_changed_byte_is_noticed_and_nothing_is_overwritten(tmp_path: Path) -> None:
    vault = a_vault(tmp_path)
    vault.put("x", SECRET)
    sealed = json.loads(vault.path.read_text())
    for key, value in (
        ("data", sealed["data"][:-4] + "AAAA"), ("nonce", "AAAAAAAAAAAAAAAA"), ("cost", 4), ("cost", MOST_COST * 2),
        ("salt", "!"), ("format", "other"), ("data", 3),
    ):  # fmt: skip
        vault.path.write_text(broken := json.dumps({**sealed, key: value}))
        with pytest.raises(VaultError):
            reopened(vault)
        with pytest.raises(VaultError):
            vault.put("y", SECRET)
        assert vault.path.read_text() == broken
    for text in ("", "[]", "\x00"):
        vault.path.write_text(text)
        with pytest.raises(VaultError, match="not an encrypted file"):
            reopened(vault)


def test_a_new_passphrase_keeps_the_secrets_and_locks_the_others_out(tmp_path: Path) -> None:
    vault = a_vault(tmp_path)
    vault.put("x", SECRET)
    other = reopened(vault)
    other.change_passphrase("another horse")
    assert reopened(vault, "another horse").get("x") == SECRET
    with pytest.raises(WrongPassphraseError):
        reopened(vault)
    with pytest.raises(VaultLockedError):
        vault.get("x")
    assert not vault.is_open


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    first = a_vault(tmp_path)
    second = reopened(first)
    first.put("a", "1")
    second.put("b", "2")
    assert reopened(first).accounts() == ["a", "b"]


def test_is_never_made_over_another_and_never_with_a_short_passphrase(tmp_path: Path) -> None:
    vault = a_vault(tmp_path)
    with pytest.raises(VaultError, match="already"):
        vault.create(PASSPHRASE)
    with pytest.raises(VaultError, match="8 characters"):
        Vault(tmp_path / "other.json").create("short")
    assert not (tmp_path / "other.json").exists()


def test_a_kill_in_the_middle_of_writing_leaves_it_whole(tmp_path: Path) -> None:
    vault = a_vault(tmp_path)
    vault.put("first", SECRET)
    writer = textwrap.dedent(f"""
        from pathlib import Path
        from irisops.profiles.vault import Vault
        vault = Vault(Path({str(vault.path)!r}))
        vault.unlock({PASSPHRASE!r})
        print("ready", flush=True)
        for number in range(100_000):
            vault.put("more", str(number))
    """)
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", writer], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            before = vault.path.stat().st_mtime_ns
            while vault.path.stat().st_mtime_ns == before:
                pass
            child.send_signal(signal.SIGKILL)
        assert reopened(vault).get("first") == SECRET
