"""An error with its cause and cure; a suggestion is picked by its number, the arrows and Enter, or a click."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from irisops.contract.picks import MOST, asks_back, is_failure, offered
from irisops.contract.replies import Problem, Reply
from irisops.contract.wording import harmless
from irisops.ui.cards.section import LinesSection
from irisops.ui.figures import TEXT_LIMIT
from irisops.ui.lines import Onward, Picked, item, wrapped
from irisops.ui.links import NO_COMMANDS, Commands


class ProblemSection(LinesSection[Problem], can_focus=True):
    """Shows a `Problem`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", "Suggestion up", show=False, id="problem.up"),
        Binding("down", "choose(1)", "Suggestion down", show=False, id="problem.down"),
        Binding("enter", "take", "Pick the suggestion", id="problem.take"),
    ]

    class Taken(Message):
        """The line that failed is to be put into the prompt."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, reply: Problem) -> None:
        super().__init__(reply)
        self._chosen = 0
        self._detailed = False

    def tell_all(self, *, wanted: bool) -> None:
        """Show or hide the original words of the instance or the driver."""
        self._detailed = wanted
        self.refresh(layout=True)

    def show(self, reply: Reply) -> None:
        """Show a newer problem; its first suggestion is chosen."""
        if reply != self.reply:
            self._chosen = 0
        super().show(reply)

    def lines(self, width: int) -> list[Content]:
        """Message, cure, the instance's words, suggestions."""
        chosen = self._chosen if self.has_focus else None
        return problem_lines(
            self.reply, width, chosen=chosen, detailed=self._detailed, commands=self.commands
        )

    def action_choose(self, step: int) -> None:
        """Choose another suggestion."""
        number = self._chosen + step
        if 0 <= number < len(self.reply.suggestions):
            self._chosen = number
            self.refresh()
        else:
            self.post_message(Onward(step))

    def action_take(self) -> None:
        """Pick the chosen suggestion; without any, put the line that failed into the prompt."""
        suggestions = self.reply.suggestions
        if suggestions:
            self.post_message(Picked(suggestions[self._chosen]))
        elif self.reply.text:
            self.post_message(self.Taken(self.reply.text))

    def takes(self, key: str) -> bool:
        """True for the number of a suggestion."""
        return key in offered([self.reply])

    def action_act(self, key: str) -> None:
        """Pick the suggestion with this number."""
        self.post_message(Picked(offered([self.reply])[key]))

    def on_click(self, event: events.Click) -> None:
        """Pick the clicked suggestion, and no other; a link goes into the prompt."""
        super().on_click(event)
        above, picks, _ = problem_parts(
            self.reply, self.content_size.width, detailed=self._detailed, commands=self.commands
        )
        line = event.y - len(above)
        for number, pick in enumerate(picks):
            if 0 <= line < len(pick):
                self._chosen = number
                self.action_take()
                return
            line -= len(pick)

    def on_focus(self) -> None:
        """Show which suggestion is chosen."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide it."""
        self.refresh()


Parts = tuple[list[Content], list[list[Content]], list[Content]]
"""Lines above the suggestions, the lines of each of them, lines below."""


def problem_parts(
    problem: Problem,
    width: int,
    chosen: int | None = None,
    *,
    detailed: bool = False,
    commands: Commands = NO_COMMANDS,
) -> Parts:
    """Lines for a card of `width` cells. `chosen` is the suggestion under the cursor.

    A question back comes with its picks first; a failure with its cure.
    """
    asks = asks_back(problem)
    if asks:
        above = item("?", "$accent bold", problem.message, width)
    elif not is_failure(problem):
        above = item("·", "$secondary bold", problem.message, width)
    else:
        above = item("✕", "$error bold", problem.message, width, text_style="$error")
    cure: list[Content] = []
    if problem.cure:
        cure = item("→", "$accent", problem.cure, width, commands=commands)
    if problem.detail:
        detail = harmless(problem.detail, TEXT_LIMIT) if detailed else "^O shows the original error text"
        cure += wrapped(Content.styled(f"  {detail}", "$quiet"), width, indent=2)
    picks = _picks(problem, width, chosen, commands)
    return (above, picks, cure) if asks else ([*above, *cure], picks, [])


def problem_lines(
    problem: Problem,
    width: int,
    chosen: int | None = None,
    *,
    detailed: bool = False,
    commands: Commands = NO_COMMANDS,
) -> list[Content]:
    """All of these lines."""
    above, picks, below = problem_parts(problem, width, chosen, detailed=detailed, commands=commands)
    return [*above, *(line for pick in picks for line in pick), *below]


def _picks(problem: Problem, width: int, chosen: int | None, commands: Commands) -> list[list[Content]]:
    """The suggestions with their numbers, and what each of them does, wrapped in its own column."""
    texts = [harmless(suggestion, 200) for suggestion in problem.suggestions]
    column = min(width // 2, max(map(cell_len, texts), default=0) + 3)
    picks = []
    for number, text in enumerate(texts):
        here = number == chosen
        style = "$accent bold" if here else "$accent"
        key = f"{number + 1} " if number < MOST else "  "
        line = Content.assemble(("▸ " if here else "  ", style), (key, "$accent bold"), (text, style))
        summary = commands.summary(problem.suggestions[number])
        if number and summary == commands.summary(problem.suggestions[number - 1]):
            summary = ""  # the same command as above
        if summary and cell_len(text) < column:
            indent = column + cell_len("▸ 1 ")
            blanks = " " * (column - cell_len(text))
            line = Content.assemble(line, (f"{blanks}{harmless(summary, 200)}", "$quiet"))
            picks.append(wrapped(line, width, indent=indent))
        else:
            picks.append([line.truncate(width, ellipsis=True)])
    return picks
