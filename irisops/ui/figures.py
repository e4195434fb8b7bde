"""Values and states as short text: cells of tables, sparklines, bars, glyphs. Pure, no widgets.

Text of an instance goes through `harmless` here, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from irisops.contract.chat import State
from irisops.contract.replies import Tone
from irisops.contract.wording import duration, harmless

CELL_LIMIT = 120
"""Characters of one table cell; the whole value is in the details and in a saved transcript."""

TEXT_LIMIT = 2_000
"""Characters of one sentence or fact in a card."""

GLYPHS: Mapping[State, str] = {"connected": "●", "connecting": "◐", "lost": "◌", "off": "○", "refused": "✕"}
STATE_STYLES: Mapping[State, str] = {
    "connected": "$success",
    "connecting": "$warning",
    "lost": "$error",
    "off": "$quiet",
    "refused": "$error",
}

TONES: Mapping[Tone, str] = {"good": "$success", "warn": "$warning", "bad": "$error", "quiet": "$quiet"}
SIGNS: Mapping[str, str] = {
    "✓": "$success bold",
    "✗": "$error bold",
    "!": "$warning bold",
    "→": "$accent bold",
}
"""Signs that begin a note, with their colour."""

DONE_SIGNS: Mapping[Tone, str] = {"good": "✓", "warn": "!", "bad": "✗", "quiet": "✓"}
"""Sign of a result."""

NOTE_LIMIT = 600
"""Characters of a note under figures."""

_SPARKS = "▁▂▃▄▅▆▇█"


def sparkline(series: Sequence[float], width: int, top: float | None = None) -> str:
    """The last `width` values as block characters between 0 and `top` (default: the largest value)."""
    shown = list(series)[-width:]
    if not shown:
        return ""
    highest = max(*shown, top or 0.0)
    if highest <= 0:
        return _SPARKS[0] * len(shown)
    steps = len(_SPARKS) - 1
    return "".join(_SPARKS[min(steps, max(0, round(value / highest * steps)))] for value in shown)


def trend(series: Sequence[float], width: int) -> str:
    """The last `width` values from the least to the largest, half as high as a cell: a bar beside it tells how many."""
    shown = list(series)[-width:]
    least, most = min(shown, default=0.0), max(shown, default=0.0)
    return sparkline([value - least for value in shown], width, 2 * (most - least))


def moves(series: Sequence[float]) -> bool:
    """True if a sparkline of it says more than its last value: a steady one would be a block."""
    return len(set(series)) > 1


def bar(used: float, limit: float, width: int) -> str:
    """A bar of `width` cells, `used` of `limit` filled; at least one cell if `used` is above 0."""
    if limit <= 0 or width <= 0:
        return ""
    filled = round(min(1.0, max(0.0, used / limit)) * width)
    if used > 0:
        filled = max(1, filled)
    if used < limit:
        filled = min(width - 1, filled) if width > 1 else filled
    return "━" * filled + "─" * (width - filled)


def names_something(name: str) -> bool:
    """True for names of numbers that identify something (`pid`, `web_port`) rather than count."""
    return name.rpartition("_")[2] in {"pid", "process", "port", "id", "job"}


def clock(at: datetime) -> str:
    """The local time of day, `14:52:03`."""
    return local(at).strftime("%H:%M:%S")


def local(at: datetime) -> datetime:
    """An aware time in the local zone; a naive one (an instance's clock) unchanged."""
    return at.astimezone() if at.tzinfo is not None else at


def cell(value: object, kind: str = "text", limit: int = CELL_LIMIT) -> str:
    """One value as one line of harmless text. `kind` is a `Column.kind` or `id`; durations are seconds."""
    if value is None:
        return ""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, (int, float)):
        text = _number(value, kind)
    elif isinstance(value, datetime):
        text = local(value).strftime("%Y-%m-%d %H:%M")
    elif isinstance(value, date):
        text = value.isoformat()
    elif isinstance(value, (list, tuple)):
        text = harmless(", ".join(str(item) for item in value), limit)
    elif isinstance(value, Mapping):
        text = harmless(", ".join(f"{key} {item}" for key, item in value.items()), limit)
    else:
        text = harmless(value, limit)
    return text


def _number(value: float, kind: str) -> str:
    """Counts with thousands separators; an `id` (a process, a port, a row's key) without."""
    if kind == "duration":
        return duration(value)
    if kind == "id":
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def load_style(used: float | None, limit: float | None) -> str:
    """Colour variable for a count against its limit."""
    if used is None or not limit:
        return "$foreground"
    share = used / limit
    if share >= 1:
        return "$error"
    return "$warning" if share >= 0.75 else "$success"
