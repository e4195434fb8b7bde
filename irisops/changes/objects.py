"""Changes of objects (users, roles, services, …): what is asked for, and what differs from kind to kind.

A kind of object is declared once as an `ObjectKind`; `plan`, `carry_out` and `undo` are the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from irisops.changes.record import Origin
from irisops.changes.turns import What
from irisops.connections.connection import Link
from irisops.contract.refusal import Refusal
from irisops.engine.context import Context
from irisops.engine.spec import resolve
from irisops.instance.security.access import Access
from irisops.instance.security.object_state import (
    FieldValue,
    Kind,
    ObjectChange,
    ObjectState,
    Step,
    changed_fields,
    same,
)


class FieldRefusal(Refusal):
    """A refusal that belongs to a field of the form."""

    def __init__(self, field_name: str, error: str, message: str, cure: str) -> None:
        super().__init__(error, message, cure)
        self.field = field_name


Changes = Sequence[ObjectChange]


@dataclass(frozen=True, slots=True)
class Family:
    """Kinds of objects whose changes are judged together: a role that goes takes privileges from users."""

    guard: Callable[[Link, Access, Changes], None]
    """No self-harm. Raises `Refusal`."""
    effects: Callable[[Access, Changes, str], tuple[list[str], list[str]]]
    """Effects and warnings in plain sentences; the text is the own account's name."""
    calls: Callable[[Changes, Sequence[str]], Mapping[str, Sequence[str]]]
    """The same change as code to paste, by language; the names are users whose password is set, too."""


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """What the change engine needs to know of one kind of object."""

    noun: str
    plural: str
    family: Family
    turn: What
    """What is changed in turn with it (see `irisops.changes.turns`)."""
    label: Callable[[str], str]
    """A field in a person's words."""
    show: Callable[[FieldValue | None, str], str]
    """A field's value as a plan shows it."""
    read: Callable[[Link, Sequence[str]], Coroutine[Any, Any, Mapping[str, ObjectState]]]
    """The objects of these names by casefolded name, as they are now. Raises a named problem."""
    steps: Callable[[ObjectChange, str], list[Step]]
    """The calls, in order; the text is a new password or ""."""
    fits: Callable[[str, FieldValue], bool] = lambda _field, _value: True
    """Whether a journal's value is one that this version writes for the field."""
    passing: frozenset[str] = frozenset()
    """Fields that the instance changes by itself: no reason to refuse a change, and nothing to take back."""
    copied: tuple[str, ...] = ()
    """Fields that a copy is sure to take over; the rest is the instance's affair."""
    agrees: Callable[[str, FieldValue | None, FieldValue | None], bool] = lambda _field, found, wanted: same(
        found, wanted
    )
    """Whether a field reads back as it was wanted."""
    past: Callable[[ObjectChange], str] = lambda _change: ""
    """The new state of one changed object in a sentence of its own; "" for "X is changed"."""
    new_password: Callable[[Link, str], Coroutine[Any, Any, str]] | None = None
    """A password for an object that is made again by /undo; None for kinds without one."""

    def differing(self, before: ObjectState, found: ObjectState) -> list[str]:
        """Fields of `before` that `found` has otherwise, without the passing ones."""
        return [
            each
            for each in changed_fields(before, found)
            if each in before.fields and each not in self.passing
        ]


def kind_named(context: Context, name: str) -> ObjectKind | None:
    """The kind of object of a journal's name; None for one that this version does not know."""
    declared = context.registry.kinds_of_change.get(name)
    found = resolve(declared) if declared else None
    return found if isinstance(found, ObjectKind) else None


def kind_of(context: Context, name: Kind) -> ObjectKind:
    """The kind of object. Raises KeyError if no command declares it."""
    found = kind_named(context, name)
    if found is None:
        raise KeyError(name)
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `name` is the command's, for the replies.

    `passwords` (user -> password) are set, too; `show` says that they were made here and are to be shown once.
    """

    name: str
    title: str
    changes: tuple[ObjectChange, ...]
    origin: Origin
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    show: bool = False
    warnings: Sequence[str] = ()

    @property
    def direct(self) -> list[ObjectChange]:
        """The changes that need calls; others follow from them by themselves."""
        return [change for change in self.changes if not change.follows]


async def read_states(
    context: Context, link: Link, objects: Sequence[tuple[Kind, str]]
) -> dict[tuple[Kind, str], ObjectState]:
    """The objects as they are now, by kind and casefolded name; those that are not there are left out."""
    found: dict[tuple[Kind, str], ObjectState] = {}
    for kind in dict.fromkeys(kind for kind, _ in objects):
        names = [name for each, name in objects if each == kind]
        states = await kind_of(context, kind).read(link, names)
        found |= {(kind, key): state for key, state in states.items()}
    return found


def families(context: Context, changes: Changes) -> list[tuple[Family, list[ObjectChange]]]:
    """The changes by family, in the order of the first of each."""
    found: dict[int, tuple[Family, list[ObjectChange]]] = {}
    for change in changes:
        family = kind_of(context, change.kind).family
        found.setdefault(id(family), (family, []))[1].append(change)
    return list(found.values())


def guard(context: Context, link: Link, access: Access, changes: Changes) -> None:
    """No self-harm. Raises `Refusal`."""
    for family, some in families(context, changes):
        family.guard(link, access, some)
