"""JSON as editors allow it in settings: with comments and with commas before a closing bracket."""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<comma>,)|(?P<blank>\s+)|(?P<other>.)',
    re.DOTALL,
)


def is_blank(text: str) -> bool:
    """Whether it holds nothing but blanks and comments, as a settings file that was never filled in."""
    pieces = _TOKEN.finditer(text.removeprefix("\ufeff"))
    return all(piece.lastgroup in ("comment", "blank") for piece in pieces)


def loads(text: str) -> Any:
    """The value. Raises `ValueError` as `json.loads` does; an unclosed comment is an error too."""
    kept: list[str] = []
    waiting = ""
    """A comma with the blanks after it, kept only if something other than a closing bracket follows."""
    last = "["
    """The piece before; a comma right after an opening bracket is not one too many but a mistake."""
    for found in _TOKEN.finditer(text.removeprefix("\ufeff")):
        kind, piece = found.lastgroup, found.group()
        if kind == "comment":
            piece = " "
        if kind in ("comment", "blank"):
            if waiting:
                waiting += piece
            else:
                kept.append(piece)
            continue
        if waiting:
            kept.append(waiting[1:] if piece in ("}", "]") else waiting)
            waiting = ""
        if kind == "comma" and last not in ("[", "{"):
            waiting = ","
        else:
            kept.append(piece)
        last = piece
    kept.append(waiting)
    return json.loads("".join(kept))
