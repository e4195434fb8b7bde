"""The question that a person is asked before a plan is carried out: the plan's own words, none of the agent's."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from irisops.agents.approvals import WaitingPlan, plan_of
from irisops.contract.replies import Plan
from irisops.contract.wording import DEFAULT_LIMIT, harmless, listed
from irisops.engine.reply_text import PLAN_CALL, PLAN_TEXT

LONGEST = 6000
"""Characters of a question in a client; a longer one is asked in a terminal, where all of it can be read."""
_FOLDED = re.compile(r"and \d+ more of the same kind")
"""The last line of a plan that has more changes than it lists."""
_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH", "MATHEMATICAL"})
"""Alphabets with letters that look alike, as Unicode's names of letters begin."""


@dataclass(frozen=True, slots=True)
class Question:
    """`text` has several lines; `word` is what a person types as yes."""

    text: str
    word: str
    cut: bool = False
    """True if a part of the plan is not in `text`."""

    @property
    def too_long(self) -> bool:
        """True if it must not be asked in a client."""
        return self.cut or len(self.text) > LONGEST


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
        *(f"! {harmless(each, 1000)}" for each in (*plan.warnings, *look_alikes(plan))),
        f"To agree type {harmless(waiting.word, 80)}. Anything else changes nothing.",
    ]
    parts = [(plan.instance, DEFAULT_LIMIT), (plan.title, 400), (waiting.word, 80)]
    parts += [(text, 400) for each in plan.changes for text in (each.what, each.before, each.after)]
    parts += [(text, 1000) for text in (*plan.effects, *plan.warnings)]
    return Question("\n".join(lines), waiting.word, any(_is_cut(text, most) for text, most in parts))


def too_much_to_show(plan: Plan) -> bool:
    """True if a person could not see all of a plan in a terminal, either."""
    if any(_FOLDED.fullmatch(each.what) for each in plan.changes):
        return True
    parts = [(plan.instance, DEFAULT_LIMIT), (plan.title, PLAN_TEXT)]
    parts += [(each.what, DEFAULT_LIMIT) for each in plan.changes]
    parts += [(text, PLAN_TEXT) for each in plan.changes for text in (each.before, each.after)]
    parts += [(text, PLAN_TEXT) for text in (*plan.effects, *plan.warnings)]
    parts += [(call, PLAN_CALL) for calls in plan.calls.values() for call in calls]
    return any(_is_cut(text, most) for text, most in parts)


def look_alikes(plan: Plan) -> list[str]:
    """A warning for words that mix alphabets: `bоb` with a Cyrillic o may be taken for another name."""
    texts = [plan.title, *(text for each in plan.changes for text in (each.what, each.before, each.after))]
    words = dict.fromkeys(word for text in texts for word in re.findall(r"\w+", text) if not word.isascii())
    mixed = [word for word in words if len(_alphabets(word)) > 1]
    if not mixed:
        return []
    which = sorted({alphabet.capitalize() for word in mixed for alphabet in _alphabets(word)})
    return [
        f"Letters of several alphabets ({listed(which)}) in {listed(mixed)}: this may look like another name."
    ]


def _alphabets(word: str) -> set[str]:
    return {unicodedata.name(sign, "").split(" ")[0] for sign in word if sign.isalpha()} & _ALPHABETS


def _is_cut(text: str, most: int) -> bool:
    """True if `harmless` shows less than all of a text. A sign that acts may take several characters."""
    return harmless(text, most) != harmless(text, 10 * len(text) + most)
