"""/processes: the processes of the instance, busiest first; /process PID: one in full, without interrupting it."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Mapping, Sequence
from operator import attrgetter

from irisops.commands.processes.acting import find_process, named
from irisops.contract.chat import Command
from irisops.contract.record_rows import Picked, RecordRows
from irisops.contract.replies import Column, Table, Tone
from irisops.contract.wording import duration
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import Selection, filter_words, select, selection_notes, take_columns
from irisops.instance.models import Process, is_system
from irisops.instance.usage.license_clock import clock_offset
from irisops.instance.usage.processes import list_processes, some_cells
from irisops.instance.values import as_int


def _kind(process: Process) -> str:
    return "this tool" if process.own else "system" if process.system else "user"


_TONES: Mapping[str, Tone] = {
    **dict.fromkeys(("RUN", "RUNW"), "good"),
    **dict.fromkeys(("LOCK", "LOCKNL", "RUNS"), "warn"),
    **dict.fromkeys(("SUSP", "SUSPW", "RUND", "RUNH"), "bad"),
}
"""Running; waiting for a lock or to be suspended; suspended, dead, halting (facts: iris-license-sessions 4.2)."""

# attrgetter where it is enough: ten thousand rows make each cell when it is asked for.
_FIELDS: cards.Fields[Process] = (
    (Column("pid", "PID", "number"), attrgetter("pid")),
    (Column("user", "USER"), attrgetter("username")),
    (Column("namespace", "NAMESPACE", hide_under=75), attrgetter("namespace")),
    (Column("routine", "ROUTINE", grow=True), lambda each: each.routine or each.location),
    (Column("state", "STATE", tones=_TONES), attrgetter("state")),
    (Column("commands", "COMMANDS", "number", hide_under=50), attrgetter("commands")),
    (Column("global_refs", "GLOBALS", "number", hide_under=100), attrgetter("global_refs")),
    (Column("cpu_ms", "CPU MS", "number", hide_under=110), attrgetter("cpu_ms")),
    (Column("client", "CLIENT", hide_under=80), lambda each: each.client_ip or each.client_node),
    (Column("in_transaction", "TX", "flag", tones=cards.POWER), attrgetter("in_transaction")),
    (Column("executable", "PROGRAM", hide_under=130), attrgetter("executable")),
    (Column("holder", "HOLDER", hide_under=140), attrgetter("license_id")),
    (Column("started_at", "STARTED", "time", hide_under=150), attrgetter("started")),
    (Column("kind", "KIND", hide_under=120), _kind),
    (Column("job", "JOB", "number", hide_under=1000), attrgetter("job_number")),
    (Column("os_user", "OS USER", hide_under=1000), attrgetter("os_username")),
    (Column("device", "DEVICE", hide_under=1000), attrgetter("device")),
)
COLUMNS = cards.columns_of(_FIELDS)
_CELLS = {column.name: value for column, value in _FIELDS}

BUSIEST = ("commands", True)
"""Column and direction of the usual order."""

ON_A_THREAD = 1_000
"""Number of rows from which they are sorted and filtered in a thread."""

ACTIONS = (
    ("enter", "open", "/process {pid}"),
    ("x", "terminate", "/process terminate {pid}"),
    ("z", "suspend", "/process suspend {pid}"),
)


def rows_of(found: Sequence[Process]) -> RecordRows[Process]:
    """Processes as rows."""
    return RecordRows(found, _CELLS)


def ranks(found: Sequence[Process]) -> list[int]:
    """Places in the usual order: people's before the system's, busiest first, then by pid.

    One number each: ten thousand tuples of three would take 2 MB at each refresh.
    """
    return [
        (is_system(holder, ending) << 160) - ((as_int(commands) or 0) << 64) + (as_int(pid) or 0)
        for pid, commands, holder, ending in some_cells(found, _RANKED)
    ]


_RANKED = ("pid", "commandsexecuted", "licenseuserid", "canbeterminated")


def _chosen(found: Sequence[Process], words: Sequence[str]) -> Selection:
    """Filter and sort by words; by default people's before the system's, busiest first."""
    order = array("I", sorted(range(len(found)), key=ranks(found).__getitem__))
    return select(rows_of(Picked(found, order)), words, COLUMNS)


async def show_processes(context: Context, command: Command) -> Replies:
    """Processes, filtered and sorted by words."""
    link = context.link()
    found = await list_processes(link.connection)
    words, columns = take_columns(filter_words(command), COLUMNS, "pid")
    if len(found) <= ON_A_THREAD:
        chosen = _chosen(found, words)
    else:
        chosen = await asyncio.to_thread(_chosen, found, words)
    yield Table(
        name="processes",
        title="Processes",
        columns=columns,
        rows=chosen.rows,
        key="pid",
        notes=selection_notes(chosen, len(found), "process", "processes"),
        actions=ACTIONS,
        total=chosen.total,
        order=chosen.order or BUSIEST,
    )


async def show_process(context: Context, command: Command) -> Replies:
    """One process as named values, with the possible actions."""
    link = context.link()
    process = await find_process(link, int(str(command.args["pid"])))
    offset = await clock_offset(link.connection, link.clock.now())
    running = None
    if process.started is not None:
        running = duration((context.clock.now() - process.started).total_seconds() + offset)
    entries: list[cards.Entry] = [
        ("pid", "", process.pid),
        ("kind", "Kind", _kind(process)),
        ("user", "User", process.username),
        ("os_user", "OS user", process.os_username),
        ("namespace", "Namespace", process.namespace),
        ("routine", "Routine", process.routine),
        ("state", "State", process.state),
        ("started_at", "", process.started),
        ("running_for", "Running for", running),
        ("client", "Client address", process.client_ip),
        ("client_node", "Client host", process.client_node),
        ("executable", "Program", process.executable),
        ("device", "Device", process.device),
        ("holder", "License id", process.license_id),
        ("job", "Job number", process.job_number),
        ("commands", "Commands", process.commands),
        ("global_refs", "Global references", process.global_refs),
        ("cpu_ms", "CPU ms", process.cpu_ms),
        ("priority", "Priority", process.priority),
        ("roles", "Roles", process.roles),
        ("login_roles", "Roles at login", process.login_roles),
        ("user_info", "Calls itself", process.user_info),
        ("location", "Location", process.location),
        ("in_transaction", "", process.in_transaction),
        ("can_be_suspended", "", process.can_be_suspended),
        ("can_be_terminated", "", process.can_be_terminated),
    ]
    title = named(process).capitalize()
    yield cards.facts_card("process", title, entries, _notes(process), hide_empty=True)


def _notes(process: Process) -> list[str]:
    notes: list[str] = []
    if process.own:
        notes.append("This is the connection of this tool: one unit at most, given back when you quit.")
    elif process.system:
        notes.append("It belongs to the instance and takes no license unit; it cannot be ended from here.")
    elif process.license_id:
        notes.append(f"Its license unit: /license why {process.license_id}")
    else:
        notes.append("It holds no license unit (a web session that it works for holds its own).")
    if process.in_transaction:
        notes.append("It has an open transaction: ending it rolls back what it changed since the beginning.")
    if process.suspended:
        notes.append(f"It is suspended; /process resume {process.pid} lets it go on.")
    elif process.can_be_terminated and not process.own:
        notes.append(f"/process suspend {process.pid} · /process terminate {process.pid}")
    return notes
