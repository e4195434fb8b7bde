"""Faults: which requests they meet, and what then goes over the socket."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from irisops.simulator.wire.faults import (
    CLASS_METHOD_VALUE,
    CONNECT,
    CorruptSequence,
    Delay,
    Drop,
    Faults,
    Hold,
    Malformed,
    Truncate,
)
from irisops.simulator.wire.frames import REPLY_HEADER
from irisops.simulator.wire.listitem import decode, encode_all
from irisops.simulator.wire.server import SuperServer
from tests.simulator.wire.fake import FakeBackend
from tests.simulator.wire.harness import connecting, greeting, request
from tests.simulator.wire.test_server import ADD, Client


def test_a_fault_meets_its_requests_and_no_others() -> None:
    faults = Faults()
    injection = faults.inject(Drop(), times=2, opcode=b"PP", connection=3, skip=1)
    met = [
        faults.take(connection, opcode) is injection
        for connection, opcode in [(3, b"PQ"), (2, b"PP"), (3, b"PP"), (3, b"PP"), (3, b"PP"), (3, b"PP")]
    ]
    assert met == [False, False, False, True, True, False]
    assert injection.fired == 2


def test_without_faults_there_is_nothing_to_ask() -> None:
    faults = Faults()
    assert not faults
    injection = faults.inject(Drop())
    assert faults
    faults.remove(injection)
    faults.remove(injection)
    assert not faults


def test_a_fault_must_happen_at_least_once() -> None:
    with pytest.raises(ValueError, match="times"):
        Faults().inject(Drop(), times=0)


async def test_a_held_reply_goes_out_at_its_release() -> None:
    backend, faults = FakeBackend(), Faults()
    async with SuperServer(backend, faults=faults) as server:
        held, free = await Client.logged_in(server.port), await Client.logged_in(server.port)
        injection = faults.inject(Hold(), opcode=CLASS_METHOD_VALUE)
        answer = asyncio.create_task(held.add())
        await injection.wait_fired()
        assert await free.add() == [5]
        assert len(backend.seen.calls) == 2
        assert not answer.done()
        injection.release()
        assert await answer == [5]
        assert await held.add() == [5]
        held.writer.close()
        free.writer.close()


@pytest.mark.parametrize("reset", [True, False])
async def test_a_client_that_gives_up_on_a_held_reply_is_noticed(reset: bool) -> None:
    backend, faults = FakeBackend(), Faults()
    async with SuperServer(backend, faults=faults) as server:
        client = await Client.logged_in(server.port)
        injection = faults.inject(Hold(), opcode=CLASS_METHOD_VALUE)
        client.writer.write(request(5, CLASS_METHOD_VALUE, ADD))
        await injection.wait_fired()
        if reset:
            sock = client.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.writer.transport.abort()
        assert (await asyncio.to_thread(backend.seen.closed.get, timeout=10))[1] is False
        injection.release()


async def test_what_is_held_when_the_client_leaves_is_forgotten() -> None:
    backend, faults = FakeBackend(), Faults()
    async with SuperServer(backend, faults=faults) as server:
        client = await Client.logged_in(server.port)
        injection = faults.inject(Hold(), opcode=CLASS_METHOD_VALUE)
        client.writer.write(request(5, CLASS_METHOD_VALUE, ADD))
        await injection.wait_fired()
        server.connections[0].drop()
        assert (await asyncio.to_thread(backend.seen.closed.get, timeout=10))[1] is False
        faults.clear()
        assert await client.ended() == b""


async def test_a_delay_waits_by_the_servers_sleep() -> None:
    asked: list[float] = []
    wake = asyncio.Event()

    async def sleep(seconds: float) -> None:
        asked.append(seconds)
        await wake.wait()

    faults = Faults()
    async with SuperServer(FakeBackend(), faults=faults, sleep=sleep) as server:
        client = await Client.logged_in(server.port)
        injection = faults.inject(Delay(2.5))
        answer = asyncio.create_task(client.add())
        await injection.wait_fired()
        await asyncio.sleep(0)
        assert asked == [2.5]
        assert not answer.done()
        wake.set()
        assert await answer == [5]
        client.writer.close()


async def test_a_delay_ends_with_its_connection() -> None:
    cancelled = asyncio.Event()

    async def sleep(seconds: float) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    faults = Faults()
    async with SuperServer(FakeBackend(), faults=faults, sleep=sleep) as server:
        client = await Client.logged_in(server.port)
        injection = faults.inject(Delay(60))
        client.writer.write(request(5, CLASS_METHOD_VALUE, ADD))
        await injection.wait_fired()
        client.writer.transport.abort()
        await asyncio.to_thread(server.backend.seen.closed.get, timeout=10)  # type: ignore[attr-defined]
        await asyncio.wait_for(cancelled.wait(), 10)


async def test_while_a_reply_is_held_nothing_more_is_read() -> None:
    """Ten megabytes wait in the client and the sockets' buffers, not in the server."""
    faults = Faults()
    async with SuperServer(FakeBackend(), faults=faults) as server:
        client, neighbour = await Client.logged_in(server.port), await Client.logged_in(server.port)
        injection = faults.inject(Hold(), opcode=CLASS_METHOD_VALUE)
        echo = request(5, CLASS_METHOD_VALUE, encode_all(["Demo.Util", "Echo", 1, "p" * 50_000]))
        client.writer.write(echo * 200)
        await injection.wait_fired()
        for _ in range(200):
            assert await neighbour.add() == [5]
        assert server.buffered < 1_000_000
        injection.release()
        for _ in range(200):
            assert decode((await client.reply())[1]) == ["p" * 50_000]
        client.writer.close()
        neighbour.writer.close()


