"""The conversation: lines become jobs, jobs become cards, plans become questions. Only here is the chat run.

Workers only post messages; handlers change the widgets. One handler turns a worker's failure into a card.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakSet

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import Worker, WorkerState

from irisops.contract.chat import Chat, Command, Notice, Overview
from irisops.contract.quoting import filled
from irisops.contract.replies import Cell, Done, Effect, Form, Problem, Progress
from irisops.contract.secret_words import ASKS, KEY_OF_MODEL, has_secret, without_secrets
from irisops.contract.wording import harmless
from irisops.files import cure_of
from irisops.logs import MASK
from irisops.ui.ask import Asked, Confirm, Secret
from irisops.ui.card import Card, Pinned
from irisops.ui.cards.facts import FactsSection
from irisops.ui.cards.plan import PlanSection
from irisops.ui.cards.problem import ProblemSection
from irisops.ui.follow_up import Offers, about_of, arrange
from irisops.ui.grid import Grid
from irisops.ui.history import History
from irisops.ui.jobs import Job, Runner, cancelled, failure_of
from irisops.ui.lines import Ground, Lines, Picked
from irisops.ui.links import Commands
from irisops.ui.pace import Paces
from irisops.ui.popup import command_item
from irisops.ui.prompt import Prompt
from irisops.ui.questions import Questions
from irisops.ui.transcript import Transcript
from irisops.ui.welcome import Welcome

if TYPE_CHECKING:
    from irisops.ui.search import SearchBar

WITHHELD = Problem(
    "NotShown",
    "This line was not understood. It may have been a password, so it is neither shown nor kept.",
    "If a password is still wanted, /connect asks for it. For anything else, /help lists what can be typed.",
)
LONG = 10.0
"""Seconds after which somebody may have turned to another window."""


def search_bar() -> type[SearchBar]:
    """The line to search in, imported at the first search."""
    from irisops.ui import search  # noqa: PLC0415 - 2 ms and 0.2 MB that only a search needs

    return search.SearchBar


class Conversation(Ground, Vertical):
    """Transcript and prompt, and the jobs between them."""

    class Running(Message):
        """A job started or ended, for the status line. Empty if nothing runs."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    class Ended(Message):
        """A long command or a change has ended, or a long one waits for an answer."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Wanted(Message):
        """An effect for the app: quit, theme, save."""

        def __init__(self, effect: Effect, card: Card) -> None:
            super().__init__()
            self.effect, self.card = effect, card

    class FormWanted(Message):
        """Open an editor, or show errors in the open one."""

        def __init__(self, form: Form, card: Card) -> None:
            super().__init__()
            self.form, self.card = form, card

    class FormDone(Message):
        """The submitted form was answered, by a plan or a result, or by a problem to show in the editor."""

        def __init__(self, problem: Problem | None) -> None:
            super().__init__()
            self.problem = problem

    def __init__(
        self,
        chat: Chat,
        history: History,
        now: Callable[[], datetime],
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__()
        self._chat = chat
        self._now = now
        self._seconds = seconds
        self.paces = Paces()
        self.pinned = Pinned()
        self.transcript = Transcript(now, chat.overview, self._commands)
        self.prompt = Prompt(chat, history, self._may_ask)
        self._named: Commands | None = None
        self._waiting: deque[str] = deque()
        """Lines typed while a job runs, next first."""
        self._runner = Runner(self, seconds)
        self._offers = Offers(self.transcript, self.prompt, chat.commands, self._go_on_with)
        self.searching: SearchBar | None = None
        self.questions = Questions(self, self.prompt, self._is_command, lambda: self.searching is not None)
        self._confirming: Card | None = None
        self._preparing: Worker[None] | None = None
        """Loads what the first sentence needs."""
        self._marked: WeakSet[Grid] = WeakSet()
        """Tables in which the person moved to a row."""
        self._recorded = False
        """It is the replay of a recording."""

    def compose(self) -> ComposeResult:
        """The pinned card, the transcript, the prompt."""
        yield self.pinned
        yield self.transcript
        yield self.prompt

    # Lines

    @property
    def running(self) -> Job | None:
        """The running job, without refreshes of live cards."""
        return self._runner.current

    @property
    def answering(self) -> bool:
        """True while any card is answered or refreshed."""
        return bool(self._runner.cards)

    @property
    def busy(self) -> bool:
        """True if a new line has to wait."""
        return self.running is not None or self._confirming is not None or self._preparing is not None

    @on(Prompt.Sent)
    def _sent(self, event: Prompt.Sent) -> None:
        event.stop()
        self.prompt.on_the_way.remove(event.text)
        self.send(event.text)

    @on(Prompt.Withheld)
    def _withheld(self, event: Prompt.Withheld) -> None:
        """Answer a line that may be a secret without showing it."""
        event.stop()
        self.answer(self.transcript.add_turn(MASK, Command("")).card, WITHHELD)

    def _may_ask(self, sent: Iterable[str]) -> bool:
        """True if a command that may ask for a secret is running, waiting, or among `sent`."""
        if isinstance(self.questions.shown, Secret):
            return True
        running = self.running
        if running is not None and running.command.name in ASKS:
            return True
        waiting = (self._chat.parse(line) for line in (*sent, *self._waiting))
        return any(isinstance(each, Command) and each.name in ASKS for each in waiting)

    def _is_command(self, text: str) -> bool:
        return text.startswith("/") and not isinstance(self._chat.parse(text), Problem)

    def send(self, text: str) -> None:
        """Handle a line as if it were typed."""
        self.transcript.end_welcome()
        self.begin_with(text)

    def begin_with(self, text: str) -> None:
        """Handle a line of the program's own at the start: the first screen stays."""
        self._waiting.append(text)
        self._pump()

    def _pump(self) -> None:
        while self._waiting and not self.busy:
            self._begin(self._waiting.popleft())
        self.prompt.wait([without_secrets(line) for line in self._waiting])

    def _begin(self, text: str) -> None:
        self._runner.call_off()
        if self._offers.take(text):
            return
        if not self._chat.ready(text):
            self._preparing = self.run_worker(self._prepare(text), group="sentence", exit_on_error=False)
            return
        parsed = self._chat.parse(text, about_of(self.transcript.cards, self._marked))
        if isinstance(parsed, Problem):
            card = self.transcript.add_turn(text, Command("", text=text)).card
            self.answer(card, parsed)
            if not self.prompt.text and not self._waiting and not has_secret(text):
                self.prompt.put(text, selected=True)
            self._ask_beside(card, parsed.beside)
            return
        self.carry_out(parsed, text)

    def _ask_beside(self, card: Card, line: str) -> None:
        """Let the model behind the chat choose, in the card that asks back. Nothing waits for it."""
        command = self._chat.parse(line) if line else None
        if isinstance(command, Command):
            self._start(Job(card, command, lambda: self._chat.run(command), beside=True))

    async def _prepare(self, text: str) -> None:
        """Load what a sentence needs without holding up the screen, then handle it."""
        try:
            await self._chat.prepare(text)
        finally:
            self._preparing = None
        self._go_on_with(text)

    def _go_on_with(self, text: str) -> None:
        """Handle a line before what was typed meanwhile."""
        self._waiting.appendleft(text)
        self._pump()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A table that had the focus has a row that the person marked."""
        if isinstance(event.widget, Grid):
            self._marked.add(event.widget)

    def carry_out(self, command: Command, text: str = "") -> Card:
        """Run a command in a new card. `text` is the typed line."""
        turn = self.transcript.add_turn(text or command.slash, command)
        self._offers.tell(turn.card)
        self._run(turn.card, command)
        return turn.card

    def submit_form(self, form: Form, values: dict[str, Cell], card: Card) -> None:
        """Run the command of a form with its fields, in the form's card."""
        parsed = self._chat.parse(form.command)
        if isinstance(parsed, Problem):
            self.answer(card, parsed)
        else:
            self._run(card, replace(parsed, fields=values))

    async def drop_form(self, card: Card) -> None:
        """Remove the turn of a form that was left, if it holds nothing else."""
        if all(isinstance(each, Form) for each in card.replies) and card not in self._runner.cards:
            await self.transcript.drop(card)

    # Jobs

    def _run(self, card: Card, command: Command, *, refresh: bool = False) -> None:
        self._start(Job(card, command, lambda: self._chat.run(command), refresh))

    def _start(self, job: Job) -> None:
        self._runner.start(job)
        if not job.refresh:
            job.card.set_state("running")
            self.post_message(self.Running(harmless(without_secrets(job.name), 80)))

    @on(Runner.Replied)
    async def _show(self, event: Runner.Replied) -> None:
        event.stop()
        if not self.is_attached:  # the app is about to end: nothing can be shown any more, and nothing begun
            return
        job, reply = event.job, event.reply
        job.replies.append(reply)
        if job.refresh:
            return
        if job.beside and not isinstance(reply, Progress | Problem):
            job.card.command = job.command  # what is said next refers to its answer
        if isinstance(reply, Effect):
            answer = await self._effect(reply, job.card)
            if answer is not None:
                job.replies.append(answer)
                job.card.add(answer, self._now())
        else:
            job.card.add(reply, self._now())

    @on(Worker.StateChanged)
    def _ended(self, event: Worker.StateChanged) -> None:
        worker = event.worker
        if event.state not in (WorkerState.SUCCESS, WorkerState.ERROR, WorkerState.CANCELLED):
            return
        event.stop()
        job = self._runner.ended(worker)
        if not self.is_attached:
            return
        if job is None:
            if event.state is WorkerState.ERROR:
                failed = f"The screen failed at {worker.name}: {worker.error}"
                self.notice(Notice("error", failed, "Please report it."))
            return
        if event.state is WorkerState.ERROR:
            self._failed(job, worker.error)
        elif event.state is WorkerState.CANCELLED:
            if job.asks:
                self._as_before(job.card)
            elif not job.refresh:
                self.answer(job.card, cancelled(job))
        elif job.refresh:
            self._refreshed(job)
        else:
            self._succeeded(job)
        self._tell_end(job)
        if self.running is None:
            self.post_message(self.Running(""))
        self._pump()

    def _as_before(self, card: Card) -> None:
        """A card without the progress of a question that was called off."""
        card.renew([each for each in card.replies if not isinstance(each, Progress)], self._now())
        card.set_state("failed")

    def _tell_end(self, job: Job) -> None:
        """Post the end of what somebody may have turned away from."""
        if job.asks:
            return
        changed = job.command.changes and job.outcome() in ("done", "failed")
        if not job.refresh and (changed or self._seconds() - job.began >= LONG):
            self.post_message(self.Ended(job.card.headline().plain))

    def _failed(self, job: Job, error: BaseException | None) -> None:
        """Show a fault of the program; faults of an instance are `Problem` replies."""
        if job.refresh:
            job.card.set_stale(True)
        self.answer(job.card, failure_of(job, error))

    def _refreshed(self, job: Job) -> None:
        """Show newer replies. A recording costs the instance no time, and nothing of it is stale."""
        card = job.card
        if not self._recorded:
            self.paces.was_read(card, job.began, self._seconds())
        if card.parent is None or not card.is_live:
            return
        if not self._recorded:
            card.set_stale(job.problem is not None)
        if job.problem is None:
            card.renew(job.replies, self._now())

    def _succeeded(self, job: Job) -> None:
        job.card.recorded = self._recorded
        job.card.set_state(job.outcome())
        self._offers.tell(job.card)
        if job.command.name in ASKS and job.problem is None:
            self.prompt.answered()
        if job.card.is_live:
            self.transcript.freeze_older(job.card)
        if job.offer and not self.prompt.text and not self._waiting:
            self.prompt.put(job.offer, selected=True)
        if job.form is not None:
            self.post_message(self.FormWanted(job.form, job.card))
        elif job.command.fields:
            self.post_message(self.FormDone(job.problem))
        if job.plan is not None:
            self._confirming = job.card
            self.run_worker(self.questions.confirm(job.plan), group="question", exit_on_error=False)

    def cancel(self) -> bool:
        """Cancel the running job or question and drop waiting lines. False if there was nothing."""
        asked = self.questions.end()
        if self._confirming is not None and isinstance(self.questions.shown, Confirm):
            self.post_message(Confirm.Answered(self.questions.shown.plan, yes=False))
            asked = True
        dropped = len(self._waiting)
        self._waiting.clear()
        self.prompt.wait([])
        running = self._runner.cancel()
        if self._preparing is not None:
            self._preparing.cancel()
            running = True
        return bool(running or dropped or asked)

    # Effects

    async def _effect(self, effect: Effect, card: Card) -> Done | Problem | None:
        """Carry an effect out, or pass it to the app; returns an immediate reply, if any."""
        if effect.name == "clear":
            await self.transcript.clear()
        elif effect.name == "pin":
            return await self._pin(effect.argument)
        elif effect.name == "unpin":
            return Done(
                "watch", "No longer watching." if await self.pinned.unpin() else "Nothing was being watched."
            )
        elif effect.name in ("sort", "only"):
            return arrange(self.transcript.cards, effect)
        else:
            self.post_message(self.Wanted(effect, card))
        return None

    async def _pin(self, slash: str) -> Done | Problem:
        parsed = self._chat.parse(slash)
        if isinstance(parsed, Problem):
            return parsed
        card = await self.pinned.pin(parsed, self._now(), self._commands())
        self._run(card, parsed)
        return Done(
            "watch", f"{slash} stays at the top and keeps itself fresh.", ["/watch off takes it away."]
        )

    def show(self, overview: Overview) -> None:
        """Take a newer state: figures of a lost connection are stale."""
        self._recorded = overview.timeline is not None
        active = overview.active
        stale = active is None or active.stale or active.state != "connected"
        self.transcript.renew_welcome(overview)
        self.transcript.set_stale(stale)
        self.pinned.set_stale(stale)

    def answer(self, card: Card, reply: Done | Problem) -> None:
        """End a card with a result or a problem."""
        card.add(reply, self._now())
        card.set_state("failed" if isinstance(reply, Problem) else "done")
        self._offers.tell(card)

    # Questions

    @on(Confirm.ShowCalls)
    def _calls(self) -> None:
        section = self._confirming.plan_section if self._confirming else None
        if isinstance(section, PlanSection) and self._confirming:
            section.toggle_calls()
            self._confirming.set_class(section.calls_shown, "-expanded")
            self.transcript.anchor()

    @on(Confirm.Answered)
    async def _answered(self, event: Confirm.Answered) -> None:
        event.stop()
        card, self._confirming = self._confirming, None
        await self.questions.answered()
        if card is None:
            return
        if event.yes:
            plan, word = event.plan, event.word
            self._start(
                Job(card, replace(card.command, live=False), lambda: self._chat.confirm(plan.id, word))
            )
        else:
            self._chat.decline(event.plan.id)
            card.set_state("declined")
            self._pump()

    async def ask_secret(self, title: str, prompt: str) -> str | None:
        """Show a masked prompt and wait for the answer. None for what nobody waits for: it would take what is typed."""
        if title == KEY_OF_MODEL and self._runner.asks:
            return None
        return await self.questions.ask_secret(title, prompt)

    @on(Asked.Cancelled)
    def _cancel_asked(self, event: Asked.Cancelled) -> None:
        event.stop()
        question = event.question
        if isinstance(question, Confirm):
            self.post_message(Confirm.Answered(question.plan, yes=False))
        self.cancel()

    @on(Confirm.Wrong)
    @on(Secret.Doubted)
    def _no_answer(self) -> None:
        self.questions.ask_again()

    @on(Prompt.Passed)
    def _passed(self) -> None:
        self.questions.call()

    @on(Secret.Given)
    def _given(self, event: Secret.Given) -> None:
        event.stop()
        self.questions.give(event.value)

    def focus_prompt(self) -> None:
        """Focus the question, else the prompt."""
        self.questions.focus()

    # Search

    def open_search(self) -> bool:
        """Open the line to search in, or go to it. False where a question waits, or a password may be typed next."""
        if self.questions.shown is not None or self.prompt.guarded:
            return False
        if self.searching is None:
            self.searching = search_bar()(self.transcript)
            self.mount(self.searching, before=self.prompt)
        self.screen.set_focus(self.searching.line)
        return True

    def on_search_bar_closed(self) -> None:
        """Take the line away; a question that came meanwhile is asked now."""
        bar, self.searching = self.searching, None
        self.focus_prompt()
        if bar is not None:
            bar.remove()
        if not self.prompt.typing:
            self.questions.call()

    # Cards

    @on(Grid.Act)
    def _act(self, event: Grid.Act) -> None:
        event.stop()
        actions = {key: template for key, _, template in event.grid.view.table.actions}
        template = actions.get(event.key)
        if template is None:
            return
        line = filled(template, event.row)
        self.focus_prompt()
        if line and self._offers.acts_at_once(line):
            self._offers.pick(line)  # one stray key must not end a share
        elif line:
            self.send(line)
        else:
            self.notice(Notice("info", "No command goes with this row."))

    @on(FactsSection.Copied)
    async def _copy_pass(self, event: FactsSection.Copied) -> None:
        event.stop()
        await self.app.run_action("copy_card")

    @on(Grid.Failed)
    def _arranging_failed(self, event: Grid.Failed) -> None:
        event.stop()
        self.notice(Notice("error", f"The rows could not be arranged: {event.error}", "Please report it."))

    @on(Picked)
    def _picked(self, event: Picked) -> None:
        event.stop()
        self.focus_prompt()
        self._offers.pick(event.line)

    @on(Prompt.ToPicks)
    def _to_picks(self) -> None:
        self._offers.go_there()

    @on(ProblemSection.Taken)
    def _taken(self, event: ProblemSection.Taken) -> None:
        event.stop()
        self.prompt.put(event.text)
        self.focus_prompt()

    @on(Welcome.Chosen)
    def _chosen(self, event: Welcome.Chosen) -> None:
        event.stop()
        self.focus_prompt()
        self.send(event.line)

    def _commands(self) -> Commands:
        """The registry, which stays the same."""
        if self._named is None:
            self._named = Commands.of(self._chat.commands())
        return self._named

    @on(Lines.Named)
    def _link_taken(self, event: Lines.Named) -> None:
        """Put a command into the prompt; a blank follows one that takes more."""
        event.stop()
        name = event.command.removeprefix("/")
        whole = (
            command_item(each).text for each in self._chat.commands() if each.name.removeprefix("/") == name
        )
        self.prompt.put(next(whole, event.command))
        self.focus_prompt()

    @on(Transcript.ToPrompt)
    def _to_prompt(self) -> None:
        self.focus_prompt()

    @on(Prompt.HistoryFailed)
    def _history_failed(self, event: Prompt.HistoryFailed) -> None:
        self.notice(
            Notice(
                "warning",
                f"The history of typed lines cannot be kept: {event.error.strerror or event.error}.",
                f"It is kept for this run alone. {cure_of(event.error)}",
            )
        )

    def notice(self, notice: Notice) -> None:
        """Show a notice."""
        self.transcript.add_notice(notice)

    def refresh_live(self) -> None:
        """Refresh the visible live cards, unless a refresh still runs."""
        active = self._chat.overview().active
        if active is None or active.state != "connected":
            return
        under_way = self._runner.cards
        now = self._seconds()
        for card in (*self.pinned.due(), *self.transcript.due()):
            if card not in under_way and self.paces.is_due(card, now):
                self._run(card, card.command, refresh=True)
