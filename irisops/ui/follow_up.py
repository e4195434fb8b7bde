"""What a line refers to: `the second one` or `sort by units` to the last answer, with its rows as they stand.

`2` or `more` refers to what the newest card offers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from irisops.contract import picks
from irisops.contract.chat import About, CommandInfo
from irisops.contract.replies import Done, Effect, Problem
from irisops.ui.arrange import Order
from irisops.ui.card import Card
from irisops.ui.cards.facts import FactsSection
from irisops.ui.cards.problem import ProblemSection
from irisops.ui.grid import Grid
from irisops.ui.prompt import Prompt
from irisops.ui.transcript import Transcript

MORE = ("more", "show more", "show me more", "the rest", "show all")
"""Lines that unfold the newest card, if it hides something."""


def about_of(cards: Sequence[Card], marked: Collection[Grid]) -> About | None:
    """The newest answer and the row marked in it; None without an answer.

    `cards` are those of the transcript, the newest last; `marked` the tables in which the person moved to a row.
    """
    answers = [each for each in reversed(cards) if each.command.name]
    if not answers:
        return None
    card = next((each for each in answers if not each.command.changes), answers[0])
    about = replace(About.of(card.command, card.replies), last=answers[0].command)
    if (newest := cards[-1]) is not card:
        about = replace(about, suggestions=About.of(newest.command, newest.replies).suggestions)
    grids = _with_rows([card])
    if not grids:
        return about
    grid = next((each for each in grids if each in marked), grids[-1])
    view = grid.view
    return replace(
        about,
        columns=view.table.columns,
        rows=view.rows[: About.MOST_ROWS],
        count=len(view.rows),
        marked=grid.cursor if grid in marked else None,
        find=view.find,
        actions=view.table.actions,
    )


def arrange(cards: Sequence[Card], effect: Effect) -> Done | Problem:
    """Order (`sort`) or filter (`only`) the rows of the last answer, where they stand."""
    grids = _with_rows(cards)
    if not grids:
        return Problem("NothingMeant", "No answer with rows is on the screen.", "Ask for a list first.")
    grid, words = grids[-1], effect.argument
    if effect.name == "only":
        grid.filter(words)
        return Done("only", f"The rows above are those with “{words}”." if words else "All rows are shown.")
    name, falls = words.lstrip("-+").casefold(), words.startswith("-")
    columns = grid.view.table.columns
    column = next((each for each in columns if name in (each.name, each.title.casefold())), None)
    if column is None:
        titles = ", ".join(each.title.lower() for each in columns)
        return Problem("NoSuchColumn", f"There is no column {words}.", f"The columns are {titles}.")
    grid.reorder(Order(column.name, descending=falls))
    largest = ", the largest first" if falls else ""
    return Done("sort", f"The rows above are ordered by {column.title.lower()}{largest}.")


def _with_rows(cards: Sequence[Card]) -> list[Grid]:
    return [grid for card in cards for grid in card.query(Grid) if grid.view.count]


class Offers:
    """What the newest card offers, to be picked by a number or a letter, the arrows or a click."""

    def __init__(
        self,
        transcript: Transcript,
        prompt: Prompt,
        commands: Callable[[], Sequence[CommandInfo]],
        run: Callable[[str], None],
    ) -> None:
        self._transcript = transcript
        self._prompt = prompt
        self._commands = commands
        self._run = run

    def tell(self, newest: Card) -> None:
        """Say beside the prompt what can be typed to pick from the newest card."""
        self._prompt.offer(list(picks.offered(newest.replies)))

    def take(self, text: str) -> bool:
        """Pick by a typed number or letter, or unfold the newest card; False if the line is neither."""
        words = text.casefold()
        for card in self._transcript.cards[-1:]:
            line = picks.offered(card.replies).get(words)
            if line is not None:
                self.pick(line)
                return True
            if words in MORE and card.hidden_lines:
                card.toggle_expanded()
                return True
        return False

    def pick(self, line: str) -> None:
        """Run a picked line, or let the person fill in what it lacks."""
        pick = picks.pick(line, self._commands())
        if not self._prompt.typing:
            self._prompt.put("")
        if pick.runs:
            self._run(pick.line)
        else:
            self._prompt.put(pick.line, blank=pick.blank)

    def acts_at_once(self, line: str) -> bool:
        """True if no plan would come first."""
        return picks.pick(line, self._commands()).at_once

    def go_there(self) -> None:
        """Move to what the newest card offers, else to the last stop above."""
        for card in self._transcript.cards[-1:]:
            for stop in card.stops():
                if isinstance(stop, ProblemSection | FactsSection) and picks.offered([stop.reply]):
                    self._transcript.release_anchor()
                    stop.focus()
                    return
        self._transcript.walk(-1)
