"""The Textual app: puts the parts of the screen together, and nothing else."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.command import Provider
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from irisops.contract.chat import Chat, CommandInfo, Notice, TimeLine
from irisops.contract.quoting import filled
from irisops.contract.replies import Done, Effect, Problem
from irisops.ui import keys, themes
from irisops.ui.card import Card
from irisops.ui.conversation import Conversation
from irisops.ui.door import Door
from irisops.ui.frame import BROAD_FROM, SIDE_PANEL_FROM, window_title
from irisops.ui.history import History
from irisops.ui.housekeeping import Housekeeping
from irisops.ui.panels import Body, Header, MainScreen, Replay, SidePanel, StatusLine
from irisops.ui.popup import Commands, command_item
from irisops.ui.prompt import Line, Prompt
from irisops.ui.record import Copied, transcript_markdown
from irisops.ui.saving import save
from irisops.ui.terminal import CrashConsole, TerminalTitle, on_ending_signals, send_to_tmux
from irisops.ui.themes import later_sheets, sheets
from irisops.ui.typed_keys import WORD, Typing

if TYPE_CHECKING:
    from irisops.copying import CopyScreen
    from irisops.ui.editor import EditorScreen
    from irisops.ui.search import SearchBar

POLL_INTERVAL = 2.0
BREAKPOINTS = [(0, "-narrow"), (SIDE_PANEL_FROM, "-wide"), (BROAD_FROM, "-broad")]
HEIGHTS = [(0, "-short"), (30, "-tall")]
"""On a tall screen a card has a blank line above its table."""
QUIT_WINDOW = 2.0
"""Seconds in which the second Ctrl+C must come."""

TO_READ = 6.0
"""Seconds that a note is shown which has to be read."""

NO_COLOURS = (NoColor(),)
FORM_WAITS = "The editor opens when your line is sent or cleared"


def editor_screen() -> type[EditorScreen]:
    """The form editor, imported at the first form."""
    from irisops.ui import editor  # noqa: PLC0415 - with its fields some 10 ms that only a form needs

    return editor.EditorScreen


def copy_screen() -> type[CopyScreen]:
    """What copies cards, imported at the first copy."""
    from irisops.copying import CopyScreen  # noqa: PLC0415 - imports the writers of text, CSV and JSON

    return CopyScreen


def local_now() -> datetime:
    """The person's own clock."""
    return datetime.now().astimezone()


