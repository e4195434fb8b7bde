"""Tables and facts as data: each column or value on one line, with its title and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from irisops.contract.replies import Cell, Column, Facts, Scalar, Tone

OFF: Mapping[str, Tone] = {"no": "quiet"}
"""Colours of a flag that is usually on: what is off steps back."""
POWER: Mapping[str, Tone] = {"yes": "warn"}
"""Colours of a flag that deserves a look where it is on: a superuser, no login, an open transaction."""


class From(Mapping[str, Tone]):
    """The colour of numbers, as they are shown, from `least` on. Nobody can list them, so it is empty to look at."""

    def __init__(self, least: int, tone: Tone) -> None:
        self._least, self._tone = least, tone

    def __getitem__(self, shown: str) -> Tone:
        number = shown.replace(",", "")
        if number.isdecimal() and int(number) >= self._least:
            return self._tone
        raise KeyError(shown)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


T = TypeVar("T")

Fields = Sequence[tuple[Column, Callable[[T], Cell]]]
"""A table: each column with the value that a record has in it."""

Entry = tuple[str, str, Scalar | list[Scalar] | dict[str, Scalar]]
"""A named value of a card: public key, label ("" for programs alone), value."""


def columns_of(fields: Fields[T]) -> tuple[Column, ...]:
    """The columns of a table."""
    return tuple(column for column, _ in fields)


def row_of(fields: Fields[T], record: T) -> dict[str, Cell]:
    """A record as a row."""
    return {column.name: value(record) for column, value in fields}


def rows_of(fields: Fields[T], records: Iterable[T]) -> list[dict[str, Cell]]:
    """Records as rows."""
    return [row_of(fields, record) for record in records]


def facts_card(
    name: str,
    title: str,
    entries: Sequence[Entry],
    notes: Sequence[str] = (),
    *,
    hide_empty: bool = False,
) -> Facts:
    """Facts from their entries, shown in this order. `hide_empty`: None and "" are for programs alone."""
    labels = {
        key: label for key, label, value in entries if label and not (hide_empty and value in (None, ""))
    }
    return Facts(name, title, {key: value for key, _, value in entries}, labels, notes)
