"""The engine's contract: parameters, caching, privileges, refused changes, limits."""

from __future__ import annotations

from decimal import Decimal

import pytest

from irisops.simulator.backend import Parameter, SqlFailure, Value
from irisops.simulator.sql.engine import Engine
from irisops.simulator.sql.store import Limits
from tests.simulator.sql.conftest import Select
from tests.simulator.sql.fake_catalog import FakeCatalog


def test_parameters_are_values_never_text(select: Select) -> None:
    hostile = "x' OR '1'='1"
    assert select("SELECT Pid FROM %SYS.ProcessQuery WHERE UserName = ?", hostile) == []
    assert select("SELECT ?", hostile) == [(hostile,)]
    assert select(
        "SELECT Pid FROM %SYS.ProcessQuery WHERE Pid = :%qpar(2) AND UserName = :%qpar(1)", "ALICE", "102"
    ) == [(102,)]


@pytest.mark.parametrize(
    ("value", "pids"),
    [
        ("102", [102]),
        (102, [102]),
        (Decimal(102), [102]),
        ("abc", []),
        (None, []),
        (2**70, []),
        (b"102", [102]),
    ],
)
def test_a_number_column_takes_numbers_in_any_guise(select: Select, value: Value, pids: list[int]) -> None:
    assert select("SELECT Pid FROM %SYS.ProcessQuery WHERE Pid = ?", value) == [(pid,) for pid in pids]


def test_literals_that_the_client_pulled_out_are_typed_by_their_descriptor(engine: Engine) -> None:
    parameters = [Parameter("c", 10), Parameter("c", 11), Parameter("c", 4)]
    prepared = engine.prepare("SELECT :%qpar(1), :%qpar(2), :%qpar(3)", parameters)
    assert prepared.columns is not None
    assert [column.sql_type for column in prepared.columns] == [4, 2, 12]
    assert engine.query(prepared, ["10", ".5", "10"]) == [(10, Decimal("0.5"), "10")]


def test_a_missing_value_is_reported(engine: Engine) -> None:
    prepared = engine.prepare("SELECT ?, ?")
    assert prepared.parameter_count == 2
    with pytest.raises(SqlFailure, match="2 parameters are needed, 1 were sent"):
        engine.query(prepared, [1])


def test_null_and_the_empty_string_are_two_things(select: Select) -> None:
    assert select("SELECT Name FROM Security.Roles WHERE Resource = ''") == [("%All",)]
    assert select("SELECT Name FROM Security.Roles WHERE Resource IS NULL") == [("Müller",)]
    assert select("SELECT 'a' || NULL, ''") == [(None, "")]


def test_table_functions_get_defaults_and_parameters(select: Select, catalog: FakeCatalog) -> None:
    assert select("SELECT Name FROM Security.Users_List() WHERE Enabled = 'yes' ORDER BY Name DESC") == [
        ("alice",),
        ("Admin",),
    ]
    assert select("SELECT u.Flags FROM Security . Users_List ( ? , 'r' , -3 ) AS u", "b") == [(1,)]
    assert catalog.list_calls == [("*", "*", 0), ("b", "r", -3)]


def test_a_prepared_table_function_runs_anew_each_time(engine: Engine, catalog: FakeCatalog) -> None:
    prepared = engine.prepare("SELECT Name FROM Security.Users_List(?)")
    assert engine.query(prepared, ["a"]) == [("Admin",), ("alice",)]
    assert engine.query(prepared, ["b"]) == [("bob",)]
    assert len(catalog.list_calls) == 2


def test_only_named_columns_are_read_and_kept_until_the_revision_changes(
    select: Select, catalog: FakeCatalog
) -> None:
    select("SELECT COUNT(*) FROM %SYS.ProcessQuery")
    select("SELECT Pid FROM %SYS.ProcessQuery WHERE UserName = 'x'")
    select("SELECT UserName FROM %SYS.ProcessQuery")
    assert catalog.reads == [(), ("Pid", "UserName")]
    catalog.processes = catalog.processes[:1]
    assert select("SELECT COUNT(*) FROM %SYS.ProcessQuery") == [(5,)]
    catalog.revision += 1
    assert select("SELECT COUNT(*) FROM %SYS.ProcessQuery") == [(1,)]
    assert select("SELECT UserName FROM %SYS.ProcessQuery") == [("_SYSTEM",)]


