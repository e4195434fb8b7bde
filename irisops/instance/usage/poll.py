"""The figures of the side panel, read in one batch of at most four round trips.

On Community Edition the connections are what counts (facts: license-sessions 2.6). Their sum stands in the list of
license holders, which takes too many round trips for a poll, so its parts are counted: processes with a license,
except those that serve a web session, and the sessions themselves, with those that have ended and keep their unit.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from irisops.instance.calls import Answer, Call, ClassMethod, ObjectCall, ObjectStep, Query
from irisops.instance.errors import InstanceProblem
from irisops.instance.features import Route
from irisops.instance.models import PollCounts, community_key
from irisops.instance.routes import Instance
from irisops.instance.values import as_int, text_of

DEADLINE = 4.0
"""Seconds."""

ROUND_TRIPS = 4

LIMIT_EVERY = 30
"""Polls between two readings of the limit: it changes only when a new key is activated."""

OWN_COUNTER = (
    "The connections cannot be counted. What stands here for them is the instance's own counter, which need not move "
    "with each connection of a Community Edition: more may be in use."
)

_USED = ClassMethod("%SYSTEM.License", "LUConsumed")
_LIMIT = ClassMethod("%SYSTEM.License", "KeyLicenseUnits")
_PROCESSES = Query("SELECT COUNT(*) AS Processes FROM %SYS.ProcessQuery")
_PROCESSES_AND_CLIENTS = Query(
    "SELECT COUNT(*) AS Processes, COUNT(CASE WHEN LicenseUserId <> '' AND (CSPSessionID IS NULL OR CSPSessionID = '') "
    "THEN 1 ELSE NULL END) AS Clients FROM %SYS.ProcessQuery"
)
# UNVERIFIED: that CSPUsers counts sessions, not their license users, and CSPGrace those that still take a place of a
# Community Edition. Settle: open two web sessions as one user, and compare CSPUsers() + CSPGrace() and the processes
# that have a LicenseUserId with the sum of Connects in %SYSTEM.License:UserList.
_WEB = ClassMethod("%SYSTEM.License", "CSPUsers")
_GRACE = ClassMethod("%SYSTEM.License", "CSPGrace")
_KEY_WORDS = tuple(
    ClassMethod("%SYSTEM.License", each) for each in ("KeyCustomerName", "KeyProduct", "KeyLicenseCapacity")
)
_SESSION_CALLS: dict[str, tuple[Call, int]] = {
    # By kind of route: the call and its round trips. The dashboard's figure is a cached sample and lags
    # (facts: license-sessions 5.5).
    # Whether the first is projected as a procedure, the class dictionary decides (as marked in sessions.py).
    "sql": (Query("SELECT COUNT(*) AS Sessions FROM %CSP.Session_SessionInfo()"), 1),
    "object": (ObjectCall("SYS.Stats.Dashboard", "Sample", (), (ObjectStep("get", "CSPSessions"),)), 2),
    "method": (_WEB, 1),
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
        self._reserved: int | None = None
        self._polls = 0

    async def know_edition(self) -> None:
        """Ask once after each login whether the key is a Community Edition's; until then polls count units.

        Raises Unreachable; if the key cannot be read, it is taken for another one.
        """
        capabilities = self._instance.capabilities
        if capabilities.community is None:
            words = await self._instance.batch(_KEY_WORDS, deadline=DEADLINE)
            capabilities.community = community_key(*(text_of(each) for each in words))

    async def poll(self) -> PollCounts:
        """One reading; unreadable figures are None, with a note. Raises Unreachable when the connection is gone."""
        capabilities = self._instance.capabilities
        if self._limit is None:
            self._limit = capabilities.license_units  # of the login, which may have come after this poller
        community = bool(capabilities.community)
        routes = [] if community else capabilities.routes("sessions.count")
        calls: dict[str, Call] = {"units used": _USED}
        if capabilities.has("%SYS.ProcessQuery"):
            calls["processes"] = _PROCESSES_AND_CLIENTS if community else _PROCESSES
        limit_due = self._limit is None or self._polls % LIMIT_EVERY == LIMIT_EVERY - 1
        if limit_due:
            calls["units limit"] = _LIMIT
        self._polls += 1
        # A poll that reads the limit leaves the last figure out if both take too many round trips.
        skipped = False
        if community:
            calls["sessions"] = _WEB
            skipped = len(calls) >= ROUND_TRIPS
            if not skipped:
                calls["reserved units"] = _GRACE
        elif routes:
            call, trips = _SESSION_CALLS[routes[0].kind]
            skipped = len(calls) + trips > ROUND_TRIPS
            if not skipped:
                calls["sessions"] = call
        answers = dict(
            zip(calls, await self._instance.batch(list(calls.values()), deadline=DEADLINE), strict=True)
        )
        for name, feature in _FEATURES.items():
            if name in answers:
                self._instance.capabilities.heard(feature, answers[name])
        if community:
            return self._of_community(answers, postponed=skipped and self._reserved is None)
        return self._of_units(answers, routes, skipped=skipped)

    def _of_units(
        self, answers: dict[str, Answer | Exception], routes: list[Route], *, skipped: bool
    ) -> PollCounts:
        figures, notes = self._figures(answers)
        if not skipped:
            self._sessions = figures.get("sessions")
        if not routes:
            notes.append("Web sessions cannot be counted on this instance.")
        return self._counts(
            figures,
            answers,
            notes,
            sessions=self._sessions,
            postponed=skipped and self._sessions is None,
        )

    def _of_community(self, answers: dict[str, Answer | Exception], *, postponed: bool) -> PollCounts:
        figures, notes = self._figures(answers)
        if "reserved units" in answers:
            self._reserved = figures.get("reserved units")
        counted = answers.get("processes")
        rows = counted.rows.rows if isinstance(counted, Answer) and counted.rows is not None else []
        parts = (as_int(rows[0][1]) if rows else None, figures.get("sessions"), self._reserved)
        known = [part for part in parts if part is not None]
        connections = sum(known) if len(known) == len(parts) else None
        if connections is None and not postponed:
            notes.append(OWN_COUNTER)
        return self._counts(
            figures,
            answers,
            notes,
            sessions=figures.get("sessions"),
            postponed=postponed,
            community=True,
            connections=connections,
        )

    def _figures(self, answers: dict[str, Answer | Exception]) -> tuple[dict[str, int | None], list[str]]:
        """The figures by name, and a note for each that is missing."""
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
        return figures, notes

    def _counts(
        self,
        figures: dict[str, int | None],
        answers: dict[str, Answer | Exception],
        notes: list[str],
        *,
        sessions: int | None,
        postponed: bool,
        community: bool = False,
        connections: int | None = None,
    ) -> PollCounts:
        return PollCounts(
            units_used=figures.get("units used"),
            units_limit=self._limit,
            sessions=sessions,
            processes=figures.get("processes"),
            read_at=self._now(),
            round_trips=sum(answer.round_trips for answer in answers.values() if isinstance(answer, Answer)),
            notes=tuple(notes),
            postponed=postponed,
            community=community,
            connections=connections,
        )


def _figure(answer: Answer) -> int | None:
    if answer.rows is not None:
        return as_int(answer.rows.rows[0][0]) if answer.rows.rows else None
    if answer.values:
        return as_int(answer.values[0])
    return as_int(answer.value)
