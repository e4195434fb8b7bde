"""Values over time, drawn with braille dots: two columns and four rows of dots to a cell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from irisops.contract.replies import Series
from irisops.contract.wording import harmless
from irisops.ui.cards.section import LinesSection
from irisops.ui.figures import NOTE_LIMIT, cell, local
from irisops.ui.lines import item

HEIGHT = 8
"""Rows of a plot, without the line of times."""
HEADROOM = 1.1
"""Room above the largest value if there is no limit."""

_BRAILLE = 0x2800
# The dot of (column, row) within a cell, row 0 at the top.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_STYLES = ("$primary", "$secondary", "$accent", "$warning")


def columns_of(times: Sequence[datetime], values: Sequence[float | None], columns: int) -> list[float | None]:
    """One value per dot column over the span of `times`: the greatest that falls into it, else the one before.

    A gap of the readings (None) stays a gap.
    """
    if not times or columns <= 0:
        return []
    start = times[0]
    span = (times[-1] - start).total_seconds()
    found: list[float | None] = [None] * columns
    filled = [False] * columns
    for at, value in zip(times, values, strict=True):
        share = (at - start).total_seconds() / span if span > 0 else 1.0
        place = min(columns - 1, max(0, round(share * (columns - 1))))
        held = found[place]
        if value is not None and (held is None or value > held):
            found[place] = value
        filled[place] = True
    last: float | None = None
    for place in range(columns):
        if filled[place]:
            last = found[place]
        else:
            found[place] = last
    return found


def drawn(heights: Sequence[float | None], top: float, rows: int) -> list[str]:
    """The area under the values, which are 0 to `top`: `rows` strings, the uppermost first."""
    cells = [[0] * ((len(heights) + 1) // 2) for _ in range(rows)]
    dots = rows * 4
    for column, value in enumerate(heights):
        if value is None:
            continue
        level = min(dots, max(1, round(value / top * dots))) if top > 0 else 1
        for dot in range(level):
            row, inner = divmod(dots - 1 - dot, 4)
            cells[row][column // 2] |= _DOTS[column % 2][inner]
    return ["".join(chr(_BRAILLE + code) if code else " " for code in row) for row in cells]


def plot_lines(series: Series, width: int, height: int = HEIGHT) -> list[Content]:
    """The plot for a card of `width` cells: scale at the left, the limit as a line across, times below."""
    known = [value for values in series.lines.values() for value in values if value is not None]
    if not known or not series.times:
        return [Content.styled("nothing was read yet", "$quiet")]
    top = max(max(known) * HEADROOM, 1.0)
    if series.limit and series.limit <= top * 4:
        top = max(top, series.limit)
    scale = max(len(_figure(each)) for each in (top, top / 2, series.limit or 0))
    room = max(4, width - scale - 2)
    lines: list[Content] = []
    for number, (name, values) in enumerate(series.lines.items()):
        if len(series.lines) > 1:
            lines.append(Content.styled(harmless(name, 40), f"{_STYLES[number % len(_STYLES)]} bold"))
        lines += _one(series, values, top, (scale, room, height), _STYLES[number % len(_STYLES)])
    first, last = (f"{local(at):%H:%M:%S}" for at in (series.times[0], series.times[-1]))
    gap = room - len(first) - len(last)
    under = f"{first}{' ' * gap}{last}" if gap > 0 else last[:room]
    lines.append(Content.assemble(" " * (scale + 2), (under, "$quiet")))
    return lines


def _one(
    series: Series, values: Sequence[float | None], top: float, size: tuple[int, int, int], style: str
) -> list[Content]:
    scale, room, height = size
    rows = drawn(columns_of(series.times, values, room * 2), top, height)
    rule = None
    if series.limit and series.limit <= top:
        rule = min(height - 1, max(0, height - 1 - int(series.limit / top * height - 1e-9)))
    lines = []
    for number, row in enumerate(rows):
        value = top * (height - number) / height
        label = _figure(value) if number in (0, height // 2) else "0" if number == height - 1 else ""
        if number == rule and series.limit:
            label = _figure(series.limit)
            body = "".join("┄" if character == " " else character for character in row.ljust(room))
        else:
            body = row.ljust(room)
        lines.append(Content.assemble((label.rjust(scale), "$quiet"), (" │", "$quiet"), (body, style)))
    return lines


def _figure(value: float) -> str:
    return cell(round(value)) if value >= 10 else cell(round(value, 1))


class PlotSection(LinesSection[Series]):
    """Shows `Series`."""

    def lines(self, width: int) -> list[Content]:
        """The plot, then the notes."""
        notes = [line for note in self.reply.notes for line in item("·", "$accent", note, width, NOTE_LIMIT)]
        return plot_lines(self.reply, width) + notes
