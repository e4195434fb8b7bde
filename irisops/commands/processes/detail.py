"""/process PID: one process in full, without interrupting it."""

from __future__ import annotations

from irisops.commands.processes.act import find_process
from irisops.commands.processes.acting import named
from irisops.contract.chat import Command
from irisops.contract.replies import Facts, Scalar
from irisops.contract.wording import duration
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.models import Process
from irisops.instance.usage.license_clock import clock_offset

_LABELS = {
    "kind": "Kind",
    "user": "User",
    "os_user": "OS user",
    "namespace": "Namespace",
    "routine": "Routine",
    "state": "State",
    "running_for": "Running for",
    "client": "Client address",
    "client_node": "Client host",
    "executable": "Program",
    "device": "Device",
    "holder": "License id",
    "job": "Job number",
    "commands": "Commands",
    "global_refs": "Global references",
    "cpu_ms": "CPU ms",
    "priority": "Priority",
    "roles": "Roles",
    "login_roles": "Roles at login",
    "user_info": "Calls itself",
    "location": "Location",
}


async def show_process(context: Context, command: Command) -> Replies:
    """One process as named values, with the possible actions."""
    link = context.link()
    process = await find_process(link, int(str(command.args["pid"])))
    offset = await clock_offset(link.connection, link.clock.now())
    running = None
    if process.started is not None:
        running = (context.clock.now() - process.started).total_seconds() + offset
    facts: dict[str, Scalar | list[Scalar] | dict[str, Scalar]] = {
        "pid": process.pid,
        "kind": "this tool" if process.own else "system" if process.system else "user",
        "user": process.username,
        "os_user": process.os_username,
        "namespace": process.namespace,
        "routine": process.routine,
        "state": process.state,
        "started_at": process.started,
        "running_for": duration(running) if running is not None else None,
        "client": process.client_ip,
        "client_node": process.client_node,
        "executable": process.executable,
        "device": process.device,
        "holder": process.license_id,
        "job": process.job_number,
        "commands": process.commands,
        "global_refs": process.global_refs,
        "cpu_ms": process.cpu_ms,
        "priority": process.priority,
        "roles": process.roles,
        "login_roles": process.login_roles,
        "user_info": process.user_info,
        "location": process.location,
        "in_transaction": process.in_transaction,
        "can_be_suspended": process.can_be_suspended,
        "can_be_terminated": process.can_be_terminated,
    }
    yield Facts(
        "process",
        named(process).capitalize(),
        facts,
        labels={key: label for key, label in _LABELS.items() if facts[key] not in (None, "")},
        notes=_notes(process),
    )


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
