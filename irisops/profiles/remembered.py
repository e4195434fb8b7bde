"""State kept between runs: the last profile, and which stored passwords an instance has refused.

A refused password is not sent again at a later start, because refused logins lock accounts. Kept is a digest of login
and source (`user@host:port`, the command), never of a password.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from irisops.files import cure_of, locked, read_file, write_atomically

T = TypeVar("T")


class OwnFile(Generic[T]):
    """A file that only the program writes. `parse` raises `ValueError` for a damaged file, which counts as `empty`.

    `loss` is a sentence on the consequences of losing the file.
    """

    def __init__(self, path: Path, parse: Callable[[str], T], empty: T, loss: str) -> None:
        self.path = path
        self._parse = parse
        self._empty = empty
        self._loss = loss
        self.trouble = ""
        """What happened to an unreadable file, in a sentence or two; "" if all is well."""

    def read(self) -> T:
        """The contents; never raises. A damaged file is moved aside."""
        try:
            return self._parse(read_file(self.path).decode())
        except FileNotFoundError:
            return self._empty
        except OSError as error:
            why = f"{self.path} cannot be read: {error.strerror or error}"
            self.trouble = f"{why}. {self._loss} {cure_of(error)}"
            return self._empty
        except (ValueError, RecursionError):
            self.trouble = f"{self.path} is damaged{self._aside()}. {self._loss}"
            return self._empty

    def _aside(self) -> str:
        """Move the damaged file aside, replacing an earlier one."""
        aside = self.path.with_name(f"{self.path.name}.unreadable")
        with contextlib.suppress(OSError):
            self.path.replace(aside)
            return f"; it is kept as {aside.name}"
        return ""


@dataclass(frozen=True, slots=True)
class Remembered:
    """State for the next start."""

    profile: str = ""


class RememberedStore:
    """`remembered.toml` in the state folder: optional, so errors of reading or writing stop nothing."""

    def __init__(self, path: Path) -> None:
        self._file = OwnFile(
            path, _parsed, Remembered(), "The profile that was used last is not known; /connect takes one."
        )
        self._last = ""

    @property
    def trouble(self) -> str:
        """Why the file could not be read, or ""."""
        return self._file.trouble

    def load(self) -> Remembered:
        """Read the file; an unreadable one counts as empty."""
        return self._file.read()

    def remember(self, profile: str) -> bool:
        """Store the profile's name; False if the folder cannot be written."""
        if profile == self._last:
            return True
        self.load()  # moves a damaged file aside first
        quoted = profile.replace("\\", "\\\\").replace('"', '\\"')
        try:
            write_atomically(self._file.path, f'profile = "{quoted}"\n')
        except OSError:
            return False
        self._last = profile
        return True


def _parsed(text: str) -> Remembered:
    """Raises `ValueError`, `RecursionError`."""
    profile = tomllib.loads(text).get("profile", "")
    if not isinstance(profile, str):
        raise ValueError("no name")  # noqa: TRY004 - of the file, not of an argument
    return Remembered(profile)


Change = Callable[[list[str]], list[str]]
MOST = 200
"""Most marks kept; the oldest are dropped first."""


class RefusedStore:
    """`refused.json` in the state folder: optional, so errors of reading or writing stop nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: OwnFile[list[str]] = OwnFile(
            path, _parsed_marks, [], "Which password commands gave a refused password is not known any more."
        )

    def trouble(self) -> str:
        """Why the file cannot be read, or ""."""
        self._file.read()
        return self._file.trouble

    def holds(self, account: str, source: str) -> bool:
        """True if the password from that source was refused."""
        return _mark(account, source) in self._load()

    def add(self, account: str, source: str) -> bool:
        """Store a refusal; False if it cannot be written."""
        mark = _mark(account, source)
        return self._write(lambda marks: [*(each for each in marks if each != mark), mark])

    def clear(self, account: str, source: str) -> bool:
        """Forget a refusal; False if it cannot be written."""
        mark = _mark(account, source)
        if mark not in self._load():
            return True
        return self._write(lambda marks: [each for each in marks if each != mark])

    def _load(self) -> list[str]:
        return self._file.read()

    def _write(self, change: Change) -> bool:
        try:
            with locked(self.path):
                write_atomically(self.path, json.dumps(change(self._load())[-MOST:]) + "\n")
        except OSError:
            return False
        return True


def _parsed_marks(text: str) -> list[str]:
    """Raises `ValueError`, `RecursionError`."""
    data = json.loads(text)
    if not isinstance(data, list) or not all(isinstance(each, str) for each in data):
        raise ValueError("no list of marks")
    return data


def _mark(account: str, source: str) -> str:
    return hashlib.sha256(f"{account}\n{source}".encode()).hexdigest()
