"""A plan: what it is before and after, what that means, and on demand the calls that would do it."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from irisops.contract.replies import Plan, Reply
from irisops.contract.wording import harmless
from irisops.ui.cards.section import Section
from irisops.ui.figures import TEXT_LIMIT
from irisops.ui.lines import Lines, wrapped


class PlanSection(Lines, Section):
    """Shows a `Plan`. `calls` shown or not is the reader's choice."""

    def __init__(self, reply: Plan) -> None:
        super().__init__()
        self._plan = reply
        self.calls_shown = False

    @property
    def reply(self) -> Plan:
        """What is shown."""
        return self._plan

    def show(self, reply: Reply) -> None:
        """Show a newer plan of the same name."""
        if isinstance(reply, Plan):
            self._plan = reply
            self.refresh(layout=True)

    def toggle_calls(self) -> None:
        """Show or hide the code that does the same."""
        self.calls_shown = not self.calls_shown
        self.refresh(layout=True)

    def lines(self, width: int) -> Iterable[Content]:
        """Changes, effects, warnings, and the calls if they are shown."""
        return plan_lines(self._plan, width, calls=self.calls_shown)


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
        lines += wrapped(
            Content.assemble(("→ ", "$secondary"), harmless(effect, TEXT_LIMIT)), width, indent=2
        )
    for warning in plan.warnings:
        lines += wrapped(
            Content.assemble(("! ", "$warning bold"), (harmless(warning, TEXT_LIMIT), "$warning")),
            width,
            indent=2,
        )
    if calls:
        for language, code in plan.calls.items():
            lines.append(Content.styled(harmless(language, 40), "$accent bold"))
            for row in code:
                lines += _code_row(harmless(row, TEXT_LIMIT), width)
        if not plan.calls:
            lines.append(Content.styled("This plan names no calls.", "$quiet"))
    return lines or [Content(harmless(plan.title, TEXT_LIMIT))]


def _code_row(row: str, width: int) -> list[Content]:
    """A row of code with the blanks that it begins with: wrapping would drop them."""
    text = row.lstrip(" ")
    blanks = min(2 + len(row) - len(text), width // 2)
    return [line.pad_left(blanks) for line in wrapped(Content(text), width - blanks, indent=2)]
