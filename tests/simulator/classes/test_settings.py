"""`Security.Services`, `Applications`, `Events`, `System`, `%SYS.Audit` (facts: iris-security 3.3 to 3.7)."""

from __future__ import annotations

import pytest

from irisops.simulator.backend import ByRef, LoginRefusedError
from tests.simulator.classes.instance import Client, Instance, names

APPLICATIONS = "Security.Applications"
EVENTS = "Security.Events"


def test_a_service_that_is_switched_off_refuses_logins(boss: Client, instance: Instance) -> None:
    service = boss.open("Security.Services", "%service_bindings")
    service.set("Enabled", 0)
    service.save()
    row = boss.rows("SELECT * FROM Security.Services_List('%Service_Bindings')")[0]
    assert (row["enabled"], row["enabledboolean"], row["public"]) == ("No", 0, "No")
    with pytest.raises(LoginRefusedError, match="disabled"):
        instance.login()
    assert [record.event for record in instance.world.audit_log.records][:1] == ["ServiceChange"]


def test_services_keep_their_clients_and_methods(boss: Client) -> None:
    service = boss.open("Security.Services", "%service_bindings")
    service.child("ClientSystems").invoke("Insert", "10.0.0.1")
    service.set("AutheEnabled", 48)
    service.save()
    row = boss.rows("SELECT * FROM Security.Services_Detail('%Service_Bindings')")[0]
    assert (row["allowedconnections"], row["authenticationmethods"]) == ("10.0.0.1", "OS,Password")
    assert boss.error("Security.Services", "Get", "%Service_SQL", ByRef("")) == (
        "ERROR #809: Service %Service_SQL does not exist"
    )


def test_every_property_of_an_application_round_trips(boss: Client) -> None:
    values: dict[str, str | int] = {
        "Description": "d",
        "NameSpace": "%SYS",
        "Enabled": 0,
        "DispatchClass": "A.B",
        "Resource": "%Development",
        "AutheEnabled": 32,
        "Timeout": 60,
        "Path": "/x",
        "UseCookies": 1,
        "CSPZENEnabled": 0,
        "Recurse": 0,
        "ServeFiles": 2,
        "CookiePath": "/c",
        "JWTAuthEnabled": 1,
        "WSGICallable": "main",
    }
    application = boss.open(APPLICATIONS, "/csp/user")
    for name, value in values.items():
        application.set(name, value)
    application.child("MatchRoles").invoke("Insert", ":%DB_USER")
    application.child("MatchRoles").invoke("Insert", "%SQL:%Developer:%Operator")
    application.child("CorsAllowlist").invoke("Insert", "*")
    application.save()
    again = boss.open(APPLICATIONS, "/csp/user")
    assert {name: again.get(name) for name in values} == values
    assert again.child("MatchRoles").items() == [":%DB_USER", "%SQL:%Developer:%Operator"]
    assert again.child("CorsAllowlist").items() == ["*"]
    row = boss.rows("SELECT * FROM Security.Applications_Detail('/csp/user')")[0]
    assert (row["enabled"], row["matchroles"]) == ("No", ":%DB_USER,%SQL:%Developer:%Operator")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("Timeout", 100001, "ERROR #7204:"),
        ("Timeout", "soon", "ERROR #5802:"),
        ("AutheEnabled", 1, "ERROR #5802:"),
        ("NameSpace", "NOWHERE", "ERROR #5001: Namespace 'NOWHERE' does not exist"),
        ("Resource", "Nope", "ERROR #892:"),
        ("Name", "/other", "ERROR #920:"),
    ],
)
def test_applications_refuse_bad_values(boss: Client, name: str, value: str | int, text: str) -> None:
    application = boss.open(APPLICATIONS, "/csp/user")
    application.set(name, value)
    assert application.save_error().startswith(text)


@pytest.mark.parametrize(
    ("item", "text"),
    [("Nope:%SQL", "ERROR #875:"), (":Nope", "ERROR #879:"), (":%SQL:%SQL", "ERROR #878:")],
)
def test_matching_roles_must_exist(boss: Client, item: str, text: str) -> None:
    application = boss.open(APPLICATIONS, "/csp/user")
    application.child("MatchRoles").invoke("Insert", item)
    assert application.save_error().startswith(text)


