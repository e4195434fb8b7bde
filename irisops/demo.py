"""The demo's private instance: a simulator in a child process that never outlives this one."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from irisops.profiles.model import Profile
from irisops.profiles.places import Places

READY_DEADLINE = 30.0
"""Seconds for the simulator to be ready; it takes well under one."""
STOP_DEADLINE = 5.0
LOG = "simulator.log"


class DemoError(Exception):
    """The simulator did not start; the text says what it said."""


@dataclass(frozen=True)
class Demo:
    """A running private instance. Its password is in no file and in no `repr`."""

    profile: Profile
    places: Places
    password: str

    def __repr__(self) -> str:
        return f"Demo({self.profile.address})"


class Starting:
    """A simulator on its way: the process runs, `wait` tells when it listens."""

    def __init__(self, child: subprocess.Popen[bytes], home: Path) -> None:
        self.places = Places.below(home / "home")
        self._child = child
        self._log = home / LOG

    def wait(self) -> Demo:
        """Block until it is ready. Raises `DemoError`."""
        ready = _ready(self._child, self._log)
        profile = Profile(
            name="demo",
            host="127.0.0.1",
            port=_number(ready["superserver"]),
            namespace="%SYS",
            user=str(ready["username"]),
            web_port=_number(ready["web"]) if ready.get("web") else None,
        )
        return Demo(profile, self.places, str(ready["password"]))


@contextlib.contextmanager
def starting(options: Sequence[str] = ()) -> Iterator[Starting]:
    """Start a simulator on free ports with further command line `options`, and stop it at the end.

    The child watches its standard input, a pipe that only this process holds: however this process ends, the pipe
    closes and the child with it. Files go to a temporary folder that is removed.
    """
    with tempfile.TemporaryDirectory(prefix="irisops-demo-") as folder:
        home = Path(folder)
        with (home / LOG).open("w+b") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "irisops", "simulator", "--with-parent", "--port", "0", *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl+C in the terminal is for the chat, not for its instance
            )
        try:
            yield Starting(child, home)
        finally:
            _stop(child)


@contextlib.contextmanager
def running(options: Sequence[str] = ()) -> Iterator[Demo]:
    """A simulator that is ready. Raises `DemoError`."""
    with starting(options) as begun:
        yield begun.wait()


def _ready(child: subprocess.Popen[bytes], log: Path) -> dict[str, object]:
    """The line that the simulator prints when it listens."""
    assert child.stdout is not None  # noqa: S101 - it is a pipe
    watchdog = threading.Timer(READY_DEADLINE, child.kill)
    watchdog.start()
    try:
        line = child.stdout.readline()
    finally:
        watchdog.cancel()
    try:
        ready = json.loads(line)
        if isinstance(ready, dict):
            return ready
    except ValueError:
        pass
    child.wait(STOP_DEADLINE)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
    raise DemoError(
        f"The simulator did not start (status {child.returncode}): {' '.join(said) or 'it said nothing'}"
    )


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Close its input, which ends it; kill it if it does not."""
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    try:
        child.wait(STOP_DEADLINE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _number(value: object) -> int:
    if isinstance(value, int):
        return value
    raise DemoError(f"The simulator announced a port that is no number: {value!r}")
