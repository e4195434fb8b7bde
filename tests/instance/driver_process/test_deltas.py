"""Differences between two results of a query: small, exact, and refused when they make no sense."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.instance.calls import Query, Value
from irisops.instance.driver_process.channel import ChannelError, Json
from irisops.instance.driver_process.deltas import KEPT, Row, Sent
from irisops.instance.driver_process.held import Held
from irisops.instance.packed_rows import PackedRows, Packing

PROCESSES = Query("SELECT Pid, State FROM %SYS.ProcessQuery", repeated=True)

# Few values, so that rows come again, move, double and differ in one cell; with those that look alike among them.
cells: st.SearchStrategy[Value] = st.sampled_from(
    (None, True, 1, 1.0, -1, -2, "1", "", "x", b"x", Decimal("1.0"), Decimal(1), date(2026, 1, 1))
)
results = st.lists(st.tuples(st.integers(0, 3), cells), max_size=12)


def in_text(row: Row) -> Row:
    """A row as it arrives: dates are text."""
    return tuple(str(cell) if isinstance(cell, date) else cell for cell in row)


class Pipe:
    """Both ends, with what has crossed."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sent, self.held = Sent(), Held(lambda: self.now)
        self.crossed: list[Row] = []
        self.number = 0

    def bring(self, query: Query, rows: list[Row], portion: int = 3) -> PackedRows:
        self.number += 1
        self.crossed = []
        difference = self.sent.begin(query, self.held.asked(query))
        packing = Packing()
        for start in range(0, len(rows), portion):
            fresh, steps = difference.of(rows[start : start + portion])
            self.crossed += fresh
            self.held.add(query, fresh, list(steps), packing)
        arrived = packing.rows()
        self.sent.keep(query, self.number, difference)
        self.held.keep(query, self.number, arrived)
        return arrived


@given(st.lists(results, max_size=5), st.integers(1, 5))
def test_each_result_arrives_as_it_is(looks: list[list[Row]], portion: int) -> None:
    pipe = Pipe()
    for rows in looks:
        assert repr(list(pipe.bring(PROCESSES, rows, portion))) == repr([in_text(row) for row in rows])


@given(results, st.permutations(range(12)))
def test_rows_that_only_moved_do_not_cross_again(rows: list[Row], order: list[int]) -> None:
    pipe = Pipe()
    pipe.bring(PROCESSES, rows)
    pipe.bring(PROCESSES, [rows[place] for place in order if place < len(rows)])
    assert pipe.crossed == []


def test_what_changed_crosses_and_the_rest_is_of_before() -> None:
    pipe = Pipe()
    pipe.bring(PROCESSES, [(pid, "READ") for pid in range(100)])
    after = pipe.bring(PROCESSES, [(pid, "RUN" if pid == 7 else "READ") for pid in range(1, 101)])
    assert pipe.crossed == [(7, "RUN"), (100, "READ")]
    assert list(after) == [(pid, "RUN" if pid == 7 else "READ") for pid in range(1, 101)]


def test_a_forgotten_result_comes_whole_again() -> None:
    pipe = Pipe()
    rows: list[Row] = [(pid, "READ") for pid in range(10)]
    pipe.bring(PROCESSES, rows)
    assert pipe.held.asked(PROCESSES) == 1
    pipe.now += 30
    pipe.held.forget(30)
    assert pipe.held.asked(PROCESSES) == 1
    pipe.now += 31
    pipe.held.forget(30)
    assert pipe.held.asked(PROCESSES) == 0
    assert list(pipe.bring(PROCESSES, rows)) == rows
    assert pipe.crossed == rows


@pytest.mark.parametrize(("before", "after"), [(-1, -2), (1, True), (1, 1.0), (Decimal(1), Decimal("1.0"))])
def test_values_that_hash_alike_are_told_apart(before: Value, after: Value) -> None:
    pipe = Pipe()
    pipe.bring(PROCESSES, [(1, before)])
    assert repr(list(pipe.bring(PROCESSES, [(1, after)]))) == repr([(1, after)])


def test_a_result_that_broke_off_on_the_way_is_no_base() -> None:
    pipe = Pipe()
    pipe.bring(PROCESSES, [(1, "READ")])
    pipe.sent.begin(PROCESSES, 1).of([(1, "RUN")])  # and the driver raised: neither end keeps it
    assert list(pipe.bring(PROCESSES, [(1, "READ")])) == [(1, "READ")]
    assert pipe.crossed == []


def test_another_base_than_the_tool_holds_brings_everything() -> None:
    pipe = Pipe()
    pipe.bring(PROCESSES, [(1, "READ")])
    pipe.held = Held()
    assert list(pipe.bring(PROCESSES, [(1, "READ")])) == [(1, "READ")]
    assert pipe.crossed == [(1, "READ")]


def test_only_the_last_queries_are_remembered() -> None:
    pipe = Pipe()
    queries = [Query(f"SELECT {number}", repeated=True) for number in range(KEPT + 1)]
    for query in queries:
        pipe.bring(query, [(1, "x")])
    assert [bool(pipe.held.asked(query)) for query in queries] == [False, *[True] * KEPT]
    assert list(pipe.bring(queries[0], [(1, "x")])) == [(1, "x")]


@pytest.mark.parametrize(
    "steps", ["x", [0, 0], [0, 1, 2], [0, -1, 1], [0, "0", 1], [1, 1, 2], [0, 0, 2], [2, 0, 0], [None, 0, 0]]
)
def test_a_difference_that_makes_no_sense_is_refused(steps: Json) -> None:
    held = Held()
    known = Packing()
    known.add([(1, "READ"), (2, "READ")])
    held.keep(PROCESSES, 1, known.rows())
    with pytest.raises(ChannelError):
        held.add(PROCESSES, [(3, "RUN")], steps, Packing())
