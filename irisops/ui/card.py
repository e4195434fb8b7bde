"""Cards: the bordered answer to one command, made of sections that are updated in place, and what holds a card."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import ClassVar, Literal, get_args

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from irisops.contract.chat import Command
from irisops.contract.picks import NO_FAILURES, QUESTIONS, asks_back, is_failure
from irisops.contract.replies import Done, Facts, Form, Plan, Problem, Progress, Reply, Series, Table
from irisops.contract.secret_words import without_secrets
from irisops.contract.wording import duration, harmless
from irisops.ui.cards.facts import FactsSection
from irisops.ui.cards.plan import PlanSection
from irisops.ui.cards.plot import PlotSection
from irisops.ui.cards.problem import ProblemSection
from irisops.ui.cards.section import Section, identity
from irisops.ui.cards.small import DoneSection, FormSection, ProgressSection
from irisops.ui.cards.table import FindLine, TableSection
from irisops.ui.figures import clock
from irisops.ui.grid import Grid
from irisops.ui.keys import CARD_KEYS
from irisops.ui.lines import GivenLines, Ground, Lines, Onward, same
from irisops.ui.links import NO_COMMANDS, Commands, commands_in
from irisops.ui.record import Entry

CardState = Literal["running", "waiting", "done", "failed", "live", "frozen", "declined"]

_LABELS: dict[CardState, str] = {
    "running": "running …",
    "waiting": "waits for yes or no",
    "done": "",
    "failed": "failed",
    "live": "live",
    "frozen": "as of",
    "declined": "not done",
}

GAP = 4
"""Cells between title and command, with a piece of the border."""
BELOW = "-below"
"""Class of what has a blank line above it on a tall screen."""
LEAST_COMMAND = 12
"""Cells below which a cut command says nothing."""

_SECTIONS: Mapping[type[Reply], Callable[..., Section]] = {
    Done: DoneSection,
    Facts: FactsSection,
    Form: FormSection,
    Plan: PlanSection,
    Problem: ProblemSection,
    Progress: ProgressSection,
    Series: PlotSection,
    Table: TableSection,
}
"""The widget for each kind of reply. An `Effect` has none: it is carried out, not shown."""


class Said(Lines):
    """The typed line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def lines(self, width: int) -> list[Content]:
        """The prompt mark and the words."""
        text = Content.assemble(
            ("› ", "$said bold"), (harmless(without_secrets(self.text), 1_000), "$foreground")
        )
        return [
            line if not number else line.pad_left(2)
            for number, line in enumerate(text.wrap(max(4, width - 2)))
        ]


