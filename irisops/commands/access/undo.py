"""Which changes beside those of users and roles can be taken back, and by whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from irisops.commands.access import denied_enable, sql_change
from irisops.commands.context import Context
from irisops.commands.replies import Plan
from irisops.journal import Entry

if TYPE_CHECKING:
    from irisops.commands.links import Link

REVERSES: Mapping[str, Callable[[Context, Link, Entry, str], Awaitable[Plan]]] = {
    sql_change.KIND: sql_change.take_back,
    denied_enable.KIND: denied_enable.take_back,
}
"""Kind of a journal's `Reverse` -> what plans it back, for a command in its slash form."""
