"""The embedded database lets a query read the filled tables only."""

from __future__ import annotations

import pytest

from irisops.simulator.backend import SqlFailure
from irisops.simulator.sql.catalog import ColumnDef, TableDef
from irisops.simulator.sql.store import Needs, Store, TableNeed


def _table(rows: list[tuple[str]]) -> TableDef:
    return TableDef("Demo", "Words", [ColumnDef("Word")], lambda names: [row[: len(names)] for row in rows])


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE t0",
        "DELETE FROM t0",
        "INSERT INTO t0 (z) VALUES (1)",
        "CREATE TABLE evil (a)",
        "CREATE TEMP TABLE evil (a)",
        "ATTACH DATABASE ':memory:' AS evil",
        "PRAGMA table_info(t0)",
        "SELECT * FROM pragma_table_info('t0')",
        "SELECT sqlite_version()",
        "SELECT load_extension('x')",
        "SELECT writefile('x', 'y')",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
        "BEGIN",
        "VACUUM",
    ],
)
def test_nothing_but_reading_is_permitted_even_if_a_statement_got_through(sql: str) -> None:
    store = Store()
    table = _table([("a",), ("b",)])
    need = TableNeed(table, store.physical_name(table), frozenset({0}))
    assert store.select(Needs([need]), "SELECT c0 FROM t0", {}, 0) == [("a",), ("b",)]
    with pytest.raises(SqlFailure):
        store.select(Needs([need]), sql, {}, 0)
    assert store.select(Needs([need]), "SELECT c0 FROM t0", {}, 0) == [("a",), ("b",)]


def test_tables_of_one_name_but_other_columns_are_kept_apart() -> None:
    store = Store()
    other = TableDef("DEMO", "words", [ColumnDef("Number", 4)], lambda _names: [])
    same = _table([])
    assert store.physical_name(_table([])) == store.physical_name(same)
    assert store.physical_name(same) != store.physical_name(other)


def test_the_function_of_another_query_cannot_be_called() -> None:
    store = Store()
    with pytest.raises(SqlFailure):
        store.select(Needs(), "SELECT iris_call(0, 'x')", {}, 0)
