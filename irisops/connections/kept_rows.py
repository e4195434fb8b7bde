"""Rows of a table that is shown again and again, kept as long as their record is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

from irisops.contract.replies import Row

Record = TypeVar("Record")


class KeptRows(Generic[Record]):
    """The rows of a table that is shown again and again: a record that is the very one of before keeps its row.

    So ten thousand rows are not made anew for the thousand that changed, and whoever shows them sees at once which
    are the same.
    """

    def __init__(self) -> None:
        self._known: Mapping[Hashable, tuple[Record, Row]] = {}

    def of(
        self, records: Iterable[Record], key: Callable[[Record], Hashable], make: Callable[[Record], Row]
    ) -> list[Row]:
        """The rows of the records, in order, each made by `make`. From any thread."""
        known, now = self._known, {}
        rows: list[Row] = []
        for record in records:
            name = key(record)
            kept = known.get(name)
            if kept is None or kept[0] is not record:
                kept = (record, make(record))
            now[name] = kept
            rows.append(kept[1])
        self._known = now
        return rows
