"""A guess at what a sentence means: when it is beyond doubt and may run, and when the sentence is too vague for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from irisops.engine import weights
from irisops.engine.language import Word
from irisops.engine.spec import CommandSpec

_ASKING = frozenset(
    {
        "who", "whos", "what", "whats", "which", "why", "where", "when", "whose", "is", "are", "was", "were", "does",
        "did", "has", "have", "any", "anybody", "anyone",
    }
)  # fmt: skip
"""First words of a question: it seldom wants a change."""
_LOOKING = frozenset({"see", "look", "read", "list"})
"""First words of an order to show something, beside those of a question."""
_ACTS = frozenset(
    {
        "end", "kick", "delete", "disable", "enable", "revoke", "grant", "create", "unlock", "copy", "suspend",
    }
)  # fmt: skip
"""Meanings of the first word of an order, which is not carried out by showing something."""
_NEVER = frozenset(
    {
        "dont", "don't", "not", "never", "no", "everything", "everyone", "everybody", "anybody", "anyone", "whole",
        "said", "would", "if", "it", "them",
    }
)  # fmt: skip
"""Words with which a sentence is never beyond doubt."""
_SHOWS = frozenset(
    {
        "help", "license advice", "locked", "settings list", "templates", "leases", "history", "secrets", "helper",
        "evidence compare", "doctor", "profile test", "discover", "theme", "watch", "indexes",
    }
)  # fmt: skip
"""Commands that show something and are not live."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What a sentence may mean, filled with what it names."""

    line: str
    spec: CommandSpec
    score: float
    like: float
    """Likeness to the nearest example: 1 for the same words."""
    covered: float
    """Share of the sentence, by weight, that the meaning accounts for."""
    missing: bool
    """A place that must be filled is not: the line shows its name there."""
    named: bool
    """Everything that fills a place is known, quoted or said to be of its kind, and a change has no other values."""
    filled: Mapping[int, str]
    """The words that fill places, with the kinds of the places."""
    names: bool = False
    """The sentence names something."""
    sure: bool = False
    fills: bool = False
    """What the sentence names stands in the line."""
    exists: bool = False
    """A new name is that of something known."""


def shows(spec: CommandSpec) -> bool:
    """True for a command that shows something."""
    return spec.live or spec.name in _SHOWS


def beyond_doubt(guesses: Sequence[Guess], words: Sequence[Word]) -> bool:
    """True if the first guess is beyond doubt. What acts must be said nearly as in an example."""
    best = guesses[0]
    ahead = best.score - next((each.score for each in guesses[1:] if each.spec is not best.spec), 0.0)
    return (
        ahead >= weights.CLOSE
        and not _may_say_more(guesses)
        and _says_enough(best, words)
        and (_is_shown(best, words, ahead) if shows(best.spec) else _is_done(best, words))
    )


def _may_say_more(guesses: Sequence[Guess]) -> bool:
    """True if it may well be the best line with something more."""
    best = guesses[0]
    return any(
        each.line.startswith(f"{best.line} ") and best.score - each.score < weights.CLOSE
        for each in guesses[1:]
    )


def _says_enough(best: Guess, words: Sequence[Word]) -> bool:
    """True if the sentence names all that the line needs, and takes nothing back."""
    meanings = {word.meaning for word in words}
    return (
        any(meanings)
        and not best.missing
        and best.named
        and not best.exists
        and not any(word.text.casefold() in _NEVER for word in words)
        and sum(1 for word in words if word.meaning or word.kinds) >= weights.ENOUGH
        and not _about_the_tool(words)
        and (
            best.spec.name != "clear" or not meanings.isdisjoint(_NOUNS)
        )  # "clean up" need not mean the screen
    )


def _is_shown(best: Guess, words: Sequence[Word], ahead: float) -> bool:
    near = best.like >= weights.SHOWN_LIKE or (
        best.like >= weights.SHOWN_LESS_LIKE and ahead >= weights.FAR_AHEAD
    )
    return near and best.covered >= weights.SHOWN_COVERED and _first(words) not in _ACTS


def _is_done(best: Guess, words: Sequence[Word]) -> bool:
    return (
        best.like >= weights.DONE_LIKE
        and best.covered >= weights.DONE_COVERED
        and _first(words) not in _ASKING
        and not best.line.endswith(" all")
        # `open tunnels` asks which are open.
        and not any(word.text.casefold() in ("tunnels", "tunels") for word in words)
    )


