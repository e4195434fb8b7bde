"""Files that irisops reads back: journal, leases, profiles, settings, the vault, remembered values, typed lines."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import strategies as st

from irisops.journal import Intent, Journal
from irisops.profiles.address import AddressError, parse_address
from irisops.profiles.model import Profile
from irisops.profiles.remembered import RefusedStore, RememberedStore
from irisops.profiles.settings import SettingsStore, template
from irisops.profiles.store import ProfileExistsError, ProfilesFileError, ProfileStore
from irisops.profiles.vault import FORMAT, Vault, VaultError
from irisops.sharing.lease import Item, Lease, LeaseError, LeaseStore, Where, decode, encode, summary
from irisops.ui.history import History
from tests.fuzz.conftest import Fuzz
from tests.fuzz.mutation import SECRET, json_bytes, json_texts, raw, texts

NOW = datetime(2026, 11, 24, 14, 43, tzinfo=UTC)
OLD = Path(__file__).parent.parent / "data" / "journals" / "ce5a615"
LINES = [
    line for name in ("changes.jsonl", "cut-off.jsonl") for line in (OLD / name).read_text().splitlines()
]


def test_journal(fuzz: Fuzz, tmp_path: Path) -> None:
    good = f"{LINES[0]}\n".encode()
    journal = Journal(tmp_path / "j.jsonl", lambda: NOW)

    def read(data: bytes) -> object:
        journal.path.write_bytes(good + data)
        reading = journal.read()
        assert reading.entries, "the good line before is there"
        for entry in reading.entries:
            _ = (entry.can_be_undone, entry.half_done)
        number = journal.intend(Intent("t", "/c", "i", "u", [("a", "b", "c")]))
        assert number not in {entry.number for entry in reading.entries}
        assert journal.read().entry(number) is not None
        return reading.skipped

    lines = json_bytes([json.loads(line) for line in LINES])
    fuzz.run(st.lists(lines, max_size=4).map(b"\n".join), read)


LEASE = Lease(
    id="0a1b2c3d",
    where=Where("local", "127.0.0.1", 1972, "admin"),
    created=NOW,
    until=NOW,
    role=Item("role", "made"),
    accounts=(Item("guest", "intended"),),
)


def test_lease(fuzz: Fuzz, tmp_path: Path) -> None:
    plain = json.loads(encode(LEASE))

    def read(text: str) -> object:
        lease = decode(text)
        return summary([lease], NOW), encode(lease), repr(lease)

    fuzz.run(json_texts([plain]), read, LeaseError)


def test_folder_of_leases(fuzz: Fuzz, tmp_path: Path) -> None:
    store = LeaseStore(tmp_path)
    store.save(LEASE)

    def read(data: bytes) -> object:
        (tmp_path / "ffffffff.json").write_bytes(data)
        found = store.all()
        assert LEASE in found.leases, "the good one beside it is there"
        return found.broken

    fuzz.run(
        json_bytes([json.loads(encode(replace(LEASE, id="ffffffff")))]),
        read,
        told=repr,
    )


PROFILES = """\
# mine
[profiles.local]
host = "127.0.0.1"
port = 1972
user = "_SYSTEM"
password_command = "pass show x"
[profiles."big one"]
host = "h"
new_key = 1

[profiles.web]
user = "u"
web_port = 52773
poll_interval = 2.5
read_only = true
"""


def test_profiles(fuzz: Fuzz, tmp_path: Path) -> None:
    store = ProfileStore(tmp_path / "profiles.toml")

    def read(data: bytes) -> object:
        store.path.write_bytes(data)
        loaded = store.load()
        try:
            store.add(Profile("new-one", user="u"))
        except (ProfilesFileError, ProfileExistsError):
            assert store.path.read_bytes() == data
        else:
            assert len(store.load().profiles) == len(loaded.profiles) + 1
        return loaded

    fuzz.run(raw([PROFILES]), read)


def test_settings(fuzz: Fuzz, tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.toml")

    def read(data: bytes) -> object:
        store.path.write_bytes(data)
        loaded = store.load()
        try:
            store.change({"mouse": False})
        except ValueError:
            assert store.path.read_bytes() == data
        else:
            assert not store.load().settings.mouse
        return loaded

    fuzz.run(
        raw([template(), 'poll_interval = 5.0\nmouse = true\ntheme = "dark"\nlog_level = "info"\n']), read
    )


def test_vault(fuzz: Fuzz, tmp_path: Path) -> None:
    sample = Vault(tmp_path / "sample.json", cost=2)
    sample.create("correct horse")
    sample.put("u@h:1", SECRET)
    vault = Vault(tmp_path / "secrets.json", cost=2)

    def read(data: bytes) -> object:
        vault.path.write_bytes(data)
        vault.check()
        cost = json.loads(data)["cost"]
        if cost <= 16:  # a greater one is as slow as it says
            vault.unlock("correct horse")
            vault.put("u@h:2", "x")
        return vault

    fuzz.run(
        json_bytes([json.loads(sample.path.read_text()), {"format": FORMAT}]), read, VaultError, told=repr
    )


def test_what_is_remembered(fuzz: Fuzz, tmp_path: Path) -> None:
    path = tmp_path / "remembered.toml"

    def read(data: bytes) -> object:
        path.write_bytes(data)
        store = RememberedStore(path)
        store.load()
        assert store.remember("local")
        assert RememberedStore(path).load() == "local"
        return store

    fuzz.run(raw(['profile = "local"\n']), read)


def test_refused_passwords(fuzz: Fuzz, tmp_path: Path) -> None:
    path = tmp_path / "refused.json"

    def read(data: bytes) -> object:
        path.write_bytes(data)
        store = RefusedStore(path)
        store.holds("a", "b")
        assert store.add("a", "b")
        assert store.holds("a", "b")
        return store

    fuzz.run(json_bytes([["0" * 64, "f" * 64]]), read)


def test_typed_lines(fuzz: Fuzz, tmp_path: Path) -> None:
    path = tmp_path / "prompt-history.jsonl"
    good = b'{"at": "2026-11-24T10:00:00+00:00", "text": "/good"}\n'

    def read(data: bytes) -> object:
        path.write_bytes(good + data + b"\n")
        history = History(path)
        assert history.lines
        history.search("g")
        history.add("/next")
        return history

    samples = [json.loads(good), {"at": "2026-11-24T10:00:01+00:00", "text": "who holds my license"}]
    fuzz.run(json_bytes(samples), read)


def test_addresses(fuzz: Fuzz) -> None:
    samples = [
        f"iris://_SYSTEM:{SECRET}@db.example.org:1972/%25SYS", "iris://u%40x@[::1]:51773/USER", "iris://u@h", "iris:///",
    ]  # fmt: skip
    fuzz.run(texts(samples), parse_address, AddressError)
