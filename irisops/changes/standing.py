"""Compare the present objects of a journaled change with the journal, to undo or finish it.

The present state decides: a field as the change left it is undone, one that is already back is left alone, and one that
differs from both was moved by somebody and stops everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from irisops.changes.objects import ObjectKind, kind_named, read_states
from irisops.changes.record import Moved, Way, not_understood
from irisops.connections.connection import Link
from irisops.contract.wording import harmless
from irisops.engine.context import Context
from irisops.instance.security.object_state import (
    FieldValue,
    Kind,
    ObjectChange,
    ObjectState,
    same,
)
from irisops.journal import Entry, Touched


@dataclass(slots=True)
class Standing:
    """State of the objects of a change, seen from one direction."""

    changes: list[ObjectChange] = field(default_factory=list)
    """What is left to do."""
    moved: list[Moved] = field(default_factory=list)
    """Fields that are neither as the change left them nor at the goal."""
    done: list[str] = field(default_factory=list)
    """Words for fields already at the goal."""
    left: list[str] = field(default_factory=list)
    """Words for fields that are not."""


async def look(context: Context, link: Link, entry: Entry, way: Way) -> Standing:
    """Read the objects of a change and compare. Raises `Refusal` for an unknown kind of object."""
    kinds: dict[str, ObjectKind] = {}
    for each in entry.intent.touched:
        kind = kind_named(context, each.kind)
        states = [ObjectState(cast("Kind", each.kind), "", held or {}) for held in (each.before, each.after)]
        if kind is None or not all(map(kind.fits, states)):
            raise not_understood(entry)
        kinds[each.kind] = kind
    names = [(cast("Kind", each.kind), each.name) for each in entry.intent.touched]
    fields = {
        name for each in entry.intent.touched for held in (each.before, each.after) for name in held or ()
    }
    return standing(entry, kinds, await read_states(context, link, names, fields), way)


def standing(
    entry: Entry,
    kinds: Mapping[str, ObjectKind],
    now: Mapping[tuple[Kind, str], ObjectState],
    way: Way,
) -> Standing:
    """Compare each object with its states before and after the change."""
    found = Standing()
    touched = list(entry.intent.touched)
    for each in reversed(touched) if way == "back" else touched:
        # A side effect must be undone by a call of its own; when finishing, it is a side effect again.
        seen = each if way == "on" else Touched(each.kind, each.name, each.after, each.before)
        there = now.get((cast("Kind", each.kind), each.name.casefold()))
        _object(found, kinds[each.kind], seen, there, way, strict=entry.status == "done")
    return found


def _object(
    found: Standing, kind: ObjectKind, seen: Touched, there: ObjectState | None, way: Way, *, strict: bool
) -> None:
    """Compare one object. `seen.before` is the state to start from, `seen.after` the goal."""
    name = f"{kind.noun} {harmless(seen.name)}"
    if seen.after is None:
        _gone(found, kind, seen, there, strict=strict and way == "back")
    elif there is None:
        if seen.before is not None:
            found.moved.append(Moved(name, "there", "gone", "there"))
            return
        found.left.append(f"{name} is not there")
        found.changes.append(ObjectChange(None, ObjectState(cast("Kind", seen.kind), seen.name, seen.after)))
    elif seen.before is None and way == "back":
        # It was deleted and is there: either the deletion never happened, or somebody made it again.
        found.done.append(f"{name} is there")
        for key in kind.differing(ObjectState(there.kind, there.name, seen.after), there):
            label = f"{kind.label(key)} of {name}"
            now, goal = kind.show(there.fields.get(key), key), kind.show(seen.after[key], key)
            found.moved.append(Moved(label, "gone", now, goal))
    else:
        _fields(found, kind, seen, seen.after, there, strict=strict)


def _gone(
    found: Standing, kind: ObjectKind, seen: Touched, there: ObjectState | None, *, strict: bool
) -> None:
    """The goal is that the object is gone. `strict`: only if nobody changed it."""
    name = f"{kind.noun} {harmless(seen.name)}"
    if there is None:
        found.done.append(f"{name} is gone")
        return
    before = ObjectState(there.kind, there.name, seen.before or {})
    differs = kind.differing(before, there) if strict else []
    for key in differs:
        label = f"{kind.label(key)} of {name}"
        left, now = kind.show(before.fields[key], key), kind.show(there.fields.get(key), key)
        found.moved.append(Moved(label, left, now, "gone"))
    if not differs:
        found.left.append(f"{name} is there")
        found.changes.append(ObjectChange(there, None))


def _fields(
    found: Standing,
    kind: ObjectKind,
    seen: Touched,
    goal: Mapping[str, FieldValue],
    there: ObjectState,
    *,
    strict: bool,
) -> None:
    """Compare the fields of an object that exists at the goal; a creation may be incomplete."""
    start = seen.before
    wanted: dict[str, FieldValue] = {}
    for key, value in goal.items():
        if key in kind.passing or (start is not None and same(start.get(key), value)):
            continue
        now = there.fields.get(key)
        label = f"{kind.label(key)} of {harmless(there.name)}"
        said = f"{label} {'are' if kind.label(key).endswith('roles') else 'is'} {kind.show(now, key)}"
        if same(now, value):
            found.done.append(said)
        elif (
            start is None
            or same(now, start.get(key))
            or (not strict and _between(now, start.get(key), value))
        ):
            found.left.append(said)
            wanted[key] = value
        else:
            shown = (kind.show(each, key) for each in (start.get(key), now, value))
            found.moved.append(Moved(label, *shown))
    if wanted:
        found.changes.append(ObjectChange(there, there.with_fields(wanted), follows=seen.follows))


def _between(now: FieldValue | None, start: FieldValue | None, goal: FieldValue) -> bool:
    """True if names are between the two lists: some added, some not yet removed."""
    if not (isinstance(now, tuple) and isinstance(start, tuple) and isinstance(goal, tuple)):
        return False
    here, one, other = ({each.casefold() for each in names} for names in (now, start, goal))
    return one & other <= here <= one | other
