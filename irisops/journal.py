"""What was changed on an instance, when, by whom, and how to take it back: one append-only JSONL file per profile.

A change is two lines: the intent, written and synced before the first call, and the outcome after the state was read
back; in between, one line for each call that returned. An intent without an outcome means that the program died in
between; the next start says what was and was not done. Lines are never rewritten; undoing is a change of its own that
names the number it undoes. No secret is ever written. The shape of the lines is `irisops.journal_lines`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from irisops.files import cure_of, locked, open_private, read_file, sync_folder
from irisops.journal_lines import MOST_LEAP, Line, LineError, Skipped, places, read_lines, written

Status = Literal["done", "failed", "unknown"]
"""`unknown`: the outcome was never written, or the call's effect could not be read back."""


class JournalError(Exception):
    """The journal cannot be written or read, so nothing may be changed."""

    @property
    def cure(self) -> str:
        """What to do."""
        cause = self.__cause__
        return cause.cure if isinstance(cause, LineError) else cure_of(cause)


class Reverse(NamedTuple):
    """The states before and after a change, with its kind and object.

    Enough to undo it, or to finish it when it was cut off. `kind` is one that a command declares in
    `CommandSpec.undo`, e.g. `audit.refusals`; objects such as users and services have `Touched`.
    """

    kind: str
    target: str
    before: tuple[str, ...]
    after: tuple[str, ...]


Fields = Mapping[str, str | bool | tuple[str, ...]]


class Touched(NamedTuple):
    """One object of a change: its fields before and after; None where it does not exist.

    `follows` marks a side effect of another object of the same change.
    """

    kind: str
    name: str
    before: Fields | None
    after: Fields | None
    follows: bool = False


FINISHED_BY = "finished by change "
"""Detail of the outcome of a change that was cut off and finished later; the number follows."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A change that is about to be made."""

    title: str
    command: str
    instance: str
    user: str
    changes: Sequence[tuple[str, str, str]]
    """(name, before, after), as shown in the plan."""
    calls: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reverse: Reverse | None = None
    undoes: int | None = None
    touched: Sequence[Touched] = ()
    """Objects with their fields before and after: used for undo where there is no `reverse`."""
    steps: Sequence[str] = ()
    """The calls that will be made, in order."""
    passwords: Sequence[str] = ()
    """Users whose password the change sets. The password itself is never written."""
    final: str = ""
    """Why the change cannot be undone, as a sentence; "" if it can."""


class Entry(NamedTuple):
    """One change in the journal. `steps_done` counts the calls that are known to have returned."""

    number: int
    at: datetime
    intent: Intent
    status: Status
    detail: str = ""
    undone_by: int | None = None
    steps_done: int = 0

    @property
    def can_be_undone(self) -> bool:
        """True if /undo may be offered."""
        return self.status == "done" and self._known and not self.intent.final and self.undone_by is None

    @property
    def half_done(self) -> bool:
        """True if it may be partly carried out: /finish and, unless it is final, /undo may be offered."""
        cut_off = self.status == "unknown" or (self.status == "failed" and self.steps_done > 0)
        return cut_off and self.undone_by is None and self._known

    @property
    def _known(self) -> bool:
        """True if the states before and after are known."""
        return self.intent.reverse is not None or bool(self.intent.touched)


class Reading(NamedTuple):
    """The contents of a journal: all readable changes, oldest first, and the skipped lines."""

    entries: Sequence[Entry]
    unreadable: Sequence[int] = ()
    """Numbers of the lines that cannot be read, or that belong to one that cannot."""
    newer: Sequence[int] = ()
    """Numbers of the lines written by a newer irisops."""
    path: Path = Path()

    @property
    def skipped(self) -> str:
        """Which lines were skipped, as a sentence; "" if none."""
        told = []
        if self.unreadable:
            told.append(f"{places(self.unreadable)} cannot be read")
        if self.newer:
            told.append(
                f"{places(self.newer)} {'was' if len(self.newer) == 1 else 'were'} written by a newer irisops"
            )
        count = len(self.unreadable) + len(self.newer)
        noun = "line" if count == 1 else "lines"
        return f"The journal {self.path} was read without {count} {noun}: {', '.join(told)}." if told else ""

    def unfinished(self) -> list[Entry]:
        """Changes without an outcome: the program died in between."""
        return [
            entry
            for entry in self.entries
            if entry.status == "unknown" and not entry.detail and entry.undone_by is None
        ]

    def entry(self, number: int) -> Entry | None:
        """The change of that number; the later one if a damaged journal has two."""
        return next((entry for entry in reversed(self.entries) if entry.number == number), None)


@dataclass(slots=True)
class _Change:
    """A change while its lines are collected."""

    line: Line
    outcome: Line | None = None
    steps: int = 0
    undoes: _Change | None = None
    undone_by: int | None = None
    reopened_by: int | None = None
    """The change that took back its rest alone, after it was cut off and finished: it is half-done again."""


