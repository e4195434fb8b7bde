"""A share that outlives its command: opened without a screen, and open until its deadline.

Issue 7, points 2 and 5.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.sharing.living import PASSWORD, TOKEN, Running, ended, living, reachable
from tests.sharing.test_canaries import files_below, found, told_by_processes

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
    pytest.mark.timeout(240),
]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with living(tmp_path) as everything:
        yield everything


def run(running: Running, *words: str) -> subprocess.CompletedProcess[str]:
    """`irisops …` without a terminal, with its secrets in the environment, as in a script."""
    return subprocess.run(
        [sys.executable, "-m", "irisops", *words],
        env=running.environment() | {"IRISOPS_PASSWORD": PASSWORD, "NGROK_AUTHTOKEN": TOKEN},
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


def share(running: Running, until: str) -> subprocess.CompletedProcess[str]:
    line = f"/share superserver for {until} people 2 outlive=yes probe=no agent={running.agent}"
    return run(running, "run", "--profile", "local", "--yes", "--confirm", "local", line)


def test_it_goes_on_without_us_keeps_no_secret_about_and_ends_at_its_deadline(running: Running) -> None:
    before = running.instance.security()
    now = datetime.now().astimezone()
    # The next whole minute, unless opening could take until then.
    minute = (now + timedelta(seconds=90 if now.second > 30 else 60)).replace(second=0, microsecond=0)
    done = share(running, f"{minute:%H:%M}")
    assert done.returncode == 0, done.stdout + done.stderr

    (lease,) = running.leases.all().leases
    address = lease.endpoints[0].public_url
    assert address in done.stdout
    assert lease.outlive
    assert reachable(address)
    assert len(running.instance.guests()) == 2
    left = running.processes()
    assert {words for line in left.values() for words in ("keeper", "agent") if words in line} == {
        "keeper",
        "agent",
    }
    assert found([PASSWORD, TOKEN], told_by_processes(running)) == []
    listed = run(running, "leases")
    assert lease.id in listed.stdout

    for pid in left:
        assert ended(pid, patience=150.0), f"{left[pid]} goes on after {minute:%H:%M}"
    assert running.processes() == {}
    assert datetime.now().astimezone() >= minute, "not before its time"
    assert not reachable(address)
    assert running.leases.all().leases == []
    assert running.instance.guests() == []
    assert running.instance.security() == before
    assert found([PASSWORD, TOKEN], files_below(running.home, running.home.parent / "run")) == []


def test_an_amber_share_wants_its_word_here_too(running: Running) -> None:
    line = f"/share superserver for 5m people 1 outlive=yes probe=no agent={running.agent}"
    done = run(running, "run", "--profile", "local", "--yes", line)
    assert done.returncode != 0
    assert "--confirm local" in done.stdout + done.stderr
    assert running.processes() == {}
    assert running.leases.all().leases == []