@pytest.mark.parametrize(
    ("denied", "sql"),
    [
        ("%SYS.ProcessQuery", "SELECT Pid FROM %SYS.ProcessQuery"),
        (
            "%SYS.ProcessQuery",
            "SELECT Name FROM Security.Roles WHERE EXISTS (SELECT 1 FROM %SYS.ProcessQuery)",
        ),
        ("%SYS.ProcessQuery", "SELECT (SELECT MAX(Pid) FROM %SYS.ProcessQuery)"),
        ("Security.Users_List", "SELECT Name FROM Security.Users_List()"),
        ("%SYSTEM_SQL.Security_UserExists", "SELECT %SYSTEM_SQL.Security_UserExists('a')"),
        ("Security.Roles", "DELETE FROM Security.Roles"),
    ],
)
def test_privileges_are_asked_for_at_prepare_and_again_at_execution(
    engine: Engine, catalog: FakeCatalog, denied: str, sql: str
) -> None:
    prepared = engine.prepare(sql)
    catalog.denied.add(denied)
    with pytest.raises(SqlFailure) as at_execution:
        engine.query(prepared, []) if prepared.columns is not None else engine.update(prepared, [])
    with pytest.raises(SqlFailure) as at_prepare:
        engine.prepare(sql)
    assert (at_execution.value.sqlcode, at_prepare.value.sqlcode) == (-99, -99)
    assert catalog.reads == []


@pytest.mark.parametrize(
    ("sql", "sqlcode"),
    [
        ("INSERT INTO Security.Roles (Name) VALUES ('x')", -130),
        ("INSERT Security.Roles (Name) VALUES ('x')", -130),
        ("INSERT OR UPDATE Security.Roles (Name) VALUES ('x')", -130),
        ("UPDATE Security . Roles SET Description = 'x'", -132),
        ("DELETE FROM Security.Roles WHERE Name = 'x'", -134),
    ],
)
def test_changes_by_sql_are_refused_when_they_run(engine: Engine, sql: str, sqlcode: int) -> None:
    prepared = engine.prepare(sql)
    assert prepared.columns is None
    with pytest.raises(SqlFailure, match=r"class methods of Security\.Roles") as caught:
        engine.update(prepared, [])
    assert caught.value.sqlcode == sqlcode


@pytest.mark.parametrize(
    ("sql", "sqlcode"),
    [
        ("DELETE FROM Nix.Such", -30),
        ("INSERT", -12),
        ("TUNE TABLE x", -400),
        ('CREATE OR REPLACE FUNCTION f() RETURNS INT LANGUAGE OBJECTSCRIPT { if x = "" { quit 1 } }', -400),
        ("SET OPTION COMPILEMODE = DEFERRED", -400),
        ("COMMIT NOW", -25),
        ("CALL Security.Users_List()", -400),
        ("EXPLODE", -51),
    ],
)
def test_other_statements_fail_at_prepare(engine: Engine, sql: str, sqlcode: int) -> None:
    with pytest.raises(SqlFailure) as caught:
        engine.prepare(sql)
    assert caught.value.sqlcode == sqlcode


def test_max_rows_limits_the_answer(engine: Engine) -> None:
    prepared = engine.prepare("SELECT Pid FROM %SYS.ProcessQuery ORDER BY 1")
    assert engine.query(prepared, [], max_rows=2) == [(101,), (102,)]


