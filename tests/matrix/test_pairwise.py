"""The covering array: each pair of values is in a row, and the rows are the same each time."""

from __future__ import annotations

from itertools import combinations

from tests.matrix.pairwise import covering, pairs_of
from tests.matrix.test_matrix import COLUMNS, FIRST


def test_each_pair_of_values_stands_in_a_row() -> None:
    rows = covering(COLUMNS, FIRST)
    there = {pair for row in rows for pair in pairs_of(row)}
    for one, other in combinations(COLUMNS, 2):
        for a in COLUMNS[one]:
            for b in COLUMNS[other]:
                assert ((one, a), (other, b)) in there
    assert rows[: len(FIRST)] == FIRST
    assert len(rows) <= 25


def test_the_rows_are_the_same_each_time() -> None:
    assert covering(COLUMNS, FIRST) == covering(COLUMNS, FIRST)
    assert covering({"a": "12", "b": "34"}) == [
        {"a": "1", "b": "3"},
        {"a": "1", "b": "4"},
        {"a": "2", "b": "3"},
        {"a": "2", "b": "4"},
    ]
