"""The tables and views of each namespace of an instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from irisops.simulator.sql.definitions import TableSpec, ViewSpec
from irisops.simulator.sql.stored.table import Quota, Reference, StoredTable

MAXIMUM_BYTES = 256 * 2**20
"""Approximate limit for the rows of all tables of an instance."""

MAXIMUM_OBJECTS = 5_000
"""Maximum number of tables and views of an instance."""

_Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class StoredView:
    """A view and its owner."""

    spec: ViewSpec
    owner: str


@dataclass(slots=True)
class Database:
    """The tables and views of one namespace, by schema and name in upper case."""

    namespace: str
    numbers: Iterator[int]
    quota: Quota
    tables: dict[_Name, StoredTable] = field(default_factory=dict)
    views: dict[_Name, StoredView] = field(default_factory=dict)
    version: int = 0
    """Changes with every definition; compiled statements of another version are stale."""
    row_version: int = 0
    """The counter of all ROWVERSION columns."""
    seeded: set[int] = field(default_factory=set)
    """The initial tables of the world that are already loaded, by `id`."""

    def table(self, schema: str, name: str) -> StoredTable | None:
        """The table of that name, ignoring case."""
        return self.tables.get((schema.upper(), name.upper()))

    def view(self, schema: str, name: str) -> StoredView | None:
        """The view of that name, ignoring case."""
        return self.views.get((schema.upper(), name.upper()))

    def new_table(self, spec: TableSpec, owner: str) -> StoredTable:
        """A table with a unique number, not yet in the database."""
        return StoredTable(next(self.numbers), spec, owner, self.quota)

    def references_to(self, table: StoredTable) -> list[tuple[StoredTable, Reference]]:
        """The foreign keys that refer to a table, with their own tables."""
        return [
            (child, reference)
            for child in self.tables.values()
            for reference in child.references.values()
            if (reference.spec.schema.upper(), reference.spec.table.upper()) == table.spec.key
        ]

    def parent_of(self, reference: Reference) -> StoredTable | None:
        """The table that a foreign key refers to."""
        return self.table(reference.spec.schema, reference.spec.table)


class Databases:
    """The databases of an instance, by namespace."""

    def __init__(self, maximum_bytes: int = MAXIMUM_BYTES) -> None:
        self.quota = Quota(maximum_bytes)
        self._numbers = count(1)
        self._databases: dict[str, Database] = {}

    def of(self, namespace: str) -> Database:
        """The database of a namespace."""
        name = namespace.upper()
        if name not in self._databases:
            self._databases[name] = Database(namespace, self._numbers, self.quota)
        return self._databases[name]

    @property
    def objects(self) -> int:
        """Number of tables and views of the instance."""
        return sum(len(each.tables) + len(each.views) for each in self._databases.values())
