"""The question that a person is asked before a plan is carried out: the plan's own words, none of the agent's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from irisops.agents.approvals import WaitingPlan, plan_of
from irisops.contract.chat import Command
from irisops.contract.replies import Change, Plan
from irisops.contract.wording import DEFAULT_LIMIT, harmless, listed
from irisops.engine.reply_text import PLAN_CALL, PLAN_TEXT
from irisops.engine.spec import Arg, CommandSpec

LONGEST = 6000
"""Characters of a question in a client; a longer one is asked in a terminal, where all of it can be read."""
_FOLDED = re.compile(r"and \d+ more of the same kind")
"""The last line of a plan that has more changes than it lists."""
_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH", "MATHEMATICAL"})
"""Alphabets with letters that look alike, as Unicode's names of letters begin."""
_LIKE_LATIN = frozenset(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u051b\u051d"
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u03bd"
)
"""Cyrillic and Greek letters that look like Latin ones."""
_SHORT_WORD = 3
"""Letters from which a word of such letters alone is told: shorter ones are ordinary words of those languages."""
_BLANKS = re.compile(r"^ +| +$| {2,}")
_ODD_BLANK = re.compile(r"[^\S \n\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
"""Not line ends, which have a sign in any case."""
_ONE_WORD = re.compile(r"[^\s,;:!→“”\"]+")
_COUNTED = 4
"""Blanks in a row from which they are counted: a screen breaks a line there, and the rest looks like one of ours."""


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
    plan = as_shown(plan_of(waiting.plan), waiting.names)
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
    parts = [(plan.instance, DEFAULT_LIMIT), (plan.title, 400), (waiting.word, 80)]
    parts += [(text, 400) for each in plan.changes for text in (each.what, each.before, each.after)]
    parts += [(text, 1000) for text in (*plan.effects, *plan.warnings)]
    return Question("\n".join(lines), waiting.word, any(_is_cut(text, most) for text, most in parts))


def too_much_to_show(plan: Plan) -> bool:
    """True if a person could not see all of a plan, `as_shown`, in a terminal, either."""
    if any(_FOLDED.fullmatch(each.what) for each in plan.changes):
        return True
    parts = [(plan.instance, DEFAULT_LIMIT), (plan.title, PLAN_TEXT)]
    parts += [(each.what, DEFAULT_LIMIT) for each in plan.changes]
    parts += [(text, PLAN_TEXT) for each in plan.changes for text in (each.before, each.after)]
    parts += [(text, PLAN_TEXT) for text in (*plan.effects, *plan.warnings)]
    parts += [(call, PLAN_CALL) for calls in plan.calls.values() for call in calls]
    return any(_is_cut(text, most) for text, most in parts)


def as_shown(plan: Plan, names: Sequence[str] = ()) -> Plan:
    """The plan as a person is asked: with a sign for each blank that could deceive, and warnings of its letters.

    `names` are those that might be read as more than a name.
    """
    return replace(
        plan,
        title=_spaced(plan.title),
        instance=_spaced(plan.instance),
        changes=[
            Change(_spaced(each.what), _spaced(each.before), _spaced(each.after)) for each in plan.changes
        ],
        effects=[_spaced(each) for each in plan.effects],
        warnings=[
            *(_spaced(each) for each in plan.warnings),
            *(f"This is one name: “{_spaced(name)}”" for name in names),
            *look_alikes(plan),
        ],
        calls={
            language: [_spaced(line, code=True) for line in lines] for language, lines in plan.calls.items()
        },
    )


def odd_names(spec: CommandSpec, command: Command) -> list[str]:
    """Names in a command that might be read as more: a user may be called `bob and take %All from alice`."""
    named = [part.name for part in spec.grammar if isinstance(part, Arg)]
    words = dict.fromkeys(word for name in named for word in command.words(name))
    return [word for word in words if not _ONE_WORD.fullmatch(word)]


def _spaced(text: str, *, code: bool = False) -> str:
    """`bob` and `bob␣` are two users, and after 60 blanks a text may look like a line of ours. Code is indented."""

    def told(found: re.Match[str]) -> str:
        many = len(found[0])
        if many >= _COUNTED:
            return f"‹{many} blanks›"
        return found[0] if code else "␣" * many

    return _BLANKS.sub(told, _ODD_BLANK.sub(lambda found: f"‹{ord(found[0]):04X}›", text))


def look_alikes(plan: Plan) -> list[str]:
    """Warnings for letters that deceive: `bоb` with a Cyrillic o may be taken for another name."""
    texts = [plan.title, *(text for each in plan.changes for text in (each.what, each.before, each.after))]
    words = dict.fromkeys(word for text in texts for word in re.findall(r"\w+", text) if not word.isascii())
    told = []
    if mixed := [word for word in words if len(_alphabets(word)) > 1]:
        which = sorted({alphabet.capitalize() for word in mixed for alphabet in _alphabets(word)})
        told.append(
            f"Letters of several alphabets ({listed(which)}) in {listed(mixed)}: this may look like another name."
        )
    if alike := [word for word in words if len(word) >= _SHORT_WORD and _LIKE_LATIN.issuperset(word)]:
        told.append(
            f"No Latin letters, but they look so, in {listed(alike)}: this may look like another name."
        )
    if turned := [
        word for word in words if any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in word)
    ]:
        told.append(
            f"Letters that run from right to left in {listed(turned)}: a screen may show what stands around them, "
            "and the arrow between two, the other way round."
        )
    return told


def _alphabets(word: str) -> set[str]:
    return {unicodedata.name(sign, "").split(" ")[0] for sign in word if sign.isalpha()} & _ALPHABETS


def _is_cut(text: str, most: int) -> bool:
    """True if `harmless` shows less than all of a text. A sign that acts may take several characters."""
    return harmless(text, most) != harmless(text, 10 * len(text) + most)
