"""What every change has in common: why it is made, its two lines in the journal, and where it stands afterwards."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from irisops.connections.connection import Link
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Plan
from irisops.engine.context import Context
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.journal import Entry, Intent, Reverse, Status, Touched

Way = Literal["back", "on"]
"""Direction: "back" undoes a change, "on" finishes it."""


OVERWRITTEN = "Either it was not carried out, or somebody else changed the same at that moment."
"""What it means that a change reads back otherwise: an instance does not tell which of the two."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Why a change is made: the command in its slash form, and the earlier change that it takes back or finishes.

    `title` names the plan of such a change.
    """

    command: str
    undoes: int | None = None
    finishes: int | None = None
    title: str = ""

    @property
    def way(self) -> Way:
        """Where it leads, seen from the earlier change."""
        return "on" if self.undoes is None else "back"


class Record:
    """A change that is about to be made: its intent is written, and whatever comes of it will be.

    Raises `JournalError` when it cannot be written: then nothing must be changed.
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
        """Write that one more call returned. Raises `JournalError`."""
        self._journal.step(self.number)

    def end(self, status: Status, detail: str = "") -> None:
        """Write how it ended; a change that finished another one ends that one, too. Raises `JournalError`."""
        self._journal.outcome(self.number, status, detail)
        if status == "done" and self._finishes is not None:
            self._journal.outcome(self._finishes, "done", f"finished by change {self.number}")

    @contextmanager
    def watched(self, said: Callable[[], str] = str, *, in_parts: bool = False) -> Iterator[None]:
        """Journal a named problem on its way out.

        `in_parts`: the change is several calls, so that some of it may have been made before the problem; /finish and
        /undo are offered then. `said` tells how far it came.
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
    """One thing that a change leads somewhere. `key` is as in the journal; `said` is its state, e.g. `X is on`."""

    key: str
    said: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A part that somebody else changed since: as one end of the change, as it is now, as the other end."""

    what: str
    left: str
    now: str
    goal: str


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a change stands now, seen from one direction: parts that are where it goes, and parts that are not.

    With something moved there is no way back and none on: `moved` is a sentence, `rows` the same part by part.
    """

    done: Sequence[Part] = ()
    left: Sequence[Part] = ()
    moved: str = ""
    rows: Sequence[Moved] = ()
    each_alone: bool = False
    """Parts that are back already do not keep the others from being taken back."""

    def seen(self, way: Way) -> Stand:
        """The same from the other direction; a kind that reads its stand as "on" uses it for "back"."""
        return self if way == "on" else replace(self, done=self.left, left=self.done)


class Kind(Protocol):
    """How one kind of journaled change is looked at again, and led back or on."""

    async def stand(self, context: Context, link: Link, entry: Entry, way: Way) -> Stand:
        """Read where the change stands now. Raises `Refusal` or a named problem."""
        ...

    async def plan(
        self, context: Context, link: Link, entry: Entry, left: Sequence[Part], origin: Origin
    ) -> Plan:
        """Plan what is left to do, the way that the origin says. Raises `Refusal` or a named problem."""
        ...


@dataclass(frozen=True, slots=True)
class Again:
    """A `Kind` made of two functions, for changes that are not of objects.

    `understood` raises `ValueError` or `LookupError` for an entry whose states are not such as this version writes
    them: a damaged line, or a newer irisops. `look` reads the stand as seen from "on"; `again` plans these parts (by
    key), the way that the origin says.
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
    """Everything of a change that was cut off is where it is to go: note it in the journal. The refusal says so."""
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
    """The journal has this change, but not in a shape that this version can look at again."""
    return Refusal(
        "NotUnderstood",
        f"What change {entry.number} changed is written in a way that this irisops does not understand: its line was "
        "damaged, or a newer irisops wrote it.",
        f"/history {entry.number} shows what is known of it.",
    )


def cannot_undo(entry: Entry, title: str) -> Refusal:
    """Why nobody can take this change back. `title` as it may be shown."""
    why = entry.intent.final or "nothing is known that would."
    return Refusal(
        "CannotUndo",
        f"Change {entry.number} ({title}) cannot be taken back: {why}",
        f"/history {entry.number} shows what it did.",
    )


def ways_out(entry: Entry) -> str:
    """What to do about a change that was cut off half-way, as a sentence."""
    if entry.intent.final:
        return f"/finish {entry.number} goes on; it cannot be taken back: {entry.intent.final}"
    return f"/finish {entry.number} goes on, /undo {entry.number} takes back what was done."
