"""The lines of a table as pieces of text. Pure; `irisops.ui.grid` paints them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from rich.cells import cell_len, set_cell_size

from irisops.contract.wording import harmless
from irisops.ui.arrange import GAP, Fit, View, title

MARK = "▸ "
"""Mark of the row under the cursor, for screens without colour."""

Parts = list[tuple[str, str]]
"""A line: pieces of text, each with the component class of the grid that colours it."""


def heading_of(view: View, number: int) -> str:
    """The name of the group that begins with a row; in the reader's own order there are no groups."""
    name, rows = view.table.group, view.rows
    if not name or view.order is not None:
        return ""
    group = rows[number].get(name)
    return harmless(group, 60) if number == 0 or group != rows[number - 1].get(name) else ""


def tops_of(view: View, fits: Sequence[Fit]) -> Sequence[int]:
    """First line of each row, and the number of all lines; empty if each row takes one line."""
    wrapping = [each for each in fits if each.most > 1]
    if not wrapping and not view.table.group:
        return []
    heights = [
        max([1, *(len(each.lines(row)) for each in wrapping)]) + bool(heading_of(view, number))
        for number, row in enumerate(view.rows)
    ]
    return [0, *accumulate(heights)] if any(height > 1 for height in heights) else []


def header_parts(view: View, fits: Sequence[Fit]) -> Parts:
    """The line of the headings; the one that the rows are sorted by has an arrow."""
    parts = [(" " * len(MARK), "grid--header")]
    order = view.shown_order
    for place, each in enumerate(fits):
        words, style = title(each.column), "grid--header"
        if order is not None and order.column == each.column.name:
            words, style = f"{words}{'▼' if order.descending else '▲'}", "grid--sorted"
        if place:
            parts.append((" " * GAP, "grid--header"))
        parts.append((_aligned(words, each), style))
    return parts


def row_parts(view: View, fits: Sequence[Fit], number: int, *, here: bool) -> list[Parts]:
    """The lines of a row, under the heading of its group if it begins one; with the cursor if that is `here`."""
    row, heading = view.rows[number], heading_of(view, number)
    style = "grid--cursor" if here else "grid--row"
    quiet = style if here else "grid--quiet"
    cells = [each.lines(row) for each in fits]
    lines: list[Parts] = [[(heading, "grid--sorted")]] if heading else []
    for part in range(max(map(len, cells), default=1)):
        parts = [(MARK if here and not part else " " * len(MARK), style)]
        for place, (each, texts) in enumerate(zip(fits, cells, strict=True)):
            if place:
                parts.append((" " * GAP, style))
            tone = each.column.tones.get(texts[0]) if not here else None
            usual = style if place == 0 or here else quiet
            text = texts[part] if part < len(texts) else ""
            parts.append((_aligned(text, each), f"grid--{tone}" if tone else usual))
        lines.append(parts)
    return lines


def _aligned(text: str, each: Fit) -> str:
    """Cut or padded to the width; numbers at the right. A cut is shown by `…`."""
    length = cell_len(text)
    if length > each.width:
        return set_cell_size(text, each.width - 1) + "…"
    space = " " * (each.width - length)
    return space + text if each.column.kind in ("number", "duration") else text + space
