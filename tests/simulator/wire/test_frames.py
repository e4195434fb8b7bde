"""Framing: any cut of the stream gives the same frames, and a header cannot ask for more than is allowed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.wire.frames import (
    HEADER,
    STATUS_NATIVE_OK,
    Frame,
    FrameReader,
    FrameTooLargeError,
    reply,
)

FRAMES = st.lists(
    st.builds(
        Frame,
        st.integers(0, 2**32 - 1),
        st.integers(0, 2**32 - 1),
        st.binary(min_size=2, max_size=2),
        st.binary(max_size=60),
    ),
    max_size=8,
)


@given(FRAMES, st.data())
def test_frames_survive_any_cut(frames: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(
        HEADER.pack(len(f.payload), f.sequence, f.statement, f.opcode) + f.payload for f in frames
    )
    reader = FrameReader(60)
    seen: list[Frame] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        reader.feed(stream[:size])
        stream = stream[size:]
        while (frame := reader.next_frame()) is not None:
            seen.append(frame)
    assert seen == frames
    assert len(reader) == 0


def test_a_header_beyond_the_limit_is_refused_before_its_payload() -> None:
    reader = FrameReader(10)
    reader.feed(HEADER.pack(11, 1, 0, b"HS"))
    with pytest.raises(FrameTooLargeError, match="11 bytes; at most 10"):
        reader.next_frame()


def test_the_limit_may_rise_between_frames() -> None:
    reader = FrameReader(1)
    reader.feed(HEADER.pack(1, 1, 0, b"HS") + b"x" + HEADER.pack(2, 3, 0, b"CN") + b"yy")
    assert reader.next_frame() == Frame(1, 0, b"HS", b"x")
    reader.max_payload = 2
    assert reader.next_frame() == Frame(3, 0, b"CN", b"yy")


def test_a_reply_carries_the_requests_numbers() -> None:
    frame = Frame(7, 3, b"\x4b\xc2", b"ignored")
    assert reply(frame, STATUS_NATIVE_OK, b"\x02\x04") == bytes.fromhex(
        "02000000 07000000 03000000 00ca 0204"
    )
