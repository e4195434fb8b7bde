"""`%SYSTEM.SQL.Util` and the class dictionary queries of clients (class reference 2024.1)."""

from __future__ import annotations

import pytest

from irisops.simulator.backend import ByRef
from tests.simulator.classes.instance import Client, Instance

UTIL = "%SYSTEM.SQL.Util"


def by_sql(client: Client, option: str) -> str:
    return str(client.rows("SELECT %SYSTEM_SQL.Util_GetOption(?) AS v", option)[0]["v"])


@pytest.mark.parametrize(
    ("option", "default"),
    [("IsolationMode", "0"), ("autocommit", "1"), ("LockTimeout", "10"), ("CompileMode", "Immediate")],
)
def test_options_have_the_documented_defaults(boss: Client, option: str, default: str) -> None:
    assert boss.call(UTIL, "GetOption", option) == by_sql(boss, option) == default


def test_isolation_is_of_the_process_and_the_same_by_every_way(instance: Instance) -> None:
    one, other = instance.login(), instance.login()
    old = ByRef("")
    one.ok(UTIL, "SetOption", "IsolationMode", 3, old)
    assert (old.value, by_sql(one, "IsolationMode"), by_sql(other, "IsolationMode")) == ("0", "3", "0")
    one.update("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
    assert one.call(UTIL, "GetOption", "IsolationMode") == "1"
    assert one.rows("SELECT %SYSTEM_SQL.Util_SetOption('IsolationMode', 0) AS v")[0]["v"] in (1, "1")
    assert by_sql(one, "IsolationMode") == "0"


def test_autocommit_is_the_commit_mode(boss: Client) -> None:
    boss.session.set_autocommit(on=False)
    assert by_sql(boss, "AutoCommit") == "2"
    boss.ok(UTIL, "SetOption", "AutoCommit", 0)
    assert by_sql(boss, "AutoCommit") == "0"


def test_options_of_the_instance_need_a_privilege_and_are_everybodys(instance: Instance) -> None:
    instance.user("ann", DB_IRISSYS="R", Service_SQL="U", Native_ClassExecution="U")
    ann, boss = instance.login("ann"), instance.login()
    assert "#921" in ann.error(UTIL, "SetOption", "LockThreshold", 5)
    boss.ok(UTIL, "SetOption", "LockThreshold", 5)
    assert by_sql(ann, "LockThreshold") == "5"
    ann.ok(UTIL, "SetOption", "ProcessLockTimeout", 7)
    assert (by_sql(ann, "ProcessLockTimeout"), by_sql(boss, "ProcessLockTimeout")) == ("7", "10")


def test_options_of_a_namespace_stay_in_it(instance: Instance) -> None:
    system, user = instance.login(), instance.login(namespace="USER")
    user.ok(UTIL, "SetOption", "CompileModeDeferred")
    assert (by_sql(user, "CompileMode"), by_sql(system, "CompileMode")) == ("Deferred", "Immediate")


def test_sql_security_is_the_instances(instance: Instance) -> None:
    instance.user("ann", DB_IRISSYS="R", Service_SQL="U")
    ann, boss = instance.login("ann"), instance.login()
    assert ann.sqlcode("SELECT Pid FROM %SYS.ProcessQuery") == -99
    boss.ok(UTIL, "SetOption", "SQLSecurity", 0)
    assert ann.rows("SELECT Pid FROM %SYS.ProcessQuery")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("Nix", 1, "'Nix'"), ("IsolationMode", 2, "0 or 1 or 3"), ("LockTimeout", "soon", "a number")],
)
def test_bad_options_and_values_are_refused(boss: Client, option: str, value: object, said: str) -> None:
    assert said in boss.error(UTIL, "SetOption", option, value)  # type: ignore[arg-type] # parametrized


def test_clients_find_definitions_in_the_dictionary(boss: Client) -> None:
    rows = boss.rows(
        "SELECT Name, Type, SqlFieldName FROM %Dictionary.PropertyDefinition WHERE parent = 'Security.Users'"
    )
    found = {row["name"]: row["type"] for row in rows}
    assert {"Comment", "Enabled", "Roles"} <= set(found)
    for table in ("IndexDefinition", "CompiledIndex"):
        assert boss.rows(f"SELECT Name, Properties, PrimaryKey FROM %Dictionary.{table}") == []  # noqa: S608 - own
    columns = "SELECT parent, Name, _Default FROM %Dictionary."
    pairs = [
        {(row["parent"], row["name"], row["_default"]) for row in boss.rows(columns + table)}
        for table in ("ParameterDefinition", "CompiledParameter")
    ]
    assert pairs[0] == pairs[1]
    boss.update("%CHECKPRIV SELECT ON %Dictionary.PropertyDefinition")
