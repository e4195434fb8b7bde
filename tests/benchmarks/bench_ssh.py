"""Bytes that `irisops demo` sends to a terminal over a real SSH login: per idle minute, and per poll of a live card.

    python -m tests.benchmarks.bench_ssh [--seconds 60]

Needs the Debian packages openssh-server and openssh-client. Traffic is reduced there by itself (a reading every ten
seconds); the same is measured with traffic = "full" for comparison. Figures are bytes at the terminal, before SSH's own
framing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.ssh import SshServer, ssh_server
from tests.ssh import over_ssh
from tests.terminal import Terminal

REDUCED, FULL = 10.0, 2.0
"""Seconds between polls."""


@dataclass
class Figures:
    """Bytes per minute without and with a live card, and of one key."""

    idle: float
    live: float
    key: float


def bytes_in(terminal: Terminal, seconds: float) -> int:
    """Bytes that come in a span of time."""
    before, end = terminal.bytes_out, time.monotonic() + seconds
    while time.monotonic() < end:
        terminal.pump(min(0.2, max(0.0, end - time.monotonic())))
    return terminal.bytes_out - before


def measure(sshd: SshServer, seconds: float, *, reduced: bool) -> Figures:
    """One login; with full traffic the variables of SSH are hidden from the program."""
    environment = {} if reduced else {"SSH_CONNECTION": "", "SSH_TTY": ""}
    with over_ssh(sshd, "demo", term="xterm-256color", environment=environment) as terminal:
        terminal.wait_for("● demo")
        bytes_in(terminal, 3)
        idle = bytes_in(terminal, seconds) / seconds * 60
        before = terminal.bytes_out
        terminal.send("x")
        bytes_in(terminal, 1)
        key = terminal.bytes_out - before
        terminal.press("backspace")
        terminal.wait_for("Ask, or / for commands")
        terminal.type_line("/license")
        terminal.wait_for("this tool")
        bytes_in(terminal, 3)
        live = bytes_in(terminal, seconds) / seconds * 60
        terminal.press("ctrl+q")
        terminal.wait_exit()
    return Figures(idle, live, key)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seconds", type=float, default=60.0, help="how long each span is")
    seconds = options.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder, ssh_server(Path(folder)) as sshd:
        print(f"{'traffic':10}{'idle B/min':>12}{'live B/min':>12}{'live B/poll':>13}{'key B':>8}")
        for name, reduced, interval in (("reduced", True, REDUCED), ("full", False, FULL)):
            found = measure(sshd, seconds, reduced=reduced)
            print(
                f"{name:10}{found.idle:12.0f}{found.live:12.0f}{found.live * interval / 60:13.0f}{found.key:8.0f}"
            )


if __name__ == "__main__":
    main()
