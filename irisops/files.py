"""The one place that opens files: regular ones only, and neither a crash nor a second irisops loses their contents.

A pipe, a device or a folder in place of a file is refused at once, with its name, instead of being waited for. Files
are created with mode 0600 and folders with 0700, whatever the umask.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
CURE_OF_DISK = "Make room or correct the rights of that file, then try again."
CURE_OF_OTHER = "Move it away, then try again."
CURE_OF_LOCK = "End the other irisops, which may hang, then try again."
LOCK_SECONDS = 3.0
"""Longest wait for the lock of a file; it is held for one small write."""
_LOCK_PAUSE = 0.02
"""Seconds between two tries for a lock."""
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
"""Flags for opening without waiting for the other end of a pipe, and without taking over a terminal."""
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class NotAFileError(OSError):
    """A path that leads to something else than a regular file; `strerror` says to what."""

    def __init__(self, path: Path, kind: str) -> None:
        super().__init__(errno.EINVAL, f"{path.name} is {kind}, not a file", str(path))


def cure_of(error: BaseException | None) -> str:
    """What a person can do about an `OSError` of a file."""
    if isinstance(error, TimeoutError):
        return CURE_OF_LOCK
    return CURE_OF_OTHER if isinstance(error, NotAFileError | NotADirectoryError) else CURE_OF_DISK


def expanded(name: str) -> Path:
    """A path with `~` expanded. As in a shell, that of an unknown user stays as it is."""
    return Path(os.path.expanduser(name))  # noqa: PTH111 - `Path.expanduser` raises `RuntimeError` for such a user


def named_file(name: str) -> Path:
    """The path that a person typed, expanded. Raises `OSError` for one that leads nowhere on any system.

    A file in this folder whose name begins with `~` is named as `./~name`.
    """
    if "\0" in name:
        raise OSError(errno.EINVAL, "a file's name holds no NUL", name)
    path = expanded(name)
    if path.parts[:1] and path.parts[0].startswith("~"):
        raise OSError(errno.ENOENT, f"the home folder {path.parts[0]} is not known", name)
    return path


def private_folder(folder: Path) -> None:
    """Create a folder and its parents with mode 0700. An existing one keeps its mode. Raises `OSError`."""
    try:
        for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
            # One by one: `parents=True` would create the parents with the mode of the umask.
            missing.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, f"{error.filename} is not a folder", error.filename) from None


def open_private(path: Path, flags: int) -> int:
    """Open a file for writing with these `os.O_…` flags, created with mode 0600. Raises `OSError`."""
    return _open(path, flags | os.O_CREAT)


def open_file(path: Path) -> BufferedReader:
    """Open a file for reading. Raises `OSError`."""
    return os.fdopen(_open(path, os.O_RDONLY), "rb")


def read_file(path: Path, most: int = -1) -> bytes:
    """The contents of a file, only the first `most` bytes if that is given. Raises `OSError`."""
    with open_file(path) as file:
        return file.read(most)


def refuse_other(path: Path) -> None:
    """Raise `NotAFileError` if `path` leads to something else than a regular file; a missing one passes.

    Raises another `OSError` if that cannot be found out.
    """
    mode = _mode(path)
    if mode is not None:
        _check(path, mode)


def _mode(path: Path) -> int | None:
    """What `path` leads to, as in `stat`; None if there is nothing. Raises `OSError`."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR):
            raise
        wrong = next((each for each in reversed(path.parents) if not each.is_dir()), None)
        if wrong is not None:
            raise NotADirectoryError(errno.ENOTDIR, f"{wrong} is not a folder", str(path)) from None
        if error.errno == errno.ELOOP:
            raise NotAFileError(path, "a link that leads back to itself") from None
        raise


def _open(path: Path, flags: int) -> int:
    refuse_other(path)  # to open a device or a pipe may already do something
    descriptor = os.open(path, flags | _AT_ONCE, PRIVATE_FILE)
    try:
        _check(path, os.fstat(descriptor).st_mode)  # it may have been replaced in between
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise NotAFileError(path, next((name for fits, name in _KINDS if fits(mode)), "something else"))