class IrisopsApp(App[int]):
    """One screen: header, side panel, conversation, status line."""

    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = keys.APP_KEYS
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Commands}
    TITLE = "irisops"

    def __init__(
        self,
        chat: Chat,
        *,
        history: Path | None = None,
        theme: str = themes.DEFAULT,
        on_theme: Callable[[str], None] | None = None,
        poll_interval: float = POLL_INTERVAL,
        now: Callable[[], datetime] = local_now,
        seconds: Callable[[], float] = monotonic,
        word: float = WORD,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(css_path=[str(path) for path in sheets()])
        self.chat = chat
        self._environment = environment if environment is not None else os.environ
        self.no_color = bool(self._environment.get("NO_COLOR"))  # an empty one does not count (no-color.org)
        self._on_theme = on_theme
        self._poll_interval = poll_interval
        self._now = now
        self._last_interrupt = float("-inf")
        self._form_waits: Conversation.FormWanted | None = None
        """Editor to open once the line is sent or cleared: letters typed ahead must not land in its fields."""
        self._starting: Worker[None] | None = None
        self.animation_level = "none"
        self.error_console = CrashConsole(sys.stderr)
        self._begin_with(themes.load_theme(theme if theme in themes.theme_names() else themes.DEFAULT))
        self._door = Door()
        self._highlights: list[LineFilter] = []
        """Marks what is searched for; empty at all other times."""
        self._terminal_title = TerminalTitle()
        self._housekeeping = Housekeeping()
        self.header = Header()
        self.side = SidePanel()
        self.conversation = Conversation(chat, History(history, now), self._time, seconds)
        self.status = StatusLine()
        self._typing = Typing(
            self, self.conversation.prompt, self.conversation.questions, self.action_keys, word
        )
        self._replay: Replay | None = None

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Send every painted line through `Door`, Textual's own toasts and palette included.

        NO_COLOR removes every colour; Textual's own filter would paint greys, whatever the terminal's background.
        """
        if self.no_color:
            return [*NO_COLOURS, *self._highlights, self._door]
        colours = [each for each in super().get_line_filters() if not isinstance(each, Monochrome | NoColor)]
        return [*colours, *self._highlights, self._door]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Defaults of our theme variables, for Textual's themes, which do not define them."""
        return {
            "line": "#808080",
            "line-live": "#a0a0ff",
            "quiet": "#909090",
            "said": "#a48cf2",
            "row-cursor": "#404070",
            "row-cursor-text": "#ffffff",
        }

    def get_default_screen(self) -> Screen[None]:
        """The screen under all others."""
        return MainScreen(id="_default")

    def compose(self) -> ComposeResult:
        """The four parts."""
        yield self.header
        with Body(id="body"):
            yield self.side
            yield self.conversation
        yield self.status

    def on_mount(self) -> None:
        """Paint, then connect."""
        on_ending_signals(self._ended_by_signal, terminal=not self.is_headless)
        self.chat.subscribe(self._overview_changed, self._noticed)
        self.chat.ask_with(self.conversation.ask_secret)
        self.watch(self.screen, "focused", self._show_keys, init=False)
        self.conversation.focus_prompt()
        self._overview_changed()
        self.conversation.paces.interval = self._poll_interval
        self.set_interval(self._poll_interval, self.conversation.refresh_live)
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        for path in later_sheets():
            self.stylesheet.read(path)
        self.stylesheet.parse()
        self.stylesheet.update(self)
        self._starting = self.run_worker(self._begin, name="start", exit_on_error=False)

    async def _begin(self) -> None:
        if not self.is_headless:
            self._housekeeping.sweep()
        try:
            await self.chat.start()
        finally:
            if not self.is_headless:
                self._housekeeping.begin()
                self.set_interval(1.0, self._tidy)
        if self.chat.overview().profiles and self.chat.overview().active is None:
            self.conversation.prompt.guard()  # the first login may ask for a password any moment
        self._overview_changed()
        opening = self.chat.overview().opening
        if opening:
            self.conversation.begin_with(opening)

    def _tidy(self) -> None:
        self._housekeeping.tick(answering=self.conversation.answering)

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            self._noticed(
                Notice("error", f"The program failed at its {event.worker.name}: {event.worker.error}")
            )

    def on_unmount(self) -> None:
        """Restore the terminal's title and the interpreter's garbage collection."""
        self._terminal_title.restore()
        self._housekeeping.end()

    def on_app_focus(self) -> None:
        """Clear the alert in the title: the window has the focus again."""
        self._terminal_title.seen()

    def _ended_by_signal(self, number: int) -> None:
        self.exit(128 + number, return_code=128 + number)

    # Events of the chat

    def _overview_changed(self) -> None:
        overview = self.chat.overview()
        self.header.show(overview)
        self.side.show(overview)
        self.status.show(overview)
        if overview.timeline is not None:
            self._show_timeline(overview.timeline)
        self.conversation.show(overview)
        active = overview.active
        if active is not None and active.state == "connected":
            self.conversation.prompt.unguard()
        if not self.is_headless:
            self._terminal_title.show(window_title(active))

    def _time(self) -> datetime:
        """The person's own time; in a replay that of the moment that is shown."""
        return self._now() if self._replay is None else self._replay.line.at

    def _show_timeline(self, line: TimeLine) -> None:
        """A replay: the frame says that nothing is live, and what is shown follows each move at once."""
        if self._replay is None:
            self._replay = Replay(line)
            self.screen_stack[0].mount(self._replay, before=self.status)
        elif self._replay.show(line):
            self.conversation.refresh_live()

    @on(Line.Stepped)
    def _stepped(self, event: Line.Stepped) -> None:
        line = self.chat.overview().timeline
        if line is not None:
            line.move(event.count, minutes=event.minutes)

    def _noticed(self, notice: Notice) -> None:
        self.conversation.notice(notice)
        if notice.alert or (notice.level != "info" and not self.app_focus):
            self.bell()
        if notice.alert and not self.is_headless:
            self._terminal_title.alert(f"(!) {notice.profile}: {notice.message}")

    def _show_keys(self) -> None:
        """Show the keys of what has the focus now."""
        self.status.show(keys=keys.footer_keys(self.focused or self.screen))

    # Events of the conversation

    @on(Conversation.Running)
    def _show_running(self, event: Conversation.Running) -> None:
        self.status.show(running=event.what)

    @on(Conversation.Ended)
    def _tell_elsewhere(self, event: Conversation.Ended) -> None:
        """Ring, and say in the title what ended, while another window has the focus."""
        if self.app_focus:
            return
        self.bell()
        if not self.is_headless:
            self._terminal_title.alert(f"(✓) {event.words}")

    @on(Conversation.Wanted)
    async def _wanted(self, event: Conversation.Wanted) -> None:
        effect = event.effect
        if effect.name == "quit":
            self.exit(0)
        elif effect.name == "theme":
            self.conversation.answer(event.card, self.switch_theme(effect.argument))
        elif effect.name == "save":
            await self._save(effect, event.card)

    async def _save(self, effect: Effect, card: Card) -> None:
        transcript = self.conversation.transcript
        text = transcript_markdown(transcript.entries, transcript.forgotten)
        self.conversation.answer(card, await asyncio.to_thread(save, text, effect.argument))

    def switch_theme(self, name: str) -> Done | Problem:
        """Use another theme and remember it."""
        names = themes.theme_names()
        if not name:
            return Done("theme", f"The theme is {self.theme}.", [f"/theme {each}" for each in names])
        if name not in names:
            return Problem(
                "NoSuchTheme",
                f"No theme is called {name}.",
                "Choose one of these.",
                text=f"/theme {name}",
                suggestions=[f"/theme {each}" for each in names],
            )
        self._use(themes.load_theme(name))
        if self._on_theme is not None:
            self._on_theme(name)
        return Done("theme", f"The theme is {name}.")

    def _begin_with(self, theme: Theme) -> None:
        """Use the first theme. If it is dark, as Textual's own, no change has all sheets read again."""
        self.register_theme(theme)
        if not theme.dark or theme.ansi:
            self.theme = theme.name
            return
        self.set_reactive(App.theme, theme.name)
        self.stylesheet.set_variables(self.get_css_variables())

    def _use(self, theme: Theme) -> None:
        self.register_theme(theme)
        self.theme = theme.name

    @on(Conversation.FormWanted)
    def _form_wanted(self, event: Conversation.FormWanted) -> None:
        if isinstance(self.screen, editor_screen()) and self.screen.form.command == event.form.command:
            self.screen.show_errors(event.form)
            return
        if self.conversation.prompt.typing:
            self._form_waits = event
            self.status.show(note=FORM_WAITS)
            return
        editor = editor_screen()(event.form, partial(self._submitted, event.card))
        self.push_screen(editor, partial(self._form_closed, event.card))

    async def _form_closed(self, card: Card, answered: bool | None) -> None:
        if not answered:
            await self.conversation.drop_form(card)

    @on(Prompt.Emptied)
    def _line_done(self) -> None:
        event, self._form_waits = self._form_waits, None
        if event is not None:
            self._unsay(FORM_WAITS)
            self._form_wanted(event)

    @on(Conversation.FormDone)
    def _form_done(self, event: Conversation.FormDone) -> None:
        if isinstance(self.screen, editor_screen()):
            if event.problem is None:
                self.screen.dismiss(result=True)
            else:
                self.screen.say(f"{event.problem.message} {event.problem.cure}")

    def _submitted(self, card: Card, screen: EditorScreen) -> None:
        self.conversation.submit_form(screen.form, screen.values(), card)

    @on(SidePanel.Chosen)
    def _profile_chosen(self, event: SidePanel.Chosen) -> None:
        self.conversation.send(filled("/connect {name}", {"name": event.profile}))

    # Keys

    @on(Line.TooManyLines)
    def _too_many_lines(self, event: Line.TooManyLines) -> None:
        self._say(f"Not pasted: {event.count:,} lines. Paste and send them one at a time", TO_READ)

    @on(Line.KeysWanted)
    def action_keys(self) -> None:
        """Show which keys work now."""
        self.push_screen(keys.KeysScreen(keys.active_keys(self.focused or self.screen)))

    async def on_event(self, event: events.Event) -> None:
        """Give keys and pastes to whom they belong."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._housekeeping.key()
            for key in self._typing.pressed(event):
                if len(self.screen_stack) > 1:
                    await super().on_event(key)
                elif not self._typing.takes(key):
                    await super().on_event(key)
                    self.conversation.questions.after_key(key)
            return
        if isinstance(event, events.Paste) and not event.is_forwarded and len(self.screen_stack) == 1:
            self.conversation.questions.before_paste(event.time)
            if not isinstance(self.focused, Input):
                self.conversation.focus_prompt()
        await super().on_event(event)

    def on_resize(self, event: events.Resize) -> None:
        """On a narrow screen the side panel is folded into the status line."""
        self.status.show(folded=event.size.width < SIDE_PANEL_FROM)

    def action_interrupt(self) -> None:
        """Cancel the running command or the open question, else close the form; otherwise a second press quits."""
        if self.conversation.cancel():
            self.status.show(note="")
            return
        if isinstance(self.screen, editor_screen()):
            self.screen.action_leave()
            return
        now = self._now().timestamp()
        if now - self._last_interrupt <= QUIT_WINDOW:
            self.exit(0)
            return
        self._last_interrupt = now
        self._say("Ctrl+C again quits")

    def _say(self, words: str, seconds: float = QUIT_WINDOW) -> None:
        self.status.show(note=words)
        self.set_timer(seconds, partial(self._unsay, words))

    def _unsay(self, words: str) -> None:
        if self.status.note == words:
            self.status.show(note="")

    async def action_quit(self) -> None:
        """Leave."""
        self.exit(0)

    def action_walk(self, step: int) -> None:
        """Move the block cursor through the cards."""
        self.conversation.transcript.walk(step)

    def action_to_prompt(self) -> None:
        """Focus the prompt, or the question in its place."""
        self.conversation.transcript.anchor()
        self.conversation.focus_prompt()

    def action_page(self, step: int) -> None:
        """Scroll the transcript by a screenful."""
        self.conversation.transcript.page(step)

    def action_expand(self) -> None:
        """Expand or collapse the card."""
        card = self.conversation.transcript.current
        if isinstance(card, Card):
            card.toggle_expanded()

    def action_jump(self, step: int) -> None:
        """Go to the answer above or below."""
        self.conversation.transcript.jump(step)

    def action_find(self) -> None:
        """Search the transcript."""
        if len(self.screen_stack) > 1:
            return
        if self.conversation.open_search():
            self.call_after_refresh(self._show_keys)  # its line is in the screen only then
        else:
            self._say("Search waits until the question is answered", TO_READ)

    def on_search_bar_marked(self, event: SearchBar.Marked) -> None:
        """Mark the words wherever they are seen in the transcript."""
        self._highlights = event.marks
        for part in self.conversation.transcript.walk_children():
            part.refresh()

    async def action_copy_card(self) -> None:
        """Copy the card, or its focused part; what can be copied in several ways asks which."""
        card = self.conversation.transcript.current
        if card is None:
            return
        focused = card.focused_reply if isinstance(card, Card) else None
        choice = copy_screen()(card.entry, focused)
        if (
            choice.needed
            and self.conversation.questions.shown is None
            and not self.conversation.prompt.veiled
        ):
            self.push_screen(choice, self._copy)
        else:
            await self._copy(choice.copied("text"))

    async def _copy(self, copied: Copied | None) -> None:
        """Send a text to the clipboard. Delivery depends on the terminal."""
        if copied is None:
            return
        if not copied.text:
            self._say(copied.said)
            return
        self.copy_to_clipboard(copied.text)
        trouble = await send_to_tmux(copied.text, self._environment)
        self._say(trouble or copied.said)

    def action_reuse(self) -> None:
        """Put the card's command into the prompt."""
        card = self.conversation.transcript.current
        if card is not None:
            self.conversation.prompt.put(card.command.slash or card.command.text)
            self.conversation.focus_prompt()

    # Palette

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002 - the base class's signature
        """All commands of the chat."""
        for info in self.chat.commands():
            help_text = info.summary if info.available else f"not now: {info.reason}"
            yield SystemCommand(info.usage, help_text, partial(self._from_palette, info))

    def _from_palette(self, info: CommandInfo) -> None:
        item = command_item(info)
        if item.text.endswith(" "):
            self.conversation.prompt.put(item.text)
            self.conversation.focus_prompt()
        else:
            self.conversation.send(item.text)


async def run_async(app: IrisopsApp, *, mouse: bool = True) -> int:
    """Run the app to its end, then log out everywhere, whatever ended it. Returns the exit status."""
    try:
        status = await app.run_async(mouse=mouse)
    finally:
        await app.chat.close()
    if status is not None:
        return status
    return app.return_code or 0


def run(
    chat: Chat,
    *,
    history: Path | None = None,
    theme: str = themes.DEFAULT,
    on_theme: Callable[[str], None] | None = None,
    poll_interval: float = POLL_INTERVAL,
    mouse: bool = True,
) -> int:
    """Show the screen for a chat until the person leaves. Returns the exit status of the program.

    `history` is the file of typed lines (JSON lines; None keeps none), `theme` the name of a theme, `on_theme` is
    called with the name of a newly chosen one, `poll_interval` is in seconds; without `mouse` it is the terminal's.
    """
    app = IrisopsApp(chat, history=history, theme=theme, on_theme=on_theme, poll_interval=poll_interval)
    return asyncio.run(run_async(app, mouse=mouse))
