"""A covering array: few rows in which each pair of values of two different columns stands together at least once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

Row = Mapping[str, str]
Pair = tuple[tuple[str, str], tuple[str, str]]


def covering(columns: Mapping[str, Sequence[str]], first: Sequence[Row] = ()) -> list[Row]:
    """Rows that cover all pairs, after the whole rows `first`. The same for the same arguments.

    Greedy: each row starts with a pair that is still missing and takes, column by column, the value that covers most of
    what is missing; in a tie the one that was used least.
    """
    rows: list[Row] = list(first)
    missing = dict.fromkeys(pair for pair in _all_pairs(columns))
    for row in rows:
        _strike(missing, row)
    while missing:
        row = dict(next(iter(missing)))
        for name in sorted(columns, key=lambda each: -len(columns[each])):
            if name not in row:
                row[name] = max(columns[name], key=lambda value: _worth(missing, rows, row, name, value))
        rows.append({name: row[name] for name in columns})
        _strike(missing, rows[-1])
    return rows


def pairs_of(row: Row) -> list[Pair]:
    """All pairs of a row, each in the order of its columns."""
    return list(combinations(row.items(), 2))


def _all_pairs(columns: Mapping[str, Sequence[str]]) -> list[Pair]:
    return [
        ((one, a), (other, b))
        for one, other in combinations(columns, 2)
        for a in columns[one]
        for b in columns[other]
    ]


def _strike(missing: dict[Pair, None], row: Row) -> None:
    for pair in pairs_of(row):
        missing.pop(pair, None)


def _worth(
    missing: Mapping[Pair, None], rows: Sequence[Row], row: Row, name: str, value: str
) -> tuple[int, int]:
    new = (name, value)
    covered = sum((new, old) in missing or (old, new) in missing for old in row.items())
    return covered, -sum(each[name] == value for each in rows)
