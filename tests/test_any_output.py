"""The program on real pipes, files and terminals of every kind: no traceback, the right status, no half change."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal import Terminal

if sys.platform == "win32":
    pytest.skip("pipes, descriptors and pseudo-terminals of a Unix", allow_module_level=True)

ENCODINGS = ("cp1252", "cp437", "latin-1", "gbk", "ascii")
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""Python turns to UTF-8 by itself in a plain C locale; so it does not."""


def environment(home: Path, **more: str) -> dict[str, str]:
    left_out = ("IRISOPS_PASSWORD", "NO_COLOR", "PYTHONUNBUFFERED")
    kept = {name: text for name, text in os.environ.items() if name not in left_out}
    return {
        **kept,
        "IRISOPS_HOME": str(home),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        **more,
    }


def irisops(home: Path, *arguments: str, typed: str = "", **more: str) -> subprocess.CompletedProcess[bytes]:
    ran = subprocess.run(
        [sys.executable, "-m", "irisops", *arguments],
        env=environment(home, **more),
        input=typed.encode("latin-1"),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert b"Traceback" not in ran.stderr, ran.stderr.decode(errors="replace")
    return ran


def in_shell(home: Path, line: str, **more: str) -> tuple[list[int], str, str]:
    """A line for bash with `irisops` in it; the statuses of its pipe, its output and its errors."""
    script = f'exec 3>&2\n{line}\necho "statuses ${{PIPESTATUS[*]}}" >&3'
    ran = subprocess.run(
        ["bash", "-c", script],
        env=environment(home, IRISOPS=f"{sys.executable} -m irisops", **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    said = ran.stderr.decode()
    statuses = re.search(r"^statuses ([\d ]+)\n", said, re.MULTILINE)
    assert statuses is not None, said
    said = said.replace(statuses[0], "")
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    return [int(each) for each in statuses[1].split()], ran.stdout.decode(), said


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_reading_works_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    """K11-a, b: non-ASCII signs and names in the output."""
    ran = irisops(tmp_path, "run", "--demo", "--scenario", "broken", "/users", PYTHONIOENCODING=encoding)
    text = ran.stdout.decode(encoding)
    assert ran.returncode == 0
    assert "esc^[[31mred^[[0m" in text
    assert "漢字" in text or "<U+6F22><U+5B57>" in text


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_a_change_works_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    """K11-a: the plan's arrow stopped every change, with the status of a refusal."""
    ran = irisops(tmp_path, "run", "--demo", "--yes", "/disable appuser", PYTHONIOENCODING=encoding)
    assert ran.returncode == 0
    assert "enabled of appuser: yes -> no" in ran.stdout.decode(encoding)
    assert "User appuser is changed." in ran.stdout.decode(encoding)


def test_the_c_locale_is_enough(tmp_path: Path) -> None:
    ran = irisops(tmp_path, "run", "--demo", "/explain reader %DB_USER:W", **C_LOCALE)
    assert ran.returncode == 0
    assert b"+ role %DB_USER -> %DB_USER:W" in ran.stdout


@pytest.mark.parametrize("json_lines", [False, True])
def test_problems_are_told_in_any_encoding(json_lines: bool, tmp_path: Path) -> None:
    arguments = ["run", *(["--json"] if json_lines else []), "colourless “漢字” → \udce4"]
    ran = irisops(tmp_path, *arguments, **C_LOCALE)
    assert ran.returncode == 2
    said = ran.stdout if json_lines else ran.stderr
    assert b"NotUnderstood" in said
    assert said.isascii()


@pytest.mark.parametrize("arguments", [("--help",), ("simulator", "--help"), ("simulator", "--unverified")])
def test_help_is_printed_in_any_encoding(arguments: tuple[str, ...], tmp_path: Path) -> None:
    ran = irisops(tmp_path, *arguments, PYTHONIOENCODING="ascii")
    assert ran.returncode == 0
    assert len(ran.stdout) > 500


def test_plain_mode_and_what_it_saves(tmp_path: Path) -> None:
    """K11-c: the conversation in the pipe's encoding, the file in UTF-8."""
    kept = tmp_path / "kept.md"
    typed = f"/help grant\nno such wörds\n/save {kept}\n/quit\n"
    ran = irisops(tmp_path / "home", "--plain", typed=typed, PYTHONIOENCODING="latin-1")
    assert ran.returncode == 0
    assert b"irisops, plain mode" in ran.stdout
    assert "> no such wörds" in kept.read_text(encoding="utf-8")


def test_bytes_that_are_no_text_are_a_line_that_is_not_understood(tmp_path: Path) -> None:
    begun = "\xef\xbb\xbf"  # as PowerShell begins a pipe: a byte order mark
    typed = f"{begun}/history\r\n\xff\xfe\x80\n/quit\n"
    ran = irisops(tmp_path, "--plain", typed=typed, PYTHONUTF8="1", PYTHONIOENCODING="utf-8:strict")
    assert ran.returncode == 0
    assert ran.stdout.count(b"NotUnderstood") == 1


@pytest.mark.parametrize("command", ["", "demo"])
@pytest.mark.parametrize("line", ["</dev/null | cat", "</dev/null", "</dev/null >/dev/null", "<&- >&-"])
def test_without_a_terminal_the_chat_says_so(command: str, line: str, tmp_path: Path) -> None:
    """K12: it wrote escape codes into the pipe and did not end."""
    statuses, out, said = in_shell(tmp_path, f"$IRISOPS {command} {line}")
    assert statuses[0] == 2
    assert out == ""
    assert "needs a terminal" in said
    assert f"{command} --plain" in said


@pytest.mark.parametrize(
    "line",
    [
        "$IRISOPS run --demo /users | true",
        "$IRISOPS run --demo --json /users | true",
        "$IRISOPS --plain | true",
        "$IRISOPS --help | true",
        "$IRISOPS --version | true",
        "$IRISOPS completion bash | true",
        "$IRISOPS simulator --help | true",
        "$IRISOPS simulator --unverified | true",
        "$IRISOPS simulator --port 0 | true",
    ],
)
def test_a_reader_that_leaves_ends_it_quietly(line: str, tmp_path: Path) -> None:
    """K12: 141 is what a shell shows of a program that SIGPIPE ended; 0 if all was written before the reader left."""
    statuses, out, said = in_shell(tmp_path, line)
    assert statuses[0] in (0, 141)
    assert out + said == ""


def test_the_status_of_a_reader_that_leaves(tmp_path: Path) -> None:
    """The reader of a named pipe is gone as soon as the pipe is open, long before there is anything to write."""
    pipe = tmp_path / "pipe"
    line = f"mkfifo {pipe}; (exec <{pipe}) & $IRISOPS run --demo /users >{pipe}"
    assert in_shell(tmp_path, line) == ([141], "", "")


@pytest.mark.parametrize(
    "arguments",
    ["run --demo /users", "completion bash", "--help", "simulator --unverified", "simulator --port 0"],
)
def test_a_full_disk_is_no_refusal(arguments: str, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    statuses, _, said = in_shell(tmp_path, f"$IRISOPS {arguments} >/dev/full")
    assert statuses == [5]
    assert said == "irisops: The output cannot be written: No space left on device.\n"


def test_a_plan_that_cannot_be_shown_is_not_carried_out(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    statuses, _, said = in_shell(tmp_path, '$IRISOPS run --demo --yes "/disable appuser" >/dev/full')
    assert statuses == [5]
    assert "Nothing was changed: the plan could not be shown." in said


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_like_no_reader_at_all(closed: str, tmp_path: Path) -> None:
    """The next file or socket would get the number of a closed one, and be printed into."""
    statuses, out, said = in_shell(tmp_path, f'$IRISOPS run --demo --yes --json "/disable appuser" {closed}')
    assert (statuses, said) == ([0], "")
    if ">&-" not in closed.split():
        assert [json.loads(line)["reply"] for line in out.splitlines()] == ["plan", "done"]


def test_the_chat_in_the_c_locale_is_drawn_in_ascii(tmp_path: Path) -> None:
    """K11-d: frames were escapes such as \\u2500, which tore every line."""
    with Terminal(
        [sys.executable, "-m", "irisops", "demo"], env=environment(tmp_path, **C_LOCALE)
    ) as terminal:
        terminal.wait_for(r"\* demo")
        terminal.type_line("/license")
        terminal.wait_for("this tool")
        terminal.wait_for(r"\+- License - live -+ /license ---\+")
        assert bytes(terminal.raw).isascii()
        assert b"\\u" not in terminal.raw
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


def test_the_chat_in_another_encoding_says_what_to_do(tmp_path: Path) -> None:
    env = environment(tmp_path, PYTHONIOENCODING="cp1252")
    with Terminal([sys.executable, "-m", "irisops"], env=env) as terminal:
        assert terminal.wait_exit() == 2
        assert "speaks UTF-8, and this one is set to cp1252" in " ".join(terminal.text.split())


def test_a_dumb_terminal_gets_plain_mode(tmp_path: Path) -> None:
    with Terminal(
        [sys.executable, "-m", "irisops", "demo"], env=environment(tmp_path, TERM="dumb")
    ) as terminal:
        terminal.wait_for("cannot draw a screen, so this is plain mode")
        terminal.wait_for("demo> ")
        terminal.type_line("/quit")
        assert terminal.wait_exit() == 0
        assert b"\x1b" not in terminal.raw


COLOURS = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")


@pytest.mark.parametrize(("value", "coloured"), [("1", False), ("0", False), ("", True)])
def test_no_color_draws_no_colour_at_all(value: str, coloured: bool, tmp_path: Path) -> None:
    """NO_COLOR is set if present and not empty (no-color.org). Even greys vanish on some backgrounds."""
    env = environment(tmp_path, NO_COLOR=value, FORCE_COLOR="1", CLICOLOR_FORCE="1")
    with Terminal([sys.executable, "-m", "irisops", "demo"], env=env) as terminal:
        terminal.wait_for(r"● demo")
        terminal.type_line("/user appuser")
        terminal.wait_for("Full name")
        assert (COLOURS.search(bytes(terminal.raw)) is not None) is coloured
        terminal.press("escape")
        terminal.wait_gone("Full name")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


@pytest.mark.parametrize("value", ["0", "1"])
def test_run_never_colours(value: str, tmp_path: Path) -> None:
    ran = irisops(
        tmp_path, "run", "--demo", "/license", FORCE_COLOR=value, CLICOLOR_FORCE=value, CLICOLOR=value
    )
    assert ran.returncode == 0
    assert b"\x1b" not in ran.stdout + ran.stderr
