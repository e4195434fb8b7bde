"""Reads a recording as of a moment. What stands in the file is as untrusted as what comes from the wire."""

from __future__ import annotations

import json
import math
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from irisops.instance import errors
from irisops.instance.calls import Answer, Call, Value
from irisops.instance.driver_process.channel import Json
from irisops.instance.models import PollCounts
from irisops.recording import schema
from irisops.recording.answers import answer_of, damaged, key_of, unpacked_body
from irisops.recording.readings import EmptyRecordingError, Poll
from irisops.recording.writer import STATE

_POLL = "id, at, gap, why, units, capacity, sessions, processes, connections, community, notes"
_WIDTH = 11
_USED = "max(coalesce(p.units, 0), coalesce(p.connections, 0))"
_WHYS = frozenset({"", "asleep", "silent", "restarted", "clock"})
_MOST_TEXT = 2_000
MOST_CELLS = 1_000_000
"""Cells of whole answers that are kept unpacked: five times ten thousand processes, each 3 MB, or more small lists."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A reading: its number, when it began (seconds since 1970), and the list it is of."""

    id: int
    at: float
    name: str


class Recording:
    """An open recording. From any thread; it may still be written by another program."""

    def __init__(self, path: Path, *, most_cells: int = MOST_CELLS) -> None:
        """Raises `RecordingError`, with one sentence, for anything that is not a whole recording.

        Without a poll it is an `EmptyRecordingError`. `most_cells` of whole answers are kept unpacked.
        """
        self.path = path
        self._most_cells = most_cells
        self._lock = threading.Lock()
        self._whole: dict[tuple[str, int], list[list[Value]]] = {}
        """The columns of the whole answers used last, by call and the number of their reading."""
        self._connection = schema.opened(path, mode="ro")
        try:
            rows = self._rows("SELECT name, value FROM about LIMIT 100")
            empty = self.first() is None or self.last() is None
        except BaseException:
            self._connection.close()
            raise
        self.about = {str(name)[:100]: str(value)[:_MOST_TEXT] for name, value in rows}
        if empty:
            self._connection.close()
            raise EmptyRecordingError(f"{path.name} holds no poll yet.")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _rows(self, sql: str, given: Sequence[object] = ()) -> list[tuple[object, ...]]:
        try:
            with self._lock:
                return self._connection.execute(sql, given).fetchall()
        except (sqlite3.Error, OverflowError, ValueError) as error:  # such as a text that is no UTF-8
            raise damaged(f"{error}"[:200]) from None

    # Polls

    def first(self) -> Poll | None:
        """The oldest poll; None if there is none."""
        return self._poll("ORDER BY id LIMIT 1")

    def last(self) -> Poll | None:
        """The newest poll."""
        return self._poll("ORDER BY id DESC LIMIT 1")

    def poll_at(self, at: float) -> Poll | None:
        """The newest poll that was made by then; None before the first."""
        return self._poll("WHERE at <= ? ORDER BY at DESC, id DESC LIMIT 1", at)

    def beside(self, poll: Poll, step: int) -> Poll:
        """The poll `step` polls later, earlier if it is negative; the last or first one if there are fewer."""
        compare, order = (">", "") if step > 0 else ("<", "DESC")
        found = self._polls(f"WHERE id {compare} ? ORDER BY id {order} LIMIT ?", poll.id, abs(step))
        return found[-1] if found else poll

    def next_change(self, poll: Poll, *, back: bool = False) -> Poll | None:
        """The nearest poll with other counts, or after a gap; None if there is none."""
        compare, order = ("<", "DESC") if back else (">", "")
        counts = poll.counts
        return self._poll(
            f"WHERE id {compare} ? AND (units IS NOT ? OR sessions IS NOT ? OR processes IS NOT ? OR "
            f"connections IS NOT ? OR why <> '') ORDER BY id {order} LIMIT 1",
            poll.id,
            counts.units_used,
            counts.sessions,
            counts.processes,
            counts.connections,
        )

    def full(self, poll: Poll) -> Poll | None:
        """The next poll at which the license has become full, from the beginning again after the last one."""
        full = f"p.capacity > 0 AND {_USED} >= p.capacity"
        # The first of each time that it was full: the poll before it was not, or there is none.
        before = f"b.id = p.id - 1 AND b.capacity > 0 AND {_USED.replace('p.', 'b.')} >= b.capacity"
        first = f"{full} AND NOT EXISTS (SELECT 1 FROM polls b WHERE {before}) ORDER BY p.id LIMIT 1"  # noqa: S608 - words of ours
        return self._poll(f"WHERE p.id > ? AND {first}", poll.id) or self._poll(
            f"WHERE p.id <= ? AND {first}", poll.id
        )

    def polls(self, start: float, end: float, most: int) -> list[Poll]:
        """Polls of a span, oldest first. Of more than `most` the one with the most units in use of each part stays."""
        part = "CAST((at - ?) * ? / ? AS INTEGER)"
        return self._polls(
            f"WHERE at >= ? AND at <= ? GROUP BY {part} ORDER BY id",
            start,
            end,
            start,
            most,
            max(end - start, 1e-3),
        )

    def before(self, poll: Poll, count: int) -> list[Poll]:
        """The newest polls up to this one, oldest first."""
        return self._polls("WHERE id <= ? ORDER BY id DESC LIMIT ?", poll.id, count)[::-1]

    def gaps(self, start: float, end: float) -> list[Poll]:
        """The polls of a span that come after a gap."""
        return self._polls("WHERE at >= ? AND at <= ? AND why <> '' ORDER BY id LIMIT 1000", start, end)

    def levels(self, parts: int) -> list[float | None]:
        """The highest share of the license in use in equal parts of the whole time; None where nothing was recorded."""
        first, last = self.first(), self.last()
        if first is None or last is None:
            return []
        span = max(last.at - first.at, 1e-3)
        rows = self._rows(
            "SELECT min(CAST((at - ?) * ? / ? AS INTEGER), ?) AS part, max(1.0 * max(coalesce(units, 0), "
            "coalesce(connections, 0)) / max(capacity, 1)) FROM polls WHERE at >= ? AND at <= ? GROUP BY part",
            (first.at, parts, span, parts - 1, first.at, last.at),
        )
        found: list[float | None] = [None] * parts
        for part, share in rows:
            if type(part) is int and 0 <= part < parts:
                found[part] = float(share) if isinstance(share, int | float) else 0.0
        return found

    def _poll(self, which: str, *given: object) -> Poll | None:
        found = self._polls(which, *given)
        return found[0] if found else None

    def _polls(self, which: str, *given: object) -> list[Poll]:
        # In a group SQLite takes the other columns from the row that has the maximum.
        most = f", max({_USED})" if "GROUP BY" in which else ""
        rows = self._rows(f"SELECT {_POLL}{most} FROM polls p {which}", given)  # noqa: S608 - words of ours alone
        return [_poll_of(row[:_WIDTH]) for row in rows]

    # Readings

    def taken(self, at: float, poll: Poll, name: str = "") -> Taken | None:
        """The newest reading by then, of the list `name` if that is given; None if there is none."""
        rows = self._rows(
            "SELECT id, at, name FROM readings WHERE poll <= ? AND at <= ? AND (? = '' OR name = ?) "
            "ORDER BY id DESC LIMIT 1",
            (poll.id + 1, at, name, name),
        )
        return _taken_of(rows[0]) if rows else None

    def first_taken(self) -> Taken | None:
        """The oldest reading; None if no list was ever read."""
        rows = self._rows("SELECT id, at, name FROM readings ORDER BY id LIMIT 1")
        return _taken_of(rows[0]) if rows else None

    def answer(self, call: Call, taken: Taken) -> Answer | errors.InstanceProblem | None:
        """What this call was answered in the reading, else in the newest one before it; None if it was not made."""
        key = key_of(call)
        bodies = self._bodies(key, taken.id)
        if not bodies:
            return None
        if len(bodies) == 1:
            return answer_of([bodies[0][1]])[0]
        # Most jumps lead to another difference to a whole answer that was used before.
        base = bodies[0][0]
        kept = self._whole.pop((key, base), None)
        answer, columns = answer_of([body for _, body in bodies[kept is not None :]], kept)
        self._whole[key, base] = _shared(columns) if kept is None else columns
        while sum(map(_cells, self._whole.values())) > self._most_cells and len(self._whole) > 1:
            del self._whole[next(iter(self._whole))]
        return answer

    def state(self, taken: Taken) -> dict[str, Json]:
        """What the session knew at a reading, beside the answers."""
        bodies = self._bodies(f"{STATE} {taken.name}", taken.id)
        found = unpacked_body(bodies[-1][1]).get("state") if bodies else {}
        return found if isinstance(found, dict) else {}

    def _bodies(self, key: str, reading: int) -> list[tuple[int, bytes]]:
        """The bodies that make up an answer, the whole one first, each with the number of its reading."""
        rows = self._rows(
            "SELECT a.call, a.reading, a.base, a.body FROM calls c JOIN answers a ON a.call = c.id "
            "WHERE c.key = ? AND a.reading <= ? ORDER BY a.reading DESC LIMIT 1",
            (key, reading),
        )
        bodies: list[tuple[int, bytes]] = []
        while rows:
            call, at, base, body = rows[0]
            if type(at) is not int or not isinstance(body, bytes | None):
                raise damaged("an answer is no bytes")
            if body is not None:
                bodies.append((at, body))
            if base is None:
                break
            if type(base) is not int or base >= at or len(bodies) > 2:
                raise damaged("an answer is the difference to a later one")
            rows = self._rows(
                "SELECT call, reading, base, body FROM answers WHERE call = ? AND reading = ?", (call, base)
            )
            if not rows:
                raise damaged("an answer is the difference to one that is not there")
        return bodies[::-1]


