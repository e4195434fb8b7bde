"""Read a sentence: words of one meaning become one; names, numbers, spans and the like are recognised. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

Known = Callable[[str], Sequence[tuple[str, str]]]
"""kind -> (value, hint) of all known values of that kind, as for completion."""

KINDS = ("user", "role", "resource", "application", "service", "profile", "guest", "found", "command", "theme")
"""Kinds of names that `Known` may have values of."""
_ANY = frozenset({"user", "role", "profile", "new", "holder", "word", "found", "namespace", "theme", "id"})
"""What an unknown word may name."""

_SAID = {
    **dict.fromkeys(("user", "users", "account", "usr"), "user"),
    **dict.fromkeys(("role", "roles", "group"), "role"),
    **dict.fromkeys(("profile", "profil"), "profile"),
    **dict.fromkeys(("application", "app", "webapp"), "application"),
    "namespace": "namespace",
    "command": "command",
    "holder": "holder",
    "host": "host",
    **dict.fromkeys(("called", "named", "name"), "new"),
}
"""Words beside which a name of a kind stands."""

_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split()
    )
    if number > 1
} | {"twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "hundred": "100"}
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
    **dict.fromkeys(("month", "months"), "mo"),
    **dict.fromkeys(("year", "years"), "y"),
}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "mo": 30 * 86400, "y": 365 * 86400}

_POSITIONS = {"first": "first", "top": "first", "last": "last", "end": "last", "bottom": "last"}

_TOKEN = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^'\s][^']*'(?=[\s,.;:!?)]|$)|[^\s\"]+")
_SPAN = re.compile(r"((?:\d+(?:mins?|secs?|hrs?|hours?|days?|minutes?|[dhmsw]))+)", re.IGNORECASE)
_PAIR = re.compile(r"[A-Za-z_]+(?:!=|>=|<=|=|~|>|<)\S+")
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("guest", re.compile(r"guest-\w+-\d+", re.IGNORECASE)),
    ("holder", re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")),
    ("clock", re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d")),
    ("percent", re.compile(r"\d{1,3}%")),
    ("number", re.compile(r"\d{1,9}")),
    ("application", re.compile(r"/\w[\w./%-]*")),
    (
        "file",
        re.compile(
            r"(?:[\w.~-]*/)*[\w.-]+\.(?:md|txt|toml|json|jsonl|csv|ya?ml|log|html|xml|ini|cfg)", re.IGNORECASE
        ),
    ),
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("table", re.compile(r"[A-Z]\w*\.[A-Z]\w*")),
    ("found", re.compile(r"(?:docker|podman|vscode|installed|env):\S+", re.IGNORECASE)),
    ("host", re.compile(r"localhost|(?=.*[a-z])[\w-]+(?:\.[\w-]+){2,}", re.IGNORECASE)),
    ("service", re.compile(r"%Service_\w+", re.IGNORECASE)),
    ("resource", re.compile(r"%(?:DB|Admin|Native|Secure|System)_\w+|%Development", re.IGNORECASE)),
)
_ODD = re.compile(r"[_%\d]|[a-z][A-Z]|\w[.-]\w|[\\@]")
"""Signs of a name: an underscore, a digit, a dot or hyphen inside."""


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
        pairs = {word for pair in self._pairs for word in pair}
        self._words = Counter({*self._empty, *self._means, *pairs, *_NUMBERS, *_UNITS, *_SAID})
        self._choices: list[str] = []
        self._corrections: dict[str, str] = {}
        self._commands = {self.meaning(name): name for name in commands}

    def learn(self, words: Iterable[str]) -> None:
        """Add the words of a sentence."""
        self._words.update(words)
        self._choices.clear()

    def __contains__(self, word: str) -> bool:
        return word in self._words

    def meaning(self, word: str) -> str:
        """What stands for a word; "" for an empty one."""
        return "" if word in self._empty else self._means.get(word) or stem(word)

    def command(self, word: Word) -> str:
        """The command that a word names; "" if it names none."""
        return self._commands.get(word.meaning, "")

    def together(self, first: str, second: str) -> str:
        """The meaning of two words that belong together, such as `turn` and `off`; "" if they do not."""
        return self._pairs.get((first, second)) or self._pairs.get((_infinitive(first), second), "")

    def corrected(self, word: str) -> str:
        """The word of the language that a misspelt one must be; "" if none is near enough."""
        if word not in self._corrections:
            if not self._choices:
                self._choices = sorted(each for each in self._words if len(each) > 2 and each.isalpha())
            if len(self._corrections) > 2000:
                self._corrections.clear()
            self._corrections[word] = misspelt(word, self._choices, self._words)
        return self._corrections[word]


_IRREGULAR = {"thrown": "throw", "threw": "throw", "taken": "take", "took": "take", "got": "get", "gone": "go"}


def _infinitive(word: str) -> str:
    return _IRREGULAR.get(word) or re.sub(r"(?<=\w{3})(?:s|ed|ing)$", "", word)


def misspelt(word: str, choices: Sequence[str], often: Mapping[str, int]) -> str:
    """The choice that differs from `word` by a letter, or by two in a long one; "" if none does.

    Of several the one that is said most `often`. In a short word only two letters that changed places count, or one
    that is missing from a frequent word.
    """
    if len(word) < 3 or not word.isalpha():
        return ""
    most = 1 if len(word) < 7 else 2
    near = []
    for each, distance, _ in process.extract(word, choices, scorer=OSA.distance, score_cutoff=most, limit=8):
        swapped = sorted(each) == sorted(word)
        if len(word) == 3:
            right = swapped or (each[0] == word[0] and len(each) == 4 and often.get(each, 0) >= _FREQUENT)
        else:
            right = swapped or each[0] == word[0] or len(word) > 5
        if right:
            near.append((distance, -often.get(each, 0), each))
    return min(near)[2] if near else ""


_FREQUENT = 8


class Names:
    """All known names, for one sentence."""

    def __init__(self, known: Known) -> None:
        self._kinds: dict[str, dict[str, str]] = {}
        for kind in KINDS:
            for value, _hint in known(kind):
                self._kinds.setdefault(value.casefold(), {}).setdefault(
                    "application" if kind == "resource" and value.startswith("/") else kind, value
                )
        self._choices: list[str] = []

    def find(self, word: str) -> dict[str, str]:
        """Kind -> value of a name."""
        return self._kinds.get(word.casefold(), {})

    def near(self, word: str) -> dict[str, str]:
        """Kind -> value of the name that a misspelt one must be."""
        if not self._choices:
            self._choices = [each for each in self._kinds if each.isalpha()]
        close = misspelt(word.casefold(), self._choices, {}) if len(word) > 3 else ""
        return self._kinds.get(close, {})


def read(text: str, language: Language, names: Names) -> list[Word]:
    """The words of a sentence, in order."""
    raw = list(_raw(text))
    words: list[Word] = []
    position = 0
    while position < len(raw):
        word, used = _word(raw, position, words, language, names)
        words += word
        position += used
    return _pairs(_said(_counted(words), language), language)


def _raw(text: str) -> Iterator[str]:
    text = text.replace("’", "'").replace("‘", "'")
    for found in _TOKEN.finditer(text):
        token = found[0]
        if len(token) > 1 and token[0] in "\"'" and token[-1] == token[0]:
            yield '"' + token[1:-1]
            continue
        for piece in re.split(r"[,;!?()\[\]{}]+|\.+$|:+$|…|→|->", token.strip("\"'`")):
            if any(sign.isalnum() for sign in piece):
                yield piece.strip(".:'*").lstrip("+-") or piece


def _word(
    raw: Sequence[str], at: int, before: Sequence[Word], language: Language, names: Names
) -> tuple[list[Word], int]:
    """The word at a position, and how many pieces it takes."""
    token = raw[at]
    if token.startswith('"'):
        return [Word(token[1:], "", _ANY | _kinds_of(names.find(token[1:])), token[1:], sure=True)], 1
    named = language.command(Word(token, token[1:])) if token.startswith("/") else ""
    if named:
        return [Word(token, "", frozenset({"command"}), named, sure=True)], 1
    number = _number(raw, at)
    if number is not None:
        return [number[0]], number[1]
    base = token[:-2] if token.casefold().endswith("'s") else token
    plain = token.replace("'", "").casefold()
    shaped = _shape(base)
    found = names.find(base) or names.find(token)
    if found or shaped:
        kinds = _kinds_of(found) | shaped
        value = next(iter(found.values()), base)
        meaning = language.meaning(plain) if plain in language and not shaped else ""
        return [Word(token, meaning, kinds, value, sure=bool(found) or len(shaped) == 1)], 1
    if plain in _POSITIONS:
        return [Word(token, language.meaning(plain), frozenset({"position"}), _POSITIONS[plain], sure=True)], 1
    if plain in language:
        return [Word(token, language.meaning(plain))], 1
    parts = plain.split("-")
    if len(parts) > 1 and all(len(each) > 1 and each in language for each in parts):
        return [Word(each, language.meaning(each)) for each in parts], 1
    if base != token and base.casefold() in language:
        return [Word(token, language.meaning(base.casefold()))], 1
    if _ODD.search(base):
        return [Word(token, "", _ANY, base, strange=True, odd=True)], 1
    owner = next((names.find(each) for each in (base, base[:-1]) if base.endswith("s") and names.find(each)), {})
    found = owner or names.near(base)
    corrected = language.corrected(plain)
    if found and (owner or not corrected or base[:1].isupper()):
        return [Word(token, "", _kinds_of(found), next(iter(found.values())))], 1
    if corrected and not (base[:1].isupper() and before):
        return [Word(token, language.meaning(corrected))], 1
    if len(base) < 3 and base.islower():
        return [Word(token)], 1
    odd = bool(before) and base[:1].isupper() and not (base.isupper() and len(base) < 5)
    return [Word(token, "", _ANY, base, strange=True, odd=odd)], 1


def _kinds_of(found: dict[str, str]) -> frozenset[str]:
    kinds = set(found)
    if kinds & {"user", "profile", "role"}:
        kinds |= {"word"}
    if "user" in kinds:
        kinds |= {"holder"}
    return frozenset(kinds)


def _shape(token: str) -> frozenset[str]:
    if _PAIR.fullmatch(token):
        return frozenset({"pair"})
    if token.startswith("%") and len(token) > 1 and not token.casefold().startswith("%service_"):
        privilege = next((kind for kind, shape in _SHAPES if kind == "resource" and shape.fullmatch(token)), "")
        return frozenset({"resource"} if privilege else {"role", "resource"})
    for kind, shape in _SHAPES:
        if shape.fullmatch(token):
            return frozenset({kind})
    return frozenset()


def _number(raw: Sequence[str], at: int) -> tuple[Word, int] | None:
    """A number, a span of one or two words, or a percentage."""
    token = raw[at].casefold()
    after = raw[at + 1].casefold() if at + 1 < len(raw) else ""
    last = raw[at + 2].casefold() if at + 2 < len(raw) else ""
    if token == "half" and after in ("a", "an") and last in _UNITS:
        return _span(f"{SECONDS[_UNITS[last]] // 120}m", " ".join(raw[at : at + 3])), 3
    if token in ("a", "an", "one", "last", "past") and after in _UNITS and len(after) > 2:
        return _span("1" + _UNITS[after], f"{token} {after}"), 2
    whole = _SPAN.fullmatch(token)
    if whole is not None and not token.isdigit():
        short = re.sub(r"([dhmsw])[a-z]*", r"\1", whole[1])
        return _span(short, raw[at]), 1
    if token == "half" and after == "past" and last in _NUMBERS:
        rest = {each.casefold() for each in raw[at + 3 :]}
        hour = int(_NUMBERS[last]) + (12 if rest & {"evening", "afternoon", "pm", "tonight"} else 0)
        return Word(" ".join(raw[at : at + 3]), "", frozenset({"clock"}), f"{hour % 24}:30", sure=True), 3
    digits = _NUMBERS.get(token, token)
    day = re.fullmatch(r"(\d{1,2})(am|pm)", token + (after if after in ("am", "pm") else ""))
    if day is not None and int(day[1]) <= 12:
        hour = int(day[1]) % 12 + 12 * (day[2] == "pm")
        return Word(raw[at], "", frozenset({"clock"}), f"{hour}:00", sure=True), 1 + (after == day[2])
    if not digits.isdigit() or len(digits) > 9 or not digits.isascii():
        return None
    if after in _UNITS:
        return _span(digits + _UNITS[after], f"{raw[at]} {raw[at + 1]}"), 2
    if after in ("percent", "prozent", "%"):
        return Word(raw[at], "", frozenset({"percent"}), digits + "%", sure=True), 2
    return Word(raw[at], "", frozenset({"number"}), str(int(digits)), sure=True), 1


def _span(value: str, text: str) -> Word:
    return Word(text, "", frozenset({"span"}), value, sure=True)


def _counted(words: Sequence[Word]) -> list[Word]:
    """Numbers of people and of ports: `with four teammates`, `port 1972`."""
    out = list(words)
    for place, word in enumerate(words):
        if "number" not in word.kinds:
            continue
        beside = {each.meaning for each in words[max(0, place - 1) : place + 3]}
        before = {each.text.casefold() for each in words[max(0, place - 2) : place]}
        if "port" in before:
            out[place] = replace(word, kinds=frozenset({"port", "number"}))
        elif beside & {"user", "guest", "pass", "developer"}:
            out[place] = replace(word, kinds=frozenset({"people", "number"}))
    return out


def _said(words: Sequence[Word], language: Language) -> list[Word]:
    """Names beside a word for their kind: `the user garcia`, `the Nurses role`."""
    out = list(words)
    for place, word in enumerate(words):
        kind = _SAID.get(word.text.casefold())
        if kind is None or word.kinds:
            continue
        for beside in (place + 1, place - 1, *((place + 2,) if kind == "command" else ())):
            if not 0 <= beside < len(words):
                continue
            name = words[beside]
            if kind == "command" and language.command(name):
                command = language.command(name)
                out[beside] = Word(name.text, "", frozenset({kind}), command, sure=True)
                break
            may = name.strange or kind in name.kinds or (kind in ("new", "namespace") and name.kinds & _ANY)
            if may and not name.kinds & {"number", "span", "pair", "file"}:
                if kind == "namespace":
                    out[beside] = replace(name, kinds=frozenset({kind}), value=name.text, sure=True)
                    break
                kinds = {kind, "word", "new"} if name.strange else {*name.kinds, kind}
                out[beside] = replace(name, kinds=frozenset(kinds), sure=True)
                break
    return out


def _pairs(words: Sequence[Word], language: Language) -> list[Word]:
    """Words that belong together, with up to four between them, take one meaning."""
    out = list(words)
    for place, word in enumerate(words):
        if word.kinds and not word.meaning:
            continue
        for after in range(place + 1, min(place + 6, len(words))):
            other = words[after]
            if other.kinds and not other.meaning:
                continue
            meaning = language.together(word.text.casefold(), other.text.casefold())
            if meaning:
                out[place] = replace(out[place], meaning=meaning)
                out[after] = replace(out[after], meaning="")
                break
    return out
