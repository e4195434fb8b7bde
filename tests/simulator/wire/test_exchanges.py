"""The captured exchanges of `exchanges.txt`, replayed byte for byte.

They were recorded between driver 5.4.1 and a trial server; every reply in them is known to be accepted.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from irisops.simulator.wire.frames import MAX_PAYLOAD, FrameReader
from irisops.simulator.wire.session import Peer, State, WireSession
from tests.simulator.wire.fake import FakeBackend

LINE = re.compile(r"(C->S|S->C)\s+([0-9a-f ]+)\|([0-9a-f ]*)")


def conversations() -> list[list[tuple[bytes, list[bytes]]]]:
    """Per connection: each request with its replies."""
    found: list[list[tuple[bytes, list[bytes]]]] = []
    for line in Path(__file__).with_name("exchanges.txt").read_text("ascii").splitlines():
        match = LINE.fullmatch(line.strip())
        if match is None:
            continue
        message = bytes.fromhex(match[2] + match[3])
        if match[1] == "S->C":
            found[-1][-1][1].append(message)
            continue
        if message[12:14] == b"HS":
            found.append([])
        found[-1].append((message, []))
    return found


def test_the_file_was_understood() -> None:
    assert [len(conversation) for conversation in conversations()] == [25, 20, 1]


@pytest.mark.parametrize("conversation", conversations())
def test_replies_are_the_captured_ones(conversation: list[tuple[bytes, list[bytes]]]) -> None:
    backend = FakeBackend()
    session = WireSession(backend, Peer("127.0.0.1", 50000))
    reader = FrameReader(MAX_PAYLOAD)
    for request, replies in conversation:
        reader.feed(request)
        frame = reader.next_frame()
        assert frame is not None
        assert [answer.hex(" ") for answer in session.receive(frame)] == [r.hex(" ") for r in replies], (
            request
        )
    if len(conversation) > 1:
        assert session.state is State.ENDED
        session.end()
        assert backend.seen.closed.get_nowait()[1] is True
