"""The profiles file: read leniently, written atomically, never overwritten when it cannot be understood.

Comments, order and unknown keys survive every edit (tomlkit). An edit rereads the file under a lock, so two irisops at
once never lose each other's changes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irisops.contract.replies import Refusal
from irisops.files import cure_of, locked, read_file, write_atomically
from irisops.profiles.model import Profile, ProfileInvalidError
from irisops.profiles.toml_lines import TomlError, decoded, document, line_of, parsed

if TYPE_CHECKING:
    import tomlkit

HEADER = "irisops profiles: how to reach each instance. Passwords are never kept here."
_FIELDS = {field.name: field for field in dataclasses.fields(Profile) if field.name != "name"}
_NUMBERS: dict[str, type[int] | type[float]] = {"port": int, "web_port": int, "poll_interval": float}
_FLAGS = {"read_only", "guarded"}
_LARGEST = 1e9
"""Limit for all numbers: an integer in the file may be too large for a float."""


class ProfilesFileError(Exception):
    """The file cannot be parsed (`line` counts from 1, 0 if unknown) or written. It was left untouched."""

    def __init__(self, path: Path, message: str, line: int = 0) -> None:
        where = f"{path}, line {line}" if line else str(path)
        super().__init__(f"{where}: {message}")
        self.path = path
        self.line = line

    @property
    def cure(self) -> str:
        """What to do: make the file writable, or correct its contents."""
        if isinstance(self.__cause__, OSError):
            return cure_of(self.__cause__)
        return "Correct the file with an editor, then try again."


class NoSuchProfileError(Refusal):
    """The profile is not in the file any more."""

    def __init__(self, name: str, when: str = "meanwhile") -> None:
        super().__init__("NoSuchProfile", f"{name} was removed {when}.", "/profiles shows what is left.")


class ProfileExistsError(Refusal):
    """A profile of that name exists."""

    def __init__(self, name: str) -> None:
        super().__init__("ProfileExists", f"There is a profile {name} already.", "Choose another name.")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Contents of the file. If it is broken, `problem` is set, `profiles` is empty and nothing can be written."""

    profiles: tuple[Profile, ...] = ()
    problem: ProfilesFileError | None = None
    warnings: tuple[str, ...] = field(default=())
    """Reasons for single profiles that were left out."""


