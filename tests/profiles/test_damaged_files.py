"""Files that the product reads back, each damaged in every way: a clear line, the good kept, nothing overwritten."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from irisops.contract.chat import Notice
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.remembered import RefusedStore, RememberedStore
from irisops.profiles.secrets import Secrets
from irisops.profiles.settings import SettingsStore
from irisops.profiles.store import ProfilesFileError, ProfileStore
from irisops.profiles.vault import FORMAT, Vault, VaultError
from irisops.session import Session
from irisops.ui.history import History

DEEP = b"[" * 100_000 + b"]" * 100_000
RAW = {
    "deep nesting": DEEP,
    "bad UTF-8": b"a = '\xff\xfe'",
    "NUL": b"\0" * 4096,
    "cut off": b'{"profile": "lo',
    "UTF-16": 'profile = "local"\n'.encode("utf-16"),
    "a number without end": b"a = " + b"9" * 5_000,
    "other words": b"Traceback (most recent call last):\n",
}
TOML = {**RAW, "deep nesting": b"a = " + DEEP, "deep tables": b"[" + b"a." * 20_000 + b"a]\nb = 1\n"}
BROKEN_JSON = {
    **{key: raw for key, raw in RAW.items() if key != "a number without end"},
    "an object": b'{"a": 1}',
    "numbers": b"[1, 2]",
    "a text": b'"abc"',
    "null": b"null",
    "nothing": b"",
}
each_toml = pytest.mark.parametrize("raw", TOML.values(), ids=TOML.keys())
each_json = pytest.mark.parametrize("raw", BROKEN_JSON.values(), ids=BROKEN_JSON.keys())


@each_toml
def test_a_damaged_profiles_file_is_one_line_and_stays_as_it_is(tmp_path: Path, raw: bytes) -> None:
    store = ProfileStore(tmp_path / "profiles.toml")
    store.path.write_bytes(raw)
    loaded = store.load()
    if loaded.problem is None:
        assert loaded.profiles == ()  # deep, but understood
        return
    assert str(loaded.problem).startswith(str(store.path))
    assert len(str(loaded.problem)) < 400
    with pytest.raises(ProfilesFileError):
        store.add(Profile("new", user="u"))
    assert store.path.read_bytes() == raw


@pytest.mark.parametrize(
    "wrong", ["poll_interval = 1" + "0" * 400, "port = 1" + "0" * 400, "port = inf", "poll_interval = nan"]
)
def test_a_number_that_no_profile_can_have_leaves_out_that_profile_alone(tmp_path: Path, wrong: str) -> None:
    store = ProfileStore(tmp_path / "profiles.toml")
    store.path.write_text(f'[profiles.bad]\nuser = "u"\n{wrong}\n[profiles.good]\nuser = "u"\n')
    loaded = store.load()
    assert [each.name for each in loaded.profiles] == ["good"]
    (warning,) = loaded.warnings
    assert "Profile bad was left out" in warning


@each_toml
def test_a_damaged_settings_file_is_one_line_and_stays_as_it_is(tmp_path: Path, raw: bytes) -> None:
    store = SettingsStore(tmp_path / "settings.toml")
    store.path.write_bytes(raw)
    loaded = store.load()
    (problem,) = loaded.problems
    assert str(store.path) in problem
    assert len(problem) < 400
    if "ignored" not in problem:
        with pytest.raises(ValueError, match=r".") as raised:
            store.change({"mouse": False})
        assert len(str(raised.value)) < 400
        assert store.path.read_bytes() == raw


def test_a_setting_without_end_is_ignored_and_the_others_hold(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.toml")
    store.path.write_text(f"poll_interval = 1{'0' * 400}\nmouse = false\n")
    loaded = store.load()
    assert not loaded.settings.mouse
    assert "line 1: poll_interval is a number of seconds" in loaded.problems[0]


@each_toml
def test_a_damaged_memory_of_the_last_profile_is_kept_aside_and_said(tmp_path: Path, raw: bytes) -> None:
    store = RememberedStore(tmp_path / "remembered.toml")
    (tmp_path / "remembered.toml").write_bytes(raw)
    assert store.load() == ""
    if not store.trouble():
        return  # deep, but understood
    assert store.trouble() == (
        f"{tmp_path / 'remembered.toml'} is damaged; it is kept as remembered.toml.unreadable. "
        "The profile that was used last is not known; /connect takes one."
    )
    assert store.remember("local")
    assert (tmp_path / "remembered.toml.unreadable").read_bytes() == raw
    again = RememberedStore(tmp_path / "remembered.toml")
    assert (again.load(), again.trouble()) == ("local", "")


@each_json
def test_a_damaged_list_of_refused_passwords_is_kept_aside_and_said(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "refused.json"
    store = RefusedStore(path)
    path.write_bytes(raw)
    assert not store.holds("u@h:1", "pass show x")
    assert store.trouble() == (
        f"{path} is damaged; it is kept as refused.json.unreadable. "
        "It is no longer known which password commands gave a refused password."
    )
    assert store.add("u@h:1", "pass show x")
    assert (tmp_path / "refused.json.unreadable").read_bytes() == raw
    assert RefusedStore(path).holds("u@h:1", "pass show x")


def test_a_damaged_memory_is_not_overwritten_by_a_start_that_does_not_need_it(tmp_path: Path) -> None:
    path = tmp_path / "remembered.toml"
    path.write_bytes(b"\0\0")
    assert RememberedStore(path).remember("local")
    assert (tmp_path / "remembered.toml.unreadable").read_bytes() == b"\0\0"


async def test_the_start_says_what_was_damaged(tmp_path: Path) -> None:
    places = Places.below(tmp_path)
    places.state.mkdir(parents=True)
    places.remembered.write_bytes(b"\0")
    places.refused.write_bytes(b"{}")
    session = Session(places, secrets=Secrets(None), polling=False, connect_first=False)
    said: list[Notice] = []
    session.subscribe(lambda: None, said.append)
    await session.start()
    await session.close()
    damaged = [each.message for each in said if " is damaged; " in each.message]
    assert len(damaged) == 2
    assert str(places.remembered) in damaged[0]
    assert str(places.refused) in damaged[1]


@each_json
def test_a_damaged_line_of_the_prompt_history_costs_that_line_alone(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "prompt-history.jsonl"
    line = b'{"at": "2026-11-24T10:00:00+00:00", "text": "/users"}\n'
    path.write_bytes(line + raw + b"\n" + line.replace(b"users", b"roles"))
    history = History(path)
    assert history.lines == ["/users", "/roles"]
    history.add("/license")
    assert path.read_bytes().startswith(line + raw)


SEALED = {
    **BROKEN_JSON,
    "another format": json.dumps({"format": "x"}).encode(),
    "a format that is a list": json.dumps({"format": [FORMAT]}).encode(),
    "no cost": json.dumps({"format": FORMAT}).encode(),
    "a cost in words": json.dumps({"format": FORMAT, "cost": "2"}).encode(),
    "a salt that is a number": json.dumps(
        {"format": FORMAT, "cost": 2, "salt": 1, "nonce": "", "data": ""}
    ).encode(),
    "a salt that is no base64": json.dumps(
        {"format": FORMAT, "cost": 2, "salt": "ä", "nonce": "", "data": ""}
    ).encode(),
    "deep inside": b'{"format": "' + FORMAT.encode() + b'", "cost": ' + DEEP + b"}",
}


@pytest.mark.parametrize("raw", SEALED.values(), ids=SEALED.keys())
def test_a_damaged_vault_raises_its_named_error_and_stays_as_it_is(tmp_path: Path, raw: bytes) -> None:
    vault = Vault(tmp_path / "secrets.json", cost=2)
    vault.path.write_bytes(raw)
    for attempt in (vault.check, vault.accounts, lambda: vault.unlock("correct horse")):
        with pytest.raises(VaultError, match="is not an encrypted file of irisops, or it is damaged"):
            attempt()
    assert vault.path.read_bytes() == raw


INSIDE = {
    "deep nesting": DEEP,
    "a list": b"[]",
    "numbers": b'{"a": 1}',
    "deep inside": b'{"a": ' + DEEP + b"}",
    "no JSON": b"canary-Secret-1",
    "bad UTF-8": b'{"a": "\xff"}',
}


@pytest.mark.parametrize("plain", INSIDE.values(), ids=INSIDE.keys())
def test_a_vault_with_something_else_inside_raises_its_named_error_without_a_word_of_it(
    tmp_path: Path, plain: bytes
) -> None:
    salt, nonce = bytes(16), bytes(12)
    key = Scrypt(salt=salt, length=32, n=2, r=8, p=1).derive(b"correct horse")
    data = AESGCM(key).encrypt(nonce, plain, f"{FORMAT}:2:{salt.hex()}".encode())
    parts = {
        name: base64.b64encode(each).decode()
        for name, each in (("salt", salt), ("nonce", nonce), ("data", data))
    }
    vault = Vault(tmp_path / "secrets.json")
    vault.path.write_text(json.dumps({"format": FORMAT, "cost": 2, **parts}))
    with pytest.raises(VaultError, match="irisops cannot read its contents") as raised:
        vault.unlock("correct horse")
    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert not vault.is_open


def test_a_passphrase_of_any_characters_is_tried(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "secrets.json", cost=2)
    vault.create("correct \udcff horse")
    vault.unlock("correct \udcff horse")
