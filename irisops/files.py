"""Writing small files so that neither a crash nor a second irisops loses what was in them.

Everything that irisops writes is its owner's alone, whatever the umask: files 0600, folders 0700. So nothing of the
product makes a file or a folder but by the functions here, or with such a mode.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
CURE_OF_DISK = "Make room or correct the rights of that file, then try again."
"""What a person can do about an `OSError` of a file."""


def private_folder(folder: Path) -> None:
    """Create a folder, with all that lead to it, that only its owner may enter. One that exists keeps its rights."""
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        # One by one: `parents=True` would give those in between the rights of the umask.
        missing.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)  # raises what is wrong with it if it is no folder


def open_private(path: Path, flags: int) -> int:
    """A descriptor of a file to be written with these `os.O_…` flags, made for its owner alone. Raises `OSError`."""
    return os.open(path, flags | os.O_CREAT, PRIVATE_FILE)


def write_new(path: Path, text: str) -> None:
    """Write a file that must not be there yet. Raises `FileExistsError` or another `OSError`."""
    with os.fdopen(open_private(path, os.O_WRONLY | os.O_EXCL), "w", encoding="utf-8") as file:
        file.write(text)


def sync_folder(folder: Path) -> None:
    """Make a rename or a new file in `folder` survive a power cut, where the platform can."""
    if sys.platform == "win32":
        return  # folders cannot be opened there; NTFS journals the rename
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` by `text`: after a crash at any point the file is either the old or the new one, whole.

    Raises `OSError`, with the old file untouched.
    """
    private_folder(path.parent)
    real = path.resolve()  # a link to a file in a dotfiles repository stays a link
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=real.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(real)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    sync_folder(real.parent)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)

    def _unlock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)

    def _unlock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of `path` (a file beside it) against every other irisops of this person.

    Held for the moment of one small write, so waiting for it is short. The lock ends with the process that holds it.
    """
    private_folder(path.parent)
    lock = path.with_name(f".{path.name}.lock")
    descriptor = open_private(lock, os.O_RDWR)
    with os.fdopen(descriptor, "r+b") as file:
        _lock(file)
        try:
            yield
        finally:
            _unlock(file)
