"""/at: go to a moment of a recording; and what changed between two of them (/diff 09:00 10:00 in a replay)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from irisops.commands.sessions.listing import short_id
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Column, Facts, Refusal, Table, Tone
from irisops.contract.wording import counted, duration, harmless
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.calls import Value
from irisops.instance.errors import InstanceProblem
from irisops.instance.usage.license import read_board
from irisops.instance.usage.processes import list_processes, some_cells
from irisops.instance.usage.sessions import list_sessions
from irisops.instance.values import as_int, as_text
from irisops.recording.readings import Poll, RecordingError
from irisops.recording.replayed import Replay

Cells = Sequence[Value]
FORMS = "Write 14:02, 14:02:30, 2026-11-29 14:02, +5m, -1h, next, previous, full, start or end."
WHYS = {
    "asleep": "the machine that recorded slept",
    "silent": "the instance was not reached",
    "restarted": "nobody recorded",
    "clock": "the clock was set back",
}
_CLOCK = re.compile(r"(?:(\d{4}-\d{2}-\d{2})[ T])?(\d{1,2}):(\d{2})(?::(\d{2}))?")
_STEP = re.compile(r"([+-])(\d{1,6})\s*(s|m|min|h|d)?", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_ABSENT = "–"
_TONES: Mapping[str, Tone] = {"came": "good", "went": "quiet", "changed": "warn"}


def replay_of(context: Context) -> tuple[Link, Replay]:
    """The replay that is open. Raises `Refusal`."""
    link = context.hub.active
    if link is None or not isinstance(link.tape, Replay):
        raise Refusal(
            "NoRecording",
            "This is no recording: what is shown is live.",
            "irisops replay FILE opens one; /record FILE makes one.",
        )
    return link, link.tape


async def at(context: Context, command: Command) -> Replies:
    """Go to a moment."""
    link, replay = replay_of(context)
    words = " ".join(command.words("when")).strip().casefold()
    _go(replay, words, context.clock.now())
    yield _card(link, replay)


def _go(replay: Replay, words: str, now: datetime) -> None:
    found: Poll | None
    if not words:
        return
    if words in ("next", "previous"):
        found = replay.recording.next_change(replay.poll, back=words == "previous")
        if found is None:
            raise Refusal(
                "NoChange", f"No count changes {'after' if words == 'next' else 'before'} this moment.", FORMS
            )
        replay.stand(found)
    elif words == "full":
        found = replay.recording.full(replay.poll)
        if found is None:
            raise Refusal("NeverFull", "The license was never full in this recording.", FORMS)
        replay.stand(found)
    elif words in ("start", "end"):
        replay.stand(replay.start if words == "start" else replay.end)
    else:
        replay.go(moment_of(replay, words, now))


def moment_of(replay: Replay, text: str, now: datetime) -> float:
    """A moment of the recording, seconds since 1970; `now` is where the replay stands.

    A time of day is that of this day, else of the last day that has it.
    Raises `Refusal` for another text, and for a moment that is not in the recording.
    """
    step = _STEP.fullmatch(text)
    start, end = replay.start.at, replay.end.at
    if text in ("start", "end"):
        return start if text == "start" else end
    if step is not None:
        return now.timestamp() + int(f"{step[1]}{step[2]}") * _SECONDS[(step[3] or "m").casefold()]
    found = _CLOCK.fullmatch(text)
    try:
        days = [datetime.fromisoformat(found[1])] if found and found[1] else _days(now, start, end)
        wanted = [
            day.replace(hour=int(found[2]), minute=int(found[3]), second=int(found[4] or 0), microsecond=0)
            for day in days
            if found
        ]
    except ValueError:
        found, wanted = None, []
    if found is None:
        raise Refusal("BadMoment", f"{harmless(text, 40)} is no moment.", FORMS)
    # A minute is meant as a whole: 14:02 is in a recording that begins at 14:02:30.
    slack = 0 if found[4] else 59
    for each in wanted:
        if start <= each.timestamp() + slack and each.timestamp() <= end:
            return each.timestamp()
    raise Refusal(
        "NotRecorded",
        f"{harmless(text, 40)} is not in the recording, which is from {_shown(start)} to {_shown(end)}.",
        FORMS,
    )


def _days(now: datetime, start: float, end: float) -> list[datetime]:
    """The days of the recording in the local zone: that of `now` first, then from the last to the first."""
    first, last = (datetime.fromtimestamp(each).astimezone().date() for each in (start, end))
    here = now.astimezone().date()
    days = [last - timedelta(days=count) for count in range(min((last - first).days, 3660) + 1)]
    return [datetime(each.year, each.month, each.day) for each in (here, *days)]  # noqa: DTZ001 - local time is meant


def _shown(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC).astimezone():%Y-%m-%d %H:%M:%S}"


def _card(link: Link, replay: Replay) -> Facts:
    counts, taken = replay.poll.counts, replay.recording.taken(replay.clock.at, replay.poll)
    notes = []
    if replay.poll.why:
        gap = f" for {duration(replay.poll.gap)}" if replay.poll.gap else ""
        notes.append(f"Nothing is recorded{gap} before this: {WHYS[replay.poll.why]}.")
    if taken is None:
        notes.append("No list was read by then: the counts alone are known.")
    entries: list[cards.Entry] = [
        ("at", "", replay.clock.now()),
        ("instance", "Instance", link.instance_name),
        ("in_use", "In use", counts.in_use),
        ("limit", "Allowed", counts.units_limit),
        ("sessions", "Web sessions", counts.sessions),
        ("processes", "Processes", counts.processes),
        ("start", "", replay.start.counts.read_at),
        ("end", "", replay.end.counts.read_at),
        ("lists_at", "", None if taken is None else datetime.fromtimestamp(taken.at, UTC)),
        # A poll is two seconds, and a time in a card has none.
        ("recorded", "Recorded from", f"{_shown(replay.start.at)} to {_shown(replay.end.at)}"),
        ("lists", "Lists as of", "" if taken is None else _shown(taken.at)),
    ]
    title = f"Moment of the recording: {_shown(replay.clock.at)}"
    return cards.facts_card("moment", title, entries, [*notes, *counts.notes], hide_empty=True)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One moment: what each list held, by name, None if it was not read by then. Few are told, so none is worded."""

    poll: Poll
    holders: Mapping[str, Cells] | None
    sessions: Mapping[str, Cells] | None
    processes: Mapping[str, Cells] | None


