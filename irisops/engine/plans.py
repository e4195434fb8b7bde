"""Plans that wait for confirmation.

A plan can be confirmed once, on the connection on which it was made, and within ten minutes: a yes to an old card must
not overwrite what somebody else changed meanwhile. The state is read again before the change in any case.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import aclosing
from typing import NamedTuple

from irisops.connections.connection import Link
from irisops.contract.clock import Clock
from irisops.contract.replies import Plan, Problem, Refusal
from irisops.engine.spec import Replies

LIFETIME = 600.0
"""Seconds within which a plan may be confirmed."""

CarryOut = Callable[[], Replies]


class _Waiting(NamedTuple):
    plan: Plan
    carry_out: CarryOut
    link: Link | None
    generation: int
    made: float


def _not_changed(error: str, why: str) -> Refusal:
    return Refusal(error, f"Nothing was changed: {why}.", "Give the command again to see a fresh plan.")


class PlanStore:
    """The plans of one session."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self._waiting: dict[str, _Waiting] = {}
        self._gone: dict[str, str] = {}

    def add(self, plan: Plan, carry_out: CarryOut, link: Link | None = None) -> Plan:
        """Give `plan` its id and keep it. On a guarded profile the profile's name must be typed."""
        plan.id = f"plan-{next(self._numbers)}"
        if link is not None:
            plan.instance = plan.instance or link.instance_name
            if link.profile.guarded and not plan.confirm_word:
                plan.confirm_word = link.name
        generation = link.generation if link else 0
        self._waiting[plan.id] = _Waiting(plan, carry_out, link, generation, self._clock.monotonic())
        return plan

    def then(self, plan_id: str, more: CarryOut) -> None:
        """Run `more` after the plan was carried out without a problem. KeyError if it is not waiting."""
        waiting = self._waiting[plan_id]

        async def both() -> Replies:
            failed = False
            async with aclosing(waiting.carry_out()) as replies:
                async for reply in replies:
                    failed = failed or isinstance(reply, Problem)
                    yield reply
            if not failed:
                async with aclosing(more()) as replies:
                    async for reply in replies:
                        yield reply

        self._waiting[plan_id] = waiting._replace(carry_out=both)

    def take(self, plan_id: str, word: str) -> CarryOut:
        """Consume a plan. Raises `Refusal` when it is gone, too old, or the word is wrong (then it stays)."""
        waiting = self._waiting.get(plan_id)
        if waiting is None:
            raise _not_changed("PlanGone", self._gone.get(plan_id, "there is no such plan"))
        expired = self._expired(waiting)
        if expired:
            self._drop(plan_id, expired)
            raise _not_changed("PlanExpired", expired)
        wanted = waiting.plan.confirm_word
        if wanted and word.strip().casefold() != wanted.casefold():
            raise Refusal(
                "WordNeeded",
                f"Nothing was changed: this needs the word {wanted} typed in full.",
                f"Type {wanted} to go on, or n to leave it.",
            )
        self._drop(plan_id, "this plan was already carried out")
        return waiting.carry_out

    def drop(self, plan_id: str) -> None:
        """Drop a declined plan."""
        if plan_id in self._waiting:
            self._drop(plan_id, "this plan was declined")

    def _drop(self, plan_id: str, why: str) -> None:
        del self._waiting[plan_id]
        self._gone[plan_id] = why

    def _expired(self, waiting: _Waiting) -> str:
        if self._clock.monotonic() - waiting.made > LIFETIME:
            return "this plan is more than ten minutes old"
        link = waiting.link
        if link is not None and (not link.connected or link.generation != waiting.generation):
            return f"the connection to {link.name} was lost or renewed since this plan was shown"
        return ""
