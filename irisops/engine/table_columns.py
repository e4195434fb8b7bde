"""Columns chosen by the person, as in `top`: `/processes columns=pid,user,cpu` shows these, in this order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from irisops.contract.refusal import Refusal
from irisops.contract.replies import Column
from irisops.engine.table_filters import column_named

WORDS = ("columns", "cols")


def take_columns(words: Sequence[str], columns: Sequence[Column], key: str) -> tuple[list[str], list[Column]]:
    """The filter words without the choice of columns, and the columns to show; all of them without a choice.

    The key column always comes along: rows are told apart by it. A chosen column is shown however narrow the card is.
    Raises `Refusal` for a name that is no column.
    """
    rest: list[str] = []
    chosen: list[Column] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name.casefold() not in WORDS:
            rest.append(word)
            continue
        for each in value.split(","):
            if each.strip():
                column = column_named(each, columns)
                if all(column.name != other.name for other in chosen):
                    chosen.append(replace(column, hide_under=0))
        if not chosen:
            raise Refusal(
                "BadFilter",
                f"{name}= names no column.",
                f"The columns are {', '.join(column.name for column in columns)}.",
            )
    if not chosen:
        return rest, list(columns)
    if all(column.name != key for column in chosen):
        chosen.insert(0, replace(column_named(key, columns), hide_under=0))
    return rest, chosen
