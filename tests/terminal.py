"""A program in a real pseudo-terminal with a screen that can be read: for end-to-end tests and benchmarks.

Linux and macOS. The screen model is pyte's. Waiting is always for something seen, never for a time to pass.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pyte

PATIENCE = 60.0
"""Seconds for what is waited for: far more than it takes, on a busy machine too."""

KEYS = {
    "enter": "\r",
    "tab": "\t",
    "escape": "\x1b",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "alt+up": "\x1b[1;3A",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
}


def key(name: str) -> str:
    """What a terminal sends for `enter`, `ctrl+c` or a plain character."""
    if name.startswith("ctrl+") and len(name) == 6:
        return chr(ord(name[5].upper()) & 0x1F)
    return KEYS.get(name, name)


class TerminalError(AssertionError):
    """The program did not show what was waited for; the message holds its last screen."""


class Terminal:
    """Runs `argv` under a pseudo-terminal of `columns` x `rows`. A context manager that leaves no process."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 36,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.columns, self.rows = columns, rows
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self._lines: list[str] = []
        self.bytes_out = 0
        self.raw = bytearray()
        self._hung_up = False
        self._master, slave = pty.openpty()
        self._set_size(columns, rows)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        # They would hide the size of this terminal from the program; a test runner's workers may set them.
        for name in ("COLUMNS", "LINES"):
            environment.pop(name, None)
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            list(argv),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_become_foreground,  # noqa: PLW1509 - a controlling terminal can only be taken in the child
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns: int, rows: int) -> None:
        """Change the window's size, as a person dragging its corner would."""
        self.columns, self.rows = columns, rows
        self._set_size(columns, rows)
        self.screen.resize(rows, columns)

    @property
    def text(self) -> str:
        """The screen's characters, one line per row. Only rows that changed are read again."""
        changed, self._lines = self.screen.dirty, self._lines[: self.rows]
        changed.update(range(len(self._lines), self.rows))
        self._lines += [""] * (self.rows - len(self._lines))
        # The row above, too: pyte puts a combining sign at a line's start there, and does not say so.
        for y in {*changed, *(y - 1 for y in changed)}:
            if 0 <= y < self.rows:
                line = self.screen.buffer[y]
                self._lines[y] = "".join([line[x].data for x in range(self.columns)])
        changed.clear()
        return "\n".join(self._lines)

    def pump(self, timeout: float = 0.05) -> bool:
        """Take in what the program wrote, waiting `timeout` seconds for the first byte. False at its end."""
        ready, _, _ = select.select([self._master], [], [], timeout)
        if not ready:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux answers EIO once the last process on the terminal is gone
            return False
        if not data:
            return False
        self.bytes_out += len(data)
        self.raw += data
        self.stream.feed(data)
        return True

    def wait_for(self, pattern: str, timeout: float = PATIENCE) -> float:
        """Wait until the regular expression is seen on the screen; returns seconds since the program's start.

        Raises `TerminalError` with the last screen when `timeout` seconds pass or the program ends first.
        """
        if not self._waited(re.compile(pattern, re.MULTILINE).search, timeout):
            raise TerminalError(f"waited for {pattern!r} in vain. The last screen:\n{self.text}")
        return time.perf_counter() - self.started

    def wait_gone(self, pattern: str, timeout: float = PATIENCE) -> None:
        """Wait until the regular expression is no longer on the screen."""
        expression = re.compile(pattern, re.MULTILINE)
        if not self._waited(lambda text: not expression.search(text), timeout):
            raise TerminalError(f"{pattern!r} did not go away. The last screen:\n{self.text}")

    def _waited(self, holds: Callable[[str], object], timeout: float) -> bool:
        """Take in output until the screen is as wanted. False if `timeout` seconds pass or the program ends first."""
        end = time.perf_counter() + timeout
        while not holds(self.text):
            seen = self.bytes_out
            alive = self.pump()
            while alive and self.bytes_out == seen and time.perf_counter() < end:
                alive = self.pump()
            if not alive or time.perf_counter() > end:
                return bool(holds(self.text))
        return True

    def send(self, text: str) -> None:
        """Type characters."""
        os.write(self._master, text.encode())

    def press(self, *names: str) -> None:
        """Press keys by name."""
        for name in names:
            self.send(key(name))

    def type_line(self, text: str) -> None:
        """Type a line and send it with Enter."""
        self.send(text)
        self.press("enter")

    def wait_exit(self, timeout: float = PATIENCE) -> int:
        """Wait for the program's end and take in its last words; returns its exit status."""
        end = time.perf_counter() + timeout
        while self.process.poll() is None:
            if not self.pump() or time.perf_counter() > end:
                break
        try:
            status = self.process.wait(max(0.1, end - time.perf_counter()))
        except subprocess.TimeoutExpired as error:
            raise TerminalError(
                f"the program did not end in {timeout:g} s. Its screen:\n{self.text}"
            ) from error
        seen = -1
        while seen != self.bytes_out:
            seen = self.bytes_out
            if not self.pump(0.0):
                break
        return status

    def hang_up(self) -> None:
        """Close the window: the system itself sends SIGHUP to the program, which has no terminal any more."""
        if not self._hung_up:
            self._hung_up = True
            os.close(self._master)

    def close(self) -> None:
        """Hang up; whatever still runs in the session is killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGHUP)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.hang_up()


def _become_foreground() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def memory_mib(pid: int) -> float:
    """Resident memory of a process and all its descendants, in MiB (Linux)."""
    total = 0
    waiting = [pid]
    while waiting:
        current = waiting.pop()
        try:
            status = Path(f"/proc/{current}/status").read_text()
            waiting += [
                int(child) for child in Path(f"/proc/{current}/task/{current}/children").read_text().split()
            ]
        except FileNotFoundError:  # it ended while we looked
            continue
        match = re.search(r"VmRSS:\s+(\d+) kB", status)
        total += int(match.group(1)) if match else 0
    return total / 1024


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its living descendants, in seconds (Linux)."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    waiting = [pid]
    while waiting:
        current = waiting.pop()
        try:
            fields = Path(f"/proc/{current}/stat").read_text().rsplit(")", 1)[1].split()
            waiting += [
                int(child) for child in Path(f"/proc/{current}/task/{current}/children").read_text().split()
            ]
        except FileNotFoundError:
            continue
        total += (int(fields[11]) + int(fields[12])) / ticks
    return total
