"""The profiles file: read leniently, written atomically, never overwritten when it cannot be understood.

Comments, order and unknown keys survive every edit (tomlkit). An edit rereads the file under a lock, so two irisops at
once never lose each other's changes.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any

from irisops.files import cure_of, locked, read_file, write_atomically
from irisops.profiles.model import Profile, ProfileInvalidError
from irisops.profiles.toml_lines import TomlError, decoded, line_of, parsed

if TYPE_CHECKING:
    import tomlkit

HEADER = "irisops profiles: how to reach each instance. Passwords are never kept here."
_FIELDS = {field.name: field for field in dataclasses.fields(Profile) if field.name != "name"}
_NUMBERS = {"port": int, "web_port": int, "poll_interval": float}
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
        """What to do: there is nothing to correct in a file that the disk or its rights keep from being written."""
        if isinstance(self.__cause__, OSError):
            return cure_of(self.__cause__)
        return "Correct the file with an editor, then try again."


class NoSuchProfileError(KeyError):
    """There is no profile of that name."""


class ProfileExistsError(ValueError):
    """A profile of that name exists."""


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
            text = self._text()
            data = self._parsed(text)
        except ProfilesFileError as problem:
            return Loaded(problem=problem)
        profiles: list[Profile] = []
        warnings: list[str] = []
        tables = data.get("profiles", {})
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
        with self._edit() as tables:
            if _key(tables.table, profile.name) is not None:
                raise ProfileExistsError(profile.name)
            tables.table[profile.name] = _table(profile)

    def replace(self, name: str, profile: Profile) -> None:
        """Change a profile, and its name if that differs; keys of the file that are not ours are kept.

        Raises `NoSuchProfileError`, `ProfileExistsError`, `ProfileInvalidError`, `ProfilesFileError`.
        """
        profile.check()
        with self._edit() as tables:
            key = _key(tables.table, name)
            if key is None or not isinstance(tables.table[key], dict):
                raise NoSuchProfileError(name)
            other = _key(tables.table, profile.name)
            if other not in (None, key):
                raise ProfileExistsError(profile.name)
            table = tables.table[key]
            _update(table, profile)
            if profile.name != key:
                tables.table.pop(key)
                tables.table[profile.name] = table

    def remove(self, name: str) -> None:
        """Raises `NoSuchProfileError`, `ProfilesFileError`."""
        with self._edit() as tables:
            key = _key(tables.table, name)
            if key is None:
                raise NoSuchProfileError(name)
            tables.table.pop(key)

    def move(self, name: str, position: int) -> None:
        """Move a profile to a position, counted from 0; beyond the end means the end.

        Raises `NoSuchProfileError`, `ProfilesFileError` (also if the tables are too scattered to be moved).
        """
        with self._edit() as tables:
            key = _key(tables.table, name)
            if key is None:
                raise NoSuchProfileError(name)
            before = tables.table.unwrap()
            order = [str(each) for each in tables.table if each != key]
            order.insert(max(0, position), key)
            parts = {each: tables.table.pop(each) for each in order}
            for each in order:
                tables.table[each] = parts[each]
            after = self._parsed(tables.text()).get("profiles", {})
            if after != before or list(after) != order:
                raise ProfilesFileError(
                    self.path, "its tables are too scattered to be moved; move them with an editor"
                )

    def _text(self) -> str:
        try:
            return decoded(read_file(self.path))
        except FileNotFoundError:
            return ""
        except TomlError as error:
            raise ProfilesFileError(self.path, str(error), error.line) from None
        except OSError as error:
            raise ProfilesFileError(self.path, error.strerror or str(error)) from error

    def _parsed(self, text: str) -> dict[str, Any]:
        try:
            data = parsed(text)
        except TomlError as error:
            raise ProfilesFileError(self.path, str(error), error.line) from None
        if not isinstance(data.get("profiles", {}), dict):
            line = line_of(text, "profiles")
            raise ProfilesFileError(self.path, "profiles must be tables: [profiles.NAME]", line)
        return data

    def _edit(self) -> _Edit:
        return _Edit(self)


class _Edit:
    """One edit: lock, read, change, write; nothing is written if the change raises."""

    def __init__(self, store: ProfileStore) -> None:
        self._store = store
        self._lock = locked(store.path)
        self.document: tomlkit.TOMLDocument
        self.table: Any

    def __enter__(self) -> _Edit:
        import tomlkit  # noqa: PLC0415 - 30 ms that only an edit needs

        try:
            self._lock.__enter__()
        except OSError as error:
            raise ProfilesFileError(self._store.path, error.strerror or str(error)) from error
        try:
            text = self._store._text()  # noqa: SLF001 - one class in two parts
            self._store._parsed(text)  # noqa: SLF001 - one class in two parts
            self.document = self._document(text)
            if not text:
                self.document.add(tomlkit.comment(HEADER))
            if "profiles" not in self.document:
                self.document["profiles"] = tomlkit.table(is_super_table=True)
            self.table = self.document["profiles"]
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self

    def _document(self, text: str) -> tomlkit.TOMLDocument:
        """A tomlkit document. tomlkit is stricter than tomllib in a few things. Raises `ProfilesFileError`."""
        import tomlkit  # noqa: PLC0415 - not at the start
        from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - not at the start

        try:
            return tomlkit.parse(text)
        except (TOMLKitError, RecursionError) as error:
            raise ProfilesFileError(
                self._store.path, f"it can be read, but not be changed: {error}"
            ) from None

    def text(self) -> str:
        """The new contents of the file."""
        import tomlkit  # noqa: PLC0415 - not at the start

        return tomlkit.dumps(self.document)

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        try:
            if kind is None:
                write_atomically(self._store.path, self.text())
        except OSError as problem:
            raise ProfilesFileError(self._store.path, problem.strerror or str(problem)) from problem
        finally:
            self._lock.__exit__(None, None, None)


def _key(table: Any, name: str) -> str | None:
    """The name as the file spells it; case is ignored."""
    return next((str(key) for key in table if str(key).casefold() == name.casefold()), None)


def _profile(name: str, table: object) -> Profile:
    """Raises `ProfileInvalidError`."""
    if not isinstance(table, dict):
        raise ProfileInvalidError(name, "it must be a table, [profiles.NAME]")
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _FIELDS:
            continue  # perhaps of a newer irisops; kept in the file
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
        allowed: type | UnionType = int if number is int else int | float
        if isinstance(value, bool) or not isinstance(value, allowed) or not _is_near(value):
            raise ProfileInvalidError(key, f"{key} is a number")
        return number(value)
    if not isinstance(value, str):
        raise ProfileInvalidError(key, f"{key} is a text in quotation marks")
    return value


def _is_near(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < _LARGEST


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
