"""Fields of an object of the instance and their state: plain values, for the journal and for comparison.

A password is never part of it: it can be written to an instance, not read from it (facts: iris-security 2.2).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Literal

from irisops.instance.calls import ObjectCall, ObjectStep, Value
from irisops.instance.errors import InstanceError, InstanceProblem
from irisops.instance.routes import Instance
from irisops.instance.security import authentication
from irisops.instance.security.permissions import (
    Permission,
    format_privileges,
    parse_permission,
    permission_of,
)
from irisops.instance.values import HOROLOG_START, as_date, as_flag, as_int, as_names, as_text

Kind = Literal[
    "user", "role", "service", "application", "resource", "oauth_server", "oauth_client", "system", "audit_event",
    "tls", "ldap", "sql_holder", "task", "namespace", "database",
]  # fmt: skip
FieldValue = str | bool | tuple[str, ...]
"""Text (a date as YYYY-MM-DD, "" for none), a flag, or names; privileges are names such as `%DB_USER:RW`.

Of services and web applications: words for ways to log in, groups of roles such as `:%All:%DB_X`, permission letters.
"""


@dataclass(frozen=True, slots=True)
class ObjectState:
    """One object. `fields` are those of this version of the instance, without the name.

    `unread` are fields that it has, but this account cannot read.
    """

    kind: Kind
    name: str
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """A text field, "" if it is not there."""
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """A flag, False if it is not there."""
        return self.fields.get(name) is True

    def names(self, name: str) -> tuple[str, ...]:
        """A list of names, empty if it is not there."""
        value = self.fields.get(name, ())
        return value if isinstance(value, tuple) else ()

    def with_fields(self, changed: Mapping[str, FieldValue]) -> ObjectState:
        """The same object with other values."""
        return ObjectState(self.kind, self.name, {**self.fields, **changed}, self.unread)


def login_bits(state: ObjectState) -> int:
    """The login methods of a service or an application, as a bitmask."""
    return authentication.bits_of(state.names("auth"))


def public_permission(state: ObjectState) -> Permission:
    """The public permission of a resource."""
    letters = state.text("public")
    return parse_permission(letters) if letters else Permission.NONE


def privileges_of(state: ObjectState) -> dict[str, Permission]:
    """The privileges of a role: resource -> permission. Raises ValueError for an invalid permission."""
    found: dict[str, Permission] = {}
    for each in state.names("privileges"):
        name, _, letters = each.rpartition(":")
        found[name] = found.get(name, Permission.NONE) | parse_permission(letters)
    return found


FieldKind = Literal[
    "text",
    "flag",
    "date",
    "number",
    "seconds",
    "names",
    "list",
    "privileges",
    "methods",
    "groups",
    "permission",
    "choice",
]

LISTS = ("names", "groups", "list")
"""Kinds of fields whose values are list objects."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind of object: the property of its class, the kind of value, the label for people.

    `longest` is the most characters of a text. `words` are those of a choice, by its number from 0; "" is no choice.
    `separator` joins a list, whose entries may hold commas.
    """

    property: str
    kind: FieldKind
    label: str
    longest: int = 0
    words: tuple[str, ...] = ()
    separator: str = ","

    def value(self, raw: Value) -> FieldValue:
        """The value for what the instance answered."""
        if self.kind == "choice":
            number = as_int(raw)
            known = number is not None and 0 <= number < len(self.words) and self.words[number]
            return known or as_text(raw)
        if self.kind == "list":
            return tuple(each for each in as_text(raw).split(self.separator) if each)
        return _VALUES.get(self.kind, as_text)(raw)

    def logical(self, state: ObjectState, name: str) -> int | str:
        """The value as the property takes it: 0 or 1, a bitmask, a $HOROLOG day, a number, or text.

        Raises ValueError for a value that is none of this kind (facts: iris-security 1, 2.2).
        """
        if self.kind == "choice":
            word = state.text(name)
            return self.words.index(word) if word in self.words else int(word or 0)
        if self.kind == "list":
            return self.separator.join(state.names(name))
        return _LOGICAL.get(self.kind, ObjectState.text)(state, name)

    def documented(self, state: ObjectState, name: str) -> int | str:
        """The value as the class's `Modify` takes it: a date as YYYY-MM-DD, a permission as letters, else as above.

        Raises ValueError for a value that is none of this kind (facts: iris-security 2.2, 3.2).
        """
        value = self.logical(state, name)
        return state.text(name) if self.kind in ("date", "permission") else value

    def steps(self, state: ObjectState, name: str) -> list[ObjectStep]:
        """The steps that set the property on the opened object; a list is cleared and filled again."""
        path = (self.property,)
        if self.kind in LISTS:
            clear = ObjectStep("invoke", "Clear", path=path)
            return [clear, *(ObjectStep("invoke", "Insert", (each,), path) for each in state.names(name))]
        if self.kind == "privileges":
            pairs = [(resource, int(permission)) for resource, permission in privileges_of(state).items()]
            return [ObjectStep("members", "Security.Resource", tuple(chain.from_iterable(pairs)), path)]
        return [ObjectStep("set", self.property, (self.logical(state, name),))]

    def fits(self, state: ObjectState, name: str) -> bool:
        """True if the value is one of this kind: a journal may hold anything."""
        several = self.kind in (*LISTS, "privileges", "methods")
        if not isinstance(state.fields[name], tuple if several else bool if self.kind == "flag" else str):
            return False
        try:
            self.logical(state, name)
        except ValueError:
            return False
        return True


def _iso(raw: Value) -> str:
    day = as_date(raw)
    return day.isoformat() if day else ""


def _seconds(raw: Value) -> str:
    number = as_int(raw)
    return "" if number is None else str(number)


_VALUES: Mapping[FieldKind, Callable[[Value], FieldValue]] = {
    "flag": as_flag,
    "date": _iso,
    "number": lambda raw: str(as_int(raw) or 0),
    "seconds": _seconds,
    "names": as_names,
    "groups": as_names,
    "methods": lambda raw: authentication.words_of(as_int(raw) or 0),
    "permission": lambda raw: permission_of(raw).letters,
}


def _day(state: ObjectState, name: str) -> int | str:
    text = state.text(name)
    return (date.fromisoformat(text) - HOROLOG_START).days if text else ""


def _number(state: ObjectState, name: str) -> int:
    return int(state.text(name) or 0)


def _joined(state: ObjectState, name: str) -> str:
    return ",".join(state.names(name))


_LOGICAL: Mapping[FieldKind, Callable[[ObjectState, str], int | str]] = {
    "flag": lambda state, name: int(state.flag(name)),
    "date": _day,
    "number": _number,
    "seconds": _number,
    "names": _joined,
    "groups": _joined,
    "privileges": lambda state, _name: format_privileges(privileges_of(state)),
    "methods": lambda state, name: authentication.bits_of(state.names(name)),
    "permission": lambda state, _name: int(public_permission(state)),
}


def same(left: FieldValue | None, right: FieldValue | None) -> bool:
    """True if two values mean the same: order and letter case of names do not matter (facts: 1)."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return {each.casefold() for each in left} == {each.casefold() for each in right}
    return left == right


