"""Match plain words with fixed patterns: no language model, no guessing.

A pattern is written like this:

    (give|grant|add) [the] [role|roles] {roles} to [the] [user] {user}

`(a|b)` is one of several, `[a|b]` is optional, `{name}` is a value: one word, or words in quotation marks;
`{user's}` is one in the possessive (`maria's sessions`). A value whose argument takes many (`roles`) may be
`%SQL, %Developer and X`. Letters match without regard to case; polite words around the sentence and its closing
punctuation do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from irisops.contract import quoting
from irisops.engine.spec import Arg, CommandSpec, Plain

MAX_LENGTH = 600
"""Longer lines are not matched: they are no sentences."""

_POLITE = re.compile(
    r"^(?:(?:please|pls|hey|hi|hello|ok|okay|now|then|so|well|and)[,!]?\s+"
    r"|(?:can|could|would|will) you (?:please )?"
    r"|(?:can|could|may|might) (?:i|we) (?:please )?(?=(?:see|look|read) )"
    r"|(?:i|we)(?:'d| would) like (?:you )?to |(?:i|we) (?:want|need) (?:you )?to |let(?:'s| me| us) )+",
    re.IGNORECASE,
)
_CLOSING = re.compile(r"(?:[\s,]+(?:please|pls|thanks|thank you|right now|now))?\s*[?!.]*\s*$", re.IGNORECASE)
_QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'[^']*'"
_ONE = rf"(?:{_QUOTED}|[^\s\"']\S*)"
_OWNER = rf"(?:{_QUOTED}|[^\s\"']\S*?)"
_ITEM = rf"(?:{_QUOTED}|[^\s\"',][^\s,]*)"
# An item holds neither blanks nor commas, so that matching a list stays fast.
_MANY = rf"{_ITEM}(?:(?:\s*,\s*and\s+|\s*,\s*|\s+and\s+){_ITEM})*"
_AND = re.compile(r"\s*,\s*and\s+|\s*,\s*|\s+and\s+", re.IGNORECASE)
_CONTRACTED = re.compile(r"^(who|what|where|when|how|why|that|it)[’']?s\b", re.IGNORECASE)
_TOKEN = re.compile(r"\{(\w+)('s)?\}|\(([^()]*)\)|\[([^\[\]]*)\]|([^\s{}()\[\]]+)")


def tidy(text: str) -> str:
    """The sentence without polite words, closing punctuation and doubled blanks."""
    line = " ".join(text.split()) if '"' not in text and "'" not in text else text.strip()
    line = _CONTRACTED.sub(r"\1 is", _POLITE.sub("", line, count=1))
    # Inside quotation marks a closing mark belongs to the name.
    if line.rstrip().endswith(('"', "'")):
        return line.strip()
    return _CLOSING.sub("", line, count=1).strip()


@cache
def compiled(pattern: str, many: frozenset[str]) -> re.Pattern[str]:
    """The pattern as a regular expression with one group per slot."""
    out: list[str] = []
    for found in _TOKEN.finditer(pattern):
        slot, possessive, one_of, optional, word = found.groups()
        if optional is not None:
            out.append(f"(?:{_alternatives(optional)}\\s+)?")
            continue
        if slot is not None:
            value = _OWNER if possessive else _MANY if slot in many else _ONE
            piece = f"(?P<{slot}>{value})" + (r"(?:[’']s?)" if possessive else "")
        elif one_of is not None:
            piece = f"(?:{_alternatives(one_of)})"
        else:
            piece = re.escape(word)
        out.append(piece + r"\s+")
    # The sentence is matched with one blank added, so that every piece may end in a blank.
    return re.compile("".join(out), re.IGNORECASE)


def _alternatives(text: str) -> str:
    choices = (r"\s+".join(re.escape(word) for word in choice.split()) for choice in text.split("|"))
    return f"(?:{'|'.join(choices)})"


def _values(text: str) -> list[str]:
    """`%SQL, "a b" and X` -> its three names."""
    found: list[str] = []
    for piece in _split_outside_quotes(text):
        read = quoting.split(piece)
        found.append(read[0].value if read and read[0].quoted else piece)
    return found


def _split_outside_quotes(text: str) -> Iterator[str]:
    start = 0
    position = 0
    while position < len(text):
        if text[position] in "\"'" and (position == start):
            closing = text.find(text[position], position + 1)
            while closing > 0 and text[position] == '"' and text[closing - 1] == "\\":
                closing = text.find('"', closing + 1)
            position = len(text) if closing < 0 else closing + 1
            continue
        separator = _AND.match(text, position)
        if separator and position > start:
            yield text[start:position]
            start = position = separator.end()
            continue
        position += 1
    if start < len(text):
        yield text[start:]


COMMON = frozenset(
    {
        "a", "an", "the", "my", "our", "your", "his", "her", "its", "their", "this", "that", "these", "those", "it",
        "them", "him", "me", "us", "you", "i", "we", "he", "she", "they", "and", "or", "not", "no", "to", "from",
        "of", "in", "on", "out", "away", "up", "back", "again", "now", "please", "is", "are", "was", "can", "may",
        "will", "with", "for", "at", "by", "as", "all", "any", "each", "every", "everything", "everyone",
        "everybody", "anything", "anyone", "anybody", "something", "someone", "somebody", "nothing", "nobody",
        "none", "one", "ones", "some", "both", "thing", "things", "stuff", "people", "person", "user", "users",
        "account", "accounts", "role", "roles", "group", "groups", "database", "databases", "data", "table",
        "tables", "namespace", "resource", "resources", "session", "sessions", "browser", "browsers", "process",
        "processes", "job", "jobs", "license", "licence", "licenses", "licences", "unit", "units", "seat", "key",
        "server", "servers", "instance", "system", "machine", "computer", "app", "apps", "application",
        "applications", "service", "services", "web", "site", "page", "tunnel", "share", "profile", "connection",
        "password", "passwords", "access", "right", "rights", "permission", "permissions", "privilege",
        "privileges", "public", "deadline", "unauthenticated", "secrets", "vault", "security", "audit", "log",
        "index", "indices", "global", "globals", "class", "classes", "code", "file", "files", "disk", "query",
        "charge", "control",
    }
)  # fmt: skip
"""Words that are no names where a form would catch them, unless quoted or known: `drop the user database`."""

_SLOTS = {
    "user": "user", "users": "user", "role": "role", "app": "application", "service": "service", "resource": "resource",
    **dict.fromkeys(("who", "holder", "name", "new", "template"), "name"),
}  # fmt: skip
"""Slot -> kind of the name in it, where the grammar does not say so."""
_NAMES = ("user", "role", "profile", "resource", "application", "service", "guest", "command")


@dataclass(frozen=True, slots=True)
class Match:
    """A matched sentence. `names` are the kinds and values of the names caught from it."""

    spec: CommandSpec
    args: dict[str, str | list[str]]
    names: list[tuple[str, str]]


def match(spec: CommandSpec, plain: Plain, sentence: str) -> Match | None:
    """Try one form on a tidied sentence."""
    known = {part.name for part in spec.grammar if isinstance(part, Arg)} | set(spec.options)
    many = frozenset(part.name for part in spec.grammar if isinstance(part, Arg) and part.many)
    found = compiled(plain.pattern, many).fullmatch(sentence + " ")
    if found is None:
        return None
    said: dict[str, str | list[str]] = {}
    for name, text in found.groupdict().items():
        if text is None:
            continue
        try:
            values = _values(text) if name in many else [_one(text)]
        except quoting.UnclosedQuoteError:
            return None
        said[name] = values if name in many else values[0]
    implied = {
        name: [_filled(each, said) for each in value] if isinstance(value, list) else _filled(value, said)
        for name, value in plain.args.items()
    }
    return Match(
        spec,
        implied | {name: value for name, value in said.items() if name in known},
        list(_names(spec, said)),
    )


def _names(spec: CommandSpec, said: Mapping[str, str | list[str]]) -> Iterator[tuple[str, str]]:
    """Kind and value of each name."""
    told = {part.name: part.kind for part in spec.grammar if isinstance(part, Arg) and part.kind in _NAMES}
    # A comparison takes two users or two roles.
    kinds = _SLOTS | told | {"first": "name", "second": "name"}
    for name, value in said.items():
        if name in kinds:
            for each in value if isinstance(value, list) else [value]:
                yield kinds[name], each


def _filled(text: str, said: Mapping[str, str | list[str]]) -> str:
    """An implied value with its slots filled: `role={role}`, `{number}h`."""

    def value(slot: re.Match[str]) -> str:
        return str(said.get(slot[1], slot[0]))

    return re.sub(r"\{(\w+)\}", value, text)


def _one(text: str) -> str:
    read = quoting.split(text)
    value = read[0].value if len(read) == 1 else text
    return value if read and read[0].quoted else value.rstrip(",;:") or value
