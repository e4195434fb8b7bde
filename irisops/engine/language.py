"""The words that people use: what means the same, what is empty, what is misspelt. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

SAID_OF = {
    **dict.fromkeys(("user", "users", "account", "usr"), "user"),
    **dict.fromkeys(("role", "roles", "group"), "role"),
    **dict.fromkeys(("profile", "profil"), "profile"),
    **dict.fromkeys(("application", "app", "webapp"), "application"),
    **dict.fromkeys(("namespace", "production"), "namespace"),
    "task": "task",
    **dict.fromkeys(("component", "item"), "component"),
    "index": "index",
    "failure": "failure",
    **dict.fromkeys(("command", "options", "arguments", "parameters", "syntax"), "command"),
    "holder": "holder",
    "host": "host",
    **dict.fromkeys(("called", "named", "name"), "new"),
}
"""Words beside which a name of a kind stands."""

NUMBERS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10",
    "eleven": "11", "twelve": "12", "fifteen": "15", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50",
    "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90", "hundred": "100", "dozen": "12",
}  # fmt: skip
ORDINALS = {
    word: str(number)
    for number, word in enumerate(
        ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), 2
    )
}
ONE = ("a", "an", "one", "last", "past")
PARTS = {"half": 0.5, "quarter": 0.25}
MORE = ("more", "extra", "additional", "further")
UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
    **dict.fromkeys(("month", "months"), "mo"),
    **dict.fromkeys(("year", "years"), "y"),
}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "mo": 30 * 86400, "y": 365 * 86400}

POSITIONS = {"first": "first", "top": "first", "last": "last", "end": "last", "bottom": "last"}

OTHER_THAN_WORDS = frozenset(
    {
        *NUMBERS, *ORDINALS, *ONE, *UNITS, *POSITIONS, *PARTS, "another", "localhost", "couple", "fortnight",
        "yesterday", "overnight", "midnight", "noon", "single", "till", "until", "at",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a sentence: of the language (`meaning`), or a name, a number or the like (`kinds`), or both.

    `sure`: the value is known, quoted, or said to be of its kind. `strange`: nothing is known of it; `odd`: it looks
    like a name.
    """

    text: str
    meaning: str = ""
    kinds: frozenset[str] = frozenset()
    value: str = ""
    sure: bool = False
    strange: bool = False
    odd: bool = False
    mended: bool = False
    """Taken for a misspelt word of the language, which is its text: `value`, as typed, may be a new name, after all."""

    @property
    def typed(self) -> str:
        """The word as it was typed."""
        return self.value if self.mended else self.text


def stem(word: str) -> str:
    """The word without the endings of plurals and verbs."""
    for ending, least in (("ies", 5), ("ing", 6), ("ed", 5), ("s", 4)):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            cut = word[: -len(ending)]
            if ending == "ies":
                return cut + "y"
            if ending != "s" and cut[-1] == cut[-2] and cut[-1] not in "ls":
                cut = cut[:-1]
            return cut.rstrip("e") if len(cut) > 3 else cut
    return word.rstrip("e") if len(word) > 4 else word


class Language:
    """Synonyms, empty words, and all words of the example sentences."""

    def __init__(self, synonyms: str, commands: Iterable[str] = ()) -> None:
        self._empty: set[str] = set()
        self._means: dict[str, str] = {}
        self._pairs: dict[tuple[str, str], str] = {}
        for line in synonyms.splitlines():
            if line.startswith("-"):
                self._empty |= set(line[1:].split())
            elif ":" in line and not line.startswith("#"):
                meaning, words = line.split(":")
                for word in words.split():
                    first, plus, second = word.partition("+")
                    if plus:
                        self._pairs[first, second] = meaning
                    else:
                        self._means[word] = meaning
        self._firsts = {first for first, _ in self._pairs}
        pairs = {word for pair in self._pairs for word in pair}
        self._words = Counter({*self._empty, *self._means, *pairs, *NUMBERS, *UNITS, *SAID_OF})
        self._only: dict[str, Word | None] = {}
        self._choices: list[str] = []
        self._corrections: dict[str, str] = {}
        self.commands = frozenset(commands)
        """The names of all commands, also those of two words."""
        self._commands = {
            self.meaning(name): name for name in commands if " " not in name and self.meaning(name)
        }

    def learn(self, words: Iterable[str]) -> None:
        """Add the words of a sentence."""
        self._words.update(words)
        self._choices.clear()
        self._only.clear()

    def __contains__(self, word: str) -> bool:
        return word in self._words

    def meaning(self, word: str) -> str:
        """What stands for a word; "" for an empty one."""
        return "" if word in self._empty else self._means.get(word) or stem(word)

    def only_word(self, piece: str) -> Word | None:
        """A piece of a sentence that is a word and neither a number nor a unit, by which most are read faster."""
        if piece not in self._only:
            plain = piece in self._words and piece.isalpha() and piece not in OTHER_THAN_WORDS
            self._only[piece] = Word(piece, self.meaning(piece)) if plain else None
        return self._only[piece]

    def command(self, word: Word) -> str:
        """The command that a word names; "" if it names none."""
        return self._commands.get(word.meaning, "")

    def begins(self, word: str) -> bool:
        """True if a word may belong together with a later one."""
        return word in self._firsts or _infinitive(word) in self._firsts

    def together(self, first: str, second: str) -> str:
        """The meaning of two words that belong together, such as `turn` and `off`; "" if they do not."""
        return self._pairs.get((first, second)) or self._pairs.get((_infinitive(first), second), "")

    def corrected(self, word: str) -> str:
        """The word of the language that a misspelt one must be; "" if none is near enough."""
        if word not in self._corrections:
            if not self._choices:
                self._choices = sorted(
                    each for each in self._words.keys() - NUMBERS if len(each) > 2 and each.isalpha()
                )
            if len(self._corrections) > 2000:
                self._corrections.clear()
            self._corrections[word] = misspelt(word, self._choices, self._words)
        return self._corrections[word]


_IRREGULAR = {
    "thrown": "throw",
    "threw": "throw",
    "taken": "take",
    "took": "take",
    "got": "get",
    "gone": "go",
}


@cache
def _infinitive(word: str) -> str:
    return _IRREGULAR.get(word) or re.sub(r"(?<=\w{3})(?:s|ed|ing)$", "", word)


def misspelt(word: str, choices: Sequence[str], often: Mapping[str, int]) -> str:
    """The choice that differs from `word` by a letter, or by two in a long one; "" if none does.

    Of several one with the same letters, else the one that is said most `often`. In a short word only two letters that
    changed places count, or one that is missing from a frequent word.
    """
    if len(word) < 3 or not any(map(str.isalpha, word)) or word[-1].isdigit():
        return ""
    most = 1 if len(word) < 7 else 2
    near = []
    for each, distance, _ in process.extract(word, choices, scorer=OSA.distance, score_cutoff=most, limit=8):
        if each[-1].isdigit():  # `lab` is no misspelt `lab2`, and a new name resembles the one it continues
            continue
        swapped = sorted(each) == sorted(word)
        if len(word) == 3:
            right = swapped or (each[0] == word[0] and len(each) == 4 and often.get(each, 0) >= _FREQUENT)
        else:
            right = swapped or each[0] == word[0] or len(word) > 5
        if right:
            near.append((distance, not swapped, -often.get(each, 0), each))
    return min(near)[3] if near else ""


_FREQUENT = 8
