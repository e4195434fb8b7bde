"""Rank what a sentence may mean, by its likeness to example sentences. Pure and deterministic.

`sentences.txt` has slash lines, each with sentences that mean it. A sentence is compared with each of them: the rarer
the words, and the pairs of neighbouring words, that both have, the more alike they are. What the sentence names fills
the places of the line.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from irisops.engine.example_index import ExampleIndex, Measures
from irisops.engine.filling import CHOICES, PLACE, alternatives, fill
from irisops.engine.grammar_words import GrammarWords
from irisops.engine.plain_words import tidy
from irisops.engine.sentences import KINDS, Known, Language, Names, Word, read
from irisops.engine.spec import Arg, CommandSpec, Registry
from irisops.files import read_file

_FOLDER = Path(__file__).parent

EXAMPLES: Mapping[str, str] = {
    "age": "90d", "span": "10m", "seconds": "5m", "time": "1h", "pid": "4711", "number": "4",
    "port": "1973", "id": "7", "percent": "80%", "position": "last", "holder": "10.0.0.5", "file": "notes.md",
    "application": "/csp/user", "resource": "%DB_USER", "service": "%Service_Telnet", "guest": "guest-fox-1",
    "table": "HR.Person", "user": "xxanna", "role": "xxclerk", "profile": "xxlocal", "command": "grant",
    "found": "docker:iris-1", "theme": "xxdark", "new": "xxnew_1", "word": "xxanna", "namespace": "XXNS",
    "host": "db.example.org", "line": "xxline_1", "people": "4", "email": "anna@example.org", "pair": "free<2",
    "address": "iris://anna@db.example.org:1972/USER",
    "shared": "web", "pass": "sql", "perm": "R", "reads": "R", "writes": "R", "path": "/csp/new",
    "folder": "./live", "clock": "14:02", "database": "%DB_USER", "place": "keyring",
    "colour": "red", "text": '"xx one"', "date": "2026-12-31", "column": "units",
    "words": "idle", "component": "From_Lab", "task": "Nightly_1", "index": "By_Name", "failure": "login",
}  # fmt: skip
"""Values with which the example sentences are read."""
COVERED = 0.4
"""Weight of the share of the sentence that a meaning accounts for."""
MISSING = 0.8
"""Cost of a place that nothing fills."""
ALL_MISSING = 1.1
"""Cost of several of them: `grant something`."""
EXISTS = 0.3
"""Cost of a new name that something has already."""
UNUSED = 0.35
"""Cost of a name or number that the line has no place for."""
GUESSED = 0.22
"""Cost of a place filled with an unknown word that looks like no name."""
ASKED = 0.2
"""Cost of a change where the sentence is a question."""
CHANGES = 0.06
"""Cost of a change: between a look and a change, equally likely, the look comes first."""
NAMED = 1.2
"""Gain of a line whose command is the first word: `grant something`."""
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
SMOOTH = 0.1
"""Share of the words of an average command by which those of each are made up: a command with few has no edge."""
TELLS = 3.0
"""How much more a word of the command counts than one of all."""
SAID = 0.5
"""Weight of a word as it was said against that of its meaning."""
NEAR = 0.5
"""Weight of the likeness to the nearest examples of the line."""
SAME = 1.4
"""Gain of a line with an example of the same words."""
SAID_TOO = 0.1
"""Gain of a line with an option or a filter that is said, beside what it accounts for."""
SEARCHED = 0.3
"""Cost of a name that a list is searched for: most names are rather what another command is about."""
CLOSE = 0.3
"""Difference of scores within which a line that says more than the best one is as likely."""
OTHER = 0.4
"""Cost of a line with another choice than the one that is said: `/plot units` of sessions."""
_OFTEN = 20
"""Times that the name of a command counts as said: a misspelt word is one rather than a rare word."""
LIKELY = 12
"""Commands of which the lines are compared."""
VARIED = 3
"""Lines of which other readings are offered, too."""
ALTERNATIVE = 0.15
"""Cost of a reading with another word in a place than the one that fits best."""
TRIED = 24
"""Lines that are filled."""
WHOLE = 0.05
"""Weight of how much likelier the best command is than this one, as the logarithm of the odds."""
COMMONEST = 1.6
"""Weight up to which a word is in so many examples that it only costs time."""
PART = 0.7
"""Weight of the likeness of one clause of a long sentence."""
_LONG = 10
"""Words above which a sentence is compared clause by clause, too."""
_ENOUGH = 2
"""Words that say something, in a sentence that is beyond doubt."""
_CLAUSES = re.compile(r"[,;:.!?]+\s+|\s+(?:and|but|so|because|then|that)\s+", re.IGNORECASE)
_STORY = re.compile(
    r"[,;:.!?]+\s+|\s+(?:but|so|because|then|as i|(?=(?:can|could|would) you\b)|(?=please\b))\s*",
    re.IGNORECASE,
)
"""What parts the clauses, one of which may be the whole wish."""
_SHORT = 5
"""Words up to which a sentence has no story."""
_CLAUSES_READ = 3
DOUBTFUL = 0.0
"""Score of a whole sentence below which its clauses are heard."""
ONE_CLAUSE = 0.8
"""Cost of a meaning of one clause alone."""
_NEIGHBOURS = 0.5
"""Weight of a pair of neighbouring words against that of a word."""


def example_names(kind: str) -> Sequence[tuple[str, str]]:
    """The names in `EXAMPLES`, as a `Known`."""
    value = EXAMPLES.get(kind, "")
    return [(value, kind)] if value.startswith("xx") else []


@dataclass(frozen=True, slots=True)
class Meaning:
    """A slash line with places, and the command that it is of; which places its grammar does not need."""

    line: str
    spec: CommandSpec
    optional: frozenset[str]
    choice: str
    """The one of several words of the grammar that the line has: the `units` of `/plot units`."""
    others: frozenset[str]
    """The other words."""


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


class Ranker:
    """All example sentences of the commands of a registry."""

    def __init__(self, registry: Registry, examples: Mapping[str, Sequence[str]] | None = None) -> None:
        commands = [spec.name for spec in registry]
        self.language = Language(read_file(_FOLDER / "synonyms.txt").decode(), commands)
        self._meanings: list[Meaning] = []
        said: list[Sequence[str]] = []
        for line, sentences in (examples or example_sentences()).items():
            spec = command_of(line, registry)
            if spec is not None:
                self._meanings.append(_meaning(line, spec, self.language))
                said.append(sentences)
        self.language.learn([name for name in commands if " " not in name] * _OFTEN)
        for sentences in said:
            for sentence in sentences:
                self.language.learn(re.findall(r"(?<!\{)\b[a-z]+\b(?!\})", sentence))
        self._grammars: dict[str, GrammarWords] = {}
        self._lines: dict[str, list[int]] = defaultdict(list)
        self._index = ExampleIndex(Measures(SMOOTH, TELLS, COMMONEST, long=6))
        names = Names(example_names)
        for number, (meaning, sentences) in enumerate(zip(self._meanings, said, strict=True)):
            self._lines[meaning.spec.name].append(number)
            for sentence in sentences:
                words = read(tidy(with_examples(sentence)), self.language, names)
                self._index.add(number, meaning.spec.name, _features(words), _as_said(words))
        self._index.close()

    def rank(self, text: str, known: Known, most: int = 8) -> list[Guess]:
        """The likeliest meanings of a sentence, the best first."""
        names = Names(known)
        words = read(text, self.language, names)
        if not any(word.meaning or word.sure for word in words):
            return []
        parts = (
            [read(part, self.language, names) for part in _CLAUSES.split(text)] if len(words) > _LONG else []
        )
        guesses = self.rank_words(words, most, parts)
        if not guesses or max(each.score for each in guesses) < DOUBTFUL:
            guesses += self._of_clauses(text, words, names)
        where, others = _elsewhere(words)
        differ = any(word.text.casefold().startswith("diff") for word in words)
        if where:
            guesses += [
                replace(
                    each,
                    line=f"/on {where} {each.line}",
                    score=each.score + _ELSEWHERE + _SEVERAL * ("," in where and not differ),
                )
                for each in self.rank_words(others, most)
                if each.spec.live and each.spec.needs_connection
            ]
        guesses.sort(key=lambda each: -each.score)
        if guesses and _vague(guesses[0], words):
            guesses = [each for each in guesses if each.spec.live or each.spec.name in _SHOWS]
        guesses = [each for each in guesses if not _vague(each, words)]
        if guesses and not _about_the_tool(words) and self._sure(guesses, words):
            guesses[0] = replace(guesses[0], sure=True)
        return guesses

    def vague(self, text: str, known: Known) -> bool:
        """True for a sentence that may lose something without saying what: nothing that acts is offered for it."""
        words = read(text, self.language, Names(known))
        guesses = self.rank_words(words, 1)
        return bool(guesses) and _vague(guesses[0], words)

    @staticmethod
    def _sure(guesses: Sequence[Guess], words: Sequence[Word]) -> bool:
        """True if the first guess is beyond doubt. What acts must be said nearly as in an example."""
        best = guesses[0]
        rival = next((each.score for each in guesses[1:] if each.spec is not best.spec), 0.0)
        first = _first(words)
        if any(
            each.line.startswith(f"{best.line} ") and best.score - each.score < CLOSE for each in guesses[1:]
        ):
            return False  # it may well be this line with something more
        if best.spec.name == "clear" and not {word.meaning for word in words} & _NOUNS:
            return False  # "clean up" need not mean the screen
        if (
            not any(word.meaning for word in words)
            or best.missing
            or not best.named
            or best.exists
            or any(each.text.casefold() in _NEVER for each in words)
            or sum(1 for each in words if each.meaning or each.kinds) < _ENOUGH
        ):
            return False
        if best.spec.live or best.spec.name in _SHOWS:
            ahead = best.score - rival
            near = best.like >= 0.75 or (best.like >= 0.65 and ahead >= 1.0)
            return near and best.covered >= 0.85 and ahead >= 0.3 and first not in _ACTS
        return (
            best.like >= 0.85
            and best.covered >= 0.9
            and best.score - rival >= 0.3
            and first not in _ASKING
            and not best.line.endswith(" all")
            and not any(
                each.text.casefold() in ("tunnels", "tunels") for each in words
            )  # `open tunnels` asks which are open
        )

    def _of_clauses(self, text: str, words: Sequence[Word], names: Names) -> list[Guess]:
        """What one clause means by itself, for a wish with a story around it. Never beyond doubt."""
        clauses = [each for each in _STORY.split(text) if each.strip()] if len(words) > _SHORT else []
        named = sum(1 for word in words if word.sure and not word.meaning)
        found = []
        for clause in clauses[-_CLAUSES_READ:] if len(clauses) > 1 else ():
            own = read(clause, self.language, names)
            if sum(1 for word in own if word.meaning or word.kinds) < _ENOUGH:
                continue
            left = named - sum(1 for word in own if word.sure and not word.meaning)
            found += [
                replace(each, score=each.score - ONE_CLAUSE - UNUSED * max(0, left), named=False)
                for each in self.rank_words(own, 3)
            ]
        return found

    def rank_words(
        self, words: Sequence[Word], most: int = 8, parts: Sequence[Sequence[Word]] = ()
    ) -> list[Guess]:
        """As `rank`; `parts` are the clauses of a long sentence, one of which may hold the wish."""
        asks = _first(words) in _ASKING or _first(words) in _LOOKING
        named = f"/{words[0].text.casefold()} {{" if words else " "
        features = _features(words)
        same = self._index.same(features)
        commands = self._index.commands(features | _as_said(words))
        likely = sorted(commands, key=lambda name: -commands[name])[:LIKELY]
        best = self._index.likeness(features, likely)
        for part in parts:
            for meaning, values in self._index.likeness(_features(part), likely).items():
                best.setdefault(meaning, []).extend(value * PART for value in values)
        scored = sorted(
            (
                (
                    NEAR * self._together(best.get(meaning, []))
                    + SAME * (meaning in same)
                    + WHOLE * commands[name]
                    + NAMED * self._meanings[meaning].line.startswith(named),
                    meaning,
                )
                for name in likely
                for meaning in self._lines[name]
            ),
            key=lambda each: (-each[0], each[1]),
        )
        guesses = []
        for score, meaning in scored[:TRIED]:
            basis = score - (CHANGES + ASKED * asks) * self._meanings[meaning].spec.changes
            like = max(best.get(meaning, ()), default=0.0)
            guesses.append((self._guess(meaning, basis, like, words), meaning, basis))
        guesses.sort(key=lambda each: -each[0].score)
        found = [guess for guess, _, _ in guesses[:most]]
        for place, (guess, meaning, basis) in enumerate(guesses[:most]):
            found += self._longer(guess, meaning, basis, words)
            for chosen in alternatives(self._meanings[meaning].line, words) if place < VARIED else ():
                other = self._guess(meaning, basis - ALTERNATIVE, guess.like, words, chosen)
                if other.line != guess.line:
                    found += [other, *self._longer(other, meaning, basis - ALTERNATIVE, words)]
        return sorted(found, key=lambda each: -each.score)

    @staticmethod
    def _together(values: list[float]) -> float:
        values.sort(reverse=True)
        return sum(values[:1]) + 0.5 * sum(values[1:2]) + 0.25 * sum(values[2:4])

    def _longer(self, guess: Guess, number: int, basis: float, words: Sequence[Word]) -> list[Guess]:
        """The same with what else of its command's grammar is said."""
        spec = guess.spec
        grammar = self._grammars.get(spec.name)
        if grammar is None:
            kin = [each.line for each in self._meanings if each.spec.name.split()[0] == spec.name.split()[0]]
            places = {found[1] for line in kin for found in PLACE.finditer(line)}
            grammar = self._grammars[spec.name] = GrammarWords(spec, self.language, places)
        line, taken = grammar.extended(guess.line, guess.filled, words)
        if not taken:
            return []
        gain = SAID_TOO - SEARCHED * sum(1 for kind in taken.values() if kind == "filter")
        made = (line, {**guess.filled, **taken}, int(guess.missing))
        longer = self._scored(number, basis + gain, guess.like, words, made)
        return [replace(longer, named=longer.named and not spec.changes)]

    def _guess(
        self,
        number: int,
        basis: float,
        like: float,
        words: Sequence[Word],
        chosen: Mapping[str, int] = MappingProxyType({}),
    ) -> Guess:
        """A line with its places filled."""
        meaning = self._meanings[number]
        return self._scored(number, basis, like, words, fill(meaning.line, words, chosen, meaning.optional))

    def _scored(
        self,
        number: int,
        score: float,
        like: float,
        words: Sequence[Word],
        made: tuple[str, Mapping[int, str], int],
    ) -> Guess:
        meaning = self._meanings[number]
        line, filled, missing = made
        total = covered = 0.0
        guessed = {
            place
            for place, kind in filled.items()
            if (words[place].strange or (kind == "folder" and words[place].meaning))
            and not words[place].sure
            and kind not in _DECLARED
            and (not words[place].odd or (kind in _PERSONAL and _is_shouted(words[place].text, words)))
        }
        for place, word in enumerate(words):
            if place in filled:
                weight, fits = 1.0, place not in guessed
            elif word.meaning:
                weight = self._index.weight(word.meaning) or self._index.most
                fits = self._index.has(number, word.meaning)
            elif word.kinds:
                weight, fits = self._index.most, False
            else:
                continue
            total += weight
            covered += weight * fits
        unused = sum(
            1
            for place, word in enumerate(words)
            if word.sure
            and not word.meaning
            and place not in filled
            and (
                not word.kinds.isdisjoint(("number", "folder"))
                or not any(self._index.has(number, kind) for kind in _kinds(word)[-1:])
            )
        )
        exists = any(
            kind == "new"
            and words[place].sure
            and not words[place].strange
            and "new" not in words[place].kinds
            for place, kind in filled.items()
        )
        tokens = {word.meaning for word in words} if meaning.choice else set()
        if meaning.choice not in tokens and not meaning.others.isdisjoint(tokens):
            score -= OTHER
        if "public=" in line and words[-1].text.casefold() == "none" and not line.endswith("none"):
            score -= OTHER
        score += COVERED * (covered / total if total else 0.0)
        score -= (
            EXISTS * exists + min(MISSING * missing, ALL_MISSING) + UNUSED * unused + GUESSED * len(guessed)
        )
        named = all(
            words[place].sure or (kind in CHOICES and kind != "pass") for place, kind in filled.items()
        )
        invented = meaning.spec.changes and any(sign.isdigit() for sign in PLACE.sub("", meaning.line))
        named = named and not invented
        names = any(word.sure and word.kinds for word in words)
        return Guess(
            line,
            meaning.spec,
            score,
            like,
            covered / total if total else 0.0,
            bool(missing),
            named,
            filled,
            names,
            fills=any(words[place].sure or kind == "folder" for place, kind in filled.items()),
            exists=exists,
        )


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
_EXACT = 0.9
"""Likeness to an example that says that very thing."""
_NEARLY = 0.8
"""The same where the example has words that say little."""
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


