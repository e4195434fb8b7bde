"""License, processes, web sessions and the dashboard (facts: license-sessions 1, 3, 4, 5.5)."""

from __future__ import annotations

import pytest

from irisops.simulator.backend import ByRef, LoginRefusedError, LoginRequest, SqlFailure, ThrownError
from irisops.simulator.runtime import Runtime
from irisops.simulator.world.scenarios import build_world
from irisops.simulator.world.sessions import Visitor
from tests.simulator.classes.instance import Client, Instance

LICENSE = "%SYSTEM.License"


def counters(client: Client, *names: str) -> list[int]:
    return [client.call(LICENSE, name) for name in names]


def test_the_counters_agree_with_the_lists(instance: Instance, boss: Client) -> None:
    instance.login(address="10.0.0.2")
    instance.login(address="10.0.0.2")
    instance.world.open_session("/csp/user", Visitor("10.0.0.9"))
    assert counters(
        boss, "KeyLicenseUnits", "LUConsumed", "LUAvailable", "LUMaxConsumed", "LUMinAvailable"
    ) == [
        20,
        3,
        17,
        3,
        17,
    ]
    rows = boss.query(f"{LICENSE}:UserList")
    assert sum(row["LU"] for row in rows) == 3
    assert {row["UserId"]: (row["Type"], row["Connects"]) for row in rows if row["Type"] == "User"} == {
        "10.0.0.1": ("User", 1),
        "10.0.0.2": ("User", 2),
    }
    assert boss.call(LICENSE, "ConnectionCount", "10.0.0.2") == 2
    assert boss.call(LICENSE, "LicenseCount", "10.0.0.2") == 1
    assert boss.call(LICENSE, "GetUserId") == "10.0.0.1"
    assert sum(row["LicenseUnits"] for row in boss.query(f"{LICENSE}:ConnectionList")) == 3
    slots = boss.query(f"{LICENSE}:UserListAll")
    assert len(slots) == 20


def test_the_26th_connection_flips_the_holder() -> None:
    instance = Instance(units=40)
    clients = [instance.login() for _ in range(25)]
    assert clients[0].call(LICENSE, "LUConsumed") == 1
    clients.append(instance.login())
    assert clients[0].call(LICENSE, "LUConsumed") == 26
    for client in clients[1:]:
        client.session.close(clean=True)
    assert clients[0].call(LICENSE, "LUConsumed") == 1
    row = clients[0].query(f"{LICENSE}:UserList")[0]
    assert (row["Connects"], row["MaxCon"]) == (1, 26)


def test_a_login_at_the_limit_is_refused() -> None:
    instance = Instance(units=1)
    first = instance.login()
    with pytest.raises(LoginRefusedError, match="<LICENSE LIMIT EXCEEDED>"):
        instance.login(address="10.0.0.2")
    first.session.close(clean=True)
    instance.login(address="10.0.0.2")


def test_process_list_gives_system_processes_no_unit(boss: Client) -> None:
    rows = {row["PID"]: row for row in boss.query(f"{LICENSE}:ProcessList")}
    own = rows[boss.call("%SYSTEM.SYS", "ProcessID")]
    assert (own["Process"], own["LID"], own["LU"]) == ("User", "10.0.0.1", 1)
    assert {row["LU"] for row in rows.values() if row["Process"] == "System"} == {0}


def test_license_queries_are_no_procedures_unless_asked_for(boss: Client) -> None:
    assert boss.failure("SELECT * FROM %SYSTEM.License_UserList()").sqlcode < 0
    projected = Instance("projection=yes").login()
    assert projected.rows("SELECT UserId FROM %SYSTEM.License_UserList()") == [{"userid": "10.0.0.1"}]
    assert projected.rows("SELECT * FROM %CSP.Session_SessionInfo()") == []
    flags = boss.rows("SELECT SqlProc FROM %Dictionary.CompiledQuery WHERE parent = '%SYSTEM.License'")
    assert {row["sqlproc"] for row in flags} == {0}


