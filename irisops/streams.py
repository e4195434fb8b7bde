"""Standard streams of any kind: any encoding, closed, a pipe whose reader leaves, a file on a full disk.

A character that a stream's encoding lacks is written as words or ASCII, so a print never fails for it. A failed write
is returned, not raised: the caller decides, and a running change goes on.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import unicodedata
from collections.abc import Callable, Mapping
from typing import TextIO

WORDS = "irisops.words"
"""Error handler for text: a character becomes words or ASCII of any length."""
CELLS = "irisops.cells"
"""Error handler for the screen: a character becomes as many ASCII characters as it takes cells."""

STATUS_OF_BROKEN_PIPE = 141
"""Status of a program ended by SIGPIPE: 128 + 13."""
STATUS_UNWRITABLE = 5
"""The output cannot be written, by the table of exit statuses in docs/json.md."""

# Characters of our own texts, and typographic ones that are common in texts of an instance.
_SIGNS = {
    "→": "->", "←": "<-", "↑": "up", "↓": "down", "↵": "Enter", "⇧": "Shift+", "⏎": "\\n", "…": "...",
    "✓": "+", "✗": "x", "✕": "x", "●": "*", "○": "o", "◐": "~", "◌": ".", "•": "*", "·": "-",
    "–": "-", "—": "-", "‑": "-", "‐": "-", "−": "-", "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"',
    "«": "<<", "»": ">>", "‹": "<", "›": ">", "\N{NO-BREAK SPACE}": " ", "␣": "<blank>",
    "■": "#", "▲": "^", "▴": "^", "▾": "v", "▼": "v", "▸": ">", "▶": ">", "◆": "*", "✿": "*", "▤": "=", "⌕": "?",
    "▁": "_", "▂": ".", "▃": ":", "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#",
}  # fmt: skip
_CELL_SIGNS = {"→": ">", "←": "<", "↑": "^", "↓": "v", "↵": "|", "⇧": "^", "⏎": "|", "…": "."}
_LINES = {0x2500: "-", 0x2501: "=", 0x2502: "|", 0x2503: "|"} | dict.fromkeys(
    (0x2504, 0x2505, 0x2508, 0x2509, 0x254C, 0x254D, 0x2550, 0x2574, 0x2576, 0x2578, 0x257A), "-"
)
_UPRIGHT = {0x2506, 0x2507, 0x250A, 0x250B, 0x254E, 0x254F, 0x2551, 0x2575, 0x2577, 0x2579, 0x257B}


def _drawn(code: int) -> str:
    """ASCII for frames, blocks and braille dots; "" for anything else."""
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
    """ASCII for one character, of the same width on a screen."""
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


def _handler(spell: Callable[[str], str]) -> Callable[[UnicodeError], tuple[str, int]]:
    def handle(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        return "".join(map(spell, error.object[error.start : error.end])), error.end

    return handle


codecs.register_error(WORDS, _handler(in_words))
codecs.register_error(CELLS, _handler(in_cells))


def prepare() -> None:
    """Make the standard streams safe. Call once, before anything is printed or opened.

    A closed stream is replaced by the null device: the next file or socket would get its number and its output.
    """
    _fill_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=WORDS)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a replaced character gives a wrong name, reported as such


def _fill_closed() -> None:
    while True:
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor > 2:
            os.close(descriptor)
            break
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - it takes no name
    # The interpreter has None for a stream that was closed when it started.
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def for_screen(*, on: bool = True) -> None:
    """Switch the error handler to cells while a screen is drawn, and back to words."""
    for stream in (sys.__stdout__, sys.__stderr__):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=CELLS if on else WORDS)


def spelled(text: str, stream: TextIO) -> str:
    """`text` as `stream` will show it, for layout or for another writer."""
    encoding = getattr(stream, "encoding", None)
    if not encoding or text.isascii():
        return text
    return text.encode(encoding, WORDS).decode(encoding)


def say(text: str, stream: TextIO, *, end: str = "\n") -> OSError | None:
    """Write and flush. Returns the error of a failed write; further output is then dropped."""
    try:
        print(text, end=end, file=stream, flush=True)
    except OSError as error:
        _silence(stream)
        return error
    return None


def flush() -> OSError | None:
    """Flush standard output before the interpreter does at its end, where an error would be printed."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _silence(sys.stdout)
        return error
    return None


def _silence(stream: TextIO) -> None:
    """Redirect the stream and its buffer to the null device."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # a stream in memory
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def status_of(error: OSError) -> int:
    """The exit status for a failed write; anything but a closed pipe is reported."""
    if isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL):
        return STATUS_OF_BROKEN_PIPE
    say(f"irisops: The output cannot be written: {error.strerror or error}.", sys.stderr)
    return STATUS_UNWRITABLE


def lose(error: OSError) -> int:
    """Drop further output after an error of standard output elsewhere. Returns the exit status."""
    _silence(sys.stdout)
    return status_of(error)


_CANNOT_DRAW = ("", "dumb", "unknown")
"""Values of TERM: shells in editors and serial lines set `dumb`; without a terminal it is unset."""


def cannot_draw(environment: Mapping[str, str] | None = None, platform: str = sys.platform) -> bool:
    """True if TERM names a terminal without cursor movement. Windows has no TERM."""
    return (
        platform != "win32"
        and (os.environ if environment is None else environment).get("TERM", "") in _CANNOT_DRAW
    )


def no_screen(asked: str, source: TextIO, *sinks: TextIO) -> str:
    """Why the chat cannot be drawn on these streams and what to do instead, as sentences; "" if it can.

    `asked` is the typed command: `irisops demo`. Textual reads the first stream and draws on the last.
    """
    instead = f'For one command: irisops run{" --demo" if "demo" in asked else ""} "/license". '
    instead += f"For a conversation through pipes: {asked} --plain"
    if not source.isatty():
        return f"The chat needs a terminal, and standard input is none. {instead}"
    if not all(each.isatty() for each in sinks):
        return f"The chat needs a terminal, and what it draws goes to a file or a pipe. {instead}"
    encoding = codecs.lookup(sinks[-1].encoding or "ascii").name
    # Input is read as UTF-8. ASCII is the C locale, which says nothing about the terminal: characters are replaced.
    if encoding in ("utf-8", "ascii") or cannot_draw():
        return ""
    return (
        f"The chat needs a terminal that speaks UTF-8, and this one is set to {encoding}. If it shows UTF-8, set "
        f"LC_ALL=C.UTF-8 and unset PYTHONIOENCODING; else use {asked} --plain"
    )
