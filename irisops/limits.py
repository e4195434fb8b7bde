"""Limits that a process sets for itself, first thing in its `main`: between fork and exec this would be unsafe.

Apart from `children`: neither the driver's process nor `--help` needs the means of starting programs in its memory.
"""

from __future__ import annotations

import os
import sys


def no_core_dumps() -> None:
    """Disable core dumps of this process and its children: memory holds passwords.

    The limit is 1 byte: 0 would still feed a handler such as systemd-coredump, which Linux skips at exactly 1
    (fs/coredump.c).
    """
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not there on Windows

        if resource.getrlimit(resource.RLIMIT_CORE)[1] != 0:  # a hard limit of 0 cannot be raised
            resource.setrlimit(resource.RLIMIT_CORE, (1, 1))


def limit_memory(size: int) -> bool:
    """Limit this process to `size` bytes of address space; False where the platform has no such limit."""
    if sys.platform == "win32":
        return False
    import resource  # noqa: PLC0415 - not there on Windows

    _most, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        size = min(size, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    except (OSError, ValueError):
        return False  # macOS refuses: its count includes shared memory, which is far larger
    return True


def no_new_privileges() -> bool:
    """Keep children from gaining privileges, even through sudo. False where the platform cannot do that."""
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415 - only the driver's process needs it

    set_no_new_privs = 38  # PR_SET_NO_NEW_PRIVS of linux/prctl.h, since Linux 3.5
    return bool(ctypes.CDLL(None).prctl(set_no_new_privs, 1, 0, 0, 0) == 0)


def limit_deeds(open_files: int) -> bool:
    """From now on this process starts no other one, writes into no file, and has `open_files` open at most.

    Pipes and sockets are no files here. False where the platform refuses one of the limits.

    * RLIMIT_NPROC 0: no program can be started by what a server made it import. Threads count too, so they are started
      before. Root is exempt (kernel/fork.c).
    * RLIMIT_FSIZE 0: no file can grow. It could still be emptied or removed.
    * RLIMIT_NOFILE: a socket and a few files of resolver and TLS are all that is needed.
    """
    if sys.platform == "win32":
        return False
    import resource  # noqa: PLC0415 - not there on Windows

    for limit, most in (
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, open_files),
    ):
        _soft, hard = resource.getrlimit(limit)
        lowered = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(limit, (lowered, lowered))
        except (OSError, ValueError):
            return False
    return True


def absolute(folders: str) -> str:
    """The absolute folders of a list such as PATH; a relative one means the working folder."""
    split = folders.split(os.pathsep)
    kept = [each for each in split if os.path.isabs(each)]  # noqa: PTH117 - `--help` does without pathlib
    if sys.platform == "win32":  # `\tools` is below the root of the drive of the working folder
        kept = [each for each in kept if os.path.splitdrive(each)[0]]
    return os.pathsep.join(kept)


def pass_over_relative_folders() -> None:
    """Leave the absolute folders alone in this process's own PATH: libraries in it look programs up and run them, too.

    Such as the keyring, which asks a compiler for the libraries of macOS (`ctypes.util.find_library`), on any platform.
    """
    if "PATH" in os.environ:
        os.environ["PATH"] = absolute(os.environ["PATH"])
