"""What goes wrong in a day of operations: a full disk, a failed task, a blocked lock, a production with a queue."""

from __future__ import annotations

from datetime import timedelta

from irisops.simulator.world.model import Namespace
from irisops.simulator.world.operations import (
    MEGABYTE,
    USER_TASKS,
    Item,
    JournalFile,
    Lock,
    LogEntry,
    Production,
    Statement,
    Task,
)
from irisops.simulator.world.seed import add_database
from irisops.simulator.world.world import World

PRODUCTION = "SHIP"
WARNING, SEVERE = 1, 2


def make_trouble(world: World) -> None:
    """All of it."""
    _databases(world)
    _tasks(world)
    _locks(world)
    _journal(world)
    _production(world)
    _log(world)


def _databases(world: World) -> None:
    for name in ("WAREHOUSE", "ARCHIVE", PRODUCTION):
        add_database(world.tables, name)
        world.namespaces.add(Namespace(name, name, name))
        found = world.databases.get(name)
        if found is None:
            raise KeyError(name)
        if name == "WAREHOUSE":  # grew to its limit, on a disk that is nearly full
            found.directory = "/data/warehouse/"
            found.size = found.most = 2048
            found.free, found.disk_free = 0, 120
        elif name == "ARCHIVE":
            found.mounted, found.size = False, 900


def _tasks(world: World) -> None:
    now = world.clock.now()
    world.operations.tasks += [
        Task(
            USER_TASKS,
            "Nightly export",
            "Ship.Task.Export",
            "Sends the orders of the day",
            namespace=PRODUCTION,
            next_run=now + timedelta(hours=7),
            last_started=now - timedelta(hours=7),
            last_finished=now - timedelta(hours=7) + timedelta(seconds=4),
            error="ERROR #5001: Directory /data/export does not exist",
        ),
        Task(
            USER_TASKS + 1,
            "Refresh prices",
            "Ship.Task.Prices",
            namespace=PRODUCTION,
            every=timedelta(hours=1),
            next_run=now + timedelta(minutes=12),
            last_started=now - timedelta(minutes=48),
            last_finished=now - timedelta(minutes=47),
        ),
    ]


def _locks(world: World) -> None:
    start = world.process_table.start
    holder = start(username="billing", namespace=PRODUCTION, routine="Ship.Billing.1", state="HANG")
    holder.in_transaction = 1
    waiting = [
        start(username=name, namespace=PRODUCTION, routine="Ship.Order.1", state="LOCK")
        for name in ("till1", "till2")
    ]
    directory = "/usr/irissys/mgr/ship/"
    world.operations.locks += [
        Lock(
            "3|^Ship.OrderD(4711)", holder.pid, "^Ship.OrderD(4711)", directory,
            waiters=[(each.pid, "X") for each in waiting],
        ),
        Lock("3|^Ship.OrderD(4712)", holder.pid, "^Ship.OrderD(4712)", directory),
    ]  # fmt: skip
    world.operations.statements.append(
        Statement(
            1,
            waiting[0].pid,
            "till1",
            PRODUCTION,
            "SELECT COUNT(*) FROM Ship.Item i, Ship.Item j WHERE i.Price > j.Price",
            world.clock.now() - timedelta(minutes=6),
        )
    )


def _journal(world: World) -> None:
    """2.5 GB a day, and room for three more days."""
    now, journal = world.clock.now(), world.operations.journal
    journal.files = [
        JournalFile(
            f"{journal.directory}{now - timedelta(hours=8 * back):%Y%m%d}.{3 - back % 3:03d}",
            now - timedelta(hours=8 * back),
            850 * MEGABYTE if back else 120 * MEGABYTE,
        )
        for back in reversed(range(6))
    ]
    journal.free = 7_700 * MEGABYTE


def _production(world: World) -> None:
    now = world.clock.now()
    world.operations.add_production(
        Production(
            PRODUCTION,
            "Ship.Production",
            items=[
                Item("From shop", "Ship.Service.Orders", "in"),
                Item("To stock", "Ship.Process.Stock", "core"),
                Item("To carrier", "Ship.Operation.Carrier", "out"),
            ],
            queues={"Ens.Actor": 0, "To carrier": 214, "To stock": 3, "From shop": 0},
            log=[
                LogEntry(
                    now - timedelta(minutes=50 - 2 * number),
                    2,
                    "To carrier",
                    "ERROR #6059: Unable to open TCP/IP socket to server carrier:8443",
                )
                for number in range(12)
            ]
            + [
                LogEntry(
                    now - timedelta(minutes=3),
                    4,
                    "From shop",
                    "ConfigItem 'From shop' (Ship.Service.Orders) started",
                )
            ],
        )
    )


def _log(world: World) -> None:
    """Lines of messages.log, whose form is public (facts: iris-license-sessions 5.4).

    UNVERIFIED: their texts, which are ours. Settle: read messages.log of an instance whose disk is full.
    """
    now = world.clock.now()
    for minutes, level, event, text in (
        (290, 0, "Generic.Event", "Warmstart of the instance"),
        (240, 0, "Utility.Event", "Journal file full, switching to the next one"),
        (95, WARNING, "Generic.Event", "License limit exceeded 1 times since instance start."),
        (61, WARNING, "Database.Event", "Low disk space on /data/warehouse/"),
        (60, SEVERE, "Database.Full", "Expansion of /data/warehouse/ failed: database is full"),
        (
            7,
            SEVERE,
            "Utility.Event",
            "Task 'Nightly export' failed: ERROR #5001: Directory /data/export does not exist",
        ),
        (2, 0, "Utility.Event", "Purge of errors is done"),
    ):
        at = now - timedelta(minutes=minutes)
        if level >= SEVERE:
            with world.scheduler.as_of(at):
                world.alerts.add(level, text)
        world.messages.append(
            f"{at:%m/%d/%y-%H:%M:%S}:{at.microsecond // 1000:03d} (1201) {level} [{event}] {text}"
        )
