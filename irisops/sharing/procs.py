"""Processes identified by pid and start time, because pids are reused."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from irisops import children

_PROC = Path("/proc/self")
"""Linux only; elsewhere `ps` is used."""
_PS_DEADLINE = 10.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class ProcessId:
    """Identity of a process. `started` is "" if the platform does not tell."""

    pid: int
    started: str


def start_time(pid: int) -> str | None:
    """Start time of a process as an opaque text; None if it does not exist or is a zombie."""
    if _PROC.is_dir():
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return None
        fields = text.rpartition(")")[2].split()  # the name in parentheses may hold spaces
        return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"
    asked = [children.locate("ps", os.environ) or "/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    words = children.ask_and_wait(asked, children.program_environment(os.environ), _PS_DEADLINE).split()
    return None if not words or words[0].startswith("Z") else " ".join(words[1:])


def identify(pid: int) -> ProcessId:
    """Identity of a running process."""
    return ProcessId(pid, start_time(pid) or "")


def is_running(process: ProcessId | None) -> bool:
    """True if that same process still runs."""
    return process is not None and bool(process.started) and start_time(process.pid) == process.started


def send(process: ProcessId, number: int) -> bool:
    """Send a signal to that same process; False if it has ended, even if its pid was reused."""
    if not is_running(process):
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process.pid, number)
        return True
    return False


def stop(process: ProcessId, patience: float, *, pause: Callable[[float], None] = time.sleep) -> bool:
    """Terminate, wait up to `patience` seconds, then kill. True if it has ended."""
    deadline = time.monotonic() + patience
    send(process, signal.SIGTERM)
    while is_running(process) and time.monotonic() < deadline:
        pause(0.02)
    send(process, signal.SIGKILL)
    deadline = time.monotonic() + 2.0
    while is_running(process) and time.monotonic() < deadline:
        pause(0.02)
    return not is_running(process)
