"""`irisops run` against a running simulator, through the real driver, checked by a plain driver script."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from irisops.contract.quoting import quote

PLAIN_SCRIPT = """
import json, os, sys
import iris
connection = iris.connect("127.0.0.1", int(sys.argv[1]), "%SYS", sys.argv[2], os.environ["IRISOPS_PASSWORD"])
native = iris.createIRIS(connection)
cursor = connection.cursor()
cursor.execute("SELECT Name, Enabled, Roles FROM Security.Users_List('*')")
users = [[str(cell) for cell in row] for row in cursor.fetchall()]
cursor.execute("SELECT COUNT(*) FROM %SYS.ProcessQuery")
print(json.dumps({
    "limit": native.classMethodInteger("%SYSTEM.License", "KeyLicenseUnits"),
    "consumed": native.classMethodInteger("%SYSTEM.License", "LUConsumed"),
    "max_consumed": native.classMethodInteger("%SYSTEM.License", "LUMaxConsumed"),
    "zversion": native.classMethodString("%SYSTEM.Version", "GetVersion"),
    "users": users,
    "processes": cursor.fetchone()[0],
}))
connection.close()
"""


@dataclass(frozen=True)
class Simulator:
    port: int
    user: str
    password: str
    home: Path

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "IRISOPS_HOME": str(self.home),
            "IRISOPS_PASSWORD": self.password,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }

    def run(self, line: str, *options: str) -> tuple[int, list[dict[str, Any]]]:
        """One `irisops run --json` on this simulator: its status and replies."""
        url = f"iris://{self.user}@127.0.0.1:{self.port}/%SYS"
        done = subprocess.run(
            [sys.executable, "-m", "irisops", "run", "--json", *options, "--url", url, line],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, [json.loads(each) for each in done.stdout.splitlines()]

    def plain(self) -> dict[str, Any]:
        """The result of a plain driver script."""
        done = subprocess.run(
            [sys.executable, "-c", PLAIN_SCRIPT, str(self.port), self.user],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        read = json.loads(done.stdout)
        assert isinstance(read, dict)
        return read


@contextlib.contextmanager
def running(home: Path, *options: str) -> Iterator[Simulator]:
    child = subprocess.Popen(
        [sys.executable, "-m", "irisops", "simulator", "--port", "0", "--with-parent", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    try:
        ready = json.loads(child.stdout.readline())
        yield Simulator(ready["superserver"], ready["username"], ready["password"], home)
        child.send_signal(signal.SIGTERM)
        assert child.wait(15) == 0
    finally:
        child.kill()
        child.communicate()


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running(tmp_path_factory.mktemp("home")) as started:
        yield started


def named(replies: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(reply for reply in replies if reply.get("name") == name)


def user_without(replies: list[dict[str, Any]], role: str, own: str) -> str:
    """An enabled user who does not hold a role."""
    rows = named(replies, "users")["rows"]
    return next(
        str(row["name"])
        for row in rows
        if row["enabled"] and role not in row["roles"] and "%All" not in row["roles"] and row["name"] != own
    )


def test_the_license_adds_up_and_equals_the_driver(simulator: Simulator) -> None:
    plain = simulator.plain()
    status, replies = simulator.run("/license")
    assert status == 0
    facts = named(replies, "license")["facts"]
    holders = named(replies, "holders")
    assert {"holder", "kind", "why", "units", "connections", "free_at"} <= set(holders["columns"])
    assert sum(row["units"] for row in holders["rows"]) == facts["consumed"]
    assert (facts["limit"], facts["consumed"]) == (plain["limit"], plain["consumed"])
    assert facts["max_consumed"] >= facts["consumed"]
    assert any(row["kind"] == "this tool" for row in holders["rows"])


def test_plain_words_give_the_same(simulator: Simulator) -> None:
    words, slash = simulator.run("who holds my license"), simulator.run("/license")
    assert words[0] == slash[0] == 0
    assert [reply["name"] for reply in words[1]] == [reply["name"] for reply in slash[1]]


def test_users_equal_the_driver(simulator: Simulator) -> None:
    plain = simulator.plain()
    status, replies = simulator.run("/users")
    assert status == 0
    shown = {row["name"]: (row["enabled"], sorted(row["roles"])) for row in named(replies, "users")["rows"]}
    read = {
        name: (
            enabled.casefold() in ("yes", "1"),
            sorted(filter(None, roles.split(",")) if roles != "None" else []),
        )
        for name, enabled, roles in plain["users"]
    }
    assert shown == read


def test_processes_and_status_equal_the_driver(simulator: Simulator) -> None:
    plain = simulator.plain()
    status, replies = simulator.run("/processes")
    assert status == 0
    assert named(replies, "processes")["total"] == plain["processes"]
    status, replies = simulator.run("/status")
    assert status == 0
    assert named(replies, "status")["facts"]["zversion"] == plain["zversion"]
    assert named(replies, "status")["facts"]["round_trips"] <= 4


@pytest.mark.parametrize("line", ["/sessions", "/roles", "/doctor", "/history"])
def test_every_other_read_answers(simulator: Simulator, line: str) -> None:
    status, replies = simulator.run(line)
    assert status == 0, replies
    assert replies


def test_a_grant_needs_a_yes_is_seen_and_can_be_undone(simulator: Simulator) -> None:
    user = user_without(simulator.run("/users")[1], "%SQL", simulator.user)
    line = f'/grant %SQL to "{user}"'
    status, replies = simulator.run(line)
    assert (status, [reply["reply"] for reply in replies]) == (3, ["plan"])
    assert (
        "%SQL"
        not in next(row for row in simulator.run("/users")[1][0]["rows"] if row["name"] == user)["roles"]
    )

    status, replies = simulator.run(line, "--yes")
    assert (status, [reply["reply"] for reply in replies]) == (0, ["plan", "done"]), replies
    assert (
        "%SQL" in next(row for row in simulator.run("/users")[1][0]["rows"] if row["name"] == user)["roles"]
    )
    status, replies = simulator.run(line, "--yes")
    assert (status, replies[0]["error"]) == (1, "AlreadyHeld")

    status, replies = simulator.run("undo the last change", "--yes")
    assert status == 0, replies
    assert (
        "%SQL"
        not in next(row for row in simulator.run("/users")[1][0]["rows"] if row["name"] == user)["roles"]
    )


def test_hostile_names_reach_the_instance_unharmed(tmp_path: Path) -> None:
    with running(tmp_path, "--scenario", "broken") as simulator:
        users = named(simulator.run("/users")[1], "users")["rows"]
        hostile = [
            row["name"]
            for row in users
            if not row["name"].isprintable() or set(row["name"]) & set("[]'\";% ") or len(row["name"]) > 100
        ]
        assert len(hostile) >= 3
        for name in hostile:
            status, replies = simulator.run(f"/grant %Operator to {quote(name)}", "--yes")
            assert (status, replies[-1]["reply"]) == (0, "done"), replies
        after = {row["name"]: row["roles"] for row in named(simulator.run("/users")[1], "users")["rows"]}
        assert len(after) == len(users)
        for row in users:
            gained = ["%Operator"] if row["name"] in hostile else []
            assert after[row["name"]] == [*row["roles"], *gained]


def test_a_wrong_password_is_status_4(simulator: Simulator) -> None:
    wrong = Simulator(simulator.port, simulator.user, "canary-Wrong-1", simulator.home)
    status, replies = wrong.run("/license")
    assert (status, replies[0]["error"]) == (4, "LoginRefused")
    assert "canary-Wrong-1" not in json.dumps(replies)


def test_no_secret_is_left_in_any_file(simulator: Simulator) -> None:
    simulator.run("/license")
    written = "".join(path.read_text() for path in simulator.home.rglob("*") if path.is_file())
    assert simulator.password not in written


def test_the_demo_needs_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "IRISOPS_HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "irisops", "run", "--demo", "--json", "/license"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])["name"] == "license"
    assert list(tmp_path.iterdir()) == []
