"""A connection to the past: answers calls from a recording, as they were answered at one moment."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path

from irisops.contract.clock import Clock
from irisops.instance.admin_api import WEB_SESSIONS, AdminApi, Row
from irisops.instance.calls import Answer, Call, ClassMethod, Query, Rows
from irisops.instance.capabilities import Capabilities
from irisops.instance.connection import State
from irisops.instance.driver_process.channel import Json
from irisops.instance.errors import InstanceProblem, NotAvailable
from irisops.instance.features import FEATURES, Route
from irisops.instance.models import PollCounts, SystemInfo
from irisops.instance.usage.processes import list_columns, process_query
from irisops.instance.values import answered, as_int
from irisops.instance.web import WebAddress
from irisops.recording.reader import MOST_CELLS, Recording, Taken, moment
from irisops.recording.readings import Heard, Poll, RecordingError

OFFERED = (
    "license.counts",
    "license.customer",
    "license.holders",
    "sessions.list",
    "sessions.count",
    "processes.list",
    "webapps.detail",
    "webapps.read",
    "audit.list",
    "audit.events",
)
"""Features whose routes are recorded: those behind the lists."""

BIRTHS = ClassMethod("irisops", "births")
"""Stands for the times since when sessions exist, which the session knew; no call of an instance."""

_PINNED: ContextVar[Taken | None] = ContextVar("pinned", default=None)
"""The reading that the running command answers from."""


class NotRecorded(NotAvailable):
    """A recording holds what was read then, and this was not."""

    default_cure = "A recording answers /license, /sessions, /processes, /denied and /plot."

    def __init__(self, first: float | None = None) -> None:
        """`first` is when the first list was read, seconds since 1970, where none was by this moment."""
        if first is None:
            super().__init__("This was not read when the recording was made.")
            return
        # The next whole second: the list may have been read in the middle of one.
        then = f"{moment(first + 1).astimezone():%H:%M:%S}"
        super().__init__("No list was read by this moment.", f"The first one was read then: /at {then}")


def offered(capabilities: Capabilities) -> dict[str, Json]:
    """What a reading must know of the capabilities, to be replayed by the same routes."""
    routes: dict[str, Json] = {}
    for name in OFFERED:
        usable = capabilities.routes(name)
        routes[name] = [route.label for route in usable] or capabilities.available(name)[1]
    return {
        "routes": routes,
        "start_time": capabilities.has_start_time(),
        "community": capabilities.community,
        "namespace": capabilities.namespace,
    }


class RecordedWebPort(AdminApi):
    """The SysAdmin API as it answered then: of web sessions, which is all that is recorded of it."""

    def __init__(self, replay: Replay) -> None:
        super().__init__("", "", lambda: None, lambda: None)
        self._replay = replay

    async def web_sessions(self) -> list[Row]:
        """As then. Raises what was raised then, `NotRecorded` or a problem of the file."""
        answer = answered(await asyncio.to_thread(self._replay.answer, WEB_SESSIONS))
        return [*answer.rows.dicts()] if answer.rows is not None else []


class RecordedCapabilities(Capabilities):
    """The routes that were usable at the reading. It learns nothing: another moment may have other ones."""

    def __init__(self, replay: Replay) -> None:
        super().__init__(None, note="this is a recording")
        self.told: Mapping[str, Json] = {}
        self.admin_api = RecordedWebPort(replay)

    def routes(self, feature: str) -> list[Route]:
        """The routes that could be taken then; all of a feature of which nothing is recorded."""
        labels = self._told(feature)
        routes = FEATURES[feature].routes
        if labels is None:
            return list(routes)
        known = {route.label: route for route in routes}
        return [known[label] for label in labels if label in known] if isinstance(labels, list) else []

    def available(self, what: str) -> tuple[bool, str]:
        """As then; the reason is the one given then."""
        told = self._told(what)
        return (not isinstance(told, str), told if isinstance(told, str) else "")

    def _told(self, feature: str) -> list[str] | str | None:
        routes = self.told.get("routes")
        found = routes.get(feature) if isinstance(routes, dict) else None
        if isinstance(found, list):
            return [each for each in found if isinstance(each, str)]
        return found if isinstance(found, str) else None

    def has_start_time(self) -> bool:
        """As then."""
        return self.told.get("start_time") is not False

    def learn(self, route: Route, reason: str) -> None:
        """Nothing is learnt."""

    def fail(self, route: Route, problem: Exception) -> None:
        """Nothing is learnt."""

    def learn_no_start_time(self) -> None:
        """Nothing is learnt."""


class ReplayClock(Clock):
    """The time of the recording: that of the reading that is shown, else where the replay stands."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> datetime:
        """The recorded time in UTC."""
        pinned = _PINNED.get()
        return moment(self.at if pinned is None else pinned.at)

    def monotonic(self) -> float:
        """It stands still: a recording does not grow old."""
        return 0.0


