"""`irisops` in a terminal over a real SSH login on loopback, by the server of `tests.e2e.ssh`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.ssh import SshServer
from tests.terminal import Terminal

ROOT = Path(__file__).resolve().parent.parent


def over_ssh(
    server: SshServer, *arguments: str, term: str, environment: Mapping[str, str] | None = None
) -> Terminal:
    """`irisops ARGUMENTS` in a terminal of the kind `term`, 80x24, with these variables on the far side."""
    remote = {"PYTHONPATH": str(ROOT), **(environment or {})}
    program = ["env", *(f"{name}={value}" for name, value in remote.items()), sys.executable, "-m", "irisops"]
    command = f"cd {shlex.quote(str(ROOT))} && exec {shlex.join([*program, *arguments])}"
    return Terminal(server.login(command), columns=80, rows=24, env={"TERM": term})
