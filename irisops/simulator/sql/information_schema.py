"""INFORMATION_SCHEMA: what is projected, told as tables.

Columns and their order: the public class reference of 2024.1, `INFORMATION.SCHEMA.TABLES`, `.COLUMNS`, `.SCHEMATA`
and `.ROUTINES`. Columns of which that reference says "always NULL" are NULL here; private ones are hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from irisops.simulator.backend import Value
from irisops.simulator.sql.catalog import (
    Catalog,
    ColumnDef,
    FunctionDef,
    ProcedureDef,
    SecurityStatements,
    SqlType,
    TableDef,
    TransactionStatements,
)
from irisops.simulator.sql.definitions import DefinitionStatements

SCHEMA = "INFORMATION_SCHEMA"

_NAMES = {
    SqlType.BIT: "bit",
    SqlType.TINYINT: "tinyint",
    SqlType.BIGINT: "bigint",
    SqlType.VARBINARY: "varbinary",
    SqlType.NUMERIC: "numeric",
    SqlType.INTEGER: "integer",
    SqlType.DOUBLE: "double",
    SqlType.DATE: "date",
    SqlType.TIME: "time",
    SqlType.TIMESTAMP: "timestamp",
    SqlType.VARCHAR: "varchar",
}
"""UNVERIFIED: the spelling. On a real instance: SELECT DISTINCT DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS."""

_NUMBERS = frozenset({SqlType.TINYINT, SqlType.BIGINT, SqlType.NUMERIC, SqlType.INTEGER, SqlType.DOUBLE})

_Row = dict[str, Value]


@dataclass(frozen=True, slots=True)
class _Described:
    """A table of the schema: its columns in order, those that are integers, and its rows by column name."""

    name: str
    columns: Sequence[str]
    rows: Callable[[Catalog], Iterable[_Row]]
    integers: frozenset[str] = frozenset()


def _names(listed: str) -> list[str]:
    return listed.split()


_TABLES = _Described(
    "TABLES",
    _names(
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_TYPE SELF_REFERENCING_COLUMN_NAME "
        "REFERENCE_GENERATION USER_DEFINED_TYPE_CATALOG USER_DEFINED_TYPE_SCHEMA "
        "USER_DEFINED_TYPE_NAME IS_INSERTABLE_INTO IS_TYPED CLASSNAME DESCRIPTION OWNER"
    ),
    lambda catalog: (
        {
            "TABLE_SCHEMA": table.schema,
            "TABLE_NAME": table.name,
            "TABLE_TYPE": _table_type(table),
            "IS_INSERTABLE_INTO": "NO",
            "IS_TYPED": "NO",
            "CLASSNAME": table.class_name or None,
        }
        for table in catalog.tables()
    ),
)

_COLUMNS = _Described(
    "COLUMNS",
    _names(
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME ORDINAL_POSITION DTD_IDENTIFIER "
        "DOMAIN_CATALOG DOMAIN_SCHEMA DOMAIN_NAME COLUMN_DEFAULT IS_NULLABLE IS_SELF_REFERENCING "
        "IS_IDENTITY IDENTITY_GENERATION IDENTITY_START IDENTITY_INCREMENT IDENTITY_MAXIMUM "
        "IDENTITY_MINIMUM IDENTITY_CYCLE IS_GENERATED GENERATION_EXPRESSION IS_UPDATABLE DATA_TYPE "
        "CHARACTER_MAXIMUM_LENGTH CHARACTER_OCTET_LENGTH NUMERIC_PRECISION NUMERIC_PRECISION_RADIX "
        "NUMERIC_SCALE DATETIME_PRECISION CHARACTER_SET_CATALOG CHARACTER_SET_SCHEMA "
        "CHARACTER_SET_NAME COLLATION_CATALOG COLLATION_SCHEMA COLLATION_NAME DESCRIPTION "
        "AUTO_INCREMENT UNIQUE_COLUMN PRIMARY_KEY odbctype"
    ),
    lambda catalog: (
        _column_row(table, position, column)
        for table in catalog.tables()
        for position, column in enumerate(table.columns, 1)
        if not column.hidden
    ),
    frozenset(
        _names(
            "ORDINAL_POSITION CHARACTER_MAXIMUM_LENGTH CHARACTER_OCTET_LENGTH NUMERIC_PRECISION "
            "NUMERIC_PRECISION_RADIX NUMERIC_SCALE odbctype"
        )
    ),
)

_SCHEMATA = _Described(
    "SCHEMATA",
    _names(
        "CATALOG_NAME SCHEMA_NAME SCHEMA_OWNER DEFAULT_CHARACTER_SET_CATALOG "
        "DEFAULT_CHARACTER_SET_SCHEMA DEFAULT_CHARACTER_SET_NAME SQL_PATH"
    ),
    lambda catalog: (
        {"SCHEMA_NAME": name}
        for name in dict.fromkeys(
            [table.schema for table in catalog.tables()]
            + [procedure.schema for procedure in catalog.procedures()]
        )
    ),
)

_ROUTINES = _Described(
    "ROUTINES",
    _names(
        "SPECIFIC_CATALOG SPECIFIC_SCHEMA SPECIFIC_NAME ROUTINE_CATALOG ROUTINE_SCHEMA ROUTINE_NAME "
        "MODULE_CATALOG MODULE_SCHEMA MODULE_NAME USER_DEFINED_TYPE_CATALOG USER_DEFINED_TYPE_SCHEMA "
        "USER_DEFINED_TYPE_NAME ROUTINE_TYPE"
    ),
    lambda catalog: (
        {
            "SPECIFIC_SCHEMA": procedure.schema,
            "SPECIFIC_NAME": procedure.name,
            "ROUTINE_SCHEMA": procedure.schema,
            "ROUTINE_NAME": procedure.name,
            "ROUTINE_TYPE": "PROCEDURE",
        }
        for procedure in catalog.procedures()
    ),
)


def _nothing(_catalog: Catalog) -> Iterable[_Row]:
    """No projected table has an index, a constraint or a view; the tables that would tell of them are there, empty."""
    return ()


_EMPTY = (
    _Described(
        "INDEXES",
        _names(
            "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME NON_UNIQUE INDEX_CATALOG INDEX_SCHEMA INDEX_NAME "
            "ORDINAL_POSITION COLUMN_NAME ASC_OR_DESC PRIMARY_KEY MAP_STATUS DATA_FIELDS"
        ),
        _nothing,
        frozenset({"NON_UNIQUE", "ORDINAL_POSITION", "PRIMARY_KEY"}),
    ),
    _Described(
        "TABLE_CONSTRAINTS",
        _names(
            "CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_NAME TABLE_CATALOG TABLE_SCHEMA TABLE_NAME "
            "CONSTRAINT_TYPE IS_DEFERRABLE INITIALLY_DEFERRED"
        ),
        _nothing,
    ),
    _Described(
        "VIEWS",
        _names(
            "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME VIEW_DEFINITION CHECK_OPTION IS_UPDATABLE "
            "IS_TRIGGER_UPDATABLE IS_TRIGGER_DELETABLE IS_TRIGGER_INSERTABLE_INTO DESCRIPTION"
        ),
        _nothing,
    ),
    _Described(
        "CONSTRAINT_COLUMN_USAGE",
        _names(
            "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME CONSTRAINT_CATALOG CONSTRAINT_SCHEMA "
            "CONSTRAINT_NAME"
        ),
        _nothing,
    ),
    # UNVERIFIED: the columns of the next three are those that sqlalchemy-iris and iristool ask for; there may be more.
    # On a real instance: SELECT TOP 1 * FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE, and the same of
    # REFERENTIAL_CONSTRAINTS and VIEW_TABLE_USAGE.
    _Described(
        "KEY_COLUMN_USAGE",
        _names(
            "CONSTRAINT_SCHEMA CONSTRAINT_NAME TABLE_SCHEMA TABLE_NAME COLUMN_NAME ORDINAL_POSITION "
            "CONSTRAINT_TYPE REFERENCED_COLUMN_NAME"
        ),
        _nothing,
        frozenset({"ORDINAL_POSITION"}),
    ),
    _Described(
        "REFERENTIAL_CONSTRAINTS",
        _names(
            "CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_TABLE_NAME CONSTRAINT_NAME "
            "UNIQUE_CONSTRAINT_CATALOG UNIQUE_CONSTRAINT_SCHEMA UNIQUE_CONSTRAINT_TABLE "
            "UNIQUE_CONSTRAINT_NAME MATCH_OPTION UPDATE_RULE DELETE_RULE"
        ),
        _nothing,
    ),
    _Described("VIEW_TABLE_USAGE", _names("VIEW_SCHEMA VIEW_NAME TABLE_SCHEMA TABLE_NAME"), _nothing),
)


def _is_system(schema: str) -> bool:
    return schema.startswith("%") or schema.upper() == SCHEMA


def _table_type(table: TableDef) -> str:
    return (
        "SYSTEM TABLE" if table.table_type == "BASE TABLE" and _is_system(table.schema) else table.table_type
    )


def _column_row(table: TableDef, position: int, column: ColumnDef) -> _Row:
    number = column.sql_type in _NUMBERS
    length = column.precision if column.sql_type in {SqlType.VARCHAR, SqlType.VARBINARY} else None
    return {
        "TABLE_SCHEMA": table.schema,
        "TABLE_NAME": table.name,
        "COLUMN_NAME": column.name,
        "ORDINAL_POSITION": position,
        "IS_NULLABLE": "YES" if column.nullable else "NO",
        "IS_IDENTITY": "NO",
        "IS_GENERATED": "NO",
        "IS_UPDATABLE": "NO",
        "DATA_TYPE": _NAMES.get(column.sql_type, "varchar"),
        "odbctype": column.sql_type,
        "CHARACTER_MAXIMUM_LENGTH": length,
        "CHARACTER_OCTET_LENGTH": length,
        "NUMERIC_PRECISION": column.precision if number else None,
        "NUMERIC_PRECISION_RADIX": 10 if number else None,
        "NUMERIC_SCALE": column.scale if number else None,
        "AUTO_INCREMENT": "NO",
        "UNIQUE_COLUMN": "NO",
        "PRIMARY_KEY": "NO",
    }


class _WithInformationSchema:
    """A catalog with INFORMATION_SCHEMA in front of it; the rest is the catalog's own."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._revisions = count()
        self._own = {
            described.name: self._defined(described)
            for described in (_TABLES, _COLUMNS, _SCHEMATA, _ROUTINES, *_EMPTY)
        }

    @property
    def default_schema(self) -> str:
        return self._catalog.default_schema

    @property
    def username(self) -> str:
        return self._catalog.username

    @property
    def namespace(self) -> str:
        return self._catalog.namespace

    @property
    def security(self) -> SecurityStatements:
        return self._catalog.security

    @property
    def transaction(self) -> TransactionStatements:
        return self._catalog.transaction

    @property
    def definitions(self) -> DefinitionStatements:
        return self._catalog.definitions

    @property
    def version(self) -> Hashable:
        return self._catalog.version

    def table(self, schema: str, name: str) -> TableDef | None:
        if schema.upper() == SCHEMA:
            return self._own.get(name.upper())
        return self._catalog.table(schema, name)

    def procedure(self, schema: str, name: str) -> ProcedureDef | None:
        return self._catalog.procedure(schema, name)

    def function(self, schema: str, name: str) -> FunctionDef | None:
        return self._catalog.function(schema, name)

    def tables(self) -> Iterable[TableDef]:
        return (*self._catalog.tables(), *self._own.values())

    def procedures(self) -> Iterable[ProcedureDef]:
        return self._catalog.procedures()

    def role_exists(self, name: str) -> bool:
        return self._catalog.role_exists(name)

    def now(self) -> str:
        return self._catalog.now()

    def _defined(self, described: _Described) -> TableDef:
        columns = [
            ColumnDef(name, SqlType.INTEGER, 10)
            if name in described.integers
            else ColumnDef(name, precision=128)
            for name in described.columns
        ]

        def rows(names: Sequence[str]) -> list[tuple[Value, ...]]:
            return [tuple(row.get(name) for name in names) for row in described.rows(self)]

        return TableDef(
            SCHEMA,
            described.name,
            columns,
            rows,
            revision=self._fresh_revision,
            class_name=f"INFORMATION.SCHEMA.{described.name}",
            refusal=f"{SCHEMA}.{described.name} is read-only",
        )

    def _fresh_revision(self) -> Hashable:
        """Never the same twice: the schema is small, and what it tells depends on who asks."""
        return (id(self), next(self._revisions))


def with_information_schema(catalog: Catalog) -> Catalog:
    """The catalog, and the tables of `INFORMATION_SCHEMA` that describe it, themselves included."""
    return _WithInformationSchema(catalog)
