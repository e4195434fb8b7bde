"""Search in the transcript: the line to type in, finding in a thread, and marking what is on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.containers import Horizontal
from textual.content import Content
from textual.filter import LineFilter
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from irisops.contract.replies import Table
from irisops.ui.arrange import Texts, View
from irisops.ui.card import Turn
from irisops.ui.door import LineInput
from irisops.ui.figures import cell
from irisops.ui.grid import Grid
from irisops.ui.lines import GivenLines
from irisops.ui.old_turn import OldTurn
from irisops.ui.prompt import Mark
from irisops.ui.record import Entry, plain_text
from irisops.ui.transcript import Earlier, NoticeLine, Transcript

MARKED = Style(reverse=True)
NO_TIME = datetime.min.replace(tzinfo=UTC)
"""Of a notice, whose time is not searched."""


class Place(NamedTuple):
    """Something of the transcript to look into: a turn, an old one, a notice; with the tables that it still holds."""

    widget: Widget
    entry: Entry
    tables: Sequence[tuple[Grid, View]] = ()


class Hit(NamedTuple):
    """A place that contains the words; in a table, the row."""

    widget: Widget
    grid: Grid | None = None
    key: str = ""


def hits(places: Sequence[Place], words: str) -> list[Hit]:
    """Everything that contains `words`, case ignored, oldest first. Thread-safe.

    A table's rows count one by one, all other text of an answer once.
    """
    needle = words.casefold()
    found: list[Hit] = []
    for place in places if needle else ():
        held = [view.table.name for _, view in place.tables]
        others = [each for each in place.entry.replies if not (isinstance(each, Table) and each.name in held)]
        titles = [f"{view.table.title} {' '.join(view.table.notes)}" for _, view in place.tables]
        text = "\n".join([plain_text(replace(place.entry, replies=others)), *titles])
        if needle in text.casefold():
            found.append(Hit(place.widget))
        for grid, view in place.tables:
            rows = Texts().of(replace(view.table, rows=view.rows))
            found += [
                Hit(place.widget, grid, key)
                for key, row in zip(view.keys, rows, strict=True)
                if needle in row
            ]
    return found


def places(transcript: Transcript) -> list[Place]:
    """Everything in the transcript, oldest first, as it is now."""
    found: list[Place] = []
    shown: list[Entry] = []
    for child in transcript.children:
        if isinstance(child, NoticeLine):
            found.append(Place(child, Entry(NO_TIME, notice=child.notice)))
        elif isinstance(child, Turn) and child.display:
            tables = [(grid, grid.view) for grid in child.card.query(Grid)]
            found.append(Place(child, replace(child.entry, replies=list(child.entry.replies)), tables))
            shown.append(child.entry)
        elif isinstance(child, OldTurn):
            found.append(Place(child, replace(child.entry)))
            shown.append(child.entry)
    known = {id(entry) for entry in shown}
    gone = [each for each in transcript.entries if each.notice is None and id(each) not in known]
    return [Place(earlier, replace(each)) for earlier in transcript.query(Earlier) for each in gone] + found


def _is_seen(grid: Grid, words: str) -> bool:
    """True if the words, case ignored, are in a cell that is shown whole."""
    row = grid.cursor_row or {}
    texts = (cell(row.get(fit.column.name), fit.kind, fit.width) for fit in grid.fits)
    return any(words.casefold() in text.casefold() for text in texts)


class Highlight(LineFilter):
    """Marks the words in every painted line; reversed, so that they are seen in each theme and without colours."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self._needle = words.lower()

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - the base class's signature
        """See `LineFilter.apply`."""
        text = "".join(segment.text for segment in segments if not segment.control)
        line = text.lower()
        if self._needle not in line or len(line) != len(text):  # a few capitals have longer small letters
            return segments
        cuts: set[int] = set()
        marked: list[range] = []
        start = line.find(self._needle)
        while start >= 0:
            marked.append(range(start, start + len(self._needle)))
            cuts |= {start, start + len(self._needle)}
            start = line.find(self._needle, start + len(self._needle))
        painted: list[Segment] = []
        at = 0
        for segment in segments:
            if segment.control:
                painted.append(segment)
                continue
            end = at + len(segment.text)
            edges = [at, *sorted(cut for cut in cuts if at < cut < end), end]
            for first, last in pairwise(edges):
                inside = any(first in each for each in marked)
                style = (segment.style or Style.null()) + MARKED if inside else segment.style
                painted.append(Segment(segment.text[first - at : last - at], style))
            at = end
        return painted


