"""What the table commands share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

from irisops.contract.chat import Command
from irisops.contract.wording import counted, harmless
from irisops.engine.table_filters import Row, Selection

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


def filter_words(command: Command) -> list[str]:
    """The filter as typed."""
    words = command.args.get("filter", [])
    return list(words) if isinstance(words, list) else [words]


def selection_notes(chosen: Selection, all_rows: int, one: str, many: str = "") -> list[str]:
    """How many are shown of how many, when a filter is at work."""
    if not chosen.described:
        return []
    shown = len(chosen.rows)
    described = harmless(chosen.described, 120)
    if chosen.total == all_rows:
        return (
            [f"The first {shown:,} of {counted(all_rows, one, many)}: {described}"]
            if shown < all_rows
            else []
        )
    if chosen.total == 0:
        return [f"None of {counted(all_rows, one, many)} fits: {described}"]
    cut = f", the first {shown:,} shown" if shown < chosen.total else ""
    return [
        f"{chosen.total:,} of {counted(all_rows, one, many)} fit{'s' if chosen.total == 1 else ''}{cut}: {described}"
    ]
