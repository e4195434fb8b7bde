"""Records one connection: each poll, the lists that somebody looks at, and those that the counts say have changed.

A list is read for the recording alone only when the counts have moved since, or a minute has passed, and no card has
read it anyway in the last seconds; with `lists` off it never is, and the instance answers nothing that it would not
answer without a recording.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta

from irisops.background import Background
from irisops.connections.connection import Link
from irisops.connections.session_times import KnownBirths, known_timeouts
from irisops.instance.admin_api import WEB_SESSIONS
from irisops.instance.calls import Answer, Call, ClassMethod, ClassQuery, ObjectCall, Query, Rows
from irisops.instance.driver_process.channel import Json
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.models import PollCounts
from irisops.instance.security.audit import list_denials, read_auditing
from irisops.instance.usage.license import read_board
from irisops.instance.usage.license_clock import clock_offset
from irisops.instance.usage.processes import list_processes
from irisops.instance.usage.sessions import list_sessions
from irisops.logs import LOG
from irisops.recording.readings import Reading, RecordingError
from irisops.recording.replayed import BIRTHS, offered
from irisops.recording.writer import Writer

APART = 10.0
"""Seconds between two readings of a list that only the recording wants."""
SHARE = 20.0
"""A list takes at most one of so many seconds of the instance."""
RATE = 1_000.0
"""Bytes of a list that a second of recording may take: what changes much is read less often."""
AT_LEAST_EVERY = 60.0
"""Seconds after which a list is read though no count has moved; the refusals are read as often."""
DENIALS = 500
"""Newest refusals that are read, as many as /denied reads."""
MOST_WAITING = 50
"""Readings held until the next poll writes them; the oldest is dropped, should no poll come."""

_READING: ContextVar[Reading | None] = ContextVar("reading", default=None)

_CLASSES = (
    "%SYSTEM.License", "%SYSTEM.SYS", "%SYSTEM.Security", "%SYS.ProcessQuery", "%CSP.Session", "%SYS.Audit",
    "Security.Events", "Security.System", "Security.Applications",
)  # fmt: skip
"""Classes and tables that are recorded. /denied reads users and roles, too: more than a recording promises."""

_LISTS = ("license", "sessions", "processes", "denied")
"""Commands whose reads are recorded: no other one, as its calls may hold a secret."""


class Recorder:
    """Implements `irisops.recording.readings.Tape` for a live connection.

    `over` is called once when the recording ends by itself, with a sentence and a cure; "" for the time that was set.
    """

    recorded = False

    def __init__(
        self,
        link: Link,
        writer: Writer,
        *,
        lists: bool = True,
        until: datetime | None = None,
        over: Callable[[str, str], None] = lambda _why, _cure: None,
    ) -> None:
        self.writer = writer
        self.link = link
        self.lists = lists
        self.until = until
        self.polls = 0
        self._over = over
        self._waiting: list[Reading] = []
        self._read_at: dict[str, float] = {}
        self._read_with: dict[str, tuple[int | None, ...]] = {}
        self._sizes: dict[str, int] = {}
        self._pace: dict[str, float] = {}
        """Seconds between two readings of a list, as its last one was slow or large."""
        self._background = Background()
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._closed = False
        self.ended = asyncio.Event()
        """Set once nothing more is written."""
        self.failed = ""
        """Why it ended before its time."""
        link.tape = self
        link.connection.heard = self.heard

    def heard(self, calls: Sequence[Call], answers: Sequence[Answer | Exception]) -> None:
        """Keep what the reading that is under way asked, and what came of it."""
        reading = _READING.get()
        if reading is not None and reading.open:
            reading.heard += (pair for pair in zip(calls, answers, strict=True) if _is_recorded(pair[0]))

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[None]:
        """Record the reads of a list, if they end: with its rows, or with the instance's refusal."""
        if name not in _LISTS or self._closed:
            yield
            return
        # The routes as they are before it: one that is given up in it was tried in it.
        routes = offered(self.link.connection.capabilities)
        reading = Reading(name, self.link.clock.now().timestamp(), state=routes)
        before = _READING.get()
        _READING.set(reading)
        whole = False
        try:
            yield
            whole = True
        except InstanceProblem as problem:
            whole = not isinstance(problem, Unreachable)
            raise
        finally:
            _READING.set(before)
            reading.open = False
            if whole and reading.heard:
                reading.state = {**routes, **self._known(name)}
                if name == "sessions" and self.link.births is not None:
                    reading.heard.append((BIRTHS, _births(self.link.births)))
                self._waiting = [*self._waiting, reading][-MOST_WAITING:]
                self._read_at[name] = self.link.clock.monotonic()
                self._read_with[name] = _moving(self.link.counts)

    def _known(self, name: str) -> dict[str, Json]:
        """What the session knows beside the answers."""
        link = self.link
        state: dict[str, Json] = {}
        if name == "sessions" and link.births is not None:
            state["births_note"] = link.births.note
        if name == "sessions" and link.timeouts is not None:
            state["timeouts"] = dict(link.timeouts.by_name)
            state["timeouts_note"] = link.timeouts.note
        return state

    async def polled(self, counts: PollCounts) -> None:
        """Read the lists that are due, and write all of it down."""
        if self._closed:
            return
        at, monotonic = self.link.clock.now(), self.link.clock.monotonic()
        await self._write(counts, at, monotonic)
        if self.lists and (self._task is None or self._task.done()) and not self._closed:
            due = self._due(counts, monotonic)
            self._task = self._background.start(self._read(due), "lists for a recording") if due else None
        if self.until is not None and at >= self.until:
            await self._end("", "")

    async def _read(self, due: Sequence[str]) -> None:
        """Read these lists; the next poll writes them. Polls go on meanwhile: ten thousand processes take a while."""
        for name in due:
            begun = self.link.clock.monotonic()
            try:
                with self.reading(name):
                    await _READS[name](self.link)
            except Unreachable:
                return  # the connection reports its own state
            except InstanceProblem:
                LOG.info("recording: %s cannot be read", name)  # the recording holds why
            self._pace[name] = pace_of(self.link.clock.monotonic() - begun, self._sizes.get(name, 0))

    def _due(self, counts: PollCounts, monotonic: float) -> list[str]:
        due = []
        for name in _READS:
            last = self._read_at.get(name)
            age = AT_LEAST_EVERY if last is None else monotonic - last
            moved = name != "denied" and self._read_with.get(name) != _moving(counts)
            pace = self._pace.get(name, APART)
            if age >= max(AT_LEAST_EVERY, pace) or (moved and age >= pace):
                due.append(name)
        return due

    async def _write(self, counts: PollCounts, at: datetime, monotonic: float) -> None:
        async with self._writing:
            if self._closed:
                return
            readings, self._waiting = self._waiting, []
            try:
                add = self.writer.add
                self._sizes |= await asyncio.to_thread(add, counts, at.timestamp(), monotonic, readings)
                self.polls += 1
            except RecordingError as error:
                failed = error
            else:
                return
        await self._end(str(failed), failed.cure)

    async def _end(self, why: str, cure: str) -> None:
        self.failed = why
        await self.close()
        self._over(why, cure)

    async def settled(self) -> None:
        """Wait until the lists that are being read have been read."""
        await self._background.wait()

    async def close(self) -> None:
        """End the recording. Safe to call twice."""
        self._background.cancel()
        await self._background.wait()
        async with self._writing:
            if self._closed:
                return
            self._closed = True
            if self.link.tape is self:
                self.link.tape, self.link.connection.heard = None, None
            await asyncio.to_thread(self.writer.close)
            self.ended.set()