class SearchLine(LineInput):
    """The words to search for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down,ctrl+f", "step(1)", "The next one", id="search.next"),
        Binding("up,shift+enter", "step(-1)", "The one before", id="search.previous"),
        Binding("escape,ctrl+c", "leave", "Back to the prompt", id="search.leave"),
    ]

    class Stepped(Message):
        """To the next hit, or the one before."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Left(Message):
        """The search is over."""

    def get_line_filters(self) -> Sequence[LineFilter]:
        """The words are marked where they are found, not where they are typed."""
        return [each for each in super().get_line_filters() if not isinstance(each, Highlight)]

    def action_step(self, step: int) -> None:
        """Ask for another hit."""
        self.post_message(self.Stepped(step))

    def action_leave(self) -> None:
        """End the search."""
        self.post_message(self.Left())


class SearchBar(Horizontal):
    """The line above the prompt while somebody searches, with what was found."""

    class Marked(Message):
        """Words to mark on the screen; "" marks nothing."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.marks: list[LineFilter] = [Highlight(words)] if words else []

    class Closed(Message):
        """The search is over."""

    def __init__(self, transcript: Transcript) -> None:
        super().__init__()
        self._transcript = transcript
        self._hits: list[Hit] = []
        self._at = 0
        self._count = GivenLines()
        self.line = SearchLine(placeholder="Search the answers")

    def compose(self) -> ComposeResult:
        """A sign, the words, the count."""
        yield Mark(Content.styled("⌕ ", "$said bold"))
        yield self.line
        yield self._count

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.run_worker(self._search(event.value), group="search", exclusive=True, exit_on_error=False)

    async def _search(self, words: str) -> None:
        self._hits = await asyncio.to_thread(hits, places(self._transcript), words)
        self._at = len(self._hits) - 1
        self.post_message(self.Marked(words))
        if not words:
            self._count.put()
        elif not self._hits:
            self._count.put(Content.styled("nothing found", "$warning"))
        else:
            self._show()

    def _show(self) -> None:
        hit = self._hits[self._at]
        self._transcript.reveal(hit.widget, hit.grid, hit.key)
        if hit.grid is not None and not _is_seen(hit.grid, self.line.value):
            hit.grid.action_detail(
                wanted=True
            )  # the words are in a column that is cut, or not shown at this width
        where = ""
        if isinstance(hit.widget, Earlier):
            where = "  in an answer that left the screen; /save writes it"
        elif isinstance(hit.widget, OldTurn) and not hit.widget.shows(self.line.value):
            where = "  in rows that the old picture does not show; ^G takes its command"
        self._count.put(Content.styled(f"{self._at + 1:,} of {len(self._hits):,}{where}", "$quiet"))

    @on(SearchLine.Stepped)
    def _stepped(self, event: SearchLine.Stepped) -> None:
        event.stop()
        if not self._hits:
            return
        self._at = (self._at + event.step) % len(self._hits)
        if self._hits[self._at].widget.is_attached:
            self._show()
        else:  # it became a picture, or left the screen
            self.run_worker(
                self._search(self.line.value), group="search", exclusive=True, exit_on_error=False
            )

    @on(SearchLine.Left)
    def _left(self, event: SearchLine.Left) -> None:
        event.stop()
        self.post_message(self.Marked(""))
        self.post_message(self.Closed())