def test_a_runaway_is_stopped_and_the_next_query_works(catalog: FakeCatalog) -> None:
    engine = Engine(catalog, limits=Limits(instructions=200_000, rows=100))
    sql = "SELECT COUNT(*) FROM " + ", ".join(f"%SYS.ProcessQuery t{n}" for n in range(9))  # noqa: S608 - no input
    with pytest.raises(SqlFailure, match="more work") as caught:
        engine.query(engine.prepare(sql), [])
    assert caught.value.sqlcode == -450
    assert engine.query(engine.prepare("SELECT COUNT(*) FROM %SYS.ProcessQuery"), []) == [(5,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM {} WHERE e.UserName LIKE a.UserName || '%'",
        "SELECT a.UserName FROM {} ORDER BY a.UserName",
        "SELECT UPPER(a.UserName) FROM {}",
    ],
)
def test_work_in_functions_and_sorting_counts_by_its_time(catalog: FakeCatalog, sql: str) -> None:
    """Each costs as much as hundreds of instructions: minutes, before this was counted."""
    joined = "%SYS.ProcessQuery a, " + ", ".join(f"%SYS.ProcessQuery {name}" for name in "bcde")
    statement = sql.format(joined)
    engine = Engine(catalog, limits=Limits(instructions=10**9, seconds=-1))
    with pytest.raises(SqlFailure, match="more work") as caught:
        engine.query(engine.prepare(statement), [])
    assert caught.value.sqlcode == -450
    assert Engine(catalog).query(Engine(catalog).prepare("SELECT UPPER('a')"), []) == [("A",)]
    generous = Engine(catalog)
    assert generous.query(generous.prepare(statement), [])


def test_too_many_rows_and_too_long_strings_are_refused(catalog: FakeCatalog) -> None:
    engine = Engine(catalog, limits=Limits(rows=100))
    with pytest.raises(SqlFailure, match="more than 100 rows"):
        engine.query(
            engine.prepare("SELECT a.Pid FROM %SYS.ProcessQuery a, %SYS.ProcessQuery b, %SYS.ProcessQuery c"),
            [],
        )
    with pytest.raises(SqlFailure, match="MAXSTRING"):
        engine.query(engine.prepare("SELECT REPEAT('x', 9999999)"), [])
    with pytest.raises(SqlFailure, match="too long"):
        engine.query(
            engine.prepare("SELECT REPEAT('x', 3600000) FROM %SYS.ProcessQuery a, %SYS.ProcessQuery b"), []
        )


def test_long_chains_of_conditions_and_lists_work(select: Select) -> None:
    conditions = " AND ".join(f"Pid <> {number}" for number in range(600))
    count = "SELECT COUNT(*) FROM %SYS.ProcessQuery WHERE "
    assert select(count + conditions + " AND Pid > 105") == [(0,)]
    listed = ", ".join(str(number) for number in range(1200))
    assert select(count + f"Pid IN ({listed})") == [(5,)]


def test_odd_values_of_a_table_survive(engine: Engine, catalog: FakeCatalog) -> None:
    catalog.processes = [(1, 2**62, "half \ud800 a pair", "a\x00b", "日本 😀", 1, True, 1.5)]
    assert engine.query(engine.prepare("SELECT * FROM %SYS.ProcessQuery"), []) == [
        (2**62, "half ? a pair", "a\x00b", "日本 😀", 1, 1, Decimal("1.5"))
    ]


def test_a_failing_table_leaves_nothing_half_filled(engine: Engine, catalog: FakeCatalog) -> None:
    good = catalog.processes
    catalog.processes = [(1,)]
    with pytest.raises(IndexError):
        engine.query(engine.prepare("SELECT Pid, UserName FROM %SYS.ProcessQuery"), [])
    catalog.processes = good
    assert engine.query(engine.prepare("SELECT UserName FROM %SYS.ProcessQuery WHERE Pid = 101"), []) == [
        ("_SYSTEM",)
    ]


def test_query_and_update_do_not_swap_places(engine: Engine) -> None:
    with pytest.raises(SqlFailure, match="not a query"):
        engine.query(engine.prepare("DROP USER x"), [])
    with pytest.raises(SqlFailure, match="is a query"):
        engine.update(engine.prepare("SELECT 1"), [])