def write_new(path: Path, text: str) -> None:
    """Write a new file; what is written survives a power cut. Raises `FileExistsError` or another `OSError`."""
    # O_EXCL never opens what is there, so nothing has to be looked at first.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


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


def _beside(path: Path) -> tuple[int, str]:
    """A new file in the folder of `path`, open for writing."""
    import tempfile  # noqa: PLC0415 - not in the driver's process, which only reads

    return tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)


def write_atomically(path: Path, text: str) -> None:
    """Replace the contents of `path`: after a crash at any point the file is either the old or the new one.

    Raises `OSError` and leaves the old file untouched.
    """
    private_folder(path.parent)
    refuse_other(path)
    real = path.resolve()  # a link to a file in a dotfiles repository stays a link
    descriptor, name = _beside(real.with_name(path.name))
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


def back_up(path: Path, beside: Path) -> None:
    """Copy a file to a new one, with its mode, times, attributes and, where that is allowed, its owner.

    Raises `FileExistsError` or another `OSError`; nothing is left then.
    """
    data = read_file(path)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        _like(path, beside)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def rewrite(path: Path, data: bytes) -> None:
    """Replace the contents of somebody else's file: its mode, owner and attributes stay, as does a link to it.

    It is replaced at once where a new file can be given to the same owner. Else it is written in place, after the disk
    has granted the room. Raises `OSError`, and the file is untouched.
    """
    refuse_other(path)
    real = path.resolve()
    effective = os.access in os.supports_effective_ids
    if not os.access(
        real, os.W_OK, effective_ids=effective
    ):  # a folder that may be written to would let a read-only file be replaced
        raise PermissionError(errno.EACCES, f"{real.name} is read-only for you", str(real))
    descriptor, name = _beside(real)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        if _like(real, Path(name)):
            Path(name).replace(real)
            sync_folder(real.parent)
            return
        Path(name).unlink()
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    _write_in_place(real, data)


def _like(model: Path, made: Path) -> bool:
    """Give a file the mode, attributes and owner of another. False if the owner cannot be had. Raises `OSError`."""
    shutil.copystat(model, made)
    if sys.platform == "win32":
        return True
    wanted, has = model.stat(), made.stat()
    if (wanted.st_uid, wanted.st_gid) == (has.st_uid, has.st_gid):
        return True
    try:
        os.chown(made, wanted.st_uid, wanted.st_gid)
    except PermissionError:
        return False
    made.chmod(stat.S_IMODE(wanted.st_mode))  # a change of owner takes bits off the mode
    return True


def _write_in_place(path: Path, data: bytes) -> None:
    with os.fdopen(_open(path, os.O_RDWR), "r+b") as file:
        if sys.platform != "win32" and data:
            os.posix_fallocate(file.fileno(), 0, len(data))
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        """Take the lock. Raises `OSError` if another process has it."""
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _unlock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        """Take the lock. Raises `OSError` if another process has it."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextlib.contextmanager
def locked(path: Path, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the lock of `path` (a file beside it) against other irisops of the same user. It ends with its process.

    Raises `TimeoutError`, an `OSError`, if another one has held it for `seconds`; `OSError` if it cannot be made.
    """
    private_folder(path.parent)
    lock = path.with_name(f".{path.name}.lock")
    descriptor = open_private(lock, os.O_RDWR)
    with os.fdopen(descriptor, "r+b") as file:
        _wait_for_lock(file, path, seconds)
        try:
            yield
        finally:
            _unlock(file)


def _wait_for_lock(file: BinaryIO, path: Path, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while True:
        try:
            _lock(file)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES, errno.EINTR):
                raise
            if time.monotonic() >= ends:
                told = f"another irisops has kept {path.name} locked for {seconds:g} seconds"
                raise TimeoutError(errno.ETIMEDOUT, told, str(path)) from None
            time.sleep(_LOCK_PAUSE)
        else:
            return
