"""%Status values: success or error, and decoding without the instance."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.instance.calls import Value
from irisops.instance.errors import InstanceError, NoAnswer, NotPermitted
from irisops.instance.outcome import UNKNOWN_OUTCOME, changing, check_status
from irisops.instance.status import decode_status, is_error_status, is_ok, list_items
from tests.instance.fake_instance import FakeInstance, value


def item(data: bytes, kind: int) -> bytes:
    """One $LIST item (facts: wire-protocol 2)."""
    if len(data) + 2 <= 255:
        return bytes([len(data) + 2, kind]) + data
    return b"\x00" + (len(data) + 1).to_bytes(2, "little") + bytes([kind]) + data


def status(code: int, *params: str) -> str:
    """An error status of one error."""
    inner = item(code.to_bytes(2, "little"), 4) + b"".join(item(each.encode("latin-1"), 1) for each in params)
    return "0 " + item(inner, 1).decode("latin-1")


@pytest.mark.parametrize("good", [1, "1", Decimal(1), 1.0, True])
def test_one_is_success(good: Value) -> None:
    assert is_ok(good)


@pytest.mark.parametrize("bad", [0, "0", None, "", "0 abc", False, "yes", b"1 "])
def test_all_else_is_not(bad: Value) -> None:
    assert not is_ok(bad)


def test_known_errors_get_the_vendors_words() -> None:
    (error,) = decode_status(status(838, "bob"))
    assert (error.code, error.text) == (838, "ERROR #838: User bob does not exist")
    (unknown,) = decode_status(status(7777, "a", "b"))
    assert unknown.text == "ERROR #7777: a, b"
    assert decode_status(status(838, "x" * 400))[0].params == ("x" * 400,)


@pytest.mark.parametrize("code", ["²", "--5", "-", pytest.param("9" * 5000, id="long")])
def test_a_code_that_is_no_number_is_passed_over(code: str) -> None:
    inner = item(code.encode("latin-1"), 1)
    assert not decode_status("0 " + item(inner, 1).decode("latin-1"))


def test_items_of_every_type() -> None:
    packed = (
        item(b"x", 1) + item("日本".encode("utf-16-le"), 2) + item(b"\x05", 4) + item(b"\xfe", 5) + item(b"", 5)
        + item(b"\xfe\x7d", 6) + item(b"\xfd\xb2\x9e\x43\xff", 7) + item(b"\x00" * 6 + b"\xf8\x3f", 8) + b"\x01"
    )  # fmt: skip
    found = list(list_items(packed.decode("latin-1")))
    assert found == ["x", "日本", 5, -2, -1, Decimal("1.25"), Decimal("-12345.678"), 1.5, None]


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF)))
def test_no_text_makes_the_decoder_fail(text: str) -> None:
    list(list_items(text))
    for error in decode_status("0 " + text):
        assert error.text
    assert is_error_status("0 " + text) is bool(text)


async def test_the_instances_own_words_are_preferred() -> None:
    instance = FakeInstance({"GetErrorText": value("FEHLER #838: Benutzer bob gibt es nicht")})
    with pytest.raises(InstanceError) as raised:
        await check_status(instance, status(838, "bob"), "X.Y")
    assert raised.value.message == "FEHLER #838: Benutzer bob gibt es nicht"
    assert raised.value.code == 838


@pytest.mark.parametrize("answered", [value(""), value(None), value("nonsense"), InstanceError("no")])
async def test_without_them_the_status_is_decoded_here(answered: object) -> None:
    instance = FakeInstance({"GetErrorText": answered})  # type: ignore[dict-item]
    with pytest.raises(NotPermitted) as raised:
        await check_status(instance, status(921, "%Admin_Secure:U"), "X.Y")
    assert raised.value.privilege == "%Admin_Secure:U"


async def test_a_success_asks_nothing_and_a_non_status_is_said_to_be_one() -> None:
    instance = FakeInstance({})
    await check_status(instance, 1, "X.Y")
    assert instance.calls == []
    with pytest.raises(InstanceError, match=r"X\.Y answered ''"):
        await check_status(instance, None, "X.Y")


async def test_a_change_whose_answer_got_lost_says_that_its_outcome_is_unknown() -> None:
    async def change() -> None:
        raise NoAnswer("silence")

    with pytest.raises(NoAnswer) as raised:
        await changing(change())
    assert UNKNOWN_OUTCOME in raised.value.cure
