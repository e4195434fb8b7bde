"""SQL over the emulated classes: tables, users and roles, the class dictionary (facts: iris-security 4)."""

from __future__ import annotations

import pytest

from irisops.simulator.backend import SqlFailure
from tests.simulator.classes.instance import Client, Instance, names


def roles_of(client: Client, user: str) -> str:
    return str(client.rows("SELECT Roles FROM Security.Users_List(?)", user)[0]["roles"])


@pytest.mark.parametrize(("version", "readable"), [((2024, 1), True), ((2025, 2), False), ((2026, 1), False)])
def test_security_tables_moved_with_2025_2(version: tuple[int, int], readable: bool) -> None:
    """Issue 2, point 5: a SELECT on Security.Users fails without %All, the List query works."""
    instance = Instance(version=version)
    instance.user("sec", DB_IRISSYS="R", Admin_Secure="U", Service_SQL="U")
    client = instance.login("sec")
    assert "boss" in names(client.rows("SELECT Name FROM Security.Users_List('*')"))
    if readable:
        assert "boss" in names(client.rows("SELECT Name FROM Security.Users WHERE Enabled = 'Yes'"))
    else:
        assert client.sqlcode("SELECT Name FROM Security.Users") == -99
    assert "boss" in names(instance.login().rows("SELECT Name FROM Security.Users"))


@pytest.mark.parametrize(("version", "helps"), [((2024, 1), True), ((2025, 2), False)])
def test_a_grant_opens_a_table_of_oauth_before_2025_2_alone(version: tuple[int, int], helps: bool) -> None:
    instance = Instance(version=version)
    instance.user("ann", DB_IRISSYS="R", Service_SQL="U")
    ann = instance.login("ann")
    assert ann.sqlcode("SELECT ID FROM OAuth2.Client") == -99
    instance.login().update("GRANT SELECT ON OAuth2.Client TO ann")
    if helps:
        assert ann.rows("SELECT ID FROM OAuth2.Client") == []
    else:
        assert ann.sqlcode("SELECT ID FROM OAuth2.Client") == -99


def test_sql_needs_its_service(instance: Instance) -> None:
    instance.user("ann", DB_USER="R", Native_ClassExecution="U")
    ann = instance.login("ann", "USER")
    assert ann.sqlcode("SELECT Name FROM %Dictionary.CompiledClass") == -99


def test_a_list_without_its_privilege_fails(instance: Instance) -> None:
    instance.user("ann", DB_IRISSYS="R", Service_SQL="U")
    failure = instance.login("ann").failure("SELECT * FROM Security.Users_List()")
    assert (failure.sqlcode, "#921" in failure.message) == (-400, True)


def test_security_tables_cannot_be_changed_by_sql(boss: Client, instance: Instance) -> None:
    assert boss.sqlcode("UPDATE Security.Users SET Enabled = 0") < 0
    assert boss.sqlcode("DELETE FROM Security.Roles") < 0
    assert all(user.enabled for user in instance.world.users if user.name in ("boss", "Admin"))


def test_users_by_sql(boss: Client, instance: Instance) -> None:
    boss.update("CREATE USER Ann IDENTIFY BY 'Pass-word1'")
    assert boss.open("Security.Users", "ann").get("Enabled") == 1
    assert boss.failure("CREATE USER ann IDENTIFY BY 'Pass-word1'").sqlcode == -118
    refused = boss.failure("CREATE USER eva IDENTIFY BY 'x'")
    assert (refused.sqlcode, "#845" in refused.message) == (-400, True)
    boss.update("ALTER USER ann IDENTIFY BY 'Other-pass2'")
    user = instance.world.users.get("ann")
    assert user is not None
    assert instance.world.password_matches(user, "Other-pass2")
    missing = boss.failure("ALTER USER badname IDENTIFY BY 'Other-pass2'")
    assert (missing.sqlcode, missing.message.endswith("ERROR #838: User badname does not exist")) == (
        -400,
        True,
    )
    boss.update("DROP USER ann")
    assert boss.sqlcode("DROP USER ann") == -118
    boss.update("DROP USER IF EXISTS ann")


