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
from types import MappingProxyType

from irisops.engine import weights
from irisops.engine.elsewhere import elsewhere
from irisops.engine.example_index import ExampleIndex, Measures
from irisops.engine.example_sentences import (
    FOLDER,
    command_of,
    example_names,
    example_sentences,
    with_examples,
)
from irisops.engine.filling import CHOICES, PLACE, alternatives, fill
from irisops.engine.grammar_words import GrammarWords
from irisops.engine.guesses import Guess, beyond_doubt, is_vague, only_looks, shows
from irisops.engine.language import Language, Word
from irisops.engine.plain_words import tidy
from irisops.engine.reader import Known, Names
from irisops.engine.sentences import read
from irisops.engine.spec import Arg, CommandSpec, Registry
from irisops.engine.word_features import as_said, features, kinds_of
from irisops.files import read_file

_CLAUSES = re.compile(r"[,;:.!?]+\s+|\s+(?:and|but|so|because|then|that)\s+", re.IGNORECASE)
_STORY = re.compile(
    r"[,;:.!?]+\s+|\s+(?:but|so|because|then|as i|(?=(?:can|could|would) you\b)|(?=please\b))\s*",
    re.IGNORECASE,
)
"""What parts the clauses, one of which may be the whole wish."""


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


class Ranker:
    """All example sentences of the commands of a registry."""

    def __init__(self, registry: Registry, examples: Mapping[str, Sequence[str]] | None = None) -> None:
        commands = [spec.name for spec in registry]
        self.language = Language(read_file(FOLDER / "synonyms.txt").decode(), commands)
        self._meanings: list[Meaning] = []
        said: list[Sequence[str]] = []
        for line, sentences in (examples or example_sentences()).items():
            spec = command_of(line, registry)
            if spec is not None:
                self._meanings.append(_meaning(line, spec, self.language))
                said.append(sentences)
        self.language.learn([name for name in commands if " " not in name] * weights.OFTEN)
        for sentences in said:
            for sentence in sentences:
                self.language.learn(re.findall(r"(?<!\{)\b[a-z]+\b(?!\})", sentence))
        self._grammars: dict[str, GrammarWords] = {}
        self._lines: dict[str, list[int]] = defaultdict(list)
        self._index = ExampleIndex(
            Measures(weights.SMOOTH, weights.TELLS, weights.COMMONEST, weights.LONG_LOOKUP)
        )
        names = Names(example_names)
        for number, (meaning, sentences) in enumerate(zip(self._meanings, said, strict=True)):
            self._lines[meaning.spec.name].append(number)
            for sentence in sentences:
                words = read(tidy(with_examples(sentence)), self.language, names)
                self._index.add(number, meaning.spec.name, features(words), as_said(words))
        self._index.close()

    def rank(self, text: str, known: Known, most: int = 8) -> list[Guess]:
        """The likeliest meanings of a sentence, the best first."""
        names = Names(known)
        words = read(text, self.language, names)
        if not any(word.meaning or word.sure for word in words):
            return []
        parts = (
            [read(part, self.language, names) for part in _CLAUSES.split(text)]
            if len(words) > weights.LONG
            else []
        )
        guesses = self.rank_words(words, most, parts)
        if not guesses or max(each.score for each in guesses) < weights.DOUBTFUL:
            guesses += self._of_clauses(text, words, names)
        where, others = elsewhere(words)
        differ = any(word.text.casefold().startswith("diff") for word in words)
        if where:
            guesses += [
                replace(
                    each,
                    line=f"/on {where} {each.line}",
                    score=each.score + weights.ELSEWHERE + weights.SEVERAL * ("," in where and not differ),
                )
                for each in self.rank_words(others, most)
                if each.spec.live and each.spec.needs_connection
            ]
        guesses.sort(key=lambda each: -each.score)
        if guesses and is_vague(guesses[0], words):
            guesses = [each for each in guesses if shows(each.spec)]
        guesses = [each for each in guesses if not is_vague(each, words)]
        if guesses and beyond_doubt(guesses, words):
            guesses[0] = replace(guesses[0], sure=True)
        return guesses

    def vague(self, text: str, known: Known) -> bool:
        """True for a sentence that may lose something without saying what: nothing that acts is offered for it."""
        words = read(text, self.language, Names(known))
        guesses = self.rank_words(words, 1)
        return bool(guesses) and is_vague(guesses[0], words)

    def _of_clauses(self, text: str, words: Sequence[Word], names: Names) -> list[Guess]:
        """What one clause means by itself, for a wish with a story around it. Never beyond doubt."""
        clauses = [each for each in _STORY.split(text) if each.strip()] if len(words) > weights.SHORT else []
        named = sum(1 for word in words if word.sure and not word.meaning)
        found = []
        for clause in clauses[-weights.CLAUSES_READ :] if len(clauses) > 1 else ():
            own = read(clause, self.language, names)
            if sum(1 for word in own if word.meaning or word.kinds) < weights.ENOUGH:
                continue
            left = named - sum(1 for word in own if word.sure and not word.meaning)
            found += [
                replace(
                    each, score=each.score - weights.ONE_CLAUSE - weights.UNUSED * max(0, left), named=False
                )
                for each in self.rank_words(own, 3)
            ]
        return found

    def rank_words(
        self, words: Sequence[Word], most: int = 8, parts: Sequence[Sequence[Word]] = ()
    ) -> list[Guess]:
        """As `rank`; `parts` are the clauses of a long sentence, one of which may hold the wish."""
        asks = only_looks(words)
        named = f"/{words[0].text.casefold()} {{" if words else " "
        whole = features(words)
        same = self._index.same(whole)
        commands = self._index.commands(whole | as_said(words))
        likely = sorted(commands, key=lambda name: -commands[name])[: weights.COMPARED]
        best = self._index.likeness(whole, likely)
        for part in parts:
            for meaning, values in self._index.likeness(features(part), likely).items():
                best.setdefault(meaning, []).extend(value * weights.PART for value in values)
        scored = sorted(
            (
                (
                    weights.NEAR * self._together(best.get(meaning, []))
                    + weights.SAME * (meaning in same)
                    + weights.WHOLE * commands[name]
                    + weights.NAMED * self._meanings[meaning].line.startswith(named),
                    meaning,
                )
                for name in likely
                for meaning in self._lines[name]
            ),
            key=lambda each: (-each[0], each[1]),
        )
        guesses = []
        for score, meaning in scored[: weights.TRIED]:
            basis = score - (weights.CHANGES + weights.ASKED * asks) * self._meanings[meaning].spec.changes
            like = max(best.get(meaning, ()), default=0.0)
            guesses.append((self._guess(meaning, basis, like, words), meaning, basis))
        guesses.sort(key=lambda each: -each[0].score)
        found = [guess for guess, _, _ in guesses[:most]]
        for place, (guess, meaning, basis) in enumerate(guesses[:most]):
            found += self._longer(guess, meaning, basis, words)
            for chosen in alternatives(self._meanings[meaning].line, words) if place < weights.VARIED else ():
                other = self._guess(meaning, basis - weights.ALTERNATIVE, guess.like, words, chosen)
                if other.line != guess.line:
                    found += [other, *self._longer(other, meaning, basis - weights.ALTERNATIVE, words)]
        return sorted(found, key=lambda each: -each.score)

    @staticmethod
    def _together(values: list[float]) -> float:
        values.sort(reverse=True)
        return sum(weight * value for weight, value in zip(weights.TOGETHER, values, strict=False))

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
        gain = weights.SAID_TOO - weights.SEARCHED * sum(1 for kind in taken.values() if kind == "filter")
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
                or not any(self._index.has(number, kind) for kind in kinds_of(word)[-1:])
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
            score -= weights.OTHER
        if "public=" in line and words[-1].text.casefold() == "none" and not line.endswith("none"):
            score -= weights.OTHER
        score += weights.COVERED * (covered / total if total else 0.0)
        score -= min(weights.MISSING * missing, weights.ALL_MISSING) + weights.EXISTS * exists
        score -= weights.UNUSED * unused + weights.GUESSED * len(guessed)
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


_DECLARED = frozenset({"login", "permission", "configuration kind", "said filter"})
"""Kinds of words that a command declares, or that are said to be what they are."""
_PERSONAL = ("user", "role", "profile")
"""Kinds of names that are seldom written in capitals alone, as namespaces are."""


def _is_shouted(text: str, words: Sequence[Word]) -> bool:
    """True for a word in capitals in a sentence that is not in capitals."""
    return text.isupper() and not all(word.text.isupper() for word in words)


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
