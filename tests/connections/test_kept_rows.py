"""Rows that are kept between two readings of a live table."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

from irisops.connections.kept_rows import KeptRows, RecordRow


@dataclass(frozen=True)
class Job:
    pid: int
    state: str


def row_of(job: Job) -> RecordRow[Job]:
    return RecordRow(job, {"pid": attrgetter("pid"), "state": attrgetter("state")})


def test_the_very_same_records_keep_their_rows() -> None:
    kept: KeptRows[Job] = KeptRows()
    jobs = [Job(1, "READ"), Job(2, "READ"), Job(3, "READ")]
    before = kept.of(jobs, attrgetter("pid"), row_of)
    jobs = [jobs[2], Job(2, "RUN"), jobs[0]]
    after = kept.of(jobs, attrgetter("pid"), row_of)
    assert after == [{"pid": 3, "state": "READ"}, {"pid": 2, "state": "RUN"}, {"pid": 1, "state": "READ"}]
    assert after[0] is before[2]
    assert after[2] is before[0]


def test_a_record_of_the_same_name_that_is_another_gets_its_own_row() -> None:
    kept: KeptRows[Job] = KeptRows()
    kept.of([Job(1, "READ")], attrgetter("pid"), row_of)
    assert kept.of([Job(1, "LOCK")], attrgetter("pid"), row_of) == [{"pid": 1, "state": "LOCK"}]


def test_what_is_gone_is_forgotten() -> None:
    kept: KeptRows[Job] = KeptRows()
    job = Job(1, "READ")
    (before,) = kept.of([job], attrgetter("pid"), row_of)
    kept.of([], attrgetter("pid"), row_of)
    (after,) = kept.of([job], attrgetter("pid"), row_of)
    assert after is not before


def test_a_row_seen_through_its_record_reads_as_a_dict_does() -> None:
    row = RecordRow(Job(1, "READ"), {"pid": attrgetter("pid"), "state": lambda job: job.state.lower()})
    assert row == {"pid": 1, "state": "read"}
    assert list(row) == ["pid", "state"]
    assert row.get("user", "nobody") == "nobody"
    assert not hasattr(row, "__dict__")  # ten thousand of these would weigh