async def diff_moments(context: Context, first: str, second: str) -> Replies:
    """What changed between two moments: counts, holders, web sessions, processes."""
    link, replay = replay_of(context)
    now = context.clock.now()
    start = moment_of(replay, first.casefold(), now)
    end = moment_of(replay, second.casefold(), now) if second else now.timestamp()
    left, right = await _seen(link, replay, start), await _seen(link, replay, end)
    rows = [*_counts(left.poll, right.poll)]
    notes = []
    for kind, before, after, worded in (
        ("holder", left.holders, right.holders, _of_holder),
        ("session", left.sessions, right.sessions, _of_session),
        ("process", left.processes, right.processes, _of_process),
    ):
        if before is None or after is None:
            notes.append(f"Which {kind}s came and went is not known: they were not read by then.")
        else:
            rows += await asyncio.to_thread(_changes, kind, before, after, worded)
    notes += [
        f"Nothing is recorded for {duration(poll.gap)} before {_shown(poll.at)}: {WHYS[poll.why]}."
        for poll in replay.recording.gaps(min(start, end), max(start, end))
    ]
    yield Table(
        "moments",
        f"{_shown(left.poll.at)} and {_shown(right.poll.at)}",
        (
            Column("kind", "KIND", hide_under=1000),
            Column("object", "WHAT", grow=True, least=16),
            Column("what", "CHANGE", tones=_TONES),
            Column("first", f"{left.poll.counts.read_at.astimezone():%H:%M:%S}", grow=True, wrap=2),
            Column("second", f"{right.poll.counts.read_at.astimezone():%H:%M:%S}", grow=True, wrap=2),
        ),
        rows,
        key="object",
        notes=[*([] if rows else ["Nothing that was read has changed."]), *notes],
        group="kind",
    )


async def _seen(link: Link, replay: Replay, at: float) -> _Seen:
    poll = replay.recording.poll_at(at) or replay.start
    connection = link.connection
    lists: list[Mapping[str, Cells] | None] = []

    async def holders() -> Mapping[str, Cells]:
        board = await read_board(connection, now=link.clock.now())
        return {each.holder: (each.units, each.connections) for each in board.holders}

    async def sessions() -> Mapping[str, Cells]:
        found = await list_sessions(connection)
        return {each.id: (each.username, each.application) for each in found}

    async def processes() -> Mapping[str, Cells]:
        cells = some_cells(await list_processes(connection), _OF_A_PROCESS)
        return await asyncio.to_thread(lambda: {str(as_int(pid) or 0): row for pid, *row in cells})

    for name, read in (("license", holders), ("sessions", sessions), ("processes", processes)):
        with replay.reading(name, at, poll):
            try:
                lists.append(await read())
            except RecordingError:
                raise
            except InstanceProblem:  # it was not read, or refused: the note says that it is not known
                lists.append(None)
    return _Seen(poll, *lists)


_OF_A_PROCESS = ("pid", "username", "routine", "clientexecutablename", "namespace")


def _of_holder(cells: Cells) -> str:
    units, connections = map(as_int, cells)
    return f"{counted(units or 0, 'unit')}, {counted(connections or 0, 'connection')}"


def _of_session(cells: Cells) -> str:
    username, application = map(as_text, cells)
    return f"{username or 'no login'} on {application}"


def _of_process(cells: Cells) -> str:
    username, routine, executable, namespace = map(as_text, cells)
    return f"{username or 'system'}, {routine or executable} in {namespace}"


def _counts(left: Poll, right: Poll) -> Iterable[dict[str, str]]:
    for name, before, after in (
        ("in use", left.counts.in_use, right.counts.in_use),
        ("allowed", left.counts.units_limit, right.counts.units_limit),
        ("web sessions", left.counts.sessions, right.counts.sessions),
        ("processes", left.counts.processes, right.counts.processes),
    ):
        if before != after:
            shown = [_ABSENT if each is None else f"{each:,}" for each in (before, after)]
            yield {"kind": "count", "object": name, "what": "changed", "first": shown[0], "second": shown[1]}


def _changes(
    kind: str, before: Mapping[str, Cells], after: Mapping[str, Cells], worded: Callable[[Cells], str]
) -> list[dict[str, str]]:
    rows = []
    for name in {**before, **after}:
        first, second = before.get(name), after.get(name)
        if first == second:
            continue
        shown = [_ABSENT if each is None else worded(each) for each in (first, second)]
        what = "came" if first is None else "went" if second is None else "changed"
        if shown[0] != shown[1]:
            # The ids themselves must not be shown, and the starts of two may be the same.
            told = short_id(name) if kind == "session" else name
            rows.append({"kind": kind, "object": told, "what": what, "first": shown[0], "second": shown[1]})
    return rows
