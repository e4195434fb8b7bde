"""The superserver with the tests' fake instance as a program: `python -m tests.simulator.wire.serve`.

Prints its port and runs until its input ends, so that it never outlives who started it.
"""

from __future__ import annotations

import asyncio
import sys

from irisops.simulator.backend import Column, Value
from irisops.simulator.wire.server import SuperServer
from tests.simulator.wire.fake import FakeBackend

ROWS = 10_000
QUERY = "SELECT many FROM t"


def backend_with_rows() -> FakeBackend:
    """The fake instance with a result of ten thousand rows of five columns."""
    backend = FakeBackend(recording=False)
    names = ("id", "name", "state", "client", "units")
    columns = [Column(name, 4 if name in ("id", "units") else 12) for name in names]
    rows: list[list[Value]] = [
        [
            number,
            f"user{number}",
            "RUN" if number % 3 else "HANG",
            f"10.0.{number % 250}.{number % 99}",
            number % 7,
        ]
        for number in range(ROWS)
    ]
    backend.results[QUERY] = (columns, rows)
    return backend


async def main() -> None:
    """Serve until the input ends."""
    async with SuperServer(backend_with_rows()) as server:
        print(server.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
