"""The transcript: turns and notices, newest at the bottom, anchored there until the reader scrolls up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from textual import on
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from irisops.contract.chat import Command, Notice
from irisops.contract.wording import harmless
from irisops.ui.card import Card, Turn
from irisops.ui.cards.facts import FactsSection
from irisops.ui.cards.problem import ProblemSection
from irisops.ui.figures import TEXT_LIMIT
from irisops.ui.grid import Grid
from irisops.ui.lines import Lines, wrapped
from irisops.ui.record import Entry

MOST_ROWS = 3_000
"""Height of the transcript above which the oldest turns are dropped from the screen."""

MOST_ENTRIES = 500
"""Turns kept for `/save`."""

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


class Transcript(VerticalScroll, can_focus=False):
    """Holds the turns. Knows nothing of commands; the app fills it."""

    class ToPrompt(Message):
        """The block cursor left the last card."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self.entries: list[Entry] = []
        self.most_rows = MOST_ROWS
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

    def _keep(self, entry: Entry) -> None:
        self.entries.append(entry)
        del self.entries[:-MOST_ENTRIES]

    async def clear(self) -> None:
        """Forget all turns."""
        self.entries.clear()
        await self.remove_children()
        await self.mount(Welcome())

    @on(Card.Changed)
    def _changed(self, event: Card.Changed) -> None:
        event.stop()
        self.call_after_refresh(self._prune)  # the new heights are known only then

    def _prune(self) -> None:
        height = sum(child.outer_size.height for child in self.children)
        for child in list(self.children)[:-1]:
            if height <= self.most_rows:
                break
            height -= child.outer_size.height
            child.remove()

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
    @on(FactsSection.Leave)
    def _leave(self, event: Grid.Leave | ProblemSection.Leave | FactsSection.Leave) -> None:
        event.stop()
        self.walk(event.step)
