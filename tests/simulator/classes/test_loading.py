"""Classes loaded by a client from a stream: compiled, listed, run with the caller's privileges, deleted."""

from __future__ import annotations

import pytest

from irisops.simulator.backend import ByRef, ObjectRef, ThrownError
from irisops.simulator.classes.audit import SYSTEM_ID
from irisops.simulator.classes.dates import odbc_millis
from irisops.simulator.world.sessions import Visitor
from tests.simulator.classes.instance import Client, Instance, Object

TOOLS = """
Class Test.Tools Extends %RegisteredObject
{
Parameter GREETING = "Hello";

ClassMethod Greet(name As %String = "you") As %String
{
    quit ..#GREETING_", "_name
}

ClassMethod Double(ByRef n As %Integer) As %Status
{
    set n = n * 2
    quit 1
}

ClassMethod Where() As %String
{
    new $namespace
    set $namespace = "%SYS"
    quit $namespace_" "_$username
}

ClassMethod Grant(role As %String, resource As %String, letters As %String) As %String
{
    new $namespace
    set $namespace = "%SYS"
    set sc = ##class(Security.Roles).Get(role, .p)
    if $SYSTEM.Status.IsError(sc) {
        quit $SYSTEM.Status.GetErrorText(sc)
    }
    kill p("Description"), p("GrantedRoles"), p("EscalationOnly")
    set held = ""
    for i = 1:1:$length(p("Resources"), ",") {
        set pair = $piece(p("Resources"), ",", i)
        continue:(pair = "")||($piece(pair, ":") = resource)
        set held = held_$select(held = "":"", 1:",")_pair
    }
    set p("Resources") = held_$select(held = "":"", 1:",")_resource_":"_letters
    set sc = ##class(Security.Roles).Modify(role, .p)
    quit $select($SYSTEM.Status.IsError(sc):$SYSTEM.Status.GetErrorText(sc), 1:"")
}

ClassMethod End(id As %String) As %String
{
    quit $$DeleteSession^%SYS.cspServer(id)
}

ClassMethod Deep(n As %Integer) As %Integer
{
    quit:n<1 0
    quit 1+..Deep(n-1)
}

ClassMethod Forever()
{
    for { }
}

ClassMethod ModifyUser() As %Status
{
    set p("FullName") = "x"
    quit ##class(Security.Users).Modify("boss", .p)
}

ClassMethod CreateApplication() As %Status
{
    set p("AutheEnabled") = 32, p("MatchRoles") = ":%SQL:%Developer", p("WSGIType") = 2
    quit ##class(Security.Applications).Create("/new", .p)
}

ClassMethod ReadAudit(key As %String) As %Status
{
    quit ##class(%SYS.Audit).Get($piece(key, "|", 1), $piece(key, "|", 2), $piece(key, "|", 3), .p)
}
}
"""


def stream(client: Client, *parts: str) -> Object:
    reference = client.call("%Stream.GlobalCharacter", "%New")
    assert isinstance(reference, ObjectRef)
    made = Object(client, reference)
    for part in parts:
        assert made.invoke("Write", part) == 1
    assert made.invoke("Rewind") == 1
    return made


def load(client: Client, source: str = TOOLS, flags: str = "ck-d") -> None:
    client.ok("%SYSTEM.OBJ", "LoadStream", stream(client, source).reference, flags)


def refusal(client: Client, source: str, flags: str = "ck-d") -> str:
    return client.error("%SYSTEM.OBJ", "LoadStream", stream(client, source).reference, flags)


def methods(client: Client, class_name: str = "Test.Tools") -> set[str]:
    rows = client.rows("SELECT Name FROM %Dictionary.CompiledMethod WHERE parent = ?", class_name)
    return {row["name"] for row in rows} - {"%ClassName"}


def test_a_stream_is_written_in_parts_and_read_from_its_start(boss: Client) -> None:
    made = stream(boss, "one ", "two")
    assert (made.get("Size"), made.get("AtEnd")) == (7, 0)
    assert made.invoke("Read", 4) == "one "
    assert made.invoke("Read") == "two"
    assert made.get("AtEnd") == 1
    made.invoke("Write", "anew")  # after a read it begins anew
    made.invoke("MoveToEnd")
    made.invoke("WriteLine", "!")
    assert made.invoke("Read") == "anew!\r\n"
    made.invoke("Clear")
    assert made.get("Size") == 0


