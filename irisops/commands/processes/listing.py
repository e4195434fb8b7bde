"""/processes: the processes of the instance, busiest first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter

from irisops.connections.kept_rows import KeptRows, RecordRow
from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Row, Table
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import Selection, filter_words, select, selection_notes, take_columns
from irisops.instance.models import Process
from irisops.instance.usage.processes import list_processes

COLUMNS = (
    Column("pid", "PID", "number"),
    Column("user", "USER"),
    Column("namespace", "NAMESPACE", hide_under=70),
    Column("routine", "ROUTINE", grow=True),
    Column("state", "STATE"),
    Column("commands", "COMMANDS", "number", hide_under=90),
    Column("global_refs", "GLOBALS", "number", hide_under=100),
    Column("cpu_ms", "CPU MS", "number", hide_under=110),
    Column("client", "CLIENT", hide_under=80),
    Column("in_transaction", "TX", "flag"),
    Column("executable", "PROGRAM", hide_under=130),
    Column("holder", "HOLDER", hide_under=140),
    Column("started_at", "STARTED", "time", hide_under=150),
    Column("kind", "KIND", hide_under=120),
    Column("job", "JOB", "number", hide_under=1000),
    Column("os_user", "OS USER", hide_under=1000),
    Column("device", "DEVICE", hide_under=1000),
)

ON_A_THREAD = 1_000
"""Number of rows from which they are sorted and filtered in a thread."""

ACTIONS = (
    ("enter", "open", "/process {pid}"),
    ("x", "terminate", "/process terminate {pid}"),
    ("z", "suspend", "/process suspend {pid}"),
)


CELLS: Mapping[str, Callable[[Process], Cell]] = {
    "pid": attrgetter("pid"),
    "user": attrgetter("username"),
    "namespace": attrgetter("namespace"),
    "routine": lambda process: process.routine or process.location,
    "state": attrgetter("state"),
    "commands": attrgetter("commands"),
    "global_refs": attrgetter("global_refs"),
    "cpu_ms": attrgetter("cpu_ms"),
    "client": lambda process: process.client_ip or process.client_node,
    "in_transaction": attrgetter("in_transaction"),
    "executable": attrgetter("executable"),
    "holder": attrgetter("license_id"),
    "started_at": attrgetter("started"),
    "kind": lambda process: "this tool" if process.own else "system" if process.system else "user",
    "job": attrgetter("job_number"),
    "os_user": attrgetter("os_username"),
    "device": attrgetter("device"),
}


def row_of(process: Process) -> Row:
    """One process as a row."""
    return RecordRow(process, CELLS)


def _chosen(found: list[Process], kept: KeptRows[Process], words: Sequence[str]) -> Selection:
    """Filter and sort by words; by default people's before the system's, busiest first."""
    found.sort(key=lambda process: (process.system, -(process.commands or 0), process.pid))
    return select(kept.of(found, attrgetter("pid"), row_of), words, COLUMNS)


async def show_processes(context: Context, command: Command) -> Replies:
    """Processes, filtered and sorted by words."""
    link = context.link()
    found = await list_processes(link.connection, remade=link.process_records)
    link.listed_at = link.clock.monotonic()
    words, columns = take_columns(filter_words(command), COLUMNS, "pid")
    if len(found) <= ON_A_THREAD:
        chosen = _chosen(found, link.process_rows, words)
    else:
        chosen = await asyncio.to_thread(_chosen, found, link.process_rows, words)
    yield Table(
        name="processes",
        title="Processes",
        columns=columns,
        rows=chosen.rows,
        key="pid",
        notes=selection_notes(chosen, len(found), "process", "processes"),
        actions=ACTIONS,
        total=chosen.total,
    )
