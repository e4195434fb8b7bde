"""The %Status codec (facts: iris-security 1, 1.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.classes import status
from irisops.simulator.classes.status import ErrorEntry
from tests.simulator.classes.instance import Client, Instance

entries = st.lists(
    st.builds(
        ErrorEntry,
        st.sampled_from(sorted(status.MESSAGES)),
        st.lists(st.text(max_size=400), max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=3,
)


@given(entries)
def test_any_errors_survive_encoding(errors: list[ErrorEntry]) -> None:
    encoded = status.encode(errors)
    assert encoded.startswith("0 ")
    assert all(ord(character) < 256 for character in encoded)
    assert status.decode(encoded) == errors
    assert status.decode(encoded.encode("latin-1")) == errors


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_anything_else_becomes_a_text_and_never_fails(value: str | bytes) -> None:
    for entry in status.decode(value):
        assert isinstance(entry.text, str)


def test_success_has_no_errors() -> None:
    assert status.decode(1) == status.decode("1") == []
    assert status.error_text(1) == ""


@pytest.mark.parametrize(
    ("code", "arguments", "text"),
    [
        (838, ("bob",), "ERROR #838: User bob does not exist"),
        (840, ("bob",), "ERROR #840: Cannot delete bob, only user with %All role."),
        (897, ("X", "%DB_USER"), "ERROR #897: Invalid permission X for resource name %DB_USER."),
        (838, ("100%1",), "ERROR #838: User 100%1 does not exist"),
        (
            5802,
            ("C:P", "v"),
            "ERROR #5802: Datatype validation failed on property 'C:P', with value equal to \"v\"",
        ),
    ],
)
def test_texts_are_the_table_s(code: int, arguments: tuple[str, ...], text: str) -> None:
    assert status.error_text(status.error(code, *arguments)) == text


def test_the_class_reads_its_own_statuses(boss: Client, instance: Instance) -> None:
    both = boss.call("%SYSTEM.Status", "AppendStatus", status.error(838, "a"), status.error(883, "B"))
    assert boss.call("%SYSTEM.Status", "GetErrorText", both) == (
        "ERROR #838: User a does not exist\r\nERROR #883: Role B does not exist."
    )
    assert boss.call("%SYSTEM.Status", "GetOneErrorText", both, 2) == "ERROR #883: Role B does not exist."
    assert boss.call("%SYSTEM.Status", "GetErrorCodes", both) == "838,883"
    assert boss.call("%SYSTEM.Status", "IsError", both) == 1
    assert boss.call("%SYSTEM.Status", "IsOK", 1) == 1
    instance.runtime.emulation.error_word = "FEHLER"
    assert boss.call("%SYSTEM.Status", "GetErrorText", both).startswith("FEHLER #838: ")


def test_lists_of_text_and_numbers_read_back() -> None:
    built = status.list_build(["a", 5, "日本", "x" * 300])
    assert status.list_elements(built.encode("latin-1")) == [b"a", 5, "日本", b"x" * 300]
    with pytest.raises(ValueError, match="not a"):
        status.list_elements(b"\x09\x01ab")


@given(st.integers(-(2**80), 2**80))
def test_any_number_stands_in_a_list(number: int) -> None:
    assert status.list_elements(status.list_build([number]).encode("latin-1")) == [number]