class Replay:
    """Where a replay stands. Implements `Tape`: a command answers from one reading.

    `moved` is called after each move.
    """

    recorded = True

    def __init__(self, path: Path, *, most_cells: int = MOST_CELLS) -> None:
        """`most_cells` as in `Recording`. Raises `RecordingError`."""
        self.recording = Recording(path, most_cells=most_cells)
        self.clock = ReplayClock()
        self.moved: Callable[[], None] = lambda: None
        self.begin: Callable[[Taken], None] = lambda _taken: None
        """Called when a command begins to answer from a reading."""
        self.capabilities = RecordedCapabilities(self)
        self.poll = self._some(self.recording.last())
        self.clock.at = self.poll.at

    @property
    def start(self) -> Poll:
        """The first poll. Raises `RecordingError`."""
        return self._some(self.recording.first())

    @property
    def end(self) -> Poll:
        """The last poll, which may be newer than at the opening. Raises `RecordingError`."""
        return self._some(self.recording.last())

    def _some(self, poll: Poll | None) -> Poll:
        if poll is None:
            raise RecordingError(f"{self.recording.path.name} holds no poll.")
        return poll

    def go(self, at: float) -> None:
        """Stand at a moment, seconds since 1970; before the first poll at that one. Raises `RecordingError`."""
        start, end = self.start, self.end
        self.poll = self.recording.poll_at(at) or start
        self.clock.at = min(max(at, start.at), end.at)
        self.moved()

    def stand(self, poll: Poll) -> None:
        """Stand at a poll."""
        self.poll = poll
        self.clock.at = poll.at
        self.moved()

    def step(self, count: int) -> None:
        """Some polls on, or back. Raises `RecordingError`."""
        self.stand(self.recording.beside(self.poll, count))

    @contextlib.contextmanager
    def reading(self, name: str, at: float | None = None, poll: Poll | None = None) -> Iterator[None]:
        """Answer from the newest reading of this list, else of the list that its first word names, else of any.

        As of where the replay stands, or of `at`, seconds since 1970, after `poll`.
        """
        taken = None
        at, poll = self.clock.at if at is None else at, poll or self.poll
        for each in (name, name.partition(" ")[0], "license", ""):
            taken = self.recording.taken(at, poll, each)
            if taken is not None:
                break
        if taken is not None:
            self.capabilities.told = self.recording.state(taken)
            self.begin(taken)
        _PINNED.set(taken)
        try:
            yield
        finally:
            _PINNED.set(None)

    async def polled(self, counts: PollCounts) -> None:
        """A recording is not polled."""

    def answer(self, call: Call) -> Answer | InstanceProblem:
        """What a call was answered. Raises `RecordingError`."""
        taken = _PINNED.get() or self.recording.taken(self.clock.at, self.poll)
        if taken is None:
            first = self.recording.first_taken()
            return NotRecorded(None if first is None else first.at)
        found = self.recording.answer(call, taken) or self._of_the_list(call, taken)
        return found if found is not None else NotRecorded()

    def _of_the_list(self, call: Call, taken: Taken) -> Answer | None:
        """Processes by their pids, from the newest list of all."""
        if (
            not isinstance(call, Query)
            or not call.sql.startswith("SELECT Pid,")
            or "WHERE Pid" not in call.sql
        ):
            return None
        for columns in list_columns(start=self.capabilities.has_start_time()):
            whole = self.recording.answer(process_query(columns), taken)
            if isinstance(whole, Answer) and whole.rows is not None and whole.rows.columns:
                wanted = {as_int(each) for each in call.params}
                rows = [row for row in whole.rows.rows if as_int(row[0]) in wanted]
                return Answer(rows=Rows(whole.rows.columns, rows))
        return None


class RecordedConnection:
    """An `InstanceConnection` (see `irisops.connections.connection`) that answers from a recording."""

    def __init__(self, replay: Replay, info: SystemInfo) -> None:
        self._replay = replay
        self._info = info
        self._state = State("off")
        self._listeners: list[Callable[[State], None]] = []
        self.web: WebAddress | None = None
        self.heard: Heard | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Those of the moment."""
        return self._replay.capabilities

    @property
    def state(self) -> State:
        """Connected, once it was opened."""
        return self._state

    @property
    def info(self) -> SystemInfo | None:
        """What was recorded of the instance."""
        return self._info

    def listen(self, listener: Callable[[State], None]) -> Callable[[], None]:
        """Follow the state; the result stops it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @contextlib.asynccontextmanager
    async def beside(
        self,
        namespace: str,  # noqa: ARG002 - the signature of all connections
    ) -> AsyncIterator[RecordedConnection]:
        """The same: nothing of another namespace is recorded, as each call is told."""
        yield self

    def forget_rows(self, seconds: float) -> None:
        """Nothing is kept."""

    async def warm(self) -> None:
        """There is no driver process."""

    async def connect(self, password: str) -> SystemInfo:  # noqa: ARG002 - the signature of all connections
        """Open it: no login is made."""
        self._become(State("connected"))
        return self._info

    async def disconnect(self) -> None:
        """Close it."""
        self._become(State("off"))

    def _become(self, state: State) -> None:
        if state != self._state:
            self._state = state
            for listener in tuple(self._listeners):
                listener(state)

    async def batch(
        self,
        calls: Sequence[Call],
        *,
        deadline: float | None = None,  # noqa: ARG002 - the signature of all connections
    ) -> list[Answer | Exception]:
        """The recorded answers; `NotRecorded` in place of one that was not read. Raises a problem of the file."""
        return await asyncio.to_thread(lambda: [self._answer(call) for call in calls])

    def _answer(self, call: Call) -> Answer | Exception:
        try:
            return self._replay.answer(call)
        except RecordingError as error:
            return error

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        """The recorded answer; raises its problem, or `NotRecorded`."""
        (answer,) = await self.batch([call], deadline=deadline)
        return answered(answer)


def info_of(about: Mapping[str, str]) -> SystemInfo:
    """What the file says of the instance."""
    return SystemInfo(
        zversion=about.get("zversion", ""),
        product=about.get("product", ""),
        version=about.get("version", ""),
        build=about.get("build", ""),
        platform=about.get("platform", ""),
        namespace=about.get("namespace", ""),
        pid=as_int(about.get("pid", "")),
        license_id=about.get("license_id") or None,
        instance_name=about.get("instance_name") or None,
    )
