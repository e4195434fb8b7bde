"""Undo, redo and finish for journaled changes of every kind: look where a change stands now, plan what is left."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.changes import standing
from irisops.changes.objects import Wanted, kind_of
from irisops.changes.plan import plan as plan_objects
from irisops.changes.record import Again, Kind, Origin, Part, Stand, Way, cannot_undo, not_understood, settled
from irisops.connections.connection import Link
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Column, Plan, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies, resolve
from irisops.journal import Entry

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
        warnings = [f"{user} gets a new password: the old one is known to nobody." for user in passwords]
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
            f"Change {number} set a password, which nobody can take back: the old one is known to nobody.",
            f"/password {user} sets another one.",
        )
    if entry.status != "done":
        return settled(context, link, entry, way)
    return Refusal(
        "NothingToUndo",
        f"Change {number} is back already: {_sentence(found.done, start='')}",
        "Nothing is to be done.",
    )


async def told(context: Context, link: Link, entry: Entry) -> tuple[str, Stand]:
    """What of an interrupted change was done and what was not, for the notice at the next start.

    Raises `Refusal` or a named problem.
    """
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