def test_a_loaded_class_can_be_called_and_is_in_the_dictionary(boss: Client) -> None:
    assert methods(boss) == set()
    load(boss)
    assert boss.call("Test.Tools", "Greet") == "Hello, you"
    assert boss.call("Test.Tools", "Greet", "Ann") == "Hello, Ann"
    assert {"Greet", "Double", "End"} <= methods(boss)
    (row,) = boss.rows("SELECT * FROM %Dictionary.CompiledClass WHERE Name = 'Test.Tools'")
    assert (row["super"], row["owner"], row["deployed"]) == ("%Library.RegisteredObject", "boss", 0)
    specs = boss.rows("SELECT FormalSpec FROM %Dictionary.CompiledMethod WHERE parent = ?", "Test.Tools")
    assert {"formalspec": 'name:%String="you"'} in specs
    number = ByRef(21)
    boss.ok("Test.Tools", "Double", number)
    assert number.value == 42


def test_loading_again_replaces_and_deleting_ends_it(boss: Client) -> None:
    load(boss)
    load(boss, TOOLS.replace('"Hello"', '"Good day"'))
    assert boss.call("Test.Tools", "Greet") == "Good day, you"
    boss.ok("%SYSTEM.OBJ", "Delete", "Test.Tools", "-d")
    assert methods(boss) == set()
    assert boss.thrown("%SYSTEM.OBJ", "LoadStream", 99, "ck") == "<INVALID OREF>"
    assert boss.thrown("Test.Tools", "Greet") == "<CLASS DOES NOT EXIST> *Test.Tools"
    assert "#5351" in boss.error("%SYSTEM.OBJ", "Delete", "Test.Tools")


def test_without_the_flag_it_is_defined_but_not_compiled(boss: Client) -> None:
    load(boss, flags="-d")
    assert boss.rows("SELECT Name FROM %Dictionary.ClassDefinition WHERE Name = 'Test.Tools'")
    assert not boss.rows("SELECT Name FROM %Dictionary.CompiledClass WHERE Name = 'Test.Tools'")
    assert "CLASS DOES NOT EXIST" in boss.thrown("Test.Tools", "Greet")


def test_what_does_not_compile_says_where(boss: Client) -> None:
    assert "Test.Tools.cls" not in refusal(boss, "Klass X {}")
    assert "line 8: 'frob'" in refusal(boss, TOOLS.replace("quit ..#GREETING", "frob ..#GREETING"))
    assert "extends %Persistent" in refusal(boss, TOOLS.replace("%RegisteredObject", "%Persistent"))
    assert "not an argument" in refusal(boss, TOOLS.replace("name As %String =", "a b c ="))
    assert "any number" in refusal(boss, TOOLS.replace('name As %String = "you"', "name..."))
    assert methods(boss) == set()


def test_an_emulated_class_is_neither_replaced_nor_deleted(boss: Client) -> None:
    assert "cannot be replaced" in refusal(boss, TOOLS.replace("Test.Tools", "Security.Roles"))
    assert "cannot be deleted" in boss.error("%SYSTEM.OBJ", "Delete", "Security.Roles")
    assert boss.call("Security.Roles", "Exists", "%All", ByRef(""), ByRef("")) == 1


def test_a_class_is_seen_where_it_was_loaded(instance: Instance) -> None:
    user, system = instance.login(namespace="USER"), instance.login()
    load(user)
    assert user.call("Test.Tools", "Greet") == "Hello, you"
    assert "CLASS DOES NOT EXIST" in system.thrown("Test.Tools", "Greet")
    load(user, TOOLS.replace("Test.Tools", "%ZTest.Tools"))
    assert system.call("%ZTest.Tools", "Greet") == "Hello, you"
    # The namespace is entered, and left again at the end.
    assert user.call("Test.Tools", "Where") == "%SYS boss"
    assert user.call("%SYSTEM.SYS", "NameSpace") == "USER"


