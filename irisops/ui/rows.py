"""Row actions: a command template filled in with a row's values, quoted so that nothing in them acts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from irisops.commands.replies import Cell
from irisops.commands.words import quote

_FIELD = re.compile(r"\{(\w+)\}")


def filled(template: str, row: Mapping[str, Cell]) -> str:
    """`/user {name}` and a row -> the command line, e.g. `/user "John Doe"`. A list gives one word per item."""

    def value(match: re.Match[str]) -> str:
        found = row.get(match[1])
        if isinstance(found, list):
            return " ".join(quote(str(item)) for item in found)
        return quote("" if found is None else str(found))

    return _FIELD.sub(value, template)
