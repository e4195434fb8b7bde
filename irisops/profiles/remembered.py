"""State kept between runs: the last profile, and which stored passwords an instance has refused.

A refused password is not sent again at a later start, because refused logins lock accounts. Kept is a digest of login
and source (`user@host:port`, the command), never of a password.
"""

from __future__ import annotations

import contextlib
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from irisops.files import cure_of, locked, read_file, write_atomically

T = TypeVar("T")


class OwnFile(Generic[T]):
    """A file in the state folder that only the program writes: optional, so errors of reading or writing stop nothing.

    `parse` raises `ValueError` or `RecursionError` for a damaged file, which counts as `empty`; `loss` says in a
    sentence what that means.
    """

    def __init__(self, path: Path, parse: Callable[[str], T], empty: T, loss: str) -> None:
        self.path = path
        self._parse = parse
        self._empty = empty
        self._loss = loss
        self._trouble = ""

    def trouble(self) -> str:
        """Read the file; what happened to an unreadable one, in a sentence or two, "" if all is well."""
        self.load()
        return self._trouble

    def load(self) -> T:
        """The contents; never raises. A damaged file is moved aside."""
        try:
            return self._parse(read_file(self.path).decode())
        except FileNotFoundError:
            return self._empty
        except OSError as error:
            why = f"{self.path} cannot be read: {error.strerror or error}"
            self._trouble = f"{why}. {self._loss} {cure_of(error)}"
            return self._empty
        except (ValueError, RecursionError):
            self._trouble = f"{self.path} is damaged{self._aside()}. {self._loss}"
            return self._empty

    def _aside(self) -> str:
        """Move the damaged file aside, replacing an earlier one."""
        aside = self.path.with_name(f"{self.path.name}.unreadable")
        with contextlib.suppress(OSError):
            self.path.replace(aside)
            return f"; it is kept as {aside.name}"
        return ""


class RememberedStore(OwnFile[str]):
    """`remembered.toml`: the name of the profile used last, "" if unknown."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, _parsed, "", "The profile that was used last is not known; /connect takes one."
        )
        self._last = ""

    def remember(self, profile: str) -> bool:
        """Store the profile's name; False if the folder cannot be written."""
        if profile == self._last:
            return True
        self.load()  # moves a damaged file aside first
        quoted = profile.replace("\\", "\\\\").replace('"', '\\"')
        try:
            write_atomically(self.path, f'profile = "{quoted}"\n')
        except OSError:
            return False
        self._last = profile
        return True


def _parsed(text: str) -> str:
    profile = tomllib.loads(text).get("profile", "")
    if not isinstance(profile, str):
        raise ValueError("no name")  # noqa: TRY004 - of the file, not of an argument
    return profile


MOST = 200
"""Most marks kept; the oldest are dropped first."""


class RefusedStore(OwnFile[list[str]]):
    """`refused.json`: a mark per refused password, by login and source."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, _parsed_marks, [], "It is no longer known which password commands gave a refused password."
        )

    def holds(self, account: str, source: str) -> bool:
        """True if the password from that source was refused."""
        marks = self.load()
        return bool(marks) and _mark(account, source) in marks

    def add(self, account: str, source: str) -> bool:
        """Store a refusal; False if it cannot be written."""
        mark = _mark(account, source)
        return self._without(mark, [mark])

    def clear(self, account: str, source: str) -> bool:
        """Forget a refusal; False if it cannot be written."""
        return not self.holds(account, source) or self._without(_mark(account, source), [])

    def _without(self, mark: str, then: list[str]) -> bool:
        """Write the other marks, followed by `then`."""
        try:
            with locked(self.path):
                marks = [each for each in self.load() if each != mark]
                write_atomically(self.path, json.dumps([*marks, *then][-MOST:]) + "\n")
        except OSError:
            return False
        return True


def _parsed_marks(text: str) -> list[str]:
    data = json.loads(text)
    if not isinstance(data, list) or not all(isinstance(each, str) for each in data):
        raise ValueError("no list of marks")
    return data


def _mark(account: str, source: str) -> str:
    from hashlib import sha256  # noqa: PLC0415 - 0.6 MB with OpenSSL's part, which no idle chat needs

    return sha256(f"{account}\n{source}".encode()).hexdigest()


class ExportsStore(OwnFile[dict[str, str]]):
    """`exports.json`: the folder of the last export of each profile."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _texts, {}, "The folders of earlier exports are not known; /diff takes one.")

    def last(self, profile: str) -> Path | None:
        """The folder of the last export of a profile; None if none is known."""
        found = self.load().get(profile.casefold())
        return Path(found) if found else None

    def remember(self, profile: str, folder: Path) -> bool:
        """Store the folder; False if the state folder cannot be written."""
        known = self.load() | {profile.casefold(): str(folder.absolute())}
        try:
            write_atomically(self.path, json.dumps(known))
        except OSError:
            return False
        return True


def _texts(text: str) -> dict[str, str]:
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ValueError("not a table of texts")
    return found
