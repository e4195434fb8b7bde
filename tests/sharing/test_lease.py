"""Lease files: private, whole, without secrets, never guessed at."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.instance.web import WebAddress
from irisops.sharing import procs
from irisops.sharing.lease import (
    Item,
    Lease,
    LeasedEndpoint,
    LeaseError,
    LeaseStore,
    Where,
    decode,
    encode,
    new_id,
    summary,
)
from irisops.sharing.procs import ProcessId
from irisops.sharing.teardown import web_address

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
WHERE = Where("local", "127.0.0.1", 1972, "_SYSTEM")


def lease(**changes: object) -> Lease:
    made = Lease(new_id(), WHERE, NOW, NOW + timedelta(hours=2), "USER", "sql")
    return replace(made, **changes)  # type: ignore[arg-type]


TEXT = st.text(max_size=20)
ITEMS = st.builds(Item, TEXT, st.sampled_from(["intended", "made"]))
TIMES = st.datetimes(timezones=st.just(UTC))
PROCESSES = st.builds(ProcessId, st.integers(1, 99999), TEXT)
LEASES = st.builds(
    Lease,
    id=TEXT,
    where=st.builds(Where, TEXT, TEXT, st.integers(1, 65535), TEXT),
    created=TIMES,
    until=TIMES,
    namespace=TEXT,
    template=TEXT,
    keeper=st.none() | PROCESSES,
    agent=st.none() | PROCESSES,
    runtime=TEXT,
    endpoints=st.lists(st.builds(LeasedEndpoint, TEXT, TEXT, TEXT, TEXT), max_size=2).map(tuple),
    role=st.none() | ITEMS,
    accounts=st.lists(ITEMS, max_size=3).map(tuple),
    schemas=st.lists(TEXT, max_size=2).map(tuple),
    sql=st.lists(TEXT, max_size=2).map(tuple),
    outlive=st.booleans(),
    problem=TEXT,
)


@given(LEASES)
def test_what_is_written_is_read(made: Lease) -> None:
    assert decode(encode(made)) == made


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "id": "x"}', "null"])
def test_what_is_no_lease_is_refused(text: str) -> None:
    with pytest.raises(LeaseError):
        decode(text)


@given(st.text())
def test_any_text_is_a_lease_or_a_lease_error(text: str) -> None:
    with pytest.raises(LeaseError):
        decode(text)


def test_the_file_is_private_and_whole(store: LeaseStore) -> None:
    made = lease()
    store.save(made)
    assert stat.S_IMODE(store.path(made.id).stat().st_mode) == 0o600
    assert store.read(made.id) == made
    store.delete(made.id)
    store.delete(made.id)
    assert store.read(made.id) is None


def test_a_broken_file_is_listed_and_the_others_are_read(store: LeaseStore) -> None:
    older, newer = lease(created=NOW - timedelta(days=1)), lease()
    store.save(newer)
    store.save(older)
    (store.folder / "bad.json").write_text("{")
    found = store.all()
    assert found.leases == [older, newer]
    assert [file.name for file, _why in found.broken] == ["bad.json"]


def test_no_folder_is_no_lease(tmp_path: Path) -> None:
    assert LeaseStore(tmp_path / "none").all().leases == []


def test_a_lease_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LeaseError, match="cannot be written"):
        LeaseStore(tmp_path / "file").save(lease())


def test_kept_means_that_very_process() -> None:
    own = procs.identify(os.getpid())
    assert lease(keeper=own).kept
    assert not lease(keeper=ProcessId(own.pid, "another boot/1")).kept
    assert not lease(keeper=ProcessId(own.pid, "")).kept
    assert not lease().kept


def test_the_sentences_of_a_start() -> None:
    own = procs.identify(os.getpid())
    lines = summary(
        [lease(id="a", keeper=own), lease(id="b"), lease(id="c", problem="it is off")],
        NOW + timedelta(minutes=30),
    )
    assert "open for another 90 min" in lines[0]
    assert "left behind" in lines[1]
    assert "it is off" in lines[2]


def test_a_signal_goes_to_nobody_else() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        known = procs.identify(child.pid)
        assert not procs.send(ProcessId(child.pid, known.started + "1"), 9)
        assert child.poll() is None
        assert procs.stop(known, 5.0)
        assert not procs.is_running(known)
    finally:
        child.kill()
        child.communicate()


def test_a_lease_of_an_earlier_version_has_no_web_port() -> None:
    made = Lease("600d600d", replace(WHERE, web="https://iris.example:8443/iris-a"), NOW, NOW)
    text = encode(made)
    assert decode(text) == made
    assert web_address(made.where) == WebAddress("iris.example", 8443, tls=True, prefix="/iris-a")
    without = json.loads(text)
    del without["where"]["web"]
    assert decode(json.dumps(without)).where == WHERE
    del without["where"]["port"]
    with pytest.raises(LeaseError):
        decode(json.dumps(without))


@pytest.mark.parametrize("web", ["", "http://", "http://h:x/", "http://[::1/", "nonsense"])
def test_a_web_port_that_is_none_is_left_out(web: str) -> None:
    assert web_address(replace(WHERE, web=web)) is None
