from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from irisops.completion import COMMANDS, SHELLS, TOP, Option, script
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.store import ProfileStore

SLASHES = [("license", "Units: who's [first]"), ("profile add", "Add"), ("profile edit", "Edit")]


def irisops(*arguments: str, home: Path | None = None) -> str:
    environment = {**os.environ, "COLUMNS": "200", **({"IRISOPS_HOME": str(home)} if home else {})}
    argv = [sys.executable, "-m", "irisops", *arguments]
    ran = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return ran.stdout


def documented(help_text: str) -> dict[str, bool]:
    """Options in a help text, and whether each takes a value."""
    found = re.findall(r"^  (?:-h, )?(--[a-z-]+)(?: (\S+))?(?:  |$)", help_text, re.MULTILINE)
    return {name: bool(value) for name, value in found}


def known(options: tuple[Option, ...]) -> dict[str, bool]:
    return {option.name: bool(option.value) for option in options}


def test_the_table_is_what_the_program_takes() -> None:
    text = irisops("--help")
    assert documented(text) == known(TOP)
    for name in COMMANDS:
        assert re.search(rf"^    {name} ", text, re.MULTILINE), name
    in_short = text[text.index("commands in short") : text.index("commands:\n")]
    listed = re.findall(r"^    ([a-z]+) +\S", in_short, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_commands_options_are_in_the_table(command: str) -> None:
    text = irisops(command, "--help")
    assert documented(text) == known(COMMANDS[command][1])
    for word in COMMANDS[command][2]:
        assert word in text


def test_names_for_the_shell_come_from_the_file(tmp_path: Path) -> None:
    store = ProfileStore(Places.below(tmp_path).profiles)
    for name in ("local", "clinic-test"):
        store.add(Profile(name, user="u"))
    assert irisops("completion", "names", home=tmp_path) == "local\nclinic-test\n"
    assert "/license" in irisops("completion", "bash")


def bash(line: str, tmp_path: Path) -> list[str]:
    """What bash offers at the end of a line."""
    program = tmp_path / "irisops"
    program.write_text("#!/bin/sh\nprintf 'local\\nclinic-test\\n'\n")
    program.chmod(0o755)
    words = line.split(" ")
    code = (
        f"{script('bash', SLASHES)}\nCOMP_WORDS=({' '.join(repr(word) for word in words)})\n"
        f"COMP_CWORD={len(words) - 1}\n_irisops\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    )
    ran = subprocess.run(
        ["bash", "--norc", "-c", code],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert ran.stderr == ""
    return ran.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("irisops d", ["demo", "diff"]),
        ("irisops --pr", ["--profile"]),
        ("irisops --profile cl", ["clinic-test"]),
        ("irisops --log-level w", ["warning"]),
        ("irisops completion z", ["zsh"]),
        ("irisops run --profile l", ["local"]),
        ("irisops --profile local run /p", ["/profile"]),
        ("irisops run /lic", ["/license"]),
        ("irisops run --url x", []),
        ("irisops demo --sc", ["--scenario"]),
        ("irisops leases ", ["clear", "watch", "--help"]),
    ],
)
def test_bash_offers_what_may_come_next(line: str, offered: list[str], tmp_path: Path) -> None:
    assert bash(line, tmp_path) == offered


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_accepts_its_script(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    text = script(shell, SLASHES)
    checked = subprocess.run(
        [shell, "-n"], input=text, capture_output=True, text=True, timeout=30, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("fish") is None, reason="no fish here")
def test_fish_offers_what_may_come_next(tmp_path: Path) -> None:
    def offered(line: str) -> list[str]:
        code = f"{script('fish', SLASHES)}\ncomplete -C {line!r}"
        ran = subprocess.run(
            ["fish", "--no-config", "-c", code],
            env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
        return [each.split("\t")[0] for each in ran.stdout.splitlines()]

    assert offered("irisops d") == ["demo", "diff"]
    assert offered("irisops run /l") == ["/license"]
    assert offered("irisops --log-level w") == ["warning"]
    assert set(offered("irisops leases ")) == {"clear", "watch"}
