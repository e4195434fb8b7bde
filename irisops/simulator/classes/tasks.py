"""`%SYS.Task`: scheduled tasks (facts: iris-operations 8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from irisops.simulator.backend import Value
from irisops.simulator.classes import status
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT, Instance
from irisops.simulator.classes.values import as_boolean, as_integer
from irisops.simulator.world.operations import START_DELAY, Task

TASK = ClassDef("%SYS.Task", base=PERSISTENT, requires="%Admin_Task:U")
"""UNVERIFIED: the privilege, which the guides spell %Admin_Tasks, too (facts: iris-operations 8). Settle: list the
tasks as a user with one of the two alone."""
for _name in (
    "Name",
    "NameSpace",
    "TaskClass",
    "Suspended",
    "Description",
    "LastStarted",
    "LastFinished",
    "RunAsUser",
):
    TASK.property(_name)

_COLUMNS = (
    "Task Name", "Description", "Task Type", "Namespace", "TaskClass", "Batch Mode", "Priority", "Suspended",
    "Reschedule on Start", "Suspend on Error", "Run Task", "Run Interval", "MirrorStatus", "Next Scheduled Date",
    "Next Scheduled Time", "Start Date", "End Date", "Last Started", "Last Finished", "Last Status", "Last Result",
    "%ER Date", "%ER Error #", "ID",
)  # fmt: skip


class _Persistence:
    """Opens tasks by their number; `%Save` keeps Suspended."""

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether there is such a task."""
        return job.world.operations.task(as_integer(row_id)) is not None

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the record's values."""
        job.require("%Admin_Task:U")
        task = job.world.operations.task(as_integer(instance.key))
        if task is not None:
            instance.values = {
                "Name": task.name,
                "NameSpace": task.namespace,
                "TaskClass": task.task_class,
                "Suspended": int(task.suspended),
                "Description": task.description,
                "LastStarted": _moment(task.last_started),
                "LastFinished": _moment(task.last_finished),
                "RunAsUser": "_SYSTEM",
            }

    def save(self, job: Job, instance: Instance) -> None:
        """Keep what may be changed."""
        job.require("%Admin_Task:U")
        task = job.world.operations.task(as_integer(instance.key))
        if task is None:
            raise status.StatusError(5809, "%SYS.Task", instance.key)
        task.suspended = as_boolean(instance.values["Suspended"])

    def delete(self, _job: Job, _row_id: str) -> None:
        """Refuse: system tasks cannot be deleted, and others are not here."""
        raise status.StatusError(5001, "Tasks cannot be deleted here")


TASK.persistence = _Persistence()


def _moment(when: datetime | None) -> str:
    return "" if when is None else f"{when:%Y-%m-%d %H:%M:%S}"


def _row(task: Task) -> Sequence[Value]:
    """UNVERIFIED: the forms of dates, of the flags, of Last Status and of Last Result. Settle: read the list of an
    instance on which a task failed.
    """
    shown = None if task.suspended else task.next_run
    ran = task.last_finished is not None
    return (
        task.name, task.description, "User" if task.number >= 1000 else "System", task.namespace, task.task_class, "No",
        "Normal", "Yes" if task.suspended else "No", "No", "Yes", "Daily" if task.every else "On Demand", "", "",
        f"{shown:%Y-%m-%d}" if shown else "", f"{shown:%H:%M:%S}" if shown else "", "", "", _moment(task.last_started),
        _moment(task.last_finished), ("0" if task.error else "1") if ran else "",
        (task.error or "Success") if ran else "", "", "", task.number,
    )  # fmt: skip


@TASK.query("TaskListDetail()", list(_COLUMNS), projection_unknown=True)
def _list(job: Job) -> Iterable[Sequence[Value]]:
    return [_row(each) for each in job.world.operations.tasks]


@TASK.class_method("RunNow(TaskID As %Integer) As %Status")
def _run_now(job: Job, number: Value) -> None:
    task = job.world.operations.task(as_integer(number))
    if task is None:
        raise status.StatusError(5809, "%SYS.Task", as_integer(number))
    task.queued = True
    world = job.world

    def begin() -> None:
        task.queued = False
        task.last_started = world.now()
        task.last_finished = world.now() + timedelta(seconds=1)

    world.scheduler.after(START_DELAY / 2, begin)
