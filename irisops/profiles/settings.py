"""Settings: one list, from which the file's comments and the form are generated."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from irisops import logs, streams
from irisops.contract.wording import harmless
from irisops.files import cure_of, locked, read_file, write_atomically
from irisops.profiles.places import Places
from irisops.profiles.toml_lines import TomlError, decoded, document, line_of, parsed

DEFAULT_POLL_INTERVAL = 2.0
SHORTEST_POLL = 0.5
LONGEST_POLL = 3600.0
LARGEST = 1e300
"""Limit for all numbers: an integer in the file may be too large for a float."""
LOG_LEVELS = ("error", "warning", "info", "debug")

Value = bool | float | str


class SettingInvalidError(ValueError):
    """An invalid value of a setting: `name` names it, the message says what is valid."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Setting(NamedTuple):
    """One setting. Numbers are seconds, between `low` and `high`."""

    name: str
    title: str
    help: str
    default: Value
    kind: Literal["number", "flag", "choice", "text"]
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = math.inf
    at_once: bool = False
    """True if a change takes effect without a restart."""

    def checked(self, value: object) -> Value:
        """The value in the setting's type. Raises `SettingInvalidError`."""
        if self.kind == "flag" and isinstance(value, bool):
            return value
        if self.kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
            if self.low <= value <= self.high and value <= LARGEST:
                return float(value)
        elif isinstance(value, str) and (
            (self.kind == "choice" and value in self.choices) or (self.kind == "text" and value.isprintable())
        ):
            return value
        raise SettingInvalidError(self.name, f"{self.name} is {self.right}.")

    @property
    def right(self) -> str:
        """The valid values in words."""
        return {
            "flag": "true or false",
            "number": f"a number of seconds from {self.low:g} to {self.high:g}",
            "choice": f"one of {', '.join(self.choices)}, in quotation marks",
            "text": "a text in quotation marks",
        }[self.kind]

    def parsed(self, text: str) -> Value:
        """A value as typed in the chat. Raises `SettingInvalidError`."""
        typed = text.strip()
        if self.kind == "flag":
            known = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
            return self.checked(known.get(typed.casefold()))
        if self.kind == "number":
            try:
                return self.checked(float(typed))
            except ValueError:
                raise SettingInvalidError(self.name, f"{self.name} is {self.right}.") from None
        return self.checked(typed.casefold() if self.kind == "choice" else typed)


SCHEMA = (
    Setting(
        "poll_interval", "Poll interval", "Seconds between readings of the side panel and live cards",
        DEFAULT_POLL_INTERVAL, "number", low=SHORTEST_POLL, high=LONGEST_POLL, at_once=True,
    ),
    Setting(
        "traffic", "Traffic", "reduced reads and draws less often; auto means reduced over SSH",
        "auto", "choice", ("auto", "full", "reduced"),
    ),
    Setting(
        "reduced_poll_interval", "Poll interval, reduced", "Seconds between readings where traffic is reduced",
        10.0, "number", low=SHORTEST_POLL, high=LONGEST_POLL,
    ),
    Setting("theme", "Theme", "Colours of the screen; empty is the standard one", "", "text", at_once=True),
    Setting("mouse", "Mouse", "Off leaves the mouse to the terminal (selecting, copying)", default=True, kind="flag"),
    Setting("discovery", "Discovery", "Look for instances here at the first start", default=True, kind="flag"),
    Setting(
        "keep_passwords", "Keep passwords", "memory never writes one anywhere",
        "auto", "choice", ("auto", "memory"),
    ),
    Setting(
        "assistant_url", "Assistant, address", "Of an OpenAI-compatible server, asked what is not clear; empty: none",
        "", "text", at_once=True,
    ),
    Setting("assistant_model", "Assistant, model", "Name of the model there", "", "text", at_once=True),
    Setting(
        "assistant_names", "Assistant, names", "Tell it the names of users, roles and the like, too",
        default=False, kind="flag", at_once=True,
    ),
    Setting(
        "assistant_seconds", "Assistant, patience", "Seconds for its answer",
        30.0, "number", low=1.0, high=600.0, at_once=True,
    ),
    Setting(
        "log_level", "Log level", "How much the log in the state folder says", "warning", "choice", LOG_LEVELS
    ),
)  # fmt: skip
BY_NAME = {setting.name: setting for setting in SCHEMA}


