"""/journal: state, space, and the days left at this pace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from irisops.connections.connection import Link
from irisops.connections.looks import Look, look_back
from irisops.contract.chat import Command
from irisops.contract.replies import Tone
from irisops.contract.wording import counted, duration, harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import or_note
from irisops.instance.operations.journal import (
    LOW,
    MEGABYTE,
    Journal,
    JournalFile,
    a_day,
    read_files,
    read_journal,
)
from irisops.instance.usage.processes import list_processes

FEW_DAYS = 7.0
"""Days left below which the space is called short."""
_MEANS: Mapping[str, str] = {
    "disabled": "Journaling is off: a crash loses what was not written to the databases.",
    "suspended": "The journal cannot be written: an I/O error.",
    "frozen": "The journal cannot be written: an I/O error.",
    "paused": "The journal is paused.",
}
"""(facts: iris-operations 7.3)"""


def days_left(journal: Journal, pace: float | None) -> float | None:
    """Days until the space is used up, at a pace in bytes a day; None if either is not known."""
    return journal.free / pace if journal.free is not None and pace else None


def trouble(journal: Journal, pace: float | None) -> str:
    """What is wrong with the journal, as a sentence; "" if nothing is."""
    if journal.state != "enabled":
        return _MEANS.get(journal.state, f"The journal is in {harmless(journal.state, 40)}.")
    days = days_left(journal, pace)
    if journal.free_mb is not None and journal.free_mb < LOW:
        return f"The journal has {journal.free_mb:,} MB left."
    if days is not None and days < FEW_DAYS:
        return f"The journal has room for {_days(days)} at its pace: {journal.free_mb:,} MB left."
    return ""


def _days(days: float) -> str:
    return f"{days:.1f} days" if days < 10 else f"{days:,.0f} days"


async def show_journal(context: Context, _command: Command) -> Replies:
    """The journal as named values."""
    link = context.link()
    journal = await read_journal(link.connection)
    notes: list[str] = []
    files = await or_note(read_files(link.connection), notes, "The journal files cannot be read")
    pace, how = _pace(context, link, journal, files or [])
    days = days_left(journal, pace)
    processes = await or_note(list_processes(link.connection), notes, "Open transactions are not known")
    opened = [each for each in processes or () if each.in_transaction]
    if opened:
        who = listed([f"{each.pid} of {harmless(each.username, 40)}" for each in opened], most=4)
        what = "Process" if len(opened) == 1 else "Processes"
        have = (
            "has an open transaction: it keeps" if len(opened) == 1 else "have open transactions: they keep"
        )
        notes.append(f"{what} {who} {have} journal files from being purged.")
    told = trouble(journal, pace)
    tones: dict[str, Tone] = {"state": "good" if journal.state == "enabled" else "bad"}
    if told and journal.state == "enabled":
        tones["days_left" if days is not None else "free_mb"] = "warn"
    entries: list[cards.Entry] = [
        ("state", "State", journal.state),
        ("space", "Space, by the dashboard", journal.space),
        ("free_mb", "Free in MB", journal.free_mb),
        ("mb_a_day", "MB a day", None if pace is None else round(pace / MEGABYTE)),
        ("days_left", "Days left", None if days is None else round(days, 1)),
        ("file", "Current file", journal.file),
        ("file_mb", "Its size in MB", None if journal.offset is None else journal.offset // MEGABYTE),
        ("files", "Files kept", len(files) if files is not None else None),
        ("directory", "Directory", journal.directory),
        ("alternate", "Second directory", journal.alternate),
        ("open_transactions", "Open transactions", len(opened) if processes is not None else None),
    ]
    if journal.free is None:
        notes.append("The space left is not known: the instance does not tell it, or not its unit.")
    card = cards.facts_card(
        "journal",
        "Journal",
        entries,
        [*([f"! {told}"] if told else []), *([how] if how else []), *notes],
        hide_empty=True,
    )
    card.tones = tones
    yield card


def _pace(
    context: Context, link: Link, journal: Journal, files: Sequence[JournalFile]
) -> tuple[float | None, str]:
    """Bytes a day, and how they are known: by the files that are kept, else by the growth since the last look."""
    pace = a_day(list(files))
    if pace is not None:
        return pace, f"The pace is that of the {counted(len(files) - 1, 'file')} before the current one."
    if journal.offset is None or not journal.file:
        return None, "The pace is not known."
    now = context.clock.now()
    try:
        before = look_back(
            context.places.looks, link.name, "journal", Look(now, {journal.file: float(journal.offset)})
        )
    except OSError as error:
        return None, f"The pace is not known: {context.places.looks}: {error.strerror or error}."
    if before is None or journal.file not in before.figures:
        return None, "The pace is shown at a later look, while the same file is written."
    seconds = (now - before.at).total_seconds()
    grown = journal.offset - before.figures[journal.file]
    return (
        grown * 86_400 / seconds if seconds > 0 else None,
        f"The pace is that of the last {duration(seconds)}.",
    )
