"""The example sentences of the ranker as numbers in arrays: a few MB instead of the 16 that objects take.

A feature is a word, a kind of name, or a pair of neighbours; each has a number. Those of a sentence that only tell of
its command (`said`) come behind the others.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log, sqrt


@dataclass(frozen=True, slots=True)
class Measures:
    """What features weigh. `smooth` is how much of an average command each has beforehand; `tells`, how much a feature
    that one command alone has speaks for it; beyond `commonest` a feature is looked up in a long sentence.
    """

    smooth: float
    tells: float
    commonest: float
    long: int


class _Rows:
    """Rows of numbers, one behind the other."""

    def __init__(self, code: str) -> None:
        self._starts = array("I", [0])
        self._values = array(code)

    def add(self, values: Iterable[int]) -> None:
        self._values.extend(values)
        self._starts.append(len(self._values))

    def __getitem__(self, row: int) -> array[int]:
        return self._values[self._starts[row] : self._starts[row + 1]]

    def __len__(self) -> int:
        return len(self._starts) - 1

    def bounds(self, row: int) -> range:
        """Where the values of a row stand among all."""
        return range(self._starts[row], self._starts[row + 1])

    def turned(self, rows: int) -> _Rows:
        """Value -> the rows that have it, in order."""
        found = [array("I") for _ in range(rows)]
        for row in range(len(self)):
            for value in self[row]:
                found[value].append(row)
        turned = _Rows("I")
        for each in found:
            turned.add(each)
        return turned


class ExampleIndex:
    """Sentences with a meaning each. First `add` them all, meaning by meaning, then `close`."""

    def __init__(self, measures: Measures) -> None:
        self._measures = measures
        self._numbers: dict[str, int] = {}
        self._commands: list[str] = []
        self._features, self._shares = _Rows("I"), array("f")
        self._said, self._said_shares = _Rows("I"), array("f")
        self._command_of = array("H")
        self.meaning_of = array("H")
        """Example -> number of its meaning."""

    def add(
        self, meaning: int, command: str, features: Mapping[str, float], said: Mapping[str, float]
    ) -> None:
        """Add a sentence. `said` are the features that only tell of the command, with `features` before them."""
        if command not in self._commands:
            self._commands.append(command)
        self._command_of.append(self._commands.index(command))
        self.meaning_of.append(meaning)
        self._features.add(map(self._number, features))
        self._shares.extend(features.values())
        self._said.add(map(self._number, said))
        self._said_shares.extend(said.values())

    def _number(self, feature: str) -> int:
        return self._numbers.setdefault(feature, len(self._numbers))

    def close(self) -> None:
        """Count what was added."""
        self._tell()
        meanings = max(self.meaning_of, default=-1) + 1
        self._examples = self._features.turned(len(self._numbers))
        self._meanings = _Rows("H")
        for feature in range(len(self._numbers)):
            self._meanings.add(sorted({self.meaning_of[each] for each in self._examples[feature]}))
        self.most = log(1 + meanings)
        """The weight of a word that no meaning has."""
        self._weights = array(
            "d",
            (
                log(1 + meanings / count) if (count := len(self._meanings.bounds(feature))) else 0.0
                for feature in range(len(self._numbers))
            ),
        )
        self._sizes = array(
            "d",
            (
                sqrt(
                    sum((self._shares[at] * self._weights[feature]) ** 2 for at, feature in self._of(example))
                )
                or 1.0
                for example in range(len(self.meaning_of))
            ),
        )
        del self._said, self._said_shares, self._shares

    def _of(self, example: int) -> Iterable[tuple[int, int]]:
        return zip(self._features.bounds(example), self._features[example], strict=True)

    def _tell(self) -> None:
        """Find how much likelier each command's sentences have a feature than all sentences."""
        by: defaultdict[int, dict[int, float]] = defaultdict(dict)
        sizes = array("d", bytes(8 * len(self._commands)))
        for rows, shares in ((self._features, self._shares), (self._said, self._said_shares)):
            for example, command in enumerate(self._command_of):
                for at, feature in zip(rows.bounds(example), rows[example], strict=True):
                    counted = by[feature]
                    counted[command] = counted.get(command, 0.0) + shares[at]
                    sizes[command] += shares[at]
        whole = sum(sizes)
        made_up = self._measures.smooth * whole / (len(sizes) or 1)
        self._told_by, self._gains = _Rows("H"), array("f")
        for feature in range(len(self._numbers)):
            counted = by.pop(feature)
            of_all = sum(counted.values())
            self._told_by.add(counted)
            self._gains.extend(
                log(1 + self._measures.tells * share / (sizes[command] + made_up) * whole / of_all)
                for command, share in counted.items()
            )

    def weight(self, feature: str) -> float:
        """How much it tells that a sentence has a feature: the fewer meanings have it, the more; 0 if none has."""
        number = self._numbers.get(feature)
        return 0.0 if number is None else self._weights[number]

    def has(self, meaning: int, feature: str) -> bool:
        """True if a sentence of the meaning has the feature."""
        number = self._numbers.get(feature)
        if number is None:
            return False
        having = self._meanings[number]
        place = bisect_left(having, meaning)
        return place < len(having) and having[place] == meaning

    def same(self, features: Mapping[str, float]) -> set[int]:
        """The meanings of the examples that have just these features, in this order."""
        numbers = array("I")
        for each in features:
            number = self._numbers.get(each)
            if number is None:
                return set()
            numbers.append(number)
        if not numbers:
            return set()
        rarest = min(numbers, key=lambda number: len(self._examples.bounds(number)))
        return {
            self.meaning_of[example]
            for example in self._examples[rarest]
            if self._features[example] == numbers
        }

    def commands(self, features: Mapping[str, float]) -> dict[str, float]:
        """Command -> logarithm of its odds against the likeliest, at most 0."""
        score = [0.0] * len(self._commands)
        for each, share in features.items():
            number = self._numbers.get(each)
            if number is not None:
                bounds = self._told_by.bounds(number)
                for command, gain in zip(
                    self._told_by[number], self._gains[bounds.start : bounds.stop], strict=True
                ):
                    score[command] += share * gain
        most = max(score)
        return {name: value - most for name, value in zip(self._commands, score, strict=True)}

    def likeness(self, features: Mapping[str, float], commands: Iterable[str]) -> dict[int, list[float]]:
        """Meaning -> likeness, from 0 to 1, of its examples that are a little alike; of these commands alone."""
        weights = [(each, share * self.weight(each)) for each, share in features.items()]
        size = sqrt(sum(weight * weight for _, weight in weights)) or 1.0
        found: defaultdict[int, float] = defaultdict(float)
        for each, weight in weights:
            if weight and (weight > self._measures.commonest or len(features) < self._measures.long):
                product = weight * weight / size
                for example in self._examples[self._numbers[each]]:
                    found[example] += product
        wanted = {self._commands.index(name) for name in commands}
        of_command, of_meaning, sizes = self._command_of, self.meaning_of, self._sizes
        best: defaultdict[int, list[float]] = defaultdict(list)
        for example, product in found.items():
            if of_command[example] in wanted:
                best[of_meaning[example]].append(product / sizes[example])
        return best