class ProfileStore:
    """The profiles file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Loaded:
        """Read the file. A missing one counts as empty; a broken one is reported in `problem`."""
        try:
            with self._named_errors():
                text = self._text()
                tables = _profiles_in(text)
        except ProfilesFileError as problem:
            return Loaded(problem=problem)
        profiles: list[Profile] = []
        warnings: list[str] = []
        for name, table in tables.items():
            try:
                profiles.append(_profile(name, table))
            except ProfileInvalidError as wrong:
                line = line_of(text, wrong.field, name)
                warnings.append(f"Profile {name} was left out ({self.path}, line {line}): {wrong}")
        return Loaded(tuple(profiles), warnings=tuple(warnings))

    def add(self, profile: Profile) -> None:
        """Raises `ProfileInvalidError`, `ProfileExistsError`, `ProfilesFileError`."""
        profile.check()
        with self._edit() as (_, tables):
            if _key(tables, profile.name) is not None:
                raise ProfileExistsError(profile.name)
            tables[profile.name] = _table(profile)

    def replace(self, name: str, profile: Profile) -> None:
        """Change a profile, and its name if that differs; keys of the file that are not ours are kept.

        Raises `NoSuchProfileError`, `ProfileExistsError`, `ProfileInvalidError`, `ProfilesFileError`.
        """
        profile.check()
        with self._edit() as (_, tables):
            key = _key(tables, name)
            if key is None or not isinstance(tables[key], dict):
                raise NoSuchProfileError(name)
            if _key(tables, profile.name) not in (None, key):
                raise ProfileExistsError(profile.name)
            table = tables[key]
            _update(table, profile)
            if profile.name != key:
                tables.pop(key)
                tables[profile.name] = table

    def remove(self, name: str) -> None:
        """Raises `NoSuchProfileError`, `ProfilesFileError`."""
        with self._edit() as (_, tables):
            tables.pop(_existing(tables, name, "already"))

    def move(self, name: str, position: int) -> None:
        """Move a profile to a position, counted from 0; beyond the end means the end.

        Raises `NoSuchProfileError`, `ProfilesFileError` (also if the tables are too scattered to be moved).
        """
        with self._edit() as (edited, tables):
            key = _existing(tables, name)
            before = tables.unwrap()
            order = [str(each) for each in tables if each != key]
            order.insert(max(0, position), key)
            parts = {each: tables.pop(each) for each in order}
            for each in order:
                tables[each] = parts[each]
            after = _profiles_in(edited.as_string())
            if after != before or list(after) != order:
                raise TomlError("its tables are too scattered to be moved; move them with an editor")

    def _text(self) -> str:
        try:
            return decoded(read_file(self.path))
        except FileNotFoundError:
            return ""

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        """What goes wrong with the file, as `ProfilesFileError`."""
        try:
            yield
        except TomlError as error:
            raise ProfilesFileError(self.path, str(error), error.line) from None
        except OSError as error:
            raise ProfilesFileError(self.path, error.strerror or str(error)) from error

    @contextmanager
    def _edit(self) -> Iterator[tuple[tomlkit.TOMLDocument, Any]]:
        """The file and its table of profiles, under its lock; written afterwards, unless the change raises."""
        import tomlkit  # noqa: PLC0415 - 30 ms that only an edit needs

        with self._named_errors(), locked(self.path):
            text = self._text()
            _profiles_in(text)
            edited = document(text)
            if not text:
                edited.add(tomlkit.comment(HEADER))
            if "profiles" not in edited:
                edited["profiles"] = tomlkit.table(is_super_table=True)
            yield edited, edited["profiles"]
            write_atomically(self.path, edited.as_string())


def _profiles_in(text: str) -> dict[str, Any]:
    """The tables of the profiles. Raises `TomlError`."""
    tables = parsed(text).get("profiles", {})
    if not isinstance(tables, dict):
        raise TomlError("profiles must be tables: [profiles.NAME]", line_of(text, "profiles"))
    return tables


def _key(table: Any, name: str) -> str | None:
    """The name as the file spells it; case is ignored."""
    return next((str(key) for key in table if str(key).casefold() == name.casefold()), None)


def _existing(table: Any, name: str, removed: str = "meanwhile") -> str:
    """As `_key`. Raises `NoSuchProfileError`."""
    key = _key(table, name)
    if key is None:
        raise NoSuchProfileError(name, removed)
    return key


def _profile(name: str, table: object) -> Profile:
    """Raises `ProfileInvalidError`."""
    if not isinstance(table, dict):
        raise ProfileInvalidError(name, "it must be a table, [profiles.NAME]")
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _FIELDS:
            continue  # may belong to a newer irisops; kept in the file
        values[key] = _value(key, value)
    profile = Profile(name=name, **values)
    profile.check()
    return profile


def _value(key: str, value: object) -> object:
    if key in _FLAGS:
        if not isinstance(value, bool):
            raise ProfileInvalidError(key, f"{key} is true or false")
        return value
    number = _NUMBERS.get(key)
    if number is not None:
        if isinstance(value, bool) or not isinstance(value, number | int) or not abs(value) < _LARGEST:
            raise ProfileInvalidError(key, f"{key} is a number")
        return number(value)
    if not isinstance(value, str):
        raise ProfileInvalidError(key, f"{key} is a text in quotation marks")
    return value


def _table(profile: Profile) -> Any:
    import tomlkit  # noqa: PLC0415 - not at the start

    table = tomlkit.table()
    _update(table, profile)
    return table


def _update(table: Any, profile: Profile) -> None:
    """Write fields that differ from the default, and those already in the table."""
    for key, known in _FIELDS.items():
        value = getattr(profile, key)
        always = key in ("host", "port", "namespace", "user")
        if value is None or (value == known.default and not always and key not in table):
            table.pop(key, None)
        elif table.get(key) != value:
            table[key] = value
