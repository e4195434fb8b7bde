"""Files and environment of an ngrok agent: private config, start script, proxy settings."""

from __future__ import annotations

import logging
import os
import shlex
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

from irisops.sharing.finder import setpriv

LOCAL_HOSTS = ("127.0.0.1", "localhost")
RUNTIME_PREFIX = "irisops-share-"
PID_FILE = "agent.pid"
"""Where the start script notes the agent's pid, in the agent's folder."""
LINGER = 1
"""Seconds for pyngrok to read the output of a failed agent."""


def quiet_pyngrok() -> None:
    """Keep pyngrok's log lines off standard error, where Python's last resort would print them (facts: A4)."""
    logger = logging.getLogger("pyngrok")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def allow_local_calls(environment: MutableMapping[str, str]) -> None:
    """Extend no_proxy by this machine: pyngrok asks the agent through urllib, which would ask a proxy (facts: A8.1)."""
    for name in ("no_proxy", "NO_PROXY"):
        listed = [part.strip() for part in environment.get(name, "").split(",") if part.strip()]
        environment[name] = ",".join(dict.fromkeys((*listed, *LOCAL_HOSTS)))


def config_text(token: str = "") -> str:
    """A v3 config file. The dashboard may not reach in, and no update happens by itself (facts: A5.8).

    `web_addr` is left out: a busy explicit one is fatal (facts: A8).
    """
    quoted = token.replace("'", "''")
    secret = f"  authtoken: '{quoted}'\n" if token else ""
    return f"version: '3'\nagent:\n  remote_management: false\n  update_check: false\n{secret}"


def write_launcher(folder: Path, binary: Path) -> Path:
    """A start script: it notes the agent's pid, sends stderr to a file, sets the death signals, outlives a failure.

    pyngrok takes it for the agent. Its path is unlike any other, so agents are never mixed up (facts: A1.13).
    pyngrok looks whether its child lives after each line that it read, and drops what it has not read then: the
    reason of an agent that prints it and exits. So the script stays for `LINGER` after an agent that failed.
    The death signal is KILL: it comes when the keeper was killed, and nobody is left to see whether TERM is heeded.
    """
    pid_file = folder / PID_FILE
    pid_file.unlink(missing_ok=True)
    noted = f'echo $$ > {shlex.quote(str(pid_file))} && exec {shlex.quote(str(binary))} "$@"'
    tool = setpriv()
    if tool:
        # Each second shell sees whether its parent died before the death signal was set.
        tied = f"{shlex.quote(tool)} --pdeathsig KILL /bin/sh -c"
        start = f"""{tied} {shlex.quote('[ "$PPID" = "$0" ] || exit 1; ' + noted)} "$$" "$@" &"""
        guard = [f'[ "$PPID" = {os.getpid()} ] || exit 1']
    else:
        start = f'/bin/sh -c {shlex.quote(noted)} ngrok "$@" &'
        guard = []
    body = [
        *guard,
        start,
        "agent=$!",
        """trap 'kill -TERM "$agent"' TERM INT HUP""",
        'wait "$agent"',
        "status=$?",
        f'[ "$status" = 0 ] || [ "$status" -gt 127 ] || sleep {LINGER}',  # above 127: it was killed
        'exit "$status"',
    ]
    # The files that the shell makes, and those of the agent: private whatever the umask.
    lines = ["#!/bin/sh", "umask 077", f"exec 2>>{shlex.quote(str(folder / 'agent.err'))} </dev/null"]
    if tool:
        lines.append(f'exec {tied} {shlex.quote(chr(10).join(body))} ngrok "$@"')
    else:
        lines += body
    path = folder / "ngrok-agent"
    private_file(path, "\n".join(lines) + "\n", 0o700)
    return path


def private_file(path: Path, text: str, mode: int) -> None:
    """Write through a descriptor that was private from the first moment (facts: A5.2)."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def runtime_folder() -> Path:
    """A new private folder for one agent, in memory where the platform has such a place ($XDG_RUNTIME_DIR)."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    usable = base if base and os.access(base, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix=RUNTIME_PREFIX, dir=usable))
