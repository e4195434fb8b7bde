"""/history agents: what agents asked for, and what came of each call."""

from __future__ import annotations

from irisops.agent_calls import AgentCall, AgentCalls
from irisops.contract.chat import Command
from irisops.contract.replies import Column, Refusal, Table
from irisops.contract.wording import counted
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.files import cure_of

_APPROVED = {"client": "in its client", "terminal": "in a terminal", "": ""}
_FIELDS: cards.Fields[AgentCall] = (
    (Column("at", "WHEN", "time"), lambda each: each.at),
    (Column("client", "AGENT", least=12, wrap=3), lambda each: each.client),
    (Column("profile", "PROFILE", hide_under=100), lambda each: each.profile),
    (Column("tool", "TOOL"), lambda each: each.tool),
    (Column("line", "ASKED FOR", grow=True, wrap=3), lambda each: each.line),
    (
        Column(
            "outcome",
            "CAME OF IT",
            tones={"done": "good", "begun": "warn", "Declined": "quiet", "NotAPerson": "bad"},
        ),
        lambda each: each.outcome,
    ),
    (
        Column("approval", "APPROVED", hide_under=100),
        lambda each: _APPROVED.get(each.approval, each.approval),
    ),
    (Column("change", "CHANGE", "number", hide_under=80), lambda each: each.change),
)


async def show_calls(context: Context, _command: Command) -> Replies:
    """The newest calls of agents on all profiles, newest first."""
    try:
        calls, unreadable = AgentCalls(context.places.journals).read()
    except OSError as error:
        raise Refusal(
            "Journal", f"The calls of agents cannot be read: {error.strerror or error}.", cure_of(error)
        ) from None
    notes = [] if calls else ["No agent has asked for anything yet: irisops mcp serves them."]
    if unreadable:
        notes.append(f"Left out: {counted(unreadable, 'line')} that cannot be read.")
    if any(call.outcome == "begun" for call in calls):
        notes.append("A change is begun before it is carried out: the line above it says how it ended.")
    yield Table(
        name="agent_calls",
        title="Calls of agents",
        columns=cards.columns_of(_FIELDS),
        rows=cards.rows_of(_FIELDS, calls),
        notes=notes,
    )
