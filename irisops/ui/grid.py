"""The table widget: paints only visible lines, so 10,000 rows cost what 20 do.

The cursor is kept by row key, so rows may come, go and move under it. A refresh repaints only visible lines that
changed. Rows are sorted and filtered by `irisops.ui.arrange`, on a thread when there are many, and written by
`irisops.ui.row_lines`.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.worker import Worker, WorkerState

from irisops.contract.replies import Table
from irisops.contract.wording import harmless
from irisops.ui.arrange import GAP, Fit, Order, Row, Texts, View, arrange, fit, next_order
from irisops.ui.lines import Onward
from irisops.ui.row_lines import MARK, Parts, header_parts, heading_of, row_parts, tops_of

ON_A_THREAD = 1_500
"""Rows above which sorting and finding are done on a thread."""

MOST_STRIPS = 200
"""Painted lines that are kept: as many as the tallest screen shows."""

SCROLLS = 15
"""Lines of rows that have a scroll bar in a card, by the style sheet."""


class Grid(ScrollView, can_focus=True):
    """Rows of a `Table` under a header line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--header",
        "grid--cursor",
        "grid--row",
        "grid--sorted",
        "grid--quiet",
        "grid--good",
        "grid--warn",
        "grid--bad",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Row up", show=False, id="grid.up"),
        Binding("down", "move(1)", "Row down", show=False, id="grid.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="grid.pageup"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="grid.pagedown"),
        Binding("home", "edge(-1)", "First row", show=False, id="grid.home"),
        Binding("end", "edge(1)", "Last row", show=False, id="grid.end"),
        Binding("enter", "act('enter')", "Open row", show=False, id="grid.enter"),
        Binding("delete", "act('x')", "End or remove what the row shows", show=False, id="grid.end_it"),
        Binding("right", "detail(True)", "All of the row", id="grid.detail"),
        Binding("left", "detail(False)", "Less of the row", show=False, id="grid.less"),
        Binding("ctrl+s", "sort", "Sort by the next column", id="grid.sort"),
        Binding("slash", "find", "Filter rows as you type; Esc leaves", id="grid.find"),
    ]

    class Act(Message):
        """A row action's key was pressed on a row."""

        def __init__(self, grid: Grid, key: str, row: Row) -> None:
            super().__init__()
            self.grid, self.key, self.row = grid, key, row

    class Moved(Message):
        """Another row is under the cursor, or its values changed."""

        def __init__(self, grid: Grid) -> None:
            super().__init__()
            self.grid = grid

    class Detail(Message):
        """Show or hide all values of the row under the cursor."""

        def __init__(self, grid: Grid, *, wanted: bool) -> None:
            super().__init__()
            self.grid, self.wanted = grid, wanted

    class Arranged(Message):
        """Order, filter or rows changed; the card shows them in its border."""

        def __init__(self, grid: Grid) -> None:
            super().__init__()
            self.grid = grid

    class Failed(Message):
        """Arranging the rows failed: a fault of the program."""

        def __init__(self, error: BaseException | None) -> None:
            super().__init__()
            self.error = error

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.view: View = arrange(table)
        self.fits: list[Fit] = []
        self.cursor = 0
        """Row number of the cursor."""
        self.cursor_key = self.view.key(0) if self.view.rows else ""
        self._wish: tuple[Table, Order | None, str] = (table, None, "")
        """The rows, order and filter to show."""
        self.keys_shown: frozenset[str] = frozenset()
        """Printable keys in the card's border: only these act."""
        self.dense = False
        """True if each row takes one line, as in the card at the top."""
        self.find_line: Callable[[], None] | None = None
        """Opens the line for the words to filter by."""
        self._texts = Texts()
        self._needs: dict[str, int] = {}
        self._tops: Sequence[int] = []
        """First line of each row, and the number of all lines; empty if each row takes one line."""
        self._fresh = False
        """True from the focus to the first click, which must not open the row that it marks."""
        self._strips: dict[tuple[str, bool, str], tuple[Row, Sequence[Strip]]] = {}
        self._styles: dict[str, Style] = {}

    # What is shown

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor."""
        return self.view.rows[self.cursor] if self.view.rows else None

    def show_view(self, view: View) -> None:
        """Take a new arrangement. The cursor stays on its row, or where it was if the row is gone."""
        old, number = self.view, self.cursor
        before, height = self._visible_lines(), self.line_count
        if [column.name for column in old.table.columns] != [column.name for column in view.table.columns]:
            self._needs.clear()
        self.view = view
        place = view.place(self.cursor_key, near=number)
        self.cursor = place if place is not None else min(number, max(0, len(view.rows) - 1))
        if place is None:
            self.cursor_key = view.key(self.cursor) if view.rows else ""
        refit = self._fit()
        resized = height != self.line_count
        if resized or refit:
            self._resize()
            self.refresh(layout=resized)
        else:
            self._refresh_changed(before)
        if number != self.cursor and self.has_focus:
            self._reveal()
        self.post_message(self.Arranged(self))
        self.post_message(self.Moved(self))

    # Lines: a row takes one, or several where a cell wraps

    @property
    def line_count(self) -> int:
        """Lines of all rows."""
        return self._tops[-1] if self._tops else len(self.view.rows)

    def _top(self, number: int) -> int:
        return self._tops[number] if self._tops else number

    def _place(self, line: int) -> tuple[int, int]:
        """Row number of a line, and which of the row's lines it is."""
        if not self._tops:
            return line, 0
        number = bisect_right(self._tops, line) - 1
        return number, line - self._tops[number]

    def _places(self) -> list[tuple[int, int]]:
        """Row number and line of the row for each line in sight."""
        first = round(self.scroll_y)
        last = min(self.line_count, first + max(0, self.size.height - 1))
        return [self._place(line) for line in range(first, last)]

    def _visible_lines(self) -> list[tuple[str, Row, int]]:
        return [(self.view.key(number), self.view.rows[number], part) for number, part in self._places()]

    def _refresh_changed(self, before: list[tuple[str, Row, int]]) -> None:
        changed = [
            line
            for line, (old, new) in enumerate(zip(before, self._visible_lines(), strict=False))
            if old != new
        ]
        if changed:
            self.refresh(*(Region(0, line + 1, self.size.width, 1) for line in changed))

    def _fit(self, room: int | None = None) -> bool:
        """Fit the columns; a table with a scroll bar leaves a blank before it. True if anything changed."""
        room = (self.scrollable_content_region.width if room is None else room) - len(MARK)
        long = len(self.view.rows) >= SCROLLS
        changed = self._fit_to(room - long)
        if not long and self.line_count >= SCROLLS:
            changed = self._fit_to(room - 1) or changed
        return changed

    def _fit_to(self, room: int) -> bool:
        fits = fit(self.view, max(1, room), self._needs, wrapping=not self.dense)
        changed = fits != self.fits
        if changed:
            self.fits = fits
            self._strips.clear()
        tops = tops_of(self.view, self.fits)
        changed = changed or tops != self._tops
        self._tops = tops
        return changed

    def _resize(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, self.line_count + 1)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - the base class's signature
        """The header and all rows; the style sheet caps it. Fits the columns first: the next frame shows them."""
        if not self.fits and width > 0:
            self._fit(width - self.scrollbar_gutter.width)
        return self.line_count + 1

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002 - the base class's signature
        """The full width."""
        return container.width

    def on_resize(self) -> None:
        """Fit the columns to the new width."""
        height = self.line_count
        self._fit()
        self._resize()
        self._reveal()
        self.refresh(layout=height != self.line_count)

    def notify_style_update(self) -> None:
        """The theme changed: forget what was painted."""
        super().notify_style_update()
        self._strips.clear()
        self._styles.clear()

    # Painting

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self._styles[name] = self.get_component_rich_style(name)
        return style

    def render_line(self, y: int) -> Strip:
        """A line of the widget: the header, or a line of a row."""
        width = self.size.width
        line = round(self.scroll_y) + y if y else 0
        if line > self.line_count:
            return Strip.blank(width, self.rich_style)
        strip = self._header(width) if line == 0 else self._row_line(line - 1, width)
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(line)) is not None:
            strip = self._selected(strip, *span)
        # Textual asks for the place of a character only where the mouse is; to write it takes twice the painting.
        return strip.apply_offsets(0, line) if self.mouse_hover else strip

    def _row_line(self, line: int, width: int) -> Strip:
        number, part = self._place(line)
        key, row = self.view.key(number), self.view.rows[number]
        here = key == self.cursor_key and self.has_focus
        heading = heading_of(self.view, number)
        cached = self._strips.get((key, here, heading))
        if cached is None or cached[0] != row:
            if len(self._strips) >= MOST_STRIPS:
                self._strips.clear()
            style = "grid--cursor" if here else "grid--row"
            strips = [
                self._painted(parts, width, style)
                for parts in row_parts(self.view, self.fits, number, here=here)
            ]
            cached = self._strips[key, here, heading] = (row, strips)
        return cached[1][part]

    @property
    def rows_in_sight(self) -> int:
        """Number of rows in sight, whole or in part."""
        return len({key for key, _, _ in self._visible_lines()})

    def seen(self) -> list[Parts]:
        """The visible lines without the cursor, for a picture that outlives the rows."""
        rows = [row_parts(self.view, self.fits, number, here=False)[part] for number, part in self._places()]
        return [header_parts(self.view, self.fits), *rows]

    def _painted(self, parts: Iterable[tuple[str, str]], width: int, rest: str) -> Strip:
        segments = [Segment(text, self._style(name)) for text, name in parts]
        return Strip(segments).adjust_cell_length(width, self._style(rest))

    def _header(self, width: int) -> Strip:
        return self._painted(header_parts(self.view, self.fits), width, "grid--header")

    # Text selected with the mouse

    @property
    def allow_select(self) -> bool:
        """The lines are text, like that of any other widget."""
        return True

    def _selected(self, strip: Strip, start: int, end: int) -> Strip:
        """A line with its characters from `start` up to `end` (-1: to its end) in the selection's colours."""
        text = strip.text
        end = len(text) if end == -1 else end
        cuts = [cell_len(text[:start]), cell_len(text[:end]), strip.cell_length]
        before, inside, after = strip.divide(cuts)
        style = self.screen.get_component_rich_style("screen--selection")
        chosen = Strip([Segment(part.text, (part.style or Style()) + style) for part in inside])
        return Strip.join([before, chosen, after])

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text. Lines outside are not written: there may be ten thousand."""
        first = selection.start.y if selection.start is not None else 0
        last = selection.end.y if selection.end is not None else self.line_count
        width = self.size.width
        lines = [
            (self._header(width) if not line else self._row_line(line - 1, width)).text.rstrip()
            if first <= line <= last
            else ""
            for line in range(min(last, self.line_count) + 1)
        ]
        return selection.extract("\n".join(lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002 - the base class's signature
        """Paint it."""
        self.refresh()

    # The cursor

    def _reveal(self) -> None:
        height = max(1, self.size.height - 1)
        first = round(self.scroll_y)
        top = self._top(self.cursor)
        bottom = self._top(self.cursor + 1) if self.view.rows else top + 1
        if top < first:
            self.scroll_to(y=top, animate=False)
        elif bottom > first + height:
            self.scroll_to(y=bottom - height, animate=False)

    def move_to(self, number: int) -> None:
        """Move the cursor to row `number` and scroll to it."""
        if not self.view.rows:
            return
        number = min(max(0, number), len(self.view.rows) - 1)
        first = round(self.scroll_y)
        old = self.cursor
        self.cursor, self.cursor_key = number, self.view.key(number)
        self._reveal()
        self.post_message(self.Moved(self))
        tops = ((self._top(row), self._top(row + 1)) for row in (old, number))
        self.refresh(*(Region(0, top - first + 1, self.size.width, end - top) for top, end in tops))

    def action_move(self, step: int) -> None:
        """A row up or down; beyond the ends to the next card."""
        number = self.cursor + step
        if 0 <= number < len(self.view.rows):
            self.move_to(number)
        else:
            self.post_message(Onward(step))

    def action_page(self, step: int) -> None:
        """A screenful up or down."""
        here = self._top(self.cursor) + step * max(1, self.size.height - 2)
        number, _ = self._place(min(max(0, here), max(0, self.line_count - 1)))
        self.move_to(number if number != self.cursor else self.cursor + step)

    def action_edge(self, step: int) -> None:
        """The first or the last row."""
        self.move_to(0 if step < 0 else len(self.view.rows) - 1)

    def action_act(self, key: str) -> None:
        """Post the row action of `key`; Enter without one shows all of the row."""
        row = self.cursor_row
        if row is None:
            return
        if any(each == key for each, _, _ in self.view.table.actions):
            self.post_message(self.Act(self, key, row))
        elif key == "enter":
            self.action_detail(wanted=True)

    def action_detail(self, wanted: bool) -> None:
        """Show or hide all of the row under the cursor."""
        self.post_message(self.Detail(self, wanted=wanted))

    def action_sort(self) -> None:
        """Sort by the next column."""
        shown = [
            each.column for each in self.fits
        ] or self.view.table.columns  # none fits before the first layout
        if shown:
            self.reorder(next_order(self._wish[1], shown))  # many rows may not be shown as wished yet

    def reorder(self, order: Order | None) -> None:
        """Sort by `order`."""
        self._wish = (self._wish[0], order, self._wish[2])
        self._arrange()

    def let_go(self) -> None:
        """Forget the rows: the table left the screen, but its widgets live until the garbage collection."""
        nothing = replace(self.view.table, rows=())
        self._wish = (nothing, None, "")
        self._texts, self.view = Texts(), arrange(nothing)
        self._strips.clear()

    def filter(self, find: str) -> None:
        """Show the rows that contain `find`."""
        self._wish = (*self._wish[:2], find)
        self._arrange()

    def show_table(self, table: Table) -> None:
        """Show newer rows in the reader's own order and filter."""
        self._wish = (table, *self._wish[1:])
        self._arrange()

    def _arrange(self) -> None:
        """Arrange few rows, or those shown as they came, at once, others on a thread. The newest wish counts."""
        table, order, find = self._wish
        if len(table.rows) <= ON_A_THREAD or (order is None and not find):
            self.workers.cancel_group(self, "arrange")
            self.show_view(arrange(*self._wish, self._texts))
        else:
            self.run_worker(self._arrange_apart(), group="arrange", exclusive=True, exit_on_error=False)

    async def _arrange_apart(self) -> None:
        self.show_view(await asyncio.to_thread(arrange, *self._wish, self._texts))

    @on(Worker.StateChanged)
    def _arranged(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            self.post_message(self.Failed(event.worker.error))

    def action_find(self) -> None:
        """Open the filter line; the search texts of many rows are prepared meanwhile."""
        if self.find_line is None:
            return
        self.find_line()
        if len(self._wish[0].rows) > ON_A_THREAD:
            self.run_worker(self._get_ready(), group="find", exclusive=True, exit_on_error=False)

    async def _get_ready(self) -> None:
        await asyncio.to_thread(self._texts.of, self._wish[0])

    def takes(self, key: str) -> bool:
        """True if a printable key acts here: a row action that the border shows, or the filter."""
        return key != "enter" and self.cursor_row is not None and key in self.keys_shown

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Del is only for rows that can be ended or removed."""
        return (action, parameters) != ("act", ("x",)) or any(
            key == "x" for key, _, _ in self.view.table.actions
        )

    @property
    def row_keys(self) -> list[Binding]:
        """The keys of the row under the cursor, for the list of keys."""
        return [
            Binding(key, f"act({key!r})", harmless(words, 60), id="row.act")
            for key, words, _ in self.view.table.actions
            if self.cursor_row is not None and (key == "enter" or key in self.keys_shown)
        ]

    def on_key(self, event: events.Key) -> None:
        """Run row actions; other keys bubble up."""
        if self.takes(event.key) and event.key != "slash":
            event.stop()
            event.prevent_default()
            self.action_act(event.key)

    def on_focus(self) -> None:
        """Show the cursor."""
        self._fresh = True
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click on the header sorts, on a row marks it, a second one on it opens; a drag only selects text."""
        event.prevent_default()  # Textual selects all of a widget with a double click
        fresh, self._fresh = self._fresh, False
        if self.text_selection is not None:
            return
        if event.y == 0:
            self._sort_at(event.x)
            return
        line = round(self.scroll_y) + event.y - 1
        if line < self.line_count:
            number, _ = self._place(line)
            if number == self.cursor and not fresh:
                self.action_act("enter")
            else:
                self.move_to(number)

    def _sort_at(self, x: int) -> None:
        left = len(MARK)
        order = self.view.shown_order
        for each in self.fits:
            if left <= x < left + each.width + GAP:
                same = order is not None and order.column == each.column.name
                descending = same and order is not None and not order.descending
                self.reorder(Order(each.column.name, descending=descending))
                return
            left += each.width + GAP

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls the transcript unless the table has the focus."""
        if not self.has_focus:
            event.prevent_default()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """See `on_mouse_scroll_down`."""
        if not self.has_focus:
            event.prevent_default()
