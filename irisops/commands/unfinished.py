"""What the journal holds of changes that were cut off, said once at the start: the program died while it made them.

Lines that cannot be read are said, too: nobody can know whether one of them was such a change.
"""

from __future__ import annotations

from irisops.commands.chat import Notice
from irisops.commands.context import Context
from irisops.commands.history import ways_out
from irisops.commands.links import Link
from irisops.commands.refusal import Refusal
from irisops.instance.errors import InstanceProblem
from irisops.journal import Entry, JournalError


async def tell(context: Context, link: Link) -> None:
    """For each change that was cut off: what was done of it and what was not, and the ways out."""
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
    """What is known of it, and what to do. Raises `Refusal` for a change that is not understood, or a named problem.

    What is settled, or of which nothing more can be found out, is noted in the journal: it is said this once.
    """
    if entry.intent.touched:
        return await _told_of_objects(context, link, entry)
    if entry.intent.reverse is not None:
        return await _told_of_parts(context, link, entry)
    context.journal(link.name).outcome(
        entry.number, "unknown", "cut off; nothing tells whether it was carried out"
    )
    cure = entry.intent.final or f"/history {entry.number} shows what it was to do."
    return "nothing tells whether it was carried out.", cure


async def _told_of_objects(context: Context, link: Link, entry: Entry) -> tuple[str, str]:
    """Of users and roles."""
    from irisops.commands.accounts import object_undo  # noqa: PLC0415 - seldom needed

    told = await object_undo.told(link, entry)
    if not entry.intent.final:
        return told, ways_out(entry)
    # A password or a count of bad logins alone: what became of it cannot be read.
    context.journal(link.name).outcome(entry.number, "unknown", f"cut off; {told}")
    return told, f"Give the command again if it is still wanted: {entry.intent.command}"


async def _told_of_parts(context: Context, link: Link, entry: Entry) -> tuple[str, str]:
    """Of what leads a few things from one state to another."""
    from irisops.commands import taking_back  # noqa: PLC0415 - seldom needed

    number, journal = entry.number, context.journal(link.name)
    told, found = await taking_back.told(link, entry)
    if found.moved:
        journal.outcome(number, "unknown", f"cut off; {found.moved}")  # no way back and none on
        return told, f"/history {number} shows what it was to do."
    if found.left or not found.done:
        return told, ways_out(entry)
    journal.outcome(number, "done", "found carried out")
    if entry.intent.final:
        return told, f"Nothing is left to do. It cannot be taken back: {entry.intent.final}"
    return told, f"Nothing is left to do; /undo {number} takes it back."
