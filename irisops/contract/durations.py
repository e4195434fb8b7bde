"""Durations and times as people type them: `2h`, `90m`, `1h30m`, `1d`, `18:30`. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from irisops.contract.replies import Refusal

_SPAN = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,3})h)?(?:(\d{1,4})m(?:in)?)?", re.IGNORECASE)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=7)


def span(text: str) -> timedelta:
    """A duration. A bare number is minutes. Raises `Refusal`."""
    found = _SPAN.fullmatch(text.strip() + ("m" if text.strip().isdigit() else ""))
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = timedelta(days=days, hours=hours, minutes=minutes)
    if found is None or not SHORTEST <= total <= LONGEST:
        raise Refusal(
            "BadTime",
            f"“{text[:20]}” is not a span from one minute to seven days.",
            "Write e.g. 2h, 90m, 1h30m or 1d.",
        )
    return total


def moment(text: str, now: datetime, local_now: datetime) -> datetime:
    """A duration from `now`, or a time of day (`18:30`, the next one in the zone of `local_now`), in UTC.

    Raises `Refusal`.
    """
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return now + span(text)
    wanted = local_now.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    if wanted <= local_now:
        wanted += timedelta(days=1)
    return wanted.astimezone(now.tzinfo)