def test_roles_by_sql(boss: Client, instance: Instance) -> None:
    instance.user("ann")
    boss.update("CREATE ROLE App")
    assert boss.sqlcode("CREATE ROLE app") == -118
    boss.update("GRANT App, %SQL TO ann")
    assert roles_of(boss, "ann") == "App,%SQL"
    boss.update("GRANT %Developer TO App")
    assert boss.open("Security.Roles", "app").child("GrantedRoles").items() == ["%Developer"]
    boss.update("REVOKE %SQL, %Operator FROM ann")
    assert roles_of(boss, "ann") == "App"
    assert boss.sqlcode("GRANT Nope TO ann") == 100
    assert boss.sqlcode("GRANT %SQL TO nobody") == -118
    boss.update("DROP ROLE App")
    assert roles_of(boss, "ann") == ""
    assert boss.sqlcode("DROP ROLE App") == -118


def test_only_who_administers_or_holds_the_option_may_grant(boss: Client, instance: Instance) -> None:
    instance.user("ann", DB_USER="R", Service_SQL="U")
    instance.user("eva")
    boss.update("CREATE ROLE App")
    ann = instance.login("ann", "USER")
    assert ann.sqlcode("CREATE USER x IDENTIFY BY 'Pass-word1'") == -99
    assert ann.sqlcode("GRANT App TO eva") == -112
    boss.update("GRANT App TO ann WITH ADMIN OPTION")
    ann.update("GRANT App TO eva")
    assert roles_of(boss, "eva") == "App"
    ann.update("ALTER USER ann IDENTIFY BY 'Own-pass1'")
    assert ann.sqlcode("ALTER USER eva IDENTIFY BY 'Own-pass1'") == -99


def test_granted_object_privileges_are_per_namespace_and_checked(boss: Client, instance: Instance) -> None:
    instance.user("ann", DB_USER="R", DB_IRISSYS="R", Service_SQL="U", Native_ClassExecution="U")
    boss.update("GRANT SELECT ON %SYS.ProcessQuery TO ann")
    assert instance.login("ann").rows("SELECT COUNT(*) AS n FROM %SYS.ProcessQuery")[0]["n"] > 1
    assert instance.login("ann", "USER").sqlcode("SELECT Pid FROM %SYS.ProcessQuery") == -99
    check = ("%SYSTEM.SQL.Security", "CheckPrivilege", "ann", 1, "%SYS.ProcessQuery", "s", "%SYS")
    assert boss.call(*check) == 1
    boss.update("REVOKE SELECT ON %SYS.ProcessQuery FROM ann")
    assert boss.call(*check) == 0
    boss.ok("%SYSTEM.SQL.Security", "GrantPrivilege", "SELECT", "%SYS.ProcessQuery", "TABLE", "ann")
    assert boss.call(*check) == 1


def test_an_sql_privilege_admits_to_a_namespace(boss: Client, instance: Instance) -> None:
    instance.user("ann", Service_SQL="U")
    boss.call("%SYSTEM.Process", "SetNamespace", "USER")
    boss.update("GRANT SELECT ON %SYS.ProcessQuery TO ann")
    assert len(instance.login("ann", "USER").rows("SELECT Pid FROM %SYS.ProcessQuery")) == 1


def test_checkpriv_and_existence_functions(boss: Client, instance: Instance) -> None:
    instance.user("ann", DB_IRISSYS="R", Service_SQL="U")
    boss.update("%CHECKPRIV SELECT ON %SYS.ProcessQuery")
    assert instance.login("ann").sqlcode("%CHECKPRIV SELECT ON %SYS.ProcessQuery") == 100
    row = boss.rows(
        "SELECT %SYSTEM_SQL.Security_UserExists('ANN') AS u, %SYSTEM_SQL.Security_RoleExists('x') AS r"
    )[0]
    assert (row["u"], row["r"]) == (1, 0)


