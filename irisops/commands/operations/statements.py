"""/sql running: the statements that run now, the longest first."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.replies import Column
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import list_table
from irisops.instance.operations.statements import Statement, read_statements

_FIELDS: cards.Fields[Statement] = (
    (Column("pid", "PID", "number"), lambda each: each.pid),
    (Column("user", "USER"), lambda each: each.username),
    (Column("running_for", "RUNS FOR", "duration"), lambda each: each.seconds),
    (
        Column("statement", "STATEMENT", grow=True, wrap=2),
        lambda each: each.text or f"({each.kind} {each.key})",
    ),
    (Column("namespace", "NAMESPACE", hide_under=90), lambda each: each.namespace),
    (Column("status", "STATUS", hide_under=100), lambda each: each.status),
    (Column("started", "STARTED", hide_under=120), lambda each: each.started),
    (Column("kind", "KIND", hide_under=1000), lambda each: each.kind),
    (Column("id", "ID", "number", hide_under=1000), lambda each: each.number),
)


CANCEL = "To end a statement and keep its process, in SQL: CANCEL QUERY PID. That of another user takes %CANCEL_QUERY."
"""(facts: iris-operations 9)"""


async def show_running(context: Context, command: Command) -> Replies:
    """Running statements, filtered and sorted by words. Their parameters are not read: they may be confidential."""
    link = context.link()
    found = await read_statements(link.connection)
    untold = any(each.text is None for each in found)
    shown = list_table(
        command,
        "statements",
        "running statement",
        _FIELDS,
        found,
        notes=[
            *(["The texts of some cannot be read: each is named by its hash."] if untold else []),
            *([CANCEL] if found else []),
        ],
        actions=[
            ("enter", "its process", "/process {pid}"),
            ("x", "end its process", "/process terminate {pid}"),
        ],
    )
    shown.key = "id"
    yield shown
