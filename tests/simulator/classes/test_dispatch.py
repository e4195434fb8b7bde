"""Dispatch of calls to class and member, and failures as on IRIS."""

from __future__ import annotations

import pytest

from irisops.simulator.backend import ByRef, ObjectRef, ThrownError
from irisops.simulator.classes.signature import parse_signature
from tests.simulator.classes.instance import Client, Instance, Object


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (("No.Such", "X"), "<CLASS DOES NOT EXIST> *No.Such"),
        (("security.users", "Exists", "x"), "<CLASS DOES NOT EXIST> *security.users"),
        (("Security.Users", "exists", "x"), "<METHOD DOES NOT EXIST> *exists,Security.Users"),
        (("Security.Users", "%Save"), "<METHOD DOES NOT EXIST> *%Save,Security.Users"),
        (("%SYSTEM.SYS", "ProcessID", 1), "<PARAMETER>"),
        (
            ("%Library.ResultSet", "%New", "%SYSTEM.License:Nope"),
            "<METHOD DOES NOT EXIST> *NopeGetInfo,%SYSTEM.License",
        ),
        (("%Library.ResultSet", "%New", "No.Such:List"), "<CLASS DOES NOT EXIST> *No.Such"),
    ],
)
def test_what_does_not_exist_is_thrown(boss: Client, call: tuple[str, str], text: str) -> None:
    assert boss.thrown(*call) == text


def test_security_classes_exist_in_percent_sys_alone(instance: Instance) -> None:
    elsewhere = instance.login(namespace="USER")
    assert elsewhere.thrown("Security.Users", "Exists", "boss") == "<CLASS DOES NOT EXIST> *Security.Users"
    assert elsewhere.call("%SYSTEM.License", "LUConsumed") == 1
    assert elsewhere.call("%SYSTEM.Process", "SetNamespace", "%SYS") == "%SYS"
    assert elsewhere.call("Security.Users", "Exists", "boss") == 1


def test_set_namespace_refuses(instance: Instance, boss: Client) -> None:
    assert boss.thrown("%SYSTEM.Process", "SetNamespace", "NOWHERE") == "<NAMESPACE>"
    instance.user("ann", DB_USER="R", Native_ClassExecution="U")
    ann = instance.login("ann", "USER")
    assert ann.thrown("%SYSTEM.Process", "SetNamespace", "%SYS") == "<PROTECT>"
    assert ann.call("%SYSTEM.SYS", "NameSpace") == "USER"


def test_class_methods_need_the_native_resource(instance: Instance) -> None:
    instance.user("ann", DB_USER="R", Service_SQL="U")
    assert instance.login("ann", "USER").thrown("%SYSTEM.SYS", "ProcessID") == "<PROTECT>"


def test_a_missing_privilege_is_921_and_is_audited(instance: Instance) -> None:
    instance.user("ann", DB_IRISSYS="R", Native_ClassExecution="U")
    ann = instance.login("ann")
    assert (
        ann.error("Security.Users", "Delete", "boss")
        == "ERROR #921: Operation requires %Admin_Secure:U privilege"
    )
    outcome = ByRef("")
    assert ann.call("Security.Users", "Exists", "boss", ByRef(""), outcome) == 0
    assert "#921" in ann.call("%SYSTEM.Status", "GetErrorText", outcome.value)
    refused = [record for record in instance.world.audit_log.records if record.event == "AccessDenied"]
    assert {(record.username, record.type) for record in refused} == {("ann", "%Security")}


def test_references_belong_to_one_connection_and_can_be_released(instance: Instance, boss: Client) -> None:
    user = boss.open("Security.Users", "boss")
    other = instance.login()
    with pytest.raises(ThrownError, match="<INVALID OREF>"):
        Object(other, user.reference).get("Name")
    roles = user.child("Roles")
    assert user.child("Roles").reference == roles.reference
    boss.session.release([user.reference.number, roles.reference.number, 999])
    with pytest.raises(ThrownError, match="<INVALID OREF>"):
        user.get("Name")


def test_an_object_knows_its_class_and_id(boss: Client) -> None:
    user = boss.open("Security.Users", "boss")
    assert (user.invoke("%Id"), user.invoke("%ClassName", 1), user.invoke("%ClassName")) == (
        "boss",
        "Security.Users",
        "Users",
    )


