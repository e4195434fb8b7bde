"""The driver process by itself: how it starts, what it keeps to itself, how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from irisops.instance.calls import ClassMethod, Query
from irisops.instance.channel import Json, encode_frame
from irisops.instance.process import (
    COMMAND,
    BatchResult,
    CallFailure,
    DriverGoneError,
    DriverProcess,
    DriverUnusableError,
    child_environment,
)
from irisops.simulator.wire.faults import CLASS_METHOD_VALUE, Hold
from tests.instance.served import PASSWORD, USER, Served, serve, until


def standard_streams(pid: int) -> set[str]:
    """Where the three standard streams of a process lead."""
    return {str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in (0, 1, 2)}


VERSION = ClassMethod("%SYSTEM.Version", "GetVersion")


def request(served: Served) -> dict[str, Json]:
    target = served.target()
    return {
        "host": target.host,
        "port": target.port,
        "namespace": target.namespace,
        "user": USER,
        "timeout": 5,
        "sslconfig": "",
    }


async def test_interrupts_and_hang_ups_are_left_to_the_tool() -> None:
    async with serve() as served:
        process = await DriverProcess.start()
        assert await process.connect(request(served), PASSWORD) == 2
        assert os.getsid(process.pid) != os.getsid(0)
        for number in (signal.SIGINT, signal.SIGHUP):
            os.kill(process.pid, number)
        result = await process.batch([VERSION])
        assert isinstance(result, BatchResult)
        assert len(result.results) == 1
        await process.close()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
async def test_no_secret_is_in_its_arguments_or_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IRISOPS_PASSWORD", PASSWORD)
    async with serve() as served:
        process = await DriverProcess.start()
        await process.connect(request(served), PASSWORD)
        folder = Path(f"/proc/{process.pid}")
        seen = folder.joinpath("cmdline").read_bytes() + folder.joinpath("environ").read_bytes()
        assert b"irisops.instance.driver" in seen
        assert PASSWORD.encode() not in seen
        assert b"IRISOPS_PASSWORD" not in seen
        await process.close()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
async def test_its_standard_streams_lead_nowhere() -> None:
    async with serve() as served:
        process = await DriverProcess.start()
        await process.connect(request(served), PASSWORD)
        assert standard_streams(process.pid) == {os.devnull}
        await process.close()


async def test_it_logs_out_and_ends_when_the_tool_is_gone() -> None:
    async with serve() as served:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=child_environment(os.environ),
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(encode_frame({**request(served), "op": "connect", "id": 1, "password": PASSWORD}))
        await process.stdin.drain()
        await until(lambda: served.world.license_counts().consumed == 1)
        process.stdin.close()
        assert await process.wait() == 0
        await until(lambda: not served.server.connections)
        assert served.world.license_counts().consumed == 0


async def test_it_ends_even_in_a_call_that_never_returns() -> None:
    async with serve() as served:
        process = await DriverProcess.start()
        await process.connect(request(served), PASSWORD)
        held = served.faults.inject(Hold(), opcode=CLASS_METHOD_VALUE)
        call = asyncio.create_task(process.batch([VERSION]))
        await held.wait_fired()
        # What the tool's death does to it: the end of its input. It gives a running call two seconds, no more.
        process.end_input()
        with pytest.raises(DriverGoneError) as gone:
            await call
        assert "code 1" in str(gone.value)
        await process.kill()


async def test_a_python_without_the_driver_is_told_from_a_crash() -> None:
    bare = (sys.executable, "-S", "-P", "-m", "irisops.instance.driver")
    process = await DriverProcess.start(bare)
    with pytest.raises(DriverUnusableError, match="cannot be imported"):
        await process.batch([VERSION])
    await process.close()


async def test_a_program_that_talks_nonsense_is_gone_for_us() -> None:
    process = await DriverProcess.start(
        (sys.executable, "-c", "print('GET / HTTP/1.1', flush=True); input()")
    )
    with pytest.raises(DriverGoneError):
        await process.batch([VERSION])
    await process.kill()


ROWS = 10_000


async def test_ten_thousand_rows_do_not_hold_up_the_loop() -> None:
    """Other work gets a turn of the loop between any two portions of rows: counted, not timed."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.simulator.wire.serve", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        port = int(await server.stdout.readline())
        process = await DriverProcess.start()
        login: dict[str, Json] = {
            "host": "127.0.0.1",
            "port": port,
            "namespace": "USER",
            "user": "_SYSTEM",
            "timeout": 5,
            "sslconfig": "",
        }
        assert await process.connect(login, "SYS") == 2
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        result = await process.batch([Query("SELECT many FROM t")])
        during = turns
        counting.cancel()
        (answer,) = result.results
        assert not isinstance(answer, CallFailure)
        assert answer.rows is not None
        assert len(answer.rows.rows) == ROWS
        assert during >= ROWS / 256
        await process.close()
    finally:
        server.stdin.close()
        await server.wait()
