"""The simulator as a program: `irisops simulator`, `python -m irisops.simulator`, and `serve` for tests."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from irisops.simulator import unverified
from irisops.simulator.accounts import plant_accounts
from irisops.simulator.runtime import Runtime
from irisops.simulator.wire.faults import Faults
from irisops.simulator.wire.server import SuperServer
from irisops.simulator.world.clock import Clock, SteerableClock
from irisops.simulator.world.model import Account
from irisops.simulator.world.scenarios import DEFAULT as DEFAULT_SCENARIO
from irisops.simulator.world.scenarios import SCENARIOS, build_world
from irisops.simulator.world.world import World

HOST = "127.0.0.1"
DEFAULT_PORT = 1972
VERSIONS: dict[str, tuple[int, int]] = {"2024.1": (2024, 1), "2025.2": (2025, 2), "2026.1": (2026, 1)}
DEFAULT_VERSION = "2025.2"
TICK_SECONDS = 0.25
"""How often the world moves on when nobody asks it anything."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to serve. Ports 0 take any free one."""

    port: int = 0
    scenario: str = DEFAULT_SCENARIO
    seed: int = 1
    version: str = DEFAULT_VERSION
    frozen: bool = False
    project_unknown_queries: bool = False
    clock: Clock | None = None
    """The world's clock instead of the machine's: for tests."""


@dataclass(slots=True)
class RunningSimulator:
    """A simulator that serves."""

    world: World
    runtime: Runtime
    superserver: SuperServer
    clock: SteerableClock
    faults: Faults
    _ticker: asyncio.Task[None] | None = field(default=None, repr=False)

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
        return json.dumps(
            {
                "superserver": self.port,
                "web": None,
                "username": self.account.username,
                "password": self.account.password,
            }
        )

    async def stop(self) -> None:
        """Stop serving; every connection is closed."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
            self._ticker = None
        await self.superserver.stop()


async def serve(options: Options) -> RunningSimulator:
    """Build the world and listen on 127.0.0.1.

    Raises `OSError` if a port is taken, ValueError for an unknown scenario.
    """
    clock = SteerableClock(options.clock, frozen=options.frozen)
    world = build_world(options.scenario, clock=clock, seed=options.seed, version=VERSIONS[options.version])
    runtime = Runtime(world, project_unknown_queries=options.project_unknown_queries)
    plant_accounts(runtime)
    faults = Faults()
    superserver = SuperServer(runtime, HOST, options.port, faults)
    runtime.on_terminated = _drop_connection(superserver)
    await superserver.start()
    running = RunningSimulator(world, runtime, superserver, clock, faults)
    running._ticker = asyncio.create_task(_tick(world))  # noqa: SLF001 - a field of this module's own class
    return running


def _drop_connection(superserver: SuperServer) -> Callable[[int], None]:
    """A terminated process takes its connection with it, as it does on an instance."""

    def drop(job_number: int) -> None:
        for connection in superserver.connections:
            if connection.job_number == job_number:
                connection.drop()

    return drop


async def _tick(world: World) -> None:
    while True:
        world.tick()
        await asyncio.sleep(TICK_SECONDS)


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
        help="list the rules that no public fact confirms, each with what settles it on a real instance, and leave",
    )
    parser.add_argument(
        "--project-unknown-queries",
        action="store_true",
        help="offer the license and session lists as SQL procedures, too (whether IRIS does is not known)",
    )


def _epilog() -> str:
    """The scenarios, and the accounts that each of them has, for --help."""
    scenarios = "\n".join(f"  {each.name:<10} {each.summary}" for each in SCENARIOS.values())
    runtime = Runtime(build_world("quiet"))
    plant_accounts(runtime)
    administrator, *others = runtime.world.accounts
    accounts = "\n".join(f"  {each.username:<10} {each.password:<15} {each.purpose}" for each in others)
    return (
        f"scenarios:\n{scenarios}\n\naccounts, for practice only:\n"
        f"  {administrator.username:<10} {'(printed)':<15} {administrator.purpose}; its password depends on the seed\n"
        f"{accounts}"
    )


def options_of(arguments: argparse.Namespace) -> Options:
    """The options that the command line asks for."""
    return Options(
        port=arguments.port,
        scenario=arguments.scenario,
        seed=arguments.seed,
        version=arguments.iris_version,
        frozen=arguments.frozen,
        project_unknown_queries=arguments.project_unknown_queries,
    )


def main(arguments: argparse.Namespace) -> int:
    """Serve in the foreground until a signal; returns the exit status."""
    if arguments.unverified:
        print(unverified.listing())
        return 0
    try:
        return asyncio.run(_serve_until_stopped(options_of(arguments)))
    except OSError as error:
        print(f"irisops simulator: cannot listen: {error}. Choose another --port, or 0.", file=sys.stderr)
        return 1


async def _serve_until_stopped(options: Options) -> int:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stopped.set)
        except NotImplementedError:  # Windows: the default handlers raise KeyboardInterrupt
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    running = await serve(options)
    try:
        print(running.announcement(), flush=True)
        await stopped.wait()
    finally:
        await running.stop()
    return 0
