"""Reading requests: valid items, and the error for each invalid one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.backend import ByRef, ObjectRef, Value
from irisops.simulator.wire.listitem import encode, encode_all
from irisops.simulator.wire.reader import ItemReader, RequestError


def reader(*items: Value) -> ItemReader:
    return ItemReader(encode_all(items))


@pytest.mark.parametrize(
    ("item", "number"),
    [(5, 5), ("7", 7), ("-3", -3), (Decimal("4.0"), 4), (2.0, 2), ("", 0), (None, 0)],
)
def test_whole_numbers_in_every_dress(item: Value, number: int) -> None:
    assert reader(item).integer() == number


@pytest.mark.parametrize(
    "item", ["x", "--5", "1.5", "9" * 19, 1.5, Decimal("0.5"), float("inf"), float("nan"), ObjectRef(1, "A")]
)
def test_what_is_no_whole_number(item: Value) -> None:
    with pytest.raises(RequestError, match="item 1 is no whole number"):
        reader(item).integer()


@given(st.integers(-5, 5), st.integers(0, 4))
def test_a_count_is_never_more_than_what_follows(count: int, follow: int) -> None:
    items = reader(count, *["x"] * follow)
    if 0 <= count <= follow:
        assert items.arguments(items.count()) == ["x"] * count
        assert items.remaining == follow - count
    else:
        with pytest.raises(RequestError, match=f"announces {count} items, {follow} follow"):
            items.count()


def test_numbers_are_texts_and_objects_are_not() -> None:
    items = reader(5, Decimal("1.50"), ObjectRef(1, "A.B"))
    assert items.text() == "5"
    assert items.text() == "1.5"
    with pytest.raises(RequestError, match="item 3 is an object where a string is needed"):
        items.text()


def test_an_object_is_known_by_its_number() -> None:
    assert reader(ObjectRef(12, "")).oref() == 12
    with pytest.raises(RequestError, match="item 1 is no object reference"):
        reader("12").oref()


def test_values_beyond_the_end_are_an_error() -> None:
    with pytest.raises(RequestError, match="3 items are needed, 2 follow"):
        reader("a", "b").values(3)
    with pytest.raises(RequestError, match="ends after 0 items"):
        reader().value()


def test_by_reference_arguments_keep_their_mark_until_the_value_is_asked_for() -> None:
    plain = encode("in")
    payload = plain[:1] + b"\x21" + plain[2:]
    assert ItemReader(payload).argument() == ByRef("in")
    assert ItemReader(payload).value() == "in"
    assert ItemReader(payload + plain).rest() == ["in", "in"]
