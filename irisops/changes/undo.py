"""Undo, redo and finish for journaled changes of every kind: look where a change stands now, plan what is left.

Interrupted changes are reported at start-up.
"""

from __future__ import annotations

from collections.abc import Sequence

from irisops.changes import standing
from irisops.changes.objects import Wanted, kind_of
from irisops.changes.plan import plan as plan_objects
from irisops.changes.record import (
    Again,
    Kind,
    Origin,
    Part,
    Stand,
    Way,
    cannot_undo,
    not_understood,
    settled,
    ways_out,
)
from irisops.connections.connection import Link
from irisops.contract.chat import Notice
from irisops.contract.quoting import quote
from irisops.contract.replies import Column, Plan, Refusal, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies, resolve
from irisops.instance.errors import InstanceProblem
from irisops.journal import Entry, JournalError

MOST_PARTS = 5
"""Most parts named in a sentence; the rest is counted."""


class Objects:
    """The `Kind` of all changes of objects."""

    async def stand(self, context: Context, link: Link, entry: Entry, way: Way) -> Stand:
        """See `Kind`."""
        found = await standing.look(context, link, entry, way)
        moved = [row.what for row in found.moved]
        now = f": it is {found.moved[0].now} now" if len(moved) == 1 else ""
        return Stand(
            [Part(said, said) for said in found.done],
            [Part(said, said) for said in found.left],
            f"{listed(moved)} moved since change {entry.number}{now}." if moved else "",
            found.moved,
            each_alone=True,
        )

    async def plan(
        self, context: Context, link: Link, entry: Entry, _left: Sequence[Part], origin: Origin
    ) -> Plan:
        """See `Kind`."""
        found = await standing.look(context, link, entry, origin.way)
        passwords = {
            change.name: await new_password(link, change.name)
            for change in found.changes
            if change.before is None and (new_password := kind_of(context, change.kind).new_password)
        }
        warnings = [f"{user} gets a new password: nobody knows the old one." for user in passwords]
        lost = [user for user in entry.intent.passwords if user not in passwords]
        if lost and not any(change.after is None and change.name in lost for change in found.changes):
            warnings.append(f"The password of {listed(lost)} stays as it is now: /password sets another one.")
        wanted = Wanted(
            origin.command.removeprefix("/").split(" ", 1)[0],
            origin.title,
            tuple(found.changes),
            origin,
            passwords,
            show=bool(passwords),
            warnings=warnings,
        )
        return await plan_objects(context, link, wanted)


def kind_of_change(context: Context, entry: Entry) -> Kind | None:
    """How to undo or finish a change; None if this version cannot. Raises `Refusal` for a damaged entry."""
    if entry.intent.touched:
        return Objects()
    reverse = entry.intent.reverse
    declared = context.registry.kinds_of_change.get(reverse.kind) if reverse is not None else None
    found = resolve(declared) if declared else None
    if not isinstance(found, Again):
        return None
    try:
        found.understood(entry)
    except (ValueError, LookupError) as error:
        raise not_understood(entry) from error
    return found


async def take(context: Context, link: Link, entry: Entry, origin: Origin) -> Replies:
    """The plan that undoes or finishes what is left of a change. Raises `Refusal` or a named problem."""
    way = origin.way
    kind = kind_of_change(context, entry)
    if kind is None or (way == "back" and entry.intent.final):
        raise cannot_undo(entry, harmless(entry.intent.title))
    number = entry.number
    found = await kind.stand(context, link, entry, way)
    if found.rows:
        yield _difference(entry, found, way)
    moved = found.moved
    if not moved and way == "back" and entry.status == "done" and found.done and not found.each_alone:
        # Carried out in full, but undone by somebody else.
        moved = f"{_sentence(found.done)[:-1]} by now: somebody changed that since change {number}."
    if moved:
        raise Refusal(
            "Moved",
            f"Nothing was changed: {moved}",
            f"Undo the later change first, or change it by hand; /history {number} shows what the change did.",
        )
    if not found.left:
        raise _nothing_left(context, link, entry, way, found)
    yield await kind.plan(context, link, entry, found.left, origin)


def _difference(entry: Entry, found: Stand, way: Way) -> Table:
    return Table(
        name="difference",
        title=f"Changed by somebody since change {entry.number}",
        columns=[
            Column("what", "WHAT", grow=True),
            Column("left", "AS THE CHANGE LEFT IT" if way == "back" else "BEFORE THE CHANGE"),
            Column("now", "NOW"),
            Column("goal", "WOULD BECOME"),
        ],
        rows=[
            {"what": each.what, "left": each.left, "now": each.now, "goal": each.goal} for each in found.rows
        ],
        key="what",
    )