def test_the_own_process_is_in_the_table(instance: Instance, boss: Client) -> None:
    pid = boss.call("%SYSTEM.SYS", "ProcessID")
    row = boss.rows("SELECT * FROM %SYS.ProcessQuery WHERE Pid = ?", pid)[0]
    assert (row["username"], row["namespace"], row["licenseuserid"], row["clientipaddress"]) == (
        "boss",
        "%SYS",
        "10.0.0.1",
        "10.0.0.1",
    )
    assert row["starttimeutc"] == "2026-03-01 12:00:00"
    daemons = boss.rows(
        "SELECT LicenseUserId, CanBeTerminated FROM %SYS.ProcessQuery WHERE Location = 'CONTROL'"
    )
    assert [(row["licenseuserid"] or "", row["canbeterminated"]) for row in daemons] == [("", 0)]


def test_start_time_came_with_2025() -> None:
    old = Instance(version=(2024, 1)).login()
    assert old.sqlcode("SELECT StartTimeUTC FROM %SYS.ProcessQuery") == -29
    assert "starttimeutc" not in old.rows("SELECT * FROM %SYS.ProcessQuery")[0]


def test_processes_are_suspended_resumed_and_terminated(instance: Instance, boss: Client) -> None:
    ended: list[int] = []
    instance.runtime.on_terminated = ended.append
    other = instance.login(address="10.0.0.2")
    pid = other.call("%SYSTEM.SYS", "ProcessID")
    process = boss.open("SYS.Process", str(pid))
    assert process.get("UserName") == "boss"
    assert process.invoke("Suspend") == 1
    assert boss.call("%SYSTEM.Process", "State", pid).startswith("SUSP")
    assert process.invoke("Resume") == 1
    assert not boss.call("%SYSTEM.Process", "State", pid).startswith("SUSP")
    assert process.invoke("Terminate") == 1
    assert ended == [other.session.job_number]
    assert boss.call("%SYS.ProcessQuery", "%ExistsId", pid) == 0
    assert process.invoke("Terminate") != 1
    with pytest.raises(ThrownError, match="<HALT>"):
        other.call("%SYSTEM.SYS", "ProcessID")


def test_a_daemon_is_not_terminated(boss: Client) -> None:
    pid = boss.rows("SELECT Pid FROM %SYS.ProcessQuery WHERE Location = 'CONTROL'")[0]["pid"]
    assert boss.open("SYS.Process", str(pid)).invoke("Terminate") != 1
    assert boss.call("%SYSTEM.Process", "Terminate", pid) == 0
    assert boss.call("%SYSTEM.Process", "Terminate", 999999) == -3
    assert boss.call("%SYS.ProcessQuery", "%ExistsId", pid) == 1


def test_acting_on_processes_needs_write_on_the_system_database(instance: Instance) -> None:
    instance.user("ann", DB_IRISSYS="R", Native_ClassExecution="U")
    ann = instance.login("ann")
    process = ann.open("SYS.Process", str(ann.call("%SYSTEM.SYS", "ProcessID")))
    assert "#921" in ann.call("%SYSTEM.Status", "GetErrorText", process.invoke("Terminate"))


def test_who_may_not_see_others_sees_itself(instance: Instance, boss: Client) -> None:
    instance.user("ann", DB_USER="R", Native_ClassExecution="U", Service_SQL="U")
    ann = instance.login("ann", "USER")
    with pytest.raises(SqlFailure) as refused:
        ann.rows("SELECT Pid FROM %SYS.ProcessQuery")
    assert refused.value.sqlcode == -99
    instance.runtime.grant_select("%SYS", "ProcessQuery", "ann", namespace="USER")
    assert [row["username"] for row in ann.rows("SELECT UserName FROM %SYS.ProcessQuery")] == ["ann"]
    other = boss.call("%SYSTEM.SYS", "ProcessID")
    assert ann.call("%SYSTEM.Process", "UserName", other) == ""


