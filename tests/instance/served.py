"""The simulator on a free port of the test's own event loop; the driver process that connects to it is a real one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from irisops import children
from irisops.instance.connection import Connection, State, Target
from irisops.simulator.backend import Backend
from irisops.simulator.doubts import standing
from irisops.simulator.runtime import Runtime
from irisops.simulator.wire.faults import Delay, Faults, Injection
from irisops.simulator.wire.server import SuperServer
from irisops.simulator.world.clock import Clock
from irisops.simulator.world.model import LicenseKey, User
from irisops.simulator.world.seed import give_password
from irisops.simulator.world.world import World

USER = "_SYSTEM"
PASSWORD = "canary-Secret-9"
ROOT = Path(__file__).resolve().parents[2]


def without_the_driver() -> tuple[str, ...]:
    """The command of a driver process in a Python that has no driver."""
    folders = [folder for folder in sys.path if not Path(folder, "iris").exists()]
    return children.isolated("irisops.instance.driver_process.driver", [str(ROOT), *folders])


@dataclass
class Served:
    """A running simulator and its controls for tests."""

    server: SuperServer
    world: World
    runtime: Runtime

    @property
    def faults(self) -> Faults:
        return self.server.faults

    def doubt(self, *choices: str) -> None:
        """Do this from now on in doubt, each NAME=VALUE."""
        self.world.doubts = self.world.doubts.choose(*choices)

    def target(self, user: str = USER, namespace: str = "%SYS", timeout: float = 5.0) -> Target:
        return Target("127.0.0.1", self.server.port, namespace, user, timeout)

    def user(self, name: str) -> User:
        """A user of the world; must exist."""
        found = self.world.tables.users.get(name)
        assert found is not None
        return found

    def count_requests(self, opcode: bytes | None = None) -> Injection:
        """Its `fired` counts the requests that reach the server from now on."""
        return self.faults.inject(Delay(0.0), times=None, opcode=opcode)


@asynccontextmanager
async def serve(
    *,
    units: int = 8,
    doubts: Sequence[str] = (),
    version: tuple[int, int] = (2025, 2),
    clock: Clock | None = None,
    through: Callable[[Backend], Backend] = lambda backend: backend,
    world: World | None = None,
) -> AsyncIterator[Served]:
    """Serve a fresh world until the end of the block. `doubts` are NAME=VALUE, for others than those of the suite.

    `world` is one that is furnished already, in place of a fresh one. `through` wraps the backend, for tests that watch
    what reaches it.
    """
    if world is None:
        world = World(clock, key=LicenseKey(units=units), version=version, doubts=standing().choose(*doubts))
    give_password(world.tables, USER, PASSWORD, world.chance)
    runtime = Runtime(world)
    async with SuperServer(through(runtime)) as server:
        yield Served(server, world, runtime)


async def until(holds: Callable[[], bool]) -> None:
    """Let everything else run until `holds`: for what has no event to wait for. The test's time limit ends it."""
    while not holds():  # noqa: ASYNC110
        await asyncio.sleep(0)


class Pauses:
    """A sleep for `Connection` that returns when the test says so; remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.free = False
        """Return from every sleep at once."""
        self._sleepers: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        if self.free:
            await asyncio.sleep(0)
            return
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.put_nowait(gate)
        await gate

    async def pass_one(self) -> None:
        """Wait for a sleeper and wake it."""
        gate = await self._sleepers.get()
        gate.set_result(None)


class States:
    """All states of a connection, in order, and a way to wait for one."""

    def __init__(self, connection: Connection) -> None:
        self.seen: list[State] = []
        self._changed = asyncio.Event()
        self._connection = connection
        connection.listen(self._add)

    def _add(self, state: State) -> None:
        self.seen.append(state)
        self._changed.set()

    @property
    def names(self) -> list[str]:
        return [state.name for state in self.seen]

    async def until(self, wanted: Callable[[State], bool]) -> State:
        """The connection's state once `wanted` holds for it. The test's own time limit ends a wait in vain."""
        while not wanted(self._connection.state):
            self._changed.clear()
            await self._changed.wait()
        return self._connection.state
