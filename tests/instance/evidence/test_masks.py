from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.instance.calls import Value
from irisops.instance.errors import InstanceError, NotPermitted
from irisops.instance.evidence.masks import (
    LONGEST,
    codes_of,
    column_name,
    kind_of,
    product_words,
    shape,
    summary,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-01 10:11:12", "9999-99-99 99:99:99"),
        (datetime(2026, 3, 1, 10, 11, tzinfo=UTC), "9999-99-99 99:99:99+99:99"),
        (date(2026, 3, 1), "9999-99-99"),
        ("66543,40211", "99999,99999"),
        ("bob", "aaa"),
        ("Bob", "Aaa"),
        ("Fitzgerald", "Aaaaa"),
        ("%Admin_Secure:U", "%Aaaaa_Aaaaa:A"),
        ("10.0.0.9", "99.9.9.9"),
        ("123456789012", "99999999…"),
        ("Zoë", "Aaa"),
        ("漢字", "aa"),
        ("a\x00\x1b[2J", "a??[9A"),
        (Decimal("1.50"), "9.99"),
        (b"ab\xff", "aaa"),
        (-7, "-9"),
        (None, ""),
        ("", ""),
        (True, ""),
    ],
)
def test_shapes(value: Value, expected: str) -> None:
    assert shape(value) == expected


@given(st.text())
def test_a_shape_has_no_letter_and_no_digit_of_its_value(text: str) -> None:
    masked = shape(text)
    assert len(masked) <= LONGEST
    assert {each for each in masked if each.isalnum()} <= {"A", "a", "9"}
    assert masked.isprintable()


def test_few_shapes_stand_for_a_column() -> None:
    assert summary(["Bob", "Ann", "carla", "", None, 7]) == "text: Aaa | aaaa, empty, whole number: 9"
    assert summary([]) == ""
    assert summary([True]) == "flag"
    assert kind_of(1.5) == "number"


def test_names_that_are_written_as_none_are_masked() -> None:
    assert column_name("LastLoginTime") == "LastLoginTime"
    assert column_name("Bob's salary") == "Aaa'a aaaa"
    assert (
        product_words("Ubuntu Server LTS for x86-64 Containers") == "Ubuntu Server LTS for x86-64 Containers"
    )
    assert product_words("Böb") == "Aaa"


def test_of_an_error_only_codes_are_kept() -> None:
    problem = NotPermitted(
        "This account may not do that",
        detail="[SQLCODE: <-99>:<Privilege>] User bob <PROTECT>foo^BOB ERROR #822: bob",
    )
    assert codes_of(problem) == ["SQLCODE -99", "<PROTECT>", "#822"]
    assert codes_of(InstanceError("<BOB SECRET>")) == ["<AAA AAAA>"]
    assert codes_of(InstanceError("all of it bob")) == []