class Card(Vertical, can_focus=True):
    """Shows the replies of one command. Its border has a title, the state, and the command."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *CARD_KEYS,
        Binding("tab", "link(1)", "To the next command named in the card", id="card.link"),
        Binding("shift+tab", "link(-1)", "To the one before", show=False, id="card.link_before"),
        Binding(
            "enter", "take", "That command into the prompt; a folded card opens", show=False, id="card.take"
        ),
    ]

    class Changed(Message):
        """The card has a new section: the transcript may have to remove old turns."""

    def __init__(self, command: Command, entry: Entry, commands: Commands = NO_COMMANDS) -> None:
        super().__init__()
        self.command = command
        self.entry = entry
        self._commands = commands
        self.dense = False
        """True if rows take one line each: for the card at the top."""
        self._link = ""
        """The command named in the card that Tab has reached."""
        self.state: CardState = "running"
        self.updated: datetime | None = None
        self.stale = False
        self.recorded = False
        """It shows a moment of a recording: it follows the moves of a replay, but nothing is live."""
        self.pace = 0.0
        self._often = ""
        self.expanded = False
        self.folded = False
        """True if only its title line is shown: a newer card answers the same command."""
        self._sections: dict[tuple[str, str], Section] = {}
        self._title = ""
        self._labels: list[Content] = []
        self._seen: set[tuple[str, str]] = set()
        self._early: list[Widget] | None = []
        """Sections that came before the card was on the screen."""

    def on_mount(self) -> None:
        """Show the sections that came before."""
        early, self._early = self._early or [], None
        self.mount_all(early)

    def _put(self, *widgets: Widget) -> None:
        if self._early is not None:
            self._early += widgets
        elif self.is_attached:  # else the app is about to end: Textual takes no widget then
            self.mount_all(widgets)

    # Replies

    @property
    def replies(self) -> list[Reply]:
        """The replies shown, in order."""
        return [section.reply for section in self._sections.values()]

    @property
    def focused_reply(self) -> Reply | None:
        """The reply of the focused section."""
        focused = self.screen.focused
        around = focused.ancestors_with_self if focused is not None else ()
        return next((each.reply for each in self._sections.values() if each in around), None)

    @property
    def is_live(self) -> bool:
        """True if the card refreshes itself."""
        return self.state == "live"

    def add(self, reply: Reply, at: datetime) -> None:
        """Show a reply, in place of its predecessor if any."""
        key = identity(reply)
        self._seen.add(key)
        self.updated = at
        section = self._sections.get(key)
        if section is not None:
            section.show(reply)
        else:
            self._append(key, reply)
        if not self._title and not isinstance(reply, (Progress, Problem)):
            self._title = getattr(reply, "title", "") or reply.name.replace("_", " ").capitalize()
        if isinstance(reply, Facts) and reply.blocks and not reply.actions and not self.expanded:
            self.toggle_expanded()  # what is shown once, to be copied, is never cut
        self.entry.replies = self.replies
        self.label()
        self.call_after_refresh(self.label)

    def _append(self, key: tuple[str, str], reply: Reply) -> None:
        widget = _SECTIONS[type(reply)](reply)
        widget.link(self._commands)
        if isinstance(widget, TableSection):
            widget.grid.dense = self.dense
        # The first table under the first facts needs no title of its own: the card has one.
        second = any(key[0] == type(reply).__name__ for key in self._sections)
        if second and (
            isinstance(reply, Table) or (isinstance(reply, Facts) and not (reply.blocks and reply.actions))
        ):
            heading = Heading(Content.styled(harmless(reply.title, 120), "$secondary bold"))
            heading.add_class(BELOW)
            self._put(heading)
        elif isinstance(widget, TableSection) and any(key[0] != "Progress" for key in self._sections):
            widget.add_class(BELOW)
        if not isinstance(reply, Progress):
            self._drop([each for each in self._sections if each[0] == "Progress"])
        self._sections[key] = widget
        self._put(widget)
        self.post_message(self.Changed())

    def _drop(self, keys: Iterable[tuple[str, str]]) -> None:
        for key in list(keys):
            widget = self._sections.pop(key)
            siblings = list(self.children)
            place = siblings.index(widget) if widget in siblings else 0
            if place and isinstance(siblings[place - 1], Heading):
                siblings[place - 1].remove()
            widget.remove()

    def renew(self, replies: Iterable[Reply], at: datetime) -> None:
        """Show all replies of a live card's refresh at once; drop what did not come again."""
        self._seen.clear()
        for reply in replies:
            self.add(reply, at)
        self._drop([key for key in self._sections if key not in self._seen])
        self.entry.replies = self.replies

    # Growing old

    @property
    def rows(self) -> int:
        """Rows of tables that the card holds."""
        return sum(len(reply.rows) for reply in self.replies if isinstance(reply, Table))

    @property
    def is_answered(self) -> bool:
        """True if its command has ended."""
        return self.state not in ("running", "waiting")

    def let_go(self) -> None:
        """Forget the rows: the card leaves the screen, but its widgets live until the garbage collection."""
        for section in self._sections.values():
            section.let_go()
        self._sections.clear()

    def set_state(self, state: CardState) -> None:
        """Change the state."""
        problems = [each for each in self.replies if isinstance(each, Problem)]
        calm = bool(problems) and not any(map(is_failure, problems))
        for name in get_args(CardState):
            self.set_class(name == state and not (calm and name == "failed"), f"-{name}")
        self.state = state
        self._fold_plan()
        self.label()

    def _fold_plan(self) -> None:
        for section in self._sections.values():
            if isinstance(section, PlanSection):
                section.fold(carried_out=self.state == "done", whole=self.expanded)

    def set_pace(self, pace: float, *, told: bool) -> None:
        """Seconds between two readings of a live card; the title tells them where the side panel is read more often."""
        before, self.pace, self._often = self._often, pace, f", every {duration(pace)}" if told else ""
        if self._often != before:
            self.label()

    def set_stale(self, stale: bool) -> None:
        """Mark or unmark the figures as old, because the connection is lost."""
        if stale != self.stale:
            self.stale = stale
            self.set_class(stale, "-stale")
            self.label()

    @property
    def plan_section(self) -> Widget | None:
        """The section of the plan, if any."""
        return next((each for key, each in self._sections.items() if key[0] == Plan.__name__), None)

    # The border

    def label(self) -> None:
        """Set the border: title and state at the left, the slash command at the right, the rows below."""
        room = self.size.width - 4
        if room < 8:
            return
        left, right = self._top(room)
        fill = room - left.cell_length - right.cell_length - 2
        if right.plain and fill > 0:
            line = "━" if self.has_focus_within or self.has_focus else "─"
            left = Content.assemble(left, f" {line * fill} ", right)
        below = self._subtitle()
        labels = [left] if below is None else [left, below]
        if not same(labels, self._labels):  # setting them repaints the whole card
            self._labels = labels
            self.border_title = left
            self.border_subtitle = below

    def _top(self, room: int) -> tuple[Content, Content]:
        """Title and command for `room` cells: the instance gives way first, as a plan's question names it below.

        Then the command, if it stands above as it was typed; else it is cut. A line that was not understood stands
        above alone. The question below tells the state of a plan.
        """
        slash = harmless(without_secrets(self.command.slash), 200)
        right = Content.styled(slash, "$quiet")
        for left in (self.headline(), self.headline(where=False)):
            if left.cell_length + right.cell_length + GAP <= room:
                return left, right
        left, space = self.headline(), room - GAP
        if slash != self.entry.text:
            left = self.headline(where=False)
            if left.cell_length + LEAST_COMMAND <= space:
                return left, right.truncate(space - left.cell_length, ellipsis=True)
        if left.cell_length > room:
            left = self.headline(where=False)
        if left.cell_length > room:
            left = self.headline(where=False, room=room)
        return left, Content("")

    def headline(self, *, where: bool = True, room: int = 0) -> Content:
        """Title, instance of a plan, state. With `room`, the title is cut to so many cells, and a plan has no state."""
        title = Content.styled(harmless(self._title or self._fallback_title(), 200), "$foreground bold")
        waits = self.state == "waiting"
        place, state = self._place() if where else "", "" if waits and room else self._state_words()
        after = Content.assemble(
            (f" · {place}", "$quiet") if place else "",
            (f" · {state}", "$warning" if waits else "$quiet") if state else "",
        )
        if room:
            title = title.truncate(max(LEAST_COMMAND, room - after.cell_length), ellipsis=True)
            return Content.assemble(title, after).truncate(room, ellipsis=True)
        return Content.assemble(title, after)

    def _fallback_title(self) -> str:
        problem = next((each for each in self.replies if isinstance(each, Problem)), None)
        if problem is not None:
            titles = QUESTIONS if asks_back(problem) else NO_FAILURES
            return titles.get(problem.error) or words_of(problem.error)
        return self.command.name.replace("_", " ").capitalize() or "Answer"

    def _state_words(self) -> str:
        if self.updated and (self.state == "frozen" or self.stale):
            folded = " · folded, ↵ opens it" if self.folded else ""
            return f"{'stale, ' if self.stale else ''}as of {clock(self.updated)}{folded}"
        if self.state == "failed" and not self._title:
            return ""
        if self.state == "waiting" and any(
            isinstance(each, Plan) and each.confirm_word for each in self.replies
        ):
            return "waits for a typed word"
        if self.is_live and self.recorded and self.updated:
            return f"recorded, as of {clock(self.updated)}"
        return f"{_LABELS[self.state]}{self._often if self.is_live else ''}"

    def _place(self) -> str:
        plan = next((each for each in self.replies if isinstance(each, Plan)), None)
        return f"on {harmless(plan.instance, 40)}" if plan is not None else ""

    @property
    def hidden_lines(self) -> int:
        """Lines that the card is too low to show."""
        return max(0, self.virtual_size.height - self.scrollable_content_region.height)

    def _subtitle(self) -> Content | None:
        grids = [grid for grid in self.query(Grid) if grid.view.count]
        grid = next((each for each in grids if each.has_focus), None)
        facts = next((each for each in self.query(FactsSection) if each.has_focus and each.keys), None)
        if facts is not None:
            opens = "folds it" if facts.opened else "shows it"
            words = " · ".join([f"↵ {opens}", *(f"{key} {harmless(words, 20)}" for key, words in facts.keys)])
            return Content.styled(words, "$quiet").truncate(max(1, self.size.width - 6), ellipsis=True)
        hidden = f"{self.hidden_lines:,} more lines · ^O shows all" if self.hidden_lines else ""
        finding = next((each for each in self.query(FindLine) if each.has_focus), None)
        if self._link:
            room = max(1, self.size.width - 6)
            words = f"↵ takes {harmless(self._link, 60)} into the prompt · Tab the next"
            return Content.styled(words, "$quiet").truncate(room, ellipsis=True)
        if grid is None and finding is None and (hidden or not grids):
            return Content.styled(hidden, "$quiet") if hidden else None
        grid = grid or grids[-1]
        view = grid.view
        total = view.table.total if view.table.total is not None else view.count
        shown = len(view.rows)
        if total == 1 and not (grid.has_focus or finding or view.find):
            return None  # anybody can count it
        count = (
            f"{shown:,} of {total:,}" if shown != total else f"{total:,} {'row' if total == 1 else 'rows'}"
        )
        if view.find:
            count += f" with “{harmless(view.find, 30)}”"
        room = max(1, self.size.width - 6)
        keys: list[tuple[str, str]] = []
        if finding is not None:
            section = finding.query_ancestor(TableSection)
            enter = f"runs {command}" if (command := section.command_meant(finding.value)) else "to the rows"
            keys = [("enter", f"↵ {enter}"), ("escape", "Esc all rows")]
        elif grid.has_focus:
            keys = row_keys(view.table, hidden, room - cell_len(count))
            # A letter acts on the row only if the border shows it; else it begins a line.
            letters = {"slash", *(key for key, _, _ in view.table.actions)}
            grid.keys_shown = frozenset(key for key, _ in keys if key in letters)
        words = " · ".join([count, *(shown for _, shown in keys)])
        return Content.styled(words, "$quiet").truncate(room, ellipsis=True)

    @on(Grid.Arranged)
    def _relabel(self) -> None:
        self.label()

    def on_descendant_focus(self) -> None:
        """Show the keys that now work, and the focus in the border; a pass that has the focus is in sight."""
        if (
            self.hidden_lines
            and not self.expanded
            and any(each.has_focus for each in self.query(FactsSection))
        ):
            self.toggle_expanded()
        self.label()

    def on_descendant_blur(self) -> None:
        """Hide them."""
        self.label()

    def on_resize(self) -> None:
        """Fit the border."""
        self.label()

    # Commands named in the card

    def _places(self) -> list[Lines]:
        return [each for each in self.query(Lines) if each.display]

    def action_link(self, step: int) -> None:
        """Mark the next command named in the card; beyond the ends to the rows or the prompt."""
        named = dict.fromkeys(
            command for each in self._places() for command in commands_in(each.lines(each.content_size.width))
        )
        commands = list(named)
        place = commands.index(self._link) + step if self._link in commands else 0 if step > 0 else -1
        if 0 <= place < len(commands):
            self.focus()
            self._mark_link(commands[place])
        elif step < 0 and self._link and self.stops() != [self]:
            self.stops()[-1].focus()
        else:
            self.post_message(Onward(step))

    def _mark_link(self, command: str) -> None:
        self._link = command
        for each in self._places():
            each.mark_link(command)
        self.label()

    def action_take(self) -> None:
        """Put the marked command into the prompt, or unfold the card."""
        if self.folded:
            self.fold(folded=False)
        else:
            self.post_message(Lines.Named(self._link))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - the base class's signature
        """Enter takes a command once one is marked."""
        return self.folded or bool(self._link) if action == "take" else True

    def on_blur(self) -> None:
        """Forget the marked command."""
        self._mark_link("")

    # The block cursor

    def stops(self) -> list[Widget]:
        """Stops of the block cursor: tables, suggestions and blocks to copy, or the card itself."""
        inner = [
            each
            for each in self.query("Grid, ProblemSection, FactsSection")
            if each.focusable and each.display
        ]
        rows = [each for each in inner if not isinstance(each, Grid) or each.view.count]
        return [self] if self.folded else list(rows) or [self]

    def fold(self, *, folded: bool) -> None:
        """Show the title line alone, or all."""
        self.folded = folded
        self.set_class(folded, "-folded")
        self.label()

    def on_click(self) -> None:
        """A click on a folded card opens it."""
        if self.folded:
            self.fold(folded=False)

    def toggle_expanded(self) -> None:
        """Show all of a long answer, or only its beginning; unfold a folded one."""
        if self.folded:
            self.fold(folded=False)
            return
        self.expanded = not self.expanded
        self.set_class(self.expanded, "-expanded")
        for section in self._sections.values():
            if isinstance(section, ProblemSection):
                section.tell_all(wanted=self.expanded)
        self._fold_plan()


