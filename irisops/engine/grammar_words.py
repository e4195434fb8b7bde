"""What a sentence says of a command's grammar beyond the example line that it resembles. Pure and deterministic.

An example line has the usual arguments of a command. Options, kinds after a keyword, further names and words of a
filter need no example: their words come from the declaration of the command, their values from the sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from irisops.configuration.kinds import KINDS as CONFIGURATION_KINDS
from irisops.contract.quoting import quote
from irisops.engine.filling import seconds_of
from irisops.engine.sentences import Language, Word
from irisops.engine.spec import Arg, CommandSpec, Keyword
from irisops.instance.security.authentication import METHODS

_NAMES = frozenset({"user", "role", "resource", "application", "service", "profile", "guest"})
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "login": {word: word for word in METHODS.values()} | {"anonymous": "unauthenticated", "passwd": "password"},
    "permission": {
        "none": "none", "nothing": "none", "nobody": "none",
        "rw": "RW", "write": "RW", "r": "R", "read": "R", "readable": "R", "readonly": "R", "u": "U",
    },
    "configuration kind": {},
}  # fmt: skip
"""Kind of an argument or option -> words, or their meanings, that say its values."""
_LINKS = frozenset({"to", "is", "as", "be", "into", "=", "by"})
"""Words before a value: `the comment should be`, `set the scheme to`."""
_BETWEEN = frozenset(
    {
        *_LINKS, "permission", "permissions", "right", "rights", "value", "setting", "method", "methods", "have", "has",
        "get", "gets", "the", "a", "an", "of", "for", "on", "at", "in", "should", "shall", "must", "it", "its", "this", "from",
        "new", "with", "name", "called", "now", "and", "only", "or", "his", "her", "their", "are", "use", "my",
    }
)  # fmt: skip
"""Words that may stand between an option and its value."""
_AND = frozenset({"and", "or", "plus", "also", "both"})
_FAR = 5
"""Words after an option within which its value stands."""
_NEGATED = frozenset({"not", "no", "dont", "never", "without", "off", "false", "isnt", "stop", "longer"})
_ONLY = frozenset({"only", "just", "alone", "merely", "nothing", "solely", "limited", "restricted"})
_NO_COMMANDS = frozenset({"on", "explain", "again", "only"})
"""Names of commands that are said for other reasons: `explain the command kick`."""
_LEADS = frozenset({"kind", "type", "state"})
"""Words before one that a list is searched for."""
_FIRST = frozenset({"first", "top", "newest", "latest", "last"})


@dataclass(frozen=True, slots=True)
class _Option:
    """An option: its key, its kind, and its words as they are read in a sentence."""

    key: str
    kind: str
    said: tuple[str, ...]


class GrammarWords:
    """The grammar of one command, as a sentence may say it."""

    def __init__(self, spec: CommandSpec, language: Language, places: Collection[str]) -> None:
        """`places` are the kinds of places in the example lines of the command and of its kin."""
        self._spec = spec
        self._language = language
        kin = {language.meaning(spec.name.split()[0])}
        self._searched = _PEOPLE | (_OBJECTS & (set(places) | kin))

    @cached_property
    def _options(self) -> Sequence[_Option]:
        """The options that can be told by their words: not those called as an empty word, which could take any."""
        found = [
            _Option(key, kind, tuple(self._token(part) for part in key.split("_")))
            for key, kind in self._spec.options.items()
        ]
        return [each for each in found if each.kind != "text" or any(map(self._language.meaning, each.said))]

    def _token(self, word: str) -> str:
        return self._language.meaning(word) or word

    @cached_property
    def _kinds(self) -> tuple[str, Mapping[str, Sequence[str]]] | None:
        """The keyword before kinds of a configuration, and what says each of them: `oauth` says two."""
        for part, before in zip(self._spec.grammar[1:], self._spec.grammar, strict=False):
            if isinstance(part, Arg) and part.kind == "configuration kind" and isinstance(before, Keyword):
                said: dict[str, list[str]] = {}
                for kind in CONFIGURATION_KINDS:
                    said.setdefault(self._token(kind.name.partition("-")[0]), []).append(kind.name)
                # The system security settings are not what else is called a system.
                return before.word, {word: names for word, names in said.items() if word != self._token("system")}
        return None

    @cached_property
    def _after_keyword(self) -> Sequence[tuple[str, str]]:
        """Keyword and kind of the arguments that are names: the `as [USER]` of a page."""
        return [
            (before.word, part.kind)
            for part, before in zip(self._spec.grammar[1:], self._spec.grammar, strict=False)
            if isinstance(part, Arg) and isinstance(before, Keyword) and part.kind in _NAMES
        ]

    @cached_property
    def _many(self) -> str:
        """Kind of the names of which the command takes several at once; "" if it takes one."""
        first = self._spec.grammar[0] if self._spec.grammar else None
        return first.kind if isinstance(first, Arg) and first.many and first.kind in _NAMES else ""

    @cached_property
    def _filters(self) -> bool:
        return any(isinstance(part, Arg) and part.kind == "filter" for part in self._spec.grammar)

    @cached_property
    def _of_commands(self) -> bool:
        """True for a command about commands."""
        return any(isinstance(part, Arg) and part.kind == "command" for part in self._spec.grammar)

    @cached_property
    def _says(self) -> frozenset[str]:
        """Words with which any of this may begin."""
        kinds = self._kinds[1] if self._kinds else {}
        return frozenset({*(each.said[0] for each in self._options), *kinds})

    def extended(self, line: str, used: Mapping[int, str], words: Sequence[Word]) -> tuple[str, dict[int, str]]:
        """The line with what else the sentence says, and the words taken for that with what they are."""
        taken: dict[int, str] = {}
        free = any(at not in used and (word.kinds or word.text.istitle() or word.text in _LEADS) for at, word in enumerate(words))
        tokens = [word.meaning or word.text.casefold() for word in words]
        parts: list[str] = []
        if self._of_commands:
            line = self._of_command(line, words, taken)
        if self._says.intersection(tokens):
            for option in self._options:
                parts += self._option(option, line, words, tokens, {*used, *taken}, taken)
            parts += self._kinds_said(line, words, tokens, taken)
        if free:
            line = self._further_names(line, words, used, taken)
            parts += self._keyword_names(line, words, used, taken)
            parts += self._filter(line, words, used, taken)
        return " ".join([line, *parts]), taken

    def _of_command(self, line: str, words: Sequence[Word], taken: dict[int, str]) -> str:
        """The line about the command whose name the sentence has, a longer name before a shorter one."""
        said = [word.text.casefold().lstrip("/") for word in words]
        already = line.removeprefix(f"/{self._spec.name}").strip()
        for size in (2, 1):
            for at in range(len(said) - size + 1):
                name = " ".join(said[at : at + size])
                further = name.startswith(already) and name not in (already, self._spec.name)
                if further and name in self._language.commands and name not in _NO_COMMANDS:
                    taken.update(dict.fromkeys(range(at, at + size), "command"))
                    return f"/{self._spec.name} {name}"
        return line

    def _option(
        self,
        option: _Option,
        line: str,
        words: Sequence[Word],
        tokens: Sequence[str],
        used: set[int],
        taken: dict[int, str],
    ) -> Iterator[str]:
        size = len(option.said)
        if f" {option.key}=" in line or option.said[0] not in tokens:
            return
        for at in range(len(tokens) - size + 1):
            if tuple(tokens[at : at + size]) != option.said or used.intersection(range(at, at + size)):
                continue
            values = [] if option.kind == "flag" else self._values(option, words, tokens, at, at + size, used)
            if option.kind == "flag":
                near = {*tokens[max(0, at - 3) : at], *tokens[at + size : at + size + 2]}
                value = "no" if near & _NEGATED else "yes"
            elif values:
                value = ",".join(_written(option, words[place], tokens[place]) for place in values)
            else:
                continue
            taken.update(dict.fromkeys([*range(at, at + size), *values], option.kind))
            yield f"{option.key}={quote(value)}"
            return

    def _values(
        self, option: _Option, words: Sequence[Word], tokens: Sequence[str], at: int, after: int, used: set[int]
    ) -> list[int]:
        """The words that are the value of an option said from `at` to `after`: behind it, or before it with `as`."""
        found: list[int] = []
        for place in range(after, min(after + _FAR, len(words))):
            said = words[place].text.casefold()
            if place not in used and _fits(option, words[place], tokens[place], words[place - 1]):
                found.append(place)
            elif found and said not in _AND:
                break
            elif not found and said not in _BETWEEN and place not in used:
                break
            if found and not option.key.endswith(("s", "auth")):
                break
        before = [words[place].text.casefold() for place in range(max(0, at - 2), at)]
        if not found and "as" in before:
            place = at - len(before) + before.index("as") - 1
            if place >= 0 and place not in used and _fits(option, words[place], tokens[place], Word("as")):
                found.append(place)
        return found

    def _kinds_said(
        self, line: str, words: Sequence[Word], tokens: Sequence[str], taken: dict[int, str]
    ) -> Iterator[str]:
        """`only users,roles`: the kinds that are named, in the plural or beside a word for "only"."""
        if self._kinds is None or f" {self._kinds[0]} " in line:
            return
        only = not _ONLY.isdisjoint(tokens)
        said = {
            at: self._kinds[1][token]
            for at, token in enumerate(tokens)
            if at not in taken
            and not words[at].kinds
            and token in self._kinds[1]
            and (only or words[at].text.casefold().endswith("s"))
        }
        names = dict.fromkeys(name for each in said.values() for name in each)
        if names and len(names) < _FAR:
            taken.update(dict.fromkeys(said, "configuration kind"))
            yield f"{self._kinds[0]} {','.join(names)}"

    def _further_names(
        self, line: str, words: Sequence[Word], used: Mapping[int, str], taken: dict[int, str]
    ) -> str:
        """The line with all names of a list: `disable anna, bob and kenji`."""
        first = next((at for at, kind in used.items() if kind == self._many), None) if self._many else None
        if first is None:
            return line
        named = quote(words[first].value or words[first].text)
        others = [
            at for at in self._unused(self._many, words, used, taken) if words[at].value != words[first].value
        ]
        if not others or not line.startswith(f"/{self._spec.name} {named}"):
            return line
        taken.update(dict.fromkeys(others, self._many))
        end = len(f"/{self._spec.name} {named}")
        return " ".join([line[:end], *(quote(words[at].value) for at in others)]) + line[end:]

    def _keyword_names(
        self, line: str, words: Sequence[Word], used: Mapping[int, str], taken: dict[int, str]
    ) -> Iterator[str]:
        for word, kind in self._after_keyword:
            places = self._unused(kind, words, used, taken)
            if places and f" {word} " not in line:
                taken[places[0]] = kind
                yield f"{word} {quote(words[places[0]].value)}"

    def _filter(
        self, line: str, words: Sequence[Word], used: Mapping[int, str], taken: dict[int, str]
    ) -> Iterator[str]:
        """Conditions, known names, and words that are written as names are, for the filter of a list."""
        for at, word in enumerate(words):
            if at in used or at in taken:
                continue
            key = word.value.partition("=")[0].casefold()
            if "pair" in word.kinds and (self._filters or key in self._spec.options):
                taken[at] = "pair"
                if f" {key}=" not in line:
                    yield quote(word.value)
            elif not self._filters or line.endswith(" all"):
                continue
            elif "number" in word.kinds:
                if at and words[at - 1].text.casefold() in _FIRST and "limit=" not in line:
                    taken[at] = "limit"
                    yield f"limit={word.value}"
            elif at and words[at - 1].text.casefold() in _LEADS and not word.sure and word.text.casefold() not in _BETWEEN:
                taken.update({at - 1: "said filter", at: "said filter"})
                yield quote(word.value or word.text)
            elif at and word.meaning and not word.kinds and word.text.istitle() and words[at - 1].text.islower():
                taken[at] = "filter"
                yield quote(word.text)
            elif word.kinds & self._searched and (word.sure or word.odd or (word.strange and word.text.isupper())):
                named = not word.meaning or (word.sure and not word.text.islower())
                if named and word.value.casefold() not in line.casefold():
                    taken[at] = "filter"
                    yield quote(word.value or word.text)

    @staticmethod
    def _unused(
        kind: str, words: Sequence[Word], used: Mapping[int, str], taken: Mapping[int, str]
    ) -> list[int]:
        return [
            at
            for at, word in enumerate(words)
            if at not in used and at not in taken and kind in word.kinds and word.sure and not word.strange
        ]


_PEOPLE = frozenset({"user", "role", "holder", "namespace", "table", "word"})
"""Kinds of words that any list may be searched for."""
_OBJECTS = frozenset({"application", "resource", "service"})
"""Kinds of words that those lists may be searched for of which an example is."""


def _fits(option: _Option, word: Word, token: str, before: Word) -> bool:
    """True if a word can be the value of an option."""
    kind = option.kind
    if kind in _CHOICES:
        return token in _CHOICES[kind] or word.text.casefold() in _CHOICES[kind]
    if kind == "number":
        return bool(word.kinds & {"number", "span"})
    if kind == "file":
        return bool(word.kinds & {"file", "folder"})
    if kind in (*_NAMES, "holder"):
        return kind in word.kinds and not word.strange
    if word.kinds & {"position", "command", "ordinal"}:
        return False
    if word.kinds and (word.sure or word.strange or "text" in word.kinds):
        return True
    return before.text.casefold() in _LINKS and word.text.casefold() not in _BETWEEN


def _written(option: _Option, word: Word, token: str) -> str:
    choices = _CHOICES.get(option.kind)
    if choices is not None:
        return choices.get(token) or choices[word.text.casefold()]
    value = word.value or word.text
    is_time = option.key.endswith(("timeout", "interval")) and "span" in word.kinds
    return str(seconds_of(value)) if is_time or (option.kind == "number" and "span" in word.kinds) else value
