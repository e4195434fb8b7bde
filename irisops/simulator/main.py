"""The simulator as a program: `irisops simulator`, `python -m irisops.simulator`, and `serve` for tests."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from irisops.simulator import unverified
from irisops.simulator.background import Background
from irisops.simulator.control import Control, ControlServer
from irisops.simulator.doubts import DoubtError, Doubts, standing
from irisops.simulator.runtime import Runtime
from irisops.simulator.web.server import WebServer
from irisops.simulator.wire.faults import Faults
from irisops.simulator.wire.server import SuperServer
from irisops.simulator.world.clock import Clock, SteerableClock
from irisops.simulator.world.model import Account
from irisops.simulator.world.scenarios import DEFAULT as DEFAULT_SCENARIO
from irisops.simulator.world.scenarios import SCENARIOS, build_world
from irisops.simulator.world.world import World

HOST = "127.0.0.1"
DEFAULT_PORT = 1972
VERSIONS: dict[str, tuple[int, int]] = {
    "2024.1": (2024, 1),
    "2025.2": (2025, 2),
    "2026.1": (2026, 1),
    "2026.2": (2026, 2),
}
DEFAULT_VERSION = "2025.2"
SEE_PROCESSES = ("secadmin", "operator")
"""Accounts of the scenarios that were granted SELECT on %SYS.ProcessQuery, as an administrator would have done."""
TICK_SECONDS = 0.25
"""How often the world moves on when nobody asks it anything."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to serve. Ports 0 take any free one; None opens none."""

    port: int = 0
    web_port: int | None = 0
    control_port: int | None = None
    scenario: str = DEFAULT_SCENARIO
    seed: int = 1
    version: str = DEFAULT_VERSION
    frozen: bool = False
    doubts: Doubts | None = None
    """What it does where no public source says what a real one does; None for `standing`."""
    clock: Clock | None = None
    """The world's clock instead of the machine's: for tests."""


class RunningSimulator:
    """A simulator that serves: `await serve(options)` makes one."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock = SteerableClock(options.clock, frozen=options.frozen)
        self.faults = Faults()
        self.world, self.runtime = self._build(options.scenario, options.seed, password=None)
        self.superserver = SuperServer(self.runtime, HOST, options.port, self.faults)
        self.runtime.on_terminated = _drop_connection(self.superserver)
        self.web = None if options.web_port is None else WebServer(self.world, HOST, options.web_port)
        self.control = Control(self.world, self.faults, self.superserver, self._restart)
        self.control_server = (
            None if options.control_port is None else ControlServer(self.control, HOST, options.control_port)
        )
        self._ticker = Background(self._failed)
        self.failure: BaseException | None = None
        """Why the world's clock stopped."""
        self.on_failure: Callable[[], None] = lambda: None

    @property
    def port(self) -> int:
        """The superserver's port."""
        return self.superserver.port

    @property
    def account(self) -> Account:
        """The administrator that it hands out."""
        return self.world.accounts[0]

    def announcement(self) -> str:
        """The JSON line that says where it is and who may log in."""
        line: dict[str, object] = {
            "superserver": self.port,
            "web": None if self.web is None else self.web.port,
            "username": self.account.username,
            "password": self.account.password,
        }
        if self.control_server is not None:
            line |= {"control": self.control_server.port, "control_token": self.control_server.token}
        return json.dumps(line)

    async def start(self) -> None:
        """Listen on all ports. Raises `OSError` if one is taken; then none is open."""
        try:
            await self.superserver.start()
            self.world.gateway.superserver = self.superserver.port
            if self.web is not None:
                await self.web.start()
            if self.control_server is not None:
                await self.control_server.start()
        except OSError:
            await self.stop()
            raise
        self._ticker.start(self._tick())

    async def stop(self) -> None:
        """Stop serving; every connection is closed."""
        await self._ticker.stop()
        if self.control_server is not None:
            await self.control_server.stop()
        if self.web is not None:
            await self.web.stop()
        await self.superserver.stop()

    def _build(self, scenario: str, seed: int, *, password: str | None) -> tuple[World, Runtime]:
        world = build_world(
            scenario,
            clock=self.clock,
            seed=seed,
            version=VERSIONS[self.options.version],
            password=password,
            doubts=self.options.doubts,
        )
        runtime = Runtime(world)
        for username in SEE_PROCESSES:
            runtime.grant_select("%SYS", "ProcessQuery", username)
        return world, runtime

    async def _restart(self, scenario: str, seed: int) -> World:
        """Serve another world, to the same account. Connections of the old one are dropped."""
        world, runtime = self._build(scenario, seed, password=self.account.password)
        for connection in self.superserver.connections:
            connection.drop()
        runtime.on_terminated = _drop_connection(self.superserver)
        world.gateway.superserver = self.superserver.port
        self.world, self.runtime = world, runtime
        self.superserver.backend = runtime
        if self.web is not None:
            self.web.use(world)
        return world

    def _failed(self, error: BaseException) -> None:
        self.failure = error
        logging.getLogger("irisops.simulator").error("the clock stopped", exc_info=error)
        self.on_failure()

    async def _tick(self) -> None:
        while True:
            self.world.tick()
            await asyncio.sleep(TICK_SECONDS)


