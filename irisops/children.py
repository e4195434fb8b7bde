"""Starting other programs: the only module of the product that does, so that each child starts in the same way.

* It does not run in the folder in which irisops was started, and no file of that folder is taken for a module or a
  program of its own: Python runs with `-P`, relative entries of PATH and PYTHONPATH are passed over.
* It inherits no descriptor but its standard streams, no terminal, and no variable that holds a secret of irisops.
* It leaves no core dump (`irisops.limits`, inherited), and the one that reads what a server sends has a bound of
  memory.

An absolute folder in PYTHONPATH was on the path of irisops itself: passing it on adds no risk. The child that reads
what a server sends is stricter (`isolated`): a server can make it import a module.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

import irisops
from irisops.limits import absolute

if TYPE_CHECKING:
    import asyncio

PIPE = subprocess.PIPE
DEVNULL = subprocess.DEVNULL
Popen = subprocess.Popen
TimeoutExpired = subprocess.TimeoutExpired
"""Re-exported, so that no other module imports `subprocess`."""

GROUND = Path(sys.prefix) if sys.platform == "win32" else Path("/")
"""Working folder of children: only an administrator, or the owner of the installation, can write there."""

SECRETS = frozenset({"IRISOPS_PASSWORD", "NGROK_AUTHTOKEN", "NGROK_API_KEY"})
"""Environment variables that hold secrets. A child that needs one gets it over its pipe."""

MOST_SAID = 1 << 16
"""Bytes read from a program that should print little; the rest is dropped."""

_PYTHON_KEPT = frozenset({"PYTHONDONTWRITEBYTECODE", "PYTHONIOENCODING", "PYTHONNOUSERSITE", "PYTHONUTF8"})
_PYTHON_FOLDERS = frozenset({"PYTHONHOME", "PYTHONPATH", "PYTHONPYCACHEPREFIX", "PYTHONUSERBASE"})
"""Variables that a Python child may inherit. Others that start with PYTHON could make it run or import something."""


# commands


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module of ours in the Python that runs this one."""
    return (sys.executable, "-P", "-m", module, *arguments)


def isolated(module: str, folders: Sequence[str] | None = None) -> tuple[str, ...]:
    """The command that calls `main` of a module of ours in a Python that nobody but its arguments can steer.

    `-I` passes over PYTHON variables and the user's own site, `-S` over `.pth` files and `sitecustomize`: what is left
    is the standard library, whose folders `main` gets. The module is imported from `folders`, by default those of this
    process, so that an irisops found through PYTHONPATH or in the user's site is found again. Once all is imported,
    `main` can go back to the standard library alone.
    """
    options = ["-I", "-S", "-P"]
    if sys.dont_write_bytecode:
        options.append("-B")
    if sys.flags.utf8_mode:
        options += ["-X", "utf8"]
    return (
        sys.executable,
        *options,
        "-c",
        _CALL_MAIN,
        module,
        *(_own_folders() if folders is None else folders),
    )


_CALL_MAIN = """\
import importlib, sys
library, sys.path[:] = sys.path[:], sys.argv[2:]
sys.exit(importlib.import_module(sys.argv[1]).main(library))
"""


def _own_folders() -> list[str]:
    """The import path of this process, without the folder of a script or the working folder."""
    found = [folder for folder in sys.path[0 if sys.flags.safe_path else 1 :] if Path(folder).is_absolute()]
    root = Path(irisops.__file__).resolve().parent.parent
    return found if root in {Path(folder).resolve() for folder in found} else [str(root), *found]


def locate(name: str, environment: Mapping[str, str]) -> str | None:
    """The full path of a program: `name` itself if it is one, else the first in an absolute folder of PATH.

    `shutil.which` also searches the working folder if PATH or Windows says so; anybody may have put a file there.
    """
    endings = ("",)
    if sys.platform == "win32":
        listed = environment.get("PATHEXT", ".COM;.EXE;.BAT;.CMD").split(";")
        endings = ("", *listed) if Path(name).suffix.upper() in map(str.upper, listed) else tuple(listed)
    folders = [""] if Path(name).name != name else absolute(environment.get("PATH", "")).split(os.pathsep)
    for folder in folders:
        for ending in endings:
            path = Path(folder, name + ending)
            if path.is_absolute() and os.access(path, os.X_OK) and path.is_file():
                return str(path)
    return None


# environments


def program_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a foreign program."""
    kept = {name: value for name, value in environ.items() if name not in SECRETS}
    if "PATH" in kept:
        kept["PATH"] = absolute(kept["PATH"])
    return kept


def python_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a Python child: this package is importable, the working folder is not."""
    kept: dict[str, str] = {}
    for name, value in program_environment(environ).items():
        if name in _PYTHON_FOLDERS:
            if folders := absolute(value):
                kept[name] = folders
        elif not name.startswith("PYTHON") or name in _PYTHON_KEPT:
            kept[name] = value
    root = Path(irisops.__file__).resolve().parent.parent
    if sys.path and Path(sys.path[0]).resolve() == root:
        # A checkout that runs from its own folder; installed packages, editable or not, need no entry.
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, (str(root), kept.get("PYTHONPATH", ""))))
    return kept


# starting


async def start(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: int = PIPE,
    stdout: int = PIPE,
    stderr: int = DEVNULL,
    folder: Path = GROUND,
) -> asyncio.subprocess.Process:
    """Start a child of the running event loop. Raises `OSError`, or `ValueError` for an impossible command."""
    import asyncio  # noqa: PLC0415 - the command line must not pay for it

    return await asyncio.create_subprocess_exec(
        *_full(argv),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=dict(environment),
        cwd=folder,
        close_fds=True,
        # Outside the terminal's foreground group: Ctrl+C goes to the chat alone, and the child cannot prompt.
        start_new_session=sys.platform != "win32",
    )


def start_apart(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: int = PIPE,
    stderr: int | IO[bytes] = DEVNULL,
    bufsize: int = -1,
) -> Popen[bytes]:
    """Start a child that belongs to no event loop, with a pipe for its output. Raises like `start`."""
    return Popen(
        _full(argv),
        bufsize=bufsize,
        stdin=stdin,
        stdout=PIPE,
        stderr=stderr,
        env=dict(environment),
        cwd=GROUND,
        close_fds=True,
        start_new_session=sys.platform != "win32",
    )


def ask_and_wait(argv: Sequence[str], environment: Mapping[str, str], deadline: float) -> str:
    """The first `MOST_SAID` bytes of a program's standard output. Blocks. Raises like `start`.

    Also raises `TimeoutExpired` if the program has printed less than that and still runs after `deadline` seconds.
    """
    late = threading.Event()
    with start_apart(argv, environment, stdin=DEVNULL) as child:

        def end() -> None:
            late.set()
            child.kill()

        watchdog = threading.Timer(deadline, end)
        watchdog.start()
        try:
            assert child.stdout is not None  # noqa: S101 - it is a pipe
            said = child.stdout.read(MOST_SAID)
        finally:
            watchdog.cancel()
            child.kill()  # enough was read, or it has ended
    if late.is_set():
        raise TimeoutExpired(list(argv), deadline)
    return said.decode("utf-8", "replace")


def _full(argv: Sequence[str]) -> list[str]:
    """Check that the program has a full path: otherwise the system would look it up, in the working folder too."""
    if not argv or not Path(argv[0]).is_absolute():
        raise ValueError(f"a program must be named by its full path, not {argv[:1]}")
    return list(argv)
