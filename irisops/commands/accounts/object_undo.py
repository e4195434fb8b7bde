"""Taking a journaled change of users and roles back, doing it again, or finishing one that was cut off.

What an object is now decides, not what the journal hopes: a field that stands where the change left it is taken back,
one that is already back is left alone, and one that stands elsewhere was moved by somebody and stops everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from irisops.commands.accounts.object_change import Wanted, label_of, plan, read_states, shown
from irisops.commands.accounts.user_edit_many import password_that_fits
from irisops.commands.changes import Way, not_understood, settled
from irisops.commands.context import Context
from irisops.commands.links import Link
from irisops.commands.refusal import Refusal
from irisops.commands.replies import Cell, Column, Table
from irisops.commands.spec import Replies
from irisops.commands.text import harmless, listed
from irisops.commands.words import quote
from irisops.instance.object_state import FieldValue, Kind, ObjectChange, ObjectState, same
from irisops.instance.role_changes import LABELS, privileges_of
from irisops.instance.user_changes import FIELDS, PASSING
from irisops.journal import Entry, Touched


@dataclass(slots=True)
class Standing:
    """Where the objects of a change stand now, seen from one way."""

    changes: list[ObjectChange] = field(default_factory=list)
    """What is left to do."""
    moved: list[dict[str, Cell]] = field(default_factory=list)
    """Fields that stand neither where the change left them nor where it is to go."""
    done: list[str] = field(default_factory=list)
    """Words for what is already where it is to go."""
    left: list[str] = field(default_factory=list)
    """Words for what is not."""


def standing(entry: Entry, now: Mapping[tuple[Kind, str], ObjectState], way: Way) -> Standing:
    """Compare each object with its states before and after the change."""
    found = Standing()
    touched = list(entry.intent.touched)
    for each in reversed(touched) if way == "back" else touched:
        kind = cast("Kind", each.kind)
        # What followed by itself must be taken back by a call of its own, and follows again on the way on.
        seen = each if way == "on" else Touched(kind, each.name, each.after, each.before)
        _object(found, seen, now.get((kind, each.name.casefold())), way, strict=entry.status == "done")
    return found


def _object(found: Standing, seen: Touched, there: ObjectState | None, way: Way, *, strict: bool) -> None:
    """One object. `seen` has the state to come from as `before`, and the one to go to as `after`."""
    kind = cast("Kind", seen.kind)
    name = f"{kind} {harmless(seen.name)}"
    if seen.after is None:
        _gone(found, seen, there, strict=strict and way == "back")
    elif there is None:
        if seen.before is not None:
            found.moved.append(_row(name, "there", "gone", "there"))
            return
        found.left.append(f"{name} is not there")
        found.changes.append(ObjectChange(None, ObjectState(kind, seen.name, seen.after)))
    elif seen.before is None and way == "back":
        # It was deleted and is there: either the deletion never happened, or somebody made it again.
        found.done.append(f"{name} is there")
        for key in _differing(seen.after, there):
            label = f"{label_of(kind, key)} of {name}"
            found.moved.append(
                _row(label, "gone", shown(there.fields.get(key), key), shown(seen.after[key], key))
            )
    else:
        _fields(found, seen, seen.after, there, strict=strict)


def _differing(fields: Mapping[str, FieldValue], there: ObjectState) -> list[str]:
    return [key for key in fields if key not in PASSING and not same(fields[key], there.fields.get(key))]


def _gone(found: Standing, seen: Touched, there: ObjectState | None, *, strict: bool) -> None:
    """The object is to be gone. `strict`: not if somebody made something else of it."""
    kind = cast("Kind", seen.kind)
    name = f"{kind} {harmless(seen.name)}"
    if there is None:
        found.done.append(f"{name} is gone")
        return
    before = seen.before or {}
    differs = _differing(before, there) if strict else []
    for key in differs:
        label = f"{label_of(kind, key)} of {name}"
        found.moved.append(_row(label, shown(before[key], key), shown(there.fields.get(key), key), "gone"))
    if not differs:
        found.left.append(f"{name} is there")
        found.changes.append(ObjectChange(there, None))


def _fields(
    found: Standing, seen: Touched, goal: Mapping[str, FieldValue], there: ObjectState, *, strict: bool
) -> None:
    """Both states are those of an object; or it was made, but perhaps not in full."""
    start = seen.before
    wanted: dict[str, FieldValue] = {}
    for key, value in goal.items():
        if key in PASSING or (start is not None and same(start.get(key), value)):
            continue
        is_now = there.fields.get(key)
        label = f"{label_of(there.kind, key)} of {harmless(there.name)}"
        if same(is_now, value):
            found.done.append(label)
        elif (
            start is None
            or same(is_now, start.get(key))
            or (not strict and _between(is_now, start.get(key), value))
        ):
            found.left.append(label)
            wanted[key] = value
        else:
            found.moved.append(_row(label, shown(start.get(key), key), shown(is_now, key), shown(value, key)))
    if wanted:
        found.changes.append(ObjectChange(there, there.with_fields(wanted), follows=seen.follows))


def _between(is_now: FieldValue | None, start: FieldValue | None, goal: FieldValue) -> bool:
    """Whether names are on the way from one list to the other: some added, some not yet removed."""
    if not (isinstance(is_now, tuple) and isinstance(start, tuple) and isinstance(goal, tuple)):
        return False
    here, one, other = ({each.casefold() for each in names} for names in (is_now, start, goal))
    return one & other <= here <= one | other


def _row(what: str, left: str, is_now: str, goal: str) -> dict[str, Cell]:
    return {"what": what, "left": left, "now": is_now, "goal": goal}


def _understood(entry: Entry) -> bool:
    """Whether each state is such as this version writes them: a line may be damaged, or from a newer irisops."""
    states = [
        (each.kind, fields)
        for each in entry.intent.touched
        for fields in (each.before, each.after)
        if fields is not None
    ]
    return all(
        _fits(kind, field_name, value) for kind, fields in states for field_name, value in fields.items()
    )


def _fits(kind: str, field_name: str, value: FieldValue) -> bool:
    if kind == "role":
        kinds = {"privileges": "names", "granted_roles": "names", "escalation_only": "flag"}
        form = kinds.get(field_name, "text") if field_name in LABELS else None
    else:
        form = FIELDS[field_name].kind if kind == "user" and field_name in FIELDS else None
    if form is None or not isinstance(value, {"flag": bool, "names": tuple}.get(form, str)):
        return False
    try:
        if form == "date" and value:
            date.fromisoformat(str(value))
        if field_name == "privileges":
            privileges_of(ObjectState("role", "", {field_name: value}))
    except ValueError:
        return False
    return form != "number" or str(value).isdecimal() or not value


async def stand(link: Link, entry: Entry, way: Way) -> Standing:
    """Read the objects of a change and compare. Raises `Refusal` or a named problem."""
    if not _understood(entry):
        raise not_understood(entry)
    keys = [(cast("Kind", each.kind), each.name) for each in entry.intent.touched]
    return standing(entry, await read_states(link, keys), way)


async def take(context: Context, entry: Entry, way: Way, command: tuple[str, str, str]) -> Replies:
    """Plan the way back or on. `command` is its name, slash form and title. Raises `Refusal`."""
    link = context.link()
    found = await stand(link, entry, way)
    name, slash, title = command
    number = entry.number
    if found.moved:
        yield Table(
            name="difference",
            title=f"Changed by somebody since change {number}",
            columns=[
                Column("what", "WHAT", grow=True),
                Column("left", "AS THE CHANGE LEFT IT" if way == "back" else "BEFORE THE CHANGE"),
                Column("now", "NOW"),
                Column("goal", "WOULD BECOME"),
            ],
            rows=found.moved,
            key="what",
        )
        raise Refusal(
            "Moved",
            f"{listed([row['what'] for row in found.moved])} moved since change {number}: nothing was changed.",
            "Undo the later change first, or edit the object; /history lists the changes made here.",
        )
    if not found.changes:
        _nothing_left(context, link, entry, way, found)
    passwords = {
        change.name: await password_that_fits(link, change.name)
        for change in found.changes
        if change.kind == "user" and change.before is None
    }
    warnings = [f"{user} gets a new password: the old one is known to nobody." for user in passwords]
    lost = [user for user in entry.intent.passwords if user not in passwords]
    if lost and not any(change.after is None and change.name in lost for change in found.changes):
        warnings.append(f"The password of {listed(lost)} stays as it is now: /password sets another one.")
    wanted = Wanted(
        name,
        title,
        tuple(found.changes),
        slash,
        passwords,
        show=bool(passwords),
        warnings=warnings,
        undoes=number if way == "back" else None,
        finishes=number if way == "on" else None,
    )
    yield await plan(context, link, wanted)


def _nothing_left(context: Context, link: Link, entry: Entry, way: Way, found: Standing) -> None:
    """Everything is where it is to go already. Says so, also in the journal. Raises `Refusal`."""
    number = entry.number
    if not found.done and entry.intent.passwords and way == "on":
        raise Refusal(
            "CannotFinish",
            f"Change {number} set a password, and whether it was set cannot be read.",
            f"/password {quote(entry.intent.passwords[0])} sets another one.",
        )
    if not found.done and entry.intent.passwords:
        raise Refusal(
            "CannotUndo",
            f"Change {number} set a password, which nobody can take back: the old one is known to nobody.",
            f"/password {entry.intent.passwords[0]} sets another one.",
        )
    if entry.status != "done":
        raise settled(context, link, entry, way)
    raise Refusal(
        "NothingToUndo",
        f"Change {number} is back already: {listed(found.done)}.",
        "Nothing is to be done.",
    )


async def told(link: Link, entry: Entry) -> str:
    """One or two sentences for the next start: what of a change that was cut off was done, and what was not."""
    found = await stand(link, entry, "on")
    calls = f"{entry.steps_done} of {len(entry.intent.steps)} calls had returned."
    parts = []
    if found.done:
        parts.append(f"Done: {listed(found.done)}.")
    if found.left:
        parts.append(f"Not done: {listed(found.left)}.")
    if found.moved:
        parts.append(f"Changed otherwise: {listed([row['what'] for row in found.moved])}.")
    if entry.intent.passwords:
        parts.append(f"Whether the password of {listed(entry.intent.passwords)} was set cannot be read.")
    return " ".join([calls, *parts])
