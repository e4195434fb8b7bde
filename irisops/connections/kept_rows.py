"""Rows of a repeatedly shown table, kept as long as their record is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

from irisops.contract.replies import Row

Record = TypeVar("Record")


class KeptRows(Generic[Record]):
    """Rows by record: an identical record keeps its row.

    So of ten thousand rows only the thousand that changed are made anew, and the screen recognises the others.
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
