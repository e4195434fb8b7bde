"""What of a sentence is compared with the examples: its words, kinds of names, and neighbours -> their weights."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.engine import weights
from irisops.engine.language import Word
from irisops.engine.reader import KINDS

_NAMED = frozenset({*KINDS, "command"})
_VALUES = frozenset(
    {
        "number",
        "span",
        "clock",
        "percent",
        "file",
        "host",
        "table",
        "holder",
        "port",
        "people",
        "email",
        "namespace",
        "date",
        "folder",
        "address",
    }
)


def features(words: Sequence[Word]) -> dict[str, float]:
    """Words, kinds of names, and pairs of neighbours -> share of their weight."""
    found: dict[str, float] = {}
    before = "^"
    for word in words:
        if "pair" in word.kinds:  # it is added to a line as it stands
            continue
        tokens = [word.meaning] if word.meaning else []
        if word.kinds:
            tokens += kinds_of(word)
        if not tokens:
            continue
        for each in tokens:
            found[each] = 1.0
        after = tokens[0]
        found[f"{before} {after}"] = weights.NEIGHBOURS
        before = after
    return found


def as_said(words: Sequence[Word]) -> dict[str, float]:
    """As `features`, with the words themselves, those that say little, too: `who is` and `is there` differ."""
    found: dict[str, float] = {}
    before = "=^"
    for word in words:
        if "pair" in word.kinds:
            continue
        after = "=" + ("" if word.strange or (word.kinds and not word.meaning) else word.text.casefold())
        found[after] = found[before + after] = weights.SAID
        before = after
    found[before + "=$"] = weights.SAID
    return found


def kinds_of(word: Word) -> list[str]:
    """The features of what a word names: that it is a name, and of which kinds."""
    named = word.kinds & _NAMED
    if word.kinds & {"position", "ordinal"}:
        return []
    if "text" in word.kinds and " " in word.value:
        return ["<name>", "<text>"]
    if word.strange or not named:
        others = sorted(word.kinds & _VALUES)
        return [f"<{each}>" for each in others] if others and not word.strange else ["<name>"]
    return ["<name>", *(f"<{each}>" for each in sorted(named))]
