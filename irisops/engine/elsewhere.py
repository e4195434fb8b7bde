"""The other instances that a sentence asks about: `on clinic`, `of all my servers`."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.engine.language import Word

_AND = frozenset({"and", "as", "well", "plus", "also", "both"})
_BESIDE = frozenset(
    {"side", "by", "next", "to", "each", "other", "beside", "both", "compare", "together", "compared"}
)
"""Words that say that several instances are meant at once."""
_WHERE = ("on", "at", "in", "from")
_EVERY = ("all", "every", "each", "any")


def elsewhere(words: Sequence[Word]) -> tuple[str, list[Word]]:
    """The other instances that a sentence asks about, and its other words: `on clinic`, `of all my servers`."""
    where: list[str] = []
    used: set[int] = set()
    said = ["", "", *(word.text.casefold() for word in words)]
    named = [place for place, word in enumerate(words) if "profile" in word.kinds and not word.strange]
    for place, word in enumerate(words):
        beside = [
            at for at in named if at != place and _joined(said[min(at, place) + 3 : max(at, place) + 2])
        ]
        after = words[place + 1].meaning if place + 1 < len(words) else ""
        called = said[place + 1] == "the" and said[place] in _WHERE and after in ("instance", "profile")
        if called and "profile" in word.kinds and not word.strange:  # `on the vienna profile`
            where.append(word.value)
            used |= {place - 2, place - 1, place, place + 1}
            continue
        here = said[place + 1] in _WHERE and said[place] not in ("im", "i'm", "am", "alone", "sit")
        if "profile" in word.kinds and (here or (place in named and beside)):
            if word.strange and word.text.isupper():
                continue
            where.append(word.value)
            used |= {place, place - 1} if said[place + 1] in (*_WHERE, "and") else {place}
        if word.meaning in ("instance", "profile"):
            whole = [at for at in range(max(0, place - 4), place) if words[at].text.casefold() in _EVERY]
            if whole:
                return "all", [*words[: whole[0]], *words[place + 1 :]]
    if len(where) > 1:
        used |= {place for place, word in enumerate(words) if word.text.casefold() in _BESIDE}
    return ",".join(dict.fromkeys(where)), [word for place, word in enumerate(words) if place not in used]


def _joined(between: Sequence[str]) -> bool:
    """True for what stands between two instances that are meant together: `prod and on clinic`."""
    return not _AND.isdisjoint(between) and set(between) <= {*_AND, *_WHERE, "of"}
