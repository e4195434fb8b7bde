"""Named values: in one flowing line when they are few and short, else as aligned pairs."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from irisops.commands.replies import Facts, Reply
from irisops.commands.text import harmless
from irisops.ui.cards.section import Section
from irisops.ui.figures import NOTE_LIMIT, TEXT_LIMIT, bar, cell, load_style, sparkline
from irisops.ui.lines import Lines, wrapped

GAP = "   "
SPARK_WIDTH = 24


class FactsSection(Lines, Section):
    """Shows `Facts`, with a bar when they hold a count and its limit, and a sparkline of the series."""

    def __init__(self, reply: Facts) -> None:
        super().__init__()
        self._facts = reply

    @property
    def reply(self) -> Facts:
        """What is shown."""
        return self._facts

    def show(self, reply: Reply) -> None:
        """Show newer figures; a new layout only if the number of lines changed."""
        if not isinstance(reply, Facts) or reply == self._facts:
            return
        width = self.content_size.width
        before = len(list(self.lines(width)))
        self._facts = reply
        self.refresh(layout=len(list(self.lines(width))) != before)

    def lines(self, width: int) -> Iterable[Content]:
        """The figures, then the notes."""
        return facts_lines(self._facts, width)


def facts_lines(facts: Facts, width: int) -> list[Content]:
    """Lines for a card of `width` cells."""
    pairs = [
        (harmless(label, 60), cell(facts.facts.get(name), limit=TEXT_LIMIT) or "–")
        for name, label in facts.labels.items()
        if name in facts.facts
    ]
    lines = [*_gauge(facts, width)]
    flowing = Content(GAP).join(Content.assemble((f"{label} ", "$quiet"), value) for label, value in pairs)
    if pairs and len(pairs) <= 8 and flowing.cell_length <= width:
        lines.append(flowing)
    else:
        lines += _aligned(pairs, width)
    for note in facts.notes:
        text = Content.assemble(("· ", "$accent"), harmless(note, NOTE_LIMIT))
        lines += wrapped(text, width, indent=2)
    return lines or [Content.styled("nothing to show", "$quiet")]


def _gauge(facts: Facts, width: int) -> list[Content]:
    used, limit = facts.facts.get("consumed"), facts.facts.get("limit")
    parts: list[Content | tuple[str, str] | str] = []
    counted = isinstance(used, (int, float)) and isinstance(limit, (int, float)) and limit > 0
    top: float | None = None
    if isinstance(used, (int, float)) and isinstance(limit, (int, float)) and counted:
        top = float(limit)
        style = load_style(used, limit)
        parts += [(bar(used, limit, min(24, max(8, width // 4))), style), "  "]
        parts += [(f"{cell(used)} of {cell(limit)}", f"{style} bold"), " units"]
    if len(facts.series) > 1:
        parts += [GAP if parts else "", (sparkline(facts.series, SPARK_WIDTH, top), "$secondary")]
    return [Content.assemble(*parts).truncate(width, ellipsis=True)] if parts else []


def _aligned(pairs: list[tuple[str, str]], width: int) -> list[Content]:
    """Labels in a column, values beside them; two pairs to a line where there is room for both."""
    label_width = min(28, max((len(label) for label, _ in pairs), default=0))
    longest = max((len(value) for _, value in pairs), default=0)
    columns = 2 if len(pairs) > 5 and 2 * (label_width + longest + 2) + 4 <= width else 1
    cells = []
    for label, value in pairs:
        text = Content.assemble((label.ljust(label_width + 2), "$quiet"), value)
        cells.append(wrapped(text, width, indent=label_width + 2))
    if columns == 1:
        return [line for block in cells for line in block]
    half = (len(cells) + 1) // 2
    side = width // 2
    lines = []
    for number in range(half):
        left = cells[number][0].truncate(side, pad=True)
        right = cells[number + half][0] if number + half < len(cells) else Content("")
        lines.append(Content.assemble(left, right))
    return lines
