"""The transcript: turns and notices, newest at the bottom, anchored there until the reader scrolls up."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import accumulate

from textual import on
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker

from irisops.commands.chat import Command, Notice
from irisops.commands.text import harmless
from irisops.ui.card import Card, Turn
from irisops.ui.cards.picture import Picture
from irisops.ui.cards.problem import ProblemSection
from irisops.ui.figures import TEXT_LIMIT
from irisops.ui.grid import Grid
from irisops.ui.housekeeping import give_back
from irisops.ui.lines import Lines, wrapped
from irisops.ui.record import Entry

MOST_ROWS = 3_000
"""Height of the transcript above which the oldest turns leave the screen."""

MOST_TURNS = 150
"""Turns and notices on the screen; the oldest of more leave it."""

MOST_WHOLE = 16
"""Cards that hold their rows, to be sorted, searched and opened; older ones become pictures."""

MOST_BYTES = 16_000_000
"""What these cards may hold together, but for the newest, which is whole whatever it holds (see `Card.weight`)."""

MOST_ENTRIES = 500
"""Turns and notices kept for `/save`."""

_LEVELS = {"info": ("·", "$secondary"), "warning": ("!", "$warning"), "error": ("✕", "$error")}


class NoticeLine(Lines):
    """Something that was not asked for but must be known, with its cure."""

    def __init__(self, notice: Notice) -> None:
        super().__init__()
        self.notice = notice

    def lines(self, width: int) -> list[Content]:
        """Glyph, which profile, what, what to do."""
        glyph, style = _LEVELS[self.notice.level]
        where = f"{harmless(self.notice.profile, 24)}: " if self.notice.profile else ""
        text = Content.assemble(
            (f"{glyph} ", f"{style} bold"),
            (where, "bold"),
            (
                harmless(self.notice.message, TEXT_LIMIT),
                style if self.notice.level == "error" else "$foreground",
            ),
        )
        lines = wrapped(text, width, indent=2)
        if self.notice.cure:
            cure = Content.assemble(("  → ", "$accent"), harmless(self.notice.cure, TEXT_LIMIT))
            lines += wrapped(cure, width, indent=4)
        return lines


class Welcome(Lines):
    """What an empty transcript says: how to begin."""

    EXAMPLES = (
        ("who holds my license", "/license"),
        ("show users", "/users"),
        ("give appuser %SQL", "/grant %SQL to appuser"),
        ("help", "/help"),
    )

    def lines(self, width: int) -> list[Content]:
        """A greeting and four things to type."""
        lines = [
            Content.assemble(
                ("✿ ", "$accent"), ("irisops", "$primary bold"), ("  chat with an IRIS instance", "$quiet")
            ),
            Content(""),
            Content("Type a wish in plain words, or a command. Nothing changes before you say yes."),
            Content(""),
        ]
        for plain, slash in self.EXAMPLES:
            lines.append(Content.assemble(("  › ", "$said"), plain.ljust(26), (slash, "$quiet")))
        lines += [Content(""), Content.styled("F1 keys   Ctrl+P all commands   Ctrl+Q quit", "$quiet")]
        return [piece for line in lines for piece in wrapped(line, width, indent=0)]


def _unpaint(widget: Widget) -> None:
    """Forget the painted lines of the turn around a widget; they are painted again when they come into sight."""
    for place in widget.ancestors_with_self:
        if isinstance(place, Turn):
            for each in place.walk_children(with_self=True):
                each.refresh()
            return


class Earlier(Lines):
    """Above the oldest turn: that there were others."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""

    def show(self, left: int, kept: int, *, all_kept: bool) -> None:
        """`left` turns are no longer on the screen; of all, `kept` can be saved."""
        saves = "still writes them all" if all_kept else f"writes the newest {kept:,}"
        self._words = (
            f"{left:,} earlier {'entry has' if left == 1 else 'entries have'} left the screen; /save {saves}."
        )
        self.refresh()

    def lines(self, width: int) -> list[Content]:
        """One sentence."""
        return wrapped(Content.styled(f"↑ {self._words}", "$quiet"), width, indent=2)


