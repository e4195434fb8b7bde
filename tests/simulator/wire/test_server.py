"""Sockets and limits, with clients that are not the driver."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from irisops.simulator.wire.connection import FRAMES_PER_TURN
from irisops.simulator.wire.faults import Faults
from irisops.simulator.wire.frames import HEADER, MAX_PAYLOAD_BEFORE_LOGIN, REPLY_HEADER
from irisops.simulator.wire.listitem import decode, encode_all
from irisops.simulator.wire.server import SuperServer
from tests.simulator.wire.fake import FakeBackend
from tests.simulator.wire.harness import connecting, greeting, request

ADD = encode_all(["Demo.Util", "Add", 2, 2, 3])


class Client:
    """A raw client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    @classmethod
    async def logged_in(cls, port: int) -> Client:
        client = await cls.open(port)
        client.writer.write(greeting() + connecting())
        await client.reply()
        status, _ = await client.reply()
        assert status == 0
        return client

    async def reply(self) -> tuple[int, bytes]:
        size, _, _, status = REPLY_HEADER.unpack(await self.reader.readexactly(REPLY_HEADER.size))
        return status, await self.reader.readexactly(size)

    async def add(self) -> object:
        self.writer.write(request(5, b"\x4b\xc2", ADD))
        return decode((await self.reply())[1])

    async def ended(self) -> bytes:
        """What still came until the server closed."""
        try:
            return await self.reader.read()
        except ConnectionResetError:
            return b""
        finally:
            self.writer.close()


async def test_bytes_may_arrive_one_at_a_time() -> None:
    async with SuperServer(FakeBackend()) as server:
        client = await Client.logged_in(server.port)
        for byte in request(5, b"\x4b\xc2", ADD):
            client.writer.write(bytes((byte,)))
            await client.writer.drain()
            await asyncio.sleep(0)
        assert decode((await client.reply())[1]) == [5]
        client.writer.close()


async def test_many_requests_at_once_are_answered_in_order() -> None:
    count = FRAMES_PER_TURN * 5 + 3
    async with SuperServer(FakeBackend()) as server:
        client = await Client.logged_in(server.port)
        echoes = (request(n, b"\x4b\xc2", encode_all(["Demo.Util", "Echo", 1, n])) for n in range(count))
        client.writer.write(b"".join(echoes))
        assert [decode((await client.reply())[1]) for _ in range(count)] == [[n] for n in range(count)]
        client.writer.close()


async def test_a_stranger_may_send_little_and_a_user_much() -> None:
    async with SuperServer(FakeBackend(), max_payload=200_000) as server:
        stranger = await Client.open(server.port)
        stranger.writer.write(HEADER.pack(MAX_PAYLOAD_BEFORE_LOGIN + 1, 1, 0, b"HS"))
        assert await stranger.ended() == b""
        user = await Client.logged_in(server.port)
        user.writer.write(request(5, b"\x4b\xc2", encode_all(["Demo.Util", "Echo", 1, "x" * 100_000])))
        assert decode((await user.reply())[1]) == ["x" * 100_000]
        user.writer.write(HEADER.pack(200_001, 7, 0, b"\x4b\xc2"))
        assert await user.ended() == b""


async def test_unfinished_requests_of_all_together_are_limited() -> None:
    async with SuperServer(FakeBackend(), max_buffered=300_000) as server:
        clients = [await Client.logged_in(server.port) for _ in range(4)]
        for client in clients:
            client.writer.write(HEADER.pack(1_000_000, 5, 0, b"\x4b\xc2") + bytes(100_000))
        ends = [asyncio.create_task(client.ended()) for client in clients]
        done, pending = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        assert done
        assert pending
        assert server.buffered <= 300_000
        for client in clients:
            client.writer.close()
        await asyncio.wait(ends)


async def test_garbage_drops_its_sender_alone() -> None:
    async with SuperServer(FakeBackend()) as server:
        neighbour = await Client.logged_in(server.port)
        for garbage in (b"GET / HTTP/1.1\r\n\r\n", bytes(64), b"\xff" * 64, greeting() + greeting()):
            intruder = await Client.open(server.port)
            intruder.writer.write(garbage)
            await intruder.ended()
            assert await neighbour.add() == [5]
        neighbour.writer.close()


async def test_clients_that_do_not_log_in_lose_their_place() -> None:
    now = 100.0
    async with SuperServer(FakeBackend(), login_timeout=30.0, clock=lambda: now) as server:
        user = await Client.logged_in(server.port)
        idle = await Client.open(server.port)
        idle.writer.write(greeting())
        await idle.reply()
        assert server.close_idle_logins() == 0
        now = 131.0
        assert server.close_idle_logins() == 1
        assert await idle.ended() == b""
        assert await user.add() == [5]
        user.writer.close()


