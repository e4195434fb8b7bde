"""A plan: values before and after, effects, warnings, and on demand the calls that make the change."""

from __future__ import annotations

from textual.content import Content

from irisops.contract.replies import Plan
from irisops.contract.wording import harmless
from irisops.ui.cards.section import LinesSection
from irisops.ui.figures import TEXT_LIMIT
from irisops.ui.lines import item, wrapped


class PlanSection(LinesSection[Plan]):
    """Shows a `Plan`; the reader chooses whether its calls are shown."""

    def __init__(self, reply: Plan) -> None:
        super().__init__(reply)
        self.calls_shown = False

    def toggle_calls(self) -> None:
        """Show or hide the code that makes the same change."""
        self.calls_shown = not self.calls_shown
        self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:
        """Changes, effects, warnings, and the calls if they are shown."""
        return plan_lines(self.reply, width, calls=self.calls_shown)


def plan_lines(plan: Plan, width: int, *, calls: bool = False) -> list[Content]:
    """Lines for a card of `width` cells."""
    lines: list[Content] = []
    for change in plan.changes:
        before = harmless(change.before, TEXT_LIMIT) or "nothing"
        after = harmless(change.after, TEXT_LIMIT) or "nothing"
        text = Content.assemble(
            (f"{harmless(change.what, 80)}  ", "$quiet"),
            (before, "$error"),
            (" → ", "$quiet"),
            (after, "$success"),
        )
        lines += wrapped(text, width, indent=4)
    for effect in plan.effects:
        lines += item("→", "$secondary", effect, width)
    for warning in plan.warnings:
        lines += item("!", "$warning bold", warning, width, text_style="$warning")
    if calls:
        for language, code in plan.calls.items():
            lines.append(Content.styled(harmless(language, 40), "$accent bold"))
            for row in code:
                lines += _code_row(harmless(row, TEXT_LIMIT), width)
        if not plan.calls:
            lines.append(Content.styled("This plan names no calls.", "$quiet"))
    return lines or [Content(harmless(plan.title, TEXT_LIMIT))]


def _code_row(row: str, width: int) -> list[Content]:
    """A row of code with its leading blanks, which wrapping would drop."""
    text = row.lstrip(" ")
    blanks = min(2 + len(row) - len(text), width // 2)
    return [line.pad_left(blanks) for line in wrapped(Content(text), width - blanks, indent=2)]
