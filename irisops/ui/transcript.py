"""The transcript: turns and notices, newest at the bottom, anchored there until the reader scrolls up."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from datetime import datetime
from weakref import WeakSet

from textual import on
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker

from irisops.contract.chat import Command, Notice, Overview
from irisops.contract.wording import harmless
from irisops.ui.card import Card, Turn
from irisops.ui.figures import TEXT_LIMIT
from irisops.ui.grid import Grid
from irisops.ui.lines import Ground, Lines, Onward, wrapped
from irisops.ui.links import NO_COMMANDS, Commands, linked
from irisops.ui.old_turn import OldTurn
from irisops.ui.record import Entry, packed_text
from irisops.ui.welcome import Welcome

MOST_ROWS = 1_000
"""Rows of the transcript above which the oldest turns leave the screen."""

MOST_TURNS = 40
"""Turns and notices on the screen; the oldest of more leave it."""

MOST_WHOLE = 6
"""Cards that hold their rows, for sorting, searching and opening; older ones become pictures."""

MOST_TABLE_ROWS = 2_000
"""Table rows that these cards hold together; the newest card stays whole even beyond."""

MOST_ENTRIES = 500
"""Turns and notices kept for `/save`."""

MOST_SAVED = 600_000
"""Bytes of compressed text kept for `/save` of turns that are no longer whole."""

FRESH = "-fresh"
"""Class while nothing but the first screen is shown."""

_LEVELS = {"info": ("·", "$secondary"), "warning": ("!", "$warning"), "error": ("✕", "$error")}


class NoticeLine(Lines):
    """A notice with its cure."""

    def __init__(self, notice: Notice) -> None:
        super().__init__()
        self.notice = notice

    def lines(self, width: int) -> list[Content]:
        """Glyph, profile unless the message begins with it, message, cure."""
        glyph, style = _LEVELS[self.notice.level]
        profile = self.notice.profile
        said = self.notice.message.startswith((f"{profile} ", f"{profile}:"))
        where = "" if said or not profile else f"{harmless(profile, 24)}: "
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
            cure = Content.assemble(
                ("  → ", "$accent"), linked(Content(harmless(self.notice.cure, TEXT_LIMIT)), self.commands)
            )
            lines += wrapped(cure, width, indent=4)
        return lines


class Earlier(Lines):
    """Line above the oldest turn: the number of earlier ones."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""

    def show(self, left: int, kept: int, *, all_kept: bool) -> None:
        """`left` is the number of turns that left the screen, `kept` the number that can be saved."""
        saves = "still writes them all" if all_kept else f"writes the newest {kept:,}"
        self._words = (
            f"{left:,} earlier {'entry has' if left == 1 else 'entries have'} left the screen; /save {saves}."
        )
        self.refresh()

    def lines(self, width: int) -> list[Content]:
        """One sentence."""
        return wrapped(Content.styled(f"↑ {self._words}", "$quiet"), width, indent=2)


