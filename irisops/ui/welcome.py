"""The first screen: where one is, three things to try, how to leave."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from irisops.contract.chat import Overview
from irisops.contract.quoting import filled
from irisops.contract.wording import harmless
from irisops.ui.frame import lamp, state_words
from irisops.ui.lines import Lines, Onward, same, wrapped

Try = tuple[str, str]
"""A line to send, and what comes of it."""

CONNECTED: tuple[Try, ...] = (
    ("who holds my license", "each unit: by whom, why, and until when"),
    ("how can I save units", "what costs units for nothing, and how to stop it"),
    ("show users", "accounts and their roles; Enter on one opens it"),
)
RECORDED: tuple[Try, ...] = (
    ("who holds my license", "each unit, as of the moment that is shown"),
    ("when was the license full", "goes to that moment; again: the next one"),
    ("jump to the next change", "goes to where a count is another one"),
)
UNKNOWN: tuple[Try, ...] = (
    ("find my instances", "looks for IRIS on this machine"),
    ("add a profile", "opens a form for an instance elsewhere"),
    ("help", "everything that can be asked"),
)
ASK = (
    "Ask in plain words, or type / for commands.",
    "A change shows its plan first and waits for your yes.",
)
ASK_A_RECORDING = (
    "This is a recording: nothing is live, and nothing can be changed.",
    "← and → go back and on while the prompt is empty, /at 14:02 to a moment.",
)
TRY = "Try one: Tab, then ↑ ↓ and Enter, or click"
LEAVE = "F1 keys   Ctrl+P all commands   Ctrl+Q or /quit logs out and leaves"


def things_to_try(overview: Overview) -> tuple[Try, ...]:
    """Three lines that work now."""
    profile = overview.active or next(iter(overview.profiles), None)
    if profile is None:
        return UNKNOWN
    if profile.recorded:
        return RECORDED
    if profile.state in ("connected", "connecting"):
        return CONNECTED
    login = filled("/connect {name}", {"name": profile.name})
    return (
        (login, "logs in, and asks for the password if needed"),
        ("show profiles", "all you know"),
        UNKNOWN[2],
    )


class Welcome(Lines, can_focus=True):
    """Shown in an empty transcript."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", "The one above", show=False, id="welcome.up"),
        Binding("down,tab", "choose(1)", "The one below", show=False, id="welcome.down"),
        Binding("enter", "run", "Do the marked one", id="welcome.run"),
    ]

    class Chosen(Message):
        """A line to send."""

        def __init__(self, line: str) -> None:
            super().__init__()
            self.line = line

    def __init__(self, overview: Overview) -> None:
        super().__init__()
        self._overview = overview
        self._chosen = 0
        self._rows: dict[int, int] = {}
        """Line to try, by row of the widget."""

    def stops(self) -> list[Widget]:
        """Stops of the block cursor: the whole widget."""
        return [self]

    def show(self, overview: Overview) -> None:
        """Take a newer state."""
        width = self.content_size.width
        before = self.lines(width)
        self._overview = overview
        after = self.lines(width)
        if not same(before, after):
            self.refresh(layout=len(before) != len(after))

    def lines(self, width: int) -> list[Content]:
        """Greeting, state, lines to try, how to leave."""
        profile = self._overview.active
        ask = ASK_A_RECORDING if profile is not None and profile.recorded else ASK
        lines = [
            Content.assemble(
                ("✿ ", "$accent"), ("irisops", "$primary bold"), ("  chat with an IRIS instance", "$quiet")
            ),
            Content(""),
            *self._state(width),
            Content(""),
            *(line for each in ask for line in wrapped(Content(each), width)),
            Content(""),
            *wrapped(Content.styled(TRY, "$quiet"), width),
        ]
        tries = things_to_try(self._overview)
        column = max(len(line) for line, _ in tries) + 3
        self._rows = {}
        for number, (line, what) in enumerate(tries):
            self._rows[len(lines)] = number
            here = self.has_focus and number == self._chosen
            text = Content.assemble(
                ("▸ " if here else "  ", "$row-cursor-text" if here else ""),
                (harmless(line, 60).ljust(column), "$row-cursor-text bold" if here else "$said"),
                (what, "$row-cursor-text" if here else "$quiet"),
            ).truncate(width, ellipsis=True, pad=here)
            lines.append(text.stylize("on $row-cursor") if here else text)
        return [*lines, Content(""), *wrapped(Content.styled(LEAVE, "$quiet"), width)]

    def _state(self, width: int) -> list[Content]:
        """Which instance this is about; without any, a notice says what to do."""
        profile = self._overview.active or next(iter(self._overview.profiles), None)
        if profile is None:
            return []
        what = " as ".join(harmless(each, 40) for each in (profile.version, profile.user) if each)
        words = state_words(profile) or what or "connected"
        return wrapped(Content.assemble(lamp(profile), f" {harmless(profile.name, 40)}: {words}"), width)

    def action_choose(self, step: int) -> None:
        """Mark another line; beyond the last, back to the prompt."""
        number = self._chosen + step
        if number < len(things_to_try(self._overview)):
            self._chosen = max(0, number)
            self.refresh()
        else:
            self._chosen = 0
            self.post_message(Onward(step))

    def action_run(self) -> None:
        """Send the marked line."""
        self.post_message(self.Chosen(things_to_try(self._overview)[self._chosen][0]))

    def on_click(self, event: events.Click) -> None:
        """Send the clicked line."""
        offset = event.get_content_offset(self)
        number = self._rows.get(offset.y) if offset is not None else None
        if number is not None:
            self._chosen = number
            self.action_run()

    def on_focus(self) -> None:
        """Show the mark."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide it."""
        self.refresh()
