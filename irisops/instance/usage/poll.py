"""The figures of the side panel, read in one batch of at most four round trips."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from irisops.instance.calls import Answer, Call, ClassMethod, ObjectCall, ObjectStep, Query
from irisops.instance.errors import InstanceProblem
from irisops.instance.features import Route
from irisops.instance.models import PollCounts
from irisops.instance.routes import Instance
from irisops.instance.values import as_int

DEADLINE = 4.0
"""Seconds."""

ROUND_TRIPS = 4

LIMIT_EVERY = 30
"""Polls between two readings of the limit: it changes only when a new key is activated."""

_USED = ClassMethod("%SYSTEM.License", "LUConsumed")
_LIMIT = ClassMethod("%SYSTEM.License", "KeyLicenseUnits")
_PROCESSES = Query("SELECT COUNT(*) AS Processes FROM %SYS.ProcessQuery")
_SESSION_CALLS: dict[str, tuple[Call, int]] = {
    # By kind of route: the call and its round trips. The dashboard's figure is a cached sample and lags
    # (facts: license-sessions 5.5).
    # UNVERIFIED: whether the first is projected as a procedure; the class dictionary decides (see sessions.py).
    "sql": (Query("SELECT COUNT(*) AS Sessions FROM %CSP.Session_SessionInfo()"), 1),
    "object": (ObjectCall("SYS.Stats.Dashboard", "Sample", (), (ObjectStep("get", "CSPSessions"),)), 2),
    "method": (ClassMethod("%SYSTEM.License", "CSPUsers"), 1),
}

_FEATURES = {"units used": "license.counts", "sessions": "sessions.count", "processes": "processes.list"}
"""What a figure proves."""


class Poller:
    """Reads the side panel's figures. One per connection: it remembers the limit and failed routes."""

    def __init__(
        self, instance: Instance, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._instance = instance
        self._now = now
        self._limit: int | None = None
        self._sessions: int | None = None
        self._polls = 0

    async def poll(self) -> PollCounts:
        """One reading; unreadable figures are None, with a note. Raises Unreachable when the connection is gone."""
        capabilities = self._instance.capabilities
        if self._limit is None:
            self._limit = capabilities.license_units  # of the login, which may have come after this poller
        routes = capabilities.routes("sessions.count")
        calls: dict[str, Call] = {"units used": _USED}
        if capabilities.has("%SYS.ProcessQuery"):
            calls["processes"] = _PROCESSES
        limit_due = self._limit is None or self._polls % LIMIT_EVERY == LIMIT_EVERY - 1
        if limit_due:
            calls["units limit"] = _LIMIT
        self._polls += 1
        skipped = False
        if routes:
            call, trips = _SESSION_CALLS[routes[0].kind]
            # A poll that reads the limit leaves the sessions out if both take too many round trips.
            skipped = len(calls) + trips > ROUND_TRIPS
            if not skipped:
                calls["sessions"] = call
        answers = await self._instance.batch(list(calls.values()), deadline=DEADLINE)
        for name, feature in _FEATURES.items():
            if name in calls:
                capabilities.heard(feature, answers[list(calls).index(name)])
        return self._counts(dict(zip(calls, answers, strict=True)), routes, skipped=skipped)

    def _counts(
        self, answers: dict[str, Answer | Exception], routes: list[Route], *, skipped: bool
    ) -> PollCounts:
        notes: list[str] = []
        figures: dict[str, int | None] = {}
        for name, answer in answers.items():
            if isinstance(answer, Answer):
                figures[name] = _figure(answer)
                if figures[name] is None:
                    notes.append(f"The instance gave no number for {name}.")
            elif isinstance(answer, InstanceProblem):
                notes.append(f"{name}: {answer.message}")
            else:
                raise answer
        if "units limit" in figures:
            self._limit = figures["units limit"]
        if not skipped:
            self._sessions = figures.get("sessions")
        if not routes:
            notes.append("Web sessions cannot be counted on this instance.")
        return PollCounts(
            units_used=figures.get("units used"),
            units_limit=self._limit,
            sessions=self._sessions,
            processes=figures.get("processes"),
            read_at=self._now(),
            round_trips=sum(answer.round_trips for answer in answers.values() if isinstance(answer, Answer)),
            notes=tuple(notes),
            postponed=skipped and self._sessions is None,
        )


def _figure(answer: Answer) -> int | None:
    if answer.rows is not None:
        return as_int(answer.rows.rows[0][0]) if answer.rows.rows else None
    if answer.values:
        return as_int(answer.values[0])
    return as_int(answer.value)
