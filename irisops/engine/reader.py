"""A sentence in pieces, beside the language and the names with which it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from irisops.engine.language import Language, Word, misspelt

Known = Callable[[str], Sequence[tuple[str, str]]]
"""kind -> (value, hint) of all known values of that kind, as for completion."""

KINDS = ("user", "role", "resource", "application", "service", "profile", "guest", "found", "theme")
"""Kinds of names that `Known` may have values of."""
_TOKEN = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^'\s][^']*'(?=[\s,.;:!?)]|$)|[^\s\"]+")
_WITH_PERMISSION = re.compile(r"([%\w.-]*\w):([RWU]{1,3})")
_URL = re.compile(r"(?:https?|iris)://\w", re.IGNORECASE)
GLOBAL = re.compile(r"\^%?[A-Za-z][\w.]*(?:\(.*\))?")
_HERE = re.compile(r"\.{1,2}/")
_FLAG = re.compile(r"-\w")

_SERVICES = ("Telnet", "Bindings", "WebGateway", "ECP", "CallIn")
"""Services that are called by their names without the prefix. (facts: iris-security 3.3)"""


PREFIXES: Mapping[str, Sequence[str]] = {"database": ("%DB_",), "application": ("/csp/", "/api/", "/")}
"""Meaning of a noun -> how the names of its kind begin, which people leave out."""


class Names:
    """All known names, for one sentence."""

    def __init__(self, known: Known) -> None:
        self._kinds: dict[str, dict[str, str]] = {}
        for kind in KINDS:
            for value, _hint in known(kind):
                self._kinds.setdefault(value.casefold(), {}).setdefault(
                    "application" if kind == "resource" and value.startswith("/") else kind, value
                )
        for name in _SERVICES:
            self._kinds.setdefault(name.casefold(), {}).setdefault("service", f"%Service_{name}")
        self._choices: list[str] = []

    @property
    def none(self) -> bool:
        """True if no name is known: an unknown word may well be one."""
        return len(self._kinds) <= len(_SERVICES)

    def find(self, word: str) -> dict[str, str]:
        """Kind -> value of a name."""
        return self._kinds.get(word.casefold(), {})

    def of_short(self, noun: str, word: str) -> Word | None:
        """What `the shop database` or `the app billing` names, if it is known."""
        for prefix in PREFIXES[noun]:
            found = self._kinds.get(f"{prefix}{word}".casefold())
            if found and not found.keys().isdisjoint(("resource", "application")):
                return Word(word, "", kinds_of(found), next(iter(found.values())), sure=True)
        return None

    def near(self, word: str) -> dict[str, str]:
        """Kind -> value of the name that a misspelt one must be."""
        if not self._choices:
            self._choices = list(self._kinds)
        close = misspelt(word.casefold(), self._choices, {}) if len(word) > 3 else ""
        return self._kinds.get(close, {})


def kinds_of(found: Mapping[str, str]) -> frozenset[str]:
    """The kinds of a name, with those that it can stand for; `found` is kind -> value."""
    kinds = set(found)
    if kinds & {"user", "profile", "role"}:
        kinds.add("word")
    if "user" in kinds:
        kinds.add("holder")
    return frozenset(kinds)


def pieces_of(text: str) -> Iterator[str]:
    """The text in pieces: a word, a number, or what is quoted, which begins with a quotation mark."""
    text = text.replace("’", "'").replace("‘", "'")
    for found in _TOKEN.finditer(text):
        token = found[0]
        if len(token) > 1 and token[0] in "\"'" and token[-1] == token[0]:
            yield '"' + token[1:-1]
            continue
        if _URL.match(token) or GLOBAL.match(token):
            yield token.rstrip(",.;:!?" if "(" in token else ",.;:!?)")
            continue
        for piece in re.split(r"[,;!?()\[\]{}]+|\.+$|:+$|…|→|->", token.strip("\"'`")):
            if parts := _WITH_PERMISSION.fullmatch(piece):
                yield from (parts[1], ":" + parts[2])
            elif any(sign.isalnum() for sign in piece) and not _FLAG.fullmatch(piece):
                begin = piece if _HERE.match(piece) else piece.lstrip(".:'*")
                yield begin.rstrip(".:'*").lstrip("+-") or piece


@dataclass(slots=True)
class Reader:
    """The pieces of a sentence, and how far it is read."""

    pieces: Sequence[str]
    language: Language
    names: Names
    at: int = 0

    @property
    def piece(self) -> str:
        """The next piece."""
        return self.pieces[self.at]

    @property
    def plain(self) -> str:
        """The next piece as a word is looked up: without apostrophes."""
        return self.piece.replace("'", "").casefold()

    @property
    def base(self) -> str:
        """The next piece without the ending of the possessive."""
        return self.piece[:-2] if self.piece.casefold().endswith("'s") else self.piece

    def after(self, number: int) -> str:
        """A later piece, or with a negative number an earlier one; "" beyond the ends."""
        place = self.at + number
        return self.pieces[place].casefold() if 0 <= place < len(self.pieces) else ""

    @property
    def half_day(self) -> int:
        """Hours to add to one of the clock: 12 if the evening or the afternoon is meant."""
        later = set(map(str.casefold, self.pieces[self.at :]))
        return 12 if later & {"evening", "afternoon", "pm", "tonight", "night"} else 0

    def value(self, kind: str, value: str, pieces: int = 1) -> list[Word]:
        """A value that takes so many pieces."""
        text = " ".join(self.pieces[self.at : self.at + pieces])
        self.at += pieces - 1
        return [Word(text, "", frozenset({kind}), value, sure=True)]
