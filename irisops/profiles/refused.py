"""Which stored passwords an instance has refused, so that no later start sends one again: refused logins lock accounts.

Kept is a digest of login and source (`user@host:port`, the command), never of a password.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from irisops.files import locked, write_atomically
from irisops.profiles.kept_aside import OwnFile

Change = Callable[[list[str]], list[str]]
MOST = 200
"""Marks kept; the oldest go first."""


class RefusedStore:
    """`refused.json` in the state folder. A convenience: where it cannot be read or written, nothing is remembered."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: OwnFile[list[str]] = OwnFile(
            path, _parsed, [], "Which password commands gave a refused password is not known any more."
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


def _parsed(text: str) -> list[str]:
    """Raises `ValueError`, `RecursionError`."""
    data = json.loads(text)
    if not isinstance(data, list) or not all(isinstance(each, str) for each in data):
        raise ValueError("no list of marks")
    return data


def _mark(account: str, source: str) -> str:
    return hashlib.sha256(f"{account}\n{source}".encode()).hexdigest()