class Transcript(Ground, VerticalScroll, can_focus=False):
    """Holds the turns. Knows nothing of commands; the conversation fills it."""

    COMPONENT_CLASSES = Grid.COMPONENT_CLASSES  # for the pictures of tables

    class ToPrompt(Message):
        """The block cursor left the last card."""

    def __init__(
        self,
        now: Callable[[], datetime],
        overview: Callable[[], Overview],
        commands: Callable[[], Commands] = lambda: NO_COMMANDS,
    ) -> None:
        super().__init__()
        self._now = now
        self._overview = overview
        self._welcome: Welcome | None = None
        self._commands = commands
        self.entries: list[Entry] = []
        self.forgotten = 0
        """Entries before those of `entries`."""
        self.most_rows, self.most_turns = MOST_ROWS, MOST_TURNS
        self.most_whole, self.most_table_rows = MOST_WHOLE, MOST_TABLE_ROWS
        self.most_saved = MOST_SAVED
        self._left = 0
        self._tidy_due = False
        self._tidying: Worker[None] | None = None
        self._bar_at = 0.0
        self._painted: WeakSet[Widget] = WeakSet()
        """Turns that were in sight."""

    def on_mount(self) -> None:
        """Show the first screen."""
        self._greet()
        self.screen.screen_layout_refresh_signal.subscribe(self, self._laid_out, immediate=True)

    def _greet(self) -> None:
        self._welcome = Welcome(self._overview())
        self._alone(alone=True)
        self.mount(self._welcome)

    def _alone(self, *, alone: bool) -> None:
        """The first screen stands in the middle; an anchor would pull it down."""
        self.set_class(alone, FRESH)
        self.anchor(not alone)

    def renew_welcome(self, overview: Overview) -> None:
        """Show a newer state on the first screen, if it is shown."""
        if self._welcome is not None:
            self._welcome.show(overview)

    def end_welcome(self) -> None:
        """Remove the first screen: somebody has begun."""
        if self._welcome is not None:
            self._welcome.remove()
            self._welcome = None
            self._alone(alone=False)

    # The end

    def page(self, step: int) -> None:
        """Scroll by a screenful; at the end, follow new turns again."""
        if step < 0:
            self.scroll_page_up(animate=False)
        else:
            self.scroll_page_down(animate=False, on_complete=self._follow_at_end)

    def _follow_at_end(self) -> None:
        if self.scroll_y >= self.max_scroll_y:
            self.anchor()

    def _laid_out(self, _screen: Screen[object]) -> None:
        """Repaint the scroll bar, which a layout of an anchored widget moves without painting it."""
        if self.vertical_scrollbar.position != self._bar_at:
            self._bar_at = self.vertical_scrollbar.position
            self.vertical_scrollbar.refresh()

    # Filling

    def add_turn(self, text: str, command: Command) -> Turn:
        """Add a turn at the bottom; its card is filled as replies come."""
        turn = Turn(text, command, self._now(), self._commands())
        self._keep(turn.entry)
        self._stand(turn)
        self.anchor()
        return turn

    def add_notice(self, notice: Notice) -> None:
        """Add a line at the bottom."""
        self._keep(Entry(self._now(), notice=notice))
        line = NoticeLine(notice)
        line.commands = self._commands()
        if self.has_class(FRESH):
            self._alone(alone=False)
        self._stand(line)
        self._tidy_soon()

    def _stand(self, widget: Widget) -> None:
        if self.is_attached:  # else the app is ending, and Textual takes no widget
            self.mount(widget)

    def _keep(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._forget(len(self.entries) - MOST_ENTRIES)

    def _forget(self, count: int) -> None:
        if count > 0:
            self.forgotten += count
            del self.entries[:count]

    async def drop(self, card: Card) -> None:
        """Remove a turn that came to nothing."""
        for turn in [each for each in self.query_children(Turn) if each.card is card]:
            self.entries = [each for each in self.entries if each is not turn.entry]
            await self._take_off([turn])
        if not self.children:
            self._greet()

    async def clear(self) -> None:
        """Forget all turns and free their memory."""
        self.entries.clear()
        self.forgotten = self._left = 0
        for card in self.cards:
            card.let_go()
        await self._take_off(self.children)
        self._greet()
        self.call_after_refresh(gc.collect)

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
        self._unpaint()
        if self._tidying is None and (self._too_many() or self._too_old()):
            self._tidying = self.run_worker(self._grow_old(), group="tidy", exit_on_error=False)

    def _unpaint(self) -> None:
        """Let go of the painted lines of turns that have left sight, 100 KB each: a refresh empties them."""
        window = self.content_region
        for turn in self.children:
            if turn.region.overlaps(window):
                self._painted.add(turn)
            elif turn in self._painted:
                self._painted.remove(turn)
                for part in turn.walk_children(with_self=True):
                    part.refresh()

    async def _grow_old(self) -> None:
        try:
            while turns := self._too_old():
                await self._put_away(turns[0])
                self._save_less()
            if leaving := self._too_many():
                await self._let_leave(leaving)
        finally:
            self._tidying = None

    async def _put_away(self, turn: Turn) -> None:
        """Replace a turn by a picture, and its replies by their text."""
        entry, replies = turn.entry, turn.entry.replies
        packed = await asyncio.to_thread(packed_text, entry)
        if entry.replies is not replies or not _is_at_rest(turn) or not self.is_attached:
            return  # it was answered anew meanwhile, or has the focus
        if turn.card.is_live:
            turn.card.set_state("frozen")
        with self.app.batch_update():
            self.mount(OldTurn(turn), before=turn)
            turn.display = False  # it leaves only after the next layout, which must not show both
        entry.put_away(packed)
        turn.card.let_go()
        await self._take_off([turn])

    async def _take_off(self, widgets: Sequence[Widget]) -> None:
        """Remove widgets and their painted lines.

        Textual 8.2 keeps the painted lines of the last 1,024 widgets, removed ones too (`lru_cache` on a method of
        its `StylesCache`): 200 KB a turn. A refresh empties them.
        """
        parts = [part for widget in widgets for part in widget.walk_children(with_self=True)]
        await self.remove_children(widgets)
        for part in parts:
            part.refresh()

    def _save_less(self) -> None:
        """Forget the oldest entries until the text of the others is within its budget."""
        total = sum(len(entry.packed) for entry in self.entries)
        count = 0
        while total > self.most_saved:
            total -= len(self.entries[count].packed)
            count += 1
        self._forget(count)

    def _too_many(self) -> list[Widget]:
        """The oldest turns that have to leave the screen: there are too many, or they are too high."""
        turns = [child for child in self.children if child.display and not isinstance(child, Earlier)]
        height = sum(child.outer_size.height for child in turns)
        leaving: list[Widget] = []
        for child in turns[:-1]:
            if height <= self.most_rows and len(turns) - len(leaving) <= self.most_turns:
                break
            if not isinstance(child, Turn) or _is_at_rest(child):
                height -= child.outer_size.height
                leaving.append(child)
        return leaving

    async def _let_leave(self, leaving: Sequence[Widget]) -> None:
        for turn in leaving:
            if isinstance(turn, Turn):
                turn.entry.put_away(await asyncio.to_thread(packed_text, turn.entry))
                turn.card.let_go()
        self._save_less()
        self._left += len(leaving)
        await self._take_off(leaving)
        if not self.query(Earlier):
            await self.mount(Earlier(), before=0)
        self.query_one(Earlier).show(self._left, len(self.entries), all_kept=not self.forgotten)

    def _too_old(self) -> list[Turn]:
        """Turns that have to become pictures, oldest first: beyond the budget, and not in sight or folded."""
        window = self.content_region
        rows = number = 0
        old: list[Turn] = []
        for turn in reversed(self.query_children(Turn)):
            number, rows = number + 1, rows + turn.card.rows
            beyond = number > self.most_whole or rows > self.most_table_rows
            seen = turn.region.overlaps(window) and not turn.card.folded
            if number > 1 and beyond and _is_at_rest(turn) and not seen:
                old.insert(0, turn)
        return old

    # Live cards

    @property
    def cards(self) -> Sequence[Card]:
        """All cards, oldest first."""
        return list(self.query(Card))

    def freeze_older(self, newest: Card) -> None:
        """Only the newest live card of a command refreshes itself; older ones show their time.

        One with the same filter folds to a line: nothing but its age tells them apart.
        """
        for card in self.cards:
            if card is not newest and card.is_live and card.command.name == newest.command.name:
                card.set_state("frozen")
                if card.command.slash == newest.command.slash and not card.has_focus_within:
                    card.fold(folded=True)

    def due(self) -> list[Card]:
        """The visible live cards."""
        window = self.content_region
        return [
            card
            for card in self.cards
            if card.is_live and card.display and card.region.height and card.region.overlaps(window)
        ]

    def set_stale(self, stale: bool) -> None:
        """Mark or unmark live cards as stale."""
        for card in self.cards:
            if card.is_live or card.stale:
                card.set_stale(stale)

    # The block cursor

    def stops(self) -> list[Widget]:
        """Stops of the block cursor, oldest first."""
        places = [
            each
            for each in self.query("Card, OldTurn, Welcome")
            if isinstance(each, (Card, OldTurn, Welcome))
        ]
        return [stop for each in places for stop in each.stops()]

    @property
    def selected(self) -> Card | OldTurn | None:
        """The focused card or picture, else None."""
        focused = self.screen.focused
        for place in focused.ancestors_with_self if focused is not None else ():
            if isinstance(place, (Card, OldTurn)) and self in place.ancestors:
                return place
        return None

    @property
    def current(self) -> Card | OldTurn | None:
        """The focused card or picture, else the newest card."""
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

    def jump(self, step: int) -> None:
        """Go to the answer above or below: its first stop gets the focus, its line the top."""
        answers = [each for each in self.children if isinstance(each, (Turn, OldTurn)) and each.display]
        focused = self.screen.focused
        around = set(focused.ancestors_with_self) if focused is not None else set()
        here = next((number for number, each in enumerate(answers) if each in around), len(answers))
        place = here + step
        if place >= len(answers):
            self.anchor()
            self.post_message(self.ToPrompt())
        elif place >= 0:
            self.release_anchor()
            answer = answers[place]
            stops = answer.card.stops() if isinstance(answer, Turn) else answer.stops()
            stops[0].focus(scroll_visible=False)
            self.scroll_to_widget(answer, top=True, animate=False)

    def reveal(self, widget: Widget, grid: Grid | None = None, key: str = "") -> None:
        """Scroll to a turn, or to a row of its table."""
        self.release_anchor()
        for card in widget.query(Card):
            if card.folded or (card.hidden_lines and not card.expanded):
                card.toggle_expanded()
        number = grid.view.place(key) if grid is not None else None
        if grid is None or number is None:
            self.call_after_refresh(self.scroll_to_widget, widget, top=True, animate=False)
            return
        grid.move_to(number)
        self.call_after_refresh(self.scroll_to_widget, grid, animate=False)

    @on(Onward)
    def _onward(self, event: Onward) -> None:
        event.stop()
        self.walk(event.step)


def _is_at_rest(turn: Turn) -> bool:
    """True if it is answered, laid out, and without the focus."""
    return turn.card.is_answered and bool(turn.region.height) and not turn.has_focus_within