def test_a_list_property_has_the_methods_of_a_list(boss: Client, instance: Instance) -> None:
    instance.user("ann", "%SQL", "%Developer")
    roles = boss.open("Security.Users", "ann").child("Roles")
    assert (roles.get("Size"), roles.invoke("Count"), roles.invoke("GetAt", 3)) == (2, 2, "")
    assert roles.invoke("Find", "%Developer") == 2
    assert roles.invoke("InsertAt", "%Operator", 1) == 1
    assert roles.items() == ["%Operator", "%SQL", "%Developer"]
    assert roles.invoke("SetAt", "%Manager", 2) == 1
    assert roles.invoke("SetAt", "%Manager", 9) != 1
    assert roles.invoke("RemoveAt", 1) == "%Operator"
    assert (roles.invoke("Next", 0), roles.invoke("Next", 2), roles.invoke("Previous", 0)) == (1, "", 2)
    key = ByRef("")
    assert (roles.invoke("GetNext", key), key.value) == ("%Manager", 1)
    assert roles.invoke("Clear") == 1
    assert roles.items() == []
    with pytest.raises(ThrownError, match="<INVALID OREF>"):
        boss.open("Security.Users", "ann").set("Roles", "%SQL")


def test_result_sets_step_and_find_columns_in_any_case(boss: Client) -> None:
    reference = boss.call("%ResultSet", "%New", "Security.Users:List")
    assert isinstance(reference, ObjectRef)
    result = Object(boss, reference)
    assert result.invoke("Get", "Name") == ""
    assert result.invoke("Execute", "boss") == 1
    assert result.invoke("Next") == 1
    assert (result.invoke("Get", "NAME"), result.invoke("GetData", 2), result.invoke("Get", "Nope")) == (
        "boss",
        "Yes",
        "",
    )
    assert (result.invoke("Next"), result.invoke("Next")) == (0, 0)
    assert (result.invoke("GetParamCount"), result.invoke("GetParamName", 1)) == (4, "Names")
    with pytest.raises(ThrownError, match="<PARAMETER>"):
        result.invoke("Execute", 1, 2, 3, 4, 5)


def test_a_query_without_its_privilege_fails_at_execute(instance: Instance) -> None:
    instance.user("ann", DB_IRISSYS="R", Native_ClassExecution="U")
    ann = instance.login("ann")
    reference = ann.call("%Library.ResultSet", "%New", "Security.Users:List")
    outcome = Object(ann, reference).invoke("Execute")
    assert "Operation requires %Admin_Secure:U" in ann.call("%SYSTEM.Status", "GetErrorText", outcome)


def test_signatures_are_read_as_they_are_printed() -> None:
    signature = parse_signature(
        'F(A As %String = "a,b", ByRef B, Output C As %Status, D As %Integer = -1, e...) As %Status'
    )
    assert [argument.formal_spec for argument in signature.arguments] == [
        'A:%String="a,b"',
        "&B",
        "*C:%Status",
        "D:%Integer=-1",
        "e...",
    ]
    assert signature.returns == "%Status"
    with pytest.raises(ValueError, match="not a method declaration"):
        parse_signature("F")


def test_version_and_process_of_the_caller(instance: Instance, boss: Client) -> None:
    text = boss.call("%SYSTEM.Version", "GetVersion")
    assert "simulator, not InterSystems IRIS" in text
    assert (
        boss.session.info
        == "InterSystems IRIS (irisops simulator) Version 2025.2.0.227 xDBC Protocol Version 65"
    )
    assert boss.call("%SYSTEM.Version", "GetNumber") == "2025.2.0"
    assert (
        boss.call("%SYSTEM.Version", "GetMajor", "IRIS for Windows (x86-64) 2022.1 (Build 209U) Tue")
        == "2022"
    )
    pid = boss.call("%SYSTEM.SYS", "ProcessID")
    assert instance.world.processes[pid].username == "boss"
    assert boss.call("%SYSTEM.SYS", "TimeStamp") == "67630,43200"
    assert boss.call("%SYSTEM.SYS", "Horolog") == "67630,43200"
