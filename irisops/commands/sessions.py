"""/sessions: the web sessions of the instance."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from irisops.commands.chat import Command
from irisops.commands.context import Context
from irisops.commands.filters import select
from irisops.commands.replies import Cell, Column, Table
from irisops.commands.spec import Arg, CommandSpec, Plain, Replies
from irisops.commands.tables import filter_words, selection_notes
from irisops.commands.text import counted

if TYPE_CHECKING:
    from irisops.instance.models import WebSession

SHOWN_ID = 8
"""Characters of a session's id that are shown: with the whole id one could take the session over."""

COLUMNS = (
    Column("session", "SESSION"),
    Column("user", "USER"),
    Column("application", "APPLICATION", grow=True),
    Column("holder", "HOLDER", hide_under=90),
    Column("expires_at", "EXPIRES", "time"),
    Column("left", "LEFT", "duration"),
    Column("pid", "PID", "number", hide_under=100),
    Column("can_be_ended", "CAN END", "flag", hide_under=110),
)


def short_id(session_id: str) -> str:
    """Enough of an id to tell sessions apart, too little to use one."""
    return session_id if len(session_id) <= SHOWN_ID else f"{session_id[:SHOWN_ID]}…"


def row_of(session: WebSession, now: datetime) -> dict[str, Cell]:
    """One session as a row."""
    left = (session.expires - now).total_seconds() if session.expires else None
    return {
        "session": short_id(session.id),
        "user": session.username,
        "application": session.application,
        "holder": "its own (no login)" if session.anonymous else session.license_id,
        "expires_at": session.expires,
        "left": max(0.0, left) if left is not None else None,
        "pid": session.pid,
        "can_be_ended": session.allow_end,
    }


async def show_sessions(context: Context, command: Command) -> Replies:
    """Web sessions, filtered and sorted by words."""
    link = context.link()
    found = await link.reads.sessions()
    now = context.clock.now()
    rows = [row_of(session, now) for session in found]
    chosen = select(rows, filter_words(command), COLUMNS)
    yield Table(
        name="sessions",
        title="Web sessions",
        columns=COLUMNS,
        rows=chosen.rows,
        key="session",
        notes=[*selection_notes(chosen, len(rows), "session"), *_patterns(found)],
        total=chosen.total,
    )


def _patterns(sessions: list[WebSession]) -> list[str]:
    """What stands out: sessions without a login, many of one user on one application."""
    notes: list[str] = []
    anonymous = sum(session.anonymous for session in sessions)
    if anonymous:
        notes.append(f"{counted(anonymous, 'session')} without a login: each holds a unit of its own.")
    groups = Counter(
        (session.username, session.application, session.license_id)
        for session in sessions
        if not session.anonymous
    )
    for (user, application, _holder), number in groups.most_common(3):
        if number >= 5:
            notes.append(
                f"{user} has {number} sessions on {application}: that looks like a client that keeps no cookies."
            )
    return notes


SPECS = (
    CommandSpec(
        name="sessions",
        summary="Web sessions with application, user, license holder and when they expire",
        handler=show_sessions,
        grammar=(Arg("filter", "filter", required=False, many=True),),
        plain=(
            Plain(
                "(show|list|see|display) [me] [all] [the|my] [open|active] (sessions|web sessions|browsers)"
            ),
            Plain("(sessions|web sessions|open sessions|active sessions)"),
            Plain(
                "(show|list|see) [me] [all] [the] (sessions|web sessions) (of|by|for|from) [user|the user] {user}",
                {"filter": ["user={user}"]},
            ),
            Plain("who is (logged in|signed in|online|connected) [in|on|with|by] [the|a] [web|browser]"),
            Plain("how many (sessions|web sessions|browsers) (are there|are open|are active|do we have)"),
        ),
        examples=("show sessions", "who is online"),
        needs_connection=True,
        needs=("sessions.list",),
        live=True,
    ),
)
