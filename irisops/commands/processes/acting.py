"""/process suspend, resume and terminate: plan the action, and carry it out: call, follow up, report.

Pids are reused: the process must still be the one of the plan, by user, job number and, where the version has it,
start time (facts: iris-license-sessions 4.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from irisops.changes.record import Again, Origin, Part, Record, Stand
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Change, Done, Plan, Problem, Progress, Refusal
from irisops.contract.wording import counted, duration, harmless
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import NotAvailable, NotPermitted
from irisops.instance.models import Process
from irisops.instance.usage import forecast
from irisops.instance.usage.license import read_board
from irisops.instance.usage.processes import ProcessAction, act_on_process, probe_action, read_process
from irisops.journal import Entry, Reverse

KIND = "process."
"""The journal's name for this kind of change, followed by the action."""
PATIENCE = 10.0
"""Seconds after which a process that still exists is reported as not ended."""
LOOK_EVERY = 0.25

_DONE = {"terminate": "terminated", "suspend": "suspended", "resume": "resumed"}


def named(process: Process) -> str:
    """A process in words: its pid and its user."""
    who = harmless(process.username or process.location or "nobody", 60)
    return f"process {process.pid} of {who}"


async def find_process(link: Link, pid: int) -> Process:
    """The process with this pid. Raises `Refusal` if no process has it."""
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


def guard(process: Process, action: ProcessAction) -> None:
    """Raise `Refusal` for the own process and for system processes."""
    if process.own:
        raise Refusal(
            "OwnProcess",
            f"Process {process.pid} is this tool's own connection.",
            "/disconnect or /quit ends it cleanly, and frees its unit.",
        )
    if process.system:
        what = harmless(process.location or process.routine or "a daemon", 60)
        raise Refusal(
            "SystemProcess",
            f"Process {process.pid} belongs to the instance itself ({what}).",
            "Ending or stopping it could stop the instance; nothing was done.",
        )
    allowed = process.can_be_terminated if action == "terminate" else process.can_be_suspended
    if not allowed:
        raise Refusal(
            "NotAllowed",
            f"The instance does not let anybody {action} process {process.pid}.",
            f"/process {process.pid} shows what it is.",
        )
    if action == "suspend" and process.suspended:
        raise Refusal(
            "AlreadySuspended",
            f"Process {process.pid} is already suspended.",
            f"/process resume {process.pid} lets it go on.",
        )
    if action == "resume" and not process.suspended:
        raise Refusal(
            "NotSuspended",
            f"Process {process.pid} is not suspended (its state is {harmless(process.state, 20)}).",
            "There is nothing to do.",
        )


def same_process(left: Process, right: Process) -> bool:
    """True if two readings are of the same process, not of two with the same pid."""
    return same_identity(identity(left), identity(right))


async def plan_action(
    context: Context, link: Link, process: Process, action: ProcessAction, origin: Origin
) -> Plan:
    """The plan. Raises `Refusal` for a forbidden action, and the named problem of one that can only fail."""
    guard(process, action)
    if not await probe_action(link.connection, process.pid, action):
        raise _gone(process.pid)
    effects, expected, before = await _effects(context, link, process, action)
    state = harmless(process.state or "running", 20)
    after = {"terminate": "gone", "suspend": "suspended", "resume": "running"}[action]
    shown = Plan(
        name=f"process_{action}",
        title=f"{action.capitalize()} {named(process)}",
        instance=link.instance_name,
        changes=[Change(_what(process), state, after, "gone" if action == "terminate" else "set")],
        effects=effects,
        warnings=_warnings(process, action),
        calls=_calls(process.pid, action),
    )
    units = (before, expected)
    return context.plans.add(
        shown, lambda: _act(context, link, process, action, origin=origin, shown=shown, units=units), link
    )


def identity(process: Process) -> tuple[str, ...]:
    """Identity beyond the pid, which is reused: user, job number, start (UTC) if known."""
    started = process.started.isoformat() if process.started else ""
    return (process.username, str(process.job_number or ""), started)


