"""Classes loaded from a stream, and their code: the same on a real instance and on the simulator.

The class is loaded into %SYS and deleted again. The helper is loaded only where the instance has none.
"""

from __future__ import annotations

from collections.abc import Iterator

import iris
import pytest

from irisops.instance.calls import HELPER
from irisops.instance.features import HELPER_VERSION_METHOD
from irisops.instance.helper import VERSION, source
from tests.simulator.conformance.conftest import SCRATCH_PASSWORD, SCRATCH_ROLE, SCRATCH_USER, Driver

NAME = "ZIrisOpsTest.Conformance"
EXPRESSIONS = (
    "2+3*4", "10-2-3", "7/2", "1/4", "-1/4", "-7#3", "-7\\2", "2**10", "-2**2", "'1=0", "''5", "1=1=1",
    '"12 bottles"+1', '+"abc"', '"a"_1+2', '"1.50"=1.5', '"abc"["b"', '"abc"\'["b"', '"b"]"a"', "3'<4", "1E3+.5",
    "0||1", "1&&0", "1!0&0",
    '$piece("a:b:c",":",2,3)', '$piece("abc",":",2)', '$length("a,b,c",",")', '$length("",",")',
    '$extract("abcdef",2,4)', '$find("hello","l")', '$translate("a-b-c","-","_")', '$replace("aXbX","X","--")',
    '$zconvert("ab","U")', '$select(0:"a",1:"b")', '$case(9,1:"one",:"many")', '$get(none,"else")', "$data(none)",
    "$justify(7,3)", '$reverse("abc")', '$ascii("A")', "$char(72,105)",
)  # fmt: skip
"""Each is a method of the class: no precedence, strings that are numbers, the functions."""
EXPECTED = (
    "20", "5", "3.5", ".25", "-.25", "2", "-3", "1024", "4", "1", "1", "1",
    "13", "0", "2", "0", "1", "0", "1", "0", "1000.5",
    "1", "0", "0", "b:c", "", "3", "1",
    "bcd", "4", "a_b_c", "a--b--",
    "AB", "b", "many", "else", "0",
    "  7", "cba", "65", "Hi",
)  # fmt: skip
CODE = """
ClassMethod Walk(list As %String) As %String
{
    set out = ""
    for i = 1:1:$length(list, ",") {
        set name = $piece(list, ",", i)
        continue:name=""
        set count(name) = $get(count(name)) + 1
    }
    set name = ""
    for {
        set name = $order(count(name))
        quit:name=""
        set $piece(out, ";", $length(out, ";") + (out'="")) = name_"="_count(name)
    }
    quit out
}

ClassMethod Twice(ByRef n As %Integer) As %String
{
    set n = n * 2
    if n > 10 { quit "much" } elseif n > 5 { quit "some" } else { quit "little" }
}

ClassMethod Grant(role As %String, resources As %String) As %String
{
    new $namespace
    set $namespace = "%SYS"
    set p("Resources") = resources
    set sc = ##class(Security.Roles).Modify(role, .p)
    quit $select($SYSTEM.Status.IsError(sc):$SYSTEM.Status.GetErrorText(sc), 1:"")
}
"""


def class_text() -> str:
    methods = "\n".join(
        f"ClassMethod E{number}() As %String\n{{\n    quit {expression}\n}}\n"
        for number, expression in enumerate(EXPRESSIONS)
    )
    return f"Class {NAME} Extends %RegisteredObject\n{{\n{methods}{CODE}}}\n"


def load(driver: Driver, text: str) -> object:
    stream = driver.object("%Stream.GlobalCharacter", "%New")
    for start in range(0, len(text), 16_000):
        assert stream.invoke("Write", text[start : start + 16_000]) == 1
    stream.invoke("Rewind")
    return driver.value("%SYSTEM.OBJ", "LoadStream", stream, "ck-d")


def is_there(driver: Driver, name: str) -> bool:
    return bool(driver.rows("SELECT Name FROM %Dictionary.ClassDefinition WHERE Name = ?", name))


@pytest.fixture
def loaded(driver: Driver) -> Iterator[Driver]:
    """The connection, with the class loaded; gone afterwards."""
    outcome = load(driver, class_text())
    assert outcome == 1, driver.text(outcome)
    yield driver
    assert driver.value("%SYSTEM.OBJ", "Delete", NAME, "-d") == 1
    assert not is_there(driver, NAME)


def test_expressions_are_what_they_are(loaded: Driver) -> None:
    found = [str(loaded.native.classMethodString(NAME, f"E{n}") or "") for n in range(len(EXPRESSIONS))]
    assert dict(zip(EXPRESSIONS, found, strict=True)) == dict(zip(EXPRESSIONS, EXPECTED, strict=True))


