"""A hostile server costs one driver process and one clear message."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from irisops.instance.calls import ClassMethod
from irisops.instance.connection import Connection, State, Target
from irisops.instance.driver_process.child import COMMAND
from irisops.instance.driver_process.driver import MEMORY
from irisops.instance.errors import DriverCrashed, EndedByServer, ReplyTooBig
from irisops.instance.failures import call_failure, connect_failure
from irisops.instance.login import log_in, run, start
from irisops.simulator.wire.faults import CLASS_METHOD_VALUE, CONNECT, Malformed
from tests.instance.served import PASSWORD, serve, until

END_THE_CLIENT = int.from_bytes(b"Y6", "little")
"""As the status of a message with the next sequence number: driver 5.4.1 ends its process, status 0, no exception
(facts: iris-operations 4)."""
VERSION = ClassMethod("%SYSTEM.Version", "GetVersion")
BIG = 2_000_000_000
needs_limit = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the limit of memory is Linux's"
)


async def never(_seconds: float) -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def announcing(size: int) -> AsyncIterator[Target]:
    """A listener that answers the first message with the header of one of `size` bytes, and goes on sending."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await reader.readexactly(14)
            writer.write(struct.pack("<I4sIH", size, asked[4:8], 0, 0))
            while True:
                writer.write(bytes(1 << 20))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield Target("127.0.0.1", server.sockets[0].getsockname()[1], "%SYS", "x")


@needs_limit
@pytest.mark.parametrize("size", [BIG, 3_000_000_000])
async def test_a_login_that_announces_gigabytes_is_one_clear_line(size: int) -> None:
    async with announcing(size) as target:
        connection = Connection(target)
        with pytest.raises(ReplyTooBig, match="does not fit") as told:
            await connection.connect("x")
        assert "something other than IRIS" in told.value.cure
        assert connection.state.name == "off"
        await connection.disconnect()


@needs_limit
async def test_a_call_answered_with_gigabytes_costs_one_process_which_never_was_big() -> None:
    async with serve() as served:
        process = await start(COMMAND)
        await log_in(process, served.target(), PASSWORD)
        served.faults.inject(Malformed(announced=BIG), opcode=CLASS_METHOD_VALUE)
        with pytest.raises(ReplyTooBig):
            await run(process, [VERSION], 10.0)
        states = await asyncio.to_thread(Path(f"/proc/{process.pid}/status").read_text)
        assert int(states.partition("VmHWM:")[2].split()[0]) * 1024 < MEMORY / 4
        await process.close()


async def test_a_server_that_ends_the_driver_is_said_so_and_not_met_again_by_itself() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        heard: list[State] = []
        connection.listen(heard.append)
        await connection.connect(PASSWORD)
        logins = served.count_requests(CONNECT)
        served.faults.inject(Malformed(status=END_THE_CLIENT, offset=1), opcode=CLASS_METHOD_VALUE)
        with pytest.raises(EndedByServer, match="told the driver to end") as told:
            await connection.call(VERSION)
        assert "does not reconnect" in told.value.cure
        assert "code 0" in told.value.detail
        await until(lambda: connection.state.name == "off")
        assert "lost" not in [state.name for state in heard], "nothing is planned"
        assert logins.fired == 0
        assert PASSWORD not in str(vars(connection))
        # A person may still want to.
        await connection.connect(PASSWORD)
        await connection.call(VERSION)
        await connection.disconnect()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
async def test_a_signal_of_this_machine_is_not_taken_for_the_servers_order() -> None:
    async with serve() as served:
        connection = Connection(served.target(), sleep=never)
        await connection.connect(PASSWORD)
        assert connection.driver_pid is not None
        os.kill(connection.driver_pid, signal.SIGTERM)
        await until(lambda: connection.state.name == "lost")
        assert connection.state.error == "DriverCrashed"
        await connection.disconnect()


async def test_the_same_while_a_lost_connection_is_mended() -> None:
    async with serve() as served:
        pauses = asyncio.Semaphore(0)

        async def pause(_seconds: float) -> None:
            await pauses.acquire()

        connection = Connection(served.target(), sleep=pause)
        await connection.connect(PASSWORD)
        served.faults.inject(Malformed(announced=BIG), opcode=CLASS_METHOD_VALUE)
        with pytest.raises((ReplyTooBig, DriverCrashed)):
            await connection.call(VERSION)
        served.faults.inject(Malformed(status=END_THE_CLIENT, offset=1), opcode=CLASS_METHOD_VALUE)
        pauses.release()
        await until(lambda: connection.state.name == "off")
        assert connection.state.error == "EndedByServer"
        await connection.disconnect()


def test_the_words_of_a_process_at_its_bound() -> None:
    for text in ("<COMMUNICATION LINK ERROR> Failed; Details: std::bad_alloc", "MemoryError"):
        assert isinstance(connect_failure(text), ReplyTooBig)
        assert isinstance(call_failure(text), ReplyTooBig)
    # What the instance says of its own memory, in whatever it runs, is no bound of ours.
    said = call_failure("<THROW> *%Exception.PythonException <PYTHON EXCEPTION> MemoryError: no room")
    assert not isinstance(said, ReplyTooBig)
