"""Counts by an index and by the data, which tell a broken index from a table that is written to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from irisops.instance.calls import Answer, Call
from irisops.instance.indexes import Index, StoredClass, compare
from tests.instance.fake_instance import FakeInstance, rows


def counting(numbers: Iterator[int]) -> FakeInstance:
    """An instance that counts these numbers, one after the other."""

    def count(_call: Call) -> Answer:
        return rows("n", (next(numbers),))

    return FakeInstance({"COUNT(*)": count})


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ((5, 5), (5, 5, "")),
        ((4, 5, 4), (4, 5, "")),
        ((4, 5, 6), (None, None, "its table was written to while it was counted")),
    ],
)
async def test_a_table_that_is_written_to_is_no_broken_index(
    numbers: tuple[int, ...], found: tuple[int | None, int | None, str]
) -> None:
    index = Index("NameIdx", "A.B", "Name", fields=("Name",))
    left = iter(numbers)
    counts = await compare(counting(left), StoredClass("A.B", "A", "B"), index)
    assert (counts.by_index, counts.by_data, counts.why) == found
    assert next(left, None) is None
