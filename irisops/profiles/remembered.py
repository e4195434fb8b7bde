"""The little that is remembered between runs without being a setting."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from irisops.files import write_atomically


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the next start wants to know."""

    profile: str = ""


class RememberedStore:
    """`remembered.toml` in the state folder: a convenience, so neither reading nor writing it may stop anything."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last = ""

    def load(self) -> Remembered:
        """Read the file; what cannot be read is not remembered."""
        try:
            data = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Remembered()
        profile = data.get("profile", "")
        return Remembered(profile if isinstance(profile, str) else "")

    def remember(self, profile: str) -> bool:
        """Keep the profile's name; False if the folder cannot be written."""
        if profile == self._last:
            return True
        quoted = profile.replace("\\", "\\\\").replace('"', '\\"')
        try:
            write_atomically(self.path, f'profile = "{quoted}"\n')
        except OSError:
            return False
        self._last = profile
        return True
