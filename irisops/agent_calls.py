"""What agents asked for and what came of it: a line for each call, in the journals' folder.

A change is two lines, the first written before it is carried out, so that a crash in between leaves a trace. What a
person has agreed to is in a file of its own: an agent that asks on and on must not push it out of the record. A file is
renamed to an older one at `BIGGEST`. It holds no secret: a line with one in it is refused before it is written here.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path

from irisops.files import locked, open_private, read_file

BIGGEST = 1024 * 1024
"""Bytes of a file; with the older one it takes 2 MiB at most."""
LONGEST = 400
"""Characters kept of one value."""


@dataclass(frozen=True, slots=True)
class AgentCall:
    """One call. `client` is how the agent's program calls itself, which proves nothing.

    `outcome` is "done", "begun", "asked", or the public name of the problem; `approval` is "client" or "terminal",
    the place where a person said yes, else "".
    """

    at: datetime
    client: str
    tool: str
    profile: str
    line: str
    outcome: str
    approval: str = ""
    plan: str = ""
    change: int | None = None
    """Number in the profile's journal."""


class AgentCalls:
    """The files of calls below the folder of the journals."""

    def __init__(self, journals: Path) -> None:
        folder = journals / "agents"  # of its own: a profile may be called "agents"
        self.path = folder / "calls.jsonl"
        self._agreed = folder / "agreed.jsonl"

    def add(self, call: AgentCall) -> None:
        """Append a call durably. Raises `OSError`."""
        record = {
            name: value[:LONGEST] if isinstance(value, str) else value for name, value in asdict(call).items()
        }
        record["at"] = call.at.isoformat()
        line = json.dumps(record, ensure_ascii=True).encode() + b"\n"
        path = self._agreed if call.approval else self.path
        with locked(path):
            if path.exists() and path.stat().st_size + len(line) > BIGGEST:
                path.replace(_older(path))
            descriptor = open_private(path, os.O_WRONLY | os.O_APPEND)
            with os.fdopen(descriptor, "ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())

    def read(self, most: int = 500) -> tuple[Sequence[AgentCall], int]:
        """The newest calls, newest first, and the number of lines that cannot be read. Raises `OSError`.

        At most `most` of those to which a person agreed, and as many others.
        """
        others, unread = _newest(self.path, most)
        agreed, unread_too = _newest(self._agreed, most)
        # The sort is stable: at the same moment a change comes after what was asked before.
        return sorted([*others, *agreed], key=lambda call: call.at)[::-1], unread + unread_too


def _older(path: Path) -> Path:
    return path.with_suffix(".1.jsonl")


def _newest(path: Path, most: int) -> tuple[Sequence[AgentCall], int]:
    kept: deque[AgentCall] = deque(maxlen=most)
    unreadable = 0
    for each in (_older(path), path):
        try:
            lines = read_file(each).splitlines()
        except FileNotFoundError:
            continue
        for line in lines:
            call = _call(line)
            if call is None:
                unreadable += 1
            else:
                kept.append(call)
    return kept, unreadable


def _call(line: bytes) -> AgentCall | None:
    """The call of a line; None if it is damaged."""
    try:
        record = json.loads(line)
        at = datetime.fromisoformat(record["at"])
        values = {each.name: record[each.name] for each in fields(AgentCall) if each.name in record}
    except (ValueError, TypeError, KeyError):
        return None
    return AgentCall(**{**values, "at": at}) if _fits(values) and at.tzinfo is not None else None


def _fits(values: Mapping[str, object]) -> bool:
    texts = ("client", "tool", "profile", "line", "outcome")
    return (
        all(isinstance(values.get(name), str) for name in texts)
        and all(isinstance(values.get(name, ""), str) for name in ("approval", "plan"))
        and isinstance(values.get("change"), int | None)
    )
