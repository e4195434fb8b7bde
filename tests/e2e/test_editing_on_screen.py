"""The editors on a real terminal at 80x24: Enter on a row, a few keys, Ctrl+S, the plan, yes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.terminal import Terminal

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.timeout(180)
def test_a_user_is_edited_in_its_form_and_the_change_is_taken_back(tmp_path: Path) -> None:
    environment = {"IRISOPS_HOME": str(tmp_path), "TERM": "xterm", "COLORTERM": ""}
    argv = [sys.executable, "-m", "irisops", "demo"]
    with Terminal(argv, columns=80, rows=24, env=environment, cwd=ROOT) as terminal:
        terminal.wait_for(r"● demo +IRIS")
        terminal.type_line("/user reader")
        terminal.wait_for(r"Full name +\S")
        terminal.send(" edited")
        terminal.wait_for("edited")
        terminal.press("ctrl+s")
        terminal.wait_for("Change full name of reader")
        terminal.press("y")
        terminal.wait_for("User reader is changed")
        terminal.type_line("/user reader expires=2001-01-01")
        terminal.wait_for("is past: the account could not log in")
        terminal.type_line("/undo")
        terminal.wait_for("Take back change 1")
        terminal.wait_for("y yes +n no")
        terminal.press("y")
        terminal.wait_gone("y yes +n no")
        terminal.type_line("/history")
        terminal.wait_for("undone by 2")
        terminal.type_line("/quit")
        assert terminal.wait_exit() == 0


@pytest.mark.timeout(180)
def test_a_wrong_field_says_so_on_itself_and_keeps_what_was_entered(tmp_path: Path) -> None:
    environment = {"IRISOPS_HOME": str(tmp_path), "TERM": "linux", "COLORTERM": ""}
    argv = [sys.executable, "-m", "irisops", "demo"]
    with Terminal(argv, columns=80, rows=24, env=environment, cwd=ROOT) as terminal:
        terminal.wait_for(r"● demo +IRIS")
        terminal.type_line("/role add")
        terminal.wait_for("New role")
        terminal.wait_for("Privileges")
        terminal.send("%Mine")
        terminal.wait_for("%Mine")
        terminal.press("ctrl+s")
        terminal.wait_for("✕ Names that begin with %")
        terminal.wait_for("Name .* %Mine")
        terminal.press("escape")
        terminal.wait_for("Esc again closes")
        terminal.press("escape")
        terminal.wait_gone("Granted roles")
        terminal.type_line("/quit")
        assert terminal.wait_exit() == 0
