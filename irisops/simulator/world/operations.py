"""What an operator looks at in a day: tasks, locks, the journal, productions, running SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

MEGABYTE = 1_048_576
START_DELAY = 60.0
"""Seconds between two looks of the task manager for what is to be run (facts: iris-operations 8)."""
USER_TASKS = 1000
"""Number of the first task that is not the system's (facts: iris-operations 8)."""


@dataclass(slots=True)
class Task:
    """A scheduled task. `error` is "" where its last run succeeded; `every` None: on demand."""

    number: int
    name: str
    task_class: str
    description: str = ""
    namespace: str = "%SYS"
    suspended: bool = False
    every: timedelta | None = timedelta(days=1)
    next_run: datetime | None = None
    last_started: datetime | None = None
    last_finished: datetime | None = None
    error: str = ""
    queued: bool = False


@dataclass(slots=True)
class Lock:
    """An entry of the lock table. `waiters` are pids, each with the mode that it waits for.

    `removable` as WebList tells it: 0, 1, or 2 for one that is delock pending.
    """

    key: str
    owner: int
    reference: str
    directory: str = "/usr/irissys/mgr/user/"
    mode: str = "X"
    count: int = 1
    waiters: list[tuple[int, str]] = field(default_factory=list)
    removable: int = 1


@dataclass(slots=True)
class JournalFile:
    """A file of the journal; its size is in bytes."""

    name: str
    created: datetime
    size: int
    reason: str = "journal file full"


@dataclass(slots=True)
class Journal:
    """The journal. `state` as `GetState()` answers; `free` is the space left in bytes."""

    files: list[JournalFile] = field(default_factory=list)
    state: int = 0
    free: int = 40_000 * MEGABYTE
    directory: str = "/usr/irissys/mgr/journal/"


@dataclass(slots=True)
class Item:
    """A component of a production."""

    name: str
    class_name: str
    category: str = ""
    enabled: bool = True
    pool: int = 1
    restarted: int = 0


@dataclass(slots=True)
class LogEntry:
    """A row of `Ens.Util.Log`. `type` as its number (facts: iris-operations 9, likely)."""

    at: datetime
    type: int
    item: str
    text: str


@dataclass(slots=True)
class Production:
    """A production and its namespace. `state` as `GetProductionStatus` tells it."""

    namespace: str
    name: str
    state: int = 1
    items: list[Item] = field(default_factory=list)
    queues: dict[str, int] = field(default_factory=dict)
    log: list[LogEntry] = field(default_factory=list)


@dataclass(slots=True)
class Statement:
    """A statement that runs."""

    number: int
    pid: int
    username: str
    namespace: str
    text: str
    started: datetime
    parameters: str = ""


class Operations:
    """All of these on one instance: what a fresh one has."""

    def __init__(self, started: datetime) -> None:
        self.tasks = _default_tasks(started)
        self.locks: list[Lock] = []
        self.journal = Journal(
            [JournalFile(f"/usr/irissys/mgr/journal/{started:%Y%m%d}.001", started, 1 * MEGABYTE)]
        )
        self.productions: list[Production] = []
        self.interoperability: set[str] = set()
        """Namespaces, in upper case, that have the classes of Ens.*, with a production or without."""
        self.statements: list[Statement] = []
        self.mirror = ""
        """Name of the mirror that the instance is a member of."""
        self.validation_seconds = 0.02
        """How long an index takes to be validated, per row. A real instance needs a thousandth of that, or less."""

    def run_due(self, now: datetime) -> None:
        """Run the tasks that are due by their schedules. Each takes two seconds, and ends as it did before."""
        for task in self.tasks:
            while task.every and task.next_run is not None and task.next_run <= now and not task.suspended:
                task.last_started, task.last_finished = task.next_run, task.next_run + timedelta(seconds=2)
                task.next_run += task.every

    def task(self, number: int) -> Task | None:
        """The task of that number."""
        return next((each for each in self.tasks if each.number == number), None)

    def add_production(self, production: Production) -> Production:
        """A production in a namespace that is enabled for it."""
        self.productions.append(production)
        self.interoperability.add(production.namespace.upper())
        return production

    def production(self, namespace: str) -> Production | None:
        """The production of a namespace."""
        return next((each for each in self.productions if each.namespace.upper() == namespace.upper()), None)


def _default_tasks(started: datetime) -> list[Task]:
    """Those of a new instance (facts: iris-operations 8); the numbers are ours."""
    midnight = started.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    nightly = (
        ("Switch Journal", "%SYS.Task.SwitchJournal", 0, False),
        ("Purge Journal", "%SYS.Task.PurgeJournal", 30, False),
        ("Purge errors and log files", "%SYS.Task.PurgeErrorsAndLogs", 60, False),
        ("Purge Tasks", "%SYS.Task.PurgeTaskHistory", 60, False),
        ("Purge Backup Log", "%SYS.Task.PurgeBackupLog", 60, False),
        ("Security Scan", "%SYS.Task.SecurityScan", 1, False),
        ("Inventory Scan", "%SYS.Task.InventoryScan", 120, True),
    )
    found = []
    for number, (name, task_class, minute, suspended) in enumerate(nightly, 1):
        last = midnight - timedelta(days=1) + timedelta(minutes=minute)
        task = Task(
            number, name, task_class, suspended=suspended, next_run=midnight + timedelta(minutes=minute)
        )
        if not suspended:
            task.last_started, task.last_finished = last, last + timedelta(seconds=2)
        found.append(task)
    return found
