"""INFORMATION_SCHEMA describes the catalog, itself included."""

from __future__ import annotations

from irisops.simulator.sql.catalog import TableDef
from irisops.simulator.sql.engine import Engine
from irisops.simulator.sql.store import Store
from tests.simulator.sql.conftest import Select
from tests.simulator.sql.fake_catalog import PROCESS_COLUMNS, FakeCatalog


def test_tables_with_their_class_and_type(select: Select) -> None:
    rows = select(
        "SELECT TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, CLASSNAME FROM INFORMATION_SCHEMA.TABLES "
        "WHERE TABLE_SCHEMA <> 'information_schema' ORDER BY TABLE_NAME"
    )
    assert rows == [
        (None, "%SYS", "ProcessQuery", "SYSTEM TABLE", "%SYS.ProcessQuery"),
        (None, "Security", "Roles", "BASE TABLE", "Security.Roles"),
    ]
    assert ("INFORMATION_SCHEMA", "COLUMNS") in select(
        "SELECT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES"
    )


def test_columns_in_order_with_types_and_without_hidden_ones(select: Select) -> None:
    rows = select(
        "SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_SCALE, IS_NULLABLE, ORDINAL_POSITION "
        "FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = '%SYS' AND TABLE_NAME = 'processquery' "
        "ORDER BY ORDINAL_POSITION"
    )
    assert [row[0] for row in rows] == [column.name for column in PROCESS_COLUMNS if not column.hidden]
    assert rows[0] == ("Pid", "integer", None, 0, "NO", 2)
    assert rows[1] == ("UserName", "varchar", 160, None, "YES", 3)
    assert rows[-1] == ("Load", "numeric", None, 2, "YES", 8)


def test_schemata_and_routines(select: Select) -> None:
    assert select("SELECT SCHEMA_NAME FROM INFORMATION_SCHEMA.SCHEMATA ORDER BY 1") == [
        ("%SYS",), ("Demo",), ("INFORMATION_SCHEMA",), ("Security",)]  # fmt: skip
    assert select("SELECT ROUTINE_NAME FROM INFORMATION_SCHEMA.ROUTINES ORDER BY 1") == [
        ("Needs",), ("Users_List",)]  # fmt: skip


class _Narrow(FakeCatalog):
    def tables(self) -> list[TableDef]:
        return []


def test_two_sessions_on_one_store_see_their_own_catalog() -> None:
    store = Store()
    wide, narrow = Engine(FakeCatalog(), store=store), Engine(_Narrow(), store=store)
    sql = "SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES"
    counts = [engine.query(engine.prepare(sql), [])[0][0] for engine in (wide, narrow, wide)]
    assert counts == [13, 11, 13]


def test_what_would_tell_of_indices_constraints_and_views_is_there_and_empty(select: Select) -> None:
    names = (
        *("INDEXES", "TABLE_CONSTRAINTS", "CONSTRAINT_COLUMN_USAGE", "KEY_COLUMN_USAGE"),
        *("REFERENTIAL_CONSTRAINTS", "VIEWS", "VIEW_TABLE_USAGE"),
    )
    assert [select(f"SELECT * FROM INFORMATION_SCHEMA.{name}") for name in names] == [[]] * len(names)  # noqa: S608 - own


def test_what_the_irissqlcli_client_asks_at_its_start(select: Select) -> None:
    hidden = "NOT {0} %STARTSWITH '%' AND NOT {0} %STARTSWITH 'Ens' AND {0} <> 'INFORMATION_SCHEMA'"
    tables = "SELECT TABLE_SCHEMA || '.' || TABLE_NAME AS TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE "
    schemas = "SELECT SCHEMA_NAME FROM INFORMATION_SCHEMA.SCHEMATA WHERE "
    assert select(tables + hidden.format("TABLE_SCHEMA")) == [("Security.Roles",)]
    assert select(schemas + hidden.format("SCHEMA_NAME") + " ORDER BY SCHEMA_NAME") == [
        ("Demo",),
        ("Security",),
    ]
    assert select(schemas + "SCHEMA_NAME LIKE ?", "sec%") == [("Security",)]


def test_a_column_tells_its_type_by_number_too(select: Select) -> None:
    columns = "SELECT COLUMN_NAME, odbctype FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = '%SYS'"
    assert {("Pid", 4), ("UserName", 12), ("IsGhost", -7)} <= set(select(columns))