def only_looks(words: Sequence[Word]) -> bool:
    """True for a question, or an order to show something."""
    first = _first(words)
    return first in _ASKING or first in _LOOKING


def _first(words: Sequence[Word]) -> str:
    """The first word, as its meaning if that is an act."""
    if not words:
        return ""
    return words[0].meaning if words[0].meaning in _ACTS else words[0].text.casefold().replace("'", "")


def _about_the_tool(words: Sequence[Word]) -> bool:
    """True for `how old are you`: small talk, even where it resembles a question about the instance."""
    said = [word.text.casefold() for word in words]
    return ("are", "you") in pairwise(said)


_OBJECTS: Mapping[str, frozenset[str]] = {
    "sessions": frozenset({"session", "leak", "anonymous", "idle", "web"}),
    "leases": frozenset({"leftover", "share", "crash"}),
    "unshare": frozenset({"share", "tunnel", "internet", "outside"}),
    "finish": frozenset({"finish"}),
    "dormant": frozenset({"dormant", "idle"}),
    "alert": frozenset({"alert"}),
    "helper": frozenset({"helper"}),
    "clear": frozenset({"screen", "text", "window", "output", "written", "above"}),
    "quit": frozenset({"leave", "tool", "program", "logout"}),
    "undo": frozenset({"undo", "redo"}),
    "redo": frozenset({"undo", "redo"}),
}
"""First word of a command that may act on all of a kind -> meanings that name the kind."""
_ENDINGS = frozenset(
    {"delete", "end", "kick", "disable", "revoke", "clean", "suspend", "forget", "reset", "format", "nuke"}
)
"""Meanings with which something may be lost."""
_ALL_OF = frozenset({"everything", "everybody", "everyone", "all", "whole", "every", "each", "anybody"})
_IT = frozenset({"it", "this", "that", "them", "these", "those", "stuff"})
_FOREIGN = frozenset({"database", "table", "instance", "namespace", "global", "journal", "disk", "security"})
"""Meanings of what this program never deletes."""


_KEPT = frozenset({"database", "index", "indexes", "component", "production", "task", "journal"})
"""First words of commands that act on what this program never deletes, and its nouns."""
_WHOLE = frozenset(
    {"all", "full", "everything", "anything", "administrator", "%all", "super", "promote", "demote"}
)
"""Words and meanings of which one is said where %All is meant."""


def is_vague(guess: Guess, words: Sequence[Word]) -> bool:
    """True for what acts, offered for a sentence that does not say what it is to act on: `delete everything`."""
    said = {word.meaning for word in words} | {word.text.casefold() for word in words}
    if _overreaches(guess, said):
        return True
    name = guess.spec.name.split()[0]
    acts = guess.spec.changes or guess.spec.at_once or name in _OBJECTS
    if not acts or said.isdisjoint(_ENDINGS):
        return False
    if "delete" in said and (name in _KEPT or not said.isdisjoint(_KEPT)):
        return True  # nor is dismounting it meant, nor another thing
    exact = guess.like > weights.EXACT and not guess.spec.at_once and not guess.line.endswith(" all")
    if exact or (guess.fills and not guess.missing):
        return False
    nouns = {word.meaning for word in words} & _NOUNS
    if name in _OBJECTS and (nouns or not said.isdisjoint(_OBJECTS[name])):
        return guess.like < weights.NEARLY and said.isdisjoint(_OBJECTS[name])
    return not said.isdisjoint(_ALL_OF | _FOREIGN) or (not said.isdisjoint(_IT) and not nouns)


def _overreaches(guess: Guess, said: set[str]) -> bool:
    """True for %All where something less was said (`give bob sql rights`), and for one user where all were."""
    if not guess.spec.changes:
        return False
    return ("%All" in guess.line and said.isdisjoint(_WHOLE)) or (
        ("user" in guess.filled.values() or guess.line.endswith(" to USER")) and "everybody" in said
    )


_NOUNS = frozenset(
    {
        "user",
        "role",
        "session",
        "process",
        "application",
        "share",
        "tunnel",
        "guest",
        "pass",
        "screen",
        "unit",
    }
)
"""Meanings of what this program can end."""
