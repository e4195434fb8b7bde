"""Ages and idle times of web sessions. Their list has neither, so what they are computed from is remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.models import WebSession
from irisops.instance.routes import Instance
from irisops.instance.usage.license import session_ages
from irisops.instance.usage.sessions_timeout import list_timeouts

KEEP = 300.0
"""Seconds for which the timeouts of the applications are kept: they change only when edited."""


@dataclass(slots=True)
class KnownBirths:
    """When sessions began, by id, in the instance's time; None if unknown. `note` says why nothing is known."""

    by_id: dict[str, datetime | None] = field(default_factory=dict)
    note: str = ""
    generation: int = -1

    def age(self, session: WebSession, now: datetime) -> float | None:
        """Seconds; None if unknown. `now` is the instance's."""
        born = self.by_id.get(session.id)
        return None if born is None else max(0.0, (now - born).total_seconds())

    async def learn(
        self, instance: Instance, generation: int, sessions: Sequence[WebSession], now: datetime
    ) -> KnownBirths:
        """Ask the instance for the new sessions. Raises `Unreachable`; another problem becomes the note.

        `generation` is that of the connection: after a new login all are asked for again.
        """
        if self.generation != generation:
            self.by_id, self.generation = {}, generation
        self.by_id = {each.id: self.by_id[each.id] for each in sessions if each.id in self.by_id}
        fresh = [session for session in sessions if session.id not in self.by_id]
        if not fresh:
            return self
        try:
            ages = await session_ages(instance, sessions)
            self.note = ""
        except Unreachable:
            raise
        except InstanceProblem as problem:
            ages, self.note = {}, problem.message
        for session in fresh:
            age = ages.get(session.id)
            self.by_id[session.id] = None if age is None else now - timedelta(seconds=age)
        return self


@dataclass(frozen=True, slots=True)
class KnownTimeouts:
    """Seconds by application name (lower case, without a closing slash). `note` says why they could not be read.

    A session's idle time is its application's timeout less what is left until its expiry, which moves with every
    request (facts: iris-license-sessions 3.2); reading the session itself would lock it. The timeout is that of the
    first application entered, so the figure may be off for a session that went on to another.
    """

    by_name: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    read_at: float = float("-inf")
    generation: int = -1
    asked: frozenset[str] | None = frozenset()
    """Applications whose timeouts were asked for; None for all."""

    def idle(self, session: WebSession, now: datetime) -> float | None:
        """Seconds since the last request; None if the timeout or the expiry is unknown. `now` is the instance's."""
        timeout = self.by_name.get(_key(session.application))
        if not timeout or session.expires is None:
            return None
        return max(0.0, timeout - (session.expires - now).total_seconds())


def _key(application: str) -> str:
    """`/csp/User/` and `/csp/user` are one application."""
    return application.rstrip("/").casefold()


async def known_timeouts(
    known: KnownTimeouts | None,
    instance: Instance,
    generation: int,
    now: float,
    sessions: Sequence[WebSession],
) -> KnownTimeouts:
    """The timeouts of the sessions' applications: `known` if it is of this login, younger than `KEEP` and has them all,
    else read anew. `now` is monotonic seconds.

    Raises `Unreachable`; another problem becomes the note.
    """
    names = frozenset(_key(session.application) for session in sessions)
    if known is not None and known.generation == generation and now - known.read_at < KEEP:
        if known.asked is None or names <= known.asked:
            return known
        names |= known.asked
    try:
        found = await list_timeouts(instance, names)
    except Unreachable:
        raise
    except InstanceProblem as problem:
        return KnownTimeouts({}, problem.message, now, generation, None)
    by_name = {_key(each.name): each.timeout for each in found if each.timeout}
    unread = [each for each in found if each.timeout is None]
    missed = [each.unread for each in unread if _key(each.name) in names]
    note = f"the timeouts of their applications cannot be read: {missed[0]}" if missed and not by_name else ""
    return KnownTimeouts(by_name, note, now, generation, names if unread else None)