def same_identity(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """True if both are of one process. An unknown start time matches any."""
    return left[:2] == right[:2] and (not (left[2] and right[2]) or left[2] == right[2])


def _what(process: Process) -> str:
    program = harmless(process.executable or process.device or "", 40)
    where = harmless(process.client_ip or process.client_node or "", 60)
    parts = [named(process), *([program] if program else []), *([f"from {where}"] if where else [])]
    return ", ".join(parts)


def _warnings(process: Process, action: ProcessAction) -> list[str]:
    found: list[str] = []
    if process.in_transaction and action == "terminate":
        found.append(
            "It has an open transaction: all that it changed since the transaction began is rolled back and lost."
        )
    if process.in_transaction and action == "suspend":
        found.append("It has an open transaction: others wait for its locks as long as it is suspended.")
    if process.csp_session_id and action == "terminate":
        found.append("It works for a web session: that session ends with it.")
    elif not process.license_id and action == "terminate":
        found.append("It holds no license unit: ending it frees none.")
    return found


async def _effects(
    context: Context, link: Link, process: Process, action: ProcessAction
) -> tuple[list[str], int | None, int | None]:
    """Sentences, and the units in use after and before; None if unknown."""
    lines: list[str] = []
    if process.started is not None:
        lines.append(f"It has run for {duration((context.clock.now() - process.started).total_seconds())}.")
    if action == "suspend":
        return [*lines, "It stops where it is and keeps its unit, its locks and its memory."], None, None
    if action == "resume":
        return [*lines, "It goes on where it stopped."], None, None
    lines.append("What it has not stored is lost; its program sees a broken connection.")
    if not process.license_id:
        return lines, None, None
    try:
        board = await read_board(link.connection, now=link.clock.now())
    except (NotPermitted, NotAvailable) as problem:
        return [*lines, f"It is not known how many units that frees: {problem.message}"], None, None
    holder = next((each for each in board.holders if each.holder == process.license_id), None)
    after = forecast.total_after(board, [(holder, 1)]) if holder else None
    before = board.in_use
    if after is None or before is None:
        return (
            [*lines, "It is not known how many units that frees: its holder is not on the board."],
            None,
            before,
        )
    if after < before:
        lines.append(f"{board.counted.title()}s in use: {before} → {after}.")
    else:
        left = (holder.connections or 1) - 1 if holder else 0
        lines.append(
            f"It frees no unit: {harmless(process.license_id, 60)} has {counted(left, 'other connection')}, "
            "and they share one unit."
        )
    return lines, after, before


def _calls(pid: int, action: ProcessAction) -> dict[str, list[str]]:
    method = action.capitalize()
    return {
        "ObjectScript": [
            'set $namespace = "%SYS"',
            f"set process = ##class(SYS.Process).%OpenId({pid})",
            f"write process.{method}()  ; 1 is success",
        ],
        "Python": [
            'irispy = iris.createIRIS(connection)  # a connection to namespace "%SYS"',
            f'process = irispy.classMethodObject("SYS.Process", "%OpenId", {pid})',
            f'process.invoke("{method}")  # 1 is success',
        ],
    }


async def _act(
    context: Context,
    link: Link,
    process: Process,
    action: ProcessAction,
    *,
    origin: Origin,
    shown: Plan,
    units: tuple[int | None, int | None],
) -> Replies:
    """Read again, act, follow up, report. An error of the instance is journaled, then raised.

    `units`: in use before, and forecast for afterwards; None if unknown.
    """
    pid = process.pid
    now = await read_process(link.connection, pid)
    if now is None:
        raise _gone(pid)
    if not same_process(process, now):
        raise Refusal(
            "AnotherProcess",
            f"Process {pid} is another one now ({named(now)}): the process you named has ended.",
            "Nothing was done. /processes shows what runs.",
        )
    guard(now, action)
    terminate = action == "terminate"
    record = Record(
        context,
        link,
        shown,
        origin,
        reverse=Reverse(f"{KIND}{action}", str(pid), identity(now), (_DONE[action],)),
        final="a process that has ended is gone." if terminate else "",
    )
    with record.watched():
        there = await act_on_process(link.connection, pid, action)
    if not there:
        record.end("done", "it was gone already")
        raise _gone(pid)
    yield Progress(shown.name, f"Waiting for process {pid} …")
    if not await _settled(context, link, process, action):
        record.end("failed", "not seen within 10 seconds")
        yield _not_done(pid, action)
        return
    record.end("done", _DONE[action])
    yield Done(
        shown.name,
        f"Process {pid} is {_DONE[action]}.",
        details=await _units_now(link, *units) if terminate else [],
        undo=None if terminate else record.number,
    )


async def _settled(context: Context, link: Link, process: Process, action: ProcessAction) -> bool:
    """True if the process reaches the wanted state within `PATIENCE`."""
    began = context.clock.monotonic()
    while True:
        now = await read_process(link.connection, process.pid)
        if now is None or not same_process(process, now):
            return True
        if action != "terminate" and now.suspended == (action == "suspend"):
            return True
        if context.clock.monotonic() - began >= PATIENCE:
            return False
        await context.clock.sleep(LOOK_EVERY)


async def _units_now(link: Link, before: int | None, expected: int | None) -> list[str]:
    if before is None:
        return []
    board = await read_board(link.connection, now=link.clock.now())
    if board.in_use is None:
        return ["The units in use cannot be read."]
    lines = [f"{board.counted.title()}s in use: {before} → {board.in_use}."]
    if expected is not None and board.in_use > expected:
        lines.append("More than forecast: others have come since. /license shows who.")
    return lines


def _not_done(pid: int, action: ProcessAction) -> Problem:
    if action == "terminate":
        return Problem(
            "NotEnded",
            f"Process {pid} still exists {PATIENCE:g} seconds after it was told to end.",
            "A long rollback or a call outside IRIS may hold it; /processes shows its state.",
        )
    return Problem(
        "NotDone",
        f"Process {pid} did not {action} within {PATIENCE:g} seconds.",
        "It reacts when its present operation ends; /processes shows its state.",
    )


def _gone(pid: int) -> Refusal:
    return Refusal(
        "AlreadyGone",
        f"Process {pid} is already gone: it ended by itself, or somebody else ended it.",
        "Nothing was done. /processes shows what runs.",
    )


_ACTIONS: tuple[ProcessAction, ...] = ("suspend", "resume", "terminate")
_OPPOSITE: Mapping[ProcessAction, ProcessAction] = {"suspend": "resume", "resume": "suspend"}


def _reverse(entry: Entry) -> Reverse:
    """The journaled process: pid and identity."""
    reverse = entry.intent.reverse
    known = reverse is not None and reverse.kind.startswith(KIND) and len(reverse.before) == 3
    if reverse is None or not known or not (reverse.target.isascii() and reverse.target.isdigit()):
        raise ValueError(f"change {entry.number} is not of a process")
    return reverse


def _action(entry: Entry) -> ProcessAction:
    word = _reverse(entry).kind.removeprefix(KIND)
    return next(action for action in _ACTIONS if action == word)


async def _read(link: Link, entry: Entry) -> Process | None:
    """The journaled process; None if it has ended, even if its pid is in use again."""
    reverse = _reverse(entry)
    process = await read_process(link.connection, int(reverse.target))
    return process if process is not None and same_identity(identity(process), reverse.before) else None


async def _stand(link: Link, entry: Entry) -> Stand:
    target, action = _reverse(entry).target, _action(entry)
    process = await _read(link, entry)
    if process is None:
        gone = f"process {target} has ended"
        return Stand(done=[Part(target, gone)]) if action == "terminate" else Stand(moved=f"{gone}.")
    if action == "terminate":
        return Stand(left=[Part(target, f"{named(process)} is there")])
    part = Part(target, f"{named(process)} is {'suspended' if process.suspended else 'not suspended'}")
    return Stand(done=[part]) if process.suspended is (action == "suspend") else Stand(left=[part])


async def _plan_again(
    context: Context, link: Link, entry: Entry, _parts: Sequence[str], origin: Origin
) -> Plan:
    process = await _read(link, entry)
    if process is None:
        raise Refusal(
            "AlreadyGone",
            f"Process {_reverse(entry).target} has ended meanwhile.",
            "/processes shows what runs.",
        )
    action = _action(entry)
    return await plan_action(
        context, link, process, action if origin.way == "on" else _OPPOSITE[action], origin
    )


AGAIN = Again(_reverse, _stand, _plan_again)