@pytest.mark.parametrize(("before", "runs"), [(True, 0), (False, 1)])
@pytest.mark.parametrize("reset", [True, False])
async def test_a_drop_comes_before_or_after_the_request_is_run(before: bool, runs: int, reset: bool) -> None:
    backend, faults = FakeBackend(), Faults()
    async with SuperServer(backend, faults=faults) as server:
        client = await Client.logged_in(server.port)
        faults.inject(Drop(reset=reset, before=before))
        client.writer.write(request(5, CLASS_METHOD_VALUE, ADD))
        if reset:
            with pytest.raises(ConnectionResetError):
                await client.reader.readexactly(1)
        else:
            assert await client.reader.read() == b""
        client.writer.close()
        assert (await asyncio.to_thread(backend.seen.closed.get, timeout=10))[1] is False
    assert len(backend.seen.calls) == runs


async def test_a_truncated_reply_ends_the_connection_or_leaves_the_client_waiting() -> None:
    faults = Faults()
    async with SuperServer(FakeBackend(), faults=faults) as server:
        client, patient = await Client.logged_in(server.port), await Client.logged_in(server.port)
        faults.inject(Truncate(15))
        client.writer.write(request(5, CLASS_METHOD_VALUE, ADD))
        assert len(await client.ended()) == 15
        faults.inject(Truncate(3, close=False))
        patient.writer.write(request(5, CLASS_METHOD_VALUE, ADD))
        assert len(await patient.reader.readexactly(3)) == 3
        assert len(server.connections) == 1
        patient.writer.close()


async def test_a_corrupt_sequence_number_and_a_malformed_payload() -> None:
    faults = Faults()
    async with SuperServer(FakeBackend(), faults=faults) as server:
        client = await Client.logged_in(server.port)
        faults.inject(CorruptSequence(92))
        faults.inject(Malformed())
        faults.inject(Malformed(b"\x0a\x01a", status=7))
        seen = []
        for _ in range(4):
            client.writer.write(request(5, CLASS_METHOD_VALUE, ADD))
            header = REPLY_HEADER.unpack(await client.reader.readexactly(REPLY_HEADER.size))
            seen.append((header[1], header[3], await client.reader.readexactly(header[0])))
        assert seen[0][:2] == (97, 0xCA00)
        assert seen[1] == (5, 0xCA00, b"")
        assert seen[2] == (5, 7, b"\x0a\x01a")
        assert seen[3][:2] == (5, 0xCA00)
        assert decode(seen[3][2]) == [5]
        client.writer.close()


async def test_a_login_can_be_held_too() -> None:
    faults = Faults()
    async with SuperServer(FakeBackend(), faults=faults) as server:
        with faults.injected(Hold(), opcode=CONNECT) as injection:
            client = await Client.open(server.port)
            client.writer.write(greeting() + connecting())
            await client.reply()
            await injection.wait_fired()
        status, _ = await client.reply()
        assert status == 0
        assert not faults
        client.writer.close()
