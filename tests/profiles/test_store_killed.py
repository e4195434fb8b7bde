"""kill -9 in the middle of a write: the profiles file is the old or the new one, whole, and the lock is free."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from irisops.profiles.model import Profile
from irisops.profiles.store import ProfileStore

ROUNDS = 5
WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from irisops.profiles.store import ProfileStore
store = ProfileStore(Path(sys.argv[1]))
(old,) = store.load().profiles
print("ready", flush=True)
for number in range(1, 100_000):
    store.replace("a", replace(old, port=number % 60_000 + 1))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_kill_in_the_middle_of_writing_loses_nothing(tmp_path: Path) -> None:
    store = ProfileStore(tmp_path / "profiles.toml")
    store.add(Profile("a", user="u" * 2000))
    for _ in range(ROUNDS):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store.path)], stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            begun = store.path.stat().st_mtime_ns
            while store.path.stat().st_mtime_ns == begun:
                pass
            child.send_signal(signal.SIGKILL)
        loaded = store.load()
        assert loaded.problem is None
        assert loaded.warnings == ()
        assert [profile.user for profile in loaded.profiles] == ["u" * 2000]
    store.add(Profile("b", user="u"))  # the dead writer's lock holds nobody up
    assert [profile.name for profile in store.load().profiles] == ["a", "b"]
