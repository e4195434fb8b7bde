"""What is written to a recording and read from it: polls, and readings with the answers that they got."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from irisops.instance.calls import Answer, Call
from irisops.instance.driver_process.channel import Json
from irisops.instance.errors import InstanceProblem
from irisops.instance.models import PollCounts

Heard = Callable[[Sequence[Call], Sequence[Answer | Exception]], None]
"""Told by a connection what was asked and answered, a batch at a time."""


class RecordingError(InstanceProblem):
    """A recording cannot be read or written. It stands for the instance, so its problems are told as those of one."""

    default_cure = "Name another file."


class EmptyRecordingError(RecordingError):
    """A recording was begun, and holds no poll: nothing can be replayed, but a recording can go on in it."""

    default_cure = "Wait until one was recorded."


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll. `at` is seconds since 1970 by the wall clock, `gap` the seconds before it that were not recorded.

    `why` says what the gap is: asleep, silent, restarted, clock; "" without one.
    """

    at: float
    counts: PollCounts
    id: int = 0
    gap: float = 0.0
    why: str = ""


@dataclass(slots=True)
class Reading:
    """The calls of one list (`license`, `processes`, …) and what came of them. They are shown together or not at all.

    `at` is when it began, seconds since 1970; `state` is what the session knew beside the answers.
    """

    name: str
    at: float
    heard: list[tuple[Call, Answer | Exception]] = field(default_factory=list)
    state: Mapping[str, Json] = field(default_factory=dict)
    open: bool = True
    """False once it has ended: a task that outlives it adds nothing."""


class Tape(Protocol):
    """What a command's reads run under: a recorder writes them down, a replay answers them from one moment."""

    recorded: bool
    """True for a replay: nothing is live, and nothing can be changed."""

    def reading(self, name: str) -> AbstractContextManager[None]:
        """The reads of the command `name`, as one."""
        ...

    async def polled(self, counts: PollCounts) -> None:
        """Called after each poll."""
        ...
