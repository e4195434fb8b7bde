"""A real SSH login on loopback, 80x24, as an administrator without a desktop uses it."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.settings import SettingsStore
from irisops.profiles.store import ProfileStore
from tests.debian import need
from tests.e2e.ssh import SshServer, ssh_server
from tests.ssh import over_ssh

pytestmark = pytest.mark.debian
if sys.platform == "win32":
    pytest.skip("pseudo-terminals", allow_module_level=True)

PALETTE = re.compile(rb"\x1b\[(?:[0-9;]*;)?[34]8[;:][25]")
GREYS_OF_16 = {b"0", b"7", b"60", b"67"}
"""Black, light grey, dark grey and white, less the 30 or 40 that says foreground or background."""


def coloured(raw: bytes) -> list[bytes]:
    """Colour codes other than greys; none may appear with NO_COLOR."""
    found = []
    for code in re.findall(rb"\x1b\[([0-9;]*)m", raw):
        parts = code.split(b";")
        while parts:
            part = parts.pop(0)
            if part in (b"38", b"48"):
                kind, value = parts.pop(0), parts.pop(0)
                if kind == b"2":
                    shades = {value, parts.pop(0), parts.pop(0)}
                    grey = len(shades) == 1
                else:
                    grey = int(value) in (0, 7, 8, 15, 16, 231) or int(value) >= 232
                found += [] if grey else [code]
            elif part.isdigit() and (30 <= int(part) <= 47 or 90 <= int(part) <= 107):
                less = int(part) - (30 if int(part) % 100 // 10 in (3, 9) else 40)
                found += [] if str(less).encode() in GREYS_OF_16 or int(part) in (39, 49) else [code]
    return found


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[SshServer]:
    need(sshd="openssh-server", ssh="openssh-client", ssh_keygen="openssh-client")
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    with ssh_server(keys) as server:
        yield server


def test_works_on_a_plain_console_and_says_that_traffic_is_reduced(sshd: SshServer) -> None:
    with over_ssh(sshd, "demo", term="linux") as terminal:
        terminal.wait_for(r"● demo")
        terminal.type_line("/license")
        terminal.wait_for("this tool")
        terminal.type_line("/settings list")
        terminal.wait_for("Traffic is reduced")
        assert PALETTE.search(bytes(terminal.raw)) is None, "more than the console's 16 colours"
        terminal.type_line("/quit")
        assert terminal.wait_exit() == 0


@pytest.mark.parametrize("theme", ["dark", "ansi"])
def test_without_colours_state_is_still_seen(sshd: SshServer, theme: str, tmp_path: Path) -> None:
    places = Places.below(tmp_path / "home")
    SettingsStore(places.settings).change({"theme": theme})
    ProfileStore(places.profiles).add(Profile("local", port=1, user="u"))
    environment = {"NO_COLOR": "1", "IRISOPS_HOME": str(tmp_path / "home")}
    with over_ssh(sshd, term="xterm-256color", environment=environment) as terminal:
        terminal.wait_for("Password of u")
        terminal.press("escape")
        terminal.wait_for("Ask, or . for commands")
        terminal.type_line("/profiles")
        terminal.wait_for("○ off")
        # Black on black is no colour, but cannot be read either.
        assert re.search(rb"\x1b\[(?:[0-9;]*;)?(?:38;5;16;48;5;16|30;40)m", bytes(terminal.raw)) is None
        assert coloured(bytes(terminal.raw)) == []
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


def test_a_lost_terminal_ends_the_program_and_all_it_started(sshd: SshServer, tmp_path: Path) -> None:
    mark = f"IRISOPS_HOME={tmp_path}"
    with over_ssh(sshd, "demo", term="xterm", environment={"IRISOPS_HOME": str(tmp_path)}) as terminal:
        terminal.wait_for(r"● demo")
        assert len(marked(mark)) >= 3, "the program, its simulator and its driver process"
        terminal.process.kill()
        terminal.process.wait()
        end = time.monotonic() + 20
        while left := marked(mark):
            assert time.monotonic() < end, left


def marked(mark: str) -> list[int]:
    """Processes with the mark in their environment (Linux)."""
    if not Path("/proc/self/environ").exists():
        pytest.skip("needs /proc")
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            environment = (folder / "environ").read_bytes()
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if mark.encode() in environment.split(b"\0") and state != "Z" and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def test_plain_mode_over_ssh(sshd: SshServer) -> None:
    with over_ssh(sshd, "demo", "--plain", term="dumb") as terminal:
        terminal.wait_for(r"demo> ")
        terminal.type_line("/license")
        terminal.wait_for("Who holds it")
        assert b"\x1b" not in terminal.raw
        terminal.type_line("/quit")
        assert terminal.wait_exit() == 0
