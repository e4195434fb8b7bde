"""A person who may set a full name must not write to the terminal of the administrator who reads it (R1).

Only the program's output is checked, on its own terminal or on its streams.
"""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from irisops.commands.catalogue import ALL
from irisops.simulator.doubts import ENVIRONMENT
from tests.e2e.hostile_walk import PARTS
from tests.hostile import ATTACKS, MARK, acting
from tests.profiles.discovery.places import Machine

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.timeout(120)


def walk(what: str, folder: Path) -> tuple[str, dict[str, Any]]:
    """Walk, look at the bytes that the program wrote to its terminal, and return them with the report of the walk.

    The bytes are looked at first: a walk that attacks hinder from going on has let them out.
    """
    machine = Machine(folder)
    machine.prints("docker", _containers())
    report = folder / "report.json"
    out = io.BytesIO()
    child = pexpect.spawn(
        sys.executable,
        ["-m", "tests.e2e.hostile_walk", what, str(folder / "irisops"), str(report)],
        cwd=str(ROOT),
        env={
            **machine.environment,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            ENVIRONMENT: os.environ[ENVIRONMENT],
        },
        dimensions=(100, 150),
        timeout=100,
        maxread=1 << 16,
        searchwindowsize=1,
    )
    child.logfile_read = out
    ended = child.expect([pexpect.EOF, pexpect.TIMEOUT]) == 0
    child.close(force=True)
    written = out.getvalue()
    assert acting(written) == []
    assert ended, "the walk did not come to its end"
    assert child.exitstatus == 0, written[-3000:].decode(errors="replace")
    return written.decode(), json.loads(report.read_text())


def _containers() -> str:
    name = "c\x1b]52;c;canary\x07\x9b2J\u202e"
    return f"{name}\tintersystems/iris-community:{name}\t0.0.0.0:32768->1972/tcp\n"


SHOW = {
    "users",
    "roles",
    "sessions",
    "processes",
    "process",
    "resources",
    "services",
    "apps",
    "denied",
    "explain",
    "who-can",
    "compare",
    "role members",
    "discover",
    "form of user",
    "form of role",
}
"""Commands that cannot do without the instance's (or the machine's) own words: a walk that did not see them is none."""


@pytest.mark.parametrize("part", range(PARTS))
def test_every_command_on_the_screen(part: int, tmp_path: Path) -> None:
    written, report = walk(f"commands {part}", tmp_path)
    names = [spec.name for spec in ALL[part::PARTS]]
    assert [name for name in names if name not in report["walked"]] == [], "each is walked, new ones too"
    walked = {name for name in (*names, *report["walked"]) if name in SHOW}
    assert sorted(walked - set(report["showed"])) == []
    assert MARK in written


def test_what_must_show_it_is_in_the_catalogue() -> None:
    names = {spec.name for spec in ALL}
    assert {name.removeprefix("form of ") for name in SHOW} <= names


def test_editors_plans_results_and_the_journal(tmp_path: Path) -> None:
    _, report = walk("changes", tmp_path)
    assert report["showed"] == report["walked"]


def test_completions_history_palette_pastes_and_messages(tmp_path: Path) -> None:
    _, report = walk("typing", tmp_path)
    silent = {"list of /resource R", "list of /on l"}
    assert [each for each in report["walked"] if each not in report["showed"] and each not in silent] == []


def test_every_command_by_lines(tmp_path: Path) -> None:
    written, report = walk("lines", tmp_path)
    assert len(report["walked"]) > 60
    assert written.count(MARK) > 50


def test_the_check_sees_what_gets_out() -> None:
    for attack in ATTACKS[:-2]:
        assert acting(attack.encode()) != [], ascii(attack)
    assert acting("\x1b[2J\x1b[1;31mred\x1b]2;title\x07 ␛]52;c; ‹RLO› 👩💻\r\n".encode()) == []
