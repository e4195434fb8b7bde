"""About how much memory a reply holds: to decide which cards stay whole, not to account for each byte."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from irisops.commands.replies import Facts, Plan, Reply, Series, Table

SECTION_BYTES = 100_000
"""Of the widgets of one section (measured: a table's are the most)."""
ROW_BYTES = 250
CELL_BYTES = 60
"""A value without its characters, and its place in the row."""
SAMPLE = 100
"""Rows whose characters are counted; the others are taken to be like them."""


def weight_of(reply: Reply) -> int:
    """Bytes, by rule of thumb: within a factor of two or so."""
    match reply:
        case Table():
            return len(reply.rows) * (_row_bytes(reply.rows) + ROW_BYTES) + _text_bytes(reply.notes)
        case Series():
            return len(reply.times) * CELL_BYTES * (1 + len(reply.lines))
        case Facts():
            texts = [*reply.facts.values(), *reply.notes, *reply.blocks.values()]
            return _text_bytes(texts) + CELL_BYTES * (len(texts) + len(reply.series))
        case Plan():
            return _text_bytes(
                [*reply.effects, *reply.warnings, *(row for code in reply.calls.values() for row in code)]
            )
        case _:
            return 0


def _row_bytes(rows: Sequence[Mapping[str, object]]) -> int:
    """Of a row's cells, on average."""
    looked_at = rows[:: max(1, len(rows) // SAMPLE)]
    total = sum(CELL_BYTES * len(row) + _text_bytes(row.values()) for row in looked_at)
    return total // max(1, len(looked_at))


def _text_bytes(values: Iterable[object]) -> int:
    return sum(
        len(value)
        if isinstance(value, str)
        else CELL_BYTES * len(value)
        if isinstance(value, (list, dict))
        else 0
        for value in values
    )
