"""Tables of named records: found without regard to letter case, shown as they were written, with a change counter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, ValuesView
from typing import Generic, TypeVar

T = TypeVar("T")


def words(text: str) -> list[str]:
    """A list of names that are written as a line."""
    return text.split()


class NameTable(Generic[T]):
    """Records by name, in the order of their creation (facts: iris-security 1, case-insensitive, case-preserving).

    Records are changed in place; whoever does calls `touch` afterwards, so that caches can tell by `revision`.
    """

    def __init__(self, name_of: Callable[[T], str]) -> None:
        self._name_of = name_of
        self._rows: dict[str, T] = {}
        self.revision = 0

    def get(self, name: str) -> T | None:
        """The record of that name in any letter case, or None."""
        return self._rows.get(name.lower())

    def add(self, row: T) -> T:
        """Insert, or replace the record of the same name. Returns the record."""
        self._rows[self._name_of(row).lower()] = row
        self.touch()
        return row

    def remove(self, name: str) -> T | None:
        """Take a record out and return it; None if there was none."""
        row = self._rows.pop(name.lower(), None)
        if row is not None:
            self.touch()
        return row

    def touch(self) -> None:
        """Say that a record was changed in place."""
        self.revision += 1

    def names(self) -> list[str]:
        """All names as they were written."""
        return [self._name_of(row) for row in self._rows.values()]

    def values(self) -> ValuesView[T]:
        """All records, oldest first."""
        return self._rows.values()

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._rows

    def __iter__(self) -> Iterator[T]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)