def test_applications_are_copied_and_deleted_but_not_the_system_s(boss: Client) -> None:
    boss.ok(APPLICATIONS, "Copy", "/csp/user", "/mine", "Mine")
    assert boss.open(APPLICATIONS, "/mine").get("Timeout") == boss.open(APPLICATIONS, "/csp/user").get(
        "Timeout"
    )
    boss.ok(APPLICATIONS, "Delete", "/MINE")
    assert boss.error(APPLICATIONS, "Delete", "/mine") == "ERROR #869: Application /mine does not exist"
    assert (
        boss.error(APPLICATIONS, "Delete", "/csp/sys")
        == "ERROR #870: Cannot delete system application /csp/sys"
    )
    row = {r["name"]: r for r in boss.rows("SELECT * FROM Security.Applications_List()")}["/csp/sys"]
    assert (row["type"], row["issystemapp"]) == ("System,CSP", 1)


def test_events_are_switched_created_and_deleted(boss: Client, instance: Instance) -> None:
    boss.ok(EVENTS, "Create", "Mine", "Kind", "Thing", "What")
    assert boss.error(EVENTS, "Create", "MINE", "kind", "thing").startswith("ERROR #852:")
    assert boss.error(EVENTS, "Create", "%Mine", "K", "T").startswith("ERROR #851:")
    boss.ok("%SYSTEM.Security", "Audit", "Mine", "Kind", "Thing", "data", "text")
    event = boss.open(EVENTS, "mine||kind||thing")
    event.set("Enabled", 0)
    event.save()
    boss.ok("%SYSTEM.Security", "Audit", "Mine", "Kind", "Thing", "more", "text")
    row = boss.rows("SELECT * FROM Security.Events_List('Mine')")[0]
    assert (row["enabled"], row["total"], row["written"]) == ("No", 2, 1)
    assert [r.event_data for r in instance.world.audit_log.records if r.source == "Mine"] == ["data"]
    boss.ok(EVENTS, "Delete", "Mine", "Kind", "Thing")
    assert boss.error("%SYSTEM.Security", "Audit", "Mine", "Kind", "Thing", "", "").startswith("ERROR #853:")
    assert boss.error(EVENTS, "Delete", "%System", "%Login", "Login").startswith("ERROR #854:")
    assert names(boss.rows("SELECT Source AS Name FROM Security.Events_ListAllSystem()")) == {"%System"}


def test_switching_auditing_off_is_the_last_thing_audited(boss: Client, instance: Instance) -> None:
    system = boss.open("Security.System", "SYSTEM")
    system.set("AuditEnabled", 0)
    system.save()
    boss.ok("Security.Users", "AddRoles", "boss", "%SQL")
    assert [record.description for record in instance.world.audit_log.records][-1] == "Auditing switched off"


def test_the_password_policy_is_a_setting(boss: Client) -> None:
    system = boss.open("Security.System", "SYSTEM")
    system.set("PasswordPattern", "3Z")
    assert system.save_error() == "ERROR #958: Invalid password pattern '3Z'"
    system.set("PasswordPattern", "8.N")
    system.save()
    assert boss.error("%SYSTEM.Security", "ValidatePassword", "Secret-12").startswith("ERROR #845:")
    boss.ok("%SYSTEM.Security", "ValidatePassword", "12345678")
    assert boss.error("Security.Users", "Create", "ann", "", "Secret-12").startswith("ERROR #845:")
    assert boss.reference("Security.System", "GetInstallationSecuritySetting") == "Normal"


def test_the_audit_log_is_read_by_list_table_and_object(boss: Client) -> None:
    boss.ok("Security.Users", "Create", "ann", "%SQL", "Secret-2")
    boss.ok("Security.Users", "Delete", "ann")
    rows = boss.rows("SELECT * FROM %SYS.Audit_List('', '', '%System', '%Security', 'UserChange')")
    assert [row["eventdata"].split()[2] for row in rows] == ["deleted", "created"]
    assert {row["username"] for row in rows} == {"boss"}
    oldest = boss.rows("SELECT * FROM %SYS.Audit_List('','','*','*','UserChange','*','*','*','*','*',1)")
    assert [row["auditindex"] for row in oldest] == [row["auditindex"] for row in reversed(rows)]
    table = boss.rows("SELECT EventData FROM %SYS.Audit WHERE Event = 'UserChange' ORDER BY AuditIndex DESC")
    assert [row["eventdata"] for row in table] == [row["eventdata"] for row in rows]
    reference = boss.call(
        "%SYS.Audit", "OpenAuditItem", rows[0]["utctimestamp"], rows[0]["systemid"], rows[0]["auditindex"]
    )
    assert boss.session.get_property(reference.number, "EventData") == rows[0]["eventdata"]
    assert boss.rows("SELECT * FROM %SYS.Audit_List('2030-01-01')") == []
    assert boss.failure("SELECT * FROM %SYS.Audit_List('yesterday')").message.startswith("ERROR #5001:")
