"""Fill the places of a slash line with what a sentence names. Pure and deterministic."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType

from irisops.contract.quoting import quote
from irisops.engine.language import SECONDS, Word

PLACE = re.compile(r"\{([a-z]+)(\d?)\}")
"""A place in a line: its kind, and a digit where the line has several of the kind."""
_OPTIONAL = re.compile(r"( ?)\[([^\]]*)\]")

_FILLS: Mapping[str, frozenset[str]] = {
    "age": frozenset({"span"}),
    "seconds": frozenset({"span", "number"}),
    "time": frozenset({"span", "clock"}),
    "pid": frozenset({"number"}),
    "port": frozenset({"number"}),
    "id": frozenset({"number", "id"}),
    "path": frozenset({"application"}),
    "folder": frozenset({"folder", "file", "word", "application"}),
    "database": frozenset({"resource", "namespace", "word"}),
    "people": frozenset({"people", "number"}),
    "number": frozenset({"number", "ordinal"}),
    "holder": frozenset({"holder"}),
    "component": frozenset({"component", "word", "table", "host"}),
    "task": frozenset({"task", "word"}),
    "new": frozenset({"new", "user", "role", "profile"}),
}
"""Kind of a place in a line -> kinds of words that fill it, where that is not the kind itself."""

_PERMISSIONS = (
    ("RW", "read write"), ("RW", "rw"), ("W", "write"), ("W", "writers"), ("W", "change"), ("R", "read"),
    ("R", "readers"), ("R", "ro"), ("R", "see"), ("R", "look"),
)  # fmt: skip
CHOICES: Mapping[str, Sequence[tuple[str, str]]] = {
    "shared": (
        ("both", "both"), ("both", "superserver web"), ("both", "everything"), ("superserver", "superserver"),
        ("superserver", "1972"), ("superserver", "jdbc"), ("superserver", "odbc"), ("superserver", "dbeaver"),
        ("web", "web"), ("web", "portal"), ("web", "website"),
    ),
    "pass": (
        ("sql-read", "sql read"), ("sql-read", "select"), ("sql-read", "read only"), ("sql-read", "readonly"),
        ("sql-read", "read table"), ("sql-read", "look table"), ("sql-read", "read database"),
        ("developer", "developer"), ("rest", "rest"), ("rest", "api"), ("sql", "sql"),
    ),
    "perm": _PERMISSIONS,
    "reads": (*_PERMISSIONS, ("R", "")),
    "writes": (*_PERMISSIONS, ("RW", "")),
    "colour": tuple(
        (each, each) for each in ("red", "green", "yellow", "blue", "orange", "magenta", "cyan", "purple")
    ),
}  # fmt: skip
"""Kind of a place -> its values, each with the words (or their meanings) that say it; the first that fits counts."""


def fill(
    line: str,
    words: Sequence[Word],
    chosen: Mapping[str, int] = MappingProxyType({}),
    optional: Collection[str] = (),
) -> tuple[str, dict[int, str], int]:
    """A line with its places filled, the words used for that with the kinds of their places, and the places left open.

    `chosen` is the word for a place, instead of the one that fits best; a negative one leaves the place empty. Where
    nothing fills one of the `optional` places, the line goes without it.
    """
    if "{" not in line:
        return line, {}, 0
    chosen = chosen or _source(line, words)
    used: dict[int, str] = {word: place.strip("{}12") for place, word in chosen.items() if word >= 0}
    missing = 0

    def filled(kind: str, required: bool) -> str:
        if kind in CHOICES:
            value, said = _chosen(kind, words)
            used.update(dict.fromkeys(said, kind))
            return value
        place = _candidate(kind, words, used)
        if place is not None and not required and kind != "new" and _is_a_guess(words[place]):
            place = None
        if place is None and required:
            place = next((at for at in _last_resort(kind, words) if at not in used), None)
        if place is None:
            return ""
        used[place] = kind
        return _written(kind, words[place])

    places, may_be_empty = _places(line)
    values: dict[str, str] = {}
    for place, kind in places:
        at = chosen.get(place)
        values[place] = (
            filled(kind, place not in may_be_empty)
            if at is None
            else _written(kind, words[at])
            if at >= 0
            else ""
        )

    def bracketed(part: re.Match[str]) -> str:
        return part[1] + part[2] if all(values[found[0]] for found in PLACE.finditer(part[2])) else ""

    line = _OPTIONAL.sub(bracketed, line)

    def value(place: re.Match[str]) -> str:
        nonlocal missing
        if not values[place[0]]:
            missing += 1
            return "" if place[0] in optional else place[1].upper()
        return values[place[0]]

    return " ".join(PLACE.sub(value, line).split()) if optional else PLACE.sub(value, line), used, missing


def _source(line: str, words: Sequence[Word]) -> dict[str, int]:
    """What is copied where the copy is named first: `make /csp/new exactly like /csp/user`."""
    place = PLACE.search(line) if " copy " in line else None
    for at, word in enumerate(words) if place else ():
        before = words[at - 1].text.casefold() if at else ""
        if (
            place
            and place[1] in word.kinds
            and word.sure
            and not word.odd
            and before in ("like", "of", "from")
        ):
            return {place[0]: at}
    return {}


def _last_resort(kind: str, words: Sequence[Word]) -> Iterator[int]:
    """Words of the language that may be a new name, or of a folder by where they stand: `apply conf`."""
    if kind == "new":
        yield from (at for at in range(1, len(words)) if words[at].mended)
    for place, word in enumerate(words) if kind == "folder" else ():
        before = words[place - 1].text.casefold() if place else ""
        if before in _BEFORE_FOLDER and word.meaning and not word.kinds and word.meaning not in _NO_FOLDERS:
            yield place


_BEFORE_FOLDER = frozenset({"apply", "diff", "export", "from", "in", "into", "against", "with", "than"})
_NO_FOLDERS = frozenset(
    {
        "instance",
        "text",
        "file",
        "git",
        "folder",
        "settings",
        "what",
        "which",
        "now",
        "only",
        "share",
        "profile",
        "license",
        "session",
        "process",
        "user",
        "role",
        "resource",
        "database",
        "application",
        "service",
    }
)


def _is_a_guess(word: Word) -> bool:
    """True for an unknown word that is not said to be of a kind and is not written in capitals, as namespaces are."""
    return word.strange and not word.sure and not word.text.isupper()


@cache
def _places(line: str) -> tuple[Sequence[tuple[str, str]], Collection[str]]:
    """The places of a line with their kinds, in the order in which they are filled, and those that may stay empty."""
    places = {found[0]: found[1] for found in PLACE.finditer(line)}
    may_be_empty = {found[0] for part in _OPTIONAL.finditer(line) for found in PLACE.finditer(part[2])}
    # A new name, or that of a component, is what no other place that must be filled takes.
    order = sorted(places, key=lambda each: (each in may_be_empty, places[each] in ("new", "component")))
    return [(each, places[each]) for each in order], may_be_empty


def _chosen(kind: str, words: Sequence[Word]) -> tuple[str, list[int]]:
    """The value of a choice that a sentence says, and where; "" if it says none."""
    for place, word in enumerate(words):
        if kind in word.kinds or ("perm" in word.kinds and kind in ("reads", "writes")):
            return word.value, [place]
    said: dict[str, int] = {}
    for place, word in enumerate(words):
        said.setdefault(word.text.casefold(), place)
        said.setdefault(word.meaning, place)
    for value, needed in CHOICES[kind]:
        if all(each in said for each in needed.split()):
            return value, [said[each] for each in needed.split()]
    return "", []


def alternatives(line: str, words: Sequence[Word]) -> Iterator[dict[str, int]]:
    """Other words for the places of a line, and its optional places left empty."""
    places, may_be_empty = _places(line)
    for place, kind in places:
        if kind in CHOICES:
            continue
        others = _candidates(kind, words, ())[1:3]
        for other in others:
            if not words[other].strange or words[other].odd:
                yield {place: other}
    for place, kind in places:
        doubtful = kind in CHOICES or not all(words[at].sure for at in _candidates(kind, words, ())[:1])
        if place in may_be_empty and doubtful:
            yield {place: -1}


def _candidate(kind: str, words: Sequence[Word], used: Mapping[int, str]) -> int | None:
    """The word that fills a place: a known name first, then what may be one. No name fills two places of a kind."""
    names = {words[at].value for at, of in used.items() if of == kind and words[at].value}
    return next((at for at in _candidates(kind, words, used) if words[at].value not in names), None)


def _candidates(kind: str, words: Sequence[Word], used: Collection[int]) -> list[int]:
    """The words that may fill a place, the likeliest first."""
    if kind in _FOLLOW:
        return [place for place in _following(words, _FOLLOW[kind]) if place not in used]
    fills = _FILLS.get(kind) or frozenset({kind})
    fitting = [place for place, word in enumerate(words) if place not in used and word.kinds & fills]
    if kind == "folder":  # what is known by its name is no folder
        fitting = [place for place in fitting if "word" not in words[place].kinds or words[place].strange]
    if kind == "database":  # `the shop database` is read as the resource that protects it
        fitting = [place for place in fitting if words[place].value.startswith(("%DB_", words[place].typed))]
    if kind == "new":
        fitting.sort(
            key=lambda place: (not words[place].strange, not words[place].sure, not words[place].odd)
        )
    elif kind in _LIKELIEST:
        fitting.sort(key=lambda place: _LIKELIEST[kind](words, place))
    else:
        fitting.sort(
            key=lambda place: (
                not words[place].sure,
                words[place].strange,
                kind == "namespace" and not words[place].text.isupper(),
                # `put reader into the %SQL role`: what is a user, too, is rather that
                kind == "role" and "user" in words[place].kinds and not words[place].strange,
                words[place].odd or (len(fills) == 1 and "new" in words[place].kinds),
                bool(words[place].meaning),
            )
        )
    return fitting


_FOLLOW: Mapping[str, Sequence[str]] = {
    "column": ("by", "column", "after"),
    "words": (
        "with", "containing", "contain", "contains", "for", "about", "matching", "match", "mention", "mentioning",
        "by", "saying", "say", "only", "has", "have", "where", "of", "to",
    ),
}  # fmt: skip
"""Kind of a place -> words before what fills it, which may be any word."""
_THESE = frozenset(
    {
        "the",
        "a",
        "an",
        "my",
        "this",
        "that",
        "these",
        "those",
        "it",
        "its",
        "rows",
        "row",
        "lines",
        "ones",
        "word",
        "words",
        "column",
        "value",
        "name",
        "them",
        "last",
        "answer",
        "table",
        "list",
        "one",
        "only",
        "something",
        "text",
        "what",
    }
)


def _following(words: Sequence[Word], before: Sequence[str]) -> list[int]:
    said = [word.text.casefold() for word in words]
    found: list[int] = []
    for each in before:
        for place in (at for at, word in enumerate(said) if word == each):
            after = next((at for at in range(place + 1, len(said)) if said[at] not in _THESE), None)
            if after is not None and said[after] not in before and after not in found:
                found.append(after)
    return found


def _after_number(words: Sequence[Word], place: int) -> bool:
    """True for a number that stands beside a word for one."""
    return place == 0 or words[place - 1].text.casefold() not in (
        "number",
        "no",
        "nr",
        "change",
        "refusal",
        "id",
    )


_LIKELIEST: Mapping[str, Callable[[Sequence[Word], int], tuple[bool | int, ...]]] = {
    "number": lambda words, place: (_after_number(words, place), "ordinal" in words[place].kinds, place),
    "people": lambda words, place: ("people" not in words[place].kinds, "port" in words[place].kinds, place),
    "id": lambda words, place: (_after_number(words, place), place),
    "path": lambda words, place: (not words[place].odd, -place),
    "found": lambda words, place: (
        not (words[place].sure and not words[place].strange),
        not words[place].strange,
        place,
    ),
    "seconds": lambda words, place: ("span" not in words[place].kinds, -place),
}
"""Kind of a place -> order of the words that may fill it, where not the surest comes first: of two spans the last."""


def _written(kind: str, word: Word) -> str:
    value = word.value or word.text
    if kind in _FOLLOW:
        return quote(word.text if kind == "column" else word.typed)
    if kind == "database":
        return quote(
            word.text
            if value.startswith("%DB_") and not word.text.startswith("%")
            else value.removeprefix("%DB_")
        )
    if kind == "seconds":
        return str(seconds_of(value))
    return quote(value)


def seconds_of(span: str) -> int:
    """`5m` -> 300; a bare number is seconds."""
    return sum(int(number) * SECONDS.get(unit, 1) for number, unit in re.findall(r"(\d+)([a-z]*)", span))
