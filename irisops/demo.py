"""The demo's private instance: a simulator in a child process that never outlives this one."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from irisops import children
from irisops.files import open_private, read_file
from irisops.profiles.places import Places

if TYPE_CHECKING:
    from irisops.profiles.model import Profile

READY_DEADLINE = 30.0
"""Seconds for the simulator to be ready; it takes well under one."""
STOP_DEADLINE = 5.0
LOG = "simulator.log"


class DemoError(Exception):
    """The simulator did not start; the text holds its output."""


@dataclass(frozen=True)
class Demo:
    """A running private instance. Its password is in no file and in no `repr`."""

    profile: Profile
    places: Places
    password: str

    def __repr__(self) -> str:
        return f"Demo({self.profile.address})"


class Practice:
    """A private instance and its folder. It is started after the first paint: both need the processor."""

    def __init__(self, home: Path, options: Sequence[str]) -> None:
        self.places = Places.below(home / "home")
        self._log = home / LOG
        self._options = options
        self._child: children.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._over = False

    def start(self) -> Demo:
        """Start it and block until it is ready. From any thread, once. Raises `DemoError`."""
        from irisops.profiles.model import Profile  # noqa: PLC0415 - not before the first paint

        with self._lock:
            if self._over:
                raise DemoError("The program ends.")
            with os.fdopen(open_private(self._log, os.O_RDWR | os.O_TRUNC), "w+b") as log:
                self._child = children.start_apart(
                    children.python("irisops", "simulator", "--with-parent", "--port", "0", *self._options),
                    children.python_environment(os.environ),
                    stderr=log,
                )
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

    def stop(self) -> None:
        """Stop it, and prevent a later start."""
        with self._lock:
            self._over = True
        if self._child is not None:
            _stop(self._child)


def simulator_options(options: argparse.Namespace) -> list[str]:
    """Command line options to pass on to the simulator."""
    passed: list[str] = []
    if options.scenario:
        passed += ["--scenario", options.scenario]
    if options.seed is not None:
        passed += ["--seed", str(options.seed)]
    for choice in options.doubt:
        passed += ["--doubt", choice]
    return passed


@contextlib.contextmanager
def prepared(options: Sequence[str] = ()) -> Iterator[Practice]:
    """A simulator on free ports, not started yet, with further `options`; stopped at the end.

    The child ends when its standard input closes, a pipe that only this process holds, so it never outlives this one.
    Files go to a temporary folder that is removed.
    """
    with tempfile.TemporaryDirectory(prefix="irisops-demo-") as folder:
        practice = Practice(Path(folder), options)
        try:
            yield practice
        finally:
            practice.stop()


@contextlib.contextmanager
def running(options: Sequence[str] = ()) -> Iterator[Demo]:
    """A running simulator. Raises `DemoError`."""
    with prepared(options) as practice:
        yield practice.start()


def _ready(child: children.Popen[bytes], log: Path) -> dict[str, object]:
    """The JSON line that the simulator prints when it listens."""
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
    said = read_file(log).decode(errors="replace").strip().splitlines()[-3:]
    raise DemoError(
        f"The simulator did not start (status {child.returncode}): {' '.join(said) or 'it said nothing'}"
    )


def _stop(child: children.Popen[bytes]) -> None:
    """Close its input, which ends it; kill it at the deadline."""
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    try:
        child.wait(STOP_DEADLINE)
    except children.TimeoutExpired:
        child.kill()
        child.wait()


def _number(value: object) -> int:
    if isinstance(value, int):
        return value
    raise DemoError(f"The simulator announced a port that is not a number: {value!r}")
