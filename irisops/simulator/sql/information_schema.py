"""INFORMATION_SCHEMA: projected and defined tables, columns, schemas and routines, as tables.

Columns and their order: the public class reference of 2024.1, `INFORMATION.SCHEMA.TABLES`, `.COLUMNS`, `.SCHEMATA`
and `.ROUTINES`. Keys, indices and views are in `constraint_tables`. Columns that are "always NULL" by that reference
are NULL here; private ones are hidden.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import count

from irisops.simulator.backend import Value
from irisops.simulator.sql.catalog import Catalog, ColumnDef, FunctionDef, ProcedureDef, SqlType, TableDef
from irisops.simulator.sql.constraint_tables import CONSTRAINTS, Described, Row, names
from irisops.simulator.sql.definitions import DefinitionStatements, TableDetails
from irisops.simulator.sql.statements import SecurityStatements, TransactionStatements

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
"""UNVERIFIED: the spelling. Settle: SELECT DISTINCT DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS."""

_NUMBERS = frozenset({SqlType.TINYINT, SqlType.BIGINT, SqlType.NUMERIC, SqlType.INTEGER, SqlType.DOUBLE})

_TABLES = Described(
    "TABLES",
    names(
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_TYPE SELF_REFERENCING_COLUMN_NAME "
        "REFERENCE_GENERATION USER_DEFINED_TYPE_CATALOG USER_DEFINED_TYPE_SCHEMA "
        "USER_DEFINED_TYPE_NAME IS_INSERTABLE_INTO IS_TYPED CLASSNAME DESCRIPTION OWNER"
    ),
    lambda catalog: (
        {
            "TABLE_SCHEMA": table.schema,
            "TABLE_NAME": table.name,
            "TABLE_TYPE": _table_type(table),
            "IS_INSERTABLE_INTO": "NO" if table.changes is None else "YES",
            "IS_TYPED": "NO",
            "CLASSNAME": table.class_name or None,
            "DESCRIPTION": (table.details.description or None) if table.details else None,
            "OWNER": (table.details.owner or None) if table.details else None,
        }
        for table in catalog.tables()
    ),
)

_COLUMNS = Described(
    "COLUMNS",
    names(
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
        names(
            "ORDINAL_POSITION CHARACTER_MAXIMUM_LENGTH CHARACTER_OCTET_LENGTH NUMERIC_PRECISION "
            "NUMERIC_PRECISION_RADIX NUMERIC_SCALE odbctype"
        )
    ),
)

_SCHEMATA = Described(
    "SCHEMATA",
    names(
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

_ROUTINES = Described(
    "ROUTINES",
    names(
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


def _is_system(schema: str) -> bool:
    return schema.startswith("%") or schema.upper() == SCHEMA


def _table_type(table: TableDef) -> str:
    return (
        "SYSTEM TABLE" if table.table_type == "BASE TABLE" and _is_system(table.schema) else table.table_type
    )


def _column_row(table: TableDef, position: int, column: ColumnDef) -> Row:
    number = column.sql_type in _NUMBERS
    length = column.precision if column.sql_type in {SqlType.VARCHAR, SqlType.VARBINARY} else None
    details = table.details if table.details is not None else TableDetails()
    spec = details.specs.get(column.name)
    counts = spec is not None and (spec.identity or spec.type.counts or spec.type.versioned)
    return {
        "TABLE_SCHEMA": table.schema,
        "TABLE_NAME": table.name,
        "COLUMN_NAME": column.name,
        "ORDINAL_POSITION": position,
        "COLUMN_DEFAULT": spec.default.text if spec is not None and spec.default is not None else None,
        "IS_NULLABLE": "YES" if column.nullable else "NO",
        "IS_IDENTITY": _yes(spec is not None and spec.identity),
        "IS_GENERATED": "NO",
        "IS_UPDATABLE": _yes(table.changes is not None),
        "DATA_TYPE": spec.type.name if spec is not None else _NAMES.get(column.sql_type, "varchar"),
        "odbctype": column.sql_type,
        "CHARACTER_MAXIMUM_LENGTH": length,
        "CHARACTER_OCTET_LENGTH": length,
        "NUMERIC_PRECISION": column.precision if number else None,
        "NUMERIC_PRECISION_RADIX": 10 if number else None,
        "NUMERIC_SCALE": column.scale if number else None,
        "DESCRIPTION": (spec.description or None) if spec is not None else None,
        "AUTO_INCREMENT": _yes(counts),
        "UNIQUE_COLUMN": _yes(any(key.columns == (column.name,) for key in details.keys)),
        "PRIMARY_KEY": _yes(any(key.primary and column.name in key.columns for key in details.keys)),
    }


def _yes(value: bool) -> str:
    return "YES" if value else "NO"


class _WithInformationSchema:
    """A catalog extended by INFORMATION_SCHEMA."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._revisions = count()
        self._own = {
            described.name: self._defined(described)
            for described in (_TABLES, _COLUMNS, _SCHEMATA, _ROUTINES, *CONSTRAINTS)
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

    def cancel_query(self, pid: int) -> None:
        self._catalog.cancel_query(pid)

    @property
    def version(self) -> Hashable:
        return self._catalog.version

    def table(self, schema: str, name: str) -> TableDef | None:
        own = self._own.get(name.upper()) if schema.upper() == SCHEMA else None
        return own or self._catalog.table(schema, name)

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

    def variables(self) -> Mapping[str, Value]:
        return self._catalog.variables()

    def _defined(self, described: Described) -> TableDef:
        columns = [
            ColumnDef(name, SqlType.INTEGER, 10)
            if name in described.integers
            else ColumnDef(name, precision=128)
            for name in described.columns
        ]

        def rows(wanted: Sequence[str]) -> list[tuple[Value, ...]]:
            return [tuple(row.get(name) for name in wanted) for row in described.rows(self)]

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
        """A new value per call: the schema is small, and its rows depend on the user."""
        return (id(self), next(self._revisions))


def with_information_schema(catalog: Catalog) -> Catalog:
    """The catalog extended by `INFORMATION_SCHEMA`, which also lists its own tables."""
    return _WithInformationSchema(catalog)
