"""The standard streams, whatever they are: of any encoding, closed, a pipe whose reader leaves, a file on a full disk.

Nothing here knows what is written. A character that a stream's encoding lacks is written as words or ASCII, so a print
never fails for it. A stream that can no longer be written is told to the caller, who goes on with what was begun.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import unicodedata
from collections.abc import Mapping
from typing import TextIO

WORDS = "irisops.words"
"""Error handler for text: a sign becomes words or ASCII of whatever length."""
CELLS = "irisops.cells"
"""Error handler for a screen that is laid out in cells: a sign becomes as many ASCII characters as it takes cells."""

STATUS_OF_BROKEN_PIPE = 141
"""What a shell shows of a program that SIGPIPE ended: 128 + 13."""
STATUS_UNWRITABLE = 5
"""The output cannot be written, by the table of exit statuses in the README."""

# Signs of our own texts, and the typographic ones that names and sentences of an instance often hold.
_SIGNS = {
    "→": "->", "←": "<-", "↑": "up", "↓": "down", "↵": "Enter", "⏎": "\\n", "…": "...",
    "✓": "+", "✗": "x", "✕": "x", "●": "*", "○": "o", "◐": "~", "◌": ".", "•": "*", "·": "-",
    "–": "-", "—": "-", "‑": "-", "‐": "-", "−": "-", "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"',
    "«": "<<", "»": ">>", "‹": "<", "›": ">", "\N{NO-BREAK SPACE}": " ",
    "■": "#", "▲": "^", "▴": "^", "▾": "v", "▼": "v", "▸": ">", "▶": ">", "◆": "*", "✿": "*", "▤": "=", "⌕": "?",
    "▁": "_", "▂": ".", "▃": ":", "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#",
}  # fmt: skip
_CELL_SIGNS = {"→": ">", "←": "<", "↑": "^", "↓": "v", "↵": "|", "⏎": "|", "…": "."}
_LINES = {0x2500: "-", 0x2501: "=", 0x2502: "|", 0x2503: "|"} | dict.fromkeys(
    (0x2504, 0x2505, 0x2508, 0x2509, 0x254C, 0x254D, 0x2550, 0x2574, 0x2576, 0x2578, 0x257A), "-"
)
_UPRIGHT = {0x2506, 0x2507, 0x250A, 0x250B, 0x254E, 0x254F, 0x2551, 0x2575, 0x2577, 0x2579, 0x257B}


def _drawn(code: int) -> str:
    """Frames, blocks and braille dots; "" for anything else."""
    if 0x2500 <= code <= 0x257F:
        return "|" if code in _UPRIGHT else _LINES.get(code, "+")
    if 0x2580 <= code <= 0x259F:
        return "#"
    return ":" if 0x2800 < code <= 0x28FF else ""


def in_words(character: str) -> str:
    """ASCII for one character: a word, a caret for a control picture (`^[` for ␛), else its code: `<U+6F22>`."""
    code = ord(character)
    if 0x2400 <= code <= 0x2421:
        return "^" + ("?" if code == 0x2421 else chr(code - 0x2400 + 0x40))
    return _SIGNS.get(character) or _drawn(code) or f"<U+{code:04X}>"


def in_cells(character: str) -> str:
    """ASCII for one character, as wide as that is on a screen."""
    if unicodedata.combining(character):
        return ""
    if unicodedata.east_asian_width(character) in "WF":
        return "??"
    code = ord(character)
    sign = (
        _CELL_SIGNS.get(character)
        or _SIGNS.get(character)
        or _drawn(code)
        or ("^" if 0x2400 <= code <= 0x2421 else "?")
    )
    return sign[0]


def _words_for(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(in_words, error.object[error.start : error.end])), error.end


def _cells_for(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(in_cells, error.object[error.start : error.end])), error.end


codecs.register_error(WORDS, _words_for)
codecs.register_error(CELLS, _cells_for)


def prepare() -> None:
    """Make the standard streams safe to use; once, before anything is printed or opened.

    A closed one leads nowhere from then on: else the next file or socket would get its number, and be printed into.
    """
    _fill_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=WORDS)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(
            errors="replace"
        )  # a name with a sign in its place is none; a traceback helps nobody


def _fill_closed() -> None:
    while True:
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor > 2:
            os.close(descriptor)
            break
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - it takes no name
    # The interpreter has None for a stream that was closed when it started.
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor


def for_screen(*, on: bool = True) -> None:
    """Keep to cells while a screen is drawn; back to words after it."""
    for stream in (sys.__stdout__, sys.__stderr__):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=CELLS if on else WORDS)


def spelled(text: str, stream: TextIO) -> str:
    """`text` as `stream` will show it, for whoever lays it out or hands it to another writer."""
    encoding = getattr(stream, "encoding", None)
    if not encoding or text.isascii():
        return text
    return text.encode(encoding, WORDS).decode(encoding)


def say(text: str, stream: TextIO, *, end: str = "\n") -> OSError | None:
    """Write and flush. Returns why that is not possible any more; the stream then leads nowhere."""
    try:
        print(text, end=end, file=stream, flush=True)
    except OSError as error:
        _silence(stream)
        return error
    return None


def flush() -> OSError | None:
    """Write what is still in the buffer of standard output: the interpreter would fail with it at its end."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _silence(sys.stdout)
        return error
    return None


def _silence(stream: TextIO) -> None:
    """Lead it nowhere, with what its buffer still holds."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # a stream in memory: there is no buffer below it
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def status_of(error: OSError) -> int:
    """The exit status for an output that could not be written; what is not a reader's leaving is said."""
    if isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL):
        return STATUS_OF_BROKEN_PIPE
    say(f"irisops: The output cannot be written: {error.strerror or error}.", sys.stderr)
    return STATUS_UNWRITABLE


def lose(error: OSError) -> int:
    """Standard output failed elsewhere: nothing more is written. Returns the exit status."""
    _silence(sys.stdout)
    return status_of(error)


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
