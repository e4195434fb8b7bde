"""The clinic's 2,000 web sessions by each route that the driver has for a class query: seconds and round trips.

python -m tests.benchmarks.bench_class_queries [--runs 5]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time

from irisops.demo import running
from irisops.instance.calls import Answer, Call, ClassQuery, Query
from irisops.instance.connection import Connection, Target
from irisops.instance.features import FEATURES

QUERY, COLUMNS = FEATURES["sessions.list"].query, FEATURES["sessions.list"].columns
SHOWN = 30
"""Rows of the first screenful."""
ROUTES: dict[str, Call] = {
    "SQL procedure": Query("SELECT * FROM %CSP.Session_SessionInfo()"),
    "class methods, whole rows": ClassQuery(QUERY, (), COLUMNS, whole_rows=True),
    "result set, cell by cell": ClassQuery(QUERY, (), COLUMNS),
    f"result set, first {SHOWN} rows": ClassQuery(QUERY, (), COLUMNS, max_rows=SHOWN),
}


async def measure(runs: int) -> None:
    """Connect to the clinic, run each route, print."""
    with running(("--scenario", "clinic", "--frozen", "--doubt", "projection=yes")) as demo:
        profile = demo.profile
        connection = Connection(Target(profile.host, profile.port, profile.namespace, profile.user))
        await connection.connect(demo.password)
        try:
            for name, call in ROUTES.items():
                took: list[float] = []
                for _ in range(runs):
                    begun = time.perf_counter()
                    answer = await connection.call(call, deadline=60)
                    took.append(time.perf_counter() - begun)
                print(f"{name:32} {statistics.median(took) * 1000:8.0f} ms   {_described(answer)}")
        finally:
            await connection.disconnect()


def _described(answer: Answer) -> str:
    rows = len(answer.rows.rows) if answer.rows else 0
    return f"{rows:,} rows, {answer.round_trips:,} round trips"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5)
    asyncio.run(measure(parser.parse_args().runs))
