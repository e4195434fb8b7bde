"""An alert outside the program's own window: the title of the terminal. Where that cannot be set, nothing happens."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from irisops.commands.text import harmless

TITLE_LIMIT = 80
_KEEP, _GIVE_BACK = "\x1b[22;2t", "\x1b[23;2t"
"""The terminal's own stack of titles: most keep the former one there; those that do not ignore both."""


def to_terminal(text: str) -> bool:
    """Write to the terminal of this process, past whatever stands between; False where there is none."""
    try:
        terminal = os.open("/dev/tty", os.O_WRONLY | getattr(os, "O_NOCTTY", 0))
    except OSError:
        return False
    try:
        with contextlib.suppress(OSError):
            os.write(terminal, text.encode())
            return True
        return False
    finally:
        os.close(terminal)


class TerminalTitle:
    """Says an alert in the title of the terminal's window or tab, and gives the former title back."""

    def __init__(self, write: Callable[[str], bool] = to_terminal) -> None:
        self._write = write
        self._changed = False

    def say(self, text: str) -> None:
        """Show `text`, made harmless."""
        keep = "" if self._changed else _KEEP
        self._changed = self._write(f"{keep}\x1b]2;{harmless(text, TITLE_LIMIT)}\x07") or self._changed

    def restore(self) -> None:
        """Give the former title back, if it was changed."""
        if self._changed:
            self._changed = False
            self._write(_GIVE_BACK)
