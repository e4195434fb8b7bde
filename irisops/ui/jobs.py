"""Jobs: runs of commands, with their replies and outcome. No widgets, no clock."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field

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
