"""The prompt: an input with history, completion, a popup and search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Literal

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.input import Selection

from irisops.contract.chat import Chat
from irisops.contract.replies import Problem
from irisops.contract.wording import harmless
from irisops.ui.door import LineInput
from irisops.ui.history import History, Walker
from irisops.ui.keys import act_now
from irisops.ui.lines import GivenLines
from irisops.ui.popup import Item, Popup, common_start, completed, completion_items, matching_commands

Mode = Literal["line", "search"]
MARK = "› "
SEARCH_MARK = "⌕ "
VEILED = "hidden, as it may be a password   Esc clears"
PAUSE = 1.5
"""Seconds without a key after which typing is no longer masked."""


class Mark(GivenLines):
    """The sign before an input."""


def _sign(text: str) -> Content:
    return Content.styled(text, "$said bold")


HINTS_WIDTH = 50
"""Maximum width in cells, as in the style sheet."""
HINTS_MARGIN = 6
"""Cells around mark, input and hints."""


class Hints(Widget):
    """Words at the right of the prompt, hidden if there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def show(self, text: str) -> None:
        """Change them."""
        if text != self.text:
            self.text = text
            self.refresh(layout=True)

    def render(self) -> Content:
        """The words, at the right."""
        return Content.styled(self.text, "$quiet")


_STEPS = {"left": -1, "right": 1, "shift+left": -1, "shift+right": 1}


