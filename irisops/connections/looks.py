"""Figures of earlier looks at an instance, kept in a file, from which growth and pace are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from irisops.files import read_file, write_atomically

APART = timedelta(minutes=10)
"""Looks that are closer count as one: a live card looks every few seconds."""
MOST_BYTES = 1_000_000
"""A larger file is not ours."""


@dataclass(frozen=True, slots=True)
class Look:
    """Figures by name, and when they were read (UTC)."""

    at: datetime
    figures: Mapping[str, float]


def look_back(path: Path, profile: str, what: str, now: Look) -> Look | None:
    """The look before this one, None for the first; this one is remembered. Raises `OSError`."""
    kept = _read(path)
    mine = kept.setdefault(profile.casefold(), {})
    looks = [look for each in mine.get(what, ()) if (look := _look(each)) is not None][-2:]
    if looks and now.at - looks[-1].at < APART:
        return looks[0] if len(looks) == 2 else None
    mine[what] = [_entry(each) for each in (*looks[-1:], now)]
    write_atomically(path, json.dumps(kept))
    return looks[-1] if looks else None


def _read(path: Path) -> dict[str, dict[str, list[object]]]:
    """What the file holds; nothing of a damaged one."""
    try:
        found = json.loads(read_file(path, MOST_BYTES))
    except FileNotFoundError:
        return {}
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        profile: {what: looks for what, looks in mine.items() if isinstance(looks, list)}
        for profile, mine in found.items()
        if isinstance(mine, dict)
    }


def _entry(look: Look) -> dict[str, object]:
    return {"at": look.at.isoformat(), "figures": dict(look.figures)}


def _look(entry: object) -> Look | None:
    """A look from the file; None if it is damaged."""
    if not isinstance(entry, dict) or not isinstance(entry.get("figures"), dict):
        return None
    try:
        at = datetime.fromisoformat(str(entry.get("at")))
        figures = {str(name): float(each) for name, each in entry["figures"].items()}
    except (ValueError, TypeError):
        return None
    return Look(at, figures) if at.tzinfo is not None else None
