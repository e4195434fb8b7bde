"""The $LIST codec: round trips, the facts' examples, and everything that is no item."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.backend import ByRef, ObjectRef, Value
from irisops.simulator.wire import listitem
from irisops.simulator.wire.listitem import (
    EncodeError,
    ListItemError,
    decode,
    decode_item,
    encode,
    encode_rows,
)

DECIMALS = st.builds(
    lambda sign, coefficient, exponent: Decimal((sign, tuple(map(int, str(coefficient))), exponent)),
    st.sampled_from([0, 1]),
    st.integers(1, 2**63 - 1),
    st.integers(-128, 127),
)
VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    DECIMALS,
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=())),
    st.builds(
        ObjectRef, st.integers(0, 10**9), st.from_regex(r"[A-Za-z%][A-Za-z0-9.]{0,40}", fullmatch=True)
    ),
)

# (bytes, value, whether encoding the value gives these very bytes)
EXAMPLES: list[tuple[str, Value, bool]] = [
    ("01", None, True),
    ("0201", "", True),
    ("030178", "x", True),
    ("0301e9", "\u00e9", True),
    ("0602e5652c67", "\u65e5\u672c", True),
    ("0204", 0, True),
    ("030405", 5, True),
    ("0404ff00", 255, True),
    ("0304ff", 255, False),
    ("0205", -1, True),
    ("0305fe", -2, True),
    ("030500", -256, True),
    ("0406fe7d", Decimal("1.25"), True),
    ("0607fdb29e43", Decimal("-12345.678"), False),
    ("0a08000000000000f83f", 1.5, True),
    ("0408c03f", 1.5, False),
    ("06080000c03f", 1.5, False),
    ("0208", 0.0, False),
    ("0a09000000000000f83f", 1.5, False),
    ("0f1931" + b"@Demo.Person".hex(), ObjectRef(1, "Demo.Person"), True),
    ("031931", ObjectRef(1, ""), False),
]


@pytest.mark.parametrize(("text", "value", "canonical"), EXAMPLES)
def test_the_facts_examples(text: str, value: Value, canonical: bool) -> None:
    data = bytes.fromhex(text)
    assert decode(data) == [value]
    if canonical:
        assert encode(value) == data


@given(VALUES)
def test_what_is_encoded_is_decoded(value: Value) -> None:
    (back,) = decode(encode(value))
    assert back == value
    if isinstance(value, Decimal):
        assert isinstance(back, Decimal)
        assert back.as_tuple() == value.as_tuple()
    elif value is not None:
        assert type(back) is type(value)


@given(st.lists(VALUES, max_size=20))
def test_items_follow_each_other(values: list[Value]) -> None:
    assert decode(listitem.encode_all(values)) == values


@given(VALUES, st.data())
def test_a_cut_item_is_refused(value: Value, data: st.DataObject) -> None:
    whole = encode(value)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ListItemError):
        decode_item(whole[:cut])


@given(st.binary(max_size=200))
def test_garbage_gives_items_or_a_listitem_error(garbage: bytes) -> None:
    try:
        items = decode(garbage)
    except ListItemError:
        return
    # Every item takes at least one byte, so nothing was read twice or from beyond the end.
    assert len(items) <= len(garbage)


@given(st.integers(0, 3000))
def test_by_reference_arguments_carry_their_value(number: int) -> None:
    plain = encode(number)
    (item,) = decode(plain[:1] + bytes((plain[1] | 0x20,)) + plain[2:])
    assert item == ByRef(number)


@pytest.mark.parametrize("size", [252, 253, 254, 255, 65_533, 65_534, 65_535, 65_536, 70_000])
@pytest.mark.parametrize("character", ["a", "\u65e5"])
def test_lengths_around_the_forms_borders(size: int, character: str) -> None:
    text = character * size
    assert decode(encode(text)) == [text]
    assert encode(text)[0] == (
        0 if len(text.encode("utf-16-le" if character != "a" else "ascii")) > 253 else size + 2
    )


def test_bytes_and_bools_have_no_type_of_their_own() -> None:
    assert encode(b"\x00\xff") == bytes.fromhex("040100ff")
    for flag in (True, False):
        assert encode(flag) == encode(int(flag))


def test_numbers_too_large_for_eight_bytes_travel_as_text() -> None:
    assert decode(encode(2**63)) == [str(2**63)]
    assert decode(encode(-(2**63) - 1)) == [str(-(2**63) - 1)]
    assert decode(encode(Decimal(2**63))) == [str(2**63)]
    assert decode(encode(Decimal("1e-200"))) == ["0." + "0" * 199 + "1"]
    assert decode(encode(Decimal("NaN"))) == ["NaN"]


def test_nan_survives() -> None:
    (back,) = decode(encode(math.nan))
    assert isinstance(back, float)
    assert math.isnan(back)


def test_null_and_the_empty_string_differ_in_sql() -> None:
    assert listitem.encode_sql(None) == bytes.fromhex("0201")
    assert listitem.encode_sql("") == bytes.fromhex("030100")
    assert listitem.encode_sql("x") == encode("x")


@given(st.lists(st.tuples(VALUES, VALUES), max_size=10))
def test_rows_are_encoded_as_their_values(rows: list[tuple[Value, Value]]) -> None:
    expected = b"".join(listitem.encode_sql(value) for row in rows for value in row)
    assert bytes(encode_rows(rows, 2)) == expected


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(EncodeError, match="a row of 1 values under 2 columns"):
        encode_rows([["a", "b"], ["c"]], 2)


def test_what_the_driver_cannot_take_is_refused() -> None:
    with pytest.raises(EncodeError, match="at most"):
        encode("x" * 2**25)
    with pytest.raises(EncodeError, match="object"):
        encode(object())  # type: ignore[arg-type]
    with pytest.raises(EncodeError, match="not ASCII"):
        encode(ObjectRef(1, "D\u00e9mo"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        "0001",
        "000000",
        "00000000000000",
        "0a0161",
        "0303ff",
        "0b04" + "00" * 9,
        "0302ff",
        "0206",
        "0309ff",
        "021900",
        "0519787878",
    ],
)
def test_malformed_items(text: str) -> None:
    with pytest.raises(ListItemError):
        decode_item(bytes.fromhex(text))


def test_the_number_of_items_is_limited() -> None:
    assert len(decode(b"\x01" * 10, limit=10)) == 10
    with pytest.raises(ListItemError, match="more than 10 items"):
        decode(b"\x01" * 11, limit=10)
