"""R5: each lease file by itself. A broken one is named and left; the good ones beside it are found and cleared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session
from irisops.sharing.lease import BIGGEST, Lease, LeaseStore, Where, encode

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
GOOD = Lease("600d600d", Where("local", "127.0.0.1", 1972, "_SYSTEM"), NOW, NOW + timedelta(hours=1))
"""Left behind, with nothing on the instance: it can be cleared without a password."""


def changed(**values: object) -> str:
    """A lease with some of its JSON values replaced."""
    return json.dumps(json.loads(encode(replace(GOOD, id="bad"))) | values)


def write(content: str | bytes) -> Callable[[Path], None]:
    def make(file: Path) -> None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    return make


KEEPER = {"pid": 1, "started": "x"}
BROKEN: dict[str, Callable[[Path], None]] = {
    "no UTF-8": write(b"\xff\xfe{}"),
    "deep lists": write("[" * 100_000),
    "deep objects": write('{"a":' * 100_000),
    "empty": write(""),
    "huge": write(b" " * (BIGGEST + 1)),
    "a list": write("[]"),
    "a number": write("3"),
    "another version": write(changed(format=2)),
    "a lone surrogate in a name": write(changed(id="\ud800")),
    "a text for a port": write(changed(where={**json.loads(encode(GOOD))["where"], "port": "1972"})),
    "a time without a zone": write(changed(until="2026-05-01T12:00:00")),
    "no time": write(changed(created="yesterday")),
    "a number for a time": write(changed(created=5)),
    "a text for a pid": write(changed(keeper=KEEPER | {"pid": "1"})),
    "true for a pid": write(changed(agent=KEEPER | {"pid": True})),
    "a number for a folder": write(changed(runtime=7)),
    "a list for a problem": write(changed(problem=[])),
    "a text for accounts": write(changed(accounts="guest")),
    "a state of its own": write(changed(role={"name": "r", "state": "gone"})),
    "a field too many": write(changed(surprise=1)),
    "another share's": write(encode(GOOD)),
    "a folder": lambda file: file.mkdir(),
    "a link to itself": lambda file: file.symlink_to(file),
    "a pipe": os.mkfifo,
    "no permission": lambda file: file.touch(mode=0),
}


@pytest.fixture(params=BROKEN)
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder of leases: the good one, and one that is broken."""
    if request.param == "no permission" and os.geteuid() == 0:
        pytest.skip("root may read everything")
    if request.param == "a pipe" and sys.platform == "win32":
        pytest.skip("there are none")
    folder = Places.below(tmp_path / "home").leases
    LeaseStore(folder).save(GOOD)
    BROKEN[request.param](folder / "bad.json")
    return folder


async def test_the_start_names_a_broken_lease_and_clears_the_good_one_beside_it(
    broken: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    session = Session(Places.below(tmp_path / "home"), secrets=Secrets(None), polling=False)
    await session.context.sharing_desk().recover(lambda notice: said.append(notice.message))
    await session.close()
    assert [line for line in said if str(broken / "bad.json") in line and "cannot be read" in line]
    assert [line for line in said if GOOD.id in line and "now taken down" in line]
    assert len(said) == 2
    assert "bad.json" in os.listdir(broken), "only a person may delete it"  # noqa: PTH208 - a name alone
    assert LeaseStore(broken).read(GOOD.id) is None


def command(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "irisops", *words],
        env={**os.environ, "IRISOPS_HOME": str(home), "HOME": str(home.parent)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("kind", ["no UTF-8", "deep lists", "a folder", "another version"])
def test_the_exit_status_says_that_a_broken_lease_is_left(tmp_path: Path, kind: str) -> None:
    home = tmp_path / "home"
    store = LeaseStore(Places.below(home).leases)
    store.save(GOOD)
    BROKEN[kind](store.folder / "bad.json")
    listed = command(home, "leases")
    assert GOOD.id in listed.stdout
    assert "bad.json" in listed.stdout + listed.stderr
    assert listed.returncode != 0

    cleared = command(home, "leases", "clear")
    assert "1 share taken down" in cleared.stdout
    assert "bad.json" in cleared.stdout + cleared.stderr
    assert cleared.returncode != 0

    again = command(home, "leases", "clear")
    assert "Nothing was left behind" not in again.stdout
    assert again.returncode != 0

    watched = command(home, "leases", "watch")
    assert "bad.json" in watched.stderr
    assert watched.returncode != 0


def test_a_folder_of_leases_that_is_none_is_said(tmp_path: Path) -> None:
    home = tmp_path / "home"
    folder = Places.below(home).leases
    folder.parent.mkdir(parents=True)
    folder.write_text("a file")
    told = command(home, "leases", "clear")
    assert str(folder) in told.stdout + told.stderr
    assert told.returncode != 0