async def serve(options: Options) -> RunningSimulator:
    """Build the world and listen on 127.0.0.1.

    Raises `OSError` if a port is taken, ValueError for an unknown scenario.
    """
    running = RunningSimulator(options)
    await running.start()
    return running


def _drop_connection(superserver: SuperServer) -> Callable[[int], None]:
    """A terminated process takes its connection with it, as it does on an instance."""

    def drop(job_number: int) -> None:
        for connection in superserver.connections:
            if connection.job_number == job_number:
                connection.drop()

    return drop


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `irisops simulator`."""
    parser.description = (
        "Serve a simulated InterSystems IRIS instance on 127.0.0.1, for practice and for tests. It is not IRIS and\n"
        "says so in $ZVERSION. When it is ready it prints one line of JSON with the ports and an administrator's\n"
        "account. It stops on Ctrl+C and SIGTERM."
    )
    parser.epilog = _epilog()
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--port",
        metavar="N",
        type=int,
        default=DEFAULT_PORT,
        help=f"superserver port, 0 for any free one (default {DEFAULT_PORT})",
    )
    parser.add_argument(
        "--web-port",
        metavar="N",
        type=int,
        default=0,
        help="web port, 0 for any free one (the default)",
    )
    parser.add_argument(
        "--control-port",
        metavar="N",
        type=int,
        help="also listen for control: time, sessions, faults; the JSON line then has the token that it asks for",
    )
    parser.add_argument(
        "--scenario",
        metavar="NAME",
        choices=list(SCENARIOS),
        default=DEFAULT_SCENARIO,
        help=f"the situation (default {DEFAULT_SCENARIO})",
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=1, help="makes the same world again (default 1)"
    )
    parser.add_argument(
        "--iris-version",
        choices=list(VERSIONS),
        default=DEFAULT_VERSION,
        help=f"which release to emulate (default {DEFAULT_VERSION})",
    )
    parser.add_argument("--frozen", action="store_true", help="stop the world's clock")
    parser.add_argument(
        "--unverified",
        action="store_true",
        help="list the doubts and the rules that no public fact confirms, each with what settles it, and leave",
    )
    parser.add_argument(
        "--doubt",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="do this where no public source says what a real instance does; again for another; `list` shows them",
    )


def _epilog() -> str:
    """The scenarios, and the accounts that each of them has, for --help."""
    scenarios = "\n".join(f"  {each.name:<10} {each.summary}" for each in SCENARIOS.values())
    accounts = "\n".join(
        f"  {each.username:<10} {each.password:<12} {each.purpose}" for each in build_world("quiet").accounts
    )
    return f"scenarios:\n{scenarios}\n\naccounts, for practice only:\n{accounts}"


def options_of(arguments: argparse.Namespace) -> Options:
    """The options that the command line asks for. Raises `DoubtError`."""
    return Options(
        port=arguments.port,
        web_port=arguments.web_port,
        control_port=arguments.control_port,
        scenario=arguments.scenario,
        seed=arguments.seed,
        version=arguments.iris_version,
        frozen=arguments.frozen,
        doubts=standing().choose(*arguments.doubt),
    )


def main(arguments: argparse.Namespace) -> int:
    """Serve in the foreground until a signal; returns the exit status."""
    if arguments.unverified:
        print(unverified.listing())
        return 0
    if "list" in arguments.doubt:
        print(unverified.doubts())
        return 0
    try:
        options = options_of(arguments)
    except DoubtError as error:
        print(f"irisops simulator: {error} `--doubt list` shows all.", file=sys.stderr)
        return 2
    with faults_shown_on(sys.stderr):
        return asyncio.run(_serve_until_stopped(options))


@contextmanager
def faults_shown_on(stream: TextIO) -> Iterator[None]:
    """Faults of the simulator, and what a client does that works by accident, are written to `stream`.

    Without it they would be lost under `irisops`, whose own log goes to a file or nowhere.
    """
    logger = logging.getLogger("irisops.simulator")
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


async def _serve_until_stopped(options: Options) -> int:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stopped.set)
        except NotImplementedError:  # Windows: the default handlers raise KeyboardInterrupt
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    try:
        running = await serve(options)
    except OSError as error:
        print(f"irisops simulator: cannot listen: {error}. Choose another --port, or 0.", file=sys.stderr)
        return 1
    running.on_failure = stopped.set
    try:
        print(running.announcement(), flush=True)
        await stopped.wait()
    finally:
        await running.stop()
    return 0 if running.failure is None else 1
