"""The terminal around the screen: its title, its clipboard, its signals, and what is printed when the screen fails."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import signal
import stat
import sys
import threading
from collections.abc import Callable, Mapping
from types import FrameType
from typing import IO

from rich.console import Console

from irisops import children, streams
from irisops.contract.wording import harmless

TITLE_LIMIT = 80
_KEEP, _GIVE_BACK = "\x1b[22;2t", "\x1b[23;2t"
"""Push and pop of the terminal's title stack; terminals without one ignore both."""


def to_terminal(text: str, device: str = "/dev/tty") -> bool:
    """Write directly to the controlling terminal; False if there is none."""
    try:
        terminal = os.open(device, os.O_WRONLY | getattr(os, "O_NOCTTY", 0))
    except OSError:
        return False
    try:
        with contextlib.suppress(OSError):
            encoding = sys.__stderr__.encoding if sys.__stderr__ is not None else "utf-8"
            os.write(terminal, text.encode(encoding, streams.WORDS))
            return True
        return False
    finally:
        os.close(terminal)


class TerminalTitle:
    """Shows the state in the title of the terminal's window or tab, and alerts until they are seen."""

    def __init__(self, write: Callable[[str], bool] = to_terminal) -> None:
        self._write = write
        self._usual = ""
        self._alert = ""
        self._shown = ""
        """The title set by us; "" while it is the terminal's own."""

    def show(self, text: str) -> None:
        """Set the title. "" restores the terminal's own."""
        self._usual = text
        self._put(self._alert or text)

    def alert(self, text: str) -> None:
        """Show `text` until it is `seen`."""
        self._alert = text
        self._put(text)

    def seen(self) -> None:
        """Clear the alert."""
        self._alert = ""
        self._put(self._usual)

    def restore(self) -> None:
        """Restore the terminal's own title, if it was changed."""
        if self._shown:
            self._shown = ""
            self._write(_GIVE_BACK)

    def _put(self, text: str) -> None:
        text = harmless(text, TITLE_LIMIT)
        if text == self._shown:
            return
        if not text:
            self.restore()
        elif self._write(f"{'' if self._shown else _KEEP}\x1b]2;{text}\x07"):
            self._shown = text


DEADLINE = 5.0
"""Seconds for tmux to accept a text; its server may be stopped."""


def tmux_command(environment: Mapping[str, str]) -> list[str] | None:
    """Command that passes a text to tmux, which by default ignores OSC 52 of programs inside it; None outside tmux.

    `load-buffer -w` puts it into tmux's buffer and on to the outer terminal's clipboard.
    """
    return ["tmux", "load-buffer", "-w", "-"] if environment.get("TMUX") else None


async def send_to_tmux(
    text: str, environment: Mapping[str, str] | None = None, deadline: float = DEADLINE
) -> str:
    """Pass `text` to the surrounding tmux. Returns why it failed, or ""."""
    command = tmux_command(environment if environment is not None else os.environ)
    if command is None:
        return ""
    program = children.locate(command[0], os.environ)
    if program is None:
        return "tmux cannot be started: it is not on the PATH"
    try:
        process = await children.start(
            [program, *command[1:]],
            children.program_environment(os.environ),
            stdout=children.DEVNULL,
            stderr=children.PIPE,
        )
    except OSError as error:
        return f"tmux cannot be started: {error}"
    try:
        async with asyncio.timeout(deadline):
            _, errors = await process.communicate(text.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"tmux did not take the text within {deadline:g} seconds"
    return errors.decode(errors="replace").strip() if process.returncode else ""


LEAVE_SECONDS = 20.0
"""For an orderly end: shares are given fifteen."""


def on_ending_signals(
    ended: Callable[[int], None], *, terminal: bool = True, patience: float = LEAVE_SECONDS
) -> None:
    """Call `ended(number)` on the running loop for SIGTERM and SIGHUP. Main thread alone; not on Windows.

    After a hang-up every write to the terminal fails and ends Textual's writer thread; its queue fills and blocks the
    main thread for ever, with logins and shares open. So the terminal is replaced by the null device at once, and a
    timer ends a process that has not left after `patience` seconds: then the pipes of its keepers and drivers close,
    and those clean up. Without a `terminal` (a screen in memory) nothing is replaced or watched.
    """
    if sys.platform == "win32":
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended, signal.SIGTERM)
    if not terminal:
        loop.add_signal_handler(signal.SIGHUP, ended, signal.SIGHUP)
        return

    def hung_up(number: int, _frame: FrameType | None) -> None:
        # Not a handler of the loop: it must also act when the loop itself waits for the terminal.
        _let_go_of_the_terminal()
        watch = threading.Timer(patience, os._exit, (128 + number,))
        watch.daemon = True
        watch.start()
        with contextlib.suppress(RuntimeError):  # the loop has ended: so does the program
            loop.call_soon_threadsafe(ended, number)

    signal.signal(signal.SIGHUP, hung_up)


def _let_go_of_the_terminal() -> None:
    """Redirect standard output and error to the null device if they are terminals."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):  # it is closed already
            if stat.S_ISCHR(os.fstat(descriptor).st_mode):
                os.dup2(nothing, descriptor)
    os.close(nothing)


_FRAME = re.compile(r"((?:/|[A-Za-z]:\\|\.)?[\w./\\-]+\.py:\d+ in [\w<>]+)")
_ERROR = re.compile(r"^[╰+][─-]+[╯+]\s*\n([A-Za-z_]\w*)(?=:|\s*$)", re.MULTILINE)
"""The error's name is below the box of frames, before the message; not every name ends in `Error`."""


class CrashConsole(Console):
    """Reduces Textual's traceback, which shows local variables (secrets among them), to places and the error's name."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(file=io.StringIO(), width=200, color_system=None, markup=False, highlight=False)
        self._stream = stream

    def print(self, *objects: object, **_options: object) -> None:
        """Print the safe parts of a traceback."""
        text = io.StringIO()
        Console(file=text, width=200, color_system=None, markup=False, highlight=False).print(*objects)
        print(summary(text.getvalue()), file=self._stream)


def summary(traceback: str) -> str:
    """Only the places and the error's name of a rendered traceback."""
    places = [f"  at {place}" for place in _FRAME.findall(traceback)]
    names = _ERROR.findall(traceback)
    head = f"irisops stopped: its screen failed ({names[-1] if names else 'unknown error'})."
    ask = "Please report this. No values are shown, because they may hold secrets."
    return "\n".join([head, *places[-12:], ask])