def test_a_procedure_is_called_with_its_arguments(boss: Client) -> None:
    prepared = boss.session.prepare_call("Security.Users_List ( :%qpar(1) )")
    outcome = boss.session.call(prepared, ["boss"])
    assert outcome.rows is not None
    assert [row[0] for row in outcome.rows] == ["boss"]


def test_the_dictionary_lists_exactly_what_can_be_called(boss: Client, instance: Instance) -> None:
    rows = boss.rows(
        "SELECT Name, FormalSpec, ReturnType, Origin FROM %Dictionary.CompiledMethod WHERE parent = ?",
        "Security.Users",
    )
    methods = {row["name"]: row for row in rows}
    assert methods["AddRoles"]["formalspec"] == "Username:%String,&Roles:%String,Admin:%Boolean=0"
    assert (methods["AddRoles"]["returntype"], methods["%Save"]["origin"]) == (
        "%Library.Status",
        "%Library.Persistent",
    )
    for name in ("ChangePassword", "SetPassword"):
        assert name not in methods
    queries = boss.rows(
        "SELECT Name, SqlProc, SqlName FROM %Dictionary.CompiledQuery WHERE parent='Security.Users'"
    )
    assert {row["name"]: (row["sqlproc"], row["sqlname"]) for row in queries} == {
        "List": (1, "Users_List"),
        "Detail": (1, "Users_Detail"),
    }
    properties = boss.rows(
        "SELECT Name, Collection FROM %Dictionary.CompiledProperty WHERE parent='Security.Users'"
    )
    assert {row["name"]: row["collection"] for row in properties}["Roles"] == "list"
    everywhere = names(instance.login(namespace="USER").rows("SELECT Name FROM %Dictionary.CompiledClass"))
    assert "%SYSTEM.License" in everywhere
    assert "Security.Users" not in everywhere


def test_every_class_in_the_dictionary_answers(boss: Client) -> None:
    """Each projected table and each list without required arguments can be selected from."""
    for row in boss.rows("SELECT Name, SqlSchemaName, SqlTableName FROM %Dictionary.CompiledClass"):
        if row["sqltablename"]:
            boss.rows(f"SELECT TOP 3 * FROM {row['sqlschemaname']}.{row['sqltablename']}")  # noqa: S608 - its own names
    for row in boss.rows("SELECT parent, SqlName FROM %Dictionary.CompiledQuery WHERE SqlProc = 1"):
        schema = str(row["parent"]).rpartition(".")[0].replace(".", "_")
        for found in boss.rows(f"SELECT * FROM {schema}.{row['sqlname']}()"):  # noqa: S608 - its own names
            assert found


def test_names_with_quotes_and_percent_reach_the_world_unharmed(boss: Client, instance: Instance) -> None:
    odd = "o\"dd %SQL, x' [red]"
    quoted = odd.replace('"', '""')
    boss.update(f"CREATE USER \"{quoted}\" IDENTIFY BY 'Pass-''word1'")
    user = instance.world.users.get(odd)
    assert user is not None
    assert instance.world.password_matches(user, "Pass-'word1")
    boss.update(f'GRANT %SQL TO "{quoted}"')
    assert user.roles == ["%SQL"]


def test_results_follow_changes_at_once(boss: Client) -> None:
    before = len(boss.rows("SELECT Name FROM Security.Users"))
    boss.update("CREATE USER one IDENTIFY BY 'Pass-word1'")
    assert len(boss.rows("SELECT Name FROM Security.Users")) == before + 1
    user = boss.open("Security.Users", "one")
    user.set("FullName", "One")
    user.save()
    assert boss.rows("SELECT FullName FROM Security.Users WHERE Name = 'one'") == [{"fullname": "One"}]