def pace_of(took: float, size: int) -> float:
    """Seconds between two readings of a list that took so many seconds, and `size` bytes of the recording."""
    return max(APART, SHARE * took, min(AT_LEAST_EVERY, size / RATE))


def _is_recorded(call: Call) -> bool:
    if call == WEB_SESSIONS:
        return True
    if isinstance(call, Query):
        return any(f"FROM {each}" in call.sql for each in _CLASSES)
    if isinstance(call, ClassQuery):
        return call.query.startswith(_CLASSES)
    return isinstance(call, ClassMethod | ObjectCall) and call.class_name in _CLASSES


def _births(known: KnownBirths) -> Answer:
    rows = [(session, "" if born is None else born.isoformat()) for session, born in known.by_id.items()]
    return Answer(rows=Rows(("SessionID", "Born"), rows))


def _moving(counts: PollCounts | None) -> tuple[int | None, ...]:
    if counts is None:
        return ()
    return counts.units_used, counts.connections, counts.sessions, counts.processes


async def _license(link: Link) -> None:
    await read_board(link.connection, now=link.clock.now())


async def _sessions(link: Link) -> None:
    """As /sessions reads them, so that ages and idle times are known, too."""
    sessions = await list_sessions(link.connection, remade=link.kept_sessions())
    now = link.clock.now()
    offset = await clock_offset(link.connection, now)
    link.births = link.births or KnownBirths()
    await link.births.learn(link.connection, link.generation, sessions, now + timedelta(seconds=offset))
    link.timeouts = await known_timeouts(
        link.timeouts, link.connection, link.generation, link.clock.monotonic(), sessions
    )


async def _processes(link: Link) -> None:
    await list_processes(link.connection)


async def _denied(link: Link) -> None:
    await list_denials(link.connection, DENIALS)
    await read_auditing(link.connection)


_READS: dict[str, Callable[[Link], Awaitable[None]]] = {
    "license": _license,
    "sessions": _sessions,
    "processes": _processes,
    "denied": _denied,
}
