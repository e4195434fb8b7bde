"""Outside the program's own window: the title of the terminal. Where that cannot be set, nothing happens."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable

from irisops import streams
from irisops.contract.wording import harmless

TITLE_LIMIT = 80
_KEEP, _GIVE_BACK = "\x1b[22;2t", "\x1b[23;2t"
"""The terminal's own stack of titles: most keep the former one there; those that do not ignore both."""


def to_terminal(text: str, device: str = "/dev/tty") -> bool:
    """Write to the terminal of this process, past whatever stands between; False where there is none."""
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
    """Says in the title of the terminal's window or tab how things stand, and an alert until it was seen."""

    def __init__(self, write: Callable[[str], bool] = to_terminal) -> None:
        self._write = write
        self._usual = ""
        self._alert = ""
        self._shown = ""
        """What we made the title; "" while it is the terminal's own."""

    def show(self, text: str) -> None:
        """How things stand, from now on. "" leaves the title to the terminal."""
        self._usual = text
        self._put(self._alert or text)

    def alert(self, text: str) -> None:
        """Show `text` until it is `seen`."""
        self._alert = text
        self._put(text)

    def seen(self) -> None:
        """The person is back: an alert has done its work."""
        self._alert = ""
        self._put(self._usual)

    def restore(self) -> None:
        """Give the terminal's own title back, if it was changed."""
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
