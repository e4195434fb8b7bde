"""Common to every change: its origin, its lines in the journal, and its state afterwards."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from irisops.connections.connection import Link
from irisops.contract.replies import Plan, Refusal
from irisops.engine.context import Context
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.journal import FINISHED_BY, Entry, Intent, Reverse, Status, Touched

Way = Literal["back", "on"]
"""Direction: "back" undoes a change, "on" finishes it."""


OVERWRITTEN = "Either it was not carried out, or somebody else changed the same at that moment."
"""Explanation of a change that reads back differently: the instance does not tell which."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of a change: the command in its slash form, and the earlier change that it undoes or finishes.

    `title` is the title of the plan in that case.
    """

    command: str
    undoes: int | None = None
    finishes: int | None = None
    title: str = ""

    @property
    def way(self) -> Way:
        """Direction, seen from the earlier change."""
        return "on" if self.undoes is None else "back"


class Record:
    """The journal lines of a change: its intent, written at once, its steps and its outcome.

    Raises `JournalError` if the intent cannot be written: then nothing must be changed.
    """

    def __init__(
        self,
        context: Context,
        link: Link,
        shown: Plan,
        origin: Origin,
        *,
        reverse: Reverse | None = None,
        touched: Sequence[Touched] = (),
        steps: Sequence[str] = (),
        passwords: Sequence[str] = (),
        final: str = "",
    ) -> None:
        self._journal = context.journal(link.name)
        self._finishes = origin.finishes
        self.number = self._journal.intend(
            Intent(
                title=shown.title,
                command=origin.command,
                instance=shown.instance,
                user=link.profile.user,
                changes=[(each.what, each.before, each.after) for each in shown.changes],
                calls=shown.calls,
                reverse=reverse,
                undoes=origin.undoes,
                touched=touched,
                steps=steps,
                passwords=passwords,
                final=final,
            )
        )

    def step(self) -> None:
        """Record that one more call returned. Raises `JournalError`."""
        self._journal.step(self.number)

    def end(self, status: Status, detail: str = "") -> None:
        """Record the outcome, and that of the change which this one finishes. Raises `JournalError`."""
        self._journal.outcome(self.number, status, detail)
        if status == "done" and self._finishes is not None:
            self._journal.outcome(self._finishes, "done", f"{FINISHED_BY}{self.number}")

    @contextmanager
    def watched(self, said: Callable[[], str] = str, *, in_parts: bool = False) -> Iterator[None]:
        """Journal a named problem raised in the block.

        `in_parts`: the change is several calls, and some may have been made before the problem: /finish and /undo are
        offered. `said` tells how far it came.
        """
        try:
            yield
        except InstanceProblem as problem:
            unknown = in_parts or isinstance(problem, Unreachable)
            told = [said(), f"{problem.name}: {problem.message}"]
            self.end("unknown" if unknown else "failed", "; ".join(each for each in told if each))
            raise


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a change. `key` is as in the journal; `said` is its state, e.g. `X is on`."""

    key: str
    said: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A part that somebody else changed since: as the change left it, as it is now, as it would become."""

    what: str
    left: str
    now: str
    goal: str


@dataclass(frozen=True, slots=True)
class Stand:
    """Present state of a change, seen from one direction: parts done and parts left.

    With a part moved it can be neither undone nor finished: `moved` is a sentence, `rows` the parts.
    """

    done: Sequence[Part] = ()
    left: Sequence[Part] = ()
    moved: str = ""
    rows: Sequence[Moved] = ()
    each_alone: bool = False
    """Parts already undone do not prevent undoing the others."""

    def seen(self, way: Way) -> Stand:
        """The state from a direction, given the one seen from "on"."""
        return self if way == "on" else replace(self, done=self.left, left=self.done)


class Kind(Protocol):
    """How one kind of journaled change is read again, and undone or finished."""

    async def stand(self, context: Context, link: Link, entry: Entry, way: Way) -> Stand:
        """Read the present state of the change. Raises `Refusal` or a named problem."""
        ...

    async def plan(
        self, context: Context, link: Link, entry: Entry, left: Sequence[Part], origin: Origin
    ) -> Plan:
        """Plan what is left to do, in the direction of the origin. Raises `Refusal` or a named problem."""
        ...


@dataclass(frozen=True, slots=True)
class Again:
    """A `Kind` made of two functions, for changes that are not of objects.

    `understood` raises `ValueError` or `LookupError` for an entry that this version cannot interpret: a damaged line,
    or one of a newer irisops. `look` reads the state as seen from "on"; `again` plans these parts (by key), in the
    direction of the origin.
    """

    understood: Callable[[Entry], object]
    look: Callable[[Link, Entry], Coroutine[Any, Any, Stand]]
    again: Callable[[Context, Link, Entry, Sequence[str], Origin], Coroutine[Any, Any, Plan]]

    async def stand(self, _context: Context, link: Link, entry: Entry, way: Way) -> Stand:
        """See `Kind`."""
        return (await self.look(link, entry)).seen(way)

    async def plan(
        self, context: Context, link: Link, entry: Entry, left: Sequence[Part], origin: Origin
    ) -> Plan:
        """See `Kind`."""
        return await self.again(context, link, entry, [each.key for each in left], origin)


def settled(context: Context, link: Link, entry: Entry, way: Way) -> Refusal:
    """Close an interrupted change with nothing left to do in the journal. Returns the refusal that says so."""
    if way == "back":
        context.journal(link.name).outcome(entry.number, "failed", "found not carried out")
        told = "was never carried out: everything is as before"
    else:
        context.journal(link.name).outcome(entry.number, "done", "found carried out")
        told = "was carried out in full"
    return Refusal(
        "NothingToUndo" if way == "back" else "NothingToFinish",
        f"Change {entry.number} {told}.",
        "The history says so now.",
    )


def not_understood(entry: Entry) -> Refusal:
    """The refusal of a change whose journal line this version cannot interpret."""
    return Refusal(
        "NotUnderstood",
        f"What change {entry.number} changed is written in a way that this irisops does not understand: its line was "
        "damaged, or a newer irisops wrote it.",
        f"/history {entry.number} shows what is known of it.",
    )


def cannot_undo(entry: Entry, title: str) -> Refusal:
    """The refusal to undo a change. `title` as it may be shown."""
    why = entry.intent.final or "nothing is known that would."
    return Refusal(
        "CannotUndo",
        f"Change {entry.number} ({title}) cannot be taken back: {why}",
        f"/history {entry.number} shows what it did.",
    )


def ways_out(entry: Entry) -> str:
    """Cure for an interrupted change."""
    if entry.intent.final:
        return f"/finish {entry.number} goes on; it cannot be taken back: {entry.intent.final}"
    return f"/finish {entry.number} goes on, /undo {entry.number} takes back what was done."
