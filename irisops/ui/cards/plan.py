"""A plan: values before and after, effects, warnings, and on demand the calls that make the change."""

from __future__ import annotations

from textual.content import Content

from irisops.contract.replies import Change, Plan
from irisops.contract.wording import harmless
from irisops.ui.cards.section import LinesSection
from irisops.ui.figures import TEXT_LIMIT
from irisops.ui.lines import item, wrapped
from irisops.ui.links import NO_COMMANDS, Commands

LONG = 6
"""Lines of a plan above which it folds once it was carried out."""


class PlanSection(LinesSection[Plan]):
    """Shows a `Plan`; the reader chooses whether its calls are shown."""

    def __init__(self, reply: Plan) -> None:
        super().__init__(reply)
        self.calls_shown = False
        self.carried_out = False
        """True once the answer stands below: a long plan then gives the room to it."""
        self.whole = False

    def toggle_calls(self) -> None:
        """Show or hide the code that makes the same change."""
        self.calls_shown = not self.calls_shown
        self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:
        """Changes, effects, warnings, and the calls if they are shown."""
        lines = plan_lines(self.reply, width, calls=self.calls_shown, commands=self.commands)
        if self.carried_out and not self.whole and not self.calls_shown and len(lines) > LONG:
            title = (f"agreed to: {harmless(self.reply.title, TEXT_LIMIT)}", "$quiet")
            return wrapped(Content.assemble(("✓ ", "$success bold"), title), width, indent=2)
        return lines

    def fold(self, *, carried_out: bool, whole: bool) -> None:
        """Fold a long plan that was carried out, unless all is wanted."""
        if (carried_out, whole) != (self.carried_out, self.whole):
            self.carried_out, self.whole = carried_out, whole
            self.refresh(layout=True)


def plan_lines(
    plan: Plan, width: int, *, calls: bool = False, commands: Commands = NO_COMMANDS
) -> list[Content]:
    """Lines for a card of `width` cells."""
    lines = [line for change in plan.changes for line in wrapped(_change(change), width, indent=4)]
    for effect in plan.effects:
        lines += item("→", "$secondary", effect, width, commands=commands)
    for warning in plan.warnings:
        lines += item("!", "$warning bold", warning, width, text_style="$warning", commands=commands)
    if calls:
        for language, code in plan.calls.items():
            lines.append(Content.styled(harmless(language, 40), "$accent bold"))
            for row in code:
                lines += _code_row(harmless(row, TEXT_LIMIT), width)
        if not plan.calls:
            lines.append(Content.styled("This plan names no calls.", "$quiet"))
    return lines or [Content(harmless(plan.title, TEXT_LIMIT))]


def _change(change: Change) -> Content:
    """What comes and what goes, with its sign; a value that is replaced, before and after."""
    parts: list[tuple[str, str] | str] = [(f"{harmless(change.what, 80)}  ", "$quiet")]
    if change.comes or change.goes:
        parts += [(f"+ {harmless(each, TEXT_LIMIT)}  ", "$success bold") for each in change.comes]
        parts += [(f"− {harmless(each, TEXT_LIMIT)}  ", "$error bold") for each in change.goes]
        if change.stays:
            parts.append((f"stays: {harmless(', '.join(change.stays), TEXT_LIMIT)}", "$quiet"))
        return Content.assemble(*parts).rstrip()
    before = harmless(change.before, TEXT_LIMIT) or "nothing"
    after = harmless(change.after, TEXT_LIMIT) or "nothing"
    sign, style = {
        "made": ("+ ", "$success bold"),
        "gone": ("− ", "$error bold"),
        "set": ("", "$foreground bold"),
    }[change.kind]
    return Content.assemble(*parts, (f"{before} → ", "$quiet"), (f"{sign}{after}", style))


def _code_row(row: str, width: int) -> list[Content]:
    """A row of code with its leading blanks, which wrapping would drop."""
    text = row.lstrip(" ")
    blanks = min(2 + len(row) - len(text), width // 2)
    return [line.pad_left(blanks) for line in wrapped(Content(text), width - blanks, indent=2)]
