"""State of an object of the instance: plain values by field, for the journal and for comparison.

A password is never part of it: it can be written to an instance, not read from it (facts: iris-security 2.2).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from irisops.instance.routes import Instance

Kind = Literal["user", "role", "service", "application", "resource"]
FieldValue = str | bool | tuple[str, ...]
"""Text (a date as YYYY-MM-DD, "" for none), a flag, or names; privileges are names such as `%DB_USER:RW`.

Of services and web applications: words for ways to log in, groups of roles such as `:%All:%DB_X`, permission letters.
"""


@dataclass(frozen=True, slots=True)
class ObjectState:
    """One object. `fields` are those of this version of the instance, without the name."""

    kind: Kind
    name: str
    fields: Mapping[str, FieldValue] = field(default_factory=dict)

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
        return ObjectState(self.kind, self.name, {**self.fields, **changed})


def same(left: FieldValue | None, right: FieldValue | None) -> bool:
    """True if two values mean the same: order and letter case of names do not matter (facts: 1)."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return {each.casefold() for each in left} == {each.casefold() for each in right}
    return left == right


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

    def reversed(self) -> ObjectChange:
        """The inverse change. Side effects become changes that must be made."""
        return ObjectChange(self.after, self.before)


@dataclass(frozen=True, slots=True)
class Step:
    """One call that changes the instance. `label` names it, without any secret."""

    label: str
    run: Callable[[Instance], Awaitable[None]] = field(repr=False)
