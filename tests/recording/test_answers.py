"""Answers as bytes: what is unpacked is what was packed, and ten thousand processes take little."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irisops.instance.calls import Answer, ClassMethod, Query, Rows, Value
from irisops.instance.errors import InstanceError, InstanceProblem, NotAvailable, NotPermitted
from irisops.recording.answers import OLDEST, Encoder, answer_of
from irisops.recording.differences import applied, difference, packed
from irisops.recording.masks import Masks

QUERY = Query("SELECT Pid, GlobalReferences, CommandsExecuted, State, NameSpace FROM %SYS.ProcessQuery")
COLUMNS = ("Pid", "GlobalReferences", "CommandsExecuted", "State", "NameSpace")

cells = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.binary(max_size=4)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.datetimes()
)
tables = st.lists(st.tuples(st.integers(0, 9), cells, cells), max_size=12)


@settings(max_examples=30)
@given(tables, tables)
def test_what_is_applied_is_what_was_compared(
    before: list[tuple[Value, ...]], after: list[tuple[Value, ...]]
) -> None:
    whole = applied([], packed(difference([], before, 3)), 3)
    assert list(zip(*whole, strict=True)) == before
    there = applied(whole, packed(difference(before, after, 3)), 3)
    assert list(zip(*there, strict=True)) == after


class Kept:
    """What a recording would hold of one call."""

    def __init__(self) -> None:
        self.encoder = Encoder(Masks(pseudonyms=False))
        self.number = 0
        self.bodies: dict[int, tuple[int | None, bytes | None]] = {}
        self.sizes: list[int] = []

    def add(self, answer: Answer | InstanceProblem) -> None:
        self.number += 1
        (written,) = self.encoder.reading(self.number, [(QUERY, answer)], 0).values()
        self.bodies[self.number] = written.base, written.body
        self.sizes.append(written.size)

    def read(self) -> Answer | InstanceProblem:
        chain: list[bytes] = []
        at: int | None = self.number
        while at is not None:
            at, body = self.bodies[at]
            if body is not None:
                chain.append(body)
        assert len(chain) <= 2  # so a jump to any moment unpacks two
        return answer_of(chain[::-1])[0]


def some_rows(count: int, chance: random.Random) -> list[list[Value]]:
    return [
        [1000 + number, chance.randrange(10**7), chance.randrange(10**8), "HANG", f"NS{number % 60}"]
        for number in range(count)
    ]


def test_ten_thousand_processes_whose_counters_all_move_take_little() -> None:
    chance = random.Random(1)  # noqa: S311 - the same each time
    kept, rows = Kept(), some_rows(10_000, chance)
    for _ in range(3):
        answer = Answer(rows=Rows(COLUMNS, [tuple(row) for row in rows]))
        kept.add(answer)
        assert kept.read() == answer
        for row in rows:
            row[1] = row[1] + chance.randrange(600)  # type: ignore[operator]  # - a number
            row[2] = row[2] + chance.randrange(4000)  # type: ignore[operator]  # - a number
            row[3] = chance.choice(("HANG", "READ", "EVTW"))
    assert max(kept.sizes[1:]) < 60_000
    assert max(kept.sizes[1:]) < kept.sizes[0] / 2


def test_what_has_not_changed_takes_nothing_and_is_written_anew_in_time() -> None:
    kept = Kept()
    answer = Answer(rows=Rows(COLUMNS, [(1, 2, 3, "HANG", "USER")]))
    for _ in range(OLDEST + 2):
        kept.add(answer)
        assert kept.read() == answer
    assert sum(size > 0 for size in kept.sizes) == 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(value="x"),
        Answer(value=Decimal("1.5"), refs=(1, None), values=(b"\xff", date(2026, 1, 1))),
        Answer(rows=Rows(COLUMNS, [])),
        Answer(rows=Rows(("Pid",), [(datetime(2026, 1, 1, tzinfo=UTC),)])),
        Answer(found=False),
    ],
)
def test_every_kind_of_answer(answer: Answer) -> None:
    kept = Kept()
    for each in (answer, Answer(value=1), answer):
        kept.add(each)
        assert kept.read() == each


@pytest.mark.parametrize(
    "problem",
    [
        NotPermitted("No.", "Ask.", privilege="%Admin_Operate:U", detail="d"),
        NotAvailable("Not there.", "See."),
        InstanceError("Wrong.", "Nothing.", code=-29, detail="SQLCODE -29"),
    ],
)
def test_a_refusal_is_refused_again(problem: InstanceProblem) -> None:
    kept = Kept()
    kept.add(problem)
    read = kept.read()
    assert type(read) is type(problem)
    assert vars(read) == vars(problem)


def test_masks_leave_the_rest_of_a_session_out() -> None:
    masks = Masks(pseudonyms=False)
    sessions = (("abcdefghIJKL1234", "jane@10.0.0.1", 0), ("ZYXWVUTSrqpo9876", "ZYXWVUTSrqpo9876", 0))
    columns = ("ID", "LicenseId", "Preserve")
    masks.learn(columns, sessions)
    rows = masks.rows(columns, sessions)
    assert [str(row[0])[:8] for row in rows] == ["abcdefgh", "ZYXWVUTS"]
    assert rows[0][1] == "jane@10.0.0.1"
    assert rows[1][0] == rows[1][1] != sessions[1][1]
    held = masks.rows(("UserId", "Type"), (("ZYXWVUTSrqpo9876", "CSP"), ("unlistedSession1", "CSP")))
    assert held[0][0] == rows[1][0]
    assert "unlistedSession1" not in str(held)
    assert masks.answer(ClassMethod("%SYSTEM.License", "GetUserId"), Answer(value="jane")).value == "jane"


def test_masks_know_a_session_that_stays_however_many_come_and_go() -> None:
    masks = Masks(pseudonyms=False)
    columns = ("ID", "LicenseId", "Preserve")
    for number in range(50):
        masks.learn(columns, [("stayingSession1", "stayingSession1", 0)])
        masks.learn(columns, [(f"passing{number:03}{each:03}", f"user{each}@h", 0) for each in range(200)])
    assert "stayingSession1" not in str(masks.rows(("EventData",), [("stayingSession1",)]))
    assert "passing000000" in str(
        masks.rows(("EventData",), [("passing000000",)])
    )  # forgotten: memory stays flat
