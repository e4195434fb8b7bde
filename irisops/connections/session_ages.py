"""Since when web sessions have existed, remembered: what was told once does not change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.models import WebSession
from irisops.instance.routes import Instance


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

    async def learn(
        self, instance: Instance, generation: int, sessions: Sequence[WebSession], now: datetime
    ) -> KnownBirths:
        """Ask the instance for the sessions that are new. A lost connection is raised, a refusal is a note.

        `generation` is that of the connection: after a new login all is asked again.
        """
        from irisops.instance.usage.license import session_ages  # noqa: PLC0415 - not at the start

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
