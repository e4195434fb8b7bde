"""Writes a recording: one transaction for each poll, so that a program that is killed loses at most one."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from irisops.files import open_private
from irisops.instance.models import PollCounts
from irisops.recording import schema
from irisops.recording.answers import Encoder
from irisops.recording.masks import Masks
from irisops.recording.readings import Reading, RecordingError

STATE = "state"
"""Key under which what the session knew is kept, beside the answers."""
SMALLEST = 1024 * 1024
"""Bytes below which no recording is held."""
LOOKED_EVERY = 32
"""Polls between two looks at the size."""
GAP_FACTOR = 3.0
"""Intervals without a poll that are a gap."""
SLEPT = 5.0
"""Seconds by which the wall clock may run ahead of the monotonic one before the machine is said to have slept."""

_NAMES = ("units", "capacity", "sessions", "processes", "connections")


class Writer:
    """An open recording. From one thread at a time; `most` is the size in bytes that the file keeps to."""

    def __init__(
        self,
        path: Path,
        about: Mapping[str, str],
        *,
        interval: float,
        most: int = 0,
        pseudonyms: bool = False,
    ) -> None:
        """Make the file, or go on in one of the same instance. Raises `RecordingError`.

        `interval` is the seconds between polls; `most` 0 is no limit.
        """
        self.path = path
        self.interval = interval
        self._most = max(most, SMALLEST) if most else 0
        self._token = secrets.token_hex(8)
        self._masks = Masks(pseudonyms=pseudonyms)
        self._encoder = Encoder(self._masks)
        self._calls: dict[str, int] = {}
        self._last: tuple[float, float] | None = None
        self._polls = 0
        self._floor = 0
        """The oldest reading that is kept."""
        made = not path.exists()
        if made:
            self._make(path)
        self._connection = schema.opened(path, mode="rw")
        try:
            self._begin(about, made=made, pseudonyms=pseudonyms)
        except BaseException:
            self._connection.close()
            raise

    def _make(self, path: Path) -> None:
        try:
            os.close(
                open_private(path, os.O_RDWR | os.O_EXCL)
            )  # 0600 from the start; SQLite's own files follow it
            connection = sqlite3.connect(path, isolation_level=None)
            with contextlib.closing(connection):
                connection.execute("BEGIN")
                for statement in (*schema.TABLES.values(), *schema.INDEXES.values()):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {schema.APPLICATION}")
                connection.execute(f"PRAGMA user_version = {schema.VERSION}")
                connection.execute("COMMIT")
        except OSError as error:
            raise RecordingError(f"{path} cannot be made: {error.strerror or error}.") from None
        except sqlite3.Error as error:
            raise RecordingError(f"{path} cannot be made: {error}.") from None

    def _begin(self, about: Mapping[str, str], *, made: bool, pseudonyms: bool) -> None:
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("BEGIN IMMEDIATE")
            known = dict(self._connection.execute("SELECT name, value FROM about"))
            if not made and known.get("instance") != about.get("instance"):
                raise RecordingError(f"{self.path.name} is a recording of another instance.")
            if not made and (pseudonyms or known.get("pseudonyms") == "yes"):
                raise RecordingError(f"{self.path.name} exists, and pseudonyms last for one recording.")
            given = {name: value.encode("utf-8", "replace").decode() for name, value in about.items()}
            facts = {**given, "writer": self._token, "pseudonyms": "yes" if pseudonyms else "no"}
            self._connection.executemany("REPLACE INTO about VALUES (?, ?)", facts.items())
            self._connection.execute("COMMIT")
            self._calls = {
                key: number for number, key in self._connection.execute("SELECT id, key FROM calls")
            }
            (self._next,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM readings").fetchone()
            self._floor = self._next + 1  # what another program wrote is no base of ours
        except sqlite3.Error as error:
            raise RecordingError(f"{self.path.name} cannot be written: {error}.") from None

    def add(
        self, counts: PollCounts, at: float, monotonic: float, readings: Sequence[Reading] = ()
    ) -> dict[str, int]:
        """Write a poll and what was read before it. `at` and `monotonic` in seconds. Raises `RecordingError`.

        Returns the bytes that each list took, by its name.
        """
        gap, why = self._gap(at, monotonic)
        notes = json.dumps([self._masks.text(each) for each in counts.notes])
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._still_ours()
            poll = self._connection.execute(
                "INSERT INTO polls (at, gap, why, units, capacity, sessions, processes, connections, community, notes) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    at,
                    gap,
                    why,
                    counts.units_used,
                    counts.units_limit,
                    counts.sessions,
                    counts.processes,
                    counts.connections,
                    int(counts.community),
                    notes,
                ),
            ).lastrowid
            sizes = {reading.name: self._add_reading(reading, poll or 0) for reading in readings}
            self._connection.execute("COMMIT")
            self._last = (at, monotonic)
            self._polls += 1
            if self._most and self._polls % LOOKED_EVERY == 0:
                self._keep_to_size()
        except sqlite3.Error as error:
            raise RecordingError(
                f"{self.path.name} cannot be written: {error}.", "Make room, then record again."
            ) from None
        return sizes

    def _still_ours(self) -> None:
        row = self._connection.execute("SELECT value FROM about WHERE name = 'writer'").fetchone()
        if row is None or row[0] != self._token:
            self._connection.execute("ROLLBACK")
            raise RecordingError(f"Another irisops records into {self.path.name} now.")

    def _add_reading(self, reading: Reading, poll: int) -> int:
        self._next += 1
        number = self._next
        answers = self._encoder.reading(number, reading.heard, self._floor)
        key = f"{STATE} {reading.name}"
        answers[key] = self._encoder.plain(key, self._masks.state(reading.state), number, self._floor)
        self._connection.execute(
            "INSERT INTO readings (id, poll, at, name) VALUES (?, ?, ?, ?)",
            (number, poll, reading.at, reading.name),
        )
        self._connection.executemany(
            "INSERT INTO answers (call, reading, base, whole, body) VALUES (?, ?, ?, ?, ?)",
            [(self._call(key), number, each.base, each.whole, each.body) for key, each in answers.items()],
        )
        return sum(each.size for each in answers.values())

    def _call(self, key: str) -> int:
        if key not in self._calls:
            made = self._connection.execute("INSERT INTO calls (key) VALUES (?)", (key,)).lastrowid
            self._calls[key] = made or 0
        return self._calls[key]

    def _gap(self, at: float, monotonic: float) -> tuple[float, str]:
        """Seconds before this poll that are not recorded, and why. The two clocks tell sleep from silence."""
        if self._last is None:
            row = self._connection.execute("SELECT at FROM polls ORDER BY id DESC LIMIT 1").fetchone()
            return (max(0.0, at - row[0]), "restarted") if row is not None else (0.0, "")
        wall, passed = at - self._last[0], monotonic - self._last[1]
        if wall < -SLEPT:
            return 0.0, "clock"
        if wall - passed > SLEPT:
            return wall, "asleep"
        if passed > max(GAP_FACTOR * self.interval, SLEPT):
            return passed, "silent"
        return 0.0, ""

    def _keep_to_size(self) -> None:
        """Let the oldest part go while the file is larger than it may be. Its room is used again."""
        (page,) = self._connection.execute("PRAGMA page_size").fetchone()
        while True:
            (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
            (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
            if (pages - free) * page <= 0.9 * self._most:
                return
            first, last = self._connection.execute("SELECT min(id), max(id) FROM polls").fetchone()
            if first == last:
                return
            cut = first + max(1, (last - first) // 5)
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("DELETE FROM polls WHERE id < ?", (cut,))
            (floor,) = self._connection.execute(
                "SELECT coalesce(min(id), ?) FROM readings WHERE poll >= ?", (self._next + 1, cut)
            ).fetchone()
            self._connection.execute("DELETE FROM readings WHERE id < ?", (floor,))
            # What is the difference to a part that has gone, goes with it.
            self._connection.execute("DELETE FROM answers WHERE whole < ?", (floor,))
            self._connection.execute("COMMIT")
            self._floor = max(self._floor, floor)

    def note(self, name: str, value: str) -> None:
        """Write one fact about the recording. Raises `RecordingError`."""
        try:
            self._connection.execute("REPLACE INTO about VALUES (?, ?)", (name, value))
        except sqlite3.Error as error:
            raise RecordingError(f"{self.path.name} cannot be written: {error}.") from None

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size

    def close(self) -> None:
        """End it as one file, without the two that stand beside it while it is written."""
        with contextlib.suppress(
            sqlite3.Error
        ):  # somebody reads it: its last part stays beside it, which is as good
            self._connection.execute("PRAGMA journal_mode = DELETE")
        self._connection.close()


def begun_at(moment: datetime) -> str:
    """A moment as it stands in `about`."""
    return moment.astimezone(UTC).isoformat()
