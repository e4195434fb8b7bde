"""/databases and /database: sizes, space left and state, what is wrong first; mounted and dismounted by plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from irisops.changes.actions import Action, again, plan_action, refuse_lacking
from irisops.changes.record import Origin
from irisops.connections.connection import Link
from irisops.connections.looks import Look, look_back
from irisops.contract.chat import Command
from irisops.contract.nearest import no_such
from irisops.contract.quoting import quote
from irisops.contract.replies import Column, Plan, Refusal, Tone
from irisops.contract.wording import counted, duration, harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import list_table
from irisops.instance.errors import or_note
from irisops.instance.operations.databases import (
    SYSTEM,
    Database,
    dismount,
    key_of,
    mount,
    read_databases,
    read_detail,
    urgency,
)
from irisops.instance.operations.namespaces import UNTOLD, read_namespaces
from irisops.instance.usage.processes import list_processes
from irisops.instance.values import as_flag, as_int, as_text

KIND = "database.mount"
"""The journal's name for both directions."""
MOUNTED, READ_ONLY, DISMOUNTED = "mounted", "mounted read-only", "dismounted"
_TONES: Mapping[str, Tone] = {
    **dict.fromkeys(("full", "disk full"), "bad"),
    **dict.fromkeys(("disk low", "dismounted", "unmounted"), "warn"),
    **dict.fromkeys(("mounted",), "good"),
}
_FIELDS: cards.Fields[tuple[Database, float | None]] = (
    (Column("name", "NAME", least=8, grow=True), lambda each: each[0].name),
    (Column("state", "STATE", tones=_TONES), lambda each: each[0].state),
    (Column("size_mb", "SIZE MB", "number"), lambda each: _whole(each[0].size)),
    (Column("free_percent", "FREE %", "number"), lambda each: each[0].free_percent),
    (Column("grown_mb", "GROWN MB", "number"), lambda each: _whole(each[1])),
    (Column("disk_mb", "DISK LEFT MB", "number"), lambda each: _whole(each[0].disk)),
    (Column("limit_mb", "LIMIT MB", "number", hide_under=90), lambda each: _whole(each[0].most) or None),
    (Column("read_only", "READ ONLY", "flag", hide_under=100), lambda each: each[0].read_only),
    (Column("encrypted", "ENCRYPTED", "flag", hide_under=110), lambda each: each[0].encrypted),
    (Column("mirrored", "MIRRORED", "flag", hide_under=130), lambda each: each[0].mirrored),
    (Column("resource", "RESOURCE", hide_under=120), lambda each: each[0].resource),
    (Column("directory", "DIRECTORY", hide_under=140), lambda each: each[0].directory),
    (Column("free_mb", "FREE MB", "number", hide_under=1000), lambda each: each[0].free),
    (Column("mounted", "MOUNTED", "flag", hide_under=1000), lambda each: each[0].mounted),
)
_ACTIONS = (
    ("enter", "open", "/database {name}"),
    ("m", "mount", "/database mount {name}"),
    ("x", "dismount", "/database dismount {name}"),
)


def _whole(size: float | None) -> int | None:
    return None if size is None else round(size)


def trouble(database: Database) -> str:
    """What is wrong with a database, as a sentence; "" if nothing is."""
    name = harmless(database.name, 40)
    match database.state:
        case "full":
            return f"{name} is full: {_whole(database.size):,} MB, which is all that it may have."
        case "disk full" | "disk low":
            return f"The disk of {name} has {_whole(database.disk):,} MB left: {harmless(database.directory, 80)}"
        case "dismounted":
            return f"{name} is dismounted, so programs that need it fail: /database mount {quote(name)}"
        case "unmounted":
            return f"{name} is unmounted: /database mount {quote(name)}"
    return ""


async def show_databases(context: Context, command: Command) -> Replies:
    """Databases, filtered and sorted by words."""
    link = context.link()
    found, notes = await read_databases(link.connection)
    found.sort(key=urgency)
    before, since = _earlier(context, link, found)
    known = any(each.size is not None for each in found)
    rows = [(each, _growth(each, before)) for each in found]
    troubles = [f"! {sentence}" for each in found if (sentence := trouble(each))]
    yield list_table(
        command,
        "databases",
        "database",
        _FIELDS,
        rows,
        notes=[*_untold(found), *notes, *([since] if known else [])],
        unfiltered=troubles,
        actions=_ACTIONS,
    )


