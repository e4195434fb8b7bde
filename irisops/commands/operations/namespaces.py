"""/namespaces: the namespaces of the instance and the databases behind them (facts: iris-operations 7.2)."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.replies import Column
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import list_table
from irisops.instance.operations.namespaces import UNTOLD, NamespaceState, read_namespaces

_FIELDS: cards.Fields[NamespaceState] = (
    (Column("name", "NAMESPACE"), lambda each: each.name),
    (Column("data", "DATA IN"), lambda each: each.data),
    (Column("code", "CODE IN"), lambda each: each.code),
)


async def show_namespaces(context: Context, command: Command) -> Replies:
    """Namespaces, filtered and sorted by words."""
    found = await read_namespaces(context.link().connection)
    notes = [] if any(each.data for each in found) else [UNTOLD]
    yield list_table(
        command,
        "namespaces",
        "namespace",
        _FIELDS,
        found,
        notes=notes,
        actions=[("enter", "its database", "/database {data}")],
    )
