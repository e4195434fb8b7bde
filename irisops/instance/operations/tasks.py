"""Scheduled tasks: when they ran, how it ended, when they run next (facts: iris-operations 8)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from irisops.instance.calls import Answer, ObjectCall, ObjectStep
from irisops.instance.class_queries import read_list
from irisops.instance.errors import InstanceError
from irisops.instance.features import Route
from irisops.instance.outcome import change_by_method, changing, save_object
from irisops.instance.routes import Instance, first_route
from irisops.instance.values import Row, answered, as_int, as_text

FIRST_OF_USERS = 1000
"""Number of the first task that is not the system's (facts: iris-operations 8)."""
_NO_ERROR = ("", "0")
_WELL = ("", "1", "success")


@dataclass(frozen=True, slots=True)
class Task:
    """A task. Its times are texts as the instance writes them, of its own clock; "" for never."""

    number: int
    name: str
    description: str = ""
    namespace: str = ""
    task_class: str = ""
    interval: str = ""
    suspended: bool = False
    next_run: str = ""
    last_started: str = ""
    last_finished: str = ""
    error: str = ""
    status: str = ""
    result: str = ""

    @property
    def failed(self) -> bool:
        """True if its last run did not end well.

        UNVERIFIED: Last Status and Last Result of a task that ended well; the properties behind them say 1 and Success
        (facts: iris-operations 8). Settle: evidence %SYS.Task:TaskListDetail by %Library.ResultSet, if a task failed.
        """
        told = self.status or self.result
        return self.error not in _NO_ERROR or told.casefold() not in _WELL

    @property
    def state(self) -> str:
        """Its state in a word or two, what is wrong first."""
        if self.failed:
            return "failed"
        return "suspended" if self.suspended else "fine" if self.last_started else "never ran"


def cell(row: Row, name: str) -> str:
    """A cell by the name of its column, which has blanks; SQL may have `_` or nothing in their place.

    UNVERIFIED: how SQL spells them, if the query is an SQL procedure at all. Settle: SELECT * FROM
    %SYS.Task_TaskListDetail(), cursor.description.
    """
    plain = name.lower()
    spellings = (plain, plain.replace(" ", "_"), re.sub(r"\W", "", plain))
    return next((as_text(row[each]).strip() for each in spellings if each in row), "")


def _flag(text: str) -> bool:
    """UNVERIFIED: the words for a suspended task. Settle: evidence %SYS.Task:TaskListDetail by %Library.ResultSet."""
    return text.casefold() not in ("", "0", "no", "false")


def task_of(row: Row) -> Task | None:
    """One task; None without a number."""
    number = as_int(cell(row, "ID"))
    if number is None:
        return None
    return Task(
        number,
        cell(row, "Task Name"),
        cell(row, "Description"),
        cell(row, "Namespace"),
        cell(row, "TaskClass"),
        cell(row, "Run Task"),
        _flag(cell(row, "Suspended")),
        f"{cell(row, 'Next Scheduled Date')} {cell(row, 'Next Scheduled Time')}".strip(),
        cell(row, "Last Started"),
        cell(row, "Last Finished"),
        cell(row, "%ER Error #"),
        cell(row, "Last Status"),
        cell(row, "Last Result"),
    )


def urgency(task: Task) -> tuple[bool, bool, str]:
    """Place in a list: what failed first, then by the next run."""
    return (not task.failed, not task.next_run, task.next_run)


async def read_tasks(instance: Instance) -> list[Task]:
    """All tasks, by number. Raises NotPermitted, NotAvailable."""
    return sorted(await read_list(instance, "tasks.list", task_of), key=lambda each: each.number)


@dataclass(frozen=True, slots=True)
class TaskNow:
    """What the object of a task tells now. `runs_as` is "" where it is not told."""

    suspended: bool
    last_started: str
    runs_as: str


async def read_task_now(instance: Instance, number: int) -> TaskNow | None:
    """The present state of a task; None if there is no such task. One batch. Raises the named problem."""

    async def attempt(_route: Route) -> TaskNow | None:
        state, runs_as = await instance.batch(
            [
                ObjectCall(
                    "%SYS.Task", "%OpenId", (number,), tuple(ObjectStep("get", name) for name in names)
                )
                for names in (("Suspended", "LastStarted"), ("RunAsUser",))
            ]
        )
        found = answered(state)
        if not found.found:
            return None
        suspended, started = map(as_text, found.values)
        user = as_text(runs_as.values[0]) if isinstance(runs_as, Answer) and runs_as.found else ""
        return TaskNow(_flag(suspended), started, user)

    return await first_route(instance, "tasks.suspend", attempt)


async def suspend(instance: Instance, number: int, *, suspended: bool) -> None:
    """Suspend a task, or let it go on. Raises the named problem."""

    async def attempt(_route: Route) -> None:
        steps = [ObjectStep("set", "Suspended", (int(suspended),))]
        if not await save_object(instance, "%SYS.Task", str(number), steps):
            raise InstanceError(f"Task {number} no longer exists.", "/tasks lists them.")

    await changing(first_route(instance, "tasks.suspend", attempt))


async def run_now(instance: Instance, number: int) -> None:
    """Have the task manager run a task within a minute. Raises the named problem."""
    await change_by_method(instance, "tasks.run", "%SYS.Task", "RunNow", (number,))
