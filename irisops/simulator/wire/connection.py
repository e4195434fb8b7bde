"""One accepted socket: bytes to frames, replies to bytes, injected faults and limits."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from irisops.simulator.background import Background
from irisops.simulator.wire.faults import (
    CorruptSequence,
    Delay,
    Drop,
    Fault,
    Hold,
    Injection,
    Interject,
    Malformed,
    Truncate,
)
from irisops.simulator.wire.frames import (
    HEADER_SIZE,
    MAX_PAYLOAD_BEFORE_LOGIN,
    REPLY_HEADER,
    Frame,
    FrameReader,
    FrameTooLargeError,
)
from irisops.simulator.wire.session import Peer, ProtocolViolationError, State, WireSession

if TYPE_CHECKING:
    from irisops.simulator.wire.server import SuperServer

logger = logging.getLogger(__name__)

FRAMES_PER_TURN = 64
"""Requests answered per turn, so that a client with many requests does not block the other connections."""

WRITE_HIGH_WATER = 256 * 2**10
"""Bytes not yet read by the client at which its further requests wait."""

READ_HIGH_WATER = 64 * 2**10
"""Bytes of further requests read while one waits for its reply.

Below it reading continues, because asyncio notices the end of a client only while reading: a client that gives up on
a held reply must not keep its job and its license unit.
"""

_LINGER_NOT = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """A client. Requests are answered one by one; while a reply waits, reading is limited."""

    def __init__(self, server: SuperServer, number: int) -> None:
        self.number = number
        self.peer = Peer("", 0)
        self.accepted_at = 0.0
        self._server = server
        self._faults = server.faults
        self._reader = FrameReader(MAX_PAYLOAD_BEFORE_LOGIN)
        self._transport: asyncio.Transport | None = None
        self._session: WireSession | None = None
        self._suspended = False
        self._writing_paused = False
        self._turn: asyncio.Handle | None = None
        self._delayed = Background(self._failed)
        self._counted = 0

    def __repr__(self) -> str:
        return f"<Connection {self.number} of {self.peer.host}:{self.peer.port}>"

    @property
    def logged_in(self) -> bool:
        """True after the login."""
        return self._session is not None and self._session.logged_in

    @property
    def job_number(self) -> int | None:
        """The job of a logged-in client."""
        return None if self._session is None else self._session.job_number

    def close(self) -> None:
        """Close the connection after its pending output. Delayed and held replies are discarded."""
        if self._transport is not None:
            self._transport.close()

    def drop(self, *, reset: bool = False) -> None:
        """Close the connection at once: with FIN, or with RST like a crashed peer."""
        if self._transport is None:
            return
        if reset:
            sock: socket.socket | None = self._transport.get_extra_info("socket")
            if sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self._transport.abort()

    # --- asyncio callbacks ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the client and prepare its session."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"a {type(transport).__name__} is no stream")
        self._transport = transport
        address = transport.get_extra_info("peername") or ("", 0)
        self.peer = Peer(str(address[0]), int(address[1]))
        self.accepted_at = self._server.clock()
        if not self._server.admit(self):
            self.drop(reset=True)
            return
        transport.set_write_buffer_limits(high=WRITE_HIGH_WATER)
        self._session = WireSession(self._server.backend, self.peer)

    def data_received(self, data: bytes) -> None:
        """Buffer the bytes and answer all complete requests."""
        self._reader.feed(data)
        self._process()

    def pause_writing(self) -> None:
        """The client does not read: hold back further replies."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """The client reads again: continue."""
        self._writing_paused = False
        self._process()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The socket is closed: tell the backend and release everything."""
        self._transport = None
        self._delayed.cancel()
        self._reader = FrameReader(0)
        self._count_buffered()
        session, self._session = self._session, None
        try:
            if session is not None:
                session.end()
        except Exception:  # the connection has ended: a bug of the backend must not reach the loop
            logger.exception(
                "the backend failed to end the connection of %s:%s", self.peer.host, self.peer.port
            )
        finally:
            self._server.forget(self)

    # --- requests ---------------------------------------------------------------------------------------------------

    def _process(self) -> None:
        """Answer the buffered requests, as long as the client reads the replies."""
        try:
            for _ in range(FRAMES_PER_TURN):
                if self._blocked():
                    break
                frame = self._reader.next_frame()
                if frame is None:
                    break
                self._handle(frame)
            else:
                self._later()
        except (FrameTooLargeError, ProtocolViolationError) as error:
            logger.info("dropping the connection of %s:%s: %s", self.peer.host, self.peer.port, error)
            self.drop()
            return
        self._count_buffered()
        self._regulate_reading()

    def _blocked(self) -> bool:
        transport = self._transport
        return (
            self._suspended
            or self._writing_paused
            or self._turn is not None
            or transport is None
            or transport.is_closing()
        )

    def _later(self) -> None:
        self._turn = asyncio.get_running_loop().call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._turn = None
        self._process()

    def _regulate_reading(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        waiting = self._suspended or self._writing_paused or self._turn is not None
        if waiting and len(self._reader) > READ_HIGH_WATER:
            transport.pause_reading()
        elif not transport.is_reading():
            transport.resume_reading()

    def _count_buffered(self) -> None:
        """Update the server's count of buffered bytes; drop the connection if its limit is exceeded."""
        waiting = len(self._reader)
        if waiting == self._counted:
            return
        grown = waiting - self._counted
        self._counted = waiting
        if not self._server.account(grown):
            logger.warning(
                "dropping the connection of %s:%s: too much is buffered", self.peer.host, self.peer.port
            )
            self.drop()

    def _handle(self, frame: Frame) -> None:
        session = self._session
        if session is None:
            return
        injection = self._faults.take(self.number, frame.opcode) if self._faults else None
        if injection is not None and isinstance(injection.fault, Drop) and injection.fault.before:
            self.drop(reset=injection.fault.reset)
            return
        waiting_for_login = session.state is not State.LOGGED_IN
        replies = session.receive(frame)
        if waiting_for_login and session.state is State.LOGGED_IN:
            self._reader.max_payload = self._server.max_payload
        if injection is not None:
            self._deliver(injection, replies, session)
        else:
            self._send(replies, session)

    def _send(self, replies: Sequence[bytes], session: WireSession) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        for message in replies:
            transport.write(message)
        if session.state is State.ENDED:
            transport.close()

    # --- faults -----------------------------------------------------------------------------------------------------

    def _deliver(self, injection: Injection, replies: Sequence[bytes], session: WireSession) -> None:
        fault = injection.fault
        if isinstance(fault, Drop):
            self.drop(reset=fault.reset)
        elif isinstance(fault, Hold):
            self._suspended = True
            injection.when_released(lambda: self._proceed(replies, session))
        elif isinstance(fault, Delay):
            self._suspended = True
            self._delayed.start(self._delay(fault.seconds, replies, session))
        elif isinstance(fault, Truncate):
            self._send([b"".join(replies)[: fault.keep]], session)
            if fault.close:
                self.close()
            else:
                self._suspended = True
        elif isinstance(fault, Interject):
            self._send([*(_order(fault, message) for message in replies[:1]), *replies], session)
        else:
            self._send([_spoil(fault, message) for message in replies], session)

    def _failed(self, error: BaseException) -> None:
        logger.error("a delayed reply failed", exc_info=error)
        self.drop()

    async def _delay(self, seconds: float, replies: Sequence[bytes], session: WireSession) -> None:
        await self._server.sleep(seconds)
        self._proceed(replies, session)

    def _proceed(self, replies: Sequence[bytes], session: WireSession) -> None:
        self._suspended = False
        self._send(replies, session)
        self._process()


def _order(fault: Interject, message: bytes) -> bytes:
    """The message that goes out before this reply."""
    _, sequence, statement, _ = REPLY_HEADER.unpack_from(message)
    code = int.from_bytes(fault.code, "little")
    return REPLY_HEADER.pack(len(fault.payload), sequence + 1, statement, code) + fault.payload


def _spoil(fault: Fault, message: bytes) -> bytes:
    """The reply, corrupted by `fault`."""
    size, sequence, statement, status = REPLY_HEADER.unpack_from(message)
    payload = message[HEADER_SIZE:]
    if isinstance(fault, CorruptSequence):
        sequence = (sequence + fault.offset) & 0xFFFFFFFF
    elif isinstance(fault, Malformed):
        payload = fault.payload
        size = len(payload) if fault.announced is None else fault.announced
        sequence = (sequence + fault.offset) & 0xFFFFFFFF
        status = status if fault.status is None else fault.status
    return REPLY_HEADER.pack(size, sequence, statement, status) + payload
