"""Report changes interrupted by a crash, once, at start-up.

Unreadable journal lines are reported too: one of them may have been such a change.
"""

from __future__ import annotations

from irisops.changes import undo
from irisops.changes.record import ways_out
from irisops.connections.connection import Link
from irisops.contract.chat import Notice
from irisops.contract.refusal import Refusal
from irisops.engine.context import Context
from irisops.instance.errors import InstanceProblem
from irisops.journal import Entry, JournalError


async def tell(context: Context, link: Link) -> None:
    """For each interrupted change: what was done, what was not, and how to go on."""
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

    A change that is settled, or of which nothing more can be found out, is closed in the journal.
    """
    number, journal = entry.number, context.journal(link.name)
    if not entry.intent.touched and entry.intent.reverse is None:
        journal.outcome(number, "unknown", "cut off; nothing tells whether it was carried out")
        cure = entry.intent.final or f"/history {number} shows what it was to do."
        return "nothing tells whether it was carried out.", cure
    told, found = await undo.told(context, link, entry)
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
