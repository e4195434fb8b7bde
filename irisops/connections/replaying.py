"""A link that shows a recording: its figures, plots and known times are those of the moment where the replay stands."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from irisops.connections.connection import HISTORY, Link
from irisops.connections.connections import Hub
from irisops.connections.count_history import CountHistory, Sample
from irisops.connections.session_times import KnownBirths, KnownTimeouts
from irisops.contract.chat import Notice, TimeLine
from irisops.contract.wording import duration
from irisops.instance.calls import Answer, Value
from irisops.instance.driver_process.channel import Json
from irisops.instance.values import as_int, as_text
from irisops.profiles.model import DEFAULT_PORT, Profile, ProfileInvalidError
from irisops.recording.reader import Recording, Taken, moment
from irisops.recording.readings import Poll, RecordingError
from irisops.recording.replayed import BIRTHS, Replay

PARTS = 240
"""Parts of the time line: more than a terminal has columns are useless."""
MINUTE = 60.0
"""Seconds of a long step."""


class RecordedCounts(CountHistory):
    """All counts of a recording up to the moment, for /plot: days of them, read when they are asked for."""

    most = timedelta(days=400)

    def __init__(self, replay: Replay) -> None:
        super().__init__()
        self._replay = replay

    def __len__(self) -> int:
        return 1

    def since(self, start: datetime) -> Sequence[Sample]:
        """The samples from `start` to the moment; of very many those with the most units."""
        begin = max(start.timestamp(), self._replay.start.at)
        polls = self._replay.recording.polls(begin, self._replay.clock.at, 2 * PARTS)
        return [sample_of(poll) for poll in polls]


def sample_of(poll: Poll) -> Sample:
    """A poll as a sample."""
    return Sample(poll.counts.read_at, poll.counts.in_use, poll.counts.sessions, poll.counts.processes)


def profile_of(about: Mapping[str, str]) -> Profile:
    """The profile of a recording, which no edit reaches. What the file says of it is believed if it is valid."""
    profile = Profile(
        about.get("profile", ""),
        host=about.get("host", ""),
        port=as_int(about.get("port", "")) or DEFAULT_PORT,
        namespace=about.get("namespace", ""),
        user=about.get("user", ""),
        read_only=True,
    )
    try:
        profile.check()
    except ProfileInvalidError:
        return Profile("recording", user="recorded", read_only=True)
    return profile


class Player:
    """Keeps a link where its replay stands, and tells the screen."""

    def __init__(self, hub: Hub, link: Link, replay: Replay, now: datetime) -> None:
        """`now` is the time of the person, for "three days ago"."""
        self.replay = replay
        self._hub = hub
        self._link = link
        self._now = now
        self._levels = levels_of(replay.recording)
        self._line: TimeLine | None = None
        link.tape = replay
        link.samples = RecordedCounts(replay)
        replay.begin = self._begin
        replay.moved = self.show
        hub.timeline = self.timeline

    def show(self) -> None:
        """Show the figures of the moment. Raises `RecordingError`."""
        link, poll, recording = self._link, self.replay.poll, self.replay.recording
        link.counts = poll.counts
        link.read_at = link.clock.monotonic()
        in_use = (each.counts.in_use for each in recording.before(poll, HISTORY))
        link.history = deque((float(each) for each in in_use if each is not None), maxlen=HISTORY)
        taken = recording.taken(self.replay.clock.at, poll)
        at = self.replay.clock.now()
        ago = (self._now - at).total_seconds()
        self._line = TimeLine(
            start=self.replay.start.counts.read_at,
            end=self.replay.end.counts.read_at,
            at=at,
            ago=f"{duration(ago)} ago" if ago >= MINUTE else "just now",
            lists=None if taken is None else moment(taken.at),
            levels=self._levels,
            move=self.move,
        )
        self._hub.on_change()

    def move(self, count: int, *, minutes: bool = False) -> None:
        """Some polls on or back, or that many minutes. A problem of the file is a notice."""
        try:
            if minutes:
                self.replay.go(self.replay.clock.at + count * MINUTE)
            else:
                self.replay.step(count)
        except RecordingError as error:
            self._hub.on_notice(Notice("error", error.message, error.cure, self._link.name))

    def timeline(self) -> TimeLine | None:
        """The time line as it stands."""
        return self._line

    def _begin(self, taken: Taken) -> None:
        """Know what the session knew at this reading."""
        link, state = self._link, self.replay.recording.state(taken)
        link.generation += 1  # births and timeouts of another moment are asked for anew
        link.births = link.timeouts = None
        if "births_note" in state:
            told = self.replay.recording.answer(BIRTHS, taken)
            rows = told.rows.rows if isinstance(told, Answer) and told.rows is not None else ()
            by_id = {as_text(row[0]): _time(row[1]) for row in rows if len(row) > 1}
            link.births = KnownBirths(by_id, _text(state.get("births_note")), link.generation)
        timeouts = state.get("timeouts")
        if isinstance(timeouts, dict):
            seconds = {name: each for name, each in timeouts.items() if type(each) is int}
            link.timeouts = KnownTimeouts(
                seconds, _text(state.get("timeouts_note")), link.clock.monotonic(), link.generation, None
            )


def levels_of(recording: Recording) -> tuple[float | None, ...]:
    """The levels of the time line: a part without a poll is as the one before it, unless it lies in a gap."""
    first, last = recording.first(), recording.last()
    if first is None or last is None:
        return ()
    levels = recording.levels(PARTS)
    part = max(last.at - first.at, 1e-3) / PARTS
    empty = {
        number
        for gap in recording.gaps(first.at, last.at)
        for number in range(
            max(0, math.ceil((gap.at - gap.gap - first.at) / part)),
            min(PARTS, int((gap.at - first.at) / part)),
        )
    }
    before: float | None = None
    for number, share in enumerate(levels):
        levels[number] = before = share if share is not None or number in empty else before
    return tuple(levels)


def _time(born: Value) -> datetime | None:
    try:
        found = datetime.fromisoformat(born) if isinstance(born, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _text(value: Json) -> str:
    return value[:500] if isinstance(value, str) else ""


def earlier_samples(recording: Recording, end: datetime) -> list[Sample]:
    """What a recording that goes on already holds, for the plots of the session that goes on with it."""
    first = recording.first()
    if first is None:
        return []
    start = max((end - CountHistory.most).timestamp(), first.at)
    return [sample_of(each) for each in recording.polls(start, end.timestamp(), 10 * PARTS)]
