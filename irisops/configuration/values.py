"""Canonical values of a configuration: one form for each meaning, so that equal settings are equal texts.

(facts: iris-config-as-text 7)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from irisops.instance.security import authentication
from irisops.instance.security.permissions import Permission, format_privileges, parse_permission

Value = str | bool | int | tuple[str, ...]
ValueType = Literal[
    "text",
    "flag",
    "number",
    "date",
    "choice",
    "names",
    "list",
    "groups",
    "methods",
    "permission",
    "privileges",
    "table",
    "secret",
]
"""Types of values, with their canonical form:

- `text`: as it is, `date`: YYYY-MM-DD or "", `flag`: True or False, `number`: an int
- `choice`: one of the property's words (those of the editors), or the number as text if it has no word
- `names`: a set of names, sorted without regard to letter case; `list`: texts whose order has a meaning
- `groups`: roles of a web application such as `:%All` or `MATCH:ROLE` (facts: iris-security 3.5), in their order, each
  match role and each of its targets once
- `methods`: ways to log in, in the editors' words, by bit; `permission`: letters such as RW
- `privileges`: `RESOURCE:LETTERS`, sorted by resource
- `table`: entries `KEY = VALUE`, sorted, each key once (mappings of a namespace)
- `secret`: never read and never written; it marks a place where a person sets one by hand
"""


class NoValueError(ValueError):
    """A value that is none of its type. The message is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Property:
    """One property. `name` is that of its IRIS class, and so the key of Create, Modify and CPF actions.

    `label` is the editors' word, `default` the class's own value, which the text leaves out (None: always written).
    `since` is the first version that has it, such as 2024.1, "" if all have it. `separator` joins a list for Modify.
    `needs` names a property without which a secret has no place here.
    """

    name: str
    type: ValueType
    label: str
    default: Value | None = None
    words: tuple[str, ...] = ()
    since: str = ""
    separator: str = ","
    needs: str = ""

    def canonical(self, value: object) -> Value:
        """The canonical form of a value as text files and other sources give it. Raises `NoValueError`."""
        try:
            return _CANONICAL[self.type](self, value)
        except NoValueError:
            raise
        except ValueError as problem:
            raise NoValueError(f"{self.name}: {problem}") from None

    def logical(self, value: Value) -> str | int:
        """The value as Create and Modify take it: 0 or 1, a bitmask, a number, or text (facts: iris-security 1 to 3).

        A permission is letters, a date YYYY-MM-DD, a list is joined. Raises ValueError for a secret or a table.
        """
        if self.type in ("secret", "table"):
            raise ValueError(f"{self.name} has no single value")
        if self.type == "choice":
            word = str(value)
            return self.words.index(word) if word in self.words else int(word)
        if isinstance(value, bool):
            return int(value)
        if self.type == "methods" and isinstance(value, tuple):
            return authentication.bits_of(value)
        return self.separator.join(value) if isinstance(value, tuple) else value


def _refuse(each: Property, wanted: str, value: object) -> NoValueError:
    shown = str(value)
    return NoValueError(f"{each.name} must be {wanted}, not {shown[:60]!r}")


def _text(each: Property, value: object) -> str:
    if not isinstance(value, str):
        raise _refuse(each, "text", value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refuse(each, "text that UTF-8 can hold", value) from None
    return value


def _flag(each: Property, value: object) -> bool:
    if not isinstance(value, bool):
        raise _refuse(each, "true or false", value)
    return value


def _number(each: Property, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _refuse(each, "a whole number", value)
    return value


def _date(each: Property, value: object) -> str:
    text = value.isoformat() if isinstance(value, date) else _text(each, value)
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise _refuse(each, "a date such as 2026-12-31", value) from None


def _choice(each: Property, value: object) -> str:
    text = _text(each, value)
    found = next((word for word in each.words if word and word.casefold() == text.casefold()), "")
    if found:
        return found
    if text.isdecimal() and not (int(text) < len(each.words) and each.words[int(text)]):
        return str(int(text))
    known = ", ".join(word for word in each.words if word)
    raise _refuse(each, f"one of {known}", value)


def _list(each: Property, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise _refuse(each, "a list", value)
    return tuple(_text(each, item) for item in value)


def _names(each: Property, value: object) -> tuple[str, ...]:
    """Sorted by name without regard to case; of two that differ in case alone the first in code order stays."""
    found: dict[str, str] = {}
    for name in sorted(_list(each, value)):
        found.setdefault(name.lower(), name)
    return tuple(found[key] for key in sorted(found))


def _groups(each: Property, value: object) -> tuple[str, ...]:
    """Targets of the same match role together; the order stays (facts: iris-config-as-text 7)."""
    found: dict[str, dict[str, str]] = {}
    for group in _list(each, value):
        match, *targets = (part.strip() for part in group.split(":"))
        if not any(targets):
            raise _refuse(each, "groups such as :ROLE or MATCH:ROLE", group)
        parts = found.setdefault(match.lower(), {"": match})
        for target in targets:
            parts.setdefault(target.lower(), target)
    return tuple(":".join(parts.values()) for parts in found.values())


def _methods(each: Property, value: object) -> tuple[str, ...]:
    return authentication.words_of(authentication.bits_of(_list(each, value)))


def _permission(each: Property, value: object) -> str:
    text = _text(each, value)
    return parse_permission(text).letters if text else ""


def _privileges(each: Property, value: object) -> tuple[str, ...]:
    found: dict[str, str] = {}
    total: dict[str, Permission] = {}
    for entry in sorted(_list(each, value)):
        name, colon, letters = entry.rpartition(":")
        if not colon or not name:
            raise _refuse(each, "entries such as RESOURCE:RW", entry)
        key = found.setdefault(name.lower(), name)
        total[key] = total.get(key, parse_permission(letters)) | parse_permission(letters)
    joined = format_privileges(total)
    return tuple(joined.split(",")) if joined else ()


def _table(each: Property, value: object) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for entry in _list(each, value):
        key, sign, rest = entry.rpartition(" = ")
        if not sign or not key.strip() or not rest.strip():
            raise _refuse(each, "entries such as “NAME = DATABASE”", entry)
        if key.strip() in found:
            raise NoValueError(f"{each.name} has {key.strip()!r} twice")
        found[key.strip()] = rest.strip()
    return tuple(f"{key} = {found[key]}" for key in sorted(found))


def _secret(each: Property, value: object) -> Value:
    raise _refuse(each, "left out: a secret is set by hand", "a value" if value else value)


_CANONICAL: Mapping[ValueType, Callable[[Property, object], Value]] = {
    "text": _text,
    "flag": _flag,
    "number": _number,
    "date": _date,
    "choice": _choice,
    "names": _names,
    "list": _list,
    "groups": _groups,
    "methods": _methods,
    "permission": _permission,
    "privileges": _privileges,
    "table": _table,
    "secret": _secret,
}