def _shared(columns: list[list[Value]]) -> list[list[Value]]:
    """With equal texts of a column as one object: most columns of ten thousand processes have few."""
    made = []
    for column in columns:
        known: dict[Value, Value] = {}
        texts = _TEXTS.issuperset(map(type, column))  # of others equal ones may differ, as 1 and True do
        made.append([known.setdefault(cell, cell) for cell in column] if texts else column)
    return made


_TEXTS: frozenset[type] = frozenset((str, type(None)))


def _cells(columns: list[list[Value]]) -> int:
    return len(columns) * len(columns[0]) if columns else 1


def moment(at: float) -> datetime:
    """Seconds since 1970 as a time in UTC. Raises `RecordingError` for what is none."""
    try:
        return datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        raise damaged("a time is out of range") from None


def _taken_of(row: tuple[object, ...]) -> Taken:
    number, at, name = row
    if type(number) is not int or not isinstance(at, float) or not isinstance(name, str):
        raise damaged("a reading is none")
    moment(at)
    return Taken(number, at, name)


def _poll_of(row: tuple[object, ...]) -> Poll:
    number, at, gap, why, *counts, community, notes = row
    if type(number) is not int or not isinstance(at, float) or not isinstance(gap, float | int):
        raise damaged("a poll has no time")
    if not math.isfinite(at) or not math.isfinite(gap) or why not in _WHYS:
        raise damaged("a poll has no time")
    figures: list[int | None] = []
    for each in counts:
        if each is not None and type(each) is not int:
            raise damaged("a count is no number")
        figures.append(each)
    units, capacity, sessions, processes, connections = figures
    return Poll(
        at,
        PollCounts(
            units_used=units,
            units_limit=capacity,
            sessions=sessions,
            processes=processes,
            read_at=moment(at),
            round_trips=0,
            notes=_notes_of(notes),
            community=community == 1,
            connections=connections,
        ),
        number,
        float(gap),
        str(why),
    )


def _notes_of(notes: object) -> tuple[str, ...]:
    try:
        found = json.loads(notes) if isinstance(notes, str) else []
    except (ValueError, RecursionError):
        raise damaged("the notes of a poll are no list") from None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise damaged("the notes of a poll are no list")
    return tuple(each[:_MOST_TEXT] for each in found[:20])
