"""An administrator at 2 a.m.: over a real SSH login, 80x24, by keyboard alone."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.ssh import needs_ssh, ssh_server
from tests.terminal import Terminal

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Ready:
    """A simulator in a process of its own."""

    port: int
    user: str
    password: str


@pytest.fixture
def simulator() -> Iterator[Ready]:
    child = subprocess.Popen(
        [sys.executable, "-m", "irisops", "simulator", "--port", "0", "--with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert child.stdout is not None
        ready = json.loads(child.stdout.readline())
        yield Ready(ready["superserver"], ready["username"], ready["password"])
    finally:
        child.kill()
        child.communicate()


def say(terminal: Terminal, line: str, seen: str) -> None:
    """Type a line, wait for what it brings, and confirm nothing."""
    terminal.type_line(line)
    terminal.wait_for(seen)


def agree(terminal: Terminal, seen: str) -> None:
    """Say yes to the plan on the screen."""
    terminal.wait_for("y yes +n no")
    terminal.press("y")
    terminal.wait_for(seen)
    terminal.wait_gone("y yes +n no")


@needs_ssh
@pytest.mark.debian
@pytest.mark.timeout(120)
@pytest.mark.parametrize("term", ["xterm", "linux"])
def test_connect_find_a_user_add_and_remove_a_role_undo_and_leave(
    tmp_path: Path, simulator: Ready, term: str
) -> None:
    home = tmp_path / "home"
    command = (
        f"cd {shlex.quote(str(ROOT))} && IRISOPS_HOME={shlex.quote(str(home))} "
        f"exec {shlex.quote(sys.executable)} -m irisops"
    )
    (tmp_path / "ssh").mkdir()
    with ssh_server(tmp_path / "ssh") as server:
        environment = {"TERM": term, "COLORTERM": ""}
        with Terminal(server.login(command), columns=80, rows=24, env=environment) as terminal:
            terminal.wait_for("Welcome")
            address = f"host=127.0.0.1 port={simulator.port} user={simulator.user}"
            say(terminal, f"/profile add clinic {address}", "Profile clinic is added")
            say(terminal, "/connect clinic", "[Pp]assword")
            terminal.type_line(simulator.password)
            terminal.wait_for(r"● clinic +IRIS")
            say(terminal, "/users name~reader", r"reader +yes")
            say(terminal, "give reader %Operator", r"reader gains")
            agree(terminal, r"reader now holds SimConnect, %SQL, %DB_USER, %Operator")
            say(terminal, "take %Operator from reader", r"reader loses")
            agree(terminal, r"reader now holds SimConnect, %SQL, %DB_USER\.")
            say(terminal, "/undo", "Take back change 2")
            agree(terminal, r"reader now holds SimConnect, %SQL, %DB_USER, %Operator")
            say(terminal, "show the members of %Operator", r"reader +yes +directly")
            assert simulator.password not in terminal.raw.decode(errors="replace")
            terminal.type_line("/quit")
            assert terminal.wait_exit() == 0
    journals = list(home.rglob("*.jsonl"))
    assert journals
    assert all(simulator.password not in path.read_text() for path in home.rglob("*") if path.is_file())
