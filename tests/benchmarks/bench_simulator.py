"""How fast the simulator's superserver is, beside a bare asyncio echo in the same run.

    python -m tests.benchmarks.bench_simulator [--calls 20000] [--runs 5] [--check]

Three figures for round trips per second, each the median of `--runs`: a plain blocking socket against a bare asyncio
echo (the floor), the same socket against the superserver, and the unmodified driver against the superserver. Then rows
per second of a 10,000-row result, and connects per second: of the tests' fake instance, which costs nothing, and of the
whole simulator with its 10,000 processes. The servers run in processes of their own. With `--check`
the exit code is 1 if the driver makes fewer than 15,000 round trips per second and, as the machine may be busy, fewer
than 0.7 of the echo's.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import iris

from irisops.simulator.wire.frames import HEADER_SIZE
from irisops.simulator.wire.listitem import encode_all
from tests.simulator.wire.harness import connecting, greeting, request
from tests.simulator.wire.serve import QUERY, ROWS

TARGET = 15_000
SHARE_OF_ECHO = 0.7
"""What will do on a machine too slow or too busy for the target."""

CALL = request(5, b"\x4b\xc2", encode_all(["Demo.Util", "Add", 2, 2, 3]))
REPLY_SIZE = HEADER_SIZE + 3
CONNECTS = 200
PROCESSES = "SELECT Pid, UserName, NameSpace, Routine, State FROM %SYS.ProcessQuery"


class _Echo(asyncio.Protocol):
    """Sends back as much as the superserver would, without looking at what came."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(data[:REPLY_SIZE])


async def _echo_server() -> None:
    server = await asyncio.get_running_loop().create_server(_Echo, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


@contextlib.contextmanager
def _program(*arguments: str) -> Iterator[int]:
    """A server program; gives the port that it prints. It ends when its input does."""
    with subprocess.Popen(
        [sys.executable, "-m", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        yield int(program.stdout.readline())
        assert program.stdin is not None
        program.stdin.close()


@contextlib.contextmanager
def _clinic() -> Iterator[Any]:
    """A driver connection to the whole simulator."""
    command = [
        sys.executable,
        "-m",
        "irisops",
        "simulator",
        "--with-parent",
        "--port",
        "0",
        "--scenario",
        "clinic",
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdin is not None
        ready = json.loads(program.stdout.readline())
        connection = iris.connect(
            "127.0.0.1", ready["superserver"], "%SYS", ready["username"], ready["password"], timeout=10
        )
        yield connection
        connection.close()
        program.stdin.close()


def _rates(runs: int, works: dict[str, tuple[int, Callable[[], None]]]) -> dict[str, float]:
    """Operations per second of each named work, which does so many; the median of `runs` rounds over all of them.

    All are measured in every round, so that a machine that is slow for a while is slow for each.
    """
    rates: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, (count, work) in works.items():
            begin = time.perf_counter()
            work()
            rates[name].append(count / (time.perf_counter() - begin))
    return {name: statistics.median(measured) for name, measured in rates.items()}


def _connected(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _socket_calls(sock: socket.socket, calls: int) -> Callable[[], None]:
    def work() -> None:
        for _ in range(calls):
            sock.sendall(CALL)
            if len(sock.recv(4096)) != REPLY_SIZE:
                raise RuntimeError("a reply of another size than expected")

    return work


def _read_message(sock: socket.socket) -> None:
    header = sock.recv(HEADER_SIZE, socket.MSG_WAITALL)
    sock.recv(int.from_bytes(header[:4], "little"), socket.MSG_WAITALL)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--check", action="store_true", help=f"fail below {TARGET} round trips per second")
    parser.add_argument("--echo-server", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.echo_server:
        asyncio.run(_echo_server())
        return 0
    calls, runs = options.calls, options.runs

    with (
        _program("tests.benchmarks.bench_simulator", "--echo-server") as echo_port,
        _program("tests.simulator.wire.serve") as port,
        _connected(echo_port) as echo_socket,
        _connected(port) as sock,
        _clinic() as clinic,
    ):
        sock.sendall(greeting() + connecting())
        _read_message(sock)
        _read_message(sock)
        connection = iris.connect("127.0.0.1", port, "USER", "_SYSTEM", "SYS", timeout=10)
        rates = _rates(
            runs,
            {
                "echo": (calls, _socket_calls(echo_socket, calls)),
                "plain": (calls, _socket_calls(sock, calls)),
                "driver": (calls, _driver_calls(connection, calls)),
                "rows": (ROWS, _fetches(connection, QUERY)),
                "processes": (ROWS, _fetches(clinic, PROCESSES)),
                "connects": (CONNECTS, _connects(port)),
            },
        )
        connection.close()
    echo, plain, driver = rates["echo"], rates["plain"], rates["driver"]

    print(f"bare asyncio echo, plain socket    {echo:10,.0f} round trips/s")
    print(f"superserver, plain socket          {plain:10,.0f} round trips/s   {plain / echo:.2f} of the echo")
    print(
        f"superserver, unmodified driver     {driver:10,.0f} round trips/s   {driver / echo:.2f} of the echo"
    )
    print(
        f"rows of a {ROWS:,}-row result        {rates['rows']:10,.0f} rows/s, five columns, execute to the last row"
    )
    print(
        f"the same of %SYS.ProcessQuery      {rates['processes']:10,.0f} rows/s, of the whole simulator (clinic)"
    )
    print(f"connect and close                  {rates['connects']:10,.0f} /s")
    if options.check and driver < TARGET and driver < SHARE_OF_ECHO * echo:
        print(f"below {TARGET:,} round trips/s and below {SHARE_OF_ECHO} of the echo", file=sys.stderr)
        return 1
    return 0


def _driver_calls(connection: Any, calls: int) -> Callable[[], None]:
    native = iris.createIRIS(connection)

    def work() -> None:
        for _ in range(calls):
            native.classMethodValue("Demo.Util", "Add", 2, 3)

    return work


def _fetches(connection: Any, query: str) -> Callable[[], None]:
    cursor = connection.cursor()

    def work() -> None:
        cursor.execute(query)
        if len(cursor.fetchall()) < ROWS:
            raise RuntimeError("rows are missing")

    return work


def _connects(port: int) -> Callable[[], None]:
    def work() -> None:
        for _ in range(CONNECTS):
            iris.connect("127.0.0.1", port, "USER", "_SYSTEM", "SYS", timeout=10).close()

    return work


if __name__ == "__main__":
    sys.exit(main())
