"""The one-line input that all lines of this program are: Ctrl+C copies a selection, else it goes on and cancels."""

from __future__ import annotations

from textual.actions import SkipAction
from textual.widgets import Input


class OneLine(Input):
    """Textual's own takes Ctrl+C even with nothing to copy, so that it never cancelled. A masked one gives nothing."""

    def action_copy(self) -> None:
        """Copy the selection; with none, Ctrl+C is for whoever is around this line."""
        if self.password or not self.selected_text:
            raise SkipAction
        super().action_copy()

    def action_cut(self) -> None:
        """Cut the selection, but never what is masked."""
        if not self.password:
            super().action_cut()
