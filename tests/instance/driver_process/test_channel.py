"""Frames and values: everything sent arrives, and anything malformed is harmless."""

from __future__ import annotations

import contextlib
import math
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.instance.calls import (
    Answer,
    Call,
    ClassMethod,
    ClassQuery,
    Function,
    ObjectCall,
    ObjectStep,
    Query,
    Ref,
    Update,
    Value,
)
from irisops.instance.driver_process.channel import (
    HEADER_SIZE,
    MAX_FRAME,
    ChannelError,
    Json,
    decode_body,
    encode_frame,
    frame_size,
    pack_value,
    unpack_value,
)
from irisops.instance.driver_process.messages import (
    pack_answer,
    pack_call,
    pack_rows,
    unpack_answer,
    unpack_call,
    unpack_rows,
)

any_text = st.text(alphabet=st.characters(), max_size=30)  # lone surrogates too
values: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.decimals(allow_nan=False),
    any_text,
    st.binary(max_size=30),
    st.dates(),
    st.times(),
    st.datetimes(),
)
arguments = st.lists(st.one_of(values, st.builds(Ref, values)), max_size=4).map(tuple)
value_tuples = st.lists(values, max_size=4).map(tuple)
text_tuples = st.lists(any_text, max_size=3).map(tuple)
steps = st.builds(ObjectStep, any_text, any_text, arguments, text_tuples)
calls: st.SearchStrategy[Call] = st.one_of(
    st.builds(Query, any_text, value_tuples, st.integers(0, 10**6), st.booleans()),
    st.builds(Update, any_text, value_tuples),
    st.builds(ClassMethod, any_text, any_text, arguments),
    st.builds(
        ClassQuery,
        any_text,
        value_tuples,
        text_tuples,
        st.integers(0, 10**6),
        st.booleans(),
        st.floats(0, 60),
    ),
    st.builds(ObjectCall, any_text, any_text, arguments, st.lists(steps, max_size=3).map(tuple)),
    st.builds(Function, any_text, any_text, value_tuples),
)
json_values: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def over_the_pipe(message: dict[str, Json]) -> dict[str, Json]:
    frame = encode_frame(message)
    assert frame_size(frame[:HEADER_SIZE]) == len(frame) - HEADER_SIZE
    return decode_body(frame[HEADER_SIZE:])


@given(values)
def test_a_value_comes_back_as_it_was(value: Value) -> None:
    back = unpack_value(over_the_pipe({"v": pack_value(value)})["v"])
    assert type(back) is type(value)
    assert back == value


def test_not_a_number_comes_back_too() -> None:
    back = unpack_value(over_the_pipe({"v": pack_value(math.nan)})["v"])
    assert isinstance(back, float)
    assert math.isnan(back)
    assert unpack_value(pack_value(-math.inf)) == -math.inf


def test_the_kinds_that_look_alike_stay_apart() -> None:
    for value in (1, True, 1.0, Decimal("1.0"), "1", b"1", date(2026, 1, 1), datetime(2026, 1, 1), time(1)):  # noqa: DTZ001
        assert repr(unpack_value(pack_value(value))) == repr(value)


@given(calls)
def test_a_call_comes_back_as_it_was(call: Call) -> None:
    assert unpack_call(over_the_pipe({"c": pack_call(call)})["c"]) == call


@given(
    st.builds(
        Answer, values, st.none(), value_tuples, value_tuples, st.booleans(), st.integers(0), st.integers(0)
    )
)
def test_an_answer_comes_back_as_it_was(answer: Answer) -> None:
    back, columns = unpack_answer(over_the_pipe(pack_answer(answer)))
    assert (back, columns) == (answer, None)


@given(st.lists(value_tuples, max_size=4))
def test_rows_come_back_as_they_were(rows: list[tuple[Value, ...]]) -> None:
    assert unpack_rows(over_the_pipe({"rows": pack_rows(rows)})["rows"]) == rows


def test_equal_texts_of_a_list_are_held_once() -> None:
    (first, _), (second, _) = unpack_rows(
        over_the_pipe({"rows": pack_rows([("%SYS", 1), ("%SYS", 2)])})["rows"]
    )
    assert first is second


def test_texts_are_shared_with_the_next_portion_of_a_list() -> None:
    texts: dict[str, str] = {}
    ((first, _),) = unpack_rows(over_the_pipe({"rows": pack_rows([("%SYS", 1)])})["rows"], texts)
    ((second, _),) = unpack_rows(over_the_pipe({"rows": pack_rows([("%SYS", 2)])})["rows"], texts)
    assert first is second


@given(json_values)
def test_foreign_messages_are_refused_by_name(item: Json) -> None:
    for unpack in (unpack_value, unpack_call, unpack_rows):
        with contextlib.suppress(ChannelError):
            unpack(item)
    if isinstance(item, dict):
        with pytest.raises(ChannelError):
            unpack_answer({key: value for key, value in item.items() if key != "value"})


@given(st.binary(max_size=60))
def test_foreign_bytes_are_refused_by_name_and_never_quoted(body: bytes) -> None:
    with pytest.raises(ChannelError) as refused:
        decode_body(b"canary " + body)
    assert "canary" not in str(refused.value)


def test_a_message_that_nests_without_end_is_refused_by_name() -> None:
    with pytest.raises(ChannelError, match="RecursionError"):
        decode_body(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


@pytest.mark.parametrize("args", [[[]], [{}], [1], {}, None])
def test_a_call_whose_arguments_are_none_is_refused_by_name(args: Json) -> None:
    with pytest.raises(ChannelError):
        unpack_call({"call": "class_method", "class": "X", "method": "Y", "args": args})


def test_a_frame_that_cannot_be_ours_is_refused() -> None:
    with pytest.raises(ChannelError):
        frame_size(b"HTTP")
    assert frame_size(MAX_FRAME.to_bytes(4, "big")) == MAX_FRAME
    for tagged in ({"decimal": "x"}, {"date": "2026-13-01"}, {"bytes": "*"}, {"pickle": "x"}, {"float": 1}):
        with pytest.raises(ChannelError):
            unpack_value(tagged)  # type: ignore[arg-type]


def test_an_object_is_no_value() -> None:
    with pytest.raises(TypeError):
        pack_value(object())  # type: ignore[arg-type]


def test_passwords_in_calls_stay_out_of_repr() -> None:
    secret = "canary-3"
    for call in (
        Update(f"CREATE USER x IDENTIFY BY '{secret}'"),
        Update("x", (secret,)),
        ClassMethod("Security.Users", "Create", ("x", "", secret)),
        ObjectCall("Security.Users", "%OpenId", ("x",), (ObjectStep("set", "PasswordExternal", (secret,)),)),
    ):
        assert secret not in repr(call)
