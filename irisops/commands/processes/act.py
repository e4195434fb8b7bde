"""/process suspend, resume and terminate: by plan, never this tool's own process, never a system process."""

from __future__ import annotations

from irisops.changes.record import Origin
from irisops.commands.processes.acting import plan_action
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Plan
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.models import Process
from irisops.instance.usage.processes import ProcessAction, read_process


async def find_process(link: Link, pid: int) -> Process:
    """The process. Raises `Refusal` if there is none."""
    found = await read_process(link.connection, pid)
    if found is None:
        raise Refusal(
            "NoSuchProcess",
            f"There is no process {pid}.",
            "/processes lists them; it may have ended by itself.",
        )
    return found


async def _plan(context: Context, command: Command, action: ProcessAction) -> Plan:
    link = context.link()
    process = await find_process(link, int(str(command.args["pid"])))
    return await plan_action(context, link, process, action, Origin(command.slash))


async def terminate(context: Context, command: Command) -> Replies:
    """Plan to end a process."""
    yield await _plan(context, command, "terminate")


async def suspend(context: Context, command: Command) -> Replies:
    """Plan to stop a process for a while."""
    yield await _plan(context, command, "suspend")


async def resume(context: Context, command: Command) -> Replies:
    """Plan to let a suspended process go on."""
    yield await _plan(context, command, "resume")
