"""The little that is remembered between runs without being a setting."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from irisops.files import locked, write_atomically

T = TypeVar("T")


class OwnFile(Generic[T]):
    """A file of the state folder. `parse` raises `ValueError` for what is not such a file; `empty` stands in for it.

    `loss` says what it means that the file is not known, as a sentence.
    """

    def __init__(self, path: Path, parse: Callable[[str], T], empty: T, loss: str) -> None:
        self.path = path
        self._parse = parse
        self._empty = empty
        self._loss = loss
        self.trouble = ""
        """What became of a file that could not be read, in a sentence or two; "" as long as all is well."""

    def read(self) -> T:
        """What the file holds; never raises. A file that cannot be understood is moved out of the way, not lost."""
        try:
            return self._parse(self.path.read_bytes().decode())
        except FileNotFoundError:
            return self._empty
        except OSError as error:
            self.trouble = f"{self.path} cannot be read: {error.strerror or error}. {self._loss}"
            return self._empty
        except (ValueError, RecursionError):
            self.trouble = f"{self.path} is damaged{self._aside()}. {self._loss}"
            return self._empty

    def _aside(self) -> str:
        """Move the file out of the way of the next writing; its newest damaged state is kept."""
        aside = self.path.with_name(f"{self.path.name}.unreadable")
        with contextlib.suppress(OSError):
            self.path.replace(aside)
            return f"; it is kept as {aside.name}"
        return ""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the next start wants to know."""

    profile: str = ""


class RememberedStore:
    """`remembered.toml` in the state folder: a convenience, so neither reading nor writing it may stop anything."""

    def __init__(self, path: Path) -> None:
        self._file = OwnFile(
            path, _parsed, Remembered(), "The profile that was used last is not known; /connect takes one."
        )
        self._last = ""

    @property
    def trouble(self) -> str:
        """Why the file could not be read, once that was tried; "" if it could."""
        return self._file.trouble

    def load(self) -> Remembered:
        """Read the file; what cannot be read is not remembered."""
        return self._file.read()

    def remember(self, profile: str) -> bool:
        """Keep the profile's name; False if the folder cannot be written."""
        if profile == self._last:
            return True
        self.load()  # a damaged file is kept aside before it is written anew
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
"""Marks kept; the oldest go first."""


class RefusedStore:
    """`refused.json` in the state folder. A convenience: where it cannot be read or written, nothing is remembered."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: OwnFile[list[str]] = OwnFile(
            path, _parsed_marks, [], "Which password commands gave a refused password is not known any more."
        )

    def trouble(self) -> str:
        """Why the file cannot be read; "" if it can."""
        self._file.read()
        return self._file.trouble

    def holds(self, account: str, source: str) -> bool:
        """Whether the password from there was refused."""
        return _mark(account, source) in self._load()

    def add(self, account: str, source: str) -> bool:
        """Remember it; False if it cannot be written."""
        mark = _mark(account, source)
        return self._write(lambda marks: [*(each for each in marks if each != mark), mark])

    def clear(self, account: str, source: str) -> bool:
        """It was accepted, or the person wants another try; False if it cannot be written."""
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
