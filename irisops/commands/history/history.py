"""/history, /undo, /redo and /finish: changes made through this tool."""

from __future__ import annotations

from irisops.changes.record import Origin, cannot_undo, ways_out
from irisops.changes.undo import take
from irisops.connections.connection import Link
from irisops.contract.chat import Command, Notice
from irisops.contract.replies import Column, Facts, Refusal, Table
from irisops.contract.wording import harmless
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.journal import Entry, Reading

_STATUS = {"done": "done", "failed": "failed", "unknown": "outcome unknown"}


def _status(entry: Entry) -> str:
    if entry.undone_by is not None:
        return f"undone by {entry.undone_by}"
    return _STATUS[entry.status]


_FIELDS: cards.Fields[Entry] = (
    (Column("number", "N", "number"), lambda each: each.number),
    (Column("at", "WHEN", "time"), lambda each: each.at),
    (Column("user", "AS", hide_under=80), lambda each: each.intent.user),
    (Column("change", "CHANGE", grow=True, wrap=2), lambda each: each.intent.title),
    (Column("status", "STATUS", tones={"done": "good", "failed": "bad", "outcome unknown": "warn"}), _status),
    (Column("instance", "INSTANCE", hide_under=120), lambda each: each.intent.instance),
    (Column("can_be_undone", "UNDO", "flag", hide_under=90), lambda each: each.can_be_undone),
)


def _profile(context: Context) -> str:
    """Name of the profile whose journal to read, connected or not. Raises `Refusal`."""
    profile = context.hub.usual()
    if profile is None:
        raise Refusal("NoProfile", "No profile is active.", "/connect to one; each has a history of its own.")
    return profile.name


def _entry(reading: Reading, profile: str, number: int) -> Entry:
    entry = reading.entry(number)
    if entry is not None:
        return entry
    cure = "/history lists them by number."
    raise Refusal(
        "NoSuchChange", f"There is no change {number} on {profile}.", f"{cure} {reading.skipped}".strip()
    )


def _read(context: Context, profile: str) -> Reading:
    """The journal, and a note first if lines were skipped. Raises `JournalError`."""
    reading = context.journal(profile).read()
    if reading.skipped:
        context.notify(
            Notice("warning", reading.skipped, "The changes in all other lines are known.", profile)
        )
    return reading


async def show_history(context: Context, command: Command) -> Replies:
    """All changes made through a profile, newest first, or one in full."""
    profile = _profile(context)
    asked = command.args.get("number")
    reading = context.journal(profile).read()
    if isinstance(asked, str):
        yield _one(_entry(reading, profile, int(asked)))
        return
    notes = [] if reading.entries else ["Nothing was changed through this profile yet."]
    yield Table(
        name="history",
        title=f"Changes on {profile}",
        columns=cards.columns_of(_FIELDS),
        rows=cards.rows_of(_FIELDS, reversed(reading.entries)),
        key="number",
        notes=[reading.skipped] if reading.skipped else notes,
        actions=[
            ("enter", "show", "/history {number}"),
            ("u", "undo", "/undo {number}"),
            ("x", "undo", "/undo {number}"),
        ],
    )


def _one(entry: Entry) -> Facts:
    intent = entry.intent
    notes = [f"{what}: {before} → {after}" for what, before, after in intent.changes]
    if intent.steps and entry.status != "done":
        notes.append(
            f"{entry.steps_done} of {len(intent.steps)} calls had returned: {'; '.join(intent.steps)}"
        )
    if entry.detail:
        notes.append(entry.detail)
    for language, lines in intent.calls.items():
        notes.append(f"{language}: {'; '.join(lines)}")
    if entry.can_be_undone:
        notes.append(f"/undo {entry.number} takes it back.")
    if entry.half_done:
        notes.append(f"It was cut off: {ways_out(entry)}")
    if intent.final and entry.status == "done":
        notes.append(f"It cannot be taken back: {intent.final}")
    entries: list[cards.Entry] = [
        ("number", "", entry.number),
        ("change", "Change", intent.title),
        ("at", "When", entry.at),
        ("user", "As", intent.user),
        ("instance", "Instance", intent.instance),
        ("command", "Command", intent.command),
        ("status", "Status", _status(entry)),
        ("undoes", "", intent.undoes),
    ]
    return cards.facts_card("change", f"Change {entry.number}", entries, notes)


async def undo(context: Context, command: Command) -> Replies:
    """Plan the reverse of change N, else of the newest."""
    link = context.link()
    asked = command.args.get("number")
    reading = _read(context, link.name)
    entry = _entry(reading, link.name, int(asked)) if isinstance(asked, str) else _newest(reading, link)
    async for reply in _take_back(context, link, (reading, entry), command):
        yield reply


