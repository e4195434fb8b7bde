"""For how long a web session has been idle, worked out from its expiry and the timeout of its application.

The instance tells when a session expires, and that moves with every request (facts: iris-license-sessions 3.2); reading
the session itself would lock it. The timeout is that of the first application entered, so for a session that went on to
another application the figure may be off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.models import WebSession
from irisops.instance.routes import Instance
from irisops.instance.usage.sessions_timeout import list_timeouts

KEEP = 300.0
"""Seconds for which the timeouts of the applications are taken as read: they change when somebody edits them."""


@dataclass(frozen=True, slots=True)
class KnownTimeouts:
    """Seconds by application name (lower case, without a closing slash). `note` says why they could not be read."""

    by_name: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    read_at: float = float("-inf")
    generation: int = -1

    def idle(self, session: WebSession, now: datetime) -> float | None:
        """Seconds since the last request; None if the timeout or the expiry is unknown. `now` is the instance's."""
        timeout = self.by_name.get(key_of(session.application))
        if not timeout or session.expires is None:
            return None
        return max(0.0, timeout - (session.expires - now).total_seconds())


def key_of(application: str) -> str:
    """`/csp/User/` and `/csp/user` are one application."""
    return application.rstrip("/").casefold()


async def known_timeouts(
    known: KnownTimeouts | None, instance: Instance, generation: int, now: float
) -> KnownTimeouts:
    """`known` if it is of this login and less than five minutes old, else read anew. `now` is monotonic seconds.

    A lost connection is raised, a refusal is a note.
    """
    if known is not None and known.generation == generation and now - known.read_at < KEEP:
        return known
    try:
        found = await list_timeouts(instance)
        by_name = {key_of(each.name): each.timeout for each in found if each.timeout}
        note = "" if by_name else "this version does not list the timeouts of its applications"
    except Unreachable:
        raise
    except InstanceProblem as problem:
        by_name, note = {}, problem.message
    return KnownTimeouts(by_name, note, now, generation)
