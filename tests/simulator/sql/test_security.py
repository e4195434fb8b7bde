"""Statements on users, roles and privileges: names reach the instance exactly as written; the rest is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.backend import Parameter, SqlFailure, Value
from irisops.simulator.sql.engine import Engine
from irisops.simulator.sql.statements import Action, ObjectKind, SqlObject
from tests.simulator.sql.fake_catalog import FakeCatalog

PROCESSES = SqlObject(ObjectKind.TABLE, "%SYS", "ProcessQuery")
USERS_LIST = SqlObject(ObjectKind.PROCEDURE, "Security", "Users_List")


def _run(
    catalog: FakeCatalog, sql: str, values: Sequence[Value] = (), parameters: Sequence[Parameter] = ()
) -> list[tuple[object, ...]]:
    engine = Engine(catalog)
    prepared = engine.prepare(sql, parameters)
    assert prepared.columns is None
    assert catalog.recorded.done == []
    assert engine.update(prepared, values) == 0
    return catalog.recorded.done


@pytest.mark.parametrize(
    ("sql", "done"),
    [
        ("CREATE USER bob IDENTIFY BY 'Secret 1'", ("create user", "bob", "Secret 1")),
        ("create user bob identified by secret", ("create user", "bob", "secret")),
        ("CREATE USER bob WITH PASSWORD p$a@b_c&d", ("create user", "bob", "p$a@b_c&d")),
        ("CREATE USER bob PASSWORD 007", ("create user", "bob", "007")),
        ("CREATE USER bob PASSWORD 'it''s'", ("create user", "bob", "it's")),
        ('CREATE USER "a""b, c" IDENTIFY BY "quo ted"', ("create user", 'a"b, c', "quo ted")),
        ('CREATE USER "User" IDENTIFY BY x', ("create user", "User", "x")),
        ("CREATE USER _SYSTEM2 IDENTIFY BY x", ("create user", "_SYSTEM2", "x")),
        ("ALTER USER bob IDENTIFY BY New1", ("alter user", "bob", "New1")),
        ("DROP USER bob", ("drop user", "bob", False)),
        ("DROP USER IF EXISTS bob", ("drop user", "bob", True)),
        ("CREATE ROLE Auditor", ("create role", "Auditor")),
        ("DROP ROLE IF EXISTS Auditor", ("drop role", "Auditor", True)),
        ("GRANT %SQL TO alice", ("grant roles", ["%SQL"], ["alice"], False)),
        (
            'GRANT %SQL, "odd role" TO alice,"b, c" WITH ADMIN OPTION',
            ("grant roles", ["%SQL", "odd role"], ["alice", "b, c"], True),
        ),
        ("REVOKE %SQL FROM alice", ("revoke roles", ["%SQL"], ["alice"], False)),
        ("REVOKE * FROM *", ("revoke roles", ["*"], ["*"], False)),
        ("REVOKE ADMIN OPTION FOR %SQL FROM a", ("revoke roles", ["%SQL"], ["a"], True)),
        ("GRANT %CREATE_TABLE TO r", ("grant admin", ["%CREATE_TABLE"], ["r"], False)),
        ("REVOKE %create_table FROM r", ("revoke admin", ["%CREATE_TABLE"], ["r"])),
        (
            "GRANT SELECT , UPDATE ON %sys . processquery TO r WITH GRANT OPTION",
            ("grant", [Action.SELECT, Action.UPDATE], [PROCESSES], ["r"], True),
        ),
        (
            "GRANT EXECUTE ON Security.Users_List TO r",
            ("grant", [Action.EXECUTE], [USERS_LIST], ["r"], False),
        ),
        (
            "GRANT SELECT ON SCHEMA Security, Demo TO r",
            (
                "grant",
                [Action.SELECT],
                [SqlObject(ObjectKind.SCHEMA, "Security"), SqlObject(ObjectKind.SCHEMA, "Demo")],
                ["r"],
                False,
            ),
        ),
        (
            "GRANT SELECT ON * TO r",
            ("grant", [Action.SELECT], [SqlObject(ObjectKind.TABLE, "*")], ["r"], False),
        ),
        (
            "REVOKE SELECT ON %SYS.ProcessQuery FROM r CASCADE",
            ("revoke", [Action.SELECT], [PROCESSES], ["r"], True),
        ),
    ],
)
def test_statements_reach_the_instance_as_written(
    catalog: FakeCatalog, sql: str, done: tuple[object, ...]
) -> None:
    assert _run(catalog, sql) == [done]


def test_roles_and_administrative_privileges_may_be_granted_together(catalog: FakeCatalog) -> None:
    assert _run(catalog, "GRANT %SQL, %DROP_VIEW TO r") == [
        ("grant admin", ["%DROP_VIEW"], ["r"], False),
        ("grant roles", ["%SQL"], ["r"], False),
    ]


def test_all_privileges_leave_execute_out(catalog: FakeCatalog) -> None:
    _run(catalog, "GRANT ALL PRIVILEGES ON %SYS.ProcessQuery TO r")
    assert set(catalog.recorded.done[0][1]) == {  # type: ignore[call-overload]
        Action.ALTER,
        Action.DELETE,
        Action.INSERT,
        Action.REFERENCES,
        Action.SELECT,
        Action.UPDATE,
    }


def test_a_literal_that_became_a_parameter_is_a_password(catalog: FakeCatalog) -> None:
    sql = "CREATE USER bob IDENTIFY BY :%qpar(1)"
    assert _run(catalog, sql, ["pa'ss"], [Parameter("c", 4)]) == [("create user", "bob", "pa'ss")]


@pytest.mark.parametrize(
    ("sql", "parameters", "sqlcode"),
    [
        ("CREATE USER bob IDENTIFY BY ?", [], -1),
        ("CREATE USER bob IDENTIFY BY :%qpar(1)", [Parameter("?", 0)], -1),
        ("CREATE USER ? IDENTIFY BY x", [], -1),
        ("CREATE USER :%qpar(1) IDENTIFY BY x", [Parameter("c", 4)], -1),
        ("CREATE USER 'bob' IDENTIFY BY x", [], -12),
        ("CREATE USER bob IDENTIFY BY", [], -12),
        ("CREATE USER bob", [], -1),
        ("CREATE USER", [], -12),
        ("CREATE USER User IDENTIFY BY x", [], -12),
        ("CREATE USER bob IDENTIFY BY x y", [], -25),
        ("DROP USER bob; DROP USER alice", [], -25),
        ("DROP ROLE a, b", [], -25),
        ("GRANT TO alice", [], -12),
        ("GRANT %SQL alice", [], -1),
        ("GRANT * TO alice", [], -55),
        ("GRANT SELECT ON Nix.Such TO r", [], -30),
        ("GRANT EXECUTE ON %SYS.ProcessQuery TO r", [], -56),
        ("GRANT SELECT ON Security.Users_List TO r", [], -56),
        ("GRANT SELECT, JUMP ON %SYS.ProcessQuery TO r", [], -60),
        ("GRANT SELECT (Pid) ON %SYS.ProcessQuery TO r", [], -400),
        ("GRANT SELECT ON CUBE c TO r", [], -400),
        ("REVOKE GRANT OPTION FOR SELECT ON %SYS.ProcessQuery FROM r", [], -400),
        ("REVOKE ADMIN OPTION FOR SELECT ON %SYS.ProcessQuery FROM r", [], -1),
    ],
)
def test_what_is_refused_at_prepare(
    engine: Engine, sql: str, parameters: Sequence[Parameter], sqlcode: int
) -> None:
    with pytest.raises(SqlFailure) as caught:
        engine.prepare(sql, parameters)
    assert caught.value.sqlcode == sqlcode


@given(st.text(min_size=1), st.text())
def test_hostile_names_and_passwords_arrive_untouched(name: str, password: str) -> None:
    quoted_name, quoted_password = name.replace('"', '""'), password.replace("'", "''")
    done = _run(FakeCatalog(), f"CREATE USER \"{quoted_name}\" IDENTIFY BY '{quoted_password}'")
    assert done == [("create user", name, password)]


@pytest.mark.parametrize(
    "name", ['x" IDENTIFY BY y', "x'; DROP USER alice", "--", "/*", "?", ":%qpar(1)", "GRANT"]
)
def test_no_name_becomes_syntax(catalog: FakeCatalog, name: str) -> None:
    quoted = name.replace('"', '""')
    assert _run(catalog, f'GRANT "{quoted}" TO "{quoted}"') == [("grant roles", [name], [name], False)]


def test_the_password_is_in_no_failure_and_no_repr(catalog: FakeCatalog) -> None:
    engine = Engine(catalog)
    prepared = engine.prepare("CREATE USER bob IDENTIFY BY 'hunter2'")
    assert "hunter2" not in repr(prepared)
    assert "hunter2" not in repr(prepared.plan)
    with pytest.raises(SqlFailure) as caught:
        engine.prepare("CREATE USER bob IDENTIFY BY hunter2 hunter3")
    assert "hunter2" not in str(caught.value)
    assert "hunter3" not in str(caught.value)


def test_the_instance_may_refuse(catalog: FakeCatalog) -> None:
    engine = Engine(catalog)
    prepared = engine.prepare("CREATE USER bob IDENTIFY BY x")
    catalog.recorded.refuse = SqlFailure(-118, "User named 'bob' already exists")
    with pytest.raises(SqlFailure, match="already exists") as caught:
        engine.update(prepared, [])
    assert caught.value.sqlcode == -118


@pytest.mark.parametrize(
    ("sql", "held"),
    [
        ("%CHECKPRIV SELECT ON %SYS.ProcessQuery", (Action.SELECT, PROCESSES)),
        ("%CHECKPRIV EXECUTE ON Security.Users_List", (Action.EXECUTE, USERS_LIST)),
        ("%CHECKPRIV %CREATE_TABLE", "%CREATE_TABLE"),
    ],
)
def test_checkpriv_answers_100_for_what_is_not_held(catalog: FakeCatalog, sql: str, held: object) -> None:
    engine = Engine(catalog)
    prepared = engine.prepare(sql)
    with pytest.raises(SqlFailure) as caught:
        engine.update(prepared, [])
    assert caught.value.sqlcode == 100
    catalog.recorded.held.add(held)
    assert engine.update(prepared, []) == 0


def test_checkpriv_on_what_does_not_exist_is_not_held(engine: Engine) -> None:
    prepared = engine.prepare("%CHECKPRIV SELECT ON %Dictionary.PropertyDefinition")
    with pytest.raises(SqlFailure) as caught:
        engine.update(prepared, [])
    assert caught.value.sqlcode == 100
