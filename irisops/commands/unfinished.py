"""What the journal holds of changes that were cut off, said once at the start: the program died while it made them."""

from __future__ import annotations

from irisops.commands.chat import Notice
from irisops.commands.context import Context
from irisops.commands.history import ways_out
from irisops.commands.links import Link
from irisops.instance.errors import InstanceProblem
from irisops.journal import Entry, JournalError


async def tell(context: Context, link: Link) -> None:
    """For each change that was cut off: what was done of it and what was not, and the ways out."""
    try:
        unfinished = context.journal(link.name).unfinished()
    except JournalError as error:
        cure = "Changes are refused until it can be written."
        context.notify(Notice("warning", str(error), cure, link.name))
        return
    for entry in unfinished:
        try:
            told, cure = await _told(context, link, entry)
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
    """What is known of it, and what to do. Raises a named problem."""
    number = entry.number
    if entry.intent.touched:
        from irisops.commands.accounts import object_undo  # noqa: PLC0415 - seldom needed

        return await object_undo.told(link, entry), ways_out(entry)
    journal = context.journal(link.name)
    if entry.intent.reverse is None:
        # Nothing more can be found out, so it is said this once.
        journal.outcome(number, "unknown", "cut off; nothing tells whether it was carried out")
        told = "nothing tells whether it was carried out."
        return told, entry.intent.final or f"/history {number} shows what it was to do."
    from irisops.commands import taking_back  # noqa: PLC0415 - seldom needed

    told, found = await taking_back.told(link, entry)
    if found.moved:
        journal.outcome(number, "unknown", f"cut off; {found.moved}")  # no way back and none on: said this once
        return told, f"/history {number} shows what it was to do."
    if found.left or not found.done:
        return told, ways_out(entry)
    journal.outcome(number, "done", "found carried out")
    if entry.intent.final:
        return told, f"Nothing is left to do. It cannot be taken back: {entry.intent.final}"
    return told, f"Nothing is left to do; /undo {number} takes it back."
