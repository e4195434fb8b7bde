"""Records seen as the rows of a table."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import dataclass
from operator import attrgetter

from irisops.contract.record_rows import Cells, Picked, RecordRow, RecordRows, picked


@dataclass(frozen=True)
class Job:
    pid: int
    state: str


CELLS: Cells[Job] = {"pid": attrgetter("pid"), "state": lambda job: job.state.lower()}
JOBS = [Job(1, "READ"), Job(2, "RUN"), Job(3, "READ")]


def test_a_row_seen_through_its_record_reads_as_a_dict_does() -> None:
    row = RecordRow(Job(1, "READ"), CELLS)
    assert row == {"pid": 1, "state": "read"}
    assert list(row) == ["pid", "state"]
    assert row.get("user", "nobody") == "nobody"
    assert not hasattr(row, "__dict__")  # ten thousand of these would weigh


def test_rows_of_one_record_are_equal_and_those_of_others_are_compared() -> None:
    record = Job(1, "READ")
    assert RecordRow(record, CELLS) == RecordRow(record, CELLS)
    assert RecordRow(record, CELLS) == RecordRow(Job(1, "read"), CELLS)
    assert RecordRow(record, CELLS) != RecordRow(Job(1, "RUN"), CELLS)
    assert RecordRow(record, CELLS) != RecordRow(record, {"pid": attrgetter("pid")})


def test_rows_are_a_sequence() -> None:
    rows = RecordRows(JOBS, CELLS)
    assert len(rows) == 3
    assert [row["pid"] for row in rows] == [1, 2, 3]
    assert [row["pid"] for row in reversed(rows)] == [3, 2, 1]
    assert [row["state"] for row in rows[1:]] == ["run", "read"]
    assert rows[-1] == {"pid": 3, "state": "read"}


def test_some_rows_in_an_order_of_their_own_are_seen_through_the_others() -> None:
    rows = RecordRows(JOBS, CELLS)
    some = picked(rows, [2, 0])
    assert isinstance(some, Picked)
    assert [row["pid"] for row in some] == [3, 1]
    assert (len(some), some[0]["pid"], [row["pid"] for row in some[1:]]) == (2, 3, [1])
    assert picked(rows, range(3)) is rows
    assert picked([{"pid": 1}, {"pid": 2}], [1]) == [{"pid": 2}]


def test_no_row_is_kept() -> None:
    def living() -> int:
        rows = [each for each in gc.get_objects() if isinstance(each, RecordRow)]
        return sum(row.cells is CELLS for row in rows)  # not those that other tests left behind

    rows = RecordRows(JOBS, CELLS)
    for row in rows:
        assert row["pid"]
    assert living() == 1
    del row
    assert [*rows[1:]] == [*rows][1:]
    assert living() == 0


def test_ten_thousand_rows_take_no_memory() -> None:
    jobs = [Job(number, "READ") for number in range(10_000)]

    def peak() -> int:
        tracemalloc.start()
        rows = RecordRows(jobs, CELLS)
        assert sum(len(str(row["state"])) for row in rows) == 40_000
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert (
        min(peak() for _ in range(3)) < 20_000
    )  # the whole process is measured: its other threads may take some once
