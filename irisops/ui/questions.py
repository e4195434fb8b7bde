"""The prompt's place, which a question takes while it waits for its answer: one at a time, the next one waits."""

from __future__ import annotations

import asyncio

from textual.widget import Widget

from irisops.commands.replies import Plan
from irisops.ui.ask import Confirm, Secret
from irisops.ui.prompt import Prompt


class Questions:
    """Puts questions in place of `prompt`, inside `home`."""

    def __init__(self, home: Widget, prompt: Prompt) -> None:
        self._home = home
        self._prompt = prompt
        self._shown: Confirm | Secret | None = None
        self._secret: asyncio.Future[str | None] | None = None
        self._place = asyncio.Lock()
        """Held by the one question that stands there."""

    @property
    def shown(self) -> Confirm | Secret | None:
        """The question that stands in the prompt's place."""
        return self._shown

    async def confirm(self, plan: Plan) -> None:
        """Ask whether a plan is to be carried out. The answer is a message; whoever takes it calls `answered`."""
        await self._place.acquire()
        await self._put(Confirm(plan, typing=bool(self._prompt.text)))

    async def answered(self) -> None:
        """Take the question away: the plan was agreed to or declined."""
        await self._take()
        if self._place.locked():
            self._place.release()

    async def ask_secret(self, title: str, prompt: str) -> str | None:
        """Show a masked prompt and wait for `give`; None if the person declines."""
        async with self._place:
            self._secret = asyncio.get_running_loop().create_future()
            try:
                await self._put(Secret(title, prompt))
                return await self._secret
            finally:
                self._secret = None
                await self._take()

    def give(self, secret: str | None) -> None:
        """What the person typed behind the mask."""
        if self._secret is not None and not self._secret.done():
            self._secret.set_result(secret)

    def focus(self) -> None:
        """Put the focus where typing belongs: the question, else the prompt."""
        if self._shown is not None:
            self._shown.focus_answer()
        else:
            self._prompt.input.focus()

    async def _put(self, question: Confirm | Secret) -> None:
        self._shown = question
        self._prompt.display = False
        await self._home.mount(question)

    async def _take(self) -> None:
        # The focus moves first: left to itself it would go to the last card when the question goes, and scroll there.
        question, self._shown = self._shown, None
        self._prompt.display = True
        self._prompt.input.focus()
        if question is not None:
            await question.remove()