def test_what_is_unknown_fails_with_its_code(boss: Client) -> None:
    assert boss.sqlcode("SELECT x FROM Nix.Such") == -30
    assert boss.sqlcode("SELECT NoSuch FROM %SYS.ProcessQuery") == -29
    with pytest.raises(SqlFailure):
        boss.session.prepare_call("Nix.Such_List ( )")


def test_privileges_are_listed_with_the_way_they_came(boss: Client, instance: Instance) -> None:
    instance.user("ann", "%SQL")
    boss.update("GRANT SELECT ON %SYS.ProcessQuery TO ann WITH GRANT OPTION")
    boss.update("GRANT SELECT ON %SYS.Audit TO %SQL")
    rows = boss.query("%SQL.Manager.CatalogPriv:UserPrivs", "ann")
    assert [(row["NAME"], row["PRIVILEGE"], row["GRANT_OPTION"], row["GRANTED_VIA"]) for row in rows] == [
        ("%SYS.ProcessQuery", "SELECT", "YES", "Direct"),
        ("%SYS.Audit", "SELECT", "NO", "%SQL"),
    ]


def test_a_revoke_with_cascade_follows_what_was_passed_on(boss: Client, instance: Instance) -> None:
    instance.user("ann", DB_IRISSYS="R", Service_SQL="U")
    instance.user("eva", DB_IRISSYS="R", Service_SQL="U")
    boss.update("GRANT SELECT ON %SYS.ProcessQuery TO ann WITH GRANT OPTION")
    instance.login("ann").update("GRANT SELECT ON %SYS.ProcessQuery TO eva")
    assert len(instance.login("eva").rows("SELECT Pid FROM %SYS.ProcessQuery")) > 1
    boss.update("REVOKE SELECT ON %SYS.ProcessQuery FROM ann CASCADE")
    assert instance.login("eva").sqlcode("SELECT Pid FROM %SYS.ProcessQuery") == -99


def test_a_terminated_process_fails_sql_with_a_link_failure(boss: Client, instance: Instance) -> None:
    other = instance.login()
    assert boss.call("%SYSTEM.Process", "Terminate", other.call("%SYSTEM.SYS", "ProcessID")) == 1
    assert other.sqlcode("SELECT Name FROM %Dictionary.CompiledClass") == -461


def test_special_variables_of_objectscript_in_either_spelling(instance: Instance) -> None:
    boss = instance.login(namespace="USER")
    (row,) = boss.rows(
        "SELECT $ZVERSION a, $zv b, $HOROLOG c, $H d, $JOB e, $USERNAME f, $NAMESPACE g, $ZNSPACE h, $ZTIMESTAMP i,"
        " $ZTIMEZONE j, $TLEVEL k, $ZHOROLOG l, $ZPI m"
    )
    assert row["a"] == row["b"] == boss.call("%SYSTEM.Version", "GetVersion")
    assert row["c"] == row["d"] == row["i"] == "67630,43200"
    assert row["e"] == str(boss.call("%SYSTEM.SYS", "ProcessID"))
    assert (row["f"], row["g"], row["h"], row["j"], row["k"], row["l"]) == ("boss", "USER", "USER", 0, 0, 0)
    assert round(float(row["m"]), 9) == 3.141592654


def test_privileges_of_roles_and_owners_come_by_words(instance: Instance) -> None:
    instance.doubt("granted-via=words")
    instance.user("ann", "%SQL", DB_USER="RW", Service_SQL="U")
    boss = instance.login(namespace="USER")
    boss.update("GRANT %CREATE_TABLE TO ann")
    boss.update("GRANT SELECT ON INFORMATION_SCHEMA.TABLES TO %SQL")
    instance.login("ann", "USER").update("CREATE TABLE mine (a INTEGER)")
    words = {row["GRANTED_VIA"] for row in boss.query("%SQL.Manager.CatalogPriv:UserPrivs", "ann")}
    assert words == {"Role", "Owner"}
