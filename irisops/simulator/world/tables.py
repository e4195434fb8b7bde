"""Tables of named records: case-insensitive, case-preserving, with a change counter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, ValuesView
from typing import Generic, TypeVar

T = TypeVar("T")


def words(text: str) -> list[str]:
    """The words of a line."""
    return text.split()


class NameTable(Generic[T]):
    """Records by name, in order of creation (facts: iris-security 1, case-insensitive, case-preserving).

    Records are changed in place; call `touch` afterwards, because caches depend on `revision`.
    """

    def __init__(self, name_of: Callable[[T], str]) -> None:
        self._name_of = name_of
        self._rows: dict[str, T] = {}
        self.revision = 0

    def get(self, name: str) -> T | None:
        """The record of that name, ignoring case, or None."""
        return self._rows.get(name.lower())

    def add(self, row: T) -> T:
        """Insert, or replace the record of the same name. Returns the record."""
        self._rows[self._name_of(row).lower()] = row
        self.touch()
        return row

    def remove(self, name: str) -> T | None:
        """Remove a record and return it; None if unknown."""
        row = self._rows.pop(name.lower(), None)
        if row is not None:
            self.touch()
        return row

    def touch(self) -> None:
        """Announce that a record was changed in place."""
        self.revision += 1

    def names(self) -> list[str]:
        """All names in their original spelling."""
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
