"""/sql running: the statements that run now, the longest first."""

from __future__ import annotations

from dataclasses import replace

from irisops.contract.chat import Command
from irisops.contract.replies import Column
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import list_table
from irisops.instance.operations.statements import Statement, read_statements, read_texts

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


async def show_running(context: Context, command: Command) -> Replies:
    """Running statements, filtered and sorted by words. Their parameters are not read: they may be confidential."""
    link = context.link()
    found = await read_statements(link.connection)
    texts = await read_texts(link.connection, found)
    named = [replace(each, text=texts.get(each.key)) for each in found]
    untold = any(each.text is None for each in named)
    shown = list_table(
        command,
        "statements",
        "running statement",
        _FIELDS,
        named,
        notes=["The texts of some cannot be read: each is named by its hash."] if untold else [],
        actions=[
            ("enter", "its process", "/process {pid}"),
            ("x", "end its process", "/process terminate {pid}"),
        ],
    )
    shown.key = "id"
    yield shown