def _nothing_left(context: Context, link: Link, entry: Entry, way: Way, found: Stand) -> Refusal:
    """The refusal if nothing is left to do; an interrupted change is closed in the journal."""
    number = entry.number
    if not found.done and entry.intent.passwords:
        user = quote(entry.intent.passwords[0])
        if way == "on":
            return Refusal(
                "CannotFinish",
                f"Change {number} set a password, and whether it was set cannot be read.",
                f"/password {user} sets another one.",
            )
        return Refusal(
            "CannotUndo",
            f"Change {number} set a password, which cannot be taken back: nobody knows the old one.",
            f"/password {user} sets another one.",
        )
    if entry.status != "done":
        return settled(context, link, entry, way)
    return Refusal(
        "NothingToUndo",
        f"Change {number} is back already: {_sentence(found.done, start='')}",
        "There is nothing to do.",
    )


async def tell_interrupted(context: Context, link: Link) -> None:
    """Report changes interrupted by a crash, once, at start-up: what was done, what was not, and how to go on.

    Unreadable journal lines are reported too: one of them may have been such a change.
    """
    try:
        reading = context.journal(link.name).read()
    except JournalError as error:
        cure = "Changes are refused until it can be written."
        context.notify(Notice("warning", str(error), cure, link.name))
        return
    if reading.skipped:
        cure = "/history lists what could be read; the file stays as it is."
        context.notify(Notice("warning", reading.skipped, cure, link.name))
    for entry in reading.unfinished():
        try:
            told, cure = await _told(context, link, entry)
        except Refusal as refusal:
            told, cure = refusal.message, refusal.cure
        except InstanceProblem as problem:
            told = f"what was done of it cannot be read now ({problem.message})"
            cure = f"/history {entry.number} shows it. {ways_out(entry)}"
        context.notify(
            Notice(
                "warning",
                f"Change {entry.number} ({entry.intent.title}) was cut off on {entry.at:%Y-%m-%d %H:%M} UTC: {told}",
                cure,
                link.name,
            )
        )


async def _told(context: Context, link: Link, entry: Entry) -> tuple[str, str]:
    """What is known of a change, and what to do. Raises `Refusal` for one that is not understood, or a named problem.

    A settled change is closed in the journal, as is one about which nothing more can be found out.
    """
    number, journal = entry.number, context.journal(link.name)
    if not entry.intent.touched and entry.intent.reverse is None:
        journal.outcome(number, "unknown", "cut off; nothing tells whether it was carried out")
        cure = entry.intent.final or f"/history {number} shows what it was to do."
        return "nothing tells whether it was carried out.", cure
    told, found = await _done_and_left(context, link, entry)
    if found.moved:
        journal.outcome(number, "unknown", f"cut off; {found.moved}")  # can be neither undone nor finished
        return told, f"/history {number} shows what it was to do."
    if entry.intent.final and not found.done and not found.left:
        # A password or a count of bad logins alone: its outcome cannot be read.
        journal.outcome(number, "unknown", f"cut off; {told}")
        return told, f"Give the command again if it is still wanted: {entry.intent.command}"
    if found.left or not found.done or entry.intent.passwords:
        return told, ways_out(entry)
    journal.outcome(number, "done", "found carried out")
    if entry.intent.final:
        return told, f"Nothing is left to do. It cannot be taken back: {entry.intent.final}"
    return told, f"Nothing is left to do; /undo {number} takes it back."


async def _done_and_left(context: Context, link: Link, entry: Entry) -> tuple[str, Stand]:
    """What of an interrupted change was done and what was not. Raises `Refusal` or a named problem."""
    kind = kind_of_change(context, entry)
    if kind is None:
        return "it is unknown whether it was carried out.", Stand()
    found = await kind.stand(context, link, entry, "on")
    said = []
    if entry.intent.steps:
        said.append(f"{entry.steps_done} of {len(entry.intent.steps)} calls had returned.")
    if found.done:
        said.append(f"Done: {_sentence(found.done, start='')}")
    if found.left:
        said.append(f"Not done: {_sentence(found.left, start='')}")
    if found.moved:
        said.append(f"{found.moved[:1].upper()}{found.moved[1:]}")
    if entry.intent.passwords:
        said.append(f"Whether the password of {listed(entry.intent.passwords)} was set cannot be read.")
    return " ".join(said) or "nothing of it is left to see.", found


def _sentence(parts: Sequence[Part], start: str | None = None) -> str:
    text = f"{listed([each.said for each in parts], most=MOST_PARTS)}."
    return text if start is not None else f"{text[:1].upper()}{text[1:]}"
