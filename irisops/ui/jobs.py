"""Jobs: runs of commands as workers of the screen, with their replies and outcome."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Set
from contextlib import aclosing
from dataclasses import dataclass, field

from textual.message import Message
from textual.widget import Widget
from textual.worker import Worker

from irisops.contract.chat import Command
from irisops.contract.replies import Done, Form, Plan, Problem, Progress, Reply, Table
from irisops.ui.card import Card, CardState


@dataclass(slots=True, eq=False)
class Job:
    """One run of a command, of a confirmed plan, or of a live card's refresh."""

    card: Card
    command: Command
    start: Callable[[], AsyncIterator[Reply]]
    refresh: bool = False
    """Refresh of a live card: its replies are shown together at the end."""
    beside: bool = False
    """Asks the model behind the chat: nothing waits for that, and a newer line calls it off."""
    replies: list[Reply] = field(default_factory=list)
    began: float = 0.0
    """Monotonic seconds at its start."""

    @property
    def name(self) -> str:
        """What runs."""
        return self.command.slash or self.command.name

    @property
    def asks(self) -> bool:
        """True as long as the model has not answered."""
        return self.beside and all(isinstance(reply, Progress) for reply in self.replies)

    @property
    def plan(self) -> Plan | None:
        """The plan among its replies, if any."""
        return next((reply for reply in reversed(self.replies) if isinstance(reply, Plan)), None)

    @property
    def form(self) -> Form | None:
        """The form among its replies, if any."""
        return next((reply for reply in reversed(self.replies) if isinstance(reply, Form)), None)

    @property
    def offer(self) -> str:
        """The command offered for an empty line."""
        offers = (reply.offer for reply in self.replies if isinstance(reply, Table | Done))
        return next(filter(None, offers), "")

    @property
    def problem(self) -> Problem | None:
        """The first problem, if any."""
        return next((reply for reply in self.replies if isinstance(reply, Problem)), None)

    def outcome(self) -> CardState:
        """State of the card after it."""
        if self.plan is not None:
            return "waiting"
        if self.problem is not None:
            return "failed"
        return "live" if self.command.live else "done"


class Runner:
    """Runs jobs as workers of `home`, to which each reply comes as `Replied` and each end as `Worker.StateChanged`."""

    class Replied(Message):
        """A job has a reply."""

        def __init__(self, job: Job, reply: Reply) -> None:
            super().__init__()
            self.job, self.reply = job, reply

    def __init__(self, home: Widget, seconds: Callable[[], float]) -> None:
        self._home = home
        self._seconds = seconds
        self._jobs: dict[Worker[None], Job] = {}

    @property
    def current(self) -> Job | None:
        """The job for which lines wait: no refresh of a live card, no question to the model."""
        return next((job for job in self._jobs.values() if not (job.refresh or job.asks)), None)

    @property
    def asks(self) -> bool:
        """True while the model is asked."""
        return any(job.asks for job in self._jobs.values())

    @property
    def cards(self) -> Set[Card]:
        """The cards that jobs work on."""
        return {job.card for job in self._jobs.values()}

    def start(self, job: Job) -> None:
        """Run a job. All but a refresh call off what the model would have chosen."""
        if not job.refresh:
            self.call_off()
        job.began = self._seconds()
        group = "live" if job.refresh else "command"
        worker = self._home.run_worker(self._work(job), name=job.name, group=group, exit_on_error=False)
        self._jobs[worker] = job

    async def _work(self, job: Job) -> None:
        async with aclosing(replies_of(job)) as replies:
            async for reply in replies:
                self._home.post_message(self.Replied(job, reply))

    def ended(self, worker: Worker[None]) -> Job | None:
        """Forget the job of a worker that has ended, and return it; None for a worker of something else."""
        return self._jobs.pop(worker, None)

    def call_off(self) -> None:
        """The person goes on: what the model would have chosen is not wanted any more."""
        for worker, job in self._jobs.items():
            if job.asks:
                worker.cancel()

    def cancel(self) -> bool:
        """Cancel all but refreshes; False if there was nothing."""
        running = [worker for worker, job in self._jobs.items() if not job.refresh]
        for worker in running:
            worker.cancel()
        return bool(running)


async def replies_of(job: Job) -> AsyncGenerator[Reply, None]:
    """The replies of a job; the source is closed if the reader stops early."""
    source = job.start()
    try:
        async for reply in source:
            yield reply
    finally:
        if isinstance(source, AsyncGenerator):
            await source.aclose()


def failure_of(job: Job, error: BaseException | None) -> Problem:
    """The problem for a fault of the program during a job."""
    return Problem(
        error=type(error).__name__,
        message=f"The program itself failed at {job.command.slash or 'this'}: {error}",
        cure="Nothing was retried. Please report this with what you typed and the output of /doctor.",
        text=job.command.text,
    )


def cancelled(job: Job) -> Problem:
    """The problem for a cancelled job."""
    return Problem(
        error="Cancelled",
        message="Cancelled. What the instance was already asked to do may still happen.",
        cure="Look at the present state before you try again.",
        text=job.command.text,
    )
