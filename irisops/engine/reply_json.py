"""Replies as JSON: the public shapes of `irisops run --json` (docs/json.md).

One object per reply: `{"reply": "facts"|"table"|"series"|"plan"|"done"|"error", "name": …, …}`. Values are the
instance's own, unshortened; times are ISO 8601 in UTC, dates YYYY-MM-DD. Characters outside ASCII are escaped, so a
line is safe to print on any terminal. The shapes only grow within a major version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from irisops.contract.replies import Change, Done, Facts, Plan, Problem, Reply, Series, Table

_SHAPES: Mapping[type, tuple[str, tuple[str, ...]]] = {
    Facts: ("facts", ("name", "title", "facts", "notes", "actions")),
    Series: ("series", ("name", "title", "times", "lines", "limit", "notes")),
    Plan: (
        "plan",
        ("name", "title", "instance", "changes", "effects", "warnings", "calls", "confirm_word"),
    ),
    Change: ("", ("what", "before", "after")),
    Done: ("done", ("name", "message", "details", "undo")),
    Problem: ("error", ("error", "message", "cure", "suggestions", "detail")),
}
"""Reply -> its name in JSON, and its fields in their order. A table is shaped in `shape`."""


def value(raw: object) -> Any:
    """A cell, a fact or a line of a plan as JSON."""
    if isinstance(raw, datetime):
        moment = raw.astimezone(UTC) if raw.tzinfo else raw.replace(tzinfo=UTC)
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(raw, date):
        return raw.isoformat()
    if isinstance(raw, Mapping):
        return {str(key): value(each) for key, each in raw.items()}
    if isinstance(raw, Change):
        return _fields(raw)
    if isinstance(raw, list | tuple):
        return [value(each) for each in raw]
    return raw


def shape(reply: Reply) -> dict[str, Any] | None:
    """The public object of a reply; None for those that only a screen can use (progress, forms, effects)."""
    if isinstance(reply, Table):
        columns = [column.name for column in reply.columns]
        return {
            "reply": "table",
            "name": reply.name,
            "title": reply.title,
            "columns": columns,
            "rows": [{name: value(row.get(name)) for name in columns} for row in reply.rows],
            "total": len(reply.rows) if reply.total is None else reply.total,
            "notes": list(reply.notes),
        }
    if type(reply) not in _SHAPES:
        return None
    name = {"name": reply.error} if isinstance(reply, Problem) else {}
    return {"reply": _SHAPES[type(reply)][0], **name, **_fields(reply)}


def _fields(item: Reply | Change) -> dict[str, Any]:
    return {name: value(getattr(item, name)) for name in _SHAPES[type(item)][1]}


def line(reply: Reply) -> str | None:
    """The reply as one line of JSON, without its newline."""
    shaped = shape(reply)
    return None if shaped is None else json.dumps(shaped, ensure_ascii=True, separators=(", ", ": "))