class Journal:
    """The journal of one profile. `clock` gives the time in UTC."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self.path = path
        self._clock = clock
        self._last = path.with_name(f".{path.name}.last")
        """Holds the last number given out, so that a damaged journal does not lead to a number being reused."""

    @classmethod
    def of_profile(cls, folder: Path, profile: str, clock: Callable[[], datetime]) -> Journal:
        """The journal of `profile` in `folder`, under a file name that is safe on every platform."""
        safe = re.sub(r"[^A-Za-z0-9_-]", "_", profile)[:40]
        if safe != profile:
            from hashlib import sha256  # noqa: PLC0415 - 0.6 MB with OpenSSL's part, which no idle chat needs

            safe = f"{safe}-{sha256(profile.encode()).hexdigest()[:8]}"
        return cls(folder / f"{safe}.jsonl", clock)

    def intend(self, intent: Intent) -> int:
        """Write an intent; returns its number. Raises `JournalError`; then nothing may be changed."""
        record: dict[str, Any] = {
            "kind": "intent",
            "at": self._clock().isoformat(),
            "title": intent.title,
            "command": intent.command,
            "instance": intent.instance,
            "user": intent.user,
            "changes": [list(change) for change in intent.changes],
            "calls": {language: list(lines) for language, lines in intent.calls.items()},
        }
        if intent.reverse is not None:
            reverse = intent.reverse
            record["reverse"] = {
                "kind": reverse.kind,
                "target": reverse.target,
                "before": list(reverse.before),
                "after": list(reverse.after),
            }
        if intent.undoes is not None:
            record["undoes"] = intent.undoes
        if intent.touched:
            record["touched"] = [
                {
                    "kind": each.kind,
                    "name": each.name,
                    "before": each.before,
                    "after": each.after,
                    "follows": each.follows,
                }
                for each in intent.touched
            ]
        if intent.steps:
            record["steps"] = list(intent.steps)
        if intent.passwords:
            record["passwords"] = list(intent.passwords)
        if intent.final:
            record["final"] = intent.final
        return self._append(record)

    def step(self, number: int) -> None:
        """Record that one more call of change `number` returned. Raises `JournalError`."""
        self._append({"kind": "step", "at": self._clock().isoformat()}, number)

    def outcome(self, number: int, status: Status, detail: str = "") -> None:
        """Record the outcome of change `number`. Raises `JournalError`."""
        record = {"kind": "outcome", "at": self._clock().isoformat(), "status": status, "detail": detail}
        self._append(record, number)

    def read(self) -> Reading:
        """Read the journal. Raises `JournalError`.

        A change whose outcome cannot be read counts as cut off: its state is looked up on the instance.
        """
        changes: list[_Change] = []
        latest: dict[int, _Change] = {}
        unreadable: list[int] = []
        newer: list[int] = []
        for line in self._lines():
            if isinstance(line, Skipped):
                (newer if line.newer else unreadable).append(line.at_line)
            elif line.kind == "intent":
                known = latest.get(line.number)
                if known is not None and known.line.data == line.data:
                    continue  # the same line twice
                undoes = line.data.get("undoes")
                change = _Change(line, undoes=latest.get(undoes) if undoes is not None else None)
                latest[line.number] = change
                changes.append(change)
            elif line.number not in latest:
                unreadable.append(line.at_line)  # its intent was skipped
            elif line.kind == "step":
                latest[line.number].steps += 1
            elif _contradicts(latest[line.number].outcome, line):
                unreadable.append(line.at_line)
            else:
                latest[line.number].outcome = line
        for change in changes:
            if change.undoes is not None and change.outcome and change.outcome.data["status"] == "done":
                change.undoes.undone_by = change.line.number
        for change in changes:
            change.reopened_by = _reopened_by(change, latest)
        return Reading([_entry(change) for change in changes], unreadable, newer, self.path)

    def entries(self) -> Sequence[Entry]:
        """All changes that can be read, oldest first. Raises `JournalError`."""
        return self.read().entries

    def unfinished(self) -> list[Entry]:
        """As `Reading.unfinished`. Raises `JournalError`."""
        return self.read().unfinished()

    def _lines(self) -> list[Line | Skipped]:
        try:
            return read_lines(read_file(self.path))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JournalError(
                f"The journal {self.path} cannot be read: {error.strerror or error}."
            ) from error

    def _append(self, record: Mapping[str, object], number: int | None = None) -> int:
        """Append one line durably. The number of an intent is assigned under the lock."""
        try:
            with locked(self.path):
                fresh = number is None
                if number is None:
                    number = self._next_number()
                line = written(number, record)
                if fresh:
                    self._keep_number(number)
                self._write(line)
        except (OSError, LineError) as error:
            said = (error.strerror if isinstance(error, OSError) else None) or error
            raise JournalError(
                f"The journal {self.path} cannot be written: {said}. Nothing is changed without it."
            ) from error
        return number

    def _next_number(self) -> int:
        """An unused number. Without a likely last one in its file, each unreadable line may have had a number."""
        lines = self._lines()
        highest = max((each.number for each in lines if each.number is not None), default=0)
        kept = self._kept_number()
        if kept is None or kept > highest + MOST_LEAP:
            return highest + sum(each.number is None for each in lines) + 1
        return max(highest, kept) + 1

    def _kept_number(self) -> int | None:
        try:
            text = read_file(self._last, 20).strip()
        except FileNotFoundError:
            return None
        return int(text) if text.isdigit() else None

    def _keep_number(self, number: int) -> None:
        """Write the last number in place, as one small block; if it is torn, the journal's own lines are used."""
        descriptor = open_private(self._last, os.O_WRONLY)
        try:
            os.write(descriptor, b"%010d\n" % number)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _write(self, line: bytes) -> None:
        fresh = not self.path.exists()
        descriptor = open_private(self.path, os.O_RDWR | os.O_APPEND)
        try:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and _last_byte(descriptor, size) != b"\n"
            data = (b"\n" if torn else b"") + line
            while data:
                data = data[os.write(descriptor, data) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if fresh:
            sync_folder(self.path.parent)


def _contradicts(known: Line | None, other: Line) -> bool:
    """True if a second outcome says that a change which was done was not: its number must be another's."""
    return known is not None and known.data["status"] == "done" != other.data["status"]


def _reopened_by(change: _Change, latest: Mapping[int, _Change]) -> int | None:
    """The change in force that took back the one which finished this; None if there is none."""
    detail = str(change.outcome.data.get("detail", "")) if change.outcome else ""
    number = detail.removeprefix(FINISHED_BY)
    finishing = latest.get(int(number)) if number != detail and number.isdecimal() else None
    undone_by = finishing.undone_by if finishing is not None else None
    undoing = latest.get(undone_by) if undone_by is not None else None
    return undone_by if undoing is not None and undoing.undone_by is None else None


def _last_byte(descriptor: int, size: int) -> bytes:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1)