async def _take_back(context: Context, link: Link, read: tuple[Reading, Entry], command: Command) -> Replies:
    """Plan the reverse of one change."""
    reading, entry = read
    if entry.undone_by is not None:
        raise Refusal(
            "AlreadyUndone",
            f"Change {entry.number} was undone by change {entry.undone_by}.",
            f"/redo {entry.number} does it again.",
        )
    if not (entry.can_be_undone or entry.half_done):
        if entry.status == "failed":
            raise Refusal(
                "CannotUndo",
                f"Change {entry.number} ({harmless(entry.intent.title)}) cannot be taken back: "
                "it failed and changed nothing that is known.",
                f"/history {entry.number} shows what it did.",
            )
        raise cannot_undo(entry, harmless(entry.intent.title))
    title = _title(entry, reading)
    async for reply in take(context, link, entry, Origin(command.slash, undoes=entry.number, title=title)):
        yield reply


def _below(entry: Entry, reading: Reading) -> list[Entry]:
    """The chain of changes that this one undoes, as far as it is known."""
    found: list[Entry] = []
    undoes = entry.intent.undoes
    while undoes is not None and (below := reading.entry(undoes)) is not None:
        found.append(below)
        undoes = below.intent.undoes
    return found


def _is_undo(entry: Entry, reading: Reading) -> bool:
    """True for an undo, and for the undo of a redo."""
    below = _below(entry, reading)
    unknown = (below[-1] if below else entry).intent.undoes is not None  # an undo of an unreadable change
    return bool((len(below) + unknown) % 2)


def _title(entry: Entry, reading: Reading) -> str:
    """Title of the reverse of this entry, named after the original change."""
    below = _below(entry, reading)
    root = below[-1] if below else entry
    if len(below) % 2:
        return f"Do change {root.number} again: {root.intent.title}"
    return f"Take back change {root.number}: {root.intent.title}"


def _newest(reading: Reading, link: Link) -> Entry:
    """The newest change that is in effect, including one that was cut off.

    If that one cannot be undone, an earlier one is only suggested: "undo" right after ending a session does not mean
    it. Raises `Refusal`.
    """
    standing = [
        entry
        for entry in reversed(reading.entries)
        if entry.undone_by is None
        and (entry.status != "failed" or entry.half_done)
        and not _is_undo(entry, reading)
    ]
    possible = [
        entry for entry in standing if (entry.can_be_undone or entry.half_done) and not entry.intent.final
    ]
    if standing and standing[:1] == possible[:1]:
        return standing[0]
    if standing:
        refused = cannot_undo(standing[0], harmless(standing[0].intent.title))
        if possible:
            earlier = possible[0]
            refused.cure = (
                f"/undo {earlier.number} takes back the change before it that can be: "
                f"{harmless(earlier.intent.title)} (change {earlier.number})."
            )
            refused.suggestions = (f"/undo {earlier.number}",)
        else:
            refused.cure = (
                f"Nothing before it on {link.name} can be taken back either; /history lists it all."
            )
        raise refused
    raise Refusal(
        "NothingToUndo",
        f"There is nothing on {link.name} that can be taken back.",
        "/history lists what was changed; /undo N takes one of them, an undo included.",
    )


async def redo(context: Context, command: Command) -> Replies:
    """Plan to redo change N, else the one undone last."""
    link = context.link()
    reading = _read(context, link.name)
    asked = command.args.get("number")
    if isinstance(asked, str):
        entry = _entry(reading, link.name, int(asked))
        undoing = reading.entry(entry.undone_by) if entry.undone_by is not None else entry
    else:
        undoing = next(
            (each for each in reversed(reading.entries) if each.can_be_undone and _is_undo(each, reading)),
            None,
        )
    if undoing is None or undoing.intent.undoes is None or undoing.undone_by is not None:
        raise Refusal(
            "NothingToRedo",
            f"Change {asked} is not undone." if asked else f"Nothing on {link.name} is undone.",
            "/history says of each change whether it was undone.",
        )
    async for reply in _take_back(context, link, (reading, undoing), command):
        yield reply


async def finish(context: Context, command: Command) -> Replies:
    """Plan the rest of a change that was cut off: change N, else the last such one."""
    link = context.link()
    asked = command.args.get("number")
    reading = _read(context, link.name)
    if isinstance(asked, str):
        entry = _entry(reading, link.name, int(asked))
    else:
        cut_off = [each for each in reading.entries if each.half_done]
        if not cut_off:
            raise Refusal(
                "NothingToFinish", f"No change on {link.name} was cut off.", "/history lists them all."
            )
        entry = cut_off[-1]
    if not entry.half_done:
        raise Refusal(
            "NothingToFinish",
            f"Change {entry.number} was not cut off half-way: {_status(entry)}.",
            f"/history {entry.number} shows what it did.",
        )
    title = f"Finish change {entry.number}: {entry.intent.title}"
    async for reply in take(context, link, entry, Origin(command.slash, finishes=entry.number, title=title)):
        yield reply
