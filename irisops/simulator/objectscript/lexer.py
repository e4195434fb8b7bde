"""Words of ObjectScript code, each with its line and the blanks before it.

The blanks decide where the arguments of a command end: a command without arguments is followed by the end of its line
or by two blanks (`quit  set x=1` is two commands, `quit x` one).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from irisops.simulator.objectscript.errors import CompileError


class Kind(Enum):
    """Kind of a word."""

    NAME = auto()
    NUMBER = auto()
    STRING = auto()
    """`text` is the string's content."""
    SPECIAL = auto()
    """`$name`, as written."""
    CLASS = auto()
    """`##class`."""
    SIGN = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One word. `first`: it is the first on its line; `blanks`: number of blanks before it."""

    kind: Kind
    text: str
    line: int
    blanks: int
    first: bool


_BLANKS = re.compile(r"[ \t]*")
_COMMENT = re.compile(r"//[^\n]*|;[^\n]*|#;[^\n]*|/\*(?:.*?\*/|.*)", re.DOTALL)
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[Ee][+-]?\d+)?")
_NAME = re.compile(r"[%A-Za-z\u00C0-\U0010FFFF][A-Za-z0-9\u00C0-\U0010FFFF]*")
_SPECIAL = re.compile(r"\$[A-Za-z]+")
_STRING = re.compile(r'"((?:[^"\n]|"")*+)"')
_SIGNS = (
    "$$", "'=", "'<", "'>", "'[", "']", "'&", "'!", "<=", ">=", "&&", "||", "**", "..",
    "+", "-", "*", "/", "\\", "#", "_", "=", "<", ">", "[", "]", "&", "!", "'", "(", ")", "{", "}", ",", ":", ".", "^",
)  # fmt: skip
_REFUSED = {
    "$$$": "macros",
    "&sql": "embedded SQL",
    "##sql": "embedded SQL",
    "&js": "embedded JavaScript",
    "&html": "embedded HTML",
}


def tokens(code: str, line: int = 1) -> list[Token]:
    """The words of `code`, whose first line has number `line`; the last has kind END. Raises `CompileError`."""
    found: list[Token] = []
    at, first = 0, True
    while True:
        start = at
        blanks = _BLANKS.match(code, at)
        at = blanks.end() if blanks else at
        width = at - start
        if at >= len(code):
            found.append(Token(Kind.END, "", line, width, first))
            return found
        if code[at] in "\r\n":
            line += code[at] == "\n"
            at, first = at + 1, True
            continue
        comment = _COMMENT.match(code, at)
        if comment:
            line += comment.group().count("\n")
            at = comment.end()
            first = first or "\n" in comment.group()
            continue
        kind, text, at = _word(code, at, line)
        found.append(Token(kind, text, line, width, first))
        first = False


def _word(code: str, at: int, line: int) -> tuple[Kind, str, int]:
    """Kind, text and end of the word at `at`."""
    for start, what in _REFUSED.items():
        if code[at : at + len(start)].lower() == start:
            raise CompileError(f"{what} are not in the simulator's subset of ObjectScript", line)
    if code[at : at + 7].lower() == "##class":
        return Kind.CLASS, "##class", at + 7
    string = _STRING.match(code, at)
    if string:
        return Kind.STRING, string.group(1).replace('""', '"'), string.end()
    number = _NUMBER.match(code, at)
    if number:
        return Kind.NUMBER, number.group(), number.end()
    for kind, pattern in ((Kind.NAME, _NAME), (Kind.SPECIAL, _SPECIAL)):
        match = pattern.match(code, at)
        if match:
            return kind, match.group(), match.end()
    for sign in _SIGNS:
        if code.startswith(sign, at):
            return Kind.SIGN, sign, at + len(sign)
    shown = "a string that does not end" if code[at] == '"' else f"{code[at]!r}"
    raise CompileError(f"{shown} is not understood", line)
