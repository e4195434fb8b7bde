"""Changes that lead a few things from one state to another: looked at again, taken back, done again, finished.

Users and roles have many fields each and a way of their own (`irisops.commands.accounts.object_undo`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from irisops.commands.access import denied_enable, sql_change
from irisops.commands.changes import Kind, Origin, Part, Stand, Way, cannot_undo, not_understood, settled
from irisops.commands.context import Context
from irisops.commands.helper import managing as helper
from irisops.commands.license import timeout
from irisops.commands.processes import again as process_again
from irisops.commands.refusal import Refusal
from irisops.commands.replies import Plan
from irisops.commands.security import change as settings_change
from irisops.commands.sessions import again as session_again
from irisops.commands.sessions.ending import KIND as SESSIONS_END
from irisops.commands.text import harmless, listed
from irisops.journal import Entry

if TYPE_CHECKING:
    from irisops.commands.links import Link

KINDS: Mapping[str, Kind] = {
    sql_change.KIND: sql_change.AGAIN,
    denied_enable.KIND: denied_enable.AGAIN,
    timeout.KIND: timeout.AGAIN,
    helper.KIND: helper.AGAIN,
    **process_again.KINDS,
    SESSIONS_END: session_again.AGAIN,
    **settings_change.KINDS_AGAIN,
}
"""Kind of a journal's `Reverse` -> how it is looked at again and led back or on."""
MOST_PARTS = 5
"""Parts named one by one in a sentence; of more the rest is counted."""


async def take(context: Context, link: Link, entry: Entry, way: Way, command: str) -> Plan:
    """The plan that leads a change back or on, as far as that is left to do. Raises `Refusal` or a named problem."""
    kind = _kind_of(entry)
    if kind is None or (way == "back" and entry.intent.final):
        raise cannot_undo(entry, harmless(entry.intent.title))
    number = entry.number
    found = await kind.stand(link, entry)
    moved = found.moved
    if not moved and entry.status == "done" and found.left:
        # A change that was carried out in full and is so no more: somebody else was there.
        moved = f"{_sentence(found.left)[:-1]} by now: somebody changed that since change {number}."
    if moved:
        raise Refusal(
            "Moved", f"Nothing was changed: {moved}", f"/history {number} shows what the change did."
        )
    parts = found.done if way == "back" else found.left
    if not parts:
        raise settled(context, link, entry, way)
    origin = Origin(command, **({"undoes": number} if way == "back" else {"finishes": number}))
    return await kind.plan(context, link, entry, [each.key for each in parts], origin)


async def told(link: Link, entry: Entry) -> tuple[str, Stand]:
    """A sentence or two for the next start: what of a change that was cut off was done, and what was not.

    Raises `Refusal` or a named problem.
    """
    kind = _kind_of(entry)
    found = await kind.stand(link, entry) if kind is not None else Stand()
    if kind is None:
        return "it is unknown whether it was carried out.", found
    if found.moved:
        return found.moved, found
    said = [f"Done: {_sentence(found.done, start='')}"] if found.done else []
    said += [f"Not done: {_sentence(found.left, start='')}"] if found.left else []
    return " ".join(said) or "nothing of it is left to see.", found


def _kind_of(entry: Entry) -> Kind | None:
    """None for a change that this version of the tool knows no way back for. Raises `Refusal` for a damaged one."""
    reverse = entry.intent.reverse
    kind = KINDS.get(reverse.kind) if reverse is not None else None
    if kind is not None:
        try:
            kind.understood(entry)
        except (ValueError, LookupError) as error:
            raise not_understood(entry) from error
    return kind


def _sentence(parts: Sequence[Part], start: str | None = None) -> str:
    text = f"{listed([each.said for each in parts], most=MOST_PARTS)}."
    return text if start is not None else f"{text[:1].upper()}{text[1:]}"