def test_sessions_are_listed_with_their_expiry_in_utc(instance: Instance, boss: Client) -> None:
    session = instance.world.open_session("/csp/user", Visitor("10.0.0.9"))
    portal = instance.world.open_session("/csp/sys", Visitor("10.0.0.9", "boss"))
    rows = {row["ID"]: row for row in boss.query("%CSP.Session:SessionInfo")}
    assert rows[session.id]["Timeout"] == "2026-03-01 12:15:00"
    assert (rows[session.id]["LicenseId"], rows[session.id]["AllowEndSession"]) == (session.id, 1)
    assert (rows[portal.id]["LicenseId"], rows[portal.id]["AllowEndSession"]) == ("boss@10.0.0.9", 0)


def test_ending_a_session_marks_it_and_the_daemon_removes_it(instance: Instance, boss: Client) -> None:
    session = instance.world.open_session("/csp/user", Visitor("10.0.0.9"))
    assert boss.session.function("DeleteSession", "%SYS.cspServer", [session.id]) == 1
    assert len(boss.query("%CSP.Session:SessionInfo")) == 1
    instance.clock.advance(5)
    assert boss.query("%CSP.Session:SessionInfo") == []
    again = boss.session.function("DeleteSession", "%SYS.cspServer", [session.id])
    text = boss.call("%SYSTEM.Status", "GetErrorText", again)
    assert text == f"ERROR #5907: Session ID '{session.id}' does not exist"
    with pytest.raises(ThrownError, match="<NOROUTINE>"):
        boss.session.function("Other", "%SYS.cspServer", ["x"])


def test_sessions_need_two_privileges_and_ending_a_third(instance: Instance) -> None:
    session = instance.world.open_session("/csp/user", Visitor("10.0.0.9"))
    instance.user("ann", DB_IRISSYS="R", Native_ClassExecution="U")
    instance.user("ops", DB_IRISSYS="R", Native_ClassExecution="U", Admin_Operate="U")
    ops, ann = instance.login("ops"), instance.login("ann")
    assert len(ops.query("%CSP.Session:SessionInfo")) == 1
    refused = ops.session.function("DeleteSession", "%SYS.cspServer", [session.id])
    assert "%DB_IRISSYS:W" in ops.call("%SYSTEM.Status", "GetErrorText", refused)
    with pytest.raises(AssertionError, match="%Admin_Operate:U"):
        ann.query("%CSP.Session:SessionInfo")


def test_the_dashboard_shows_units_and_percent(instance: Instance, boss: Client) -> None:
    instance.clock.advance(3 * 3600 + 7 * 60)
    sample = boss.session.class_method("SYS.Stats.Dashboard", "Sample", [])
    values = {
        name: boss.session.get_property(sample.number, name)  # type: ignore[union-attr]
        for name in ("LicenseLimit", "LicenseCurrent", "LicenseCurrentPct", "SystemUpTime", "CSPSessions")
    }
    assert values == {
        "LicenseLimit": 20,
        "LicenseCurrent": 1,
        "LicenseCurrentPct": 5,
        "SystemUpTime": "0d  3h 07m",
        "CSPSessions": 0,
    }


def test_namespaces_and_databases_are_listed(boss: Client) -> None:
    rows = boss.rows("SELECT * FROM Config.Namespaces_List()")
    assert {row["namespace"] for row in rows} >= {"%SYS", "USER"}
    assert boss.call("%SYS.Namespace", "Exists", "user") == 1
    assert "IRISSYS" in {row["Name"] for row in boss.query("Config.Databases:List")}


