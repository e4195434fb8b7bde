"""Plans that wait for a person's yes, and whether somebody said it: each is used once, within ten minutes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from irisops.agents.approvals import Approvals, WaitingPlan, shape_of
from irisops.agents.calls import Caller
from irisops.agents.policy import allows
from irisops.agents.question import Question, as_shown, question_of, too_much_to_show
from irisops.connections.connection import target_of
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Plan, Refusal, Reply
from irisops.engine.plans import LIFETIME
from irisops.files import cure_of
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.session import Session

if TYPE_CHECKING:
    from irisops.instance.connection import Target

MOST_PLANS = 20
"""Plans that may wait at once."""
MOST_GONE = 1000
"""Plans of which it is remembered why they are gone."""
MOST_ASKED = 3
"""Questions without a yes that a client may show within the life of a plan: who is asked too often says yes at last."""
TO_READ = 1.0
"""Seconds that a person takes at least to read a question: a faster answer is a program's."""


@dataclass(slots=True)
class Planned:
    """A plan as it waits, with the line that made it and the connection on which it was made."""

    waiting: WaitingPlan
    command: Command
    in_session: str
    """The plan's id in the session."""
    state: tuple[int, int]
    """Of the connection on which it was made: its login, and the number of the last change."""
    made: float
    target: Target
    """Where it was made: the profile may be edited meanwhile."""
    in_terminal: bool = False
    """It was written for `irisops approve`, which removes it if a person says no."""
    asked: float | None = None
    """When the question was first given to the client; monotonic seconds."""


