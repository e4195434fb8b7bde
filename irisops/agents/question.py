"""The question that a person is asked before a plan is carried out: the plan's own words, none of the agent's."""

from __future__ import annotations

from dataclasses import dataclass

from irisops.agents.approvals import WaitingPlan, plan_of
from irisops.contract.wording import harmless

LONGEST = 6000
"""Characters of a question in a client; a longer one is asked in a terminal, where all of it can be read."""


@dataclass(frozen=True, slots=True)
class Question:
    """`text` has several lines; `word` is what a person types as yes."""

    text: str
    word: str

    @property
    def too_long(self) -> bool:
        """True if it must not be asked in a client."""
        return len(self.text) > LONGEST


def question_of(waiting: WaitingPlan) -> Question:
    """The question for a plan; the same for the same plan."""
    plan = plan_of(waiting.plan)
    lines = [
        f"An agent wants to change {harmless(plan.instance)}: {harmless(plan.title, 400)}",
        *(
            f"- {harmless(each.what, 400)}: {harmless(each.before, 400)} → {harmless(each.after, 400)}"
            for each in plan.changes
        ),
        *(f"- {harmless(each, 1000)}" for each in plan.effects),
        *(f"! {harmless(each, 1000)}" for each in plan.warnings),
        f"To agree type {harmless(waiting.word, 80)}. Anything else changes nothing.",
    ]
    return Question("\n".join(lines), waiting.word)
