"""Stored procedures in the forms that `cursor.callproc` sends."""

from __future__ import annotations

import pytest

from irisops.simulator.backend import SqlFailure
from irisops.simulator.sql.engine import Engine
from tests.simulator.sql.fake_catalog import FakeCatalog


def test_a_class_query_returns_its_columns_and_rows(engine: Engine, catalog: FakeCatalog) -> None:
    prepared = engine.prepare_call("Security . Users_List ( :%qpar(1) , :%qpar(2) )")
    assert prepared.columns is not None
    assert [(column.name, column.sql_type, column.table) for column in prepared.columns] == [
        ("Name", 12, "Users_List"),
        ("Enabled", 12, "Users_List"),
        ("Flags", 4, "Users_List"),
    ]
    assert prepared.parameter_count == 2
    outcome = engine.call(prepared, ["a", "*"])
    assert outcome.parameters == ["a", "*"]
    assert outcome.rows == [("Admin", "Yes", 1), ("alice", "Yes", 1)]
    assert catalog.list_calls == [("a", "*", 0)]


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("Security.Users_List", ("*", "*", 0)),
        ("CALL Security . Users_List ( )", ("*", "*", 0)),
        ("security.users_list('b', NULL, -2)", ("b", None, -2)),
        ("\"Security\".\"Users_List\"('it''s')", ("it's", "*", 0)),
    ],
)
def test_arguments_may_be_constants_or_left_out(
    engine: Engine, catalog: FakeCatalog, text: str, arguments: tuple[object, ...]
) -> None:
    engine.call(engine.prepare_call(text), [])
    assert catalog.list_calls == [arguments]


def test_a_function_has_no_result_set(engine: Engine) -> None:
    prepared = engine.prepare_call("%SYSTEM_SQL.Security_UserExists(?)")
    assert prepared.columns is None
    assert engine.call(prepared, ["alice"]).rows is None


@pytest.mark.parametrize(
    ("text", "sqlcode"),
    [
        ("Nix.Such(?)", -428),
        ("Users_List(?)", -428),
        ("Security.Users_List(?,?,?,?)", -429),
        ("Demo.Needs()", -429),
        ("a.b.c()", -427),
        ("", -427),
        ("('x')", -427),
        ("Security.Users_List(1 2)", -1),
        ("Security.Users_List(1,)", -1),
        ("Security.Users_List(1", -1),
        ("Security.Users_List(Name)", -1),
        ("? = Security.Users_List()", -400),
        ("Security.Users_List('x", -3),
    ],
)
def test_bad_calls_fail_at_prepare(engine: Engine, text: str, sqlcode: int) -> None:
    with pytest.raises(SqlFailure) as caught:
        engine.prepare_call(text)
    assert caught.value.sqlcode == sqlcode


def test_execute_privilege_is_wanted_at_prepare_and_at_the_call(engine: Engine, catalog: FakeCatalog) -> None:
    prepared = engine.prepare_call("Security.Users_List(?)")
    catalog.denied.add("Security.Users_List")
    with pytest.raises(SqlFailure) as at_call:
        engine.call(prepared, ["*"])
    with pytest.raises(SqlFailure) as at_prepare:
        engine.prepare_call("Security.Users_List(?)")
    assert (at_call.value.sqlcode, at_prepare.value.sqlcode) == (-99, -99)
    assert catalog.list_calls == []


def test_too_few_values_are_reported(engine: Engine) -> None:
    with pytest.raises(SqlFailure, match="2 parameters are needed, 1 were sent"):
        engine.call(engine.prepare_call("Security.Users_List(?,?)"), ["x"])


def test_a_query_is_no_call(engine: Engine) -> None:
    with pytest.raises(SqlFailure, match="not a procedure call"):
        engine.call(engine.prepare("SELECT 1"), [])
