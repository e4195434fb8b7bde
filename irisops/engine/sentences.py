"""Read a sentence: words of one meaning become one; names, numbers, spans and the like are recognised. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from irisops.engine.amounts import (
    as_few,
    as_half_past,
    as_number,
    as_ordinal,
    as_part,
    as_span,
    as_time,
)
from irisops.engine.language import POSITIONS, SAID_OF, Language, Word
from irisops.engine.reader import GLOBAL, PREFIXES, Names, Reader, kinds_of, pieces_of

_ANY = frozenset({"user", "role", "profile", "new", "holder", "word", "found", "namespace", "theme", "id"})
"""What an unknown word may name."""

_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("pair", re.compile(r"[A-Za-z_]+(?:!=|>=|<=|=|~|>|<)\S+")),
    ("guest", re.compile(r"guest-\w+-\d+", re.IGNORECASE)),
    ("holder", re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("clock", re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d")),
    ("text", GLOBAL),
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


def read(text: str, language: Language, names: Names) -> list[Word]:
    """The words of a sentence, in order."""
    words = list(_words(Reader(list(pieces_of(text)), language, names)))
    return _together(_said(_counted(_full_named(words)), language, names), language)


def _words(reader: Reader) -> Iterator[Word]:
    """All words. Each of the `_WAYS` takes the next pieces, or gives nothing."""
    while reader.at < len(reader.pieces):
        word = None if reader.names.find(reader.piece) else reader.language.only_word(reader.piece)
        found = [word] if word else next(each for way in _WAYS if (each := way(reader)))
        reader.at += 1
        yield from found


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


def _as_quoted(reader: Reader) -> list[Word]:
    if not reader.piece.startswith('"'):
        return []
    text = reader.piece[1:]
    known = kinds_of(reader.names.find(text))
    return [Word(text, "", _ANY | known | (frozenset() if known else {"text"}), text, sure=True)]


def _as_permission(reader: Reader) -> list[Word]:
    """The `RW` of `%DB_USER:RW`."""
    return reader.value("perm", reader.piece[1:]) if reader.piece.startswith(":") else []


def _as_command(reader: Reader) -> list[Word]:
    """`/grant` in a sentence."""
    named = reader.piece.startswith("/") and reader.language.command(Word("", reader.piece[1:]))
    return reader.value("command", named) if named else []


def _as_position(reader: Reader) -> list[Word]:
    value = POSITIONS.get(reader.plain)
    meaning = reader.language.meaning(reader.plain)
    return [Word(reader.piece, meaning, frozenset({"position"}), value, sure=True)] if value else []


def _as_name(reader: Reader) -> list[Word]:
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
            kinds_of(found) | (shape if not found or "role" not in shape else frozenset()),
            next(iter(found.values()), reader.base),
            sure=bool(found) or "role" not in shape,
            odd="application" in shape and not found and not reader.names.none,
        )
    ]


def _as_word(reader: Reader) -> list[Word]:
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


def _as_misspelt(reader: Reader) -> list[Word]:
    """A name or a word with wrong letters; a name with the s of its owner but no apostrophe."""
    base, names = reader.base, reader.names
    if _ODD.search(base):
        found = {} if names.none or base.startswith("/") else names.near(base)
        value = next(iter(found.values()), "")
        return [Word(reader.piece, "", kinds_of(found), value)] if found else []
    owner = names.find(base[:-1]) if base.endswith("s") else {}
    owned = base.endswith("s") and reader.after(1) in _OWNED
    corrected = "" if owned else reader.language.corrected(reader.plain)
    named = base[:1].isupper()
    found = owner or (names.near(base) if named or not corrected else names.find(corrected))
    if found:
        return [Word(reader.piece, "", kinds_of(found), next(iter(found.values())))]
    if corrected and not (named and reader.at):
        return [Word(corrected, reader.language.meaning(corrected), value=base, mended=True)]
    return []


_OWNED = frozenset({"password", "pw"})
"""What somebody has: an unknown word before it is a name, `bobs password`."""
_LETTERS = {"R": "read", "W": "write", "RW": "rw"}


def _as_letters(reader: Reader) -> list[Word]:
    """The `RW` of `public RW`."""
    meaning = _LETTERS.get(reader.piece)
    shouted = all(map(str.isupper, filter(str.isalpha, reader.pieces)))
    return [Word(reader.piece, meaning)] if meaning and not shouted and reader.at else []


def _as_strange(reader: Reader) -> list[Word]:
    base = reader.base
    if len(base) < 3 and base.islower():
        return [Word(base)]
    name_like = reader.at > 0 and base[:1].isupper() and not (base.isupper() and len(base) < 5)
    odd = name_like or reader.names.none or _ODD.search(base) is not None
    return [Word(reader.piece, "", _ANY, base, strange=True, odd=odd)]


_WAYS: tuple[Callable[[Reader], list[Word]], ...] = (
    _as_quoted, _as_permission, _as_letters, _as_command, as_span, as_half_past, as_time, as_part, as_few,
    as_ordinal, as_number, _as_name, _as_position, _as_word,
    _as_misspelt, _as_strange,
)  # fmt: skip


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
        for each in (place + 1, place - 1) if word.meaning in PREFIXES else ():
            if 0 <= each < len(words) and (found := names.of_short(word.meaning, out[each].typed)):
                out[each] = found
                break
        if word.text.casefold() in _FOLDERS and (folder := _folder(out, place + 1)):
            out[folder[0]] = folder[1]
        kind = "" if word.kinds else SAID_OF.get(word.text.casefold(), "")
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
