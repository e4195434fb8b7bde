"""Make text of an instance, a file or a person safe to show. All such rules are here.

Names and descriptions are data: an ANSI escape in a role's description must not move the cursor, a newline must not
break a table, a right-to-left mark must not reverse a line. Such characters become visible instead of taking effect
or being dropped: `harmless` for a value in one line, `harmless_lines` for a block that goes to a stream, and
`quoting.spelled` for a value that a person may edit. What is painted also passes `ui.door`, which uses `acts`. Nothing
here knows markup, and no result may be read as markup.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

ELLIPSIS = "…"
DEFAULT_LIMIT = 200
"""Characters kept of one value. IRIS names have at most 160 (facts: iris-security 2.1); descriptions more."""

_MAX_COMBINING = 4
_LOOKED_AT = 1 + _MAX_COMBINING
"""Characters examined per character shown: a million combining marks must not stop the screen."""
_MARKS = {
    0x061C: "ALM",
    0x200B: "ZWSP",
    0x200C: "ZWNJ",
    0x200D: "ZWJ",
    0x200E: "LRM",
    0x200F: "RLM",
    0x202A: "LRE",
    0x202B: "RLE",
    0x202C: "PDF",
    0x202D: "LRO",
    0x202E: "RLO",
    0x2060: "WJ",
    0x2066: "LRI",
    0x2067: "RLI",
    0x2068: "FSI",
    0x2069: "PDI",
    0xFEFF: "BOM",
    0x00AD: "SHY",
}

_SIGNS = (
    {code: chr(0x2400 + code) for code in range(0x20)}  # the control pictures: ESC is ␛
    | {0x7F: "␡", ord("\t"): " "}
    | dict.fromkeys(map(ord, "\n\r\x0b\x0c\x85\u2028\u2029"), "⏎")
    | {code: f"‹{name}›" for code, name in _MARKS.items()}
)

_HIDDEN = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0}
    | {*range(0xFE00, 0xFE0E), *range(0xE0100, 0xE01F0)}
)
"""Letters and marks that no terminal shows: names that differ by one look the same. The two selectors between text and
emoji (FE0E, FE0F) are not included: ordinary text has them.
Source: Unicode, DerivedCoreProperties, Default_Ignorable_Code_Point."""


def acts(character: str) -> bool:
    """True if a character controls a terminal or is invisible.

    These are control, format, private, unassigned and lone surrogate characters, line separators, and `_HIDDEN` ones,
    but not blanks of any width.
    """
    if character.isprintable():
        return ord(character) in _HIDDEN
    return unicodedata.category(character) != "Zs"


def acting(text: str) -> set[str]:
    """The characters of a text that act."""
    return set() if text.isascii() and text.isprintable() else set(filter(acts, text))


def signs(text: str) -> Iterator[str]:
    """For each character its safe form: itself, or a sign for one that `acts`.

    Of consecutive combining marks the first four stay and the others become "". Blanks of any width stay.
    """
    combining = 0
    for character in text:
        if " " <= character <= "~":
            combining = 0
            yield character
            continue
        combining = combining + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if combining > _MAX_COMBINING:
            yield ""
        elif acts(character):
            code = ord(character)
            yield _SIGNS.get(code) or f"‹{code:04X}›"
        else:
            yield character


def harmless(text: object, limit: int = DEFAULT_LIMIT) -> str:
    """`text` on one line, control characters made visible, at most `limit` characters.

    A longer text is cut and ends in `…`. Of consecutive combining marks the first four are kept. The result is
    printable, so `harmless(harmless(x)) == harmless(x)`. The time depends on `limit`, not on the length of the text.
    """
    whole = str(text)
    if len(whole) <= limit and whole.isascii() and whole.isprintable():
        return whole
    raw = whole[: limit * _LOOKED_AT + 1].replace("\r\n", "\n")
    shown: list[str] = []
    length = 0
    for sign in signs(raw):
        piece = sign if sign.isprintable() else " "
        if length + len(piece) > limit:
            return _cut(shown, limit)
        shown.append(piece)
        length += len(piece)
    return "".join(shown) if len(whole) <= limit * _LOOKED_AT + 1 else _cut(shown, limit)


def harmless_lines(text: str) -> str:
    """A block for a stream: line ends kept, each line passed through `in_line`."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "\n".join(map(in_line, text.replace("\r\n", "\n").split("\n")))


def in_line(text: str) -> str:
    """`text` for one line: control characters made visible, nothing cut, blanks kept."""
    return text if text.isascii() and text.isprintable() else "".join(signs(text))


def _cut(pieces: list[str], limit: int) -> str:
    """Join whole pieces as long as the ellipsis fits."""
    length = sum(map(len, pieces))
    while pieces and length > limit - 1:
        length -= len(pieces.pop())
    return "".join(pieces) + ELLIPSIS if limit > 0 else ""


_whole = ContextVar("whole lists", default=False)


@contextmanager
def whole_lists() -> Iterator[None]:
    """Within it `listed` leaves no name out: for a plan of which somebody must see everything."""
    before = _whole.set(True)
    try:
        yield
    finally:
        _whole.reset(before)


def listed(names: Iterable[object], last: str = "and", *, most: int = 12) -> str:
    """`a, b and c`; beyond `most` names the rest is counted, but for `whole_lists`."""
    shown = [harmless(name, 80) for name in names]
    if len(shown) > most and not _whole.get():
        shown = [*shown[: most - 1], f"{len(shown) - most + 1} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def not_known(facts: Mapping[str, object], names: Mapping[str, str]) -> list[str]:
    """A sentence naming the figures of `names` (key: words) that could not be read; none if all could."""
    missing = [words for key, words in names.items() if facts.get(key) is None]
    return [f"Not known: {listed(missing)}."] if missing else []


def counted(number: int, one: str, many: str = "") -> str:
    """`1 session`, `3 sessions`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """A duration for people: `9 min`, `2 h 05 min`, `3 d 4 h`; under a minute in seconds."""
    total = max(0, round(seconds))
    if total < 60:
        return f"{total} s"
    minutes, _ = divmod(total, 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02d} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"
