"""`password_command = "pass show iris/local"`: a command that prints a password."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from irisops.children import GROUND
from irisops.profiles.programs import ProgramError, ask, locate

DEADLINE = 60.0
"""Seconds: the program may ask for a passphrase in its own window."""


class PasswordCommandError(Exception):
    """The command gave no password. The text says why, without the program's output."""


def words_of(command: str) -> list[str]:
    """The program and its arguments, without a shell. Raises `ValueError` for unclosed quotes."""
    return shlex.split(command, posix=sys.platform != "win32")


def _home() -> Path:
    home = Path.home()
    return home if home.is_dir() else GROUND


async def password_from(
    command: str, *, environment: Mapping[str, str] | None = None, deadline: float = DEADLINE
) -> str:
    """The first line that the program prints, as with `pass show`. Raises `PasswordCommandError`.

    It gets no terminal and no `GPG_TTY`: a pinentry on ours would disturb the screen. It runs in the home folder,
    because a Python program would import modules from the working folder.
    """
    around = dict(os.environ if environment is None else environment)
    around.pop("GPG_TTY", None)
    try:
        argv = words_of(command)
    except ValueError:
        raise PasswordCommandError("its quotation marks do not match") from None
    if not argv:
        raise PasswordCommandError("it is empty")
    program = locate(argv[0], around)
    if program is None:
        bare = Path(argv[0]).name == argv[0] or Path(argv[0]).is_absolute()
        raise PasswordCommandError(f"there is no program {argv[0]}" if bare else f"{argv[0]} is no full path")
    try:
        printed = await ask([program, *argv[1:]], around, deadline, _home())
    except ProgramError as error:
        raise PasswordCommandError(f"it {error}") from None
    password = printed.split("\n", 1)[0].rstrip("\r")
    if not password:
        raise PasswordCommandError("it printed nothing")
    return password
