"""Bad clients that can log in, against the whole simulator. The longer run: `tests/benchmarks/fuzz_simulator.py`."""

from __future__ import annotations

import asyncio
import io

import pytest

from irisops.simulator.backend import Backend, BackendSession, LoginRequest
from irisops.simulator.main import Options, faults_shown_on, serve
from irisops.simulator.wire.frames import REPLY_HEADER
from irisops.simulator.wire.listitem import encode_all
from tests.simulator.wire.fuzzing import Fuzzer, requests_to_the_instance
from tests.simulator.wire.harness import connecting, greeting, request
from tests.simulator.wire.test_fuzz import misbehave

CALL = request(5, b"\x4b\xc2", encode_all(["%SYSTEM.Version", "GetVersion", 0]))


async def message(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    size, _, _, status = REPLY_HEADER.unpack(await reader.readexactly(REPLY_HEADER.size))
    return status, await reader.readexactly(size)


class Counting:
    """The instance, with a count of its logins."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.let_in = 0
        self.feature_options = backend.feature_options

    def login(self, asked: LoginRequest) -> BackendSession:
        session = self._backend.login(asked)
        self.let_in += 1
        return session


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_a_client_sends_is_a_fault_of_the_simulator(seed: int) -> None:
    running = await serve(Options(scenario="quiet", web_port=None, frozen=True))
    running.superserver.backend = counting = Counting(running.runtime)
    account, shown = running.account, io.StringIO()
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    try:
        writer.write(greeting() + connecting(account.username, account.password))
        await message(reader)
        assert (await message(reader))[0] == 0
        fuzzer = Fuzzer(seed, account.username, account.password, requests_to_the_instance())
        with faults_shown_on(shown):
            for _ in range(15):
                await asyncio.gather(*(misbehave(running.port, fuzzer.stream()) for _ in range(10)))
                running.control.advance(90)  # the units of clients that vanished are free again
                writer.write(CALL)
                assert b"simulator, not InterSystems IRIS" in (await message(reader))[1]
        assert "Traceback" not in shown.getvalue()
        assert counting.let_in > 75
    finally:
        writer.close()
        await running.stop()
