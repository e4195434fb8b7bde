"""Which server processes of an instance are connections of agents, for the license board of every irisops here.

`irisops mcp` writes a small file while it is connected, and holds its lock: a file that nobody locks was left behind.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from irisops.files import locked, read_file, write_atomically
from irisops.profiles.model import Profile
from irisops.profiles.places import Places

MOST = 4096
"""Bytes read of one file."""


def _folder(places: Places) -> Path:
    return places.state / "agents" / "connections"


@contextlib.contextmanager
def announced(places: Places, profile: Profile, pid: int) -> Iterator[None]:
    """Say that process `pid` of the profile's instance is this program's, on behalf of an agent. Raises `OSError`."""
    path = _folder(places) / f"{os.getpid()}.json"
    with locked(path):
        write_atomically(
            path, json.dumps({"host": profile.host.casefold(), "port": profile.port, "pid": pid})
        )
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def agent_pids(places: Places, profile: Profile) -> frozenset[int]:
    """The server processes of a profile's instance that are connections of agents. Unreadable files say nothing."""
    try:
        files = [path for path in _folder(places).iterdir() if path.suffix == ".json"]
    except OSError:
        return frozenset()
    found = (_pid(path, profile) for path in files)
    return frozenset(pid for pid in found if pid is not None)


def _pid(path: Path, profile: Profile) -> int | None:
    try:
        record = json.loads(read_file(path, MOST))
        pid, host, port = record["pid"], record["host"], record["port"]
        with locked(path, 0):
            return None  # left behind by a program that was killed
    except TimeoutError:
        here = host == profile.host.casefold() and port == profile.port
        return pid if here and isinstance(pid, int) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None
