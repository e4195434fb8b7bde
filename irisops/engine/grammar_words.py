"""What a sentence says of a command's grammar beyond the example line that it resembles. Pure and deterministic.

An example line has the usual arguments of a command. Options, kinds after a keyword, further names and words of a
filter need no example: their words come from the declaration of the command, their values from the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from irisops.configuration.kinds import KINDS as CONFIGURATION_KINDS
from irisops.contract.quoting import quote
from irisops.engine.filling import seconds_of
from irisops.engine.language import Language, Word
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
_LOGINS = frozenset(_CHOICES["login"])
_LINKS = frozenset({"to", "is", "as", "be", "into", "=", "by"})
"""Words before a value: `the comment should be`, `set the scheme to`."""
_BETWEEN = frozenset(
    {
        *_LINKS, "permission", "permissions", "right", "rights", "value", "setting", "method", "methods", "have", "has",
        "get", "gets", "the", "a", "an", "of", "for", "on", "at", "in", "should", "shall", "must", "it", "its", "this",
        "from", "new", "with", "name", "called", "now", "and", "only", "or", "his", "her", "their", "are", "use", "my",
        "he", "she", "they", "him", "them", "we", "you",
    }
)  # fmt: skip
"""Words that may stand between an option and its value."""
_AND = frozenset({"and", "or", "plus", "also", "both"})
_SWITCHED = re.compile(r" (?:enable|disable|auth=[-+]\S+)$")
_SWITCHES = frozenset({"enable", "disable", "login", "anonymous"})
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


@dataclass(slots=True)
class _Sentence:
    """A sentence that is being used up: `used` fill places of the line, `taken` are for what it says beyond it."""

    words: Sequence[Word]
    used: Mapping[int, str]
    tokens: list[str] = field(init=False)
    taken: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tokens = [word.meaning or word.text.casefold() for word in self.words]

    def free(self, at: int) -> bool:
        """True for a word that nothing has used."""
        return at not in self.used and at not in self.taken

    def named(self, kind: str) -> list[int]:
        """The free words that are known names of a kind."""
        return [
            at
            for at, word in enumerate(self.words)
            if self.free(at) and kind in word.kinds and word.sure and not word.strange
        ]

    def take(self, places: Iterable[int], kind: str) -> None:
        """Use words."""
        self.taken.update(dict.fromkeys(places, kind))


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
                return before.word, {
                    word: names for word, names in said.items() if word != self._token("system")
                }
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
    def _logs_in(self) -> bool:
        return "login" in self._spec.options.values()

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

    def extended(
        self, line: str, used: Mapping[int, str], words: Sequence[Word]
    ) -> tuple[str, dict[int, str]]:
        """The line with what else the sentence says, and the words taken for that with what they are."""
        said = _Sentence(words, used)
        parts: list[str] = []
        if self._of_commands:
            line = self._of_command(line, said)
        logins = self._logs_in and len(_LOGINS.intersection(said.tokens)) > 1
        if logins or self._says.intersection(said.tokens):
            if _SWITCHES.isdisjoint(said.tokens):
                line = _SWITCHED.sub("", line)  # what the example has and the sentence does not say
            for option in self._options:
                if option.kind == "login":
                    line = self._logins(option, line, said)
                parts += self._option(option, line, said)
            parts += self._kinds_said(line, said)
        if any(
            at not in used and (word.kinds or word.text.istitle() or word.text in _LEADS)
            for at, word in enumerate(words)
        ):
            line = self._further_names(line, said)
            parts += self._keyword_names(line, said)
            parts += self._filter(line, said)
        return " ".join([line, *parts]), said.taken

    def _of_command(self, line: str, said: _Sentence) -> str:
        """The line about the command whose name the sentence has, a longer name before a shorter one."""
        words = [word.text.casefold().lstrip("/") for word in said.words]
        already = line.removeprefix(f"/{self._spec.name}").strip()
        for size in (2, 1):
            for at in range(len(words) - size + 1):
                name = " ".join(words[at : at + size])
                further = name.startswith(already) and name not in (already, self._spec.name)
                if further and name in self._language.commands and name not in _NO_COMMANDS:
                    said.take(range(at, at + size), "command")
                    return f"/{self._spec.name} {name}"
        return line

    def _option(self, option: _Option, line: str, said: _Sentence) -> Iterator[str]:
        size = len(option.said)
        if f" {option.key}=" in line or option.said[0] not in said.tokens:
            return
        for at in range(len(said.tokens) - size + 1):
            key = range(at, at + size)
            if tuple(said.tokens[at : at + size]) != option.said or not all(map(said.free, key)):
                continue
            values = [] if option.kind == "flag" else self._values(option, key, said)
            if option.kind == "flag":
                after = said.tokens[at + size : at + size + 2]
                # `delete what is not in it` denies nothing
                near = {*said.tokens[max(0, at - 3) : at], *(() if after[:1] == ["what"] else after)}
                value = "no" if near & _NEGATED else "yes"
            elif values:
                value = ",".join(_written(option, said.words[each], said.tokens[each]) for each in values)
            else:
                continue
            said.take([*key, *values], option.kind)
            yield f"{option.key}={quote(value)}"
            return

    @staticmethod
    def _logins(option: _Option, line: str, said: _Sentence) -> str:
        """The line with all ways to log in that the sentence wants, if it wants several."""
        ways = {
            at: _written(option, said.words[at], token)
            for at, token in enumerate(said.tokens)
            if token in _LOGINS and not said.words[at].sure and said.tokens[max(0, at - 1)] not in _NEGATED
        }
        methods = ",".join(dict.fromkeys(ways.values()))
        rest, _, one = line.partition(f" {option.key}=")
        if "," not in methods or (one and one not in ways.values()):
            return line
        said.take(ways, option.kind)
        return f"{rest} {option.key}={methods}"

    @staticmethod
    def _values(option: _Option, key: range, said: _Sentence) -> list[int]:
        """The words that are the value of an option: behind its name, or before it with `as`."""
        found: list[int] = []
        words = said.words
        for place in range(key.stop, min(key.stop + _FAR, len(words))):
            word = words[place].text.casefold()
            if said.free(place) and _fits(option, words[place], said.tokens[place], words[place - 1]):
                found.append(place)
            elif (found and word not in _AND) or (not found and word not in _BETWEEN and said.free(place)):
                break
            if found and not option.key.endswith(("s", "auth")):
                break
        before = [words[place].text.casefold() for place in range(max(0, key.start - 2), key.start)]
        if not found and "as" in before:
            place = key.start - len(before) + before.index("as") - 1
            if (
                place >= 0
                and said.free(place)
                and _fits(option, words[place], said.tokens[place], Word("as"))
            ):
                found.append(place)
        return found

    def _kinds_said(self, line: str, said: _Sentence) -> Iterator[str]:
        """`only users,roles`: the kinds that are named, in the plural or beside a word for "only"."""
        if self._kinds is None or f" {self._kinds[0]} " in line:
            return
        only = not _ONLY.isdisjoint(said.tokens)
        named = {
            at: self._kinds[1][token]
            for at, token in enumerate(said.tokens)
            if said.free(at)
            and not said.words[at].kinds
            and token in self._kinds[1]
            and (only or said.words[at].text.casefold().endswith("s"))
        }
        names = dict.fromkeys(name for each in named.values() for name in each)
        if names and len(names) < _FAR:
            said.take(named, "configuration kind")
            yield f"{self._kinds[0]} {','.join(names)}"

    def _further_names(self, line: str, said: _Sentence) -> str:
        """The line with all names of a list: `disable anna, bob and kenji`."""
        first = (
            next((at for at, kind in said.used.items() if kind == self._many), None) if self._many else None
        )
        if first is None:
            return line
        one = said.words[first]
        named = f"/{self._spec.name} {quote(one.value or one.text)}"
        others = [at for at in said.named(self._many) if said.words[at].value != one.value]
        if not others or not line.startswith(named):
            return line
        said.take(others, self._many)
        return " ".join([named, *(quote(said.words[at].value) for at in others)]) + line[len(named) :]

    def _keyword_names(self, line: str, said: _Sentence) -> Iterator[str]:
        for word, kind in self._after_keyword:
            places = said.named(kind)
            if places and f" {word} " not in line:
                said.take(places[:1], kind)
                yield f"{word} {quote(said.words[places[0]].value)}"

    def _filter(self, line: str, said: _Sentence) -> Iterator[str]:
        """Conditions, known names, and words that are written as names are, for the filter of a list."""
        for at, word in enumerate(said.words):
            if not said.free(at):
                continue
            key = word.value.partition("=")[0].casefold()
            before = said.words[at - 1].text if at else ""
            if "pair" in word.kinds and (self._filters or key in self._spec.options):
                said.take([at], "pair")
                if f" {key}=" not in line:
                    yield quote(word.value)
            elif not self._filters or line.endswith(" all"):
                continue
            elif "number" in word.kinds:
                if before.casefold() in _FIRST and "limit=" not in line:
                    said.take([at], "limit")
                    yield f"limit={word.value}"
            elif before in _LEADS and not word.sure and word.text.casefold() not in _BETWEEN:
                said.take([at - 1, at], "said filter")
                yield quote(word.value or word.text)
            elif self._is_searched(word) and word.value.casefold() not in line.casefold():
                said.take([at], "filter")
                yield quote(word.value or word.text)
            elif not word.kinds and word.meaning and word.text.istitle() and before.islower():
                said.take([at], "filter")
                yield quote(word.text)

    def _is_searched(self, word: Word) -> bool:
        """True for a name: a known one, or a word of the shape of one."""
        likely = word.sure or word.odd or (word.strange and word.text.isupper())
        named = not word.meaning or (word.sure and not word.text.islower())
        return not word.kinds.isdisjoint(self._searched) and likely and named


_PEOPLE = frozenset({"user", "role", "holder", "namespace", "table", "word"})
"""Kinds of words that any list may be searched for."""
_OBJECTS = frozenset({"application", "resource", "service"})
"""Kinds of words that those lists may be searched for of which an example is."""
_VALUES: Mapping[str, Sequence[str]] = {"number": ("number", "span"), "file": ("file", "folder")}
"""Kind of an option -> kinds of words that are its value."""


def _fits(option: _Option, word: Word, token: str, before: Word) -> bool:
    """True if a word can be the value of an option."""
    kind = option.kind
    if kind in _CHOICES:
        return token in _CHOICES[kind] or word.text.casefold() in _CHOICES[kind]
    if kind in _VALUES:
        return not word.kinds.isdisjoint(_VALUES[kind])
    if kind in (*_NAMES, "holder"):
        return kind in word.kinds and not word.strange
    if word.kinds:
        may_be = word.sure or word.strange or "text" in word.kinds
        return may_be and word.kinds.isdisjoint({"position", "command", "ordinal"})
    return before.text.casefold() in _LINKS and word.text.casefold() not in _BETWEEN


def _written(option: _Option, word: Word, token: str) -> str:
    choices = _CHOICES.get(option.kind)
    if choices is not None:
        return choices.get(token) or choices[word.text.casefold()]
    value = word.value or word.text
    is_time = option.kind == "number" or option.key.endswith(("timeout", "interval"))
    return str(seconds_of(value)) if is_time and "span" in word.kinds else value
