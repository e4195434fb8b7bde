"""An error with its cause and its cure; suggestions can be chosen with the arrows and Enter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from irisops.contract.replies import Problem, Reply
from irisops.contract.wording import harmless
from irisops.ui.cards.section import Section
from irisops.ui.figures import TEXT_LIMIT
from irisops.ui.lines import Lines, wrapped


class ProblemSection(Lines, Section, can_focus=True):
    """Shows a `Problem`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", "Suggestion up", show=False, id="problem.up"),
        Binding("down", "choose(1)", "Suggestion down", show=False, id="problem.down"),
        Binding("enter", "take", "Take into the prompt", id="problem.take"),
    ]

    class Taken(Message):
        """A text to put into the prompt."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Leave(Message):
        """The arrows went beyond the suggestions."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, reply: Problem) -> None:
        super().__init__()
        self._problem = reply
        self._chosen = 0

    @property
    def reply(self) -> Problem:
        """What is shown."""
        return self._problem

    def show(self, reply: Reply) -> None:
        """Show a newer problem of the same kind."""
        if isinstance(reply, Problem) and reply != self._problem:
            self._problem, self._chosen = reply, 0
            self.refresh(layout=True)

    def lines(self, width: int) -> Iterable[Content]:
        """Message, cure, the instance's words, suggestions."""
        return problem_lines(self._problem, width, chosen=self._chosen if self.has_focus else None)

    def action_choose(self, step: int) -> None:
        """Another suggestion."""
        number = self._chosen + step
        if 0 <= number < len(self._problem.suggestions):
            self._chosen = number
            self.refresh()
        else:
            self.post_message(self.Leave(step))

    def action_take(self) -> None:
        """Put the chosen suggestion, or the line that failed, into the prompt."""
        suggestions = self._problem.suggestions
        text = suggestions[self._chosen] if suggestions else self._problem.text
        if text:
            self.post_message(self.Taken(text))

    def on_focus(self) -> None:
        """Show which suggestion is chosen."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide it."""
        self.refresh()


def problem_lines(problem: Problem, width: int, chosen: int | None = None) -> list[Content]:
    """Lines for a card of `width` cells. `chosen` is the suggestion under the cursor."""
    lines = wrapped(
        Content.assemble(("✕ ", "$error bold"), (harmless(problem.message, TEXT_LIMIT), "$error")),
        width,
        indent=2,
    )
    if problem.cure:
        lines += wrapped(
            Content.assemble(("→ ", "$accent"), harmless(problem.cure, TEXT_LIMIT)), width, indent=2
        )
    if problem.detail:
        lines += wrapped(
            Content.styled(f"  {harmless(problem.detail, TEXT_LIMIT)}", "$quiet"), width, indent=2
        )
    for number, suggestion in enumerate(problem.suggestions):
        here = number == chosen
        mark = "▸ " if here else "  "
        style = "$accent bold" if here else "$accent"
        lines.append(
            Content.assemble((mark, style), (harmless(suggestion, 200), style)).truncate(width, ellipsis=True)
        )
    return lines