def _overreaches(guess: Guess, said: set[str]) -> bool:
    """True for %All where something less was said (`give bob sql rights`), and for one user where all were."""
    if not guess.spec.changes:
        return False
    return ("%All" in guess.line and said.isdisjoint(_WHOLE)) or (
        "user" in guess.filled.values() and "everybody" in said
    )


def _vague(guess: Guess, words: Sequence[Word]) -> bool:
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
    exact = guess.like > _EXACT and not guess.spec.at_once and not guess.line.endswith(" all")
    if exact or (guess.fills and not guess.missing):
        return False
    nouns = {word.meaning for word in words} & _NOUNS
    if name in _OBJECTS and (nouns or not said.isdisjoint(_OBJECTS[name])):
        return guess.like < _NEARLY and said.isdisjoint(_OBJECTS[name])
    return not said.isdisjoint(_ALL_OF | _FOREIGN) or (not said.isdisjoint(_IT) and not nouns)


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


_DECLARED = frozenset({"login", "permission", "configuration kind", "said filter"})
"""Kinds of words that a command declares, or that are said to be what they are."""
_PERSONAL = ("user", "role", "profile")
"""Kinds of names that are seldom written in capitals alone, as namespaces are."""


def _is_shouted(text: str, words: Sequence[Word]) -> bool:
    """True for a word in capitals in a sentence that is not in capitals."""
    return text.isupper() and not all(word.text.isupper() for word in words)