def test_arrays_work_between_code_and_classes(instance: Instance, boss: Client) -> None:
    load(boss)
    boss.ok("Security.Roles", "Create", "Clerk", "kept", "%DB_USER:R,%Development:U", "%SQL")
    assert boss.call("Test.Tools", "Grant", "Clerk", "%DB_USER", "RW") == ""
    (row,) = boss.rows("SELECT * FROM Security.Roles_ListAll('Clerk')")
    assert row["resources"] == "%DB_USER:RW,%Development:U"
    assert (row["description"], row["grantedroles"]) == ("kept", "%SQL")
    assert "#892" in boss.call("Test.Tools", "Grant", "Clerk", "NoSuch", "U")
    assert "#883" in boss.call("Test.Tools", "Grant", "Nobody", "%DB_USER", "R")
    assert boss.call("Test.Tools", "ModifyUser") == 1
    (row,) = boss.rows("SELECT FullName FROM Security.Users_Detail('boss')")
    assert row["fullname"] == "x"
    assert boss.call("Test.Tools", "CreateApplication") == 1
    made = instance.world.applications.get("/new")
    assert made is not None
    assert (made.authe_enabled, made.match_roles) == (32, {"": ["%SQL", "%Developer"]})
    assert "already exists" in boss.call("Test.Tools", "CreateApplication")
    # Where an array from code is not emulated, it is refused, not lost.
    record = instance.world.audit_log.records[0]
    key = f"{odbc_millis(record.time)}|{SYSTEM_ID}|{record.index}"
    assert "<UNIMPLEMENTED>" in boss.thrown("Test.Tools", "ReadAudit", key)


def test_a_routine_can_be_called_by_code_where_clients_cannot(instance: Instance, boss: Client) -> None:
    load(boss)
    identifier = instance.world.open_session("/csp/user", Visitor("10.1.1.1")).id
    instance.doubt("function=refused")
    with pytest.raises(ThrownError, match="<NOROUTINE>"):
        boss.session.function("DeleteSession", "%SYS.cspServer", [identifier])
    assert boss.call("Test.Tools", "End", identifier) == 1
    assert instance.world.sessions[identifier].ending is not None


def test_code_has_the_callers_privileges_and_no_more(instance: Instance, boss: Client) -> None:
    load(boss, TOOLS.replace("Test.Tools", "%ZTest.Tools"))
    boss.ok("Security.Roles", "Create", "Clerk", "", "", "")
    instance.user("plain", DB_IRISSYS="R", Native_ClassExecution="U")
    plain = instance.login("plain")
    assert "#921" in plain.call("%ZTest.Tools", "Grant", "Clerk", "%DB_USER", "RW")
    instance.user("outside", DB_USER="R", Native_ClassExecution="U")
    outside = instance.login("outside", "USER")
    assert outside.thrown("%ZTest.Tools", "Where") == "<PROTECT>"
    assert outside.call("%SYSTEM.SYS", "NameSpace") == "USER"


def test_loading_needs_development_rights_and_write_on_the_database(instance: Instance) -> None:
    instance.user("reader", DB_IRISSYS="RW", Native_ClassExecution="U")
    assert "#921" in refusal(instance.login("reader"), TOOLS)
    instance.user("developer", DB_IRISSYS="R", Development="U", Native_ClassExecution="U")
    developer = instance.login("developer")
    assert (
        developer.thrown("%SYSTEM.OBJ", "LoadStream", stream(developer, TOOLS).reference, "c") == "<PROTECT>"
    )
    assert developer.thrown("%SYSTEM.OBJ", "Delete", "Test.Tools") == "<PROTECT>"


@pytest.mark.parametrize(
    ("method", "args", "thrown"), [("Deep", (1000,), "<FRAMESTACK>"), ("Forever", (), "<INTERRUPT>")]
)
def test_code_that_does_not_end_leaves_the_instance_usable(
    boss: Client, method: str, args: tuple[int, ...], thrown: str
) -> None:
    load(boss)
    assert thrown in boss.thrown("Test.Tools", method, *args)
    assert boss.call("Test.Tools", "Deep", 5) == 5


def test_a_role_without_its_relationship(instance: Instance, boss: Client) -> None:
    boss.ok("Security.Roles", "Create", "Clerk", "", "%DB_USER:R", "")
    instance.doubt("role-resources=refused")
    role = boss.open("Security.Roles", "clerk")
    with pytest.raises(ThrownError, match="<INVALID OREF>"):
        role.child("Resources").invoke("Count")
    role.set("Description", "changed")
    role.save()
    (row,) = boss.rows("SELECT * FROM Security.Roles_ListAll('Clerk')")
    assert (row["description"], row["resources"]) == ("changed", "%DB_USER:R")
