"""An hour of a clinic is at most 20 MB, reckoned from two readings of each of its lists.

`tests/benchmarks/bench_recording.py` records the whole hour.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from irisops.connections.recorder import pace_of
from irisops.instance.calls import Answer, ClassQuery, Query, Rows, Value
from irisops.instance.models import PollCounts
from irisops.instance.usage.processes import list_columns, process_query
from irisops.recording.readings import Reading
from irisops.recording.writer import Writer
from tests.commands.fake_instance import START

PROCESSES, SESSIONS, HOLDERS = 10_000, 2_000, 1_900
HOUR = 3600.0
POLL_EVERY = 2.0
ALLOWED = 20e6
RENEWED = 600.0
"""Seconds in which so many rows are other ones that a list is written whole again."""

chance = random.Random(7)  # noqa: S311 - the same each time


def a_process(pid: int) -> list[Value]:
    user, ward = f"user{chance.randrange(400)}", chance.choice(("CARDIO", "ONCO", "PAEDS", "LAB"))
    address, busy = f"10.20.{chance.randrange(4)}.{chance.randrange(225)}", chance.randrange(90_000_000)
    cells: dict[str, Value] = {
        "Pid": pid, "JobNumber": pid % 4096, "UserName": user, "NameSpace": ward, "Routine": "Clinic.Ward.1",
        "State": chance.choice(("READ", "RUN", "EVTW")), "CurrentDevice": f"|TCP|1972|{chance.randrange(20000, 65000)}",
        "ClientIPAddress": address, "ClientNodeName": f"WS-{address[-3:]}", "ClientExecutableName": "clinicdesk.exe",
        "OSUserName": user, "LicenseUserId": f"{user}@{address}", "GlobalReferences": busy // 6,
        "CommandsExecuted": busy, "CPUTime": busy // 700,
        "StartTimeUTC": f"2026-11-24 {chance.randrange(10, 24)}:11:12",
    }  # fmt: skip
    return [cells.get(name, "") for name in COLUMNS]


COLUMNS = list_columns(start=True)[0]
STATE, *COUNTED = (
    COLUMNS.index(name) for name in ("State", "GlobalReferences", "CommandsExecuted", "CPUTime")
)


def moved(row: list[Value]) -> list[Value]:
    """A sixth are other processes half-way to the next whole list; of the others half have done something."""
    if chance.random() < 1 / 6:
        return a_process(20_000 + chance.randrange(10**6))
    if chance.random() < 0.5:
        row[STATE] = chance.choice(("READ", "RUN", "EVTW", "HANG"))
        for each in COUNTED:
            row[each] = int(str(row[each])) + chance.randrange(9000)
    return row


def a_session(number: int) -> list[Value]:
    name = f"{chance.getrandbits(60):015x}"
    left = f"2026-11-24 1{chance.randrange(10)}:{chance.randrange(10, 60)}:{chance.randrange(10, 60)}"
    return [
        name,
        f"user{number % 400}",
        0,
        "/csp/ward",
        left,
        f"user{number % 400}@10.20.1.{number % 225}",
        "",
        1,
    ]


def test_an_hour_of_a_clinic_is_at_most_20_mb(tmp_path: Path) -> None:
    processes = [a_process(1000 + each) for each in range(PROCESSES)]
    sessions = [a_session(each) for each in range(SESSIONS)]
    holders: list[list[Value]] = [
        [f"user{each}@10.20.1.9", "User", 5, 5, 0, 1, chance.randrange(9999), 0] for each in range(HOLDERS)
    ]
    writer = Writer(tmp_path / "a.irec", {"instance": "here"}, interval=POLL_EVERY)

    def read(name: str, *lists: tuple[Query | ClassQuery, tuple[str, ...], list[list[Value]]]) -> int:
        """The bytes that it takes."""
        heard = [
            (call, Answer(rows=Rows(names, [tuple(row) for row in rows]))) for call, names, rows in lists
        ]
        return writer.add(COUNTS, 1.0, 1.0, [Reading(name, 1.0, [*heard])])[name]

    clients = ("Pid", "UserName", "ClientExecutableName", "LicenseUserId", "CSPSessionID", "State")
    places = [COLUMNS.index(each) for each in clients]
    readings: tuple[Callable[[], int], ...] = (
        lambda: read("processes", (process_query(COLUMNS), COLUMNS, processes)),
        lambda: read(
            "license",
            (process_query(clients, "WHERE"), clients, [[row[each] for each in places] for row in processes]),
            (ClassQuery("%SYSTEM.License:UserList", ()), LICENSE, holders),
        ),
        lambda: read("sessions", (ClassQuery("%CSP.Session:SessionInfo", ()), SESSION, sessions)),
    )
    whole = [each() for each in readings]
    processes = [moved(row) for row in processes]
    sessions = [a_session(each) if chance.random() < 1 / 4 else row for each, row in enumerate(sessions)]
    holders = [[*row[:6], int(str(row[6])) + 300, 0] for row in holders]
    changed = [each() for each in readings]
    hour = sum(HOUR / RENEWED * size for size in whole)
    hour += sum(HOUR / pace_of(0.0, size) * size for size in changed)
    writer.close()
    hour += polls_alone(tmp_path / "b.irec", 500) * HOUR / POLL_EVERY
    assert all(size < 0.5 * before for size, before in zip(changed, whole, strict=True))
    assert hour <= ALLOWED, (hour, whole, changed)


def polls_alone(path: Path, many: int) -> float:
    """Bytes of a poll."""
    writer = Writer(path, {"instance": "here"}, interval=POLL_EVERY)
    for number in range(many):
        writer.add(COUNTS, 2.0 * number, 2.0 * number)
    writer.close()
    return writer.size / many


COUNTS = PollCounts(1_867, 3_000, 2_000, 10_000, START, 4)
LICENSE = ("UserId", "Type", "Connects", "MaxCon", "CSPCon", "LU", "Active", "Grace")
SESSION = (
    "ID",
    "Username",
    "Preserve",
    "Application",
    "Timeout",
    "LicenseId",
    "SesProcessId",
    "AllowEndSession",
)
