"""Named values: in flowing lines if they are few and short, else as aligned pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from irisops.contract.replies import Facts
from irisops.contract.wording import harmless
from irisops.ui.cards.section import LinesSection
from irisops.ui.figures import (
    NOTE_LIMIT,
    TEXT_LIMIT,
    TONES,
    bar,
    cell,
    load_style,
    moves,
    names_something,
    sparkline,
    trend,
)
from irisops.ui.lines import Onward, Picked, note_lines, wrapped
from irisops.ui.links import NO_COMMANDS, Commands

GAP = "   "
SPARK_WIDTH = 24
PASS_WIDTH = 28
"""Cells of the name of a pass: the passes of a share stand below each other, like rows."""
MOST_FLOWING = 3
"""Lines of flowing pairs; more are easier to read in columns."""
SHORT = 22
"""Cells of a value that may stand in one of two columns."""
MOST_ALONE = 5
"""Short pairs that stand below each other; more stand in two columns where there is room."""
LONGEST_FLOWING = 48
"""Cells of one pair that may still flow."""


class Pair(NamedTuple):
    """A label, its value, and the style of the value."""

    label: str
    value: str
    style: str = ""


class FactsSection(LinesSection[Facts], can_focus=True):
    """Shows `Facts`, with a bar for a count and its limit, and a sparkline of the series.

    With blocks to copy or actions it is a stop of the block cursor, so that it can be copied alone or acted on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "leave(-1)", "To what is above", show=False, id="facts.up"),
        Binding("down", "leave(1)", "To what is below", show=False, id="facts.down"),
        Binding("enter", "first", "Do what is offered, or show what can be copied", id="facts.enter"),
    ]

    class Copied(Message):
        """The blocks are to be copied."""

    def __init__(self, reply: Facts) -> None:
        super().__init__(reply)
        self.opened = False
        """True if the blocks of a pass are shown."""

    @property
    def folds(self) -> bool:
        """True for a pass: blocks that are shown once they are asked for, and keys that copy, save or end it."""
        return bool(self.reply.blocks and self.reply.actions)

    @property
    def keys(self) -> list[tuple[str, str]]:
        """Keys of a pass that act while it has the focus, with their words."""
        return [("c", "copy"), *((key, words) for key, words, _ in self.reply.actions)] if self.folds else []

    @property
    def row_keys(self) -> list[Binding]:
        """The same, for the list of keys."""
        return [Binding(key, f"act({key!r})", harmless(words, 60), id="pass.act") for key, words in self.keys]

    def allow_focus(self) -> bool:
        """Only with blocks or actions; the base class would look at `can_focus` alone."""
        return bool(self.reply.blocks or self.reply.actions)

    def lines(self, width: int) -> list[Content]:
        """The figures, then the notes; marked while it has the focus."""
        if self.folds:
            return self._pass(width)
        lines = facts_lines(self.reply, width, self.commands)
        if self.has_focus and self.reply.blocks:
            marked = Content.assemble(("▸ ", "$accent bold"), ("Ctrl+Y copies this alone", "$accent"))
            lines = [marked.truncate(width, ellipsis=True), *lines]
        return [*lines, *action_lines(self.reply, width, marked=self.has_focus)]

    def _pass(self, width: int) -> list[Content]:
        """A line, behind the mark of the focus; the blocks below it once they are asked for."""
        mark = "▸ " if self.has_focus else "  "
        parts = [
            Content.assemble((f"{harmless(label, 60)} ", "$quiet"), _value(self.reply, name) or "–")
            for name, label in self.reply.labels.items()
        ]
        first = Content.assemble(*(part.truncate(PASS_WIDTH, pad=True) for part in parts[:-1]), *parts[-1:])
        lines = [Content.assemble((mark, "$accent bold"), first).truncate(width, ellipsis=True)]
        if self.opened:
            blocks = replace(self.reply, labels={}, notes=())
            opened = facts_lines(blocks, width - len(mark), self.commands)
            lines += [line.pad_left(len(mark)) for line in opened]
        return lines

    def takes(self, key: str) -> bool:
        """True for the key of an action."""
        return any(each == key for each, _, _ in self.reply.actions) or any(
            each == key for each, _ in self.keys
        )

    def action_act(self, key: str) -> None:
        """Pick the action of a key, or copy a pass."""
        line = next((line for each, _, line in self.reply.actions if each == key), "")
        self.post_message(Picked(line) if line else self.Copied())

    def action_first(self) -> None:
        """Pick the first action, if any; show or hide the blocks of a pass."""
        if self.folds:
            self.opened = not self.opened
            self.refresh(layout=True)
        elif self.reply.actions:
            self.action_act(self.reply.actions[0][0])

    def on_click(self, event: events.Click) -> None:
        """Pick the clicked action; a second click shows the blocks of a pass."""
        super().on_click(event)
        actions = self.reply.actions
        number = event.y - len(self.lines(self.content_size.width)) + len(actions)
        if self.folds:
            event.prevent_default()
            if event.chain == 2:
                self.action_first()
        elif 0 <= number < len(actions):
            self.action_act(actions[number][0])

    def action_leave(self, step: int) -> None:
        """Move to the next stop."""
        self.post_message(Onward(step))

    def on_focus(self) -> None:
        """Show the mark."""
        self.refresh(layout=True)

    def on_blur(self) -> None:
        """Hide it."""
        self.refresh(layout=True)


