"""Replies as text for the clipboard: the text and the JSON of `irisops run`, and tables as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from irisops.contract.replies import Cell, Reply, Table
from irisops.contract.wording import harmless, harmless_lines
from irisops.engine import reply_json, reply_text

ACTS = ("=", "+", "-", "@")
"""First signs of a text that a spreadsheet would compute."""
LONGEST = 32_000
"""Characters of one cell; spreadsheets take no more."""


def written(replies: Sequence[Reply], way: str, focused: Reply | None = None) -> str:
    """An answer as `text`, `json` or `csv`. CSV is of one table: the focused one, else the first with rows.

    Blocks (passes, new passwords) are not for this: their answers are copied part by part.
    """
    if way == "json":
        return "\n".join(line for reply in replies if (line := reply_json.line(reply)))
    if way == "csv":
        tables = [each for each in replies if isinstance(each, Table) and each.rows]
        chosen = focused if isinstance(focused, Table) and focused.rows else tables[0]
        return as_csv(chosen)
    return harmless_lines("\n\n".join(text for reply in replies if (text := reply_text.text(reply))))


def as_csv(table: Table) -> str:
    """All columns and rows under their public names. Text of an instance is kept from acting in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [column.name for column in table.columns]
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in table.rows)
    return text.getvalue()


def _cell(raw: Cell) -> str | int | float:
    value = reply_json.value(raw)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    shown = harmless(", ".join(map(str, value)) if isinstance(value, list) else value, LONGEST)
    return f"'{shown}" if shown.startswith(ACTS) else shown