@pytest.mark.parametrize("padding", ["", "p" * 50_000])
async def test_a_client_that_does_not_read_is_not_answered_further(padding: str) -> None:
    """Its requests stop being run, so that replies do not pile up; neighbours are served meanwhile."""
    backend = FakeBackend()
    async with SuperServer(backend) as server:
        greedy = await Client.logged_in(server.port)
        neighbour = await Client.logged_in(server.port)
        greedy.writer.transport.pause_reading()  # type: ignore[attr-defined]
        many = 200
        for _ in range(many):
            greedy.writer.write(
                request(5, b"\x4b\xc2", encode_all(["Demo.Util", "Long", 2, 1_000_000, padding]))
            )
        previous = -1
        while (run := sum(1 for call in backend.seen.calls if call[1] == "Long")) != previous:
            previous = run
            for _ in range(50):
                assert await neighbour.add() == [5]
        # Of the ten megabytes of requests the server took in little more than one read's worth.
        assert server.buffered < 1_000_000
        assert 0 < run < many
        greedy.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(many):
            assert len((await greedy.reply())[1]) == 1_000_008
        greedy.writer.close()
        neighbour.writer.close()


async def test_too_many_connections_are_reset() -> None:
    async with SuperServer(FakeBackend(), max_connections=2) as server:
        clients = [await Client.logged_in(server.port) for _ in range(2)]
        surplus = await Client.open(server.port)
        assert await surplus.ended() == b""
        assert [await client.add() for client in clients] == [[5], [5]]
        for client in clients:
            client.writer.close()


async def test_two_hundred_clients_at_once() -> None:
    backend = FakeBackend()
    async with SuperServer(backend) as server:
        clients = await asyncio.gather(*(Client.logged_in(server.port) for _ in range(200)))
        assert len(server.connections) == 200
        assert len({connection.job_number for connection in server.connections}) == 200
        assert await asyncio.gather(*(client.add() for client in clients)) == [[5]] * 200
        for client in clients:
            client.writer.write(request(0, b"DC"))
        for client in clients:
            assert await client.ended() == b""
    assert [backend.seen.closed.get_nowait()[1] for _ in range(200)] == [True] * 200


async def test_stop_closes_everything_and_tells_the_backend() -> None:
    backend = FakeBackend()
    server = SuperServer(backend)
    await server.start()
    client = await Client.logged_in(server.port)
    stranger = await Client.open(server.port)
    stranger.writer.write(greeting())
    await stranger.reply()
    await server.stop()
    assert server.connections == []
    assert not server.listening
    assert backend.seen.closed.get_nowait()[1] is False
    assert backend.seen.closed.empty()
    assert await client.ended() == b""
    assert await stranger.ended() == b""
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", server.port)


async def test_stop_does_not_wait_for_a_client_that_never_reads() -> None:
    server = SuperServer(FakeBackend())
    await server.start()
    client = await Client.logged_in(server.port)
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    for _ in range(50):
        client.writer.write(request(5, b"\x4b\xc2", encode_all(["Demo.Util", "Long", 1, 1_000_000])))
    neighbour = await Client.logged_in(server.port)
    assert await neighbour.add() == [5]
    await server.stop()
    assert server.connections == []
    client.writer.transport.abort()
    neighbour.writer.close()


async def test_the_port_can_close_and_open_again_with_clients_inside() -> None:
    async with SuperServer(FakeBackend()) as server:
        client = await Client.logged_in(server.port)
        port = server.port
        await server.close_port()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        assert await client.add() == [5]
        await server.open_port()
        assert server.port == port
        newcomer = await Client.logged_in(port)
        assert await newcomer.add() == [5]
        client.writer.close()
        newcomer.writer.close()


async def test_an_occupied_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = SuperServer(FakeBackend(), port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            await server.start()


@pytest.mark.parametrize("how", ["fin", "rst", "within a request"])
async def test_a_vanished_client_is_reported_as_unclean(how: str) -> None:
    backend = FakeBackend()
    async with SuperServer(backend) as server:
        client = await Client.logged_in(server.port)
        if how == "rst":
            sock = client.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.writer.transport.abort()
        elif how == "within a request":
            client.writer.write(request(5, b"\x4b\xc2", ADD)[:20])
            client.writer.close()
        else:
            client.writer.close()
        assert (await asyncio.to_thread(backend.seen.closed.get, timeout=10))[1] is False
        assert server.buffered == 0


async def test_refused_connections_are_reset_until_told_otherwise() -> None:
    faults = Faults()
    async with SuperServer(FakeBackend(), faults=faults) as server:
        faults.refuse_connections = True
        refused = await Client.open(server.port)
        assert await refused.ended() == b""
        faults.clear()
        client = await Client.logged_in(server.port)
        assert await client.add() == [5]
        client.writer.close()
