"""The agent's log: logfmt lines on standard output (facts: ngrok-keyring A9)."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from datetime import UTC, datetime

_PLAIN = re.compile(r"[^\s\"'=\\]+\Z")


def quoted(value: str) -> str:
    """A logfmt value: quoted if it contains a space, a quote or an equals sign; line ends become two characters."""
    if _PLAIN.match(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def line(level: str, message: str, moment: datetime, **keys: str) -> str:
    """One line without the newline."""
    parts = [f"t={moment:%Y-%m-%dT%H:%M:%S%z}", f"lvl={level}", f"msg={quoted(message)}"]
    parts += [f"{key}={quoted(value)}" for key, value in keys.items()]
    return " ".join(parts)


class Log:
    """Unbuffered log; like the real agent, it blocks on a full pipe (facts: A1.9, A1.12)."""

    def __init__(self, descriptor: int = 1, now: Callable[[], datetime] | None = None) -> None:
        self._descriptor = descriptor
        self._now = now or (lambda: datetime.now(UTC))

    def write(self, level: str, message: str, **keys: str) -> None:
        """Write a line. Without a reader the process dies of SIGPIPE, as a Go program does (facts: A2.2).

        An exception would end only the task or request that wrote.
        """
        data = (line(level, message, self._now(), **keys) + "\n").encode()
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except BrokenPipeError:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGPIPE)