def _entry(change: _Change) -> Entry:
    record = change.line.data
    reverse = record.get("reverse")
    touched = [
        Touched(
            each["kind"],
            each["name"],
            _fields(each["before"]),
            _fields(each["after"]),
            bool(each.get("follows")),
        )
        for each in record.get("touched", ())
    ]
    if reverse and reverse["kind"] in OLD_SETTINGS:
        touched += _old_settings(reverse)
        reverse = None
    intent = Intent(
        title=record.get("title", ""),
        command=record.get("command", ""),
        instance=record.get("instance", ""),
        user=record.get("user", ""),
        changes=[(str(what), str(before), str(after)) for what, before, after in record.get("changes", [])],
        calls=record.get("calls", {}),
        reverse=(
            Reverse(reverse["kind"], reverse["target"], tuple(reverse["before"]), tuple(reverse["after"]))
            if reverse
            else None
        ),
        undoes=record.get("undoes"),
        touched=tuple(touched),
        steps=tuple(record.get("steps", ())),
        passwords=tuple(record.get("passwords", ())),
        final=record.get("final", ""),
    )
    outcome = change.outcome.data if change.outcome else {}
    status: Status = outcome.get("status", "unknown")
    return Entry(
        number=change.line.number,
        at=change.line.at,
        intent=intent,
        status=status if change.reopened_by is None else "unknown",
        detail=outcome.get("detail", "")
        + ("" if change.reopened_by is None else f", which change {change.reopened_by} took back"),
        undone_by=change.undone_by,
        steps_done=change.steps,
    )


OLD_SETTINGS: Mapping[str, str] = {
    "settings.service": "service",
    "settings.application": "application",
    "settings.resource": "resource",
}
"""Kinds of `Reverse` that irisops 0.1 wrote where `Touched` is used now: one object per line, as JSON."""


def _old_settings(reverse: Mapping[str, Any]) -> list[Touched]:
    kind = OLD_SETTINGS[reverse["kind"]]
    try:
        pairs = zip(map(json.loads, reverse["before"]), map(json.loads, reverse["after"]), strict=True)
        found = [
            Touched(kind, before.pop("name"), _fields(before), _fields(after))
            for before, after in pairs
            if after.pop("name") and before.keys() - {"name"} == after.keys()
        ]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        found = []
    if len(found) == len(reverse["before"]) and found and all(isinstance(each.name, str) for each in found):
        return found
    # A damaged state: no object has this field, so the caller reports that it does not understand it.
    return [Touched(kind, reverse["target"], {"unreadable": ""}, {"unreadable": ""})]


def _fields(raw: dict[str, Any] | None) -> Fields | None:
    """Fields with their tuples restored, which JSON stores as lists."""
    if raw is None:
        return None
    return {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}