class Settings(NamedTuple):
    """Values of all settings. Intervals in seconds; `theme` "" is the screen's default."""

    poll_interval: float = DEFAULT_POLL_INTERVAL
    traffic: str = "auto"
    reduced_poll_interval: float = 10.0
    theme: str = ""
    mouse: bool = True
    discovery: bool = True
    keep_passwords: str = "auto"
    assistant_url: str = ""
    assistant_model: str = ""
    assistant_names: bool = False
    assistant_seconds: float = 30.0
    log_level: str = "warning"

    def reduced(self, environment: Mapping[str, str]) -> bool:
        """True if less is read and drawn: by the setting, or by default over SSH."""
        over_ssh = bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"))
        return self.traffic == "reduced" or (self.traffic == "auto" and over_ssh)

    def interval(self, environment: Mapping[str, str]) -> float:
        """Seconds between polls."""
        if self.reduced(environment):
            return max(self.poll_interval, self.reduced_poll_interval)
        return self.poll_interval


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings as loaded. `problems` name faults by line; only faulty values are replaced by defaults."""

    settings: Settings
    problems: tuple[str, ...] = ()
    given: Mapping[str, Value] = field(default_factory=dict)
    """Values given in the file."""


class SettingsStore:
    """`settings.toml`. Comments, order and unknown keys survive every change."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> LoadedSettings:
        """Read the file; never raises for its contents."""
        try:
            text = decoded(read_file(self.path))
            data = parsed(text)
        except FileNotFoundError:
            return LoadedSettings(Settings())
        except TomlError as error:
            return LoadedSettings(Settings(), (f"{self._at(error.line)}: {error}. No setting is used.",))
        except OSError as error:
            why = f"{self.path}: {error.strerror or error}. {cure_of(error)}"
            return LoadedSettings(Settings(), (f"The settings cannot be read. {why}",))
        given: dict[str, Value] = {}
        problems: list[str] = []
        for name, value in data.items():
            setting = BY_NAME.get(name)
            if setting is None:
                problems.append(
                    f"{self._at(line_of(text, name))}: there is no setting {name}; it is ignored."
                )
                continue
            try:
                given[name] = setting.checked(value)
            except SettingInvalidError as error:
                problems.append(f"{self._at(line_of(text, name))}: {error} It is ignored.")
        settings = Settings()._replace(**given)  # type: ignore[arg-type]  # each checked by its own schema
        return LoadedSettings(settings, tuple(problems), given)

    def _at(self, line: int) -> str:
        return f"{self.path}, line {line}" if line else str(self.path)

    def _text(self) -> str:
        """The file's text, that of a new one if there is none. Raises `OSError`, `TomlError`."""
        try:
            return decoded(read_file(self.path))
        except FileNotFoundError:
            return template()

    def change(self, values: Mapping[str, Value]) -> None:
        """Write settings. Raises `OSError`, `SettingInvalidError`, `ValueError` (broken file), leaving it untouched."""
        import tomlkit  # noqa: PLC0415 - only when something is written

        checked = {name: BY_NAME[name].checked(value) for name, value in values.items()}
        with locked(self.path):
            text = self._text()
            parsed(text)
            for name, value in checked.items():
                edited = document(text)
                if name not in edited:
                    text, found = _uncommented(text, name, tomlkit.item(value).as_string())
                    if found:
                        continue
                edited[name] = value
                text = tomlkit.dumps(edited)
            parsed(text)
            write_atomically(self.path, text)


def template() -> str:
    """A new file: every setting with its meaning, commented out at its default."""
    import tomlkit  # noqa: PLC0415 - not at the start

    lines = ["# irisops settings. Take the # away before a line to change it; /settings does it for you.", ""]
    for setting in SCHEMA:
        lines += [
            f"# {setting.help}.",
            f"# It is {setting.right}.",
            f"# {setting.name} = {tomlkit.item(setting.default).as_string()}",
            "",
        ]
    return "\n".join(lines)


def _uncommented(text: str, name: str, value: str) -> tuple[str, bool]:
    """The file with the commented default replaced by a value, and whether there was one."""
    found = re.search(rf"(?m)^#\s*{name}\s*=.*$", text)
    table = re.search(r"(?m)^\s*\[", text)
    if found is None or (table is not None and table.start() < found.start()):
        return text, False
    return text[: found.start()] + f"{name} = {value}" + text[found.end() :], True


def start_log(places: Places, level: str) -> None:
    """Log at `level`, or at the level of the settings if that is ""."""
    trouble = logs.start(places.logs, level or SettingsStore(places.settings).load().settings.log_level)
    if trouble:
        streams.say(f"irisops: {harmless(trouble, 2000)}", sys.stderr)
