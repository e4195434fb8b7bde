"""A lock between several irisops of one person that change one instance, held from the last read to the read-back.

No fact confirms a lock of the instance for this, so the lock is a file on this machine. It separates processes of one
person on this machine that use one address. Other simultaneous changes of the same object (the portal, another machine)
are detected by reading back, as far as possible.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Literal

from irisops.connections.connection import Link
from irisops.contract.chat import Notice
from irisops.contract.replies import Refusal
from irisops.engine.context import Context
from irisops.files import cure_of, open_private, private_folder
from irisops.profiles.model import Profile

What = Literal[
    "users and roles",
    "services",
    "web applications",
    "resources",
    "security settings",
    "OAuth definitions",
    "SQL privileges",
    "tasks",
    "namespaces",
    "databases",
]
"""Kinds of changes with a lock each: a change of one kind does not wait for one of another."""
PATIENCE = 30.0
"""Seconds to wait for the lock: longer than nearly all changes take."""
_LOOK_AGAIN = 0.05
"""Seconds between two attempts: waiting for a file lock would need a thread."""
_SAID_AFTER = 0.5
"""Seconds of waiting before a notice."""
_HERE = ("localhost", "127.0.0.1", "::1")

if sys.platform == "win32":
    import msvcrt

    def _taken(descriptor: int) -> bool:
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # beyond the number in it, which stays readable
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
else:
    import fcntl

    def _taken(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@asynccontextmanager
async def turn(context: Context, link: Link, what: What) -> AsyncIterator[None]:
    """Hold the lock for changes of `what` on the instance of `link`. The end of the process releases it.

    Raises `Refusal` if it is not free within `PATIENCE`, or if no file can be locked.
    """
    folder = context.places.state / "turns"
    try:
        private_folder(folder)
        descriptor = open_private(_file(folder, link.profile, what), os.O_RDWR)
    except OSError as error:
        raise _cannot(folder, error) from error
    try:
        await _wait(context, link, what, descriptor)
        yield
    finally:
        os.close(descriptor)  # releases the lock, too


def _file(folder: Path, profile: Profile, what: What) -> Path:
    """The lock file of an instance and kind of change; the profile's name does not matter."""
    host = profile.host.casefold()
    address = f"{_HERE[0] if host in _HERE else host}:{profile.port}"
    return folder / f"{sha256(address.encode()).hexdigest()[:16]}-{what.replace(' ', '-')}.lock"


def _cannot(folder: Path, error: OSError) -> Refusal:
    return Refusal(
        "NoTurn",
        f"Nothing was changed: no file in {folder} can be locked: {error.strerror or error}.",
        cure_of(error),
    )


async def _wait(context: Context, link: Link, what: What, descriptor: int) -> None:
    began = context.clock.monotonic()
    said = False
    while not _try(context, descriptor):
        waited = context.clock.monotonic() - began
        who = _holder(descriptor)
        if waited >= PATIENCE:
            raise Refusal(
                "Busy",
                f"Nothing was changed: another irisops of yours{who} has been changing {what} of {link.name} for "
                f"{waited:.0f} seconds.",
                "Wait for it, or close it; then give the command again to see a fresh plan.",
            )
        if waited >= _SAID_AFTER and not said:
            said = True
            message = (
                f"Another irisops of yours{who} is changing {what} of {link.name}: this change waits for it."
            )
            context.notify(Notice("info", message, profile=link.name))
        await context.clock.sleep(_LOOK_AGAIN)


def _try(context: Context, descriptor: int) -> bool:
    """Take the lock if it is free, and write this process's id to it."""
    try:
        if not _taken(descriptor):
            return False
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
    except OSError as error:
        raise _cannot(context.places.state / "turns", error) from error
    return True


def _holder(descriptor: int) -> str:
    """The process that holds the lock, as ` (process 123)`; "" if that cannot be read."""
    with contextlib.suppress(OSError):
        os.lseek(descriptor, 0, os.SEEK_SET)
        pid = os.read(descriptor, 20)
        if pid.isdigit():
            return f" (process {pid.decode()})"
    return ""
