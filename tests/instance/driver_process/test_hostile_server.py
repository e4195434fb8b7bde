"""A hostile server costs one driver process and one clear message."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from irisops import children
from irisops.instance.calls import ClassMethod, Query
from irisops.instance.connection import Connection, State, Target
from irisops.instance.driver_process.child import COMMAND
from irisops.instance.driver_process.driver import MEMORY
from irisops.instance.driver_process.orders import deed
from irisops.instance.errors import DriverCrashed, EndedByServer, ReplyTooBig, Unreachable
from irisops.instance.failures import call_failure, connect_failure
from irisops.instance.login import log_in, run, start
from irisops.simulator.wire.faults import (
    CLASS_METHOD_VALUE,
    CONNECT,
    END_CLIENT,
    HANDSHAKE,
    Malformed,
    import_module,
)
from tests.instance.served import PASSWORD, serve, until

VERSION = ClassMethod("%SYSTEM.Version", "GetVersion")
COUNT = Query("SELECT COUNT(*) AS N FROM %SYS.ProcessQuery")
SQL = b"DQ"
ORDERS = {
    "end": (END_CLIENT, "The server told the driver to end."),
    "import": (import_module("ordered"), "The server told the driver to import the module 'ordered'."),
    "import what is not there": (
        import_module("no.such"),
        "The server told the driver to import the module 'no'.",
    ),
}
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
        served.faults.inject(END_CLIENT, opcode=CLASS_METHOD_VALUE)
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


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """True once a module of the working folder, of PYTHONPATH or of the user's own site has run.

    One module has the name of a module of the standard library, which may be imported.
    """
    mark = tmp_path / "ran"
    home = tmp_path / "home"
    site = home / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    for folder in (tmp_path / "work", tmp_path / "path", site):
        folder.mkdir(parents=True)
        for name in ("ordered.py", "this.py"):
            (folder / name).write_text(f"open({str(mark)!r}, 'a').write({str(folder / name)!r})\n")
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path / "path"), str(tmp_path / "work"))))
    monkeypatch.setenv("PYTHONUSERBASE", str(home))
    # As the import path of an irisops that was started so.
    for folder in (site, tmp_path / "path", tmp_path / "work"):
        monkeypatch.syspath_prepend(str(folder))
    return mark.exists


@pytest.mark.parametrize("opcode", [CLASS_METHOD_VALUE, SQL])
@pytest.mark.parametrize("order", ORDERS)
async def test_an_order_in_mid_call_costs_one_process_and_one_line(
    order: str, opcode: bytes, ran: Callable[[], bool]
) -> None:
    message, said = ORDERS[order]
    async with serve() as served:
        connection = Connection(
            served.target(), command=children.isolated("irisops.instance.driver_process.driver")
        )
        heard: list[State] = []
        await connection.connect(PASSWORD)
        connection.listen(heard.append)
        served.faults.inject(message, opcode=opcode)
        with pytest.raises(EndedByServer) as told:
            await connection.call(VERSION if opcode == CLASS_METHOD_VALUE else COUNT)
        assert told.value.message == said
        await until(lambda: connection.state.name == "off")
        assert [state.name for state in heard] == ["off"], "it does not reconnect by itself"
        assert not ran()
        await connection.connect(PASSWORD)
        assert (await connection.call(VERSION)).value
        await connection.disconnect()


@pytest.mark.parametrize("opcode", [HANDSHAKE, CONNECT])
@pytest.mark.parametrize("order", ORDERS)
async def test_an_order_during_the_login_is_not_obeyed_and_costs_one_line(
    order: str, opcode: bytes, ran: Callable[[], bool]
) -> None:
    async with serve() as served:
        connection = Connection(
            served.target(), command=children.isolated("irisops.instance.driver_process.driver")
        )
        served.faults.inject(ORDERS[order][0], opcode=opcode)
        with pytest.raises(Unreachable, match="Invalid Message received") as told:
            await connection.connect(PASSWORD)
        assert "\n" not in told.value.message
        assert connection.state.name == "off"
        assert connection.driver_pid is None
        assert not ran()
        await connection.disconnect()


async def test_a_module_of_the_standard_library_comes_from_there(ran: Callable[[], bool]) -> None:
    async with serve() as served:
        connection = Connection(
            served.target(), command=children.isolated("irisops.instance.driver_process.driver")
        )
        await connection.connect(PASSWORD)
        order = served.faults.inject(import_module("this"), opcode=CLASS_METHOD_VALUE)
        assert (await connection.call(VERSION)).value
        assert order.fired
        assert not ran()
        await connection.disconnect()


ACTS = """
import ctypes, os, sys
from irisops.instance.driver_process import orders
def end(order):
    os.write(1, order.encode())
    os._exit(7)
orders.watch(end)
import uuid, subprocess, shutil
exec(sys.argv[1])
"""


@pytest.mark.parametrize(
    ("act", "order"),
    [
        ("os.system('true')", "do what Python calls os.system"),
        ("subprocess.run(['/bin/true'])", "do what Python calls subprocess.Popen"),
        ("shutil.rmtree('/no/such')", "do what Python calls shutil.rmtree"),
        ("os.remove('/no/such')", "do what Python calls os.remove"),
        ("open('/no/such', 'w')", "write a file"),
        ("ctypes.CDLL(None)", "do what Python calls ctypes.dlopen"),
        ("import socket; socket.socket()", "do what Python calls socket.__new__"),
        ("__import__('no_such_module')", "import the module 'no_such_module'"),
    ],
)
async def test_what_a_server_could_order_next_ends_the_process_before_it_is_done(
    act: str, order: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ACTS, act, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, problem = await process.communicate()
    assert (process.returncode, said.decode(), problem) == (7, order, b"")


def test_what_an_import_does_is_no_deed_of_a_server() -> None:
    assert deed("open", ("/lib/uuid.pyc", "r", os.O_RDONLY)) == ""
    assert deed("os.listdir", ("/lib",)) == ""
    assert deed("import", ("uuid", None, None, None, None)) == ""


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
        served.faults.inject(END_CLIENT, opcode=CLASS_METHOD_VALUE)
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
