"""Settings that a person may edit, and the little that is remembered between runs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from irisops.files import locked, write_atomically

DEFAULT_POLL_INTERVAL = 2.0
SHORTEST_POLL = 0.5


@dataclass(frozen=True, slots=True)
class Settings:
    """`poll_interval` in seconds; `theme` "" is the screen's default."""

    poll_interval: float = DEFAULT_POLL_INTERVAL
    theme: str = ""


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """`problem` says in one sentence what is wrong with the file; the defaults stand in for what is."""

    settings: Settings
    problem: str = ""


class SettingsStore:
    """`settings.toml`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> LoadedSettings:
        """Read the file; never raises for its contents."""
        try:
            data = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return LoadedSettings(Settings())
        except (OSError, ValueError) as error:
            return LoadedSettings(Settings(), f"The settings cannot be read. {self.path}: {error}.")
        interval = data.get("poll_interval", DEFAULT_POLL_INTERVAL)
        theme = data.get("theme", "")
        wrong = (
            isinstance(interval, bool)
            or not isinstance(interval, int | float)
            or not interval >= SHORTEST_POLL
        )
        problem = ""
        if wrong:
            problem = f"{self.path}: poll_interval is a number of seconds, {SHORTEST_POLL} or more."
            interval = DEFAULT_POLL_INTERVAL
        if not isinstance(theme, str):
            problem = f"{self.path}: theme is a name in quotation marks."
            theme = ""
        return LoadedSettings(Settings(float(interval), theme), problem)

    def set_theme(self, theme: str) -> None:
        """Keep the theme. Raises `OSError` or `ValueError` (a broken file), with the file untouched."""
        import tomlkit  # noqa: PLC0415 - only when something is written

        with locked(self.path):
            text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
            document = tomlkit.parse(text)
            if not text:
                document.add(tomlkit.comment("irisops settings"))
                document.add(
                    tomlkit.comment("poll_interval = 2.0    seconds between readings of the side panel")
                )
            document["theme"] = theme
            write_atomically(self.path, tomlkit.dumps(document))


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