class WaitingPlans:
    """The plans of one server."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._clock = session.clock
        self._planned: dict[str, Planned] = {}
        self._gone: dict[str, str] = {}
        self._asked: list[tuple[float, str]] = []
        """When a question went to a client, and for which plan; without those that got a yes."""
        self._approvals = Approvals(session.places)
        # Only the demo has a home that a terminal does not know.
        home = (
            ""
            if session.places == Places.find()
            else f"IRISOPS_HOME={quote(str(session.places.state.parent))} "
        )
        self._approve = f"{home}irisops approve"

    def keep(
        self,
        caller: Caller,
        profile: Profile,
        command: Command,
        made: Plan,
        state: tuple[int, int],
        *,
        names: Sequence[str],
    ) -> Planned:
        """Let a plan wait for a person. `state` is that of its connection, `names` its odd ones. Raises `Refusal`."""
        if too_much_to_show(as_shown(made, names)):
            self._session.decline(made.id)
            raise Refusal(
                "TooMuchToShow",
                f"What /{command.name} would do is more than a person can be shown at once.",
                "Plan fewer at a time.",
            )
        for plan_id in [each for each in self._planned if self._old(self._planned[each])]:
            self.drop(plan_id, "this plan is more than ten minutes old")
        if len(self._planned) >= MOST_PLANS:
            self._session.decline(made.id)
            raise Refusal(
                "TooManyPlans", f"{MOST_PLANS} plans wait already.", "Apply one, or wait ten minutes."
            )
        waiting = WaitingPlan(
            id=secrets.token_hex(6),
            profile=profile.name,
            word=made.confirm_word or profile.name,
            client=caller.name,
            made=self._clock.now(),
            plan=shape_of(made),
            names=names,
        )
        planned = Planned(waiting, command, made.id, state, self._clock.monotonic(), target_of(profile))
        if allows(profile, "apply"):
            planned.in_terminal = True
            try:
                self._approvals.put(waiting)
            except OSError as error:
                self._session.decline(made.id)
                raise Refusal("NotWritten", "The plan cannot be kept.", cure_of(error)) from None
        self._planned[waiting.id] = planned
        return planned

    def found(self, plan_id: str) -> Planned:
        """A plan that is not too old. Raises `Refusal`."""
        planned = self._planned.get(plan_id)
        why = self._gone.get(plan_id, "there is no such plan")
        if planned is not None and self._old(planned):
            why = "this plan is more than ten minutes old"
            self.drop(plan_id, why)
            planned = None
        if planned is None:
            raise Refusal("PlanGone", f"Nothing was changed: {why}.", "Make a fresh plan with the tool plan.")
        return planned

    def check_open(self, planned: Planned, profile: Profile) -> None:
        """Raise `Refusal` if a person said no in a terminal, or if the profile leads elsewhere now."""
        if planned.in_terminal and not self._approvals.waits(planned.waiting.id):
            raise self.declined(planned)
        if target_of(profile) != planned.target:
            self.drop(planned.waiting.id, "the profile was edited")
            raise Refusal(
                "Moved",
                f"Nothing was changed: {profile.name} was edited, and leads elsewhere than where this was planned.",
                "Make a fresh plan with the tool plan.",
            )

    def question(self, caller: Caller, planned: Planned, profile: Profile, *, again: bool) -> Question | None:
        """What to ask in the client; None if a person agreed in a terminal. `again` if it was asked, and answered.

        Raises `Refusal` if it cannot be asked in the client.
        """
        waiting = planned.waiting
        if self._approvals.approved(waiting) and not again:
            return None
        asked = question_of(waiting)
        in_terminal = _in_terminal(profile) or asked.too_long
        often = not again and self._asked_often()
        if caller.can_ask and not in_terminal and not often:
            return asked
        why = "this client cannot ask one"
        if in_terminal:
            why = "here only in a terminal"
        elif often:
            why = f"who was asked {MOST_ASKED} times without a yes, so now only in a terminal"
        raise Refusal(
            "NeedsApproval",
            f"Nothing was changed: a person must agree, {why}.",
            f"Ask the person to run: {self._approve} {waiting.id}. Then call apply again.",
        )

    def note_asked(self, planned: Planned) -> None:
        """Note that the question goes to the client."""
        now = self._clock.monotonic()
        planned.asked = planned.asked if planned.asked is not None else now
        self._asked.append((now, planned.waiting.id))

    def _asked_often(self) -> bool:
        self._asked = [each for each in self._asked if self._clock.monotonic() - each[0] <= LIFETIME]
        return len(self._asked) >= MOST_ASKED

    def approval(self, planned: Planned, profile: Profile, typed: str | None) -> str:
        """Where a person said yes to this plan. Raises `Refusal`, and the plan is gone if somebody said no."""
        waiting = planned.waiting
        if typed is not None and typed.strip().casefold() != waiting.word.casefold():
            self.drop(waiting.id, "it was answered with something else than the word")
            raise Refusal(
                "WordNeeded", "Nothing was changed: the word was not typed as shown.", "Make a fresh plan."
            )
        if self._approvals.approved(waiting):
            return "terminal"
        if typed is None or _in_terminal(profile) or planned.asked is None:
            raise self.declined(planned)
        if self._clock.monotonic() - planned.asked < TO_READ:
            self.drop(waiting.id, "it was answered faster than a person can read")
            raise Refusal(
                "NotAPerson",
                "Nothing was changed: the answer came faster than a person can read the plan.",
                "Make a fresh plan, and let the person answer, or run irisops approve.",
            )
        self._asked = [each for each in self._asked if each[1] != waiting.id]
        return "client"

    def same(self, planned: Planned, replies: Sequence[Reply]) -> str:
        """The id of the plan among replies that were made anew. Raises `Refusal` if it would do something else now."""
        plans = [reply for reply in replies if isinstance(reply, Plan)]
        if len(plans) == 1:
            fresh = replace(planned.waiting, plan=shape_of(plans[0]))
            if fresh.digest == planned.waiting.digest:
                return plans[0].id
        for each in plans:
            self._session.decline(each.id)
        raise Refusal(
            "Moved",
            "Nothing was changed: it would do something else now than what was approved.",
            "Make a fresh plan with the tool plan.",
        )

    def drop(self, plan_id: str, why: str) -> None:
        """Forget a plan."""
        if self._planned.pop(plan_id, None) is not None:
            self._gone[plan_id] = why
            if len(self._gone) > MOST_GONE:
                del self._gone[next(iter(self._gone))]
            self._approvals.drop(plan_id)

    def close(self) -> None:
        """Forget all plans."""
        for plan_id in list(self._planned):
            self.drop(plan_id, "the server has ended")

    def _old(self, planned: Planned) -> bool:
        return self._clock.monotonic() - planned.made > LIFETIME

    def declined(self, planned: Planned) -> Refusal:
        """The refusal of a plan to which a person said no; the plan is gone."""
        self.drop(planned.waiting.id, "a person did not agree to it")
        return Refusal(
            "Declined", "Nothing was changed: the person did not agree.", "Do not ask again for the same."
        )


def where_agreed(profile: Profile) -> str:
    """Where a person can say yes, in words."""
    return "terminal" if _in_terminal(profile) else "client or terminal"


def _in_terminal(profile: Profile) -> bool:
    """True if the yes must come from a terminal: the question would show names, or the client is not trusted so far."""
    return profile.guarded or profile.agents_names == "hidden"
