"""Definitions of tables, columns, keys, indices and views, as DDL describes them, and the protocol to apply them.

Grammar and codes: "InterSystems SQL Reference", CREATE TABLE, ALTER TABLE, DROP TABLE, CREATE INDEX, CREATE VIEW, and
the SQL error table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from irisops.simulator.backend import Value
from irisops.simulator.sql.catalog import Collation, ColumnDef
from irisops.simulator.sql.stored.types import ColumnType
from irisops.simulator.world.user_tables import IndexFault


class Moment(Enum):
    """A default computed when the row is inserted."""

    NOW = "env_now"
    TODAY = "env_today"
    TIME = "env_time"
    USER = "env_user"


@dataclass(frozen=True, slots=True)
class Default:
    """Default value of a column. `text` is its form in `INFORMATION_SCHEMA.COLUMNS`."""

    value: Value | Moment
    text: str = ""


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A column of a table."""

    name: str
    type: ColumnType
    nullable: bool = True
    default: Default | None = None
    identity: bool = False
    collation: Collation = Collation.EXACT
    description: str = ""


class Rule(Enum):
    """Action on referring rows when the referenced row is deleted or its key changes."""

    NO_ACTION = "NO ACTION"
    CASCADE = "CASCADE"
    SET_NULL = "SET NULL"
    SET_DEFAULT = "SET DEFAULT"


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A UNIQUE or PRIMARY KEY constraint; a name is generated if empty."""

    columns: tuple[str, ...]
    primary: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKeySpec:
    """A FOREIGN KEY constraint. Without `referenced` columns, it refers to the table's primary key."""

    columns: tuple[str, ...]
    schema: str
    table: str
    referenced: tuple[str, ...] = ()
    name: str = ""
    on_update: Rule = Rule.NO_ACTION
    on_delete: Rule = Rule.NO_ACTION
    checked: bool = True


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """An index. `columns`: name and whether descending; `data`: the columns stored in the index.

    `type` is as in the class dictionary; `origin` the superclass that it comes from, if any.
    """

    name: str
    columns: tuple[tuple[str, bool], ...]
    unique: bool = False
    data: tuple[str, ...] = ()
    type: str = "index"
    origin: str = ""


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table as CREATE TABLE describes it."""

    schema: str
    name: str
    columns: tuple[ColumnSpec, ...]
    keys: tuple[KeySpec, ...] = ()
    foreign_keys: tuple[ForeignKeySpec, ...] = ()
    description: str = ""
    public_rowid: bool = False
    identity_insert: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Schema and name in upper case, the key in the database."""
        return self.schema.upper(), self.name.upper()


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """A view: the text of its query, the schema of its unqualified names, and the names of its columns.

    `outputs` are its columns when it was defined, `uses` the tables and views in its query.
    """

    schema: str
    name: str
    query: str
    default_schema: str
    columns: tuple[str, ...] = ()
    outputs: tuple[ColumnDef, ...] = ()
    uses: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Schema and name in upper case, the key in the database."""
        return self.schema.upper(), self.name.upper()


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """The changes of one column by ALTER TABLE; None means unchanged."""

    name: str
    type: ColumnType | None = None
    nullable: bool | None = None
    default: Default | None = None
    drop_default: bool = False


@dataclass(frozen=True, slots=True)
class TableAlteration:
    """One ALTER TABLE: a field per clause, empty if absent."""

    add: tuple[ColumnSpec, ...] = ()
    add_keys: tuple[KeySpec, ...] = ()
    add_foreign_keys: tuple[ForeignKeySpec, ...] = ()
    drop_columns: tuple[str, ...] = ()
    drop_constraints: tuple[str, ...] = ()
    drop_primary_key: bool = False
    modify: tuple[ColumnChange, ...] = ()
    rename_columns: tuple[tuple[str, str], ...] = ()
    rename_to: str = ""


@dataclass(frozen=True, slots=True)
class KeyDef:
    """A UNIQUE or PRIMARY KEY constraint of an existing table."""

    name: str
    columns: tuple[str, ...]
    primary: bool


@dataclass(frozen=True, slots=True)
class ForeignKeyDef:
    """A FOREIGN KEY constraint of an existing table, with the key it refers to."""

    name: str
    columns: tuple[str, ...]
    schema: str
    table: str
    referenced: tuple[str, ...]
    key: str
    on_update: Rule
    on_delete: Rule


@dataclass(frozen=True, slots=True)
class TableDetails:
    """Details of a table in `INFORMATION_SCHEMA`, beyond the names and types of its columns."""

    owner: str = ""
    description: str = ""
    specs: dict[str, ColumnSpec] = field(default_factory=dict)
    keys: Sequence[KeyDef] = ()
    foreign_keys: Sequence[ForeignKeyDef] = ()
    indexes: Sequence[IndexSpec] = ()
    unselectable: Set[str] = frozenset()
    """Names of indexes, in upper case, that queries must not use."""
    faults: Mapping[str, IndexFault] = field(default_factory=dict)
    """What is wrong with indexes, by their name in upper case."""


class DefinitionStatements(Protocol):
    """The statements that define tables and views, run as the session's user in its namespace.

    Every method raises `SqlFailure`: -99 without the privilege, -30 for an unknown table, and the codes of the error
    table (-201, -304, -306 ...) for an invalid definition.
    """

    def create_table(self, spec: TableSpec, *, if_not_exists: bool) -> None:
        """`CREATE TABLE`."""
        ...

    def alter_table(self, schema: str, name: str, alteration: TableAlteration) -> None:
        """`ALTER TABLE`."""
        ...

    def drop_table(self, schema: str, name: str, *, if_exists: bool, cascade: bool) -> None:
        """`DROP TABLE`; `cascade` also drops the foreign keys that refer to it."""
        ...

    def truncate_table(self, schema: str, name: str) -> int:
        """`TRUNCATE TABLE`: delete all rows and reset the counters. Returns the number of rows."""
        ...

    def create_index(self, schema: str, table: str, spec: IndexSpec, *, if_not_exists: bool) -> None:
        """`CREATE [UNIQUE] INDEX`."""
        ...

    def drop_index(self, schema: str, table: str, name: str, *, if_exists: bool) -> None:
        """`DROP INDEX name ON table`; without a table, the table that has the index."""
        ...

    def build_index(self, schema: str, table: str, names: Sequence[str]) -> int:
        """`BUILD INDEX FOR TABLE table [INDEX names]`: all indexes without names. Returns the number of tables."""
        ...

    def create_view(self, spec: ViewSpec, *, replace: bool) -> None:
        """`CREATE [OR REPLACE] VIEW`. The query is already compiled, so everything in it exists and is readable."""
        ...

    def drop_view(self, schema: str, name: str, *, if_exists: bool) -> None:
        """`DROP VIEW`."""
        ...
