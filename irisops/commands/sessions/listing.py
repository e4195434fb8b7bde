"""/sessions: the web sessions of the instance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import attrgetter

from irisops.connections.connection import Link
from irisops.connections.session_times import KnownBirths, KnownTimeouts, known_timeouts
from irisops.contract.chat import Command
from irisops.contract.record_rows import Cells, RecordRows
from irisops.contract.replies import Column, Table
from irisops.contract.wording import counted
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import filter_words, select, selection_notes, take_columns
from irisops.instance.models import WebSession
from irisops.instance.usage.leaks import find_leaks
from irisops.instance.usage.license_clock import clock_offset
from irisops.instance.usage.sessions import list_sessions

SHOWN_ID = 8
"""Characters of a session's id that are shown; the whole id would allow taking the session over."""

COLUMNS = (
    Column("session", "SESSION"),
    Column("user", "USER"),
    Column("application", "APPLICATION", grow=True),
    Column("holder", "HOLDER", hide_under=90),
    Column("expires_at", "EXPIRES", "time"),
    Column("left", "LEFT", "duration"),
    Column("idle", "IDLE", "duration", hide_under=100),
    Column("age", "AGE", "duration", hide_under=115),
    Column("address", "ADDRESS", hide_under=120),
    Column("pid", "PID", "number", hide_under=100),
    Column("can_be_ended", "CAN END", "flag", hide_under=110),
)


def short_id(session_id: str) -> str:
    """The start of an id: enough to tell sessions apart, too little to use one."""
    return session_id if len(session_id) <= SHOWN_ID else f"{session_id[:SHOWN_ID]}…"


def address_of(session: WebSession) -> str:
    """The client's address from its license id; "" for a session without a login."""
    return "" if session.anonymous else session.license_id.partition("@")[2]


@dataclass(frozen=True, slots=True)
class Seen:
    """Snapshot of sessions, with what is known of their idle times and ages. `now` is the instance's own time."""

    sessions: list[WebSession]
    now: datetime
    timeouts: KnownTimeouts = field(default_factory=KnownTimeouts)
    births: KnownBirths = field(default_factory=KnownBirths)

    def rows(self, sessions: Sequence[WebSession]) -> RecordRows[WebSession]:
        """Some of the sessions as rows: as dicts, two thousand take 1.3 MB."""
        cells: Cells[WebSession] = {
            "session": lambda each: short_id(each.id),
            "user": attrgetter("username"),
            "application": attrgetter("application"),
            "holder": lambda each: "its own (no login)" if each.anonymous else each.license_id,
            "expires_at": attrgetter("expires"),
            "left": self._left,
            "idle": lambda each: self.timeouts.idle(each, self.now),
            "age": lambda each: self.births.age(each, self.now),
            "address": address_of,
            "pid": attrgetter("pid"),
            "can_be_ended": attrgetter("allow_end"),
        }
        return RecordRows(sessions, cells)

    def _left(self, session: WebSession) -> float | None:
        return max(0.0, (session.expires - self.now).total_seconds()) if session.expires else None


async def look(context: Context, link: Link) -> Seen:
    """Read the sessions, the instance's time and, if permitted, their idle times and ages."""
    sessions = await list_sessions(link.connection, remade=link.kept_sessions())
    offset = await clock_offset(link.connection, link.clock.now())
    now = context.clock.now() + timedelta(seconds=offset)
    link.births = link.births or KnownBirths()
    births = await link.births.learn(link.connection, link.generation, sessions, now)
    link.timeouts = await known_timeouts(
        link.timeouts, link.connection, link.generation, link.clock.monotonic(), sessions
    )
    return Seen(sessions, now, link.timeouts, replace(births))  # what is learnt later is not of these


def _idle_note(timeouts: KnownTimeouts) -> list[str]:
    return [f"It is not known how long they are idle: {timeouts.note}"] if timeouts.note else []


def _age_note(seen: Seen) -> list[str]:
    if seen.births.note:
        return [f"It is not known how long they exist: {seen.births.note}"]
    if not seen.sessions or any(seen.births.by_id.get(session.id) for session in seen.sessions):
        return []
    return [
        "Age is not known where sessions share a holder: IRIS tells it only by opening a session, which locks it."
    ]


async def show_sessions(context: Context, command: Command) -> Replies:
    """Web sessions, filtered and sorted by words."""
    link = context.link()
    seen = await look(context, link)
    rows = seen.rows(seen.sessions)
    words, columns = take_columns(filter_words(command), COLUMNS, "session")
    chosen = select(rows, words, COLUMNS)
    yield Table(
        name="sessions",
        title="Web sessions",
        columns=columns,
        rows=chosen.rows,
        key="session",
        notes=[
            *selection_notes(chosen, len(rows), "session"),
            *([] if seen.sessions else ["No web session is open: no browser holds a license unit."]),
            *_patterns(seen.sessions),
            *_idle_note(seen.timeouts),
            *_age_note(seen),
        ],
        actions=[("x", "end", "/sessions end {session}")],
        total=chosen.total,
        order=chosen.order,
    )


def _patterns(sessions: list[WebSession]) -> list[str]:
    """Notable patterns: sessions without a login, many of one user in one application."""
    notes: list[str] = []
    anonymous = sum(session.anonymous for session in sessions)
    if anonymous:
        notes.append(f"{counted(anonymous, 'session')} without a login: each holds a unit of its own.")

    notes += [
        f"{leak.username} has {leak.number} sessions on {leak.application}: that looks like a client that keeps no "
        "cookies. /sessions sweep ends them."
        for leak in find_leaks(sessions)[:3]
    ]
    return notes