def _first(words: Sequence[Word]) -> str:
    """The first word, as its meaning if that is an act."""
    if not words:
        return ""
    return words[0].meaning if words[0].meaning in _ACTS else words[0].text.casefold().replace("'", "")


def _elsewhere(words: Sequence[Word]) -> tuple[str, list[Word]]:
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


_AND = frozenset({"and", "as", "well", "plus", "also", "both"})
_BESIDE = frozenset(
    {"side", "by", "next", "to", "each", "other", "beside", "both", "compare", "together", "compared"}
)
"""Words that say that several instances are meant at once."""
_WHERE = ("on", "at", "in", "from")
_EVERY = ("all", "every", "each", "any")
_SEVERAL = 0.4
"""The same of several: no other line names them all."""
_ELSEWHERE = 0.2
"""An instance that is named speaks for /on."""


def _meaning(line: str, spec: CommandSpec, language: Language) -> Meaning:
    """A line, aligned with the grammar of its command."""
    words = line.removeprefix(f"/{spec.name}").split()
    optional: set[str] = set()
    choice, others = "", frozenset[str]()
    for part, word in zip(spec.grammar, words, strict=False):
        if not isinstance(part, Arg):
            continue
        if PLACE.fullmatch(word) and not part.required:
            optional.add(word)
        choices = part.show.split("|")
        if word in choices and len(choices) > 1:
            choice = language.meaning(word)
            others = frozenset(map(language.meaning, choices)) - {choice}
    return Meaning(line, spec, frozenset(optional), choice, others)


