"""The little that is remembered between runs without being a setting."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from irisops.files import write_atomically
from irisops.profiles.kept_aside import OwnFile


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