def facts_lines(facts: Facts, width: int, commands: Commands = NO_COMMANDS) -> list[Content]:
    """Lines for a card of `width` cells."""
    lines = [*_gauge(facts, width)]
    told = {_used(facts), "limit"} if lines else set()
    pairs = [
        Pair(
            harmless(label, 60),
            _value(facts, name) or "–",
            TONES[facts.tones[name]] if name in facts.tones else "",
        )
        for name, label in facts.labels.items()
        if name in facts.facts and name not in told
    ]
    if not lines and moves(facts.series):
        pairs.append(Pair("Recently", sparkline(facts.series, SPARK_WIDTH)))
    flowing = _flowing(pairs, width)
    lines += flowing if 0 < len(flowing) <= MOST_FLOWING else _aligned(pairs, width)
    foreign = [each for each in facts.facts.values() if isinstance(each, str) and "/" in each]
    for note in facts.notes:
        lines += note_lines(note, width, commands, foreign)
    for title, block in facts.blocks.items():
        lines += [Content(""), Content.styled(harmless(title, TEXT_LIMIT), "$quiet")]
        for line in block.splitlines():
            lines += wrapped(Content(harmless(line, NOTE_LIMIT)), width, indent=2)
    return lines or [Content.styled("nothing to show", "$quiet")]


def action_lines(facts: Facts, width: int, *, marked: bool) -> list[Content]:
    """A line for each action, at the end: its key and its words."""
    mark = "▸ " if marked else "  "
    return [
        Content.assemble((mark, "$accent bold"), (f"{key} ", "$accent bold"), (label, "$accent")).truncate(
            width, ellipsis=True
        )
        for key, label, _ in facts.actions
    ]


def _value(facts: Facts, name: str) -> str:
    return cell(facts.facts.get(name), "id" if names_something(name) else "number", TEXT_LIMIT)


def _flowing(pairs: list[Pair], width: int) -> list[Content]:
    """As many pairs to a line as fit; no lines if one of them is too long."""
    lines: list[Content] = []
    for label, value, style in pairs:
        pair = Content.assemble((f"{label} ", "$quiet"), (value, style))
        if pair.cell_length > min(width, LONGEST_FLOWING):
            return []
        if lines and lines[-1].cell_length + len(GAP) + pair.cell_length <= width:
            lines[-1] = Content.assemble(lines[-1], GAP, pair)
        else:
            lines.append(pair)
    return lines


def _used(facts: Facts) -> str:
    """Name of the fact that the gauge shows: on Community Edition the connections count, else the units."""
    return "consumed" if facts.facts.get("connections") is None else "in_use"


def _gauge(facts: Facts, width: int) -> list[Content]:
    used, limit = facts.facts.get(_used(facts)), facts.facts.get("limit")
    parts: list[Content | tuple[str, str] | str] = []
    counted = isinstance(used, (int, float)) and isinstance(limit, (int, float)) and limit > 0
    if isinstance(used, (int, float)) and isinstance(limit, (int, float)) and counted:
        style = load_style(used, limit)
        parts += [(bar(used, limit, min(24, max(8, width // 4))), style), "  "]
        unit = " units" if _used(facts) == "consumed" else " connections"
        parts += [(f"{cell(used)} of {cell(limit)}", f"{style} bold"), unit]
    if counted and moves(facts.series):
        parts += [GAP, (trend(facts.series, SPARK_WIDTH), "$secondary")]
    return [Content.assemble(*parts).truncate(width, ellipsis=True)] if parts else []


def _aligned(pairs: list[Pair], width: int) -> list[Content]:
    """Labels in a column, values beside them; two pairs to a line if there is room."""
    short = [pair for pair in pairs if len(pair.value) <= SHORT]
    long = [pair for pair in pairs if pair not in short]
    half = (len(short) + 1) // 2
    label_width = _label_width(short[:half] + long)
    left = _column(short[:half], label_width)
    right = _column(short[half:], _label_width(short[half:]))
    lines: list[Content] = []
    if len(short) <= MOST_ALONE or left[0].cell_length + len(GAP) + right[0].cell_length > width:
        label_width, long = _label_width(pairs), pairs
    else:
        both = zip_longest(left, right, fillvalue=Content(""))
        lines = [Content.assemble(one, GAP, other).rstrip() for one, other in both]
    for text in _column(long, label_width):
        lines += wrapped(text.rstrip(), width, indent=label_width)
    return lines


def _label_width(pairs: Sequence[Pair]) -> int:
    return min(28, max((cell_len(pair.label) for pair in pairs), default=0)) + 2


def _column(pairs: Sequence[Pair], label_width: int) -> list[Content]:
    """The pairs as lines of one width."""
    widest = max((cell_len(pair.value) for pair in pairs), default=0)
    return [
        Content.assemble((set_cell_size(label, label_width), "$quiet"), (set_cell_size(value, widest), style))
        for label, value, style in pairs
    ]
