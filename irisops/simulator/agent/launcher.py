"""An executable file that starts the stand-in, for everything that wants the path of an agent."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import irisops
from irisops.simulator.agent.switches import Switches


def write_launcher(path: Path, switches: Switches | None = None) -> Path:
    """Write a small shell script to `path` that runs the stand-in with `switches`; returns the path.

    pyngrok knows agents by their path, so each test and each demo has its own (facts: ngrok-keyring A1.13).
    """
    package = Path(irisops.__file__).parent.parent
    lines = ["#!/bin/sh", "# A stand-in for the ngrok agent: loopback only."]
    for name, value in (switches or Switches()).as_environment().items():
        lines += [f"export {name}={shlex.quote(value)}"]
    lines += [
        f'export PYTHONPATH={shlex.quote(str(package))}"${{PYTHONPATH:+:$PYTHONPATH}}"',
        f'exec {shlex.quote(sys.executable)} -m irisops.simulator.agent "$@"',
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    path.chmod(0o700)
    return path
