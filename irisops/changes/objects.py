"""Changes of objects (users, roles, services, …): the wanted change, and the differences between kinds.

A kind of object is declared once as an `ObjectKind`; `plan`, `carry_out` and `undo` are the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from irisops.changes.record import Origin
from irisops.changes.turns import What
from irisops.connections.connection import Link
from irisops.contract.replies import Refusal
from irisops.contract.wording import duration, harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import resolve
from irisops.instance.security.access import Access
from irisops.instance.security.lists import parse_match_roles, roles_given
from irisops.instance.security.object_state import (
    Field,
    FieldValue,
    Kind,
    ObjectChange,
    ObjectState,
    Step,
    changed_fields,
    same,
)


class FieldRefusal(Refusal):
    """A refusal of one field of the form."""

    def __init__(self, field_name: str, error: str, message: str, cure: str) -> None:
        super().__init__(error, message, cure)
        self.field = field_name


Changes = Sequence[ObjectChange]


@dataclass(frozen=True, slots=True)
class Family:
    """Kinds of objects whose changes are checked together: deleting a role takes privileges from users."""

    guard: Callable[[Link, Access, Changes], None]
    """Raises `Refusal` for a change that would lock this account out."""
    effects: Callable[[Access, Changes, str], tuple[list[str], list[str]]]
    """Effects and warnings in plain sentences; the text is the own account's name."""
    sql: Callable[[Changes, Sequence[str]], Sequence[str]] = lambda _changes, _passwords: ()
    """What SQL can do of the change, to paste; the names are users whose password is set as well."""


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """Declaration of one kind of object for the change engine."""

    noun: str
    plural: str
    family: Family
    turn: What
    """Lock that its changes take (see `irisops.changes.turns`)."""
    fields: Mapping[str, Field]
    read: Callable[[Link, Sequence[str], Collection[str]], Coroutine[Any, Any, Mapping[str, ObjectState]]]
    """Present states of the named objects, by casefolded name. Raises a named problem.

    Of many fields only those in the collection are needed; all if it is empty.
    """
    steps: Callable[[ObjectChange, str], list[Step]]
    """The calls, in order; the text is a new password or another secret, or ""."""
    nothing: str = "–"
    """Word for an empty text."""
    passing: frozenset[str] = frozenset()
    """Fields that the instance changes by itself: they neither block a change nor are undone."""
    copied: tuple[str, ...] = ()
    """Fields that a copy takes over for certain; the others are up to the instance."""
    agrees: Callable[[str, FieldValue | None, FieldValue | None], bool] = lambda _field, found, wanted: same(
        found, wanted
    )
    """True if a field reads back as wanted."""
    past: Callable[[ObjectChange], str] = lambda _change: ""
    """Sentence about the new state of a changed object; "" for the default "X is changed"."""
    new_password: Callable[[Link, str], Coroutine[Any, Any, str]] | None = None
    """A password for an object that is made again by /undo; None for kinds without one."""
    source: Callable[[Link, ObjectState], Coroutine[Any, Any, str]] | None = None
    """The object that a new one is copied from, before its fields are set; None for kinds that are made by themselves.
    Raises `Refusal` or a named problem."""
    fixed: frozenset[str] = frozenset()
    """Fields that no change may alter: each change compares them, too."""
    initial: Mapping[str, FieldValue] = field(default_factory=dict)
    """Values that every new object has: a plan does not list them."""

    def label(self, name: str) -> str:
        """Label of a field."""
        return self.fields[name].label

    def show(self, value: FieldValue | None, name: str = "") -> str:
        """A field's value as a plan shows it."""
        kind = self.fields[name].kind if name in self.fields else "text"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, tuple):
            return ", ".join(self.entries(value, name)) or "none"
        if kind == "seconds" and value:
            return "never" if value == "0" else f"{value} s ({duration(int(value))})"
        return harmless(value or ("never" if kind == "date" else self.nothing))

    def entries(self, value: FieldValue | None, name: str) -> tuple[str, ...]:
        """The entries of a list as a plan shows them; none for a value that is no list."""
        if not isinstance(value, tuple):
            return ()
        groups = name in self.fields and self.fields[name].kind == "groups"
        words = roles_given(parse_match_roles(",".join(value))) if groups else value
        return tuple(harmless(each, 80) for each in words)

    def fits(self, state: ObjectState) -> bool:
        """True if this version knows each field of a state from the journal, and its value is valid."""
        return all(name in self.fields and self.fields[name].fits(state, name) for name in state.fields)

    def differing(self, before: ObjectState, found: ObjectState) -> list[str]:
        """Fields of `before` that differ in `found`, without the passing ones and those that cannot be read now."""
        aside = {*self.passing, *found.unread}
        return [each for each in changed_fields(before, found) if each in before.fields and each not in aside]

    def unread(self, state: ObjectState) -> str:
        """The labels of the fields that cannot be read, in words; "" without any."""
        return listed([self.label(each) for each in state.unread])


def kind_named(context: Context, name: str) -> ObjectKind | None:
    """The kind of object by its name in the journal; None if unknown to this version."""
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
    """A wanted change. `name` is the command's, for the replies.

    `passwords` (user -> password) are set as well; `show`: they were generated here and are shown once; `nobody`: they
    were generated and nobody learns them. `secrets` ((kind, name) -> secret) are those of other objects, which were
    typed.
    """

    name: str
    title: str
    changes: tuple[ObjectChange, ...]
    origin: Origin
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    show: bool = False
    nobody: bool = False
    warnings: Sequence[str] = ()
    secrets: Mapping[tuple[Kind, str], str] = field(default_factory=dict, repr=False)

    def secret_of(self, change: ObjectChange) -> str:
        """The password or other secret that is set with a change; "" without any."""
        password = self.passwords.get(change.name, "") if change.kind == "user" else ""
        return password or self.secrets.get((change.kind, change.name), "")

    @property
    def direct(self) -> list[ObjectChange]:
        """The changes that need calls; the others are side effects of these."""
        return [change for change in self.changes if not change.follows]


async def read_states(
    context: Context, link: Link, objects: Sequence[tuple[Kind, str]], fields: Collection[str] = ()
) -> dict[tuple[Kind, str], ObjectState]:
    """Present states by kind and casefolded name; missing objects are left out. `fields`: see `ObjectKind.read`."""
    found: dict[tuple[Kind, str], ObjectState] = {}
    for kind in dict.fromkeys(kind for kind, _ in objects):
        names = [name for each, name in objects if each == kind]
        states = await kind_of(context, kind).read(link, names, fields)
        found |= {(kind, key): state for key, state in states.items()}
    return found


def fields_held(states: Iterable[ObjectState | None]) -> set[str]:
    """The fields that these states have: what has to be read to compare them."""
    return {name for state in states if state is not None for name in state.fields}


def families(context: Context, changes: Changes) -> list[tuple[Family, list[ObjectChange]]]:
    """The changes grouped by family, in order of first occurrence."""
    found: dict[int, tuple[Family, list[ObjectChange]]] = {}
    for change in changes:
        family = kind_of(context, change.kind).family
        found.setdefault(id(family), (family, []))[1].append(change)
    return list(found.values())


def guard(context: Context, link: Link, access: Access, changes: Changes) -> None:
    """Raise `Refusal` for a change that would lock this account out."""
    for family, some in families(context, changes):
        family.guard(link, access, some)
