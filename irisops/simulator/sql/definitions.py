"""What DDL defines: tables, columns, keys, indices and views, as parsed; and who carries a definition out.

Grammar and codes: "InterSystems SQL Reference", CREATE TABLE, ALTER TABLE, DROP TABLE, CREATE INDEX, CREATE VIEW, and
the SQL error table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from irisops.simulator.backend import Value
from irisops.simulator.sql.catalog import Collation, ColumnDef
from irisops.simulator.sql.stored.types import ColumnType


class Moment(Enum):
    """A default that is taken when the row is made."""

    NOW = "env_now"
    TODAY = "env_today"
    TIME = "env_time"
    USER = "env_user"


@dataclass(frozen=True, slots=True)
class Default:
    """What a column gets where a statement gives nothing. `text` is how `INFORMATION_SCHEMA.COLUMNS` shows it."""

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
    """What becomes of the rows that refer to a row which goes or changes its key."""

    NO_ACTION = "NO ACTION"
    CASCADE = "CASCADE"
    SET_NULL = "SET NULL"
    SET_DEFAULT = "SET DEFAULT"


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A UNIQUE or PRIMARY KEY constraint; without a name it gets one."""

    columns: tuple[str, ...]
    primary: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKeySpec:
    """A FOREIGN KEY constraint. No referenced columns: the primary key of the referenced table."""

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
    """An index; `columns` with whether each is descending, `data` columns that are stored in it."""

    name: str
    columns: tuple[tuple[str, bool], ...]
    unique: bool = False
    data: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """A view: the text of its query, whose unqualified names are in `default_schema`, and the names of its columns.

    `outputs` are its columns as they were when it was defined, `uses` the tables and views that it names.
    """

    schema: str
    name: str
    query: str
    default_schema: str
    columns: tuple[str, ...] = ()
    outputs: tuple[ColumnDef, ...] = ()
    uses: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """What ALTER TABLE says of a column that is there; None is what it does not speak of."""

    name: str
    type: ColumnType | None = None
    nullable: bool | None = None
    default: Default | None = None
    drop_default: bool = False


@dataclass(frozen=True, slots=True)
class TableAlteration:
    """One ALTER TABLE. Each field is one of its clauses; those that were not written are empty."""

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
    """A UNIQUE or PRIMARY KEY constraint of a table that is there."""

    name: str
    columns: tuple[str, ...]
    primary: bool


@dataclass(frozen=True, slots=True)
class ForeignKeyDef:
    """A FOREIGN KEY constraint of a table that is there, with the key that it refers to."""

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
    """What `INFORMATION_SCHEMA` tells of a table beyond its columns' names and types."""

    owner: str = ""
    description: str = ""
    specs: dict[str, ColumnSpec] = field(default_factory=dict)
    keys: Sequence[KeyDef] = ()
    foreign_keys: Sequence[ForeignKeyDef] = ()
    indexes: Sequence[IndexSpec] = ()


class DefinitionStatements(Protocol):
    """The statements that define tables and views, carried out for the session's user in its namespace.

    Every method raises `SqlFailure`: -99 without the privilege, -30 for an unknown table, and the codes of the error
    table (-201, -304, -306 ...) for a definition that cannot be.
    """

    def create_table(self, spec: TableSpec, *, if_not_exists: bool) -> None:
        """`CREATE TABLE`."""
        ...

    def alter_table(self, schema: str, name: str, alteration: TableAlteration) -> None:
        """`ALTER TABLE`."""
        ...

    def drop_table(self, schema: str, name: str, *, if_exists: bool, cascade: bool) -> None:
        """`DROP TABLE`; with `cascade`, the foreign keys that refer to it go, too."""
        ...

    def truncate_table(self, schema: str, name: str) -> int:
        """`TRUNCATE TABLE`: all rows go and the counters start anew. Returns the number of rows."""
        ...

    def create_index(self, schema: str, table: str, spec: IndexSpec, *, if_not_exists: bool) -> None:
        """`CREATE [UNIQUE] INDEX`."""
        ...

    def drop_index(self, schema: str, table: str, name: str, *, if_exists: bool) -> None:
        """`DROP INDEX name ON table`; without a table, the one that has such an index."""
        ...

    def create_view(self, spec: ViewSpec, *, replace: bool) -> None:
        """`CREATE [OR REPLACE] VIEW`. The query was compiled before, so all in it exists and may be read."""
        ...

    def drop_view(self, schema: str, name: str, *, if_exists: bool) -> None:
        """`DROP VIEW`."""
        ...