def _untold(found: Sequence[Database]) -> list[str]:
    """A sentence on those whose free space the instance does not tell, as it does not of dismounted ones."""
    names = [harmless(each.name, 40) for each in found if each.free is None]
    if not names or len(names) == len(found):
        return []
    return [f"{listed(names, most=4)}: free space and disk left are not known."]


def _earlier(context: Context, link: Link, found: Sequence[Database]) -> tuple[Look | None, str]:
    """The last look at the sizes, and a sentence on it."""
    sizes = {key_of(each.directory): each.size for each in found if each.size is not None and each.directory}
    if not sizes:
        return None, ""
    now = context.clock.now()
    try:
        before = look_back(context.places.looks, link.name, "databases", Look(now, sizes))
    except OSError as error:
        return None, f"Growth is not known: {context.places.looks}: {error.strerror or error}."
    if before is None:
        return None, "Growth is shown from the next look on, in ten minutes at the earliest."
    return before, f"GROWN is since the last look, {duration((now - before.at).total_seconds())} ago."


def _growth(database: Database, before: Look | None) -> float | None:
    size = before.figures.get(key_of(database.directory)) if before is not None else None
    return None if size is None or database.size is None else database.size - size


async def _find(link: Link, name: str, notes: list[str] | None = None) -> Database:
    """The database of that name or directory. `notes` gets what cannot be read. Raises `Refusal`."""
    found, unread = await read_databases(link.connection)
    if notes is not None:
        notes += unread
    wanted = name.casefold()
    for each in found:
        if each.name.casefold() == wanted or (each.directory and key_of(each.directory) == key_of(name)):
            return each
    names = [each.name for each in found]
    raise no_such(
        "NoSuchDatabase",
        "database",
        name,
        names,
        cure="/databases lists them.",
        line=lambda each: f"/database {each}",
    )


async def show_database(context: Context, command: Command) -> Replies:
    """One database as named values, with the namespaces that use it."""
    link = context.link()
    notes: list[str] = []
    database = await _find(link, str(command.args["database"]), notes)
    if sentence := trouble(database):
        notes.insert(0, f"! {sentence}")
    detail = (
        await or_note(
            read_detail(link.connection, database.directory),
            notes,
            "Limits, journaling and mirror are not known",
        )
        or {}
    )
    using = await _namespaces(link, database, notes)
    limit = as_int(detail.get("MaxSize"))
    growth = as_int(detail.get("ExpansionSize"))
    entries: list[cards.Entry] = [
        ("name", "", database.name),
        ("directory", "Directory", database.directory),
        ("state", "State", database.state),
        ("size_mb", "Size in MB", _whole(database.size)),
        ("free_mb", "Free in MB", database.free),
        ("free_percent", "Free in %", database.free_percent),
        ("disk_mb", "Disk left in MB", _whole(database.disk)),
        ("limit", "May grow to", None if limit is None else f"{limit:,} MB" if limit else "no limit"),
        (
            "grows_by",
            "Grows by",
            None if growth is None else f"{growth:,} MB" if growth else "12 %, or 10 MB, at most 1 GB",
        ),
        ("last_grown", "Grew last", as_text(detail.get("LastExpansionTime"))),
        ("read_only", "Read-only", database.read_only),
        ("why_read_only", "Why read-only", as_text(detail.get("ROReasonText"))),
        ("encrypted", "Encrypted", database.encrypted),
        ("mirrored", "Mirrored", database.mirrored),
        ("mirror_name", "Name in the mirror", as_text(detail.get("MirrorDBName"))),
        ("block_size", "Block size", as_int(detail.get("BlockSize"))),
        ("expanding", "Grows now", as_flag(detail.get("Expanding")) if detail else None),
        ("resource", "Resource", database.resource),
        ("namespaces", "Namespaces", list(using)),
    ]
    card = cards.facts_card(
        "database", f"Database {harmless(database.name, 80)}", entries, notes, hide_empty=True
    )
    if tone := _TONES.get(database.state):
        short = {"full": "free_mb", "disk full": "disk_mb", "disk low": "disk_mb"}
        card.tones = dict.fromkeys(("state", short.get(database.state, "state")), tone)
    word = "dismount" if database.mounted else "mount"
    card.actions = [("m", word, f"/database {word} {quote(database.name)}")]
    yield card


