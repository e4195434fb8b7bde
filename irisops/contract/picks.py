"""Picks: the lines that a card offers, by number or key, and what is still missing in one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from irisops.contract import quoting
from irisops.contract.chat import CommandInfo
from irisops.contract.replies import Facts, Problem, Reply

MOST = 9
"""Suggestions that have a number; more are reached with the arrows."""

QUESTIONS: Mapping[str, str] = {
    "NotUnderstood": "Not understood",
    "NameAlone": "What about it?",
    "WhichOne": "Which one?",
    "NothingMeant": "Which list?",
}
"""Errors that ask back and are no failure if they offer lines to pick, with the title of their card."""
NO_FAILURES: Mapping[str, str] = {
    "AlreadySo": "No change needed",
    "AlreadyHeld": "No change needed",
    "AlreadyRecorded": "No change needed",
    "AlreadySuspended": "No change needed",
    "NotSuspended": "No change needed",
    "NothingToChange": "No change needed",
    "AlreadyGone": "Already gone",
    "AlreadyUndone": "Already undone",
    "NothingToUndo": "Nothing to undo",
    "NothingToRedo": "Nothing to redo",
    "NothingToFinish": "Nothing to finish",
    "NoContainer": "No container",
    "NoGateway": "No gateway",
}
"""Errors that only say that nothing is to do, or nothing there, and the title of their card: an answer on a screen."""

_OPTIONAL = re.compile(r"\s*\[[^\]]*\]")
_KEYWORD = re.compile(r"[a-z]+")


class Pick(NamedTuple):
    """A picked line. `blank` is where its first placeholder stands (start, end), None if it has none."""

    line: str
    blank: tuple[int, int] | None = None
    at_once: bool = False
    """The command acts without a plan."""

    @property
    def runs(self) -> bool:
        """True for a line that a pick runs; any other waits in the prompt."""
        return self.line.startswith("/") and self.blank is None and not self.at_once


def asks_back(problem: Problem) -> bool:
    """True for a question to the person, e.g. "Did you mean one of these?"."""
    return problem.error in QUESTIONS and bool(problem.suggestions)


def is_failure(problem: Problem) -> bool:
    """False for a question, and for what is as it was wanted already."""
    return not asks_back(problem) and problem.error not in NO_FAILURES


def offered(replies: Iterable[Reply]) -> dict[str, str]:
    """What can be typed to pick from a card -> the line offered: `1` for a suggestion, a letter for an action."""
    found: dict[str, str] = {}
    for reply in replies:
        if isinstance(reply, Problem):
            found |= {str(number): line for number, line in enumerate(reply.suggestions[:MOST], 1)}
        elif isinstance(reply, Facts) and not reply.blocks:  # the keys of a pass belong to that pass alone
            found |= {key: line for key, _label, line in reply.actions}
    return found


def with_beside(problem: Problem) -> Problem:
    """The problem with what a screen would do by itself among what it offers."""
    return replace(problem, suggestions=[*problem.suggestions, problem.beside]) if problem.beside else problem


def pick(line: str, commands: Sequence[CommandInfo]) -> Pick:
    """An offered line, without what is optional in a usage; it may be one, e.g. `/grant ROLE to USER`.

    A name that looks like a placeholder is none: only the words of that very command's usage count.
    """
    info = max(
        (each for each in commands if f"{line} ".startswith(f"/{each.name} ")),
        key=lambda each: len(each.name),
        default=None,
    )
    if info is None:
        return Pick(line)
    usage = info.usage.removeprefix(f"/{info.name}")
    bare = line
    for optional in _OPTIONAL.findall(usage):
        bare = bare.replace(optional, "", 1)
    words = _OPTIONAL.sub("", usage).split()
    if bare != line:
        bare = _without_last_keywords(bare, words, len(info.name) + 1)
    try:
        parts = quoting.split(bare)
    except quoting.UnclosedQuoteError:
        return Pick(bare, at_once=info.at_once)
    places = {word for word in words if not _KEYWORD.fullmatch(word)}
    for part in parts:
        if not part.quoted and part.value in places:
            return Pick(bare, (part.start, part.end))
    return Pick(bare, at_once=info.at_once)


def _without_last_keywords(line: str, words: Sequence[str], least: int) -> str:
    """`/share for people` -> `/share`: words that led to optional values."""
    keywords = {word for word in words if _KEYWORD.fullmatch(word)}
    while len(line) > least and line.rsplit(" ", 1)[-1] in keywords:
        line = line.rsplit(" ", 1)[0]
    return line
