"""Replies as plain text, for `irisops run` and plain mode: no colours, no boxes, no control characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import zip_longest

from irisops.contract.replies import Column, Done, Facts, Form, Plan, Problem, Progress, Reply, Series, Table
from irisops.contract.wording import duration, harmless

GAP = "  "
BLOCKS = "▁▂▃▄▅▆▇█"
SERIES_WIDTH = 60
"""Characters of a plotted line."""
NARROWEST = 6
"""Cells that a column keeps when the table is too wide."""
PLAN_TEXT, PLAN_CALL = 10_000, 4_000
"""Characters shown of each text of a plan, and of a call: a person who agrees must see all of them."""


def width_of(text: str) -> int:
    """Width of a text in terminal cells; wide East Asian characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def fitted(text: str, width: int, ellipsis: str = "…") -> str:
    """Cut to `width` cells with an ellipsis."""
    if width_of(text) <= width:
        return text
    kept = ""
    for character in text:
        if width_of(kept + character) > width - len(ellipsis):
            break
        kept += character
    return kept + ellipsis


def cell(raw: object, kind: str = "text") -> str:
    """A value for people: local time, lists joined."""
    if raw is None or raw == "":
        shown = "–"
    elif isinstance(raw, bool):
        shown = "yes" if raw else "no"
    elif kind == "duration" and isinstance(raw, int | float):
        shown = duration(raw)
    elif isinstance(raw, datetime):
        shown = f"{raw.astimezone():%Y-%m-%d %H:%M:%S}"
    elif isinstance(raw, int):
        shown = str(raw)
    elif isinstance(raw, float):
        shown = f"{raw:g}"
    elif isinstance(raw, list | tuple):
        shown = ", ".join(harmless(each, 80) for each in raw) or "–"
    else:
        shown = harmless(raw)
    return shown


def text(reply: Reply, width: int | None = None, spelled: Callable[[str], str] = str) -> str:
    """A reply as lines. `width` in cells fits tables to a terminal; None cuts nothing but overlong values.

    `spelled` returns a text as the stream will show it: a character that its encoding lacks may take more cells.
    """
    if isinstance(reply, Table):
        return _table(reply, width, spelled)
    write = _WRITERS.get(type(reply))
    return write(reply) if write is not None else ""


def _done(reply: Done) -> str:
    lines = [harmless(reply.message, 2000), *(f"  {harmless(detail, 2000)}" for detail in reply.details)]
    if reply.undo is not None:
        lines.append(f"  /undo {reply.undo} takes it back")
    return "\n".join(lines)


def _facts(reply: Facts) -> str:
    lines = [harmless(reply.title)]
    labels = [label for key, label in reply.labels.items() if key in reply.facts]
    wide = max(map(width_of, labels), default=0)
    for key, label in reply.labels.items():
        if key in reply.facts:
            lines.append(f"  {label}{' ' * (wide - width_of(label))}{GAP}{cell(reply.facts[key])}")
    lines += _notes(reply.notes)
    lines += [f"  {key}: {harmless(label)}  {harmless(line, 2000)}" for key, label, line in reply.actions]
    for title, block in reply.blocks.items():
        lines += ["", f"  {harmless(title)}", *(f"  {harmless(line, 2000)}" for line in block.splitlines())]
    return "\n".join(lines)


