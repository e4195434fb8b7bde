"""What the table commands share."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.wording import counted, harmless
from irisops.engine.table_filters import Selection


def filter_words(command: Command) -> list[str]:
    """The filter as typed."""
    words = command.args.get("filter", [])
    return list(words) if isinstance(words, list) else [words]


def selection_notes(chosen: Selection, all_rows: int, one: str, many: str = "") -> list[str]:
    """How many are shown of how many, when a filter is at work."""
    if not chosen.described:
        return []
    shown = len(chosen.rows)
    described = harmless(chosen.described, 120)
    if chosen.total == all_rows:
        return (
            [f"The first {shown:,} of {counted(all_rows, one, many)}: {described}"]
            if shown < all_rows
            else []
        )
    if chosen.total == 0:
        return [f"None of {counted(all_rows, one, many)} fits: {described}"]
    cut = f", the first {shown:,} shown" if shown < chosen.total else ""
    return [
        f"{chosen.total:,} of {counted(all_rows, one, many)} fit{'s' if chosen.total == 1 else ''}{cut}: {described}"
    ]
