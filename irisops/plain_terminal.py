"""Input and output of plain mode: lines of a pipe or a simple terminal, or a line editor with history.

There are no boxes, no colours and no cursor movement beyond the line being typed, so that a screen reader says only
what is new.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from irisops import streams
from irisops.background import in_daemon_thread
from irisops.contract.chat import Chat
from irisops.contract.secret_words import has_secret
from irisops.contract.wording import harmless, in_line
from irisops.files import cure_of
from irisops.run_command import ask_on_terminal
from irisops.ui.history import History

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import CompleteEvent, Completion
    from prompt_toolkit.document import Document

FOREVER = 10 * 365 * 86_400.0
"""Seconds to wait for a line."""


class Terminal(Protocol):
    """What plain mode needs of a terminal."""

    async def line(self, prompt: str, *, answer: bool = False) -> str | None:
        """A line that was typed; None at the end of the input. Raises `KeyboardInterrupt` for Ctrl+C.

        An `answer` to a question is neither completed nor kept in the history.
        """
        ...

    async def secret(self, title: str, prompt: str) -> str | None:
        """A secret typed without echo; None if none is given or nobody can be asked."""
        ...

    def write(self, text: str) -> None:
        """Write lines."""
        ...

    @property
    def asks(self) -> bool:
        """True if somebody can be asked for a secret here."""
        ...

    @property
    def lost(self) -> OSError | None:
        """Why output is no longer possible; the input then counts as ended."""
        ...


class Lines:
    """A pipe, a file, or a terminal without line editing."""

    def __init__(self, source: TextIO, sink: TextIO) -> None:
        self._source = source
        self._sink = sink
        self.asks = source.isatty()
        self.lost: OSError | None = None

    async def line(self, prompt: str, *, answer: bool = False) -> str | None:
        """See `Terminal.line`."""
        del answer
        if self.asks:
            self._print(prompt, end="")
        if self.lost is not None:
            return None
        text = await in_daemon_thread(self._source.readline, FOREVER)
        if not text:
            return None
        return text.rstrip("\r\n").removeprefix("\ufeff")  # PowerShell starts a pipe with a byte order mark

    async def secret(self, title: str, prompt: str) -> str | None:
        """See `Terminal.secret`. A pipe is not asked: its next line is a command."""
        return await ask_on_terminal(title, prompt) if self.asks else None

    def write(self, text: str) -> None:
        """See `Terminal.write`."""
        self._print(text)

    def _print(self, text: str, *, end: str = "\n") -> None:
        if self.lost is None:
            self.lost = streams.say(text, self._sink, end=end)


class Editor:
    """A terminal with history, completion on Tab and Ctrl+R, by prompt_toolkit."""

    def __init__(self, chat: Chat, history: History) -> None:
        from prompt_toolkit import PromptSession  # noqa: PLC0415 - 150 ms that pipes must not pay
        from prompt_toolkit.completion import Completer  # noqa: PLC0415 - not at the start
        from prompt_toolkit.history import DummyHistory, InMemoryHistory  # noqa: PLC0415 - not at the start
        from prompt_toolkit.output import ColorDepth  # noqa: PLC0415 - not at the start

        # Simple terminals do not report the cursor position; the query would show as a warning or stray characters.
        os.environ.setdefault("PROMPT_TOOLKIT_NO_CPR", "1")
        self.asks = True
        self.lost: OSError | None = None

        class Kept(InMemoryHistory):
            """History for the arrow keys, without secrets."""

            def append_string(self, string: str) -> None:
                if not has_secret(string):
                    super().append_string(string)

        known = Kept(list(map(in_line, history.lines)))
        self._history = history
        self._history_failed = False

        class Words(Completer):
            def get_completions(
                self, document: Document, complete_event: CompleteEvent
            ) -> Iterable[Completion]:
                del complete_event
                return _completions(chat, document)

        self._lines: PromptSession[str] = PromptSession(
            history=known,
            completer=Words(),
            complete_while_typing=False,
            enable_history_search=False,
            color_depth=ColorDepth.DEPTH_1_BIT,
            mouse_support=False,
        )
        self._answers: PromptSession[str] = PromptSession(
            history=DummyHistory(),  # for answers, which may be passwords
            color_depth=ColorDepth.DEPTH_1_BIT,
        )

    async def line(self, prompt: str, *, answer: bool = False) -> str | None:
        """See `Terminal.line`."""
        from prompt_toolkit.patch_stdout import patch_stdout  # noqa: PLC0415 - not at the start

        if self.lost is not None:
            return None
        prompt = streams.spelled(prompt, sys.__stdout__ or sys.stdout)
        try:
            with patch_stdout():
                if answer:
                    return await self._answers.prompt_async(prompt, is_password=False)
                text = await self._lines.prompt_async(prompt)
        except EOFError:
            return None
        await asyncio.to_thread(self._history.add, text)
        self._tell_trouble()
        return text

    def _tell_trouble(self) -> None:
        """Report once that the history file cannot be read or written."""
        error = self._history.trouble
        if error is not None and not self._history_failed:
            self._history_failed = True
            self.write(
                f"The history of typed lines cannot be kept: {error.strerror or error}. {cure_of(error)}"
            )

    async def secret(self, title: str, prompt: str) -> str | None:
        """See `Terminal.secret`."""
        try:
            return await self._answers.prompt_async(f"{title}. {prompt}: ", is_password=True) or None
        except (EOFError, KeyboardInterrupt):
            return None

    def write(self, text: str) -> None:
        """See `Terminal.write`."""
        if self.lost is None:
            # prompt_toolkit replaces standard output while a line is typed, and prints question marks for signs.
            self.lost = streams.say(streams.spelled(text, sys.__stdout__ or sys.stdout), sys.stdout)


def _completions(chat: Chat, document: Document) -> Iterable[Completion]:
    from prompt_toolkit.completion import Completion  # noqa: PLC0415 - not at the start

    for each in chat.complete(document.text, document.cursor_position):
        yield Completion(
            each.value,
            start_position=each.start - document.cursor_position,
            display=harmless(each.value),
            display_meta=harmless(each.hint),
        )


def terminal_for(chat: Chat, history: Path, environment: Mapping[str, str] | None = None) -> Terminal:
    """A line editor on a capable terminal, else plain lines. `history` is the file of typed lines."""
    kind = (os.environ if environment is None else environment).get("TERM", "")
    if sys.stdin.isatty() and sys.stdout.isatty() and kind not in ("dumb", ""):
        return Editor(chat, History(history))
    return Lines(sys.stdin, sys.stdout)
