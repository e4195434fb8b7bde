"""Text that came from an instance, a file or a person, made fit to show.

Names and descriptions are data: an ANSI escape in a role's description must not move the cursor, a newline must not
break a table, a right-to-left mark must not turn a line round. `harmless` makes such characters visible instead of
obeying or silently dropping them. It knows no markup, and its result must not be read as markup either.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

ELLIPSIS = "…"
DEFAULT_LIMIT = 200
"""Characters kept of one value. IRIS names have at most 160 (facts: iris-security 2.1); descriptions more."""

_MAX_COMBINING = 4
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


def visible(character: str) -> str:
    """One character as it may be shown: itself, or a sign for what would act on the terminal."""
    code = ord(character)
    if code in _SIGNS:
        return _SIGNS[code]
    category = unicodedata.category(character)
    if category in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return f"‹{code:04X}›"
    return " " if category == "Zs" else character


def harmless(text: object, limit: int = DEFAULT_LIMIT) -> str:
    """`text` on one line, with everything that could act on a terminal made visible, at most `limit` characters.

    A longer text is cut and ends in `…`. Of a pile of combining marks only the first four are kept. The result
    holds printable characters alone, so `harmless(harmless(x)) == harmless(x)`.
    """
    shown: list[str] = []
    length = 0
    combining = 0
    raw = str(text).replace("\r\n", "\n")
    for character in raw:
        if unicodedata.combining(character):
            combining += 1
            if combining > _MAX_COMBINING:
                continue
        else:
            combining = 0
        piece = character if " " <= character <= "~" else visible(character)
        if length + len(piece) > limit:
            return _cut(shown, limit)
        shown.append(piece)
        length += len(piece)
    return "".join(shown)


def _cut(pieces: list[str], limit: int) -> str:
    """Join as many whole pieces as leave room for the ellipsis."""
    kept = list(pieces)
    while kept and sum(map(len, kept)) > limit - 1:
        kept.pop()
    return "".join(kept) + ELLIPSIS if limit > 0 else ""


def listed(names: Iterable[object], last: str = "and", *, most: int = 12) -> str:
    """`a, b and c`; of more than `most` names the rest is counted."""
    shown = [harmless(name, 80) for name in names]
    if len(shown) > most:
        shown = [*shown[: most - 1], f"{len(shown) - most + 1} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def not_known(facts: Mapping[str, object], names: Mapping[str, str]) -> list[str]:
    """A sentence for those of the figures in `names` (key: words) that could not be read; none if all are there."""
    missing = [words for key, words in names.items() if facts.get(key) is None]
    return [f"Not known: {listed(missing)}."] if missing else []


def counted(number: int, one: str, many: str = "") -> str:
    """`1 session`, `3 sessions`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """A span for people: `9 min`, `2 h 05 min`, `3 d 4 h`; under a minute in seconds."""
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
