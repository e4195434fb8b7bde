"""Picture of an old turn: one widget with the lines that its card showed, without the rows behind them.

A turn with a table is a dozen widgets, its rows, and the lines that Textual keeps of each: a megabyte and more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Input

from irisops.contract.secret_words import without_secrets
from irisops.contract.wording import counted, harmless
from irisops.ui.card import Turn
from irisops.ui.figures import TEXT_LIMIT
from irisops.ui.grid import Grid
from irisops.ui.keys import CARD_KEYS
from irisops.ui.lines import Lines
from irisops.ui.row_lines import Parts

Line = Content | Parts

_PLAIN = ("╭", "─", "╮"), "│", ("╰", "─", "╯")
_FOCUSED = ("┏", "━", "┓"), "┃", ("┗", "━", "┛")
"""Parts of a frame: top, side, bottom."""


class OldTurn(Lines, can_focus=True):
    """The lines of a turn as they were; cut on a narrower screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter,ctrl+s,right",
            "app.reuse",
            "An old picture: its command into the prompt",
            id="card.again",
        ),
        *(each for each in CARD_KEYS if isinstance(each, Binding) and each.id != "card.reuse"),
    ]

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        card = turn.card
        self.entry, self.command = turn.entry, card.command
        self._said = turn.said.lines(turn.said.content_size.width)
        self._title = card.headline()
        self._failed = card.has_class("-failed")
        self._folded = card.folded
        body = [line for part in card.children for line in _seen(part)][: card.content_size.height]
        self._body: list[Line] = [line if isinstance(line, Content) else _joined(line) for line in body] + [
            Content("")
        ] * (card.content_size.height - len(body))
        grids = [grid for grid in card.query(Grid) if grid.view.count]
        self._shown = sum(grid.rows_in_sight for grid in grids)
        self._rows = sum(grid.view.table.total or grid.view.count for grid in grids)

    def shows(self, words: str) -> bool:
        """True if the words, case ignored, can be seen in it."""
        lines = "\n".join(line.plain for line in self.lines(self.content_size.width))
        return words.casefold() in lines.casefold()

    def stops(self) -> list[Widget]:
        """Stops of the block cursor: the whole picture."""
        return [self]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - the base class's signature
        """The height of the turn."""
        return len(self._said) + len(self._body) + (1 if self._folded else 2)

    def lines(self, width: int) -> Iterable[Content]:
        """The typed line, then the card in its frame."""
        yield from (line.truncate(width, ellipsis=True) for line in self._said)
        color = "$primary" if self.has_focus else "$error" if self._failed else "$line"
        top, side, bottom = _FOCUSED if self.has_focus else _PLAIN
        # A line that was not understood stands above alone, as in the card.
        command = [Content.styled(self._again, "$quiet")] if self.command.slash else []
        yield _edge(top, color, width, self._title, *command)
        if self._folded:
            return
        room = max(1, width - 4)
        for line in self._body:
            text = line if isinstance(line, Content) else Content.assemble(*map(self._styled, line))
            yield Content.assemble(
                (f"{side} ", color), text.truncate(room, ellipsis=True, pad=True), (f" {side}", color)
            )
        yield _edge(bottom, color, width, Content.styled(self._subtitle(), "$quiet"))

    def _styled(self, part: tuple[str, str]) -> tuple[str, Style]:
        """A piece of a table's line. The transcript lends the colours: as component classes of each picture they
        would take 50 KB of it, for a hundred pictures more than their text.
        """
        text, name = part
        place = self.parent if isinstance(self.parent, Widget) else self
        return text, place.get_visual_style(name)

    @property
    def _again(self) -> str:
        return harmless(without_secrets(self.command.slash or self.command.text), 200)

    def _subtitle(self) -> str:
        if self.has_focus:
            return f"an old picture · ↵ takes {self._again} into the prompt"
        if self._rows:
            return f"an old picture · {self._shown:,} of {counted(self._rows, 'row')}"
        return "an old picture"

    def on_focus(self) -> None:
        """Show what Enter does."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide it."""
        self.refresh()


def _joined(line: Parts) -> Parts:
    """The same line in fewer pieces: those of one colour are one, and blanks have no colour. 7 KB less a table."""
    joined: Parts = []
    for text, name in line:
        if joined and (name == joined[-1][1] or text.isspace()):
            joined[-1] = joined[-1][0] + text, joined[-1][1]
        else:
            joined.append((text, name))
    return joined


def _edge(
    corners: tuple[str, str, str], color: str, width: int, left: Content, right: Content | None = None
) -> Content:
    """A line of the frame, `width` cells wide, with words in it; those at the right only if there is room."""
    first, line, last = corners
    left = left.truncate(max(1, width - 6), ellipsis=True)
    fill = max(1, width - 5 - left.cell_length)
    parts: list[Content | tuple[str, str]] = [(f"{first}{line} ", color), left, (" ", "")]
    if right is not None and right.cell_length + 6 <= fill:
        parts += [(f"{line * (fill - right.cell_length - 5)} ", color), right, (f" {line * 3}", color)]
    else:
        parts.append((line * fill, color))
    return Content.assemble(*parts, (last, color))


def _seen(part: Widget) -> Iterable[Line]:
    if not part.display:
        return []
    return [*[Content("")] * part.styles.margin.top, *_lines_of(part)]


def _lines_of(part: Widget) -> Iterable[Line]:
    if isinstance(part, Grid):
        return part.seen()
    if isinstance(part, Lines):
        return list(part.lines(part.content_size.width)) or [Content("")]
    if isinstance(part, Input):
        return [Content(f"  {harmless(part.value, TEXT_LIMIT)}")]
    return [line for child in part.children for line in _seen(child)]
