"""How fast the simulator's SQL answers over a process table of 10,000 rows, and fills, changes and reads a table of its
own: prints, and fails beyond its limits.

Run it from the root of the repository: `python -m tests.benchmarks.bench_sql`. "Cold" is after the table changed, when
its rows are read anew; "warm" is with them at hand.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from operator import itemgetter
from statistics import median

from irisops.simulator.backend import SqlFailure, Value
from irisops.simulator.sql.catalog import ColumnDef, SqlType, TableDef
from irisops.simulator.sql.engine import Engine
from irisops.simulator.sql.guard import TIMED_OUT
from tests.simulator.classes.instance import Instance
from tests.simulator.sql.fake_catalog import FakeCatalog

ROWS = 10_000

COLUMNS = [
    ColumnDef(f"C{index}", SqlType.INTEGER if index % 3 == 0 else SqlType.VARCHAR) for index in range(52)
]

TWELVE = "SELECT C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11 FROM Bench.Wide"

STATEMENTS = {
    "count": ("SELECT COUNT(*) FROM Bench.Wide", 5.0),
    "12 columns": (TWELVE, 80.0),
    "12 columns, sorted": (f"{TWELVE} ORDER BY C1", 160.0),
    "filter": ("SELECT C0 FROM Bench.Wide WHERE C1 LIKE 'VALUE 77%' AND C3 > 10", 60.0),
    "group": ("SELECT C2, COUNT(*) FROM Bench.Wide GROUP BY C2", 160.0),
    "52 columns": ("SELECT * FROM Bench.Wide", 400.0),
}
"""What is measured, and the milliseconds it may take cold on a 2-core machine."""


class WideCatalog(FakeCatalog):
    """The fake catalog with one wide table."""

    def __init__(self) -> None:
        super().__init__()
        self.data: list[tuple[Value, ...]] = [
            tuple(row * index if index % 3 == 0 else f"value {row} {index}" for index in range(len(COLUMNS)))
            for row in range(ROWS)
        ]

    def table(self, schema: str, name: str) -> TableDef | None:
        if (schema.upper(), name.upper()) != ("BENCH", "WIDE"):
            return super().table(schema, name)
        return TableDef("Bench", "Wide", COLUMNS, self._read, revision=lambda: self.revision)

    def _read(self, names: Sequence[str]) -> Iterable[Sequence[Value]]:
        positions = [int(name[1:]) for name in names]
        if not positions:
            return [()] * len(self.data)
        if len(positions) == 1:
            return [(row[positions[0]],) for row in self.data]
        return map(itemgetter(*positions), self.data)


def _milliseconds(engine: Engine, sql: str) -> float:
    begin = time.perf_counter()
    engine.query(engine.prepare(sql), [])
    return (time.perf_counter() - begin) * 1000


CHANGES = {
    "insert 10,000": ("INSERT INTO Bench (a, b) SELECT C0, C1 FROM Wide", 500.0),
    "read one by key": ("SELECT b FROM Bench WHERE id = 777", 60.0),
    "change one by key": ("UPDATE Bench SET b = 'x' WHERE id = 777", 10.0),
    "read it again": ("SELECT b FROM Bench WHERE id = 777", 10.0),
    "change 10,000": ("UPDATE Bench SET b = b || '!'", 500.0),
    "the costliest query": ("SELECT COUNT(*) FROM Bench x, Bench y WHERE x.b LIKE '%' || y.b", 1500.0),
    "delete 10,000": ("DELETE FROM Bench", 500.0),
}
"""What is done to a table that SQL made, in this order, and the milliseconds it may take."""


def _changing() -> bool:
    """Print how long each change takes; whether one was slower than its limit."""
    client = Instance().login(namespace="USER")
    client.update("CREATE TABLE Wide (C0 INTEGER, C1 VARCHAR(50))")
    insert = client.prepare("INSERT INTO Wide VALUES (?, ?)", 2)
    begin = time.perf_counter()
    for row in range(ROWS):
        client.session.update(insert, [row, f"value {row}"])
    print(f"{'inserts per second':<22}{ROWS / (time.perf_counter() - begin):>10.0f}")
    client.update("CREATE TABLE Bench (id IDENTITY, a INTEGER UNIQUE, b VARCHAR(60))")
    slow = False
    for name, (sql, limit) in CHANGES.items():
        begin = time.perf_counter()
        prepared = client.prepare(sql)
        try:
            if prepared.columns is None:
                client.session.update(prepared, [])
            else:
                client.session.query(prepared, [], 0)
        except SqlFailure as failure:
            if failure.sqlcode != TIMED_OUT:
                raise
        took = (time.perf_counter() - begin) * 1000
        slow = slow or took > limit
        print(f"{name:<22}{took:>10.1f}{'':>10}{limit:>10.1f}")
    return slow


def main() -> int:
    """Print one line per statement; the exit code is 1 if one was slower than its limit."""
    catalog = WideCatalog()
    engine = Engine(catalog)
    slow = False
    print(f"{'statement':<22}{'cold ms':>10}{'warm ms':>10}{'limit ms':>10}")
    for name, (sql, limit) in STATEMENTS.items():
        cold, warm = [], []
        for _ in range(7):
            catalog.revision += 1
            cold.append(_milliseconds(engine, sql))
            warm.append(_milliseconds(engine, sql))
        slow = slow or median(cold) > limit
        print(f"{name:<22}{median(cold):>10.1f}{median(warm):>10.1f}{limit:>10.1f}")
    return int(_changing() or slow)


if __name__ == "__main__":
    sys.exit(main())
