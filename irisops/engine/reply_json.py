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

from irisops.contract.replies import Done, Facts, Plan, Problem, Reply, Series, Table


def value(raw: object) -> Any:
    """A cell or fact as JSON has it."""
    if isinstance(raw, datetime):
        moment = raw.astimezone(UTC) if raw.tzinfo else raw.replace(tzinfo=UTC)
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(raw, date):
        return raw.isoformat()
    if isinstance(raw, Mapping):
        return {str(key): value(each) for key, each in raw.items()}
    if isinstance(raw, list | tuple):
        return [value(each) for each in raw]
    return raw


def shape(reply: Reply) -> dict[str, Any] | None:  # noqa: PLR0911 - one kind after the other
    """The public object of a reply; None for those that only a screen can use (progress, forms, effects)."""
    if isinstance(reply, Facts):
        return {
            "reply": "facts",
            "name": reply.name,
            "title": reply.title,
            "facts": value(reply.facts),
            "notes": list(reply.notes),
        }
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
    if isinstance(reply, Series):
        return {
            "reply": "series",
            "name": reply.name,
            "title": reply.title,
            "times": value(reply.times),
            "lines": value(reply.lines),
            "limit": reply.limit,
            "notes": list(reply.notes),
        }
    if isinstance(reply, Plan):
        return {
            "reply": "plan",
            "name": reply.name,
            "title": reply.title,
            "instance": reply.instance,
            "changes": [
                {"what": change.what, "before": change.before, "after": change.after}
                for change in reply.changes
            ],
            "effects": list(reply.effects),
            "warnings": list(reply.warnings),
            "calls": {language: list(lines) for language, lines in reply.calls.items()},
            "confirm_word": reply.confirm_word,
        }
    if isinstance(reply, Done):
        return {
            "reply": "done",
            "name": reply.name,
            "message": reply.message,
            "details": list(reply.details),
            "undo": reply.undo,
        }
    if isinstance(reply, Problem):
        return {
            "reply": "error",
            "name": reply.error,
            "error": reply.error,
            "message": reply.message,
            "cure": reply.cure,
            "suggestions": list(reply.suggestions),
            "detail": reply.detail,
        }
    return None


def line(reply: Reply) -> str | None:
    """The reply as one line of JSON, without its newline."""
    shaped = shape(reply)
    return None if shaped is None else json.dumps(shaped, ensure_ascii=True, separators=(", ", ": "))
