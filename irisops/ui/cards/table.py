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
from irisops.ui.arrange import Row, title, written_as
from irisops.ui.cards.section import Section
from irisops.ui.door import LineInput
from irisops.ui.figures import NOTE_LIMIT, TEXT_LIMIT, cell
from irisops.ui.grid import Grid
from irisops.ui.lines import Ground, Lines, item, wrapped


class Notes(Lines):
    """The sentences under a table."""

    def __init__(self, notes: tuple[str, ...]) -> None:
        super().__init__()
        self.notes = notes

    def lines(self, width: int) -> list[Content]:
        """One paragraph per note."""
        return [line for note in self.notes for line in item("·", "$accent", note, width, NOTE_LIMIT)]

    def show(self, notes: tuple[str, ...]) -> None:
        """Replace them."""
        if notes != self.notes:
            self.notes = notes
            self.display = bool(notes)
            self.refresh(layout=True)


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
        """A line or more per column."""
        if self._table is None:
            return []
        lines: list[Content] = []
        label_width = max((len(title(column)) for column in self._table.columns), default=0)
        for column in self._table.columns:
            value = cell(self._row.get(column.name), written_as(self._table, column), TEXT_LIMIT) or "–"
            text = Content.assemble(("  " + title(column).ljust(label_width + 2), "$quiet"), value)
            lines += wrapped(text, width, indent=label_width + 4)
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
        self._notes = Notes(tuple(reply.notes))
        self._notes.display = bool(reply.notes)
        self._details = Details()
        self._empty = Notes(("Nothing to show.",))
        self._empty.display = not reply.rows

    def compose(self) -> ComposeResult:
        """Rows, notes."""
        yield self.grid
        yield self._details
        yield self._empty
        yield self._notes

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
        self._notes.show(tuple(reply.notes))
        if self._empty.display is bool(reply.rows):
            self._empty.display = not reply.rows

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

    @on(Grid.Find)
    async def _open_find(self) -> None:
        if self._find is None:  # not before: it costs more than the rest of the card
            self._find = FindLine(placeholder="find rows")
            await self.mount(self._find, before=self.grid)
        self._find.display = True
        self._find.focus()

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        self.grid.filter(event.value)

    @on(Input.Submitted)
    def _close_find(self, event: Input.Submitted) -> None:
        event.stop()
        if self._find is not None:
            self._find.display = bool(self._find.value)
        self.grid.focus()
