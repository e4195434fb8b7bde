"""A table with its notes, the details of a row, and a find line once it is wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from irisops.contract.replies import Reply, Table
from irisops.ui.arrange import MOST_WRAPPED, Row, title, written_as
from irisops.ui.cards.section import Section
from irisops.ui.door import LineInput
from irisops.ui.figures import TEXT_LIMIT, cell
from irisops.ui.grid import Grid
from irisops.ui.lines import Ground, Lines, Picked, note_lines, wrapped
from irisops.ui.links import NO_COMMANDS, Commands

FILTER = "filter the rows   Esc: all of them   Esc, Esc, /: a command"
"""What to do in an empty filter line."""


LEAST_SIDE, MOST_SIDES = 32, 3
"""Cells of a column of details at least, and columns at most."""


class Notes(Lines):
    """The sentences under a table, or in place of an empty one."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.notes: tuple[str, ...] = ()
        self._all = NO_COMMANDS
        self._foreign: list[str] = []
        self.show(table)

    def lines(self, width: int) -> list[Content]:
        """One paragraph per note."""
        return [line for note in self.notes for line in note_lines(note, width, self.commands, self._foreign)]

    def link(self, commands: Commands, table: Table) -> None:
        """Make links of these commands."""
        self._all = commands
        self.show(table)

    def show(self, table: Table) -> None:
        """The notes of a newer table. Those of a long one have no links: its values cannot all be compared."""
        self.commands = self._all if len(table.rows) <= MOST_WRAPPED else NO_COMMANDS
        if self.commands is not NO_COMMANDS:
            self._foreign = [
                value
                for row in table.rows
                for value in row.values()
                if isinstance(value, str) and "/" in value
            ]
        notes = tuple(table.notes) or (() if table.rows else ("Nothing to show.",))
        if notes != self.notes:
            self.notes = notes
            self.refresh(layout=True)
        if self.display is not bool(notes):
            self.display = bool(notes)


class Details(Lines):
    """All values of one row, uncut."""

    def __init__(self) -> None:
        super().__init__()
        self._table: Table | None = None
        self._row: Row = {}
        self.display = False

    def show(self, table: Table, row: Row | None) -> None:
        """Show another row; None hides it."""
        before = len(self.lines(self.content_size.width))
        self._table, self._row = table, row or {}
        self.display = row is not None
        self.refresh(layout=len(self.lines(self.content_size.width)) != before)

    def let_go(self) -> None:
        """Forget the row and its table."""
        self._table, self._row = None, {}

    def lines(self, width: int) -> list[Content]:
        """The values in columns, so that they cover few rows; long ones below."""
        if self._table is None:
            return []
        label_width = max((len(title(column)) for column in self._table.columns), default=0)
        texts = [
            Content.assemble(
                (title(column).ljust(label_width + 2), "$quiet"),
                cell(self._row.get(column.name), written_as(self._table, column), TEXT_LIMIT) or "–",
            )
            for column in self._table.columns
        ]
        side = max(LEAST_SIDE, (width - 2) // MOST_SIDES)
        short = [text for text in texts if text.cell_length < side - 1]
        rows = -(-len(short) // max(1, (width - 2) // side))
        lines = [
            Content.assemble("  ", *(text.truncate(side, pad=True) for text in short[row::rows])).rstrip()
            for row in range(rows)
        ]
        for text in texts:
            if text not in short:
                lines += wrapped(Content.assemble("  ", text), width, indent=label_width + 4)
        return lines


class FindLine(LineInput):
    """Input for words that rows must contain. Enter and Esc go back to the rows; Esc forgets the words."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "forget", "Show all rows", id="find.forget"),
        Binding("down", "submit", "To the rows", show=False, id="find.rows"),
    ]

    def action_forget(self) -> None:
        """Clear and leave."""
        self.value = ""
        self.post_message(self.Submitted(self, "", None))


class TableSection(Ground, Section):
    """Shows a `Table`."""

    DEFAULT_CSS = "TableSection { height: auto; }"

    def __init__(self, reply: Table) -> None:
        super().__init__()
        self._table = reply
        self.grid = Grid(reply)
        self._find: FindLine | None = None
        self._commands = NO_COMMANDS
        self.grid.find_line = self._open_find
        self.grid.display = bool(reply.rows)
        self._notes = Notes(reply)
        self._details = Details()

    def compose(self) -> ComposeResult:
        """Rows, notes."""
        yield self.grid
        yield self._details
        yield self._notes

    def link(self, commands: Commands) -> None:
        """Make links of these commands in the notes; never in cells."""
        self._commands = commands
        self._notes.link(commands, self._table)

    @property
    def reply(self) -> Table:
        """The reply shown."""
        return self._table

    def show(self, reply: Reply) -> None:
        """Show newer rows in the reader's own order and filter."""
        if not isinstance(reply, Table):
            return
        self._table = reply
        self.grid.show_table(reply)
        self._notes.show(reply)
        if self.grid.display is not bool(reply.rows):
            self.grid.display = bool(reply.rows)

    def let_go(self) -> None:
        """Forget the rows."""
        if self._find is not None:
            # A subscription of Textual's Input would keep it alive as long as the screen.
            self._find.screen.text_selection_started_signal.unsubscribe(self._find)
        self._table = replace(self._table, rows=())
        self._details.let_go()
        self.grid.let_go()

    @on(Grid.Detail)
    def _show_details(self, event: Grid.Detail) -> None:
        event.stop()
        row = self.grid.cursor_row if event.wanted else None
        self._details.show(self._table, row)
        self.set_class(row is not None, "-detailed")  # fewer rows, so that both fit
        self.call_after_refresh(self.scroll_visible, animate=False)

    @on(Grid.Moved)
    def _follow(self, event: Grid.Moved) -> None:
        event.stop()
        if self._details.display:
            self._details.show(self._table, self.grid.cursor_row)

    def _open_find(self) -> None:
        """Show the filter line and focus it at once: the next key is on its way."""
        if self._find is None:  # not before: it costs more than the rest of the card
            self._find = FindLine(placeholder=FILTER)
            self.mount(self._find, before=self.grid)
        self._find.display = True
        self.screen.set_focus(self._find)

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        # By the grid itself: a message posted here as its parent would not reach the card.
        self.grid.call_next(self.grid.filter, event.value)

    @on(Input.Submitted)
    def _close_find(self, event: Input.Submitted) -> None:
        event.stop()
        if self._find is None:
            return
        command = self.command_meant(event.value)
        if command:
            self._find.value = ""
        self._find.display = bool(self._find.value)
        if command:
            self.post_message(Picked(command))
        else:
            self.grid.focus()

    def command_meant(self, words: str) -> str:
        """The command that was typed with its slash while the rows had the focus; "" if a row has the words."""
        name = words.split(maxsplit=1)[:1]
        return (
            f"/{words.strip()}" if name and not self.grid.view.rows and self._commands.begins(name[0]) else ""
        )
