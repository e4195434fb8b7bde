from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from irisops.profiles.password_command import PasswordCommandError, password_from
from irisops.profiles.remembered import MOST, RefusedStore

SECRET = "canary-Secret-1"


def script(tmp_path: Path, text: str) -> str:
    file = tmp_path / "give password"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return f'"{file}" show iris/local'


async def test_the_first_line_is_the_password(tmp_path: Path) -> None:
    command = script(tmp_path, f'[ "$1 $2" = "show iris/local" ] && printf "{SECRET} \\nuser: x\\n"')
    assert await password_from(command) == f"{SECRET} "


async def test_no_shell_no_terminal_no_pinentry_on_ours(tmp_path: Path) -> None:
    assert await password_from(f"{sys.executable} -c 'print(\"$HOME; `id`\")'") == "$HOME; `id`"
    tty = script(tmp_path, '(: < /dev/tty) 2>/dev/null && echo terminal || echo "none$GPG_TTY"')
    assert await password_from(tty, environment={**os.environ, "GPG_TTY": "/dev/pts/0"}) == "none"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"echo {SECRET}; exit 3", "status 3"),
        (f"echo {SECRET} >&2; exit 1", "status 1"),
        ("exit 0", "nothing"),
    ],
)
async def test_failures_are_said_without_what_was_printed(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PasswordCommandError, match=said) as failure:
        await password_from(script(tmp_path, text))
    assert SECRET not in repr(failure.value)


@pytest.mark.parametrize(
    ("command", "said"),
    [("no-such-program-of-irisops x", "no program"), ("'open", "quotation"), (" ", "empty")],
)
async def test_commands_that_cannot_run(command: str, said: str) -> None:
    with pytest.raises(PasswordCommandError, match=said):
        await password_from(command)


async def test_a_command_that_waits_ends_at_its_deadline(tmp_path: Path) -> None:
    with pytest.raises(PasswordCommandError, match=r"0\.1 seconds"):
        await password_from(script(tmp_path, "sleep 600"), deadline=0.1)


def test_marks_of_refused_commands_hold_no_command(tmp_path: Path) -> None:
    store = RefusedStore(tmp_path / "state" / "refused.json")
    assert not store.holds("u@h:1", "pass show x")
    assert store.add("u@h:1", "pass show x")
    assert RefusedStore(store.path).holds("u@h:1", "pass show x")
    assert not store.holds("u@h:1", "pass show y")
    assert not store.holds("u@h:2", "pass show x")
    assert "pass" not in store.path.read_text()
    assert store.clear("u@h:1", "pass show x")
    assert not store.holds("u@h:1", "pass show x")
    for number in range(MOST + 5):
        store.add("a", str(number))
    assert store.holds("a", str(MOST + 4))
    assert not store.holds("a", "4")


def test_marks_that_cannot_be_kept_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    store = RefusedStore(tmp_path / "file" / "refused.json")
    assert not store.add("a", "b")
    assert not store.holds("a", "b")
    broken = RefusedStore(tmp_path / "file")
    assert not broken.holds("a", "b")
