"""Questions in place of the prompt, one at a time.

Typing is never taken for an answer by accident, and never lost. A question that comes while a line is being typed is
shown above the line and waits for Enter in an empty line. Keys pressed before the question was visible, and letters
that are no answer, go to the prompt. The key that answers returns the focus to the prompt at once, so later keys
belong to a line. After a question for a secret the prompt is masked, as the next keys may be the rest of the secret, or
the secret again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual import events
from textual.message import Message
from textual.widget import Widget

from irisops.contract.replies import Plan
from irisops.logs import hide
from irisops.ui.ask import Confirm, Secret
from irisops.ui.prompt import Prompt


class Questions:
    """Shows questions in place of `prompt`, inside `home`."""

    def __init__(
        self,
        home: Widget,
        prompt: Prompt,
        is_command: Callable[[str], bool],
        searching: Callable[[], bool] = lambda: False,
    ) -> None:
        self._searching = searching
        """True while keys go to the search: they must not answer anything."""
        self._is_command = is_command
        self._home = home
        self._prompt = prompt
        self._standing: Confirm | Secret | None = None
        self._answering = False
        """True after the answering key: later keys belong to a line."""
        self._touched = False
        """True once a key or a paste went into the masked line."""
        self._secret: asyncio.Future[str | None] | None = None
        self._place = asyncio.Lock()
        """Held by the shown question."""

    @property
    def shown(self) -> Confirm | Secret | None:
        """The open question."""
        return None if self._answering else self._standing

    @property
    def _busy(self) -> bool:
        """True if a line is being typed."""
        return self._prompt.typing or self._searching()

    async def confirm(self, plan: Plan) -> None:
        """Ask to confirm a plan. The answer is a message; its handler calls `answered`."""
        await self._place.acquire()
        await self._put(Confirm(plan))

    async def answered(self) -> None:
        """Remove the question about a plan."""
        await self._take()
        if self._place.locked():
            self._place.release()

    async def ask_secret(self, title: str, prompt: str) -> str | None:
        """Show a masked prompt and wait for `give`; None if the person declines."""
        async with self._place:
            self._secret = asyncio.get_running_loop().create_future()
            try:
                await self._put(Secret(title, prompt, self._is_command))
                return await self._secret
            finally:
                self._secret = None
                await self._take()

    def give(self, secret: str | None) -> None:
        """Pass on the typed secret, and have it masked wherever it appears later."""
        if secret:
            hide(secret)
        if self._secret is not None and not self._secret.done():
            self._secret.set_result(secret)

    def end(self) -> bool:
        """End a question for a secret without an answer; False if there is none."""
        if self._secret is None or self._secret.done():
            return False
        self._secret.set_result(None)
        return True

    def begins_line(self, event: events.Key) -> bool:
        """True for a slash while nothing is in the masked line yet: it begins a command.

        A password that begins with one can be pasted.
        """
        question = self.shown
        fresh = isinstance(question, Secret) and not self._touched and event.time >= question.since
        return fresh and event.character == "/"

    def focus(self) -> None:
        """Focus the question, else the prompt."""
        question = self.shown
        if question is not None and question.armed:
            question.focus_answer()
        else:
            self._focus_prompt()

    # Routing of keys

    def before_key(self, event: events.Key) -> None:
        """Before a key is dispatched: keep it from a question for which it was not meant."""
        self._prompt.lift_veil(event.time)
        question = self.shown
        if question is None or not question.armed:
            return
        if event.time < question.since or question.is_stray(event):
            self.let_type()
        elif event.is_printable and not question.focused:
            question.focus_answer()
        self._touched = self._touched or (event.is_printable and event.time >= question.since)

    def after_key(self, event: events.Key) -> None:
        """After a key was dispatched: the answering key is the last one for the question."""
        question = self.shown
        if question is not None and question.armed and question.focused and question.ends(event.key):
            self._answering = True
            self._veil(question, event.time)
            self._show_prompt()
            question.display = False

    def before_paste(self, at: float) -> None:
        """Before a paste: a yes-or-no question takes none."""
        self._prompt.lift_veil(at)
        self._touched = True
        if isinstance(self.shown, Confirm) and self.shown.armed and not self.shown.takes_words:
            self.let_type()

    def call(self) -> None:
        """The line is done: ask the question."""
        question = self.shown
        if question is not None and not question.armed:
            self._arm(question)

    def ask_again(self) -> None:
        """The answer was wrong: ask again."""
        question = self._standing
        if question is None:
            return
        self._answering = False
        question.display = True
        if self._busy:
            question.disarm()
        else:
            self._arm(question)

    def let_type(self) -> None:
        """Let the line be finished first, below the question."""
        if self.shown is not None:
            self.shown.disarm()
            self._show_prompt()

    def _arm(self, question: Confirm | Secret) -> None:
        question.arm()
        self._prompt.display = False  # after the focus has moved, which would get lost otherwise

    def _veil(self, question: Confirm | Secret | None, at: float) -> None:
        """Mask the prompt: the rest of a secret may still be typed."""
        if isinstance(question, Secret) and question.armed:
            self._prompt.veil(at)

    def _show_prompt(self) -> None:
        self._prompt.display = True
        self._focus_prompt()

    def _focus_prompt(self) -> None:
        self._home.screen.set_focus(self._prompt.input)  # at once: `focus` acts only after the next keys

    async def _put(self, question: Confirm | Secret) -> None:
        question.display = False  # not shown beside the prompt, not even for a frame
        await self._home.mount(question, before=self._prompt)
        question.display = True
        self._standing = question
        self._answering = False
        if isinstance(question, Secret):
            typed = self._prompt.typed_for_it()
            question.take(typed)
            self._touched = bool(typed)
        if not self._busy:
            self._arm(question)

    async def _take(self) -> None:
        # Move the focus first: Textual would move it to the last card, and scroll there.
        question, self._standing = self._standing, None
        if not self._answering:
            self._veil(question, Message().time)
            self._show_prompt()
        self._answering = False
        if question is not None:
            await question.remove()
