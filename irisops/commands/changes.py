"""What every change has in common: why it is made, its two lines in the journal, and where it stands afterwards."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from irisops.commands.refusal import Refusal
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.journal import Entry, Intent, Reverse, Status

if TYPE_CHECKING:
    from irisops.commands.context import Context
    from irisops.commands.links import Link
    from irisops.commands.replies import Plan

Way = Literal["back", "on"]
"""Back to the state before a change, or on to the state after it."""


OVERWRITTEN = "Either it was not carried out, or somebody else changed the same at that moment."
"""What it means that a change reads back otherwise: an instance does not tell which of the two."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Why a change is made: the command in its slash form, and the earlier change that it takes back or finishes."""

    command: str
    undoes: int | None = None
    finishes: int | None = None

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
        reverse: Reverse | None,
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
                final=final,
            )
        )

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
    """One thing that a change leads somewhere. `key` is as in the journal; `said` is how it stands, e.g. `X is on`."""

    key: str
    said: str


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the parts of a change stand now: where it leads (`done`), or where it comes from (`left`).

    `moved` is a sentence about what stands elsewhere by somebody else's doing: then there is no way back and none on.
    """

    done: Sequence[Part] = ()
    left: Sequence[Part] = ()
    moved: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of journaled change is looked at again, and led back or on.

    `understood` raises `ValueError` or `LookupError` for an entry whose states are not such as this version writes
    them: a damaged line, or a newer irisops. `stand` reads where it is now. `plan` is the plan for these parts of it,
    the way that the origin says. Both raise `Refusal` or a named problem.
    """

    understood: Callable[[Entry], object]
    stand: Callable[[Link, Entry], Coroutine[Any, Any, Stand]]
    plan: Callable[[Context, Link, Entry, Sequence[str], Origin], Coroutine[Any, Any, Plan]]


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
