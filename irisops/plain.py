"""`irisops --plain`: the same chat line by line, for screen readers, dumb terminals and pipes.

The same commands, plans, forms and questions as on the screen, through the same `Chat`; replies are written as
`irisops run` writes them. Nothing is redrawn and nothing refreshes by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from irisops import streams
from irisops.contract import picks
from irisops.contract.chat import About, Chat, Command, Notice
from irisops.contract.replies import Cell, Effect, Form, FormField, Plan, Problem, Progress, Reply, Table
from irisops.contract.secret_words import without_secrets
from irisops.contract.wording import harmless, harmless_lines
from irisops.engine import reply_text
from irisops.plain_terminal import Terminal
from irisops.run_command import until_signal
from irisops.ui.saving import save

KEEP = "Enter keeps what is shown, - empties it, Ctrl+C or a line with only . leaves the form."
YES = ("y", "yes")
LEAVE = "."
EMPTY = "-"


class Left(Exception):  # noqa: N818 - a decision, not an error
    """The person left a form."""


class PlainChat:
    """A conversation by lines. Tables are fitted to `width` cells; None cuts nothing."""

    def __init__(self, chat: Chat, terminal: Terminal, *, width: int | None = None) -> None:
        self._chat = chat
        self._terminal = terminal
        self._width = width
        self._offer = ""
        self._shown: list[Reply] = []
        """Replies to the last line; what they offer can be picked by number or letter."""
        self._command: Command | None = None
        """The last command that was no change: follow-ups refer to its rows."""
        self._last: Command | None = None
        self._said: list[str] = []
        self._ended = False
        self._asking = asyncio.Lock()
        self._doing: asyncio.Task[None] | None = None

    async def run(self) -> int:
        """Converse until the person leaves or the input ends. Returns the exit status."""
        self._chat.subscribe(lambda: None, self._notice)
        if self._terminal.asks:
            self._chat.ask_with(self._secret)
        self._write("irisops, plain mode. /help lists everything, /quit leaves.")
        await self._chat.start()
        opening = self._chat.overview().opening
        if opening:
            await self._carefully(opening)
        while not self._ended:
            try:
                text = await self._terminal.line(self._prompt())
            except KeyboardInterrupt:
                continue
            if text is None:
                break
            text = text.strip() or self._offer
            self._offer = ""
            if text:
                self._said.append(harmless_lines(f"> {without_secrets(text)}"))
                await self._carefully(text)
        lost = self._terminal.lost
        return 0 if lost is None else streams.status_of(lost)

    def cancel(self) -> bool:
        """Stop what runs; False if nothing does."""
        if self._doing is None or self._doing.done():
            return False
        self._doing.cancel()
        return True

    async def _carefully(self, text: str) -> None:
        """Run a line in its own task, so that Ctrl+C ends the line and not the program."""
        self._doing = asyncio.ensure_future(self.say(text))
        try:
            await self._doing
        except asyncio.CancelledError:
            if self._doing.cancelled() and not _being_cancelled():
                self._write("Cancelled. What the instance was already asked to do may still happen.")
                return
            self._doing.cancel()
            raise
        except KeyboardInterrupt:
            self._write("Left.")

    async def say(self, text: str) -> None:
        """Run one line and write the replies."""
        line = picks.offered(self._shown).get(text.casefold())
        if line is not None:
            pick = picks.pick(line, self._chat.commands())
            if pick.blank is not None:
                self._write(f"This lacks {pick.line[slice(*pick.blank)]}: {pick.line}")
                return
            if not pick.runs:
                self._write(f"It acts without a question, so type it whole: {pick.line}")
                return
            text = pick.line
        if not self._chat.ready(text):
            await self._chat.prepare(text)
        parsed = self._chat.parse(text, self._about())
        if isinstance(parsed, Problem):
            # The rows before stay what "the second one" refers to.
            self._shown = [each for each in self._shown if not isinstance(each, Problem)]
            self._reply(picks.with_beside(parsed))
            return
        self._last = parsed
        if not parsed.changes:
            self._command, self._shown = parsed, []
        await self._do(parsed)

    def _about(self) -> About | None:
        """What a follow-up refers to."""
        command = self._command or self._last
        return replace(About.of(command, self._shown), last=self._last) if command else None

    async def _do(self, command: Command) -> None:
        if command.slash and command.slash != command.text.strip():
            self._write(without_secrets(command.slash))  # teach the command behind the words
        await self._all(self._chat.run(command))

    async def _all(self, replies: AsyncIterator[Reply]) -> None:
        plans: list[Plan] = []
        forms: list[Form] = []
        async for reply in replies:
            if isinstance(reply, Plan):
                plans.append(reply)
            if isinstance(reply, Form):
                forms.append(reply)
            elif isinstance(reply, Effect):
                self._effect(reply)
            else:
                self._reply(reply)
        for plan in plans:
            await self._confirm(plan)
        for form in forms:
            await self._fill(form)

    def _reply(self, reply: Reply) -> None:
        self._shown.append(reply)
        if isinstance(reply, Table) and reply.offer:
            self._offer = reply.offer
        text = reply_text.text(reply, self._width)
        if text:
            self._write(text, keep=not isinstance(reply, Progress))
        if self._offer and isinstance(reply, Table):
            self._write(f"An empty line does: {self._offer}")

    def _write(self, text: str, *, keep: bool = True) -> None:
        text = harmless_lines(text)
        self._terminal.write(text)
        if keep:
            self._said.append(text)

    def _notice(self, notice: Notice) -> None:
        mark = {"info": "Note", "warning": "Warning", "error": "Error"}[notice.level]
        message = notice.message
        if notice.profile and notice.profile not in message:
            message = f"{notice.profile}: {message}"
        words = f"{mark}: {message} {notice.cure}".strip()
        self._write(harmless(words, 2000))

    def _prompt(self) -> str:
        """The prompt: the active instance and its state."""
        active = self._chat.overview().active
        if active is None:
            return "no instance> "
        marks = [
            word
            for word, there in (
                (active.state, active.state != "connected"),
                ("read-only", active.read_only),
                ("guarded", active.guarded),
            )
            if there
        ]
        said = f" ({', '.join(marks)})" if marks else ""
        return f"{harmless(active.name)}{said}> "

    async def _secret(self, title: str, prompt: str) -> str | None:
        async with self._asking:
            return await self._terminal.secret(harmless(title), harmless(prompt))

    # Plans

    async def _confirm(self, plan: Plan) -> None:
        """Ask for yes or no, or for the plan's word in place of yes."""
        word = plan.confirm_word
        question = (
            f"Type {harmless(word)} to do it, anything else leaves it: " if word else "Do it? yes or no: "
        )
        try:
            answer = (await self._terminal.line(question, answer=True) or "").strip()
        except KeyboardInterrupt:
            answer = ""
        agreed = answer.casefold() == word.casefold() if word else answer.casefold() in YES
        if not agreed:
            self._chat.decline(plan.id)
            self._write("Nothing was changed.")
            return
        await self._all(self._chat.confirm(plan.id, answer if word else ""))

    # Forms

    async def _fill(self, form: Form) -> None:
        """Ask for each field, or only for the wrong ones, and send the form."""
        self._write(f"{harmless(form.title)}. {KEEP}")
        for note in form.notes:
            self._write(harmless(note, 2000))
        wrong = set(form.errors)
        for name, error in form.errors.items():
            self._write(f"{harmless(name)}: {harmless(error, 500)}")
        values: dict[str, Cell] = {field.name: field.value for field in form.fields}
        try:
            for field in form.fields:
                if not wrong or field.name in wrong or field.kind == "secret":
                    values[field.name] = await self._field(field)
        except (Left, KeyboardInterrupt):
            self._write("Left. Nothing was changed.")
            return
        parsed = self._chat.parse(form.command)
        if isinstance(parsed, Problem):
            self._reply(parsed)
            return
        await self._all(self._chat.run(replace(parsed, fields=values)))

    async def _field(self, field: FormField) -> Cell:
        """One field, asked again until it is well-formed. Raises `Left`."""
        label = harmless(field.label)
        if field.help:
            label += f", {harmless(field.help)}"
        if field.kind == "secret":
            return await self._secret("", label) or ""
        if field.choices:
            named = ", ".join(choice or "(none)" for choice in field.choices[:40])
            self._write(f"  {'one of' if field.kind == 'choice' else 'among'}: {harmless(named, 2000)}")
        while True:
            answer = await self._terminal.line(
                f"  {label} [{harmless(shown(field.value), 400)}]: ", answer=True
            )
            if answer is None or answer.strip() == LEAVE:
                raise Left
            text = answer.strip()
            value = field.value if not text else parse_value(field, "" if text == EMPTY else text)
            fault = fault_of(field, value)
            if not fault:
                return value
            self._write(f"  {fault}")

    # Effects

    def _effect(self, effect: Effect) -> None:
        if effect.name == "quit":
            self._ended = True
        elif effect.name == "clear":
            self._said.clear()
        elif effect.name in ("sort", "only"):
            self._write("Plain mode shows rows as they came; lists take sort=COLUMN and words to filter by.")
        elif effect.name == "theme":
            self._write("Plain mode has no colours.")
        else:
            self._reply(save("\n".join(self._said) + "\n", effect.argument))


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def shown(value: Cell) -> str:
    """A field's value in the form in which it is typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value)
    return str(value)


def parse_value(field: FormField, text: str) -> Cell:
    """The typed text as a value of the field's kind; invalid input stays text, which `fault_of` reports."""
    if field.kind == "flag":
        known = {"yes": True, "y": True, "no": False, "n": False}
        return known.get(text.casefold(), text)
    if field.kind in ("roles", "privileges"):
        return [each.strip() for each in text.split(",") if each.strip()]
    if field.kind in ("number", "date") and not text:
        return None
    if field.kind == "number":
        with contextlib.suppress(ValueError):
            return int(text)
    return text


def fault_of(field: FormField, value: Cell) -> str:
    """Why a value cannot be sent, or ""."""
    if field.required and value in ("", None, []):
        return "This is needed."
    if field.kind == "flag" and not isinstance(value, bool):
        return "Say yes or no."
    if field.kind == "number" and isinstance(value, str) and value:
        return "That is not a number."
    if field.kind == "choice" and field.choices and value not in ("", *field.choices):
        return "Choose one of those named."
    return ""


async def run_plain(chat: Chat, terminal: Terminal, *, width: int | None = None) -> int:
    """Converse, then log out everywhere, whatever ended it. Returns the exit status."""
    plain = PlainChat(chat, terminal, width=width)
    try:
        return await until_signal(plain.run(), plain.cancel)
    finally:
        await chat.close()