class Line(LineInput):
    """The prompt's input. `?` in an empty line lists the keys; Ctrl+C without a selection bubbles up to the app."""

    # A longer line makes no widget larger: without this each key would cause a new layout of the whole screen and an
    # extra frame for the transcript's scroll bar, for which the next key waits.
    virtual_size = reactive(Size(0, 0), layout=False)

    class KeysWanted(Message):
        """Request to list the keys."""

    class Stepped(Message):
        """An arrow was pressed in an empty line: a replay moves. `minutes` with Shift, else polls."""

        def __init__(self, count: int, *, minutes: bool) -> None:
            super().__init__()
            self.count, self.minutes = count, minutes

    class TooManyLines(Message):
        """Several lines were pasted; nothing was put into the line."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    def __init__(self, send: Callable[[], None]) -> None:
        super().__init__(placeholder="Ask, or / for commands")
        self._send = send

    async def on_key(self, event: events.Key) -> None:
        """`?` in an empty line lists the keys.

        Keys that edit or send act at once. Textual runs a binding only after its key bubbled up to the app, when the
        letters after it, of a fast typist or a pasted burst, would already be in the line.
        """
        if event.character == "?" and not self.value and not self.password:
            event.stop()
            event.prevent_default()
            self.post_message(self.KeysWanted())
        elif not self.value and event.key in _STEPS:
            self.post_message(self.Stepped(_STEPS[event.key], minutes=event.key.startswith("shift+")))
        elif not event.is_printable:
            for node in self.ancestors_with_self[:3]:  # up to the prompt
                if await act_now(node, event):
                    return

    def on_paste(self, event: events.Paste) -> None:
        """Refuse several lines: joined to one they are understood by nobody, and Textual keeps but the first."""
        lines = [each for each in map(str.strip, event.text.splitlines()) if each]
        if len(lines) > 1:
            event.stop()
            event.prevent_default()
            self.post_message(self.TooManyLines(len(lines)))

    async def action_submit(self) -> None:
        """Send the line."""
        self._send()


class Prompt(Vertical):
    """Popup, waiting lines, and the input."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "older", "Older line", show=False, id="prompt.older"),
        Binding("down", "newer", "Newer line", show=False, id="prompt.newer"),
        Binding("tab", "complete", "Complete", id="prompt.complete"),
        # Before the input, which would delete a word.
        Binding("ctrl+f", "app.find", "Search the answers so far", show=False, id="app.find"),
        Binding("ctrl+r", "search", "Search the history", id="prompt.search"),
        Binding("escape", "leave", "Close the list, then clear the line", show=False, id="prompt.leave"),
        Binding("ctrl+j", "send", "Send", show=False, id="prompt.send"),
    ]

    class Sent(Message):
        """A line was sent."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Passed(Message):
        """Enter was pressed in an empty line."""

    class ToPicks(Message):
        """Tab was pressed with nothing typed: what the newest card offers is wanted."""

    class Emptied(Message):
        """The line was sent or cleared."""

    class Withheld(Message):
        """A line was sent that may be a secret; it was not stored."""

    class HistoryFailed(Message):
        """The history file cannot be read or written."""

        def __init__(self, error: OSError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, chat: Chat, history: History, may_ask: Callable[[Iterable[str]], bool]) -> None:
        super().__init__()
        self._chat = chat
        self._may_ask = may_ask
        """True if a question for a secret is shown, or may come, given these lines still to be run."""
        self.on_the_way: list[str] = []
        """Sent lines that are not handled yet; the handler removes them."""
        self._guarded = False
        self._asked = False
        """True once a question for a secret was asked in this run."""
        self._answered = False
        """True after a secret was given and accepted; reset at the next pause."""
        self._last_key = 0.0
        self._history = history
        self._walker = Walker(history)
        self._mode: Mode = "line"
        self._draft = ""
        self._history_failed = False
        self._placing = ""
        self.popup = Popup()
        self.input = Line(self.action_send)
        self._mark = Mark(_sign(MARK))
        self._hints = Hints()
        self._idle = ""
        """Words at the right while nothing is typed."""
        self._picks: Sequence[str] = ()
        self._queue = Queue()
        self._queue.display = False

    def compose(self) -> ComposeResult:
        """The list above, the input below."""
        yield self.popup
        yield self._queue
        with Horizontal(id="line"):
            yield self._mark
            yield self.input
            yield self._hints

    # Text

    @property
    def text(self) -> str:
        """The present text."""
        return self.input.value

    @property
    def typing(self) -> bool:
        """True if a line is begun; not for one that the next key replaces."""
        return bool(self.text) and self.input.selected_text != self.text

    # Around a question for a secret

    @property
    def veiled(self) -> bool:
        """True if typing is masked."""
        return self.input.password

    @property
    def guarded(self) -> bool:
        """True if a secret may be typed next."""
        return self._guarded

    def guard(self) -> None:
        """Expect a question for a secret before any line is sent: for the login at the start."""
        self._guarded = True

    def unguard(self) -> None:
        """Stop expecting it."""
        if not self._asked:
            self._guarded = False

    def answered(self) -> None:
        """The secret was given and accepted."""
        self._answered = True

    def veil(self, at: float) -> None:
        """Mask typing without a pause after a question for a secret, which ended at `at` (clock of `Message.time`)."""
        self._guarded = True
        self._last_key = at
        if not self.text:
            self.input.password = True

    def lift_veil(self, at: float) -> None:
        """Unmask before a key or a paste if nothing is typed yet and there was a pause."""
        if not self.text and at - self._last_key >= PAUSE:
            self._guarded = self._guarded and not self._answered
            if self.veiled:
                self._unveil()
        self._last_key = at

    def _unveil(self) -> None:
        self.input.password = False
        self._tell_veil()

    def _tell_veil(self) -> None:
        """Show that the text is hidden; there is always room for that."""
        hidden = self.veiled and bool(self.text)
        self._hints.set_class(hidden, "-veiled")
        self._hints.show(VEILED if hidden else self._idle)

    def typed_for_it(self) -> str:
        """Text typed masked when the next question for a secret comes, for which it was meant."""
        self._guarded = self._asked = True
        self._answered = False
        text = self.text
        if not self.veiled or not text or text.startswith("/"):
            return ""
        self.put("")
        return text

    def _withholds(self, text: str) -> bool:
        """True if a line may be a secret: no command, and a question for one is open, expected or recent."""
        if text.casefold() in self._picks:
            return False
        asks = self._may_ask(self.on_the_way)
        if not (asks or self._guarded):
            return False
        if isinstance(self._chat.parse(text), Problem):
            return True
        self._guarded = asks
        self._unveil()
        return False

    def put(self, text: str, *, selected: bool = False, blank: tuple[int, int] | None = None) -> None:
        """Set the text; the next key replaces it all if `selected`, or the characters of `blank`."""
        if text:
            self._unveil()
        self._placing = text
        self.input.value = text
        self.input.cursor_position = len(text)
        if self.veiled:
            self._tell_veil()
        if selected:
            self.input.action_select_all()
        elif blank is not None:
            self.input.selection = Selection(*blank)
        self.popup.close()

    def offer(self, picks: Sequence[str]) -> None:
        """Say what picks from the newest card; such a line is never taken for a secret."""
        self._picks = picks
        numbers = [each for each in picks if each.isdecimal()]
        letters = [each for each in picks if each not in numbers]
        kinds = [each if len(each) < 3 else [f"{each[0]}–{each[-1]}"] for each in (numbers, letters)]
        ends = [*kinds[0], *kinds[1]]
        words = f"{' or '.join(ends)} picks   Tab goes there" if picks else ""
        if self._hints.text == self._idle:
            self._hints.show(words)
        self._idle = words

    def on_resize(self) -> None:
        """Adapt the hints to the width."""
        self._make_room()

    def _make_room(self) -> None:
        """Hide the hints if the line needs their place."""
        taken = len(MARK) + cell_len(self.text) + 1 + min(HINTS_WIDTH, cell_len(self._hints.text))
        self._hints.set_class(taken + HINTS_MARGIN > self.size.width, "-crowded")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if not event.value:
            self.post_message(self.Emptied())
        self.call_after_refresh(self._make_room)
        if event.value != self.text:
            return  # a key right behind it has changed the text again: that is told next
        placed, self._placing = self._placing, "\x00"
        if event.value == placed:
            return
        self._walker.reset()
        if self.veiled:
            self._tell_veil()
            return
        if self._mode == "search":
            self.popup.offer([Item(line, line) for line in self._history.search(event.value)[:50]])
            return
        self.popup.offer(self._offers(event.value))
        self._hints.show(self._usage(event.value) or ("" if self.typing else self._idle))

    def _offers(self, text: str) -> Sequence[Item]:
        if not text.startswith("/") or " " in text:
            return []
        return matching_commands(text, self._chat.commands())

    def _usage(self, text: str) -> str:
        """Usage of the command being typed."""
        if not text.startswith("/") or " " not in text:
            return ""
        typed = f"{text.removeprefix('/')} "
        fitting = [
            each for each in self._chat.commands() if typed.startswith(f"{each.name.removeprefix('/')} ")
        ]
        best = max(fitting, key=lambda each: len(each.name), default=None)
        return harmless(best.usage, 80) if best else ""

    # Sending

    def action_send(self) -> None:
        """Send the line, or first take the chosen line of the list."""
        item = self.popup.item
        if self._mode == "search":
            self._end_search(item.text if item else self._draft)
            return
        if item is not None and self.popup.moved:
            self._take(item)
            if item.text.endswith(" "):
                return
        text = self.text.strip()
        if not text:
            self.post_message(self.Passed())
            return
        if self._withholds(text):
            self.put("")
            self.post_message(self.Withheld())
            return
        keep = self.text if self.text.startswith(" ") else text
        self._history.add(keep)
        self._tell_trouble()
        self._walker.reset()
        self.put("")
        self._hints.show(self._idle)
        self.on_the_way.append(text)
        self.post_message(self.Sent(text))

    def _tell_trouble(self) -> None:
        """Report once that the history file cannot be read or written."""
        if self._history.trouble is not None and not self._history_failed:
            self._history_failed = True
            self.post_message(self.HistoryFailed(self._history.trouble))

    def wait(self, lines: Sequence[str]) -> None:
        """Show the waiting lines."""
        self._queue.show(lines)

    # Keys

    def action_older(self) -> None:
        """Up in the list, else to the older line."""
        if self.popup.display:
            self.popup.move(-1)
        elif (line := self._walker.up(self.text)) is not None:
            self.put(line)
        elif not self._history.lines and not self.text:
            self.post_message(self.ToPicks())
        self._tell_trouble()

    def action_newer(self) -> None:
        """Down in the list, else to the newer line."""
        if self.popup.display:
            self.popup.move(1)
        elif (line := self._walker.down()) is not None:
            self.put(line)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - the base class's signature
        """Masked text is neither completed nor kept as a draft."""
        return not (self.veiled and self.text and action in ("older", "newer", "complete", "search"))

    def action_complete(self) -> None:
        """Take the chosen line of the list, or complete the word under the cursor."""
        item = self.popup.item
        if item is not None:
            if self._mode == "search":
                self._end_search(item.text)
            else:
                self._take(item)
            return
        if not self.typing:
            self.post_message(self.ToPicks())
            return
        text, cursor = self.text, self.input.cursor_position
        completions = self._chat.complete(text, cursor)
        if not completions:
            return
        if len(completions) == 1:
            only = completions[0]
            self.put(completed(text, cursor, only))
            self.input.cursor_position = only.start + len(only.value)
            return
        start = completions[0].start
        shared = common_start([each.value for each in completions if each.start == start])
        if len(shared) > cursor - start:
            self.put(text[:start] + shared + text[cursor:])
            text, cursor = self.text, start + len(shared)
            self.input.cursor_position = cursor
        self.popup.offer(completion_items(text, cursor, completions))

    def _take(self, item: Item) -> None:
        self.put(item.text)
        self._hints.show(self._usage(item.text))

    def action_search(self) -> None:
        """Search the history; repeated: the next older hit."""
        if self._mode == "search":
            self.popup.move(1)
            return
        self._mode, self._draft = "search", self.text
        self._mark.put(_sign(SEARCH_MARK))
        self._hints.show("↵ take   ^R older   Esc back")
        self.put("")
        self.popup.offer([Item(line, line) for line in self._history.search("")[:50]])
        self._tell_trouble()

    def _end_search(self, text: str) -> None:
        self._mode = "line"
        self._mark.put(_sign(MARK))
        self._hints.show(self._idle)
        self.put(text)

    def action_leave(self) -> None:
        """Close the list; with none open, empty the line."""
        if self._mode == "search":
            self._end_search(self._draft)
        elif self.popup.display:
            self.popup.close()
        else:
            self.put("")
            self._hints.show(self._idle)


class Queue(GivenLines):
    """The waiting lines, in one line: the next, and how many more."""

    def show(self, waiting: Sequence[str]) -> None:
        """Replace them; without any it is hidden."""
        self.display = bool(waiting)
        if waiting:
            more = f"   and {len(waiting) - 1} more" if len(waiting) > 1 else ""
            first = (harmless(waiting[0], 200), "italic")
            self.put(Content.assemble(("waits  › ", "$quiet"), first, (more, "$quiet")))
