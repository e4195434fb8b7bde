"""Last filter before the terminal: for input lines, and for every painted line.

`contract.wording` decides what may be shown. Widgets call it when they make their texts, because replacements take
cells that the layout must know; this filter catches what a widget, or one of Textual's own, did not filter.
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
"""Replaces a control character that takes cells. The layout is fixed, so one without width is dropped."""

MOST_TO_A_CELL = 5
"""Characters: a letter and the marks that `signs` allows."""


class Door(LineFilter):
    """Removes control characters from painted lines without changing their width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - the base class's signature
        """See `LineFilter.apply`. Control segments (Textual's own codes) are passed through."""
        if all(map(_passes, segments)):
            return segments
        return [
            segment if _passes(segment) else Segment(_tame(segment.text), segment.style)
            for segment in segments
        ]


def _passes(segment: Segment) -> bool:
    """Quick check: printable, and without a pile of combining marks."""
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
    """An input without control characters, whether typed, pasted or from a file.

    They are replaced as everywhere else, so that the visible text is what is sent. A masked input keeps its text.
    """

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        password: bool = False,
        max_length: int = 0,
        disabled: bool = False,
        select_on_focus: bool = False,
    ) -> None:
        super().__init__(
            value,
            placeholder=placeholder,
            password=password,
            max_length=max_length,
            disabled=disabled,
            compact=True,
            select_on_focus=select_on_focus,
        )
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        """Called by Textual for every new value."""
        return value if self.password else in_line(value)

    def replace(self, text: str, start: int, end: int) -> None:
        """Also filtered here, because the cursor moves behind the inserted text, which may get longer."""
        super().replace(text if self.password else in_line(text), start, end)

    def action_copy(self) -> None:
        """Copy the selection; without one, Ctrl+C bubbles up and cancels.

        Textual's own input takes Ctrl+C even with nothing to copy. A masked input is never copied.
        """
        if self.password or not self.selected_text:
            raise SkipAction
        super().action_copy()

    def action_cut(self) -> None:
        """Cut the selection, unless masked."""
        if not self.password:
            super().action_cut()
