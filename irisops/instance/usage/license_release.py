"""When a holder's units come back, if nothing further happens (facts: iris-license-sessions 2.3). Pure.

Web sessions end at their timeout, and their unit with them or, after a visit of one page, when a grace period is over.
A call without a session holds its unit for ten seconds. A client's unit comes back when it disconnects; nobody knows
when that will be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from irisops.instance.models import LicenseRow

if TYPE_CHECKING:
    from irisops.instance.models import WebSession

REST_HOLD = timedelta(seconds=10)
"""The least time for which a call without a session holds its unit (facts: 2.3)."""


@dataclass(frozen=True, slots=True)
class Release:
    """`at` is when the last of the units is free (the instance's clock, UTC), None when no clock decides it.

    `when` says what it depends on, in plain words.
    """

    at: datetime | None
    when: str
    first: datetime | None = None
    """When the first of several units is free, where they return one by one."""


def release_of(
    row: LicenseRow, sessions: Sequence[WebSession], now: datetime, *, own: bool, sessions_known: bool = True
) -> Release:
    """The release of one row of the instance's list. `now` is the instance's time at the reading (UTC)."""
    if row.type.upper() == "GRACE":
        return Release(now + timedelta(seconds=row.grace), "when its reservation ends")
    clients = row.connections - row.csp_connections
    if clients > 0:
        leaving = "when you quit" if own and clients == 1 else "when it disconnects"
        return Release(None, f"{leaving} and its sessions end" if row.csp_connections else leaving)
    if sessions:
        return _of_sessions(row, sessions)
    return _of_call(row, now) if sessions_known else Release(None, "when its session ends")


def _of_sessions(row: LicenseRow, sessions: Sequence[WebSession]) -> Release:
    """All connections are web sessions' with a known timeout."""
    ends = [session.expires for session in sessions]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return Release(None, "when its sessions are ended: one of them never expires")
    # Expiry is noticed by a daemon that wakes periodically, so the unit may be some seconds late (facts: 2.3). `Grace`
    # is what the instance says it would keep the unit for after that (facts: 1.3).
    at = max(known) + timedelta(seconds=row.grace)
    if row.grace and len(sessions) > 1:
        # The list does not say which of the sessions is the visit of one page that leaves the grace.
        return Release(at, "at the latest: when its sessions have timed out and the grace of one is over")
    if row.grace:
        return Release(at, "when its session times out, and then the grace of a one-page visit")
    if row.units > 1 and len(sessions) > 1:
        return Release(at, "one by one as its sessions time out; this is the last", min(known))
    return Release(at, "when its sessions time out" if len(sessions) > 1 else "when its session times out")


def _of_call(row: LicenseRow, now: datetime) -> Release:
    """A web connection without a listed session: a call that keeps none, or a list that lags."""
    since = now - timedelta(seconds=row.active)
    if row.connections == 1 and since + REST_HOLD >= now:
        return Release(since + REST_HOLD, "10 seconds after its call, if it makes no other")
    # Which of its calls was the last is not told.
    return Release(None, "10 seconds after the last of its calls")
