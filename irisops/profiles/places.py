"""Paths of irisops' files. `IRISOPS_HOME` moves all of them below one folder (tests, the demo, a USB stick)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from irisops.files import expanded

APP = "irisops"


class Places(NamedTuple):
    """The folders. Nothing is created until something is written."""

    config: Path
    """Files that people edit: profiles and settings."""
    state: Path
    """Files that the program writes: journals, prompt history, the last profile."""

    @property
    def profiles(self) -> Path:
        """The profiles file."""
        return self.config / "profiles.toml"

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.config / "settings.toml"

    @property
    def remembered(self) -> Path:
        """The file with the last profile."""
        return self.state / "remembered.toml"

    @property
    def prompt_history(self) -> Path:
        """The prompt history."""
        return self.state / "prompt-history.jsonl"

    @property
    def journals(self) -> Path:
        """The folder of the journals."""
        return self.state / "journal"

    @property
    def secrets(self) -> Path:
        """The optional encrypted file of passwords."""
        return self.config / "secrets.json"

    @property
    def looks(self) -> Path:
        """The file with figures of the last looks, from which growth is told."""
        return self.state / "looks.json"

    @property
    def exports(self) -> Path:
        """The file with the folder of the last export of each profile."""
        return self.state / "exports.json"

    @property
    def refused(self) -> Path:
        """The file of refused passwords (digests)."""
        return self.state / "refused.json"

    @property
    def logs(self) -> Path:
        """The folder of the logs."""
        return self.state / "log"

    @property
    def leases(self) -> Path:
        """The folder of the leases of shares."""
        return self.state / "leases"

    @classmethod
    def below(cls, home: Path) -> Places:
        """All folders below one."""
        return cls(config=home / "config", state=home / "state")

    @classmethod
    def find(cls, environment: Mapping[str, str] | None = None) -> Places:
        """The platform's folders, or those below `IRISOPS_HOME`."""
        home = (os.environ if environment is None else environment).get("IRISOPS_HOME", "")
        if home:
            return cls.below(expanded(home).absolute())  # absolute: a keeper runs in another folder
        import platformdirs  # noqa: PLC0415 - 10 ms, not paid where IRISOPS_HOME says it

        return cls(
            config=Path(platformdirs.user_config_dir(APP, appauthor=False)),
            state=Path(platformdirs.user_state_dir(APP, appauthor=False)),
        )
