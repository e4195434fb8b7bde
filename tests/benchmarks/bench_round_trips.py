"""Round trips per connect and per poll, counted on the wire, and how long each takes on loopback.

python -m tests.benchmarks.bench_round_trips
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from irisops.contract.replies import Plan
from irisops.instance.connection import Connection, Target
from irisops.instance.usage.poll import Poller
from irisops.simulator.world.model import User
from tests.changes.counting import CountingConnection
from tests.commands.editing import GOOD, desk_on
from tests.counting_relay import CountingRelay
from tests.instance.served import PASSWORD, USER, serve

POLLS = 100


async def measure() -> None:
    """Connect once through the counting relay, poll a hundred times, print."""
    async with serve() as served, CountingRelay(served.server.port) as relay:
        connection = Connection(Target("127.0.0.1", relay.port, "%SYS", USER, 5.0))
        started = time.perf_counter()
        await connection.connect(PASSWORD)
        took = time.perf_counter() - started
        print(
            f"connect   {relay.round_trips} round trips (aim 8 or fewer), {took * 1000:.0f} ms with the driver's start"
        )
        poller = Poller(connection)
        before, started = relay.round_trips, time.perf_counter()
        for _ in range(POLLS):
            await poller.poll()
        took = time.perf_counter() - started
        trips = (relay.round_trips - before) / POLLS
        print(f"poll      {trips:.2f} round trips (4 or fewer), {took / POLLS * 1000:.2f} ms")
        await connection.disconnect()


async def measure_commands() -> None:
    """Driver batches of a change, from the line to done, and of opening an editor."""
    async with serve(units=50) as served:
        served.world.add_user(User("bob", roles=["%SQL"]), GOOD)
        with TemporaryDirectory() as home:
            async with desk_on(served, Path(home), CountingConnection) as desk:
                link = desk.session.hub.active
                counted = link.connection if link else None
                if not isinstance(counted, CountingConnection):
                    raise TypeError("the session is not on the counting connection")
                for line, aim in (("/grant %Developer to bob", 5), ("/user bob", 3), ("/role %Developer", 3)):
                    before, started = counted.batches, time.perf_counter()
                    reply = (await desk.say(line))[-1]
                    if isinstance(reply, Plan):
                        await desk.yes(reply)
                    took = time.perf_counter() - started
                    batches = counted.batches - before
                    print(f"{line:26} {batches} driver batches (aim {aim} or fewer), {took * 1000:.0f} ms")


if __name__ == "__main__":
    asyncio.run(measure())
    asyncio.run(measure_commands())
