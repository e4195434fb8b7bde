"""Read a sentence: words of one meaning become one; names, numbers, spans and the like are recognised. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

Known = Callable[[str], Sequence[tuple[str, str]]]
"""kind -> (value, hint) of all known values of that kind, as for completion."""

KINDS = (
    "user",
    "role",
    "resource",
    "application",
    "service",
    "profile",
    "guest",
    "found",
    "command",
    "theme",
)
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
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10",
    "eleven": "11", "twelve": "12", "fifteen": "15", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50",
    "sixty": "60", "hundred": "100",
}  # fmt: skip
_ONE = ("a", "an", "one", "last", "past")
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
_FLAG = re.compile(r"-\w")
_SPAN = re.compile(r"(?:\d+(?:mins?|secs?|hrs?|hours?|days?|minutes?|[dhmsw]))+")
_HALF_DAY = re.compile(r"(1[0-2]|\d)(am|pm)")
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("pair", re.compile(r"[A-Za-z_]+(?:!=|>=|<=|=|~|>|<)\S+")),
    ("guest", re.compile(r"guest-\w+-\d+", re.IGNORECASE)),
    ("holder", re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")),
    ("clock", re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d")),
    ("percent", re.compile(r"\d{1,3}%")),
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
    ("privilege", re.compile(r"%[A-Za-z][^\s:]*")),
)
_VALUES = frozenset({"number", "span", "pair", "file"})
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
        self._commands = {self.meaning(name): name for name in commands if self.meaning(name)}

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

    @property
    def none(self) -> bool:
        """True if no name is known: an unknown word may well be one."""
        return not self._kinds

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
    words = list(_Reader(list(_pieces(text)), language, names).words())
    return _together(_said(_counted(words), language), language)


def _pieces(text: str) -> Iterator[str]:
    text = text.replace("’", "'").replace("‘", "'")
    for found in _TOKEN.finditer(text):
        token = found[0]
        if len(token) > 1 and token[0] in "\"'" and token[-1] == token[0]:
            yield '"' + token[1:-1]
            continue
        for piece in re.split(r"[,;!?()\[\]{}]+|\.+$|:+$|…|→|->", token.strip("\"'`")):
            if any(sign.isalnum() for sign in piece) and not _FLAG.fullmatch(piece):
                yield piece.strip(".:'*").lstrip("+-") or piece


@dataclass(slots=True)
class _Reader:
    """Reads the pieces of a sentence one by one. Each of the `_as_…` takes the next pieces, or says that it cannot."""

    pieces: Sequence[str]
    language: Language
    names: Names
    at: int = 0

    def words(self) -> Iterator[Word]:
        """All words."""
        while self.at < len(self.pieces):
            found = next(each for way in _WAYS if (each := way(self)))
            self.at += 1
            yield from found

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
        """A later piece; "" behind the end."""
        place = self.at + number
        return self.pieces[place].casefold() if place < len(self.pieces) else ""

    def value(self, kind: str, value: str, pieces: int = 1) -> list[Word]:
        """A value that takes so many pieces."""
        text = " ".join(self.pieces[self.at : self.at + pieces])
        self.at += pieces - 1
        return [Word(text, "", frozenset({kind}), value, sure=True)]


def _as_quoted(reader: _Reader) -> list[Word]:
    if not reader.piece.startswith('"'):
        return []
    text = reader.piece[1:]
    return [Word(text, "", _ANY | _kinds_of(reader.names.find(text)), text, sure=True)]


def _as_command(reader: _Reader) -> list[Word]:
    """`/grant` in a sentence."""
    named = reader.piece.startswith("/") and reader.language.command(Word("", reader.piece[1:]))
    return reader.value("command", named) if named else []


def _as_span(reader: _Reader) -> list[Word]:
    """`10m`, `10 minutes`, `an hour`, `half an hour`."""
    piece, unit = reader.plain, _UNITS.get(reader.after(1), "")
    if piece == "half" and reader.after(1) in ("a", "an") and reader.after(2) in _UNITS:
        return reader.value("span", f"{SECONDS[_UNITS[reader.after(2)]] // 120}m", 3)
    if unit and piece in _ONE and len(reader.after(1)) > 2:
        return reader.value("span", _in_days(1, unit), 2)
    if _SPAN.fullmatch(piece) and not piece.isdigit():
        return reader.value("span", re.sub(r"([dhmsw])[a-z]*", r"\1", piece))
    digits = _digits(piece)
    return reader.value("span", _in_days(int(digits), unit), 2) if digits and unit else []


def _in_days(number: int, unit: str) -> str:
    days = {"w": 7, "mo": 30, "y": 365}.get(unit)
    return f"{number * days}d" if days else f"{number}{unit}"


def _as_time(reader: _Reader) -> list[Word]:
    """`9pm`, `9 pm`, `half past six in the evening`."""
    later = set(map(str.casefold, reader.pieces[reader.at :]))
    if reader.plain == "half" and reader.after(1) == "past" and _digits(reader.after(2)):
        hour = int(_digits(reader.after(2))) + (
            12 if later & {"evening", "afternoon", "pm", "tonight"} else 0
        )
        return reader.value("clock", f"{hour % 24}:30", 3)
    apart = reader.after(1) in ("am", "pm")
    found = _HALF_DAY.fullmatch(reader.plain + (reader.after(1) if apart else ""))
    if found is None:
        return []
    return reader.value("clock", f"{int(found[1]) % 12 + 12 * (found[2] == 'pm')}:00", 2 if apart else 1)


def _as_number(reader: _Reader) -> list[Word]:
    digits = _digits(reader.plain)
    if not digits:
        return []
    if reader.after(1) in ("percent", "prozent", "%"):
        return reader.value("percent", digits + "%", 2)
    return reader.value("number", str(int(digits)))


def _digits(word: str) -> str:
    digits = _NUMBERS.get(word, word)
    return digits if re.fullmatch(r"[0-9]{1,9}", digits) else ""


def _as_position(reader: _Reader) -> list[Word]:
    value = _POSITIONS.get(reader.plain)
    meaning = reader.language.meaning(reader.plain)
    return [Word(reader.piece, meaning, frozenset({"position"}), value, sure=True)] if value else []


def _as_name(reader: _Reader) -> list[Word]:
    """A known name, which may be a word, too, or something of the shape of a name or value."""
    shape = _shape(reader.base)
    found = reader.names.find(reader.base) or reader.names.find(reader.piece)
    if not found and not shape:
        return []
    is_word = reader.plain in reader.language and not shape
    return [
        Word(
            reader.piece,
            reader.language.meaning(reader.plain) if is_word else "",
            _kinds_of(found) | (shape if not found or len(shape) == 1 else frozenset()),
            next(iter(found.values()), reader.base),
            sure=bool(found) or len(shape) == 1,
        )
    ]


def _as_word(reader: _Reader) -> list[Word]:
    """A word of the language, or several with hyphens."""
    language = reader.language
    for each in (reader.plain, reader.base.casefold()):
        if each in language:
            return [Word(reader.piece, language.meaning(each))]
    parts = reader.plain.split("-")
    if len(parts) > 1 and all(len(each) > 1 and each in language for each in parts):
        return [Word(each, language.meaning(each)) for each in parts]
    return []


def _as_misspelt(reader: _Reader) -> list[Word]:
    """A name or a word with wrong letters; a name with the s of its owner but no apostrophe."""
    base, names = reader.base, reader.names
    if _ODD.search(base):
        return []
    owner = names.find(base[:-1]) if base.endswith("s") else {}
    corrected = reader.language.corrected(reader.plain)
    named = base[:1].isupper()
    found = owner or (names.near(base) if named or not corrected else {})
    if found:
        return [Word(reader.piece, "", _kinds_of(found), next(iter(found.values())))]
    if corrected and not (named and reader.at):
        return [Word(reader.piece, reader.language.meaning(corrected))]
    return []


def _as_strange(reader: _Reader) -> list[Word]:
    base = reader.base
    if len(base) < 3 and base.islower():
        return [Word(base)]
    name_like = reader.at > 0 and base[:1].isupper() and not (base.isupper() and len(base) < 5)
    odd = name_like or reader.names.none or _ODD.search(base) is not None
    return [Word(reader.piece, "", _ANY, base, strange=True, odd=odd)]


_WAYS: tuple[Callable[[_Reader], list[Word]], ...] = (
    _as_quoted, _as_command, _as_span, _as_time, _as_number, _as_name, _as_position, _as_word, _as_misspelt,
    _as_strange,
)  # fmt: skip


def _kinds_of(found: Mapping[str, str]) -> frozenset[str]:
    kinds = set(found)
    if kinds & {"user", "profile", "role"}:
        kinds.add("word")
    if "user" in kinds:
        kinds.add("holder")
    return frozenset(kinds)


def _shape(piece: str) -> frozenset[str]:
    """Kinds of what is written like that."""
    if piece.isalpha():
        return frozenset({"host"} if piece == "localhost" else ())
    kind = next((kind for kind, shape in _SHAPES if shape.fullmatch(piece)), "")
    return frozenset({"role", "resource"} if kind == "privilege" else {kind} if kind else ())


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
    """Names beside a word for their kind: `the user garcia`, `the Nurses role`, `the command for grant`."""
    out = list(words)
    for place, word in enumerate(words):
        kind = "" if word.kinds else _SAID.get(word.text.casefold(), "")
        beside = (place + 1, place - 1, place + 2) if kind == "command" else (place + 1, place - 1)
        for each in beside if kind else ():
            name = _of_kind(words[each], kind, language) if 0 <= each < len(words) else None
            if name is not None:
                out[each] = name
                break
    return out


def _of_kind(word: Word, kind: str, language: Language) -> Word | None:
    """The word as a name of a kind; None if it cannot be one."""
    if kind == "command":
        command = language.command(word)
        return Word(word.text, "", frozenset({kind}), command, sure=True) if command else None
    if kind == "new" and word.meaning and word.text[0].isupper():
        return Word(word.text, "", frozenset({kind}), word.text, sure=True)
    may_be = word.strange or kind in word.kinds or (kind in ("new", "namespace") and word.kinds & _ANY)
    if not may_be or word.kinds & _VALUES:
        return None
    if kind == "namespace":
        return replace(word, kinds=frozenset({kind}), value=word.text, sure=True)
    kinds = {kind, "word", "new"} if word.strange else {*word.kinds, kind}
    return replace(word, kinds=frozenset(kinds), sure=True)


def _together(words: Sequence[Word], language: Language) -> list[Word]:
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
