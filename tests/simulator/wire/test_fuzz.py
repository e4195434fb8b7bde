"""A thousand bad clients, ten at a time, beside a good one. The longer run: `tests/benchmarks/fuzz_simulator.py`."""

from __future__ import annotations

import asyncio

import pytest

from irisops.simulator.wire.server import SuperServer
from tests.simulator.wire.fake import FakeBackend
from tests.simulator.wire.fuzzing import Fuzzer
from tests.simulator.wire.test_server import Client


async def misbehave(port: int, stream: bytes) -> None:
    """Send it all, say that it was all, and read until the server closes."""
    client = await Client.open(port)
    try:
        client.writer.write(stream)
        client.writer.write_eof()
        while await client.reader.read(65_536):
            pass
    except OSError:
        pass  # The server has every right to reset this client.
    finally:
        client.writer.transport.abort()


@pytest.mark.parametrize("seed", range(4))
async def test_bad_clients_end_and_good_ones_do_not_notice(seed: int) -> None:
    fuzzer = Fuzzer(seed)
    backend = FakeBackend()
    async with SuperServer(backend) as server:
        neighbour = await Client.logged_in(server.port)
        for _ in range(25):
            await asyncio.gather(*(misbehave(server.port, fuzzer.stream()) for _ in range(10)))
            assert await neighbour.add() == [5]
        neighbour.writer.close()
    assert server.buffered == 0
    assert server.connections == []
    assert backend.seen.closed.qsize() == len(
        [login for login in backend.seen.logins if login.password == "SYS"]
    )