class Heading(GivenLines):
    """The title of a second table or group of facts inside a card."""


class Turn(Ground, Vertical):
    """A typed line and the card that answers it."""

    def __init__(self, text: str, command: Command, at: datetime, commands: Commands = NO_COMMANDS) -> None:
        super().__init__()
        self.entry = Entry(at, text, command.slash)
        self.said = Said(text)
        self.card = Card(command, self.entry, commands)

    def compose(self) -> ComposeResult:
        """The line, then the card."""
        yield self.said
        yield self.card


class Pinned(Vertical):
    """Holds the card that `/watch` keeps above the transcript; hidden without one."""

    def __init__(self) -> None:
        super().__init__()
        self.card: Card | None = None
        self.display = False

    async def pin(self, command: Command, at: datetime, commands: Commands = NO_COMMANDS) -> Card:
        """Show a new card for a live command in place of the former one; the caller fills it."""
        await self.unpin()
        self.card = Card(command, Entry(at, command.slash, command.slash), commands)
        self.card.dense = self.display = True
        await self.mount(self.card)
        return self.card

    async def unpin(self) -> bool:
        """Remove the card. False if there was none."""
        card, self.card = self.card, None
        self.display = False
        if card is None:
            return False
        await card.remove()
        return True

    def due(self) -> list[Card]:
        """The card, if it has to be refreshed."""
        return [self.card] if self.card is not None and self.card.is_live and self.display else []

    def set_stale(self, stale: bool) -> None:
        """Mark or unmark it as stale."""
        if self.card is not None and (self.card.is_live or self.card.stale):
            self.card.set_stale(stale)


def words_of(name: str) -> str:
    """An error's public name in words: `NotUnderstood` is `Not understood`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", harmless(name, 60)).capitalize()


def row_keys(table: Table, hidden: str, room: int) -> list[tuple[str, str]]:
    """Keys of a row with their words, as many as `room` cells take: each is preceded by ` · `.

    Reading comes before changing: open, filter, sort, then the other actions. What is needed least goes first.
    """
    opening = next((words for key, words, _ in table.actions if key == "enter"), "all of it")
    others = [(key, f"{key} {harmless(words, 20)}") for key, words, _ in table.actions if key != "enter"]
    keys = [("enter", f"↵ {harmless(opening, 20)}"), ("slash", "/ filter"), ("ctrl+s", "^S sort"), *others]
    extra = [("right", "→ all of it")] if opening != "all of it" else []
    if hidden:
        extra.append(("ctrl+o", "^O shows all"))
    gives_way = [each[0] for each in (*extra, ("ctrl+s", ""), *reversed(others), ("slash", ""))]
    shown = [*keys, *extra]
    for key in gives_way:
        if sum(cell_len(words) + 3 for _, words in shown) <= room:
            break
        shown = [each for each in shown if each[0] != key]
    return shown
