"""What runs, what waits: the order in which typed lines become commands. No widgets, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field

from irisops.contract.chat import Command
from irisops.contract.replies import Form, Plan, Problem, Reply, Table
from irisops.ui.card import Card, CardState


@dataclass(slots=True, eq=False)
class Job:
    """One run of a command, of a plan that was agreed to, or of a live card's refresh."""

    card: Card
    command: Command
    start: Callable[[], AsyncIterator[Reply]]
    refresh: bool = False
    """A live card keeps itself fresh: its replies are shown all at once at the end."""
    replies: list[Reply] = field(default_factory=list)
    began: float = 0.0
    """Monotonic seconds, set when it starts."""

    @property
    def plan(self) -> Plan | None:
        """The plan that it ended with, if it did."""
        return next((reply for reply in reversed(self.replies) if isinstance(reply, Plan)), None)

    @property
    def form(self) -> Form | None:
        """The form that it ended with, if it did."""
        return next((reply for reply in reversed(self.replies) if isinstance(reply, Form)), None)

    @property
    def offer(self) -> str:
        """A command that it puts one Enter away."""
        return next((reply.offer for reply in self.replies if isinstance(reply, Table) and reply.offer), "")

    @property
    def problem(self) -> Problem | None:
        """What went wrong, if anything did."""
        return next((reply for reply in self.replies if isinstance(reply, Problem)), None)

    def outcome(self) -> CardState:
        """How the card stands after it."""
        if self.plan is not None:
            return "waiting"
        if self.problem is not None:
            return "failed"
        return "live" if self.command.live else "done"


async def replies_of(job: Job) -> AsyncGenerator[Reply, None]:
    """The replies of a job as they come; the source is closed when the reader stops early."""
    source = job.start()
    try:
        async for reply in source:
            yield reply
    finally:
        if isinstance(source, AsyncGenerator):
            await source.aclose()


def failure_of(job: Job, error: BaseException | None) -> Problem:
    """What is said when the program itself failed at a job."""
    return Problem(
        error=type(error).__name__,
        message=f"The program itself failed at {job.command.slash or 'this'}: {error}",
        cure="Nothing was retried. Please report this with what you typed and the output of /doctor.",
        text=job.command.text,
    )


def cancelled(job: Job) -> Problem:
    """What is said when the person cancelled a job."""
    return Problem(
        error="Cancelled",
        message="Cancelled. What the instance was already asked to do may still happen.",
        cure="Look at the present state before you try again.",
        text=job.command.text,
    )


class Waiting:
    """Lines that were typed while something ran."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()

    @property
    def lines(self) -> list[str]:
        """Next first."""
        return list(self._lines)

    def put(self, line: str) -> None:
        """Behind the others."""
        self._lines.append(line)

    def take(self) -> str | None:
        """The next line, or None."""
        return self._lines.popleft() if self._lines else None

    def drop(self) -> int:
        """Forget all; returns how many there were."""
        count = len(self._lines)
        self._lines.clear()
        return count
