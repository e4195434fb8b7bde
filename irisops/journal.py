"""What was changed on an instance, when, by whom, and how to take it back: one append-only JSONL file per profile.

A change is two lines: the intent, written and synced before the first call, and the outcome after the state was read
back; in between, one line for each call that returned. An intent without an outcome means that the program died in
between; the next start says what was and was not done. Lines are never rewritten; undoing is a change of its own that
names the number it undoes. No secret is ever written.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from irisops.files import locked, open_private, sync_folder

Status = Literal["done", "failed", "unknown"]
"""`unknown`: the outcome was never written, or the call's effect could not be read back."""


class JournalError(Exception):
    """The journal cannot be written or read: nothing must be changed then. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Reverse:
    """What a change leads from and to: its kind, its object, the state before it and the one that it leaves.

    From that it can be taken back, or finished when it was cut off. `kind` is one of
    `irisops.commands.transitions.KINDS`, e.g. `audit.refusals`; users and roles have `Touched`.
    """

    kind: str
    target: str
    before: tuple[str, ...]
    after: tuple[str, ...]


Fields = Mapping[str, str | bool | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Touched:
    """One object of a change: its fields before and after. None: it was not there, or is gone.

    `follows` marks what happened by itself through another object of the same change.
    """

    kind: str
    name: str
    before: Fields | None
    after: Fields | None
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be changed."""

    title: str
    command: str
    instance: str
    user: str
    changes: Sequence[tuple[str, str, str]]
    """(what, before, after), as the plan showed it."""
    calls: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reverse: Reverse | None = None
    undoes: int | None = None
    touched: Sequence[Touched] = ()
    """Users and roles with their fields before and after: another way to take a change back than `reverse`."""
    steps: Sequence[str] = ()
    """The calls that will be made, in order."""
    passwords: Sequence[str] = ()
    """Users whose password the change sets; the password itself is never written."""
    final: str = ""
    """Why nobody can take it back, as a sentence; "" for a change that can be taken back."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change as the journal knows it. `steps_done` counts the calls that are known to have returned."""

    number: int
    at: datetime
    intent: Intent
    status: Status
    detail: str = ""
    undone_by: int | None = None
    steps_done: int = 0

    @property
    def can_be_undone(self) -> bool:
        """Whether /undo may be offered."""
        return self.status == "done" and self._known and not self.intent.final and self.undone_by is None

    @property
    def half_done(self) -> bool:
        """Whether it may be only partly carried out, so that /finish and, unless it is final, /undo may be offered."""
        cut_off = self.status == "unknown" or (self.status == "failed" and self.steps_done > 0)
        return cut_off and self.undone_by is None and self._known

    @property
    def _known(self) -> bool:
        """Whether the states before and after are known."""
        return self.intent.reverse is not None or bool(self.intent.touched)


class Journal:
    """The journal of one profile. `clock` gives the time in UTC."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self.path = path
        self._clock = clock

    @classmethod
    def of_profile(cls, folder: Path, profile: str, clock: Callable[[], datetime]) -> Journal:
        """The journal of `profile` in `folder`; the file's name is safe on every platform."""
        safe = re.sub(r"[^A-Za-z0-9_-]", "_", profile)[:40]
        if safe != profile:
            safe = f"{safe}-{sha256(profile.encode()).hexdigest()[:8]}"
        return cls(folder / f"{safe}.jsonl", clock)

    def intend(self, intent: Intent) -> int:
        """Write what is about to happen; returns its number. Raises `JournalError`: then do not change anything."""
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
        """Write that one more call of change `number` returned. Raises `JournalError`."""
        self._append({"kind": "step", "at": self._clock().isoformat()}, number)

    def outcome(self, number: int, status: Status, detail: str = "") -> None:
        """Write how change `number` ended. Raises `JournalError`."""
        record = {"kind": "outcome", "at": self._clock().isoformat(), "status": status, "detail": detail}
        self._append(record, number)

    def entries(self) -> list[Entry]:
        """All changes, oldest first. A line that was cut off by a crash is left out. Raises `JournalError`."""
        intents: dict[int, dict[str, Any]] = {}
        outcomes: dict[int, dict[str, Any]] = {}
        undone: dict[int, int] = {}
        steps: dict[int, int] = {}
        for record in self._records():
            number = record["number"]
            if record["kind"] == "intent":
                intents[number] = record
            elif record["kind"] == "step":
                steps[number] = steps.get(number, 0) + 1
            else:
                outcomes[number] = record
        for number, record in intents.items():
            undoes = record.get("undoes")
            if undoes is not None and outcomes.get(number, {}).get("status") == "done":
                undone[undoes] = number
        return [
            _entry(number, record, outcomes.get(number), undone, steps.get(number, 0))
            for number, record in intents.items()
        ]

    def unfinished(self) -> list[Entry]:
        """Changes whose outcome was never written: the program died between the two lines."""
        return [
            entry
            for entry in self.entries()
            if entry.status == "unknown" and not entry.detail and entry.undone_by is None
        ]

    def _records(self) -> list[dict[str, Any]]:
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JournalError(
                f"The journal {self.path} cannot be read: {error.strerror or error}."
            ) from error
        records: list[dict[str, Any]] = []
        for line in raw.split(b"\n"):
            try:
                record = json.loads(line) if line.strip() else None
            except ValueError:
                continue  # cut off by a crash; the next append began a line of its own
            if isinstance(record, dict) and isinstance(record.get("number"), int) and "kind" in record:
                records.append(record)
        return records

    def _append(self, record: dict[str, Any], number: int | None = None) -> int:
        """Add one line and make it durable. The number of an intent is given under the lock."""
        try:
            with locked(self.path):
                if number is None:
                    number = max((each["number"] for each in self._records()), default=0) + 1
                self._write({"number": number, **record})
        except OSError as error:
            raise JournalError(
                f"The journal {self.path} cannot be written: {error.strerror or error}. Nothing is changed without it."
            ) from error
        return number

    def _write(self, record: dict[str, Any]) -> None:
        fresh = not self.path.exists()
        descriptor = open_private(self.path, os.O_RDWR | os.O_APPEND)
        try:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and _last_byte(self.path) != b"\n"
            line = json.dumps(record, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
            data = (b"\n" if torn else b"") + line
            while data:
                data = data[os.write(descriptor, data) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if fresh:
            sync_folder(self.path.parent)


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)


def _entry(
    number: int,
    record: dict[str, Any],
    outcome: dict[str, Any] | None,
    undone: Mapping[int, int],
    steps_done: int,
) -> Entry:
    reverse = record.get("reverse")
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
        touched=tuple(
            Touched(
                each["kind"],
                each["name"],
                _fields(each["before"]),
                _fields(each["after"]),
                bool(each.get("follows")),
            )
            for each in record.get("touched", ())
        ),
        steps=tuple(record.get("steps", ())),
        passwords=tuple(record.get("passwords", ())),
        final=record.get("final", ""),
    )
    status: Status = outcome["status"] if outcome else "unknown"
    return Entry(
        number=number,
        at=datetime.fromisoformat(record["at"]),
        intent=intent,
        status=status,
        detail=outcome.get("detail", "") if outcome else "",
        undone_by=undone.get(number),
        steps_done=steps_done,
    )


def _fields(raw: dict[str, Any] | None) -> Fields | None:
    """Fields as they were written: JSON makes lists of tuples."""
    if raw is None:
        return None
    return {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}
