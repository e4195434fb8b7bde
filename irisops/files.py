"""Safe writing of small files: neither a crash nor a second irisops loses their contents.

Files are created with mode 0600 and folders with 0700, whatever the umask; the rest of the product creates them by
these functions or with the same modes.
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
    """Create a folder and its parents with mode 0700. An existing one keeps its mode."""
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        # One by one: `parents=True` would create the parents with the mode of the umask.
        missing.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)  # raises if it exists and is not a folder


def open_private(path: Path, flags: int) -> int:
    """Open a file for writing with these `os.O_…` flags, created with mode 0600. Raises `OSError`."""
    return os.open(path, flags | os.O_CREAT, PRIVATE_FILE)


def write_new(path: Path, text: str) -> None:
    """Write a new file. Raises `FileExistsError` or another `OSError`."""
    with os.fdopen(open_private(path, os.O_WRONLY | os.O_EXCL), "w", encoding="utf-8") as file:
        file.write(text)


def write_new_atomically(path: Path, text: str) -> None:
    """Write a new file: after a crash it is whole, or empty or missing. Raises `FileExistsError` or another `OSError`.

    The empty file keeps the name while the text is written: not every file system can link a finished file to it.
    """
    write_new(path, "")
    try:
        write_atomically(path, text)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Sync a folder, so that a rename or a new file in it survives a power cut, where the platform can."""
    if sys.platform == "win32":
        return  # folders cannot be opened there; NTFS journals the rename
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, text: str) -> None:
    """Replace the contents of `path`: after a crash at any point the file is either the old or the new one.

    Raises `OSError` and leaves the old file untouched.
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
    """Hold the lock of `path` (a file beside it) against other irisops of the same user.

    It is held for one small write, so the wait is short. The lock ends with its process.
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
