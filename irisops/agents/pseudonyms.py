"""Names of people and addresses replaced by pseudonyms, the same ones as long as the server runs.

What is not known to hold no name is left out: a column that is new here shows nothing until it is listed below.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from irisops.contract.replies import Column, Row

HIDDEN = "(hidden)"

PEOPLE = frozenset({"user", "users", "holder", "os_user", "own_license_id"})
PEOPLE_IN = frozenset({("users", "name"), ("dormant", "name"), ("account", "name")})
"""(reply, key) whose value is a person."""
ADDRESSES = frozenset({"address", "client"})
_PLAIN = """
reply name title columns notes actions changes effects warnings calls confirm_word message details error cure
suggestions instance what before after
profile version zversion namespace product license_type capacity kind why returns applications routine state how
verdict command consequence present proposed setting session application resource permission privilege event
missing where id ends roles type granted_roles resources way login from dispatch_class public held needed
ObjectScript Python SQL
"""
PLAIN = frozenset(_PLAIN.split())
"""Keys whose texts are shown, with known names replaced."""
PLAIN_IN = frozenset(
    ("indexes", key) for key in ("class", "index", "properties", "status", "origin", "table", "location")
)
"""The same of one reply."""

_ADDRESS = re.compile(
    r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])|(?<![\w:])(?=[\w:]*(?:::|(?::[0-9a-f]+){5}))[0-9a-f:]{3,}(?![\w:])",
    re.IGNORECASE,
)
_PSEUDONYM = re.compile(r"\b(?:user|address)-\d+\b")


class Pseudonyms:
    """Real names and their pseudonyms, for one profile."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}
        self._real: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()
        self._taken: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, kind: str, names: Iterable[str]) -> None:
        """Give each name a pseudonym such as `user-3`. `kind` is "user" or "address".

        A name that looks like a pseudonym stays what it is, and nobody else is called so.
        """
        given = list(names)
        self._taken.update(name for name in given if _PSEUDONYM.fullmatch(name))
        for name in given:
            key = name.casefold()
            if not name.strip() or key in self._of or name in self._taken:
                continue
            self._numbers[kind] += 1
            while (made := f"{kind}-{self._numbers[kind]}") in self._taken:
                self._numbers[kind] += 1
            self._of[key], self._real[made] = made, name
            self._pattern = None

    def hidden(self, text: str) -> str:
        """`text` with all known names and all addresses replaced."""
        self.learn("address", _ADDRESS.findall(text))
        return self._names.sub(lambda found: self._of.get(found[0].casefold(), HIDDEN), text)

    def holds(self, text: str) -> bool:
        """True if a known name or address is in `text`."""
        return self._names.search(text) is not None

    def given(self, word: str) -> bool:
        """True for a pseudonym that was given."""
        return word in self._real

    @property
    def _names(self) -> re.Pattern[str]:
        if self._pattern is None:
            longest_first = sorted(self._of, key=len, reverse=True)
            either = "|".join(map(re.escape, longest_first)) or "(?!)"  # none fits nothing
            self._pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
        return self._pattern

    def real(self, text: str) -> str:
        """`text` with pseudonyms replaced by names."""
        return _PSEUDONYM.sub(lambda found: self._real.get(found[0], found[0]), text)

    def rows(self, reply: str, rows: Iterable[Row], columns: Sequence[Column]) -> list[Row]:
        """Rows of a table without names; numbers and times stay what they are."""
        taken = [{column.name: row.get(column.name) for column in columns} for row in rows]
        for row in taken:
            self._learn_in(row, reply, "")
        return [{name: self._hidden_in(cell, reply, name) for name, cell in row.items()} for row in taken]

    def shape(self, shaped: dict[str, Any]) -> dict[str, Any]:
        """A reply's JSON without names."""
        reply = str(shaped.get("name", ""))
        self._learn_in(shaped, reply, "")
        hidden: dict[str, Any] = self._hidden_in(shaped, reply, "")
        return hidden

    def _learn_in(self, value: Any, reply: str, key: str) -> None:
        if isinstance(value, dict):
            for name, each in value.items():
                self._learn_in(each, reply, name)
        elif isinstance(value, list):
            for each in value:
                self._learn_in(each, reply, key)
        elif isinstance(value, str) and (kind := _kind(reply, key)):
            self.learn(kind, [value])

    def _hidden_in(self, value: Any, reply: str, key: str) -> Any:
        if isinstance(value, dict):
            return {name: self._hidden_in(each, reply, name) for name, each in value.items()}
        if isinstance(value, list):
            return [self._hidden_in(each, reply, key) for each in value]
        if not isinstance(value, str):
            return value
        shown = key in PLAIN or (reply, key) in PLAIN_IN or _kind(reply, key) or _is_moment(value)
        return self.hidden(value) if shown else HIDDEN


def _kind(reply: str, key: str) -> str:
    if key in PEOPLE or (reply, key) in PEOPLE_IN:
        return "user"
    return "address" if key in ADDRESSES else ""


def _is_moment(value: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d(?:T[\d:]+Z)?", value))
