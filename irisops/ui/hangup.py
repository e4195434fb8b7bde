"""Leaving when a signal asks for it, also when the terminal is gone.

After a hang-up every write to the terminal fails. Textual writes in a thread that such a failure ends; what is still
written then fills its queue, and the main thread waits in it for ever: logins and shares would stay open behind a
window that nobody sees. So the terminal is replaced by nothing at once, and a watch ends a process that cannot leave:
then the pipes of its keepers and drivers close, and those clean up by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable
from types import FrameType

LEAVE_SECONDS = 20.0
"""For an orderly end: shares are given fifteen."""


def on_ending_signals(
    ended: Callable[[int], None], *, terminal: bool = True, patience: float = LEAVE_SECONDS
) -> None:
    """Call `ended(number)` on the running loop for SIGTERM and SIGHUP. Main thread alone; not on Windows.

    Without a `terminal` (a screen in memory) nothing is replaced or watched.
    """
    if sys.platform == "win32":
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended, signal.SIGTERM)
    if not terminal:
        loop.add_signal_handler(signal.SIGHUP, ended, signal.SIGHUP)
        return

    def hung_up(number: int, _frame: FrameType | None) -> None:
        # No handler of the loop: it must act also when the loop itself waits for the terminal.
        _let_go_of_the_terminal()
        watch = threading.Timer(patience, os._exit, (128 + number,))
        watch.daemon = True
        watch.start()
        with contextlib.suppress(RuntimeError):  # the loop has ended: so does the program
            loop.call_soon_threadsafe(ended, number)

    signal.signal(signal.SIGHUP, hung_up)


def _let_go_of_the_terminal() -> None:
    """Write to nowhere from now on, whatever was a terminal; a file or a pipe stays what it is."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):  # it is closed already
            if stat.S_ISCHR(os.fstat(descriptor).st_mode):
                os.dup2(nothing, descriptor)
    os.close(nothing)
