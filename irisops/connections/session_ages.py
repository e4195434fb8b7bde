"""Since when web sessions have existed, remembered: what was told once does not change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from irisops.instance.errors import InstanceProblem, Unreachable

if TYPE_CHECKING:
    from irisops.connections.connection import Link
    from irisops.instance.models import WebSession


@dataclass(slots=True)
class KnownBirths:
    """When sessions began, by id, in the instance's time; None for one whose beginning cannot be told.

    `note` says why nothing can be told at present.
    """

    by_id: dict[str, datetime | None] = field(default_factory=dict)
    note: str = ""
    generation: int = -1

    def age(self, session: WebSession, now: datetime) -> float | None:
        """Seconds; None if unknown. `now` is the instance's."""
        born = self.by_id.get(session.id)
        return None if born is None else max(0.0, (now - born).total_seconds())


async def known_births(link: Link, sessions: Sequence[WebSession], now: datetime) -> KnownBirths:
    """Of these sessions; the instance is asked only for new ones. A lost connection is raised, a refusal is a note."""
    known = link.births
    if known.generation != link.generation:
        known.by_id, known.generation = {}, link.generation
    known.by_id = {each.id: known.by_id[each.id] for each in sessions if each.id in known.by_id}
    fresh = [session for session in sessions if session.id not in known.by_id]
    if not fresh:
        return known
    try:
        ages = await link.reads.session_ages(sessions)
        known.note = ""
    except Unreachable:
        raise
    except InstanceProblem as problem:
        ages, known.note = {}, problem.message
    for session in fresh:
        age = ages.get(session.id)
        known.by_id[session.id] = None if age is None else now - timedelta(seconds=age)
    return known
