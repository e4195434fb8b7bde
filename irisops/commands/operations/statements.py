"""/sql running: the statements that run now, the longest first; /sql cancel ends one by plan."""

from __future__ import annotations

from functools import partial

from irisops.changes.actions import Action, plan_action
from irisops.changes.record import Origin
from irisops.contract.chat import Command
from irisops.contract.replies import Column, Refusal
from irisops.contract.wording import duration, harmless
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import list_table
from irisops.instance.operations.statements import Statement, cancel_statement, read_statements

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


KIND = "statement.cancel"
"""The journal's name for it."""
RUNNING, ENDED = "running", "ended"
PATIENCE = 30.0
"""Seconds: it may be told late that it is to end."""


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
        ],
        actions=[
            ("enter", "its process", "/process {pid}"),
            ("c", "cancel", "/sql cancel {pid}"),
            ("x", "end its process", "/process terminate {pid}"),
        ],
    )
    shown.key = "id"
    yield shown


async def cancel(context: Context, command: Command) -> Replies:
    """Plan to end the statement that a process runs."""
    link = context.link()
    pid = int(str(command.args["pid"]))
    info = link.connection.info
    if info is not None and pid == info.pid:
        raise Refusal(
            "OwnProcess",
            f"Process {pid} is this tool's own connection: what it runs ends by itself.",
            "/sql running",
        )
    found = [each for each in await read_statements(link.connection) if each.pid == pid]
    if not found:
        raise Refusal(
            "NoSuchStatement", f"Process {pid} runs no SQL statement now.", "/sql running shows what runs."
        )
    statement = found[0]
    who = harmless(statement.username, 40) or "nobody known"
    text = harmless(statement.text or f"({statement.kind} {statement.key})", 300)

    async def look() -> str:
        now = await read_statements(link.connection)
        same = any((each.pid, each.number, each.started) == _known(statement) for each in now)
        return RUNNING if same else ENDED

    warnings = ["That of another user takes the SQL privilege %CANCEL_QUERY."]
    if len(found) > 1:
        warnings.append("The process runs several: which of them ends is the instance's choice.")
    if statement.kind.upper() != "SELECT":
        warnings.append(
            "It may have changed rows already: whether these are taken back is not known. "
            f"/process {pid} shows its transaction."
        )
    ran = "an unknown time" if statement.seconds is None else duration(statement.seconds)
    action = Action(
        KIND,
        str(pid),
        f"Cancel the statement of process {pid}",
        f"the statement of {who} in {harmless(statement.namespace, 40)}, for {ran}",
        RUNNING,
        ENDED,
        "statements.cancel",
        partial(cancel_statement, pid=pid),
        look,
        said=f"The statement of process {pid} has ended.",
        effects=[
            f"It is: {text}",
            "The program that sent it gets an error; its process and its connection go on.",
        ],
        warnings=warnings,
        final="it would have to be run again, by the program that sent it.",
        patience=PATIENCE,
        gone=True,
    )
    yield await plan_action(context, link, action, Origin(command.slash))


def _known(statement: Statement) -> tuple[int | None, int | None, str]:
    """What tells a statement from the next one of its process."""
    return statement.pid, statement.number, statement.started
