"""With any arguments, a call returns a value or throws an ObjectScript error, never a Python exception."""

# ruff: noqa: PT017 - whether an error is raised depends on what was passed
from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from irisops.simulator.backend import ByRef, ObjectRef, SqlFailure, ThrownError, Value
from irisops.simulator.classes import status
from irisops.simulator.classes.definition import INTEROPERABILITY
from irisops.simulator.world.operations import Item, Production
from tests.simulator.classes.instance import Client, Instance

VALUES = st.one_of(
    st.none(),
    st.sampled_from(
        [
            "",
            "*",
            "boss",
            "%All",
            "%SQL",
            "BOSS,%SQL",
            "0",
            "1",
            "%DB_USER:RW",
            "a:b",
            "2026-01-01",
            "/csp/user",
            "x" * 300,
        ]
    ),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=True),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.builds(ObjectRef, st.integers(0, 40), st.just("X")),
)
ARGUMENTS = st.lists(st.one_of(VALUES, st.builds(ByRef, VALUES)), max_size=8)

INSTANCE = Instance()
CLASSES = INSTANCE.runtime.emulation.registry.classes((2025, 2))
CLASS_METHODS = [
    (cls.name, name) for cls in CLASSES for name, method in cls.methods().items() if method.is_class_method
]
QUERIES = [(cls.name, name) for cls in CLASSES for name in cls.queries()]
RECORDS = [
    ("Security.Users", "boss"), ("Security.Roles", "%operator"), ("Security.Resources", "%development"),
    ("Security.Services", "%service_terminal"), ("Security.Applications", "/csp/user"), ("Security.System", "SYSTEM"),
    ("Security.Events", "%system||%login||login"),
]  # fmt: skip
MEMBERS = [
    (cls.name, key, name)
    for cls in CLASSES
    for known, key in RECORDS
    if known == cls.name
    for name in cls.properties()
]

many = settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def fresh(class_name: str = "") -> Client:
    """A client in a namespace that has the class: that of a production for `Ens.*`, else `%SYS`."""
    instance = Instance()
    instance.world.operations.add_production(
        Production("USER", "Shop.Production", items=[Item("Orders", "Shop.In")], queues={"Orders": 3})
    )
    return instance.login(namespace="USER" if class_name.startswith(INTEROPERABILITY) else "%SYS")


def is_wire_value(value: object) -> bool:
    return value is None or isinstance(value, int | float | Decimal | str | bytes | ObjectRef)


@many
@given(st.sampled_from(CLASS_METHODS), ARGUMENTS)
def test_class_methods(called: tuple[str, str], args: list[Any]) -> None:
    class_name, method = called
    client = fresh(class_name)
    try:
        answer = client.session.class_method(class_name, method, args)
    except ThrownError as thrown:
        assert str(thrown).startswith("<")
        return
    assert is_wire_value(answer)
    for each in args:
        if isinstance(each, ByRef):
            assert is_wire_value(each.value)


@many
@given(st.sampled_from(QUERIES), st.lists(VALUES, max_size=6))
def test_class_queries(called: tuple[str, str], args: list[Value]) -> None:
    class_name, query = called
    client = fresh(class_name)
    result = client.session.class_method("%Library.ResultSet", "%New", [f"{class_name}:{query}"])
    assert isinstance(result, ObjectRef)
    try:
        outcome = client.session.invoke(result.number, "Execute", args)
    except ThrownError as thrown:
        assert str(thrown) == "<PARAMETER>"
        return
    assert outcome == 1 or status.is_error(outcome)
    columns = client.session.invoke(result.number, "GetColumnCount", [])
    assert isinstance(columns, int)
    if client.session.invoke(result.number, "Next", []):
        for position in range(1, columns + 1):
            assert is_wire_value(client.session.invoke(result.number, "GetData", [position]))


@many
@given(st.sampled_from(MEMBERS), VALUES)
def test_properties_that_are_set_to_anything_and_saved(member: tuple[str, str, str], value: Value) -> None:
    class_name, key, name = member
    client = fresh()
    record = client.open(class_name, key)
    try:
        record.set(name, value)
    except ThrownError:
        return
    outcome = record.invoke("%Save")
    assert outcome == 1 or status.decode(outcome)
    assert client.call(class_name, "%ExistsId", key) == 1


@settings(max_examples=60, deadline=None, derandomize=True)
@given(text=st.text("SELECT FROM%*()':.,_\"abUsers1", max_size=40))
def test_any_statement_is_answered_or_fails_with_a_code(text: str) -> None:
    client = fresh()
    try:
        prepared = client.prepare(text)
        if prepared.columns is not None:
            client.session.query(prepared, [], 0)
        else:
            client.session.update(prepared, [])
    except SqlFailure as failure:
        assert failure.sqlcode != 0
