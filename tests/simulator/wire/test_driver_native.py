"""The unmodified driver: class methods, objects, routines, globals."""

from __future__ import annotations

import decimal
from typing import Any

import iris
import pytest

from tests.simulator.wire.fake import TYPED
from tests.simulator.wire.harness import ServerThread

# What the driver makes of a value: '' is None, and what has no type of its own is text (facts: wire-protocol 2, 4).
RETURNED: dict[str, object] = {**TYPED, "empty": None, "beyond": str(2**63), "bytes": "\x00\x01\xff"}


@pytest.mark.parametrize("name", TYPED)
def test_values_arrive_as_they_left(native: Any, name: str) -> None:
    value = native.classMethodValue("Demo.Util", "Typed", name)
    assert value == RETURNED[name]
    assert type(value) is type(RETURNED[name])


@pytest.mark.parametrize(
    "value",
    [
        *(0, 1, -1, 127, 128, 255, 256, -128, -129, 65_535, 2**31, -(2**31), 2**63 - 1, -(2**63)),
        *(1.5, -0.25, 1e300, decimal.Decimal("3.14"), decimal.Decimal("-0.001")),
        *("x", "\u00e9", "\u65e5", "a" * 254, "b" * 70_000),
    ],
)
def test_values_come_back_as_they_went(native: Any, value: object) -> None:
    assert native.classMethodValue("Demo.Util", "Echo", value) == value


def test_every_typed_flavour(native: Any) -> None:
    assert native.classMethodInteger("Demo.Util", "Add", 2, 3) == 5
    assert native.classMethodString("Demo.Util", "Add", 2, 3) == "5"
    assert native.classMethodFloat("Demo.Util", "Typed", "double") == 1.5
    assert native.classMethodDecimal("Demo.Util", "Typed", "decimal") == decimal.Decimal("1.25")
    assert native.classMethodBoolean("Demo.Util", "Add", 1, 0) is True
    assert native.classMethodBoolean("Demo.Util", "Add", 0, 0) is False
    assert native.classMethodBytes("Demo.Util", "Typed", "bytes") == b"\x00\x01\xff"
    assert native.classMethodObject("Demo.Person", "%New", "Ann").get("Name") == "Ann"
    assert native.classMethodVoid("Demo.Util", "Add", 2, 3) is None
    packed = native.classMethodIRISList("Demo.Util", "Packed")
    assert [packed.get(index) for index in range(1, 5)] == ["a", 5, "", "\u65e5"]


