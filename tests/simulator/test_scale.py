"""The whole simulator as a program of its own, with the official driver: size, speed, releases (issue part 2)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import iris
import pytest
from iris import dbapi

SECURITY_ADMINISTRATOR = ("secadmin", "Practice-2!")
USERS_TABLE = "SELECT Name FROM Security.Users WHERE Name = '_SYSTEM'"
USERS_LIST = "SELECT Name FROM Security.Users_List('_SYSTEM')"


@dataclass(frozen=True)
class Program:
    """A running `irisops simulator`."""

    pid: int
    port: int
    user: str
    password: str

    def connect(self, user: str = "", password: str = "", namespace: str = "%SYS") -> Any:
        return iris.connect(
            "127.0.0.1", self.port, namespace, user or self.user, password or self.password, timeout=20
        )


@contextmanager
def program(*options: str) -> Iterator[Program]:
    """Started and ready; it ends with its input, so it never outlives the test."""
    command = [sys.executable, "-m", "irisops", "simulator", "--with-parent", "--port", "0", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            ready = json.loads(process.stdout.readline())
            yield Program(process.pid, ready["superserver"], ready["username"], ready["password"])
        finally:
            process.stdin.close()
            process.wait(20)


def fetched(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()]
    finally:
        cursor.close()


@pytest.fixture(scope="module")
def clinic() -> Iterator[Program]:
    """Frozen, so that no other login changes the count of units."""
    with program("--scenario", "clinic", "--frozen") as started:
        yield started


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the processor time from /proc")
def test_clinic_is_ready_within_three_seconds() -> None:
    """Processor time, from the interpreter's start to the ready line: a busy machine must not fail it."""
    with program("--scenario", "clinic", "--frozen") as started:
        fields = Path(f"/proc/{started.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    assert seconds < 3


def test_ten_thousand_processes_come_through_the_driver(clinic: Program) -> None:
    connection = clinic.connect()
    try:
        rows = fetched(connection, "SELECT * FROM %SYS.ProcessQuery")
        assert len(rows) >= 10_000
        pids = fetched(connection, "SELECT DISTINCT Pid FROM %SYS.ProcessQuery WHERE Pid > 0")
        assert len(pids) >= 10_000
    finally:
        connection.close()


@pytest.mark.timeout(120)
def test_two_hundred_driver_connections_work_at_once(clinic: Program) -> None:
    """All log in, all are answered, each from its own process, and each takes a unit: one identity past 25 flips."""
    first = clinic.connect()
    native = iris.createIRIS(first)
    before = native.classMethodInteger("%SYSTEM.License", "LUConsumed")
    others = [clinic.connect() for _ in range(199)]
    try:
        pids = {
            iris.createIRIS(each).classMethodInteger("%SYSTEM.SYS", "ProcessID") for each in (first, *others)
        }
        assert len(pids) == 200
        assert native.classMethodInteger("%SYSTEM.License", "LUConsumed") == before + 199
        held = "SELECT COUNT(*) FROM %SYS.ProcessQuery WHERE UserName = 'admin1' AND ClientIPAddress = '127.0.0.1'"
        assert fetched(first, held)[0][0] >= 200
    finally:
        for each in (first, *others):
            each.close()


@pytest.mark.parametrize("release", ["2025.2", "2026.1"])
def test_from_2025_2_security_users_is_closed_to_who_lacks_all_but_its_list_is_not(release: str) -> None:
    with program("--scenario", "quiet", "--iris-version", release) as started:
        connection = started.connect(*SECURITY_ADMINISTRATOR)
        try:
            with pytest.raises(dbapi.DatabaseError, match="<-99>"):
                fetched(connection, USERS_TABLE)
            assert fetched(connection, USERS_LIST) == [("_SYSTEM",)]
        finally:
            connection.close()
        holder_of_all = started.connect()
        try:
            assert fetched(holder_of_all, USERS_TABLE) == [("_SYSTEM",)]
        finally:
            holder_of_all.close()


def test_before_2025_2_security_users_and_its_list_both_work_without_all() -> None:
    with program("--scenario", "quiet", "--iris-version", "2024.1") as started:
        connection = started.connect(*SECURITY_ADMINISTRATOR)
        try:
            assert fetched(connection, USERS_TABLE) == fetched(connection, USERS_LIST) == [("_SYSTEM",)]
        finally:
            connection.close()
