"""Driver batches and time of an export of `clinic`, against reading the same lists once.

python -m tests.benchmarks.bench_export
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from irisops.contract.replies import Done
from irisops.instance.security.lists import (
    list_applications,
    list_resources,
    list_roles,
    list_services,
    list_users,
)
from irisops.simulator.world.scenarios import build_world
from tests.changes.counting import CountingConnection
from tests.commands.editing import desk_on
from tests.instance.served import USER, serve

AIM = 60
"""Most driver batches for 400 users, 120 roles and 60 applications."""


async def measure() -> int:
    """Export once, read the lists once, print; returns the number of batches."""
    async with serve(world=build_world("clinic")) as served:
        served.user(USER).change_password = False
        with TemporaryDirectory() as home:
            async with desk_on(served, Path(home) / "home", CountingConnection) as desk:
                link = desk.session.hub.active
                counted = link.connection if link else None
                if not isinstance(counted, CountingConnection):
                    raise TypeError("the session is not on the counting connection")
                before, started = counted.batches, time.perf_counter()
                done = (await desk.say(f"/export {Path(home) / 'live'}"))[-1]
                took = time.perf_counter() - started
                if not isinstance(done, Done):
                    raise TypeError(done)
                batches = counted.batches - before
                print(done.message)
                print(f"export    {batches} driver batches (aim {AIM} or fewer), {took:.2f} s")
                before, started = counted.batches, time.perf_counter()
                for read in (list_users, list_roles, list_resources, list_services, list_applications):
                    await read(counted)
                took = time.perf_counter() - started
                print(f"the lists {counted.batches - before} driver batches, {took:.2f} s")
                return batches


if __name__ == "__main__":
    asyncio.run(measure())
