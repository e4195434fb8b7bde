"""Tables of INFORMATION_SCHEMA about keys, foreign keys, indices and views.

Columns and their order: the public class reference, `INFORMATION.SCHEMA.INDEXES`, `.TABLECONSTRAINTS`, `.VIEWS`,
`.CONSTRAINTCOLUMNUSAGE` and `.KEYCOLUMNUSAGE`. Only tables created by SQL have rows here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from irisops.simulator.backend import Value
from irisops.simulator.sql.catalog import Catalog, TableDef
from irisops.simulator.sql.definitions import TableDetails

Row = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Described:
    """A table of INFORMATION_SCHEMA: its columns in order, its integer columns, and its rows by column name."""

    name: str
    columns: Sequence[str]
    rows: Callable[[Catalog], Iterable[Row]]
    integers: frozenset[str] = frozenset()


def names(listed: str) -> list[str]:
    """The words of a text."""
    return listed.split()


def _detailed(catalog: Catalog) -> Iterator[tuple[TableDef, TableDetails]]:
    for table in catalog.tables():
        if table.details is not None:
            yield table, table.details


def _indexes(catalog: Catalog) -> Iterator[Row]:
    for table, details in _detailed(catalog):
        primary = {key.name for key in details.keys if key.primary}
        for index in details.indexes:
            for position, (column, _) in enumerate(index.columns, 1):
                yield {
                    "TABLE_SCHEMA": table.schema,
                    "TABLE_NAME": table.name,
                    "NON_UNIQUE": 0 if index.unique else 1,
                    "INDEX_SCHEMA": table.schema,
                    "INDEX_NAME": index.name,
                    "ORDINAL_POSITION": position,
                    "COLUMN_NAME": column,
                    # "InterSystems IRIS only supports "A" sort sequences" (class reference).
                    "ASC_OR_DESC": "A",
                    "PRIMARY_KEY": int(index.name in primary),
                    "MAP_STATUS": "Not Selectable"
                    if index.name.upper() in details.unselectable
                    else "Selectable",
                    "DATA_FIELDS": ",".join(f'"{name}"' for name in index.data) or None,
                }


def _constraints(catalog: Catalog) -> Iterator[Row]:
    for table, details in _detailed(catalog):
        kinds = [(key.name, "PRIMARY KEY" if key.primary else "UNIQUE") for key in details.keys]
        kinds += [(foreign.name, "FOREIGN KEY") for foreign in details.foreign_keys]
        for name, kind in kinds:
            yield {
                "CONSTRAINT_SCHEMA": table.schema,
                "CONSTRAINT_NAME": name,
                "TABLE_SCHEMA": table.schema,
                "TABLE_NAME": table.name,
                "CONSTRAINT_TYPE": kind,
                "IS_DEFERRABLE": "NO",
                "INITIALLY_DEFERRED": "NO",
            }


def _key_columns(catalog: Catalog) -> Iterator[Row]:
    for table, details in _detailed(catalog):
        place: Row = {
            "CONSTRAINT_SCHEMA": table.schema,
            "TABLE_SCHEMA": table.schema,
            "TABLE_NAME": table.name,
        }
        for key in details.keys:
            for position, column in enumerate(key.columns, 1):
                yield {
                    **place,
                    "CONSTRAINT_NAME": key.name,
                    "COLUMN_NAME": column,
                    "ORDINAL_POSITION": position,
                    "CONSTRAINT_TYPE": "PRIMARY KEY" if key.primary else "UNIQUE",
                }
        for foreign in details.foreign_keys:
            pairs = zip(foreign.columns, foreign.referenced, strict=True)
            for position, (column, referenced) in enumerate(pairs, 1):
                yield {
                    **place,
                    "CONSTRAINT_NAME": foreign.name,
                    "COLUMN_NAME": column,
                    "ORDINAL_POSITION": position,
                    "CONSTRAINT_TYPE": "FOREIGN KEY",
                    "POSITION_IN_UNIQUE_CONSTRAINT": position,
                    "REFERENCED_TABLE_SCHEMA": foreign.schema,
                    "REFERENCED_TABLE_NAME": foreign.table,
                    "REFERENCED_CONSTRAINT_NAME": foreign.key,
                    "REFERENCED_COLUMN_NAME": referenced,
                }


def _references(catalog: Catalog) -> Iterator[Row]:
    for table, details in _detailed(catalog):
        for foreign in details.foreign_keys:
            yield {
                "CONSTRAINT_SCHEMA": table.schema,
                "CONSTRAINT_TABLE_NAME": table.name,
                "CONSTRAINT_NAME": foreign.name,
                "UNIQUE_CONSTRAINT_SCHEMA": foreign.schema,
                "UNIQUE_CONSTRAINT_TABLE": foreign.table,
                "UNIQUE_CONSTRAINT_NAME": foreign.key,
                "MATCH_OPTION": "NONE",
                "UPDATE_RULE": foreign.on_update.value,
                "DELETE_RULE": foreign.on_delete.value,
            }


def _views(catalog: Catalog) -> Iterator[Row]:
    for table, _ in _detailed(catalog):
        if table.view is not None:
            yield {
                "TABLE_SCHEMA": table.schema,
                "TABLE_NAME": table.name,
                "VIEW_DEFINITION": table.view.query,
                "CHECK_OPTION": "NONE",
                "IS_UPDATABLE": "NO",
                "IS_TRIGGER_UPDATABLE": "NO",
                "IS_TRIGGER_DELETABLE": "NO",
                "IS_TRIGGER_INSERTABLE_INTO": "NO",
            }


def _view_usage(catalog: Catalog) -> Iterator[Row]:
    for table, _ in _detailed(catalog):
        for schema, name in table.view.uses if table.view is not None else ():
            yield {
                "VIEW_SCHEMA": table.schema,
                "VIEW_NAME": table.name,
                "TABLE_SCHEMA": schema,
                "TABLE_NAME": name,
            }


CONSTRAINTS = (
    Described(
        "INDEXES",
        names(
            "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME NON_UNIQUE INDEX_CATALOG INDEX_SCHEMA INDEX_NAME "
            "ORDINAL_POSITION COLUMN_NAME ASC_OR_DESC PRIMARY_KEY MAP_STATUS DATA_FIELDS"
        ),
        _indexes,
        frozenset({"NON_UNIQUE", "ORDINAL_POSITION", "PRIMARY_KEY"}),
    ),
    Described(
        "TABLE_CONSTRAINTS",
        names(
            "CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_NAME TABLE_CATALOG TABLE_SCHEMA TABLE_NAME "
            "CONSTRAINT_TYPE IS_DEFERRABLE INITIALLY_DEFERRED"
        ),
        _constraints,
    ),
    Described(
        "VIEWS",
        names(
            "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME VIEW_DEFINITION CHECK_OPTION IS_UPDATABLE "
            "IS_TRIGGER_UPDATABLE IS_TRIGGER_DELETABLE IS_TRIGGER_INSERTABLE_INTO DESCRIPTION"
        ),
        _views,
    ),
    # "CONSTRAINT_COLUMN_USAGE returns the same rows as KEY_COLUMN_USAGE" (class reference).
    Described(
        "CONSTRAINT_COLUMN_USAGE",
        names(
            "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME CONSTRAINT_CATALOG CONSTRAINT_SCHEMA "
            "CONSTRAINT_NAME"
        ),
        _key_columns,
    ),
    # UNVERIFIED: the order of these columns; the class reference lists them alphabetically. Settle:
    # SELECT TOP 1 * FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE.
    Described(
        "KEY_COLUMN_USAGE",
        names(
            "CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_NAME TABLE_CATALOG TABLE_SCHEMA TABLE_NAME "
            "COLUMN_NAME ORDINAL_POSITION POSITION_IN_UNIQUE_CONSTRAINT CONSTRAINT_TYPE "
            "REFERENCED_TABLE_CATALOG REFERENCED_TABLE_SCHEMA REFERENCED_TABLE_NAME "
            "REFERENCED_CONSTRAINT_NAME REFERENCED_COLUMN_NAME"
        ),
        _key_columns,
        frozenset({"ORDINAL_POSITION", "POSITION_IN_UNIQUE_CONSTRAINT"}),
    ),
    # UNVERIFIED: the columns of the next two are those that sqlalchemy-iris and iristool read; there may be more.
    # Settle: SELECT TOP 1 * FROM INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS, and the same of VIEW_TABLE_USAGE.
    Described(
        "REFERENTIAL_CONSTRAINTS",
        names(
            "CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_TABLE_NAME CONSTRAINT_NAME "
            "UNIQUE_CONSTRAINT_CATALOG UNIQUE_CONSTRAINT_SCHEMA UNIQUE_CONSTRAINT_TABLE "
            "UNIQUE_CONSTRAINT_NAME MATCH_OPTION UPDATE_RULE DELETE_RULE"
        ),
        _references,
    ),
    Described("VIEW_TABLE_USAGE", names("VIEW_SCHEMA VIEW_NAME TABLE_SCHEMA TABLE_NAME"), _view_usage),
)
