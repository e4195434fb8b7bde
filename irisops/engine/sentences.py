"""Read a sentence: words of one meaning become one; names, numbers, spans and the like are recognised. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import OSA

Known = Callable[[str], Sequence[tuple[str, str]]]
"""kind -> (value, hint) of all known values of that kind, as for completion."""

KINDS = ("user", "role", "resource", "application", "service", "profile", "guest", "found", "theme")
"""Kinds of names that `Known` may have values of."""
_ANY = frozenset({"user", "role", "profile", "new", "holder", "word", "found", "namespace", "theme", "id"})
"""What an unknown word may name."""

_SAID = {
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

_NUMBERS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10",
    "eleven": "11", "twelve": "12", "fifteen": "15", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50",
    "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90", "hundred": "100", "dozen": "12",
}  # fmt: skip
_ORDINALS = {
    word: str(number)
    for number, word in enumerate(
        ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), 2
    )
}
_ONE = ("a", "an", "one", "last", "past")
_PARTS = {"half": 0.5, "quarter": 0.25}
_MORE = ("more", "extra", "additional", "further")
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

_OTHER_THAN_WORDS = frozenset(
    {
        *_NUMBERS, *_ORDINALS, *_ONE, *_UNITS, *_POSITIONS, *_PARTS, "another", "localhost", "couple", "fortnight",
        "yesterday", "overnight", "midnight", "noon", "single", "till", "until", "at",
    }
)  # fmt: skip
_TOKEN = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^'\s][^']*'(?=[\s,.;:!?)]|$)|[^\s\"]+")
_WITH_PERMISSION = re.compile(r"([%\w.-]*\w):([RWU]{1,3})")
_URL = re.compile(r"(?:https?|iris)://\w", re.IGNORECASE)
_GLOBAL = re.compile(r"\^%?[A-Za-z][\w.]*(?:\(.*\))?")
_HERE = re.compile(r"\.{1,2}/")
_FLAG = re.compile(r"-\w")
_SPAN = re.compile(r"(?:\d+(?:mins?|secs?|hrs?|hours?|days?|minutes?|[dhmsw]))+")
_HALF_DAY = re.compile(r"(1[0-2]|\d)(am|pm)")
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("pair", re.compile(r"[A-Za-z_]+(?:!=|>=|<=|=|~|>|<)\S+")),
    ("guest", re.compile(r"guest-\w+-\d+", re.IGNORECASE)),
    ("holder", re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("clock", re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d")),
    ("text", _GLOBAL),
    ("percent", re.compile(r"\d{1,3}%")),
    ("namespace", re.compile(r"%SYS", re.IGNORECASE)),
    (
        "file",
        re.compile(
            r"(?:[\w.~-]*/)*[\w.-]+\.(?:md|txt|toml|json|jsonl|csv|ya?ml|log|html|xml|ini|cfg|cpf|cls|mac|py|png|svg|i?rec|bak)",
            re.IGNORECASE,
        ),
    ),
    ("folder", re.compile(r"(?:\.{1,2}|~)/\S*|\w[\w.-]*/[\w./-]*")),
    ("address", re.compile(r"iris://\S+", re.IGNORECASE)),
    ("application", re.compile(r"/\w[\w./%-]*|https?://\S+")),
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("table", re.compile(r"\^[A-Za-z%][\w.]*|[A-Z]\w*(?:\.[A-Z]\w*)+")),
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
        self._words = Counter({*self._empty, *self._means, *pairs, *_NUMBERS, *_UNITS, *_SAID})
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
            plain = piece in self._words and piece.isalpha() and piece not in _OTHER_THAN_WORDS
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
                    each for each in self._words.keys() - _NUMBERS if len(each) > 2 and each.isalpha()
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


_SERVICES = ("Telnet", "Bindings", "WebGateway", "ECP", "CallIn")
"""Services that are called by their names without the prefix. (facts: iris-security 3.3)"""


_PREFIXES: Mapping[str, Sequence[str]] = {"database": ("%DB_",), "application": ("/csp/", "/api/", "/")}
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
        for prefix in _PREFIXES[noun]:
            found = self._kinds.get(f"{prefix}{word}".casefold())
            if found and not found.keys().isdisjoint(("resource", "application")):
                return Word(word, "", _kinds_of(found), next(iter(found.values())), sure=True)
        return None

    def near(self, word: str) -> dict[str, str]:
        """Kind -> value of the name that a misspelt one must be."""
        if not self._choices:
            self._choices = list(self._kinds)
        close = misspelt(word.casefold(), self._choices, {}) if len(word) > 3 else ""
        return self._kinds.get(close, {})


def read(text: str, language: Language, names: Names) -> list[Word]:
    """The words of a sentence, in order."""
    words = list(_Reader(list(_pieces(text)), language, names).words())
    return _together(_said(_counted(_full_named(words)), language, names), language)


def _full_named(words: Sequence[Word]) -> Sequence[Word]:
    """The words, with those of a full name as one: `full name Anna Huber`."""
    said = [word.text.casefold() for word in words]
    place = next((at + 2 for at, pair in enumerate(pairwise(said)) if pair == ("full", "name")), len(words))
    place += said[place : place + 1] == ["is"]
    end = place
    while end < len(words) and words[end].text[:1].isupper() and not words[end].kinds & _VALUES:
        end += 1
    if end < place + 2:
        return words
    name = " ".join(word.typed for word in words[place:end])
    return [*words[:place], Word(name, "", frozenset({"text"}), name, sure=True), *words[end:]]


def _pieces(text: str) -> Iterator[str]:
    text = text.replace("’", "'").replace("‘", "'")
    for found in _TOKEN.finditer(text):
        token = found[0]
        if len(token) > 1 and token[0] in "\"'" and token[-1] == token[0]:
            yield '"' + token[1:-1]
            continue
        if _URL.match(token) or _GLOBAL.match(token):
            yield token.rstrip(",.;:!?" if "(" in token else ",.;:!?)")
            continue
        for piece in re.split(r"[,;!?()\[\]{}]+|\.+$|:+$|…|→|->", token.strip("\"'`")):
            if parts := _WITH_PERMISSION.fullmatch(piece):
                yield from (parts[1], ":" + parts[2])
            elif any(sign.isalnum() for sign in piece) and not _FLAG.fullmatch(piece):
                begin = piece if _HERE.match(piece) else piece.lstrip(".:'*")
                yield begin.rstrip(".:'*").lstrip("+-") or piece


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
            word = None if self.names.find(self.piece) else self.language.only_word(self.piece)
            found = [word] if word else next(each for way in _WAYS if (each := way(self)))
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


def _as_quoted(reader: _Reader) -> list[Word]:
    if not reader.piece.startswith('"'):
        return []
    text = reader.piece[1:]
    known = _kinds_of(reader.names.find(text))
    return [Word(text, "", _ANY | known | (frozenset() if known else {"text"}), text, sure=True)]


def _as_permission(reader: _Reader) -> list[Word]:
    """The `RW` of `%DB_USER:RW`."""
    return reader.value("perm", reader.piece[1:]) if reader.piece.startswith(":") else []


def _as_command(reader: _Reader) -> list[Word]:
    """`/grant` in a sentence."""
    named = reader.piece.startswith("/") and reader.language.command(Word("", reader.piece[1:]))
    return reader.value("command", named) if named else []


def _as_span(reader: _Reader) -> list[Word]:
    """`10m`, `10 minutes`, `an hour and a half`, `half a year`, `a fortnight`, `since yesterday`."""
    piece = reader.plain
    if piece in _DAYS and reader.after(-1) in _DAYS[piece][1]:
        return reader.value("span", _DAYS[piece][0])
    if _SPAN.fullmatch(piece) and not piece.isdigit():
        return reader.value("span", re.sub(r"([dhmsw])[a-z]*", r"\1", piece))
    number, far = _amount(reader)
    unit = _unit(reader, reader.after(far)) if far else ""
    if not unit or (piece in _ONE and len(reader.after(far)) < 3):
        return []
    far += 1
    if [reader.after(far + at) for at in range(3)] == ["and", "a", "half"]:
        number, far = number + 0.5, far + 3
    return reader.value("span", _in_unit(number, unit), far)


def _unit(reader: _Reader, word: str) -> str:
    """The unit of time that a word names, also one that is misspelt: `houers`."""
    if word in _UNITS or len(word) < 4 or word in reader.language or reader.names.find(word):
        return _UNITS.get(word, "")
    return _UNITS.get(misspelt(word, _LONG_UNITS, {}), "")


_LONG_UNITS = [word for word in _UNITS if len(word) > 3]
_DAYS: Mapping[str, tuple[str, Sequence[str]]] = {
    "yesterday": ("1d", ("since", "from")),
    "overnight": ("1d", ()),
    "fortnight": ("14d", ("a", "one", "last", "past", "half", "this", "the")),
}
"""Word for a span -> the span, and the words it follows."""


def _amount(reader: _Reader) -> tuple[float, int]:
    """The number before a unit of time, and its pieces: `ten more`, `1.5`, `half an`, `three quarters of an`."""
    piece, far = reader.plain, 1
    if piece in (*_ONE, "the", "another") and (following := reader.after(1)) in (*_PARTS, "couple"):
        piece, far = following, 2
    if piece in _PARTS:
        number = _PARTS[piece]
    elif piece in ("couple", *_ONE, "another"):
        number = 2.0 if piece == "couple" else 1.0
        if [reader.after(far + at) for at in range(3)] == ["and", "a", "half"]:
            number, far = 1.5, far + 3
    elif re.fullmatch(r"\d{1,3}\.\d", piece):
        number = float(piece)
    else:
        digits, far = _digits_of(reader)
        if not digits:
            return 0.0, 0
        number = float(digits)
        if reader.after(far) == "quarters":
            number, far = number / 4, far + 1
        elif [reader.after(far + at) for at in range(3)] == ["and", "a", "half"]:
            number, far = number + 0.5, far + 3
    while reader.after(far) in ("of", "a", "an", *_MORE):
        far += 1
    return number, far


def _digits_of(reader: _Reader) -> tuple[str, int]:
    """A whole number, and its pieces: `12`, `twelve`, `twenty five`, `twenty-five`, `#12`."""
    first, dash, second = reader.plain.lstrip("#").partition("-")
    tens, ones = _digits(first), _digits(second if dash else reader.after(1))
    if tens.endswith("0") and len(tens) == 2 and first.isalpha() and len(ones) == 1 and ones != "0":
        return str(int(tens) + int(ones)), 1 if dash else 2
    return ("", 1) if dash else (tens, 1)


def _in_unit(number: float, unit: str) -> str:
    """`90m`, `2h`, `180d`: a span in its unit, or in a smaller one that has no rest."""
    days = {"w": 7, "mo": 30, "y": 365}.get(unit)
    if days:
        return f"{int(number * 12) * 30 if unit == 'y' and number < 1 else int(number * days)}d"
    if number == int(number):
        return f"{int(number)}{unit}"
    smaller = {"d": "h", "h": "m", "m": "s"}.get(unit, "s")
    return f"{int(number * SECONDS[unit] // SECONDS[smaller])}{smaller}"


def _as_half_past(reader: _Reader) -> list[Word]:
    """`half past six in the evening`, `quarter to seven`, `midnight`."""
    if reader.plain in ("midnight", "noon"):
        return reader.value("clock", "00:00" if reader.plain == "midnight" else "12:00")
    minutes = {"half": 30, "quarter": 15}.get(reader.plain)
    hour = _digits(reader.after(2))
    if minutes is None or reader.after(1) not in ("past", "to") or not hour:
        return []
    before = reader.after(1) == "to"
    whole = (int(hour) + reader.half_day) * 60 + (-minutes if before else minutes)
    return reader.value("clock", f"{whole // 60 % 24}:{whole % 60:02}", 3)


def _as_time(reader: _Reader) -> list[Word]:
    """`9pm`, `9 pm`, `nine in the evening`, `ten tonight`, `till 22`."""
    apart = reader.after(1) in ("am", "pm")
    found = _HALF_DAY.fullmatch(reader.plain + (reader.after(1) if apart else ""))
    if found is not None:
        return reader.value("clock", f"{int(found[1]) % 12 + 12 * (found[2] == 'pm')}:00", 2 if apart else 1)
    hour = _digits(reader.plain)
    if not hour or int(hour) > 23:
        return []
    clock = f"{int(hour) + (reader.half_day if int(hour) < 12 else 0)}:00"
    following = [reader.after(at) for at in (1, 2, 3)]
    if following[:2] == ["in", "the"] and following[2] in ("evening", "afternoon", "morning"):
        return reader.value("clock", clock, 4)
    if following[0] in ("tonight", "o'clock", "oclock", "uhr"):
        return reader.value("clock", clock, 2)
    until = reader.after(-1) in ("till", "until", "til") and following[0] not in (*_UNITS, *_MORE)
    return reader.value("clock", clock) if until else []


def _as_part(reader: _Reader) -> list[Word]:
    """`half of the units`, `three quarters of it`."""
    quarters = reader.after(1) == "quarters" and _digits(reader.plain) == "3"
    part = 0.75 if quarters else _PARTS.get(reader.plain, 0.0)
    far = 2 if quarters else 1
    return reader.value("percent", f"{int(part * 100)}%", far) if part and reader.after(far) == "of" else []


def _as_few(reader: _Reader) -> list[Word]:
    """`a couple of`, `half a dozen`, and the `one` of `one more developer`."""
    following = reader.after(1)
    if reader.plain == "half" and [following, reader.after(2)] == ["a", "dozen"]:
        return reader.value("number", "6", 3)
    if reader.plain == "couple":
        return reader.value("number", "2", 2 if following == "of" else 1)
    one = reader.plain in ("one", "another", "single") and _counts_people(reader, following)
    return reader.value("number", "1") if one else []


def _as_ordinal(reader: _Reader) -> list[Word]:
    """`the third`, `14th`."""
    if found := re.fullmatch(r"(\d{1,6})(?:st|nd|rd|th)", reader.plain):
        return reader.value("number", found[1])
    ordinal = _ORDINALS.get(reader.plain)
    if ordinal is None or reader.after(1) in _UNITS:
        return []
    return [
        Word(reader.piece, reader.language.meaning(reader.plain), frozenset({"ordinal"}), ordinal, sure=True)
    ]


def _as_number(reader: _Reader) -> list[Word]:
    digits, far = _digits_of(reader)
    if not digits:
        return []
    if reader.after(far) == "dozen":
        digits, far = str(int(digits) * 12), far + 1
    if reader.after(far) in ("percent", "prozent", "%"):
        return reader.value("percent", digits + "%", far + 1)
    return reader.value("number", str(int(digits)), far)


def _counts_people(reader: _Reader, following: str) -> bool:
    """True before `person`, `more developer`: a `one` that counts."""
    if following in _MORE:
        following = reader.after(2)
    return reader.language.meaning(following) in ("user", "guest", "developer", "pass", "browser", "session")


def _digits(word: str) -> str:
    digits = _NUMBERS.get(word, word)
    return digits if re.fullmatch(r"[0-9]{1,9}", digits) else ""


def _as_position(reader: _Reader) -> list[Word]:
    value = _POSITIONS.get(reader.plain)
    meaning = reader.language.meaning(reader.plain)
    return [Word(reader.piece, meaning, frozenset({"position"}), value, sure=True)] if value else []


def _as_name(reader: _Reader) -> list[Word]:
    """A known name, which may be a word, too, or something of the shape of a name or value."""
    shape = frozenset[str]() if reader.plain in reader.language else _shape(reader.base)
    found = reader.names.find(reader.base) or reader.names.find(reader.piece)
    capitals = reader.base.isupper() and not all(map(str.isupper, filter(str.isalpha, reader.pieces)))
    if reader.base in ("HR", "USER") and capitals and reader.at:
        return _as_strange(reader)  # a namespace, too; the unit of time and the noun are written small
    if not shape and capitals and found and reader.base not in found.values():
        return _as_strange(reader)  # a namespace, written as they are, and no profile called `clinic`
    if not found and "role" in shape:
        found = reader.names.near(reader.base)
    if not found and not shape:
        return []
    is_word = reader.plain in reader.language and not shape
    return [
        Word(
            reader.piece,
            reader.language.meaning(reader.plain) if is_word else "",
            _kinds_of(found) | (shape if not found or "role" not in shape else frozenset()),
            next(iter(found.values()), reader.base),
            sure=bool(found) or "role" not in shape,
            odd="application" in shape and not found and not reader.names.none,
        )
    ]


def _as_word(reader: _Reader) -> list[Word]:
    """A word of the language, or several with hyphens."""
    language = reader.language
    for each in (reader.plain, reader.base.casefold()):
        if each in language:
            return [Word(reader.piece, language.meaning(each))]
    parts = reader.plain.split("-")
    if (
        len(parts) > 1
        and _OF_NAMES.isdisjoint(parts)
        and all(len(each) > 1 and each in language and not reader.names.find(each) for each in parts)
    ):
        return [Word(each, language.meaning(each)) for each in parts]
    return []


_OF_NAMES = frozenset({"iris", "docker", "test", "dev", "lab", "prod", "db"})
"""Parts of the names of instances: `iris-dev` is no two words."""


def _as_misspelt(reader: _Reader) -> list[Word]:
    """A name or a word with wrong letters; a name with the s of its owner but no apostrophe."""
    base, names = reader.base, reader.names
    if _ODD.search(base):
        found = {} if names.none or base.startswith("/") else names.near(base)
        value = next(iter(found.values()), "")
        return [Word(reader.piece, "", _kinds_of(found), value)] if found else []
    owner = names.find(base[:-1]) if base.endswith("s") else {}
    corrected = reader.language.corrected(reader.plain)
    named = base[:1].isupper()
    found = owner or (names.near(base) if named or not corrected else names.find(corrected))
    if found:
        return [Word(reader.piece, "", _kinds_of(found), next(iter(found.values())))]
    if corrected and not (named and reader.at):
        return [Word(corrected, reader.language.meaning(corrected), value=base, mended=True)]
    return []


_LETTERS = {"R": "read", "W": "write", "RW": "rw"}


def _as_letters(reader: _Reader) -> list[Word]:
    """The `RW` of `public RW`."""
    meaning = _LETTERS.get(reader.piece)
    shouted = all(map(str.isupper, filter(str.isalpha, reader.pieces)))
    return [Word(reader.piece, meaning)] if meaning and not shouted and reader.at else []


def _as_strange(reader: _Reader) -> list[Word]:
    base = reader.base
    if len(base) < 3 and base.islower():
        return [Word(base)]
    name_like = reader.at > 0 and base[:1].isupper() and not (base.isupper() and len(base) < 5)
    odd = name_like or reader.names.none or _ODD.search(base) is not None
    return [Word(reader.piece, "", _ANY, base, strange=True, odd=odd)]


_WAYS: tuple[Callable[[_Reader], list[Word]], ...] = (
    _as_quoted, _as_permission, _as_letters, _as_command, _as_span, _as_half_past, _as_time, _as_part, _as_few,
    _as_ordinal, _as_number, _as_name, _as_position, _as_word,
    _as_misspelt, _as_strange,
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
    return _SHAPED.get(kind, frozenset({kind} if kind else ()))


_SHAPED = {"privilege": frozenset({"role", "resource"}), "holder": frozenset({"holder", "host"})}
"""Shape -> kinds, if it is not the kind itself."""


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


def _said(words: Sequence[Word], language: Language, names: Names) -> list[Word]:
    """Names beside a word for their kind: `the user garcia`, `the Nurses role`, `the command for grant`."""
    out = _newly_named(words)
    for place, word in enumerate(out):
        for each in (place + 1, place - 1) if word.meaning in _PREFIXES else ():
            if 0 <= each < len(words) and (found := names.of_short(word.meaning, out[each].typed)):
                out[each] = found
                break
        if word.text.casefold() in _FOLDERS and (folder := _folder(out, place + 1)):
            out[folder[0]] = folder[1]
        kind = "" if word.kinds else _SAID.get(word.text.casefold(), "")
        if kind == "new" and place and words[place - 1].text.casefold() == "full":
            continue  # `full name Anna Huber`
        beside: tuple[int, ...] = (place + 1, place - 1) + (place + 2,) * (kind == "command")
        if kind == "namespace":  # `the namespace of appuser should be SHOP`
            beside += tuple(
                at for at in range(place + 2, min(place + 6, len(words))) if words[at].text.isupper()
            )
        for each in beside if kind else ():
            directly = word.text.casefold() in ("called", "named", "role", "user") and each == place + 1
            name = _of_kind(out[each], kind, language, directly) if 0 <= each < len(words) else None
            if name is not None and (word.text.casefold() != "production" or name.text.isupper()):
                out[each] = name
                break
    return out


_FOLDERS = ("folder", "folders", "directory")
_AFTER_FOLDER = frozenset(
    {
        "from", "to", "on", "with", "by", "against", "where", "which", "what", "who", "for", "into", "not", "no",
        "without", "still", "only", "now", "again", "here", "there", "contain", "hold", "say", "match", "compare",
        "because", "delete", "save", "instance", "settings", "can", "but", "also", "than", "create",
    }
)  # fmt: skip
"""Words, or their meanings, that follow a folder without a name."""


def _folder(words: Sequence[Word], place: int) -> tuple[int, Word] | None:
    """The name after the word "folder", which may be any word, and its place: `the folder backup`."""
    if place < len(words) and words[place].text.casefold() in ("called", "named"):
        place += 1
    if place >= len(words):
        return None
    word = words[place]
    end = place == len(words) - 1 or words[place + 1].text.casefold() in _FOLDERS
    no_name = {word.text.casefold(), word.meaning} & _AFTER_FOLDER and not (
        end and word.meaning in ("save", "create")
    )
    if no_name or not (word.meaning or word.strange or "new" in word.kinds) or len(word.text) < 3:
        return None
    return place, Word(word.typed, "", frozenset({"folder"}), word.value or word.text, sure=True)


def _newly_named(words: Sequence[Word]) -> list[Word]:
    """The words, with those for a new name as such, also if they are of the language: `name it dev`."""
    out = list(words)
    said = [word.text.casefold() for word in words]
    meanings = {word.meaning for word in words}
    for place, word in enumerate(words):
        before = [*("", "", ""), *said[:place]][-3:]
        named = before[1:] in _NAMING or (
            before[2] == "name" and before[1] in ("with", "the", "under", "new", "its")
        )
        made = before[2] in ("make", "create") and said[place + 1 : place + 2] in (["a"], ["an"])
        made = made and any(each.meaning in ("user", "role") for each in words[place + 2 : place + 4])
        last = before[2] in ("as", "called") and place == len(words) - 1 and not meanings.isdisjoint(_COPIES)
        hosted = (
            before[2] == "profile"
            and "create" in meanings
            and said[place + 1 : place + 3] == ["with", "host"]
        )
        if (named or made or last or hosted) and not (
            word.kinds & (_VALUES | {"table"}) or said[place] in _NO_NAMES
        ):
            if word.kinds and word.sure:
                continue  # what is known has its name
            out[place] = Word(word.typed, "", frozenset({"new", "word"}), word.typed.strip("'\""), sure=True)
    return out


_NAMING = [[verb, whom] for verb in ("name", "call") for whom in ("it", "him", "her", "that", "this", "them")]
_COPIES = frozenset({"copy", "adopt", "duplicate", "second"})
_NO_NAMES = frozenset(
    {
        "of",
        "is",
        "it",
        "the",
        "a",
        "an",
        "and",
        "for",
        "that",
        "me",
        "as",
        "well",
        "to",
        "in",
        "this",
        "him",
        "her",
        "his",
        "them",
        "their",
        "us",
        "our",
        "my",
        "you",
        "your",
        "one",
        "with",
        "please",
    }
)


def _of_kind(word: Word, kind: str, language: Language, directly: bool) -> Word | None:
    """The word as a name of a kind; None if it cannot be one. `directly`: it follows `called`."""
    if kind in ("command", "failure"):  # a failure may be any word: `the failure disk of the container`
        value = language.command(word) if kind == "command" else word.meaning and word.text
        return Word(word.text, "", frozenset({kind}), value, sure=True) if value else None
    upper = word.text.isupper() if kind == "namespace" else word.text[0].isupper()
    if kind in ("new", "namespace") and word.meaning and (upper or (directly and not word.kinds)):
        return Word(word.text, "", frozenset({kind}), word.text, sure=True)
    if kind in ("role", "user", "profile") and word.meaning and upper and not word.kinds and directly:
        return Word(word.text, "", frozenset({kind, "new", "word"}), word.text, sure=True)
    may_be = word.strange or kind in word.kinds or (kind in ("new", "namespace") and word.kinds & _ANY)
    if not may_be or word.kinds & _VALUES:
        return None
    if kind == "namespace":
        return replace(word, kinds=frozenset({kind}), value=word.text, sure=True)
    kinds = {kind, "word", "new", "found"} if word.strange else {*word.kinds, kind}
    return replace(word, kinds=frozenset(kinds), sure=True)


def _together(words: Sequence[Word], language: Language) -> list[Word]:
    """Words that belong together, with up to four between them, take one meaning."""
    out = list(words)
    said = [word.meaning if word.mended else word.text.casefold() for word in words]
    for place, word in enumerate(words):
        if (word.kinds and not word.meaning) or not language.begins(said[place]):
            continue
        for after in range(place + 1, min(place + 6, len(words))):
            other = words[after]
            if other.kinds and not other.meaning:
                continue
            meaning = language.together(said[place], said[after])
            if meaning:
                out[place] = replace(out[place], meaning=meaning)
                out[after] = replace(out[after], meaning="")
                break
    return out
