"""What this process's terminal can show, before anything is drawn on it."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Mapping
from typing import TextIO

_CANNOT_DRAW = ("", "dumb", "unknown")
"""Values of TERM: the editors' shells and serial lines set `dumb`, a job without a terminal sets none."""


def cannot_draw(environment: Mapping[str, str] | None = None, platform: str = sys.platform) -> bool:
    """Whether TERM names a terminal whose cursor cannot be moved. Windows has no TERM."""
    return (
        platform != "win32"
        and (os.environ if environment is None else environment).get("TERM", "") in _CANNOT_DRAW
    )


def no_screen(asked: str, source: TextIO, *sinks: TextIO) -> str:
    """Why the chat cannot be drawn on these streams and what to do instead, as sentences; "" if it can.

    `asked` is the command as it was typed: `irisops demo`. Textual reads the first stream and draws on the last.
    """
    instead = f'For one command: irisops run{" --demo" if "demo" in asked else ""} "/license". '
    instead += f"For a conversation through pipes: {asked} --plain"
    if not source.isatty():
        return f"The chat needs a terminal, and standard input is none. {instead}"
    if not all(each.isatty() for each in sinks):
        return f"The chat needs a terminal, and what it draws goes to a file or a pipe. {instead}"
    encoding = codecs.lookup(sinks[-1].encoding or "ascii").name
    # What is typed is read as UTF-8. ASCII is the C locale, which says nothing of the terminal: signs are replaced.
    if encoding in ("utf-8", "ascii") or cannot_draw():
        return ""
    return (
        f"The chat needs a terminal that speaks UTF-8, and this one is set to {encoding}. If it shows UTF-8, set "
        f"LC_ALL=C.UTF-8 and unset PYTHONIOENCODING; else use {asked} --plain"
    )