def test_checks_follow_roles_and_public_permissions(instance: Instance, boss: Client) -> None:
    security = "%SYSTEM.Security"
    boss.ok("Security.Roles", "Create", "Inner", "", "%DB_USER:RW", "")
    boss.ok("Security.Roles", "Create", "Outer", "", "", "Inner")
    instance.user("ann", "Outer")
    assert boss.call(security, "Check", "%Development") == "READ,WRITE,USE"
    assert boss.call(security, "CheckUserPermission", "ann", "%db_user") == "READ,WRITE"
    assert boss.call(security, "CheckUserPermission", "ann", "%DB_USER", "w,READ") == 1
    assert boss.call(security, "CheckUserPermission", "ann", "%DB_USER", "U") == 0
    assert boss.call(security, "CheckUserPermission", "nobody", "%DB_USER") == ""
    assert boss.call(security, "CheckRolesPermission", "Outer", "%DB_USER", "R") == 1
    assert boss.reference(security, "GetUserRecursedRoleSet", "ann") == "Outer,Inner"
    boss.ok("Security.Resources", "Create", "Lab", "", "R")
    assert boss.call(security, "CheckUserPermission", "ann", "Lab") == "READ"


def test_a_password_is_changed_by_its_owner_or_an_administrator(instance: Instance, boss: Client) -> None:
    instance.user("ann", DB_USER="R", Native_ClassExecution="U")
    ann = instance.login("ann", "USER")
    outcome = ByRef("")
    assert ann.call("%SYSTEM.Security", "ChangePassword", "ann", "Better-22", "wrong", outcome) == 0
    assert ann.call("%SYSTEM.Status", "GetErrorText", outcome.value) == "ERROR #952: Invalid password"
    assert ann.call("%SYSTEM.Security", "ChangePassword", "ann", "Better-22", "Secret-1", outcome) == 1
    instance.login("ann", "USER", password="Better-22")
    assert boss.call("%SYSTEM.Security", "ChangePassword", "ann", "Third-333") == 1
    instance.login("ann", "USER", password="Third-333")


def test_license_settings_are_kept_and_guarded(instance: Instance, boss: Client) -> None:
    assert boss.call(LICENSE, "UserNameLicensing") == 0
    assert boss.call(LICENSE, "UserNameLicensing", 1) == 1
    assert instance.login(address="10.0.0.7").call(LICENSE, "GetUserId") == "boss@10.0.0.7"
    assert boss.call(LICENSE, "SetConnectionLimit", 1) == 0
    assert boss.call(LICENSE, "GetConnectionLimit") == 1
    with pytest.raises(LoginRefusedError):
        instance.login(address="10.0.0.7")
    instance.user("ann", DB_USER="R", Native_ClassExecution="U")
    ann = instance.login("ann", "USER", address="10.0.0.8")
    assert ann.thrown(LICENSE, "SetConnectionLimit", 0) == "<PROTECT>"
    assert ann.call(LICENSE, "UserNameLicensing") == 1
    ann.session.close(clean=True)
    assert boss.call(LICENSE, "LUMaxConsumed") == 3
    boss.call(LICENSE, "LUMaxConsumedReset", "*")
    assert boss.call(LICENSE, "LUMaxConsumed") == 2


def test_the_key_of_community_edition_says_what_was_read_in_public() -> None:
    world = build_world("home")
    account = world.accounts[0]
    request = LoginRequest("%SYS", account.username, account.password, "", "", "test", "10.0.0.9", 50000)
    boss = Client(Runtime(world).login(request))
    asked = (
        "KeyProduct", "KeyLicenseType", "KeyLicenseCapacity", "KeyCustomerName", "KeyServer", "KeyLicenseUnits",
        "KeyCoresLicensed", "KeyCoresEnforced",
    )  # fmt: skip
    assert [boss.call("%SYSTEM.License", each) for each in asked] == [
        "Server",
        "Concurrent User",
        "InterSystems IRIS Community license",
        "InterSystems IRIS Community",
        "Single",
        8,
        20,
        20,
    ]
    assert boss.call("%SYS.System", "GetInstanceName") == "IRIS"
