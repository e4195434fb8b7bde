"""The way out to the terminal: what is typed or put into a line, and every line that is painted, passes here.

`commands.text` decides what may be shown; widgets ask it where they make their words, because a sign takes cells that
a layout must know of. Here is what holds when one of them, or one of Textual's own, did not ask.
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.actions import SkipAction
from textual.color import Color
from textual.filter import LineFilter
from textual.widgets import Input

from irisops.contract.wording import in_line, signs

LACK = "\N{REPLACEMENT CHARACTER}"
"""Stands for a character that acts and takes cells. The layout is done: one that takes none has no place for a sign."""

MOST_TO_A_CELL = 5
"""Characters: a letter and as many marks as `signs` leaves it."""


class Door(LineFilter):
    """Takes what would act on the terminal out of painted lines, at the same width. Harmless lines cost a look."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - the base class's signature
        """See `LineFilter.apply`. Segments that are no text (Textual's own control codes) are not looked at."""
        if all(map(_passes, segments)):
            return segments
        return [
            segment if _passes(segment) else Segment(_tame(segment.text), segment.style)
            for segment in segments
        ]


def _passes(segment: Segment) -> bool:
    """Printable, and no pile of combining marks; looking closer at each line of a border would take its time."""
    text, _, control = segment
    if control:
        return True
    return text.isprintable() and (text.isascii() or len(text) <= MOST_TO_A_CELL * segment.cell_length)


def _tame(text: str) -> str:
    kept = (
        sign if sign in ("", character) else LACK * cell_len(character)
        for character, sign in zip(text, signs(text), strict=True)
    )
    return set_cell_size("".join(kept), cell_len(text))


class LineInput(Input):
    """An input in which nothing stands that acts on a terminal, however it got there: typed, pasted, from a file.

    What was put in is marked as everywhere else, so what is seen is what is sent. A masked input shows nothing of its
    text and keeps it as it is.
    """

    def validate_value(self, value: str) -> str:
        """Textual asks this for every new value."""
        return value if self.password else in_line(value)

    def replace(self, text: str, start: int, end: int) -> None:
        """Here as well, because the cursor goes behind what was put in, and a sign may be longer."""
        super().replace(text if self.password else in_line(text), start, end)

    def action_copy(self) -> None:
        """Copy the selection; with none, Ctrl+C goes on to what surrounds this line and cancels there.

        Textual's own input takes Ctrl+C even with nothing to copy. A masked one gives nothing away.
        """
        if self.password or not self.selected_text:
            raise SkipAction
        super().action_copy()

    def action_cut(self) -> None:
        """Cut the selection, but never what is masked."""
        if not self.password:
            super().action_cut()
