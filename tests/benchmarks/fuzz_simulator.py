"""Bad clients against the superserver for minutes, with a good client beside them.

    python -m tests.benchmarks.fuzz_simulator [--minutes 10] [--clients 20] [--seed 1]
    python -m tests.benchmarks.fuzz_simulator --scenario quiet   (one with units for --clients and more)
    python -m tests.benchmarks.fuzz_simulator --port 1972 --username NAME   (password from IRISOPS_PASSWORD)

It starts the superserver in a process of its own and reports that process's memory: with the tests' fake instance, or
with `--scenario` the whole simulator. With `--port` it attacks a running `irisops simulator`. The good client makes the
same call after every round and must get the same answer. Exit code 1: the server died or wrote a traceback, the good
client got another answer or none within `--patience` seconds, or memory grew beyond `--memory` MiB. The seed of the
round is printed when something fails.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from irisops.simulator.wire.frames import REPLY_HEADER
from irisops.simulator.wire.listitem import encode_all
from tests.simulator.wire.fuzzing import Fuzzer, requests_to_the_instance
from tests.simulator.wire.harness import connecting, greeting, request

FAKE_CALL = encode_all(["Demo.Util", "Add", 2, 2, 3])
VERSION_CALL = encode_all(["%SYSTEM.Version", "GetVersion", 0])


LOGIN_ROUNDS = 25
"""How often it is tried whether one can still log in."""
TIME_ROUNDS = 5
NOTICED_AFTER = 90
"""Seconds of the simulator's clock after which the units of vanished clients are free."""


class FailureFoundError(Exception):
    """What the fuzzer looks for."""


@dataclass
class Target:
    """A server to attack. `pid` 0: not ours, its memory is not measured."""

    port: int
    username: str
    password: str
    call: bytes
    pid: int = 0
    requests: Sequence[bytes] = ()
    """Right requests that the bad clients bend."""
    control: tuple[int, str] | None = None
    """Port and token to steer the simulator by."""

    async def let_time_pass(self) -> None:
        """A client that just vanishes keeps its license unit until the server notices; let it, or all is full."""
        if self.control is None:
            return
        port, token = self.control
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        asked = {"token": token, "do": "advance", "seconds": NOTICED_AFTER}
        writer.write(json.dumps(asked).encode() + b"\n")
        answer = json.loads(await reader.readline())
        writer.close()
        if not answer["ok"]:
            raise FailureFoundError(f"time cannot be moved: {answer['error']}")

    def memory(self) -> float:
        """Resident memory in MiB; 0 if the process is not ours. Linux only (it reads /proc)."""
        if not self.pid:
            return 0.0
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            raise FailureFoundError("the server is gone")
        lines = [line for line in status.read_text("ascii").splitlines() if line.startswith("VmRSS:")]
        if not lines:
            raise FailureFoundError("the server is gone")
        return int(lines[0].split()[1]) / 1024

    def check_memory(self, allowed: float) -> None:
        """Raise if the server uses more than `allowed` MiB."""
        used = self.memory()
        if used > allowed:
            raise FailureFoundError(f"the server uses {used:.0f} MiB; {allowed:.0f} are allowed")


class Neighbour:
    """The good client."""

    def __init__(self, target: Target, patience: float) -> None:
        self._target = target
        self._patience = patience
        self._expected: bytes | None = None
        self.calls = 0
        self.slowest = 0.0

    async def connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._target.port)
        self._writer.write(greeting() + connecting(self._target.username, self._target.password))
        await self._message()
        status, payload = await self._message()
        if status:
            raise FailureFoundError(f"a good client cannot log in: {payload[2:].decode('latin-1')}")
        await self.check()

    async def check(self) -> None:
        """One call, whose answer must be what it always was."""
        begin = time.perf_counter()
        self._writer.write(request(5, b"\x4b\xc2", self._target.call))
        try:
            _, payload = await asyncio.wait_for(self._message(), self._patience)
        except TimeoutError:
            raise FailureFoundError(f"the good client got no answer within {self._patience} s") from None
        except (asyncio.IncompleteReadError, OSError) as error:
            raise FailureFoundError(f"the good client lost its connection: {error}") from error
        self.slowest = max(self.slowest, time.perf_counter() - begin)
        self.calls += 1
        if self._expected is None:
            self._expected = payload
        if payload != self._expected:
            raise FailureFoundError(f"the good client got {payload!r} instead of {self._expected!r}")

    async def _message(self) -> tuple[int, bytes]:
        size, _, _, status = REPLY_HEADER.unpack(await self._reader.readexactly(REPLY_HEADER.size))
        return status, await self._reader.readexactly(size)

    def close(self) -> None:
        self._writer.transport.abort()


