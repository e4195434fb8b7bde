"""/tasks and /task: scheduled tasks, failed ones first; run now, suspended and resumed by plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from irisops.changes.actions import Action, again, plan_action
from irisops.changes.record import Origin
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import no_such
from irisops.contract.replies import Column, Plan, Refusal, Tone
from irisops.contract.wording import counted, harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import list_table
from irisops.instance.operations.tasks import (
    Task,
    TaskNow,
    read_task_now,
    read_tasks,
    run_now,
    suspend,
    urgency,
)

SWITCH, RUN = "task.suspend", "task.run"
"""The journal's names for both directions of a suspension, and for a run."""
SUSPENDED, SCHEDULED, STARTED = "suspended", "scheduled", "started"
START_DELAY = 90.0
"""Seconds to wait for the start: the task manager looks each 60 (facts: iris-operations 8)."""


def _minute(time: str) -> str:
    """A time without its seconds, if it has the usual form; /task has it whole."""
    return time[:16] if _TIME.fullmatch(time) else time


_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_TONES: Mapping[str, Tone] = {"failed": "bad", "suspended": "warn", "fine": "good"}
_FIELDS: cards.Fields[Task] = (
    (Column("id", "ID", "number"), lambda each: each.number),
    (Column("name", "NAME", grow=True, least=12, wrap=2), lambda each: each.name),
    (Column("state", "STATE", tones=_TONES), lambda each: each.state),
    (Column("next", "NEXT"), lambda each: _minute(each.next_run)),
    (Column("last", "LAST"), lambda each: _minute(each.last_finished or each.last_started)),
    (Column("result", "RESULT", least=20, hide_under=110), lambda each: each.result or each.status),
    (Column("namespace", "NAMESPACE", hide_under=115), lambda each: each.namespace),
    (Column("interval", "RUNS", hide_under=125), lambda each: each.interval),
    (Column("class", "CLASS", hide_under=140), lambda each: each.task_class),
    (Column("suspended", "SUSPENDED", "flag", hide_under=1000), lambda each: each.suspended),
    (Column("failed", "FAILED", "flag", hide_under=1000), lambda each: each.failed),
)
_ACTIONS = (
    ("enter", "open", "/task {id}"),
    ("g", "run now", "/task run {id}"),
    ("z", "suspend", "/task suspend {id}"),
)


async def show_tasks(context: Context, command: Command) -> Replies:
    """Tasks, filtered and sorted by words."""
    found = sorted(await read_tasks(context.link().connection), key=urgency)
    failed = [harmless(each.name, 60) for each in found if each.failed]
    notes = (
        [f"! {counted(len(failed), 'task')} failed at the last run: {listed(failed, most=5)}."]
        if failed
        else []
    )
    shown = list_table(command, "tasks", "task", _FIELDS, found, unfiltered=notes, actions=_ACTIONS)
    shown.key = "id"
    yield shown


async def find_task(link: Link, name: str) -> Task:
    """The task of that number or name. Raises `Refusal`."""
    found = await read_tasks(link.connection)
    for each in found:
        if name in (str(each.number), "") or each.name.casefold() == name.casefold():
            return each
    names = [each.name for each in found]
    raise no_such(
        "NoSuchTask", "task", name, names, cure="/tasks lists them.", line=lambda each: f"/task {each}"
    )


