"""/processes: the processes of the instance, busiest first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from operator import attrgetter

from irisops.connections.connection import KeptRows
from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Table
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


def row_of(process: Process) -> dict[str, Cell]:
    """One process as a row."""
    return {
        "pid": process.pid,
        "user": process.username,
        "namespace": process.namespace,
        "routine": process.routine or process.location,
        "state": process.state,
        "commands": process.commands,
        "global_refs": process.global_refs,
        "cpu_ms": process.cpu_ms,
        "client": process.client_ip or process.client_node,
        "in_transaction": process.in_transaction,
        "executable": process.executable,
        "holder": process.license_id,
        "started_at": process.started,
        "kind": "this tool" if process.own else "system" if process.system else "user",
        "job": process.job_number,
        "os_user": process.os_username,
        "device": process.device,
    }


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
