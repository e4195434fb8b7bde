"""Round trips per connect and per poll, counted on the wire, and how long each takes on loopback.

python -m tests.benchmarks.bench_round_trips
"""

from __future__ import annotations

import asyncio
import time

from irisops.instance.connection import Connection, Target
from irisops.instance.usage.poll import Poller
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


if __name__ == "__main__":
    asyncio.run(measure())
