"""The order of subscripts and their canonical form."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.backend import Value
from irisops.simulator.wire.collation import compare, sort_key, subscript_text


def test_the_facts_order() -> None:
    expected = ["", "-1.5", "-.5", "0", ".5", "2", "10", "01", "1.0", "10x", "a", "b"]
    shuffled = expected[::-1]
    assert sorted(shuffled, key=sort_key) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (5, "5"),
        (True, "1"),
        (-1.5, "-1.5"),
        (0.5, ".5"),
        (-0.5, "-.5"),
        (100.0, "100"),
        (1e22, "1" + "0" * 22),
        (0.0, "0"),
        (-0.0, "0"),
        (Decimal("1.50"), "1.5"),
        (Decimal("1e3"), "1000"),
        (b"\xe9", "\u00e9"),
        ("007", "007"),
    ],
)
def test_subscripts_as_iris_keeps_them(value: Value, text: str) -> None:
    assert subscript_text(value) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1000, max_value=1000))
def test_numbers_are_canonical_and_sort_as_numbers(number: Decimal) -> None:
    text = subscript_text(number)
    assert Decimal(text) == number
    assert sort_key(text) < sort_key("!")
    assert compare(text, subscript_text(number + 1)) == 1


@given(st.text(max_size=5), st.text(max_size=5))
def test_comparison_is_antisymmetric_and_knows_nothing_of_the_empty_subscript(
    first: str, second: str
) -> None:
    assert compare(first, second) == -compare(second, first)
    if first and second and first != second:
        assert compare(first, second) != 0
    else:
        assert compare(first, second) == 0
