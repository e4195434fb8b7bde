"""The calls for a namespace and its mappings."""

from __future__ import annotations

from irisops.changes.rehearsal import rehearse
from irisops.instance.calls import HELPER, ClassMethod
from irisops.instance.helper import METHODS
from irisops.instance.namespace_changes import by_namespace, namespace_steps
from irisops.instance.security.object_state import ObjectChange, ObjectState
from irisops.instance.values import Row
from tests.instance.fake_instance import FakeInstance, everything


def state(*mapped: str, **databases: str) -> ObjectState:
    return ObjectState("namespace", "APP", {**databases, "MapGlobals": mapped})


async def calls(change: ObjectChange) -> list[tuple[str, str, tuple[object, ...]]]:
    instance = FakeInstance({}, everything())
    instance.capabilities.see(HELPER, METHODS)
    made = await rehearse(instance, *(step.run for step in namespace_steps(change)))
    return [(each.class_name, each.method, each.args) for each in made if isinstance(each, ClassMethod)]


async def test_a_mapping_comes_changes_and_goes() -> None:
    change = ObjectChange(
        state("Gone = A", "Kept = A", "Moved = A,5,L"), state("Kept = A", "Moved = B", "New = A,7,L")
    )
    own = "Collation|5|LockDatabase||Database|B"
    assert await calls(change) == [
        ("Config.MapGlobals", "Delete", ("APP", "Gone")),
        (HELPER, "SetMapping", ("Config.MapGlobals", "APP", "Moved", own)),
        (
            HELPER,
            "SetMapping",
            ("Config.MapGlobals", "APP", "New", "Collation|7|LockDatabase|L|Database|A"),
        ),
    ]


async def test_a_namespace_is_made_before_its_mappings_and_taken_back_whole() -> None:
    made = state("X = LIB", Globals="A", Routines="B", TempGlobals="")
    assert await calls(ObjectChange(None, made)) == [
        (HELPER, "CreateObject", ("Config.Namespaces", "APP", "Globals|A|Routines|B")),
        (
            HELPER,
            "SetMapping",
            ("Config.MapGlobals", "APP", "X", "Collation|5|LockDatabase||Database|LIB"),
        ),
    ]
    assert await calls(ObjectChange(made, None)) == [("Config.Namespaces", "Delete", ("APP",))]


def test_a_mapping_is_written_as_in_a_cpf() -> None:
    rows: list[Row] = [
        {"namespace": "App", "name": "A", "database": "LIB", "collation": 5},
        {"namespace": "APP", "name": "B", "database": "LIB", "collation": 7},
        {"namespace": "APP", "name": "C", "database": "LIB", "lockdatabase": "L"},
    ]
    assert by_namespace(rows) == {"APP": ["A = LIB", "B = LIB,7", "C = LIB,5,L"]}
