"""Row actions: command templates filled in with a row's quoted values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from irisops.contract.quoting import quote
from irisops.contract.replies import Cell

_FIELD = re.compile(r"\{(\w+)\}")
_WHOLE = re.compile(r"\{!(\w+)\}")


def filled(template: str, row: Mapping[str, Cell]) -> str:
    """`/user {name}` and a row -> the command line, e.g. `/user "John Doe"`. A list gives one word per item.

    The template `{!cure}` takes that cell as the whole line, for rows with their own command; "" if the row has none.
    The cell must be a slash command made by irisops, with quoted names.
    """
    whole = _WHOLE.fullmatch(template)
    if whole is not None:
        line = row.get(whole[1])
        return line if isinstance(line, str) and line.startswith("/") and line.isprintable() else ""

    def value(match: re.Match[str]) -> str:
        found = row.get(match[1])
        if isinstance(found, list):
            return " ".join(quote(str(item)) for item in found)
        return quote("" if found is None else str(found))

    return _FIELD.sub(value, template)