class Transcript(VerticalScroll, can_focus=False):
    """Holds the turns. Knows nothing of commands; the app fills it."""

    class ToPrompt(Message):
        """The block cursor left the last card."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self.entries: list[Entry] = []
        self.forgotten = 0
        """Entries before those of `entries`."""
        self.most_rows, self.most_turns = MOST_ROWS, MOST_TURNS
        self.most_whole, self.most_bytes = MOST_WHOLE, MOST_BYTES
        self._left = 0
        self._tidy_due = False
        self._tidying: Worker[None] | None = None
        self._bar_at = 0.0

    def on_mount(self) -> None:
        """Begin with the greeting."""
        self.mount(Welcome())
        self.anchor()
        self.screen.screen_layout_refresh_signal.subscribe(self, self._laid_out, immediate=True)

    # The end

    def page(self, step: int) -> None:
        """Scroll by a screenful; at the end it is followed again."""
        if step < 0:
            self.scroll_page_up(animate=False)
        else:
            self.scroll_page_down(animate=False, on_complete=self._follow_at_end)

    def _follow_at_end(self) -> None:
        if self.scroll_y >= self.max_scroll_y:
            self.anchor()

    def _laid_out(self, _screen: Screen[object]) -> None:
        """An anchored widget moves its scroll bar in a layout without painting it."""
        if self.vertical_scrollbar.position != self._bar_at:
            self._bar_at = self.vertical_scrollbar.position
            self.vertical_scrollbar.refresh()

    # Filling

    def add_turn(self, text: str, command: Command) -> Turn:
        """A new turn at the bottom; its card is filled as replies come."""
        for welcome in self.query(Welcome):
            welcome.remove()
        turn = Turn(text, command, self._now())
        self._keep(turn.entry)
        self.mount(turn)
        self.anchor()
        return turn

    def add_notice(self, notice: Notice) -> None:
        """A line at the bottom."""
        self._keep(Entry(self._now(), notice=notice))
        self.mount(NoticeLine(notice))
        self._tidy_soon()

    def _keep(self, entry: Entry) -> None:
        self.entries.append(entry)
        more = max(0, len(self.entries) - MOST_ENTRIES)
        self.forgotten += more
        del self.entries[:more]

    async def clear(self) -> None:
        """Forget all turns, and give back what they held."""
        self.entries.clear()
        self.forgotten = self._left = 0
        for card in self.cards:
            card.let_go()
        await self.remove_children()
        await self.mount(Welcome())
        self.call_after_refresh(give_back)

    # Growing old

    @on(Card.Changed)
    def _changed(self, event: Card.Changed) -> None:
        event.stop()
        self._tidy_soon()

    def _tidy_soon(self) -> None:
        if not self._tidy_due:
            self._tidy_due = True
            self.call_after_refresh(self._tidy)  # the new heights are known only then

    def _tidy(self) -> None:
        self._tidy_due = False
        if self._tidying is None and (self._too_many() or self._too_old()):
            self._tidying = self.run_worker(self._grow_old(), group="tidy", exit_on_error=False)
        for picture in self.query(Picture):
            if picture.painted and not picture.region.overlaps(self.content_region):
                picture.painted = False
                _unpaint(picture)

    async def _grow_old(self) -> None:
        try:
            if leaving := self._too_many():
                await self._let_leave(leaving)
            while cards := self._too_old():
                await cards[0].grow_old()
                _unpaint(cards[0])
        finally:
            self._tidying = None

    def _too_many(self) -> list[Widget]:
        """The oldest that are to leave the screen: there are too many, or they stand too high."""
        turns = [child for child in self.children if not isinstance(child, Earlier)]
        height = sum(child.outer_size.height for child in turns)
        leaving: list[Widget] = []
        for child in turns[:-1]:
            if height <= self.most_rows and len(turns) - len(leaving) <= self.most_turns:
                break
            if not isinstance(child, Turn) or child.card.is_answered:
                height -= child.outer_size.height
                leaving.append(child)
        return leaving

    async def _let_leave(self, leaving: Sequence[Widget]) -> None:
        for child in leaving:
            if isinstance(child, Turn):
                await child.card.leave()
        await self.remove_children(leaving)
        self._left += len(leaving)
        if not self.query(Earlier):
            await self.mount(Earlier(), before=0)
        self.query_one(Earlier).show(self._left, len(self.entries), all_kept=not self.forgotten)

    def _too_old(self) -> list[Card]:
        """Cards that are to become pictures, oldest first: beyond the budget, and not looked at."""
        window = self.content_region
        whole = [card for card in self.cards if not card.is_picture]
        weights = list(accumulate(card.weight for card in reversed(whole)))
        allowed = max(1, min(self.most_whole, bisect_right(weights, self.most_bytes)))
        return [card for card in whole[:-allowed] if card.may_grow_old and not card.region.overlaps(window)]

    # Live cards

    @property
    def cards(self) -> Sequence[Card]:
        """All cards, oldest first."""
        return list(self.query(Card))

    def freeze_older(self, newest: Card) -> None:
        """Only the newest live card of a command keeps itself fresh; older ones say of when they are."""
        for card in self.cards:
            if card is not newest and card.is_live and card.command.name == newest.command.name:
                card.set_state("frozen")

    def due(self) -> list[Card]:
        """Live cards that can be seen now."""
        window = self.content_region
        return [
            card
            for card in self.cards
            if card.is_live and card.display and card.region.height and card.region.overlaps(window)
        ]

    def set_stale(self, stale: bool) -> None:
        """Mark live cards when the connection is lost, and unmark them when it is back."""
        for card in self.cards:
            if card.is_live or card.stale:
                card.set_stale(stale)

    # The block cursor

    def stops(self) -> list[Widget]:
        """Where the block cursor may halt, oldest first."""
        return [stop for card in self.cards for stop in card.stops()]

    @property
    def selected(self) -> Card | None:
        """The card that has the focus, else None."""
        focused = self.screen.focused
        return next(
            (card for card in self.cards if focused is card or (focused in card.walk_children())), None
        )

    @property
    def current(self) -> Card | None:
        """The card that has the focus, else the newest."""
        cards = self.cards
        return self.selected or (cards[-1] if cards else None)

    def walk(self, step: int) -> None:
        """Move the block cursor by one stop; down from the last goes to the prompt."""
        stops = self.stops()
        focused = self.screen.focused
        if focused in stops:
            place = stops.index(focused) + step
        elif step < 0:
            place = len(stops) - 1
        else:
            place = len(stops)
        if place >= len(stops):
            self.anchor()
            self.post_message(self.ToPrompt())
        elif place >= 0:
            self.release_anchor()
            stops[place].focus()

    @on(Grid.Leave)
    @on(ProblemSection.Leave)
    def _leave(self, event: Grid.Leave | ProblemSection.Leave) -> None:
        event.stop()
        self.walk(event.step)