async def _namespaces(link: Link, database: Database, notes: list[str]) -> list[str]:
    """Namespaces whose data or code is in the database."""
    found = await or_note(read_namespaces(link.connection), notes, "The namespaces are not known")
    if found and not any(each.data for each in found):
        notes.append(UNTOLD)
    return [each.name for each in found or () if each.uses(database.name)]


async def mount_database(context: Context, command: Command) -> Replies:
    """Plan to mount a database."""
    link = context.link()
    goal = READ_ONLY if as_flag(str(command.args.get("readonly", "no"))) else MOUNTED
    yield await _plan(context, link, str(command.args["database"]), goal, Origin(command.slash))


async def dismount_database(context: Context, command: Command) -> Replies:
    """Plan to dismount a database."""
    yield await _plan(
        context, context.link(), str(command.args["database"]), DISMOUNTED, Origin(command.slash)
    )


def _mounted(database: Database) -> str:
    if not database.mounted:
        return DISMOUNTED
    return READ_ONLY if database.read_only else MOUNTED


async def _plan(context: Context, link: Link, name: str, goal: str, origin: Origin) -> Plan:
    feature = "databases.dismount" if goal == DISMOUNTED else "databases.mount"
    await refuse_lacking(link, feature)
    database = await _find(link, name)
    shown = harmless(database.name, 80)
    if database.mounted is None:
        raise Refusal(
            "NotReadable",
            f"Whether {shown} is mounted cannot be read.",
            "It takes %Admin_Manage:U or %Admin_Operate:U to see.",
        )
    warnings: list[str] = []
    if goal == DISMOUNTED:
        _refuse_dismount(database)
        using = await _namespaces(link, database, warnings)
        warnings += await _open_by(link, shown, using)
    run = partial(dismount, directory=database.directory)
    if goal != DISMOUNTED:
        run = partial(mount, directory=database.directory, read_only=goal == READ_ONLY)

    async def look() -> str:
        return _mounted(await _find(link, database.directory))

    verb = "Dismount" if goal == DISMOUNTED else "Mount"
    action = Action(
        KIND,
        database.directory,
        f"{verb} database {shown}" + (" read-only" if goal == READ_ONLY else ""),
        f"database {shown}",
        _mounted(database),
        goal,
        feature,
        run,
        look,
        effects=[
            "It stays so until it is mounted again, or IRIS starts anew."
            if goal == DISMOUNTED
            else "Programs that need it work again."
        ],
        warnings=warnings,
    )
    return await plan_action(context, link, action, origin)


def _refuse_dismount(database: Database) -> None:
    """Raise `Refusal` for a database that the instance or its mirror needs (facts: iris-operations 6.2)."""
    shown = harmless(database.name, 80)
    if database.name.upper() in SYSTEM:
        raise Refusal(
            "SystemDatabase", f"{shown} belongs to the instance itself, which needs it.", "Nothing was done."
        )
    if database.mirrored:
        raise Refusal(
            "MirroredDatabase",
            f"{shown} is mirrored: dismounting it stops its part of the mirror.",
            "Take it out of the mirror first, in the portal.",
        )


async def _open_by(link: Link, shown: str, namespaces: Sequence[str]) -> list[str]:
    """Sentences on who works in the namespaces of a database."""
    if not namespaces:
        return []
    notes: list[str] = [
        f"Namespace {listed(namespaces)} has its data or code in {shown}: it does not work meanwhile."
    ]
    processes = await or_note(list_processes(link.connection), notes, "Who has it open is not known")
    wanted = {each.casefold() for each in namespaces}
    inside = [each for each in processes or () if each.namespace.casefold() in wanted and not each.system]
    if inside:
        who = listed([harmless(each.username, 40) for each in inside], most=5)
        notes.append(f"{counted(len(inside), 'process', 'processes')} work there now: {who}.")
    if any(each.in_transaction for each in inside):
        notes.append("One of them has an open transaction.")
    return notes


async def _state(link: Link, directory: str) -> str:
    return _mounted(await _find(link, directory))


AGAIN = again(_state, _plan)