async def show_task(context: Context, command: Command) -> Replies:
    """One task as named values."""
    task = await find_task(context.link(), str(command.args["task"]))
    notes = (
        [f"Its last run failed: {harmless(task.result or task.status or task.error, 200)}"]
        if task.failed
        else []
    )
    entries: list[cards.Entry] = [
        ("id", "Number", task.number),
        ("name", "", task.name),
        ("state", "State", task.state),
        ("description", "Description", task.description),
        ("next", "Runs next", task.next_run),
        ("interval", "Runs", task.interval),
        ("last_started", "Started last", task.last_started),
        ("last_finished", "Ended last", task.last_finished),
        ("status", "", task.status),
        ("result", "Result", task.result),
        ("error", "Error", task.error),
        ("suspended", "Suspended", task.suspended),
        ("namespace", "Namespace", task.namespace),
        ("class", "Class", task.task_class),
    ]
    card = cards.facts_card("task", f"Task {harmless(task.name, 80)}", entries, notes, hide_empty=True)
    word = "resume" if task.suspended else "suspend"
    card.actions = [
        ("g", "run now", f"/task run {task.number}"),
        ("z", word, f"/task {word} {task.number}"),
    ]
    yield card


async def suspend_task(context: Context, command: Command) -> Replies:
    """Plan to suspend a task."""
    yield await _switched(context, command, SUSPENDED)


async def resume_task(context: Context, command: Command) -> Replies:
    """Plan to let a suspended task go on."""
    yield await _switched(context, command, SCHEDULED)


async def _switched(context: Context, command: Command, goal: str) -> Plan:
    link = context.link()
    task = await find_task(link, str(command.args["task"]))
    return await _plan(context, link, str(task.number), goal, Origin(command.slash))


async def _now(link: Link, number: int) -> TaskNow:
    found = await read_task_now(link.connection, number)
    if found is None:
        raise Refusal("NoSuchTask", f"There is no task {number} any more.", "/tasks lists them.")
    return found


async def _state(link: Link, target: str) -> str:
    return SUSPENDED if (await _now(link, int(target))).suspended else SCHEDULED


async def _plan(context: Context, link: Link, target: str, goal: str, origin: Origin) -> Plan:
    task = await find_task(link, target)
    verb = "Suspend" if goal == SUSPENDED else "Resume"
    # UNVERIFIED: what becomes of missed runs: the portal asks whether they are made up for (facts: iris-operations 8).
    # Settle: suspend a task by the driver beyond its time, resume it, read LastStarted.
    missed = "Whether a run that it missed is made up for is up to the instance."
    action = Action(
        SWITCH,
        target,
        f"{verb} task {harmless(task.name, 80)}",
        f"task {harmless(task.name, 80)}",
        await _state(link, target),
        goal,
        "tasks.suspend",
        partial(suspend, number=task.number, suspended=goal == SUSPENDED),
        partial(_state, link, target),
        effects=[
            f"It does not run until it is resumed. {missed}"
            if goal == SUSPENDED
            else f"It runs by its schedule again. {missed}"
        ],
    )
    return await plan_action(context, link, action, origin)


AGAIN = again(_state, _plan)


async def run_task(context: Context, command: Command) -> Replies:
    """Plan to run a task now."""
    link = context.link()
    task = await find_task(link, str(command.args["task"]))
    now = await _now(link, task.number)
    before = f"started last at {now.last_started}" if now.last_started else "never started"

    async def look() -> str:
        started = (await _now(link, task.number)).last_started
        return before if started == now.last_started else STARTED

    does = harmless(task.description or task.task_class, 120)
    action = Action(
        RUN,
        str(task.number),
        f"Run task {harmless(task.name, 80)} now",
        f"task {harmless(task.name, 80)}",
        before,
        STARTED,
        "tasks.run",
        partial(run_now, number=task.number),
        look,
        effects=[
            f"It does its work in namespace {harmless(task.namespace, 40)}: {does}.",
            *(
                [f"It runs as {harmless(now.runs_as, 80)}, and takes a license unit meanwhile."]
                if now.runs_as
                else []
            ),
            "The task manager starts it within 60 seconds; its schedule stays.",
        ],
        warnings=["It is suspended: whether it starts is up to the instance."] if now.suspended else [],
        details=[f"/task {task.number} shows how it ends."],
        final="what it has done by then stays done.",
        patience=START_DELAY,
    )
    yield await plan_action(context, link, action, Origin(command.slash))