def test_code_with_arrays_loops_and_references(loaded: Driver) -> None:
    assert loaded.value(NAME, "Walk", "b,a,,10,9,a") == "9=1;10=1;a=2;b=1"

    for number, said in ((2, "little"), (3, "some"), (6, "much")):
        reference = iris.IRISReference(number)
        assert loaded.value(NAME, "Twice", reference) == said
        assert reference.getValue() == number * 2


def test_the_dictionary_has_it(loaded: Driver) -> None:
    for table in ("CompiledMethod", "MethodDefinition"):
        rows = loaded.rows(f"SELECT Name FROM %Dictionary.{table} WHERE parent = ?", NAME)  # noqa: S608 - ours
        assert {row["name"] for row in rows} >= {"Walk", "Twice", "Grant", "E0"}


def test_an_array_reaches_a_role_from_code(scratch: Driver, loaded: Driver) -> None:
    assert scratch.value("Security.Roles", "Create", SCRATCH_ROLE, "kept", "%DB_USER:R", "%SQL") == 1
    assert not loaded.value(NAME, "Grant", SCRATCH_ROLE, "%Development:U,%DB_USER:RW")
    (row,) = scratch.rows("SELECT * FROM Security.Roles_ListAll(?)", SCRATCH_ROLE)
    assert (row["description"], row["grantedroles"]) == ("kept", "%SQL")
    assert row["resources"] == "%DB_USER:RW,%Development:U"
    assert "#883" in loaded.value(NAME, "Grant", f"{SCRATCH_ROLE}x", "%DB_USER:R")


def test_what_does_not_compile_is_an_error(driver: Driver) -> None:
    outcome = load(driver, class_text().replace("quit 2+3*4", "frobnicate 2"))
    try:
        assert outcome != 1
        assert "#" in driver.text(outcome)
    finally:
        if is_there(driver, NAME):
            driver.value("%SYSTEM.OBJ", "Delete", NAME, "-d")


def test_the_helper_does_what_it_says(scratch: Driver) -> None:
    """What the product installs; run live, it settles whether it works on a real instance."""
    had = is_there(scratch, HELPER)
    if not had:
        outcome = load(scratch, source())
        assert outcome == 1, scratch.text(outcome)
    try:
        assert scratch.native.classMethodString(HELPER, HELPER_VERSION_METHOD) == VERSION
        assert scratch.value("Security.Roles", "Create", SCRATCH_ROLE, "d", "%DB_USER:R", "%SQL") == 1
        changed = "Description|new|Resources|%DB_USER:RW|GrantedRoles|%SQL,%Developer"
        assert not scratch.value(HELPER, "ModifySecurity", "Security.Roles", SCRATCH_ROLE, changed)
        (row,) = scratch.rows("SELECT * FROM Security.Roles_ListAll(?)", SCRATCH_ROLE)
        assert (row["description"], row["resources"]) == ("new", "%DB_USER:RW")
        assert set(row["grantedroles"].split(",")) == {"%SQL", "%Developer"}
        missing = f"{SCRATCH_ROLE}x"
        assert "#883" in scratch.value(HELPER, "ModifySecurity", "Security.Roles", missing, "Description|")
        assert scratch.value("Security.Users", "Create", SCRATCH_USER, "%SQL", SCRATCH_PASSWORD) == 1
        changed = "FullName|a ~1 b ~0|ExpirationDate|2099-12-31|Enabled|0"
        assert not scratch.value(HELPER, "ModifySecurity", "Security.Users", SCRATCH_USER, changed)
        keys = "FullName,ExpirationDate,Enabled,Roles"
        told = scratch.value(HELPER, "ReadSecurity", "Security.Users", SCRATCH_USER, keys)
        assert told == "=a ~1 b ~0|=2099-12-31|=0|=%SQL"
        for class_name, name, keys in (
            ("Security.Services", "%Service_Bindings", "Enabled,AutheEnabled"),
            ("Security.Applications", "/csp/sys", "Enabled,AutheEnabled,Resource,Timeout,MatchRoles"),
            ("Security.Resources", "%Admin_Secure", "PublicPermission"),
            ("Security.System", "SYSTEM", "AuditEnabled,InactiveLimit,InvalidLoginLimit"),
        ):
            told = scratch.value(HELPER, "ReadSecurity", class_name, name, keys)
            assert all(each.startswith("=") for each in told.split("|")), (class_name, told)
        assert "#5907" in scratch.value(HELPER, "EndSession", "nonsense")
    finally:
        if not had:
            assert scratch.value("%SYSTEM.OBJ", "Delete", HELPER, "-d") == 1