async def misbehave(port: int, stream: bytes, chooser: random.Random) -> None:
    """One bad client: send in pieces, read all, a little or nothing, leave politely or not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while stream and not writer.transport.is_closing():
            size = chooser.randrange(1, len(stream) + 1)
            writer.write(stream[:size])
            stream = stream[size:]
            await asyncio.sleep(0)
        manners = chooser.randrange(3)
        if manners == 0:
            writer.write_eof()
            while await asyncio.wait_for(reader.read(65_536), 5):
                pass
        elif manners == 1:
            await asyncio.wait_for(reader.read(100), 0.05)
    except (OSError, TimeoutError):
        pass  # Reset by the server, or waiting for the rest of a request: both are right.
    finally:
        writer.transport.abort()


@contextlib.asynccontextmanager
async def own_server(scenario: str) -> AsyncIterator[Target]:
    """A superserver in a process that ends with its input: of the fake instance, or of a scenario's simulator."""
    ports = ("--port", "0", "--web-port", "0", "--control-port", "0")
    simulator = ("irisops", "simulator", "--with-parent", *ports, "--scenario", scenario)
    log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed below, after the program that writes it
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *(simulator if scenario else ("tests.simulator.wire.serve",)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=log,
    )
    assert program.stdin is not None
    assert program.stdout is not None
    try:
        ready = json.loads(await program.stdout.readline())
        if scenario:
            port, username, password = ready["superserver"], ready["username"], ready["password"]
            control = ready["control"], ready["control_token"]
            requests = requests_to_the_instance()
            yield Target(port, username, password, VERSION_CALL, program.pid, requests, control)
        else:
            yield Target(ready, "_SYSTEM", "SYS", FAKE_CALL, program.pid)
    finally:
        program.stdin.close()
        await program.wait()
        log.seek(0)
        written = log.read()
        log.close()
    if "Traceback" in written:
        raise FailureFoundError(f"the server wrote\n{written[written.index('Traceback') :][:4000]}")


async def log_in_anew(target: Target, patience: float) -> None:
    """The bad clients must be let in as well, or they reach nothing: neither license nor lockout may be in the way."""
    newcomer = Neighbour(target, patience)
    await newcomer.connect()
    newcomer.close()


async def attack(target: Target, options: argparse.Namespace) -> None:
    """Rounds of bad clients until the time is up."""
    neighbour = Neighbour(target, options.patience)
    await neighbour.connect()
    start_memory = peak = target.memory()
    end = time.monotonic() + options.minutes * 60
    seed, clients = options.seed, 0
    report = time.monotonic() + 30
    try:
        while time.monotonic() < end:
            fuzzer = Fuzzer(seed, target.username, target.password, target.requests)
            streams = [fuzzer.stream() for _ in range(options.clients)]
            chooser = random.Random(seed)  # noqa: S311 - reproducible, not secret
            await asyncio.gather(*(misbehave(target.port, stream, chooser) for stream in streams))
            await neighbour.check()
            if not clients % (TIME_ROUNDS * len(streams)):
                await target.let_time_pass()
            if not clients % (LOGIN_ROUNDS * len(streams)):
                await log_in_anew(target, options.patience)
            clients += len(streams)
            peak = max(peak, target.memory())
            target.check_memory(options.memory)
            if time.monotonic() >= report:
                print(f"{clients:,} bad clients, peak {peak:.0f} MiB", flush=True)
                report += 30
            seed += 1
    except FailureFoundError as failure:
        raise FailureFoundError(f"{failure} (round with --seed {seed})") from failure
    finally:
        neighbour.close()
    print(f"bad clients            {clients:10,}")
    print(f"good client's calls    {neighbour.calls:10,}   slowest {neighbour.slowest * 1000:.1f} ms")
    if target.pid:
        print(
            f"server memory, MiB     {start_memory:10.1f}   peak {peak:.1f}   at the end {target.memory():.1f}"
        )


async def run(options: argparse.Namespace) -> None:
    """Attack the server asked for."""
    if options.port:
        await attack(
            Target(
                options.port,
                options.username,
                os.environ.get("IRISOPS_PASSWORD", ""),
                VERSION_CALL,
                requests=requests_to_the_instance(),
            ),
            options,
        )
        return
    async with own_server(options.scenario) as target:
        await attack(target, options)


def main() -> int:
    """Read the options and attack."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=20, help="bad clients at once")
    parser.add_argument("--seed", type=int, default=1, help="of the first round; each next one adds 1")
    parser.add_argument("--memory", type=float, default=400.0, help="MiB that the server may use")
    parser.add_argument(
        "--patience", type=float, default=10.0, help="seconds the good client waits for an answer"
    )
    parser.add_argument("--scenario", default="", help="attack the whole simulator with this scenario")
    parser.add_argument("--port", type=int, default=0, help="a running superserver instead of an own one")
    parser.add_argument("--username", default="_SYSTEM", help="with --port; the password is IRISOPS_PASSWORD")
    try:
        asyncio.run(run(parser.parse_args()))
    except FailureFoundError as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
