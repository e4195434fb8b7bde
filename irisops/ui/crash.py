"""What is printed when the screen itself fails: where, but never the values of local variables (secrets among them)."""

from __future__ import annotations

import io
import re
from typing import IO

from rich.console import Console

_FRAME = re.compile(r"((?:/|[A-Za-z]:\\|\.)?[\w./\\-]+\.py:\d+ in [\w<>]+)")
_ERROR = re.compile(r"^[╰+][─-]+[╯+]\s*\n([A-Za-z_]\w*)(?=:|\s*$)", re.MULTILINE)
"""The name stands alone below the box of the places, before the message; not every name ends in `Error`."""


class CrashConsole(Console):
    """Takes Textual's traceback, which shows local variables, and prints only the places and the error's name."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(file=io.StringIO(), width=200, color_system=None, markup=False, highlight=False)
        self._stream = stream

    def print(self, *objects: object, **_options: object) -> None:
        """Print what is safe of a traceback."""
        text = io.StringIO()
        Console(file=text, width=200, color_system=None, markup=False, highlight=False).print(*objects)
        print(summary(text.getvalue()), file=self._stream)


def summary(traceback: str) -> str:
    """The places of a rendered traceback and the name of its error, nothing else."""
    places = [f"  at {place}" for place in _FRAME.findall(traceback)]
    names = _ERROR.findall(traceback)
    head = f"irisops stopped: its screen failed ({names[-1] if names else 'unknown error'})."
    ask = "Please report this. No values are shown, because they may hold secrets."
    return "\n".join([head, *places[-12:], ask])
