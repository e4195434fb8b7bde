"""The driver process by itself: its start, its isolation, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from irisops.instance.calls import ClassMethod, Query
from irisops.instance.driver_process.channel import HEADER_SIZE, Json, decode_body, encode_frame, frame_size
from irisops.instance.driver_process.child import (
    COMMAND,
    BatchResult,
    CallFailure,
    DriverGoneError,
    DriverProcess,
    DriverUnusableError,
    child_environment,
)
from irisops.instance.driver_process.messages import ROWS_PER_FRAME, pack_call, unpack_rows
from irisops.instance.packed_rows import PackedRows
from irisops.simulator.wire.faults import CLASS_METHOD_VALUE, Hold
from tests.instance.served import PASSWORD, USER, Served, serve, until, without_the_driver


def standard_streams(pid: int) -> set[str]:
    """Targets of the three standard streams of a process."""
    return {str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in (0, 1, 2)}


VERSION = ClassMethod("%SYSTEM.Version", "GetVersion")

ROWS = 10_000


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
        assert b"irisops.instance.driver_process.driver" in seen
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
    process = await DriverProcess.start(without_the_driver())
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


@asynccontextmanager
async def many_rows() -> AsyncIterator[dict[str, Json]]:
    """A server with a result of `ROWS` rows, in a process of its own; yields the login request for it."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.simulator.wire.serve", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        port = int(await server.stdout.readline())
        yield {
            "host": "127.0.0.1",
            "port": port,
            "namespace": "USER",
            "user": "_SYSTEM",
            "timeout": 5,
            "sslconfig": "",
        }
    finally:
        server.stdin.close()
        await server.wait()


async def test_a_big_result_comes_in_small_frames() -> None:
    """So that the tool's event loop never decodes more than one of them between two turns."""
    async with many_rows() as login:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=child_environment(os.environ)
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(encode_frame({**login, "op": "connect", "id": 1, "password": "SYS"}))
        process.stdin.write(
            encode_frame({"op": "batch", "id": 2, "calls": [pack_call(Query("SELECT many FROM t"))]})
        )
        sizes: list[int] = []
        kinds: list[object] = []
        while "done" not in kinds:
            size = frame_size(await process.stdout.readexactly(HEADER_SIZE))
            message = decode_body(await process.stdout.readexactly(size))
            kinds.append(message["kind"])
            if message["kind"] == "rows":
                sizes.append(len(unpack_rows(message["rows"])))
        process.stdin.close()
        await process.wait()
        assert sum(sizes) == ROWS
        assert max(sizes) == ROWS_PER_FRAME <= 256
        assert kinds == ["ready", "connected", *["rows"] * len(sizes), "answer", "done"]


async def test_a_big_result_arrives_whole() -> None:
    async with many_rows() as login:
        process = await DriverProcess.start()
        assert await process.connect(login, "SYS") == 2
        result = await process.batch([Query("SELECT many FROM t"), Query("SELECT many FROM t", max_rows=300)])
        whole, part = result.results
        assert not isinstance(whole, CallFailure)
        assert not isinstance(part, CallFailure)
        assert whole.rows is not None
        assert part.rows is not None
        assert [row[0] for row in whole.rows.rows] == list(range(ROWS))
        assert part.rows.rows == whole.rows.rows[:300]
        await process.close()


async def test_of_a_repeated_query_only_what_changed_crosses_the_pipe() -> None:
    query = Query("SELECT many FROM t", repeated=True)
    async with many_rows() as login:
        process = await DriverProcess.start()
        assert await process.connect(login, "SYS") == 2
        looks = []
        for _ in range(2):
            (answer,) = (await process.batch([query])).results
            assert not isinstance(answer, CallFailure)
            assert answer.rows is not None
            assert isinstance(answer.rows.rows, PackedRows)
            looks.append(answer.rows.rows)
        await process.close()
    first, second = looks
    assert len(first) == ROWS
    assert list(first) == list(second)