def with_examples(sentence: str) -> str:
    """An example sentence with its places filled from `EXAMPLES`."""
    return PLACE.sub(lambda place: EXAMPLES[place[1]], sentence)


def example_sentences() -> dict[str, list[str]]:
    """Slash line -> its sentences."""
    found: dict[str, list[str]] = {}
    line = ""
    for each in read_file(_FOLDER / "sentences.txt").decode().splitlines():
        if each.startswith("/"):
            line = each
            found[line] = []
        elif each.startswith("  "):
            found[line].append(each.strip())
    return found


def _about_the_tool(words: Sequence[Word]) -> bool:
    """True for `how old are you`: small talk, even where it resembles a question about the instance."""
    said = [word.text.casefold() for word in words]
    return ("are", "you") in pairwise(said)


def command_of(line: str, registry: Registry) -> CommandSpec | None:
    """The command of a slash line."""
    words = line[1:].split()
    return registry.get(" ".join(words[:2])) or registry.get(words[0])


def _features(words: Sequence[Word]) -> dict[str, float]:
    """Words, kinds of names, and pairs of neighbours -> share of their weight."""
    found: dict[str, float] = {}
    before = "^"
    for word in words:
        if "pair" in word.kinds:  # it is added to a line as it stands
            continue
        tokens = [word.meaning] if word.meaning else []
        if word.kinds:
            tokens += _kinds(word)
        if not tokens:
            continue
        for each in tokens:
            found[each] = 1.0
        after = tokens[0]
        found[f"{before} {after}"] = _NEIGHBOURS
        before = after
    return found


def _as_said(words: Sequence[Word]) -> dict[str, float]:
    """As `_features`, with the words themselves, those that say little, too: `who is` and `is there` differ."""
    found: dict[str, float] = {}
    before = "=^"
    for word in words:
        if "pair" in word.kinds:
            continue
        after = "=" + ("" if word.strange or (word.kinds and not word.meaning) else word.text.casefold())
        found[after] = found[before + after] = SAID
        before = after
    found[before + "=$"] = SAID
    return found


def _kinds(word: Word) -> list[str]:
    named = word.kinds & _NAMED
    if word.kinds & {"position", "ordinal"}:
        return []
    if "text" in word.kinds and " " in word.value:
        return ["<name>", "<text>"]
    if word.strange or not named:
        others = sorted(word.kinds & _VALUES)
        return [f"<{each}>" for each in others] if others and not word.strange else ["<name>"]
    return ["<name>", *(f"<{each}>" for each in sorted(named))]


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
