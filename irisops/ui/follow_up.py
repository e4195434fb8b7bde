"""What a line like `the second one` or `sort by units` refers to: the last answer, with its rows as they stand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from irisops.contract.chat import About
from irisops.contract.replies import Done, Effect, Problem
from irisops.ui.arrange import Order
from irisops.ui.card import Card
from irisops.ui.grid import Grid


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
