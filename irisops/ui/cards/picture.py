"""What is left of an old card: the lines that it showed, without the rows and readings behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from irisops.commands.text import harmless
from irisops.ui.figures import TEXT_LIMIT
from irisops.ui.grid import Grid
from irisops.ui.lines import Lines

MOST_LINES = 120
"""Lines kept of one card."""


class Picture(Lines):
    """Lines as they stood; on a narrower screen they are cut."""

    def __init__(self, lines: Sequence[Content]) -> None:
        super().__init__()
        self._lines = lines
        self.painted = False
        """Whether it was on the screen: what Textual keeps of that is many times the lines."""

    def lines(self, width: int) -> list[Content]:
        """The lines of then."""
        return [line.truncate(width, ellipsis=True) for line in self._lines]

    def render(self) -> Content:
        """The lines, joined."""
        self.painted = True
        return super().render()


def picture_of(parts: Iterable[Widget], command: str) -> Picture:
    """What these parts of a card show now. `command` is named where they are too long to be kept whole."""
    lines = [line for part in parts for line in _seen(part)]
    if len(lines) > MOST_LINES:
        more = len(lines) - MOST_LINES + 1
        words = f"… and {more:,} more lines that are no longer kept: {harmless(command, 200)} shows them anew"
        lines[MOST_LINES - 1 :] = [Content.styled(words, "$quiet")]
    return Picture(lines)


def _seen(part: Widget) -> Iterable[Content]:
    if not part.display:
        return []
    if isinstance(part, Grid):
        return part.seen()
    if isinstance(part, Lines):
        return list(part.lines(part.content_size.width)) or [Content("")]
    if isinstance(part, Input):
        return [Content(f"  {harmless(part.value, TEXT_LIMIT)}")]
    return [line for child in part.children for line in _seen(child)]