def same_as_set(field_name: str, found: FieldValue | None, wanted: FieldValue | None) -> bool:
    """True if a field reads back as it was set: namespaces are upper case, however they are written."""
    if field_name == "namespace" and isinstance(found, str) and isinstance(wanted, str):
        return found.casefold() == wanted.casefold()
    return same(found, wanted)


def changed_fields(before: ObjectState, after: ObjectState) -> list[str]:
    """Fields in which two states differ, in the order of the earlier one."""
    names = dict.fromkeys((*before.fields, *after.fields))
    return [name for name in names if not same(before.fields.get(name), after.fields.get(name))]


def missing(names: Iterable[str], held: Iterable[str]) -> tuple[str, ...]:
    """Names that are not among `held`, ignoring letter case."""
    keys = {name.casefold() for name in held}
    return tuple(name for name in names if name.casefold() not in keys)


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object before and after. `before` None is a creation, `after` None a deletion.

    `follows` marks a side effect of another change (deleting a role takes it from its members).
    `origin` names the object that a new one is copied from.
    """

    before: ObjectState | None
    after: ObjectState | None
    follows: bool = False
    origin: str = ""

    @property
    def state(self) -> ObjectState:
        """The state after the change, before it if the object is deleted. Raises ValueError without either."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change has a state before or after it")
        return found

    @property
    def kind(self) -> Kind:
        """Kind of the object."""
        return self.state.kind

    @property
    def name(self) -> str:
        """Name of the object as the instance spells it."""
        return self.state.name

    def fields(self) -> list[str]:
        """Changed fields; for a creation or a deletion every field."""
        if self.before is None or self.after is None:
            return list(self.state.fields)
        return changed_fields(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Step:
    """One call that changes the instance. `label` names it, without any secret.

    `feature` and `probe`: a call that changes nothing and is refused if the step will be, for a feature whose first
    route opens an object. It is made before the plan is shown.
    """

    label: str
    run: Callable[[Instance], Awaitable[None]] = field(repr=False)
    feature: str = ""
    probe: ObjectCall | None = None
    refused: Callable[[Instance, InstanceError], InstanceProblem] = lambda _instance, problem: problem
    """The named problem of a probe that failed otherwise than by a missing privilege."""