def test_arguments_by_reference(native: Any, served: ServerThread) -> None:
    reference = iris.IRISReference(None)
    assert native.classMethodValue("Demo.Util", "Split", "abc", reference) == "part1"
    assert reference.getValue() == "part2"
    reference = iris.IRISReference("in")
    native.classMethodVoid("Demo.Util", "Split", "abc", reference)
    assert reference.getValue() == "part2"
    assert served.backend.seen.calls == [
        ("Demo.Util", "Split", ["abc", ""]),
        ("Demo.Util", "Split", ["abc", "in"]),
    ]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (("No.Such", "X"), "<CLASS DOES NOT EXIST> *No.Such"),
        (("Demo.Util", "NoSuch"), "<METHOD DOES NOT EXIST> *NoSuch,Demo.Util"),
        (("Demo.Util", "Bug"), "<SYSTEM> fault of the simulator: ZeroDivisionError; its log has the details"),
        (("Demo.Util", "Foreign"), "<SYSTEM> fault of the simulator: a object has no place in a $LIST"),
    ],
)
def test_errors_are_raised_and_the_connection_goes_on(native: Any, call: tuple[str, str], text: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        native.classMethodValue(*call)
    assert str(caught.value) == text
    assert native.classMethodValue("Demo.Util", "Add", 2, 3) == 5


def test_a_list_as_argument_is_an_error_without_harm(native: Any) -> None:
    with pytest.raises(RuntimeError):
        native.classMethodValue("Demo.Util", "Echo", [1, 2])
    assert native.classMethodValue("Demo.Util", "Add", 2, 3) == 5


def test_objects(native: Any) -> None:
    person = native.classMethodValue("Demo.Person", "%OpenId", "Ann")
    assert person.getOREF() == "1"
    assert person.get("Name") == "Ann"
    person.set("Name", "Zo\u00eb")
    assert person.invoke("Greet", "Bob") == "hello Bob from Zo\u00eb"
    assert person.invokeVoid("Birthday") is None
    assert person.get("Age") == 1
    first, second = iris.IRISReference("a"), iris.IRISReference(2)
    assert person.invoke("Swap", first, second) == 1
    assert (first.getValue(), second.getValue()) == (2, "a")
    with pytest.raises(RuntimeError, match="<PROPERTY DOES NOT EXIST>"):
        person.get("Height")
    with pytest.raises(RuntimeError, match="<METHOD DOES NOT EXIST>"):
        person.invoke("Fly")
    person.close()


def test_an_object_can_be_an_argument(native: Any, served: ServerThread) -> None:
    person = native.classMethodValue("Demo.Person", "%New", "Ann")
    back = native.classMethodObject("Demo.Util", "Echo", person)
    assert str(served.backend.seen.calls[-1][2]) == "[ObjectRef(number=1, class_name='')]"
    assert back.get("Name") == "Ann"


def test_three_hundred_dropped_proxies_are_released(native: Any, served: ServerThread) -> None:
    for index in range(300):
        person = native.classMethodValue("Demo.Person", "%New", f"p{index}")
        if index % 2:
            person.close()
        del person
    assert native.classMethodValue("Demo.Util", "Add", 2, 3) == 5
    released = served.backend.seen.released
    assert len(released) >= 200
    assert len(set(released)) == len(released)
    assert set(released) <= set(range(1, 301))


def test_routines(native: Any, served: ServerThread) -> None:
    assert native.function("Label", "DemoRoutine", 3) == "Label:3"
    assert native.procedure("Label", "DemoRoutine", 4) is None
    assert served.backend.seen.calls == [("Label", "DemoRoutine", [3]), ("Label", "DemoRoutine", [4])]
    with pytest.raises(RuntimeError, match="<NOROUTINE> \\*Nope"):
        native.function("Label", "Nope", 1)


def test_globals(native: Any) -> None:
    native.set("v", "g", "a", 1)
    native.set("", "g", "b")
    assert native.get("g", "a", 1) == "v"
    assert native.get("g", "zz") is None
    assert native.isDefined("^g", "a") == 10
    assert native.isDefined("g", "a", 1) == 1
    assert native.isDefined("g", "zz") == 0
    assert native.increment(2, "n") == 2
    assert native.increment(3, "n") == 5
    native.kill("g")
    assert native.isDefined("g") == 0


def test_iterators_follow_the_collation(native: Any) -> None:
    keys = ["10", "b", "2", "a", "-1.5", "10x"]
    for key in keys:
        native.set(f"value {key}", "sorted", key)
    expected = ["-1.5", "2", "10", "10x", "a", "b"]
    assert [key for key, _ in native.iterator("sorted")] == expected
    assert [value for _, value in native.iterator("sorted")] == [f"value {key}" for key in expected]
    backwards = True
    assert native.nextSubscript(not backwards, "sorted", "2") == "10"
    assert native.nextSubscript(backwards, "sorted", "2") == "-1.5"
    node = native.node("sorted")
    assert list(node.keys()) == expected


def test_locks_and_transactions(native: Any) -> None:
    native.lock("", 1, "g", "a")
    native.unlock("", "g", "a")
    native.releaseAllLocks()
    native.tStart()
    native.tStart()
    assert native.getTLevel() == 2
    native.tRollbackOne()
    assert native.getTLevel() == 1
    native.tCommit()
    assert native.getTLevel() == 0
