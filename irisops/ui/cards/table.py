"""A table with its notes and, while the person looks for something, a find line."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from irisops.commands.replies import Reply, Table
from irisops.commands.text import harmless
from irisops.ui.cards.section import Section
from irisops.ui.figures import NOTE_LIMIT
from irisops.ui.grid import Grid
from irisops.ui.lines import Lines, wrapped


class Notes(Lines):
    """The sentences under a table."""

    def __init__(self, notes: tuple[str, ...]) -> None:
        super().__init__()
        self.notes = notes

    def lines(self, width: int) -> list[Content]:
        """One paragraph per note."""
        lines: list[Content] = []
        for note in self.notes:
            lines += wrapped(Content.assemble(("· ", "$accent"), harmless(note, NOTE_LIMIT)), width, indent=2)
        return lines

    def show(self, notes: tuple[str, ...]) -> None:
        """Replace them."""
        if notes != self.notes:
            self.notes = notes
            self.display = bool(notes)
            self.refresh(layout=True)


class FindLine(Input):
    """The words that rows must contain. Enter and Esc go back to the rows; Esc forgets the words."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "forget", "Show all rows", id="find.forget"),
        Binding("down", "submit", "To the rows", show=False, id="find.rows"),
    ]

    def action_forget(self) -> None:
        """Clear and leave."""
        self.value = ""
        self.post_message(self.Submitted(self, "", None))


class TableSection(Section):
    """Shows a `Table`."""

    DEFAULT_CSS = "TableSection { height: auto; }"

    def __init__(self, reply: Table) -> None:
        super().__init__()
        self._table = reply
        self.grid = Grid(reply)
        self._find = FindLine(placeholder="find rows", compact=True, classes="find")
        self._find.cursor_blink = False
        self._find.display = False
        self._notes = Notes(tuple(reply.notes))
        self._notes.display = bool(reply.notes)
        self._empty = Notes(("Nothing to show.",))
        self._empty.display = not reply.rows

    def compose(self) -> ComposeResult:
        """Find line, rows, notes."""
        yield self._find
        yield self.grid
        yield self._empty
        yield self._notes

    @property
    def reply(self) -> Table:
        """What is shown."""
        return self._table

    def show(self, reply: Reply) -> None:
        """Show newer rows in the reader's own order and filter."""
        if not isinstance(reply, Table):
            return
        self._table = reply
        self.grid.show_table(reply)
        self._notes.show(tuple(reply.notes))
        if self._empty.display is bool(reply.rows):
            self._empty.display = not reply.rows

    @on(Grid.Find)
    def _open_find(self) -> None:
        self._find.display = True
        self._find.focus()

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        self.grid.filter(event.value)

    @on(Input.Submitted)
    def _close_find(self, event: Input.Submitted) -> None:
        event.stop()
        self._find.display = bool(self._find.value)
        self.grid.focus()