def _series(reply: Series) -> str:
    """A line of block characters per figure, with its least, greatest and last value."""
    lines = [harmless(reply.title)]
    for name, values in reply.lines.items():
        known = [value for value in values if value is not None]
        top = max([*known, reply.limit or 0.0, 1.0])
        step = max(1, -(-len(values) // SERIES_WIDTH))
        bunches = [values[start : start + step] for start in range(0, len(values), step)]
        blocks = "".join(_block([value for value in bunch if value is not None], top) for bunch in bunches)
        ends = f"{cell(min(known))} to {cell(max(known))}, last {cell(known[-1])}" if known else "nothing"
        of = f" of {cell(reply.limit)}" if reply.limit else ""
        lines.append(f"  {harmless(name)}{GAP}{blocks}{GAP}{ends}{of}")
    if reply.times:
        lines.append(f"  {cell(reply.times[0])} … {cell(reply.times[-1])}")
    return "\n".join([*lines, *_notes(reply.notes)])


def _block(values: Sequence[float], top: float) -> str:
    """The greatest value as a block character; a blank without values."""
    if not values:
        return " "
    return BLOCKS[min(len(BLOCKS) - 1, max(0, round(max(values) / top * (len(BLOCKS) - 1))))]


def _notes(notes: Sequence[str]) -> list[str]:
    return [f"  {harmless(note, 2000)}" for note in notes]


def _table(reply: Table, width: int | None, spelled: Callable[[str], str]) -> str:
    room = width or 160
    columns = [column for column in reply.columns if column.hide_under <= room]
    head = harmless(reply.title)
    if not reply.rows:
        return "\n".join([f"{head}: none", *_notes(reply.notes)])
    rows = [[spelled(cell(row.get(column.name), column.kind)) for column in columns] for row in reply.rows]
    widths = [
        max(width_of(column.title), *(width_of(row[index]) for row in rows))
        for index, column in enumerate(columns)
    ]
    if width is not None:
        widths = _squeezed(columns, widths, width - 2)
    ellipsis = spelled("…")
    lines = [head, "  " + _line([column.title for column in columns], columns, widths, ellipsis)]
    for row in rows:
        wrapped = [
            _wrapped(each, cells, column.wrap)
            for each, cells, column in zip(row, widths, columns, strict=True)
        ]
        lines += [
            "  " + _line(part, columns, widths, ellipsis) for part in zip_longest(*wrapped, fillvalue="")
        ]
    return "\n".join([*lines, *_notes(reply.notes)])


def _squeezed(columns: Sequence[Column], widths: Sequence[int], room: int) -> list[int]:
    """Narrow the growing columns first, then the widest."""
    fitting = list(widths)
    too_much = sum(fitting) + len(GAP) * (len(fitting) - 1) - room
    order = sorted(range(len(fitting)), key=lambda index: (not columns[index].grow, -fitting[index]))
    for index in order:
        if too_much <= 0:
            break
        given = min(too_much, max(0, fitting[index] - NARROWEST))
        fitting[index] -= given
        too_much -= given
    return fitting


def _wrapped(text_of_cell: str, width: int, most: int) -> list[str]:
    """A cell in at most `most` lines, broken between words; what is left over is in the last, to be cut."""
    lines: list[str] = []
    rest = text_of_cell
    while len(lines) + 1 < most and width_of(rest) > width:
        line = fitted(rest, width, "")
        if rest[len(line)] != " " and " " in line.strip():
            line = line[: line.rindex(" ")]
        if not line:
            break
        lines.append(line.rstrip())
        rest = rest[len(line) :].lstrip()
    return [*lines, rest]


def _line(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int], ellipsis: str) -> str:
    shown = []
    for text_of_cell, column, width in zip(cells, columns, widths, strict=True):
        short = fitted(text_of_cell, width, ellipsis)
        padding = " " * (width - width_of(short))
        shown.append(padding + short if column.kind == "number" else short + padding)
    return GAP.join(shown).rstrip()


def _plan(reply: Plan) -> str:
    lines = [f"{harmless(reply.title, PLAN_TEXT)}?  (on {harmless(reply.instance)})"]
    lines += [
        f"  {harmless(change.what)}: {harmless(change.before, PLAN_TEXT)} → {harmless(change.after, PLAN_TEXT)}"
        for change in reply.changes
    ]
    lines += [f"  {harmless(effect, PLAN_TEXT)}" for effect in reply.effects]
    lines += [f"  Warning: {harmless(warning, PLAN_TEXT)}" for warning in reply.warnings]
    for language, calls in reply.calls.items():
        lines.append(f"  {language}:")
        lines += [f"    {harmless(call, PLAN_CALL)}" for call in calls]
    return "\n".join(lines)


def _problem(reply: Problem) -> str:
    lines = [f"{reply.error}: {harmless(reply.message, 2000)}"]
    if reply.cure:
        lines.append(f"  {harmless(reply.cure, 2000)}")
    lines += [f"  {number}  {harmless(line)}" for number, line in enumerate(reply.suggestions, 1)]
    if reply.detail:
        lines.append(f"  ({harmless(reply.detail, 2000)})")
    return "\n".join(lines)


_WRITERS: dict[type, Callable[..., str]] = {
    Facts: _facts,
    Series: _series,
    Plan: _plan,
    Done: _done,
    Problem: _problem,
    Progress: lambda reply: harmless(reply.message, 500),
    Form: lambda reply: f"{harmless(reply.title)}: this is a form, for the screen.",
}
"""Writers for all replies but tables; an effect has no text."""
