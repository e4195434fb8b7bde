"""Three-way merge of one's own edits with somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from irisops.changes.objects import ObjectKind
from irisops.contract.replies import Cell, Column, Table
from irisops.contract.wording import harmless
from irisops.instance.security.object_state import FieldValue, ObjectState, missing, same


@dataclass(frozen=True, slots=True)
class Merged:
    """`mine` are the values to write to the present state; `theirs` the fields that somebody else changed.

    `conflicts` are fields that both changed to different values: they need confirmation.
    """

    mine: Mapping[str, FieldValue]
    theirs: tuple[str, ...]
    conflicts: tuple[str, ...]


def merge(kind: ObjectKind, base: ObjectState, now: ObjectState, entered: Mapping[str, FieldValue]) -> Merged:
    """Merge the entered values into the present state, given the state loaded.

    Lists of names merge by member, so that no addition or removal is lost.
    """
    mine: dict[str, FieldValue] = {}
    conflicts: list[str] = []
    theirs = [
        name
        for name in now.fields
        if name not in kind.passing and not same(base.fields.get(name), now.fields[name])
    ]
    for name, value in entered.items():
        was, there = base.fields.get(name), now.fields.get(name)
        if name not in now.fields or same(was, value):
            continue
        if (
            isinstance(value, tuple)
            and isinstance(there, tuple)
            and isinstance(was, tuple)
            and name != "privileges"
        ):
            gone = {each.casefold() for each in missing(was, value)}
            kept = tuple(each for each in there if each.casefold() not in gone)
            mine[name] = (*kept, *missing(missing(value, was), there))
            continue
        mine[name] = value
        if name in theirs and not same(there, value):
            conflicts.append(name)
    return Merged(mine, tuple(theirs), tuple(conflicts))


def difference_table(
    kind: ObjectKind, base: ObjectState, now: ObjectState, entered: Mapping[str, FieldValue]
) -> Table:
    """The three-way difference: as loaded, as it is now, as entered."""
    rows: list[dict[str, Cell]] = []
    for name in now.fields:
        if name in kind.passing:
            continue
        values = (base.fields.get(name), now.fields[name], entered.get(name, base.fields.get(name)))
        if same(values[0], values[1]) and same(values[0], values[2]):
            continue
        loaded, current, yours = (kind.show(value, name) for value in values)
        rows.append({"field": kind.label(name), "loaded": loaded, "now": current, "yours": yours})
    return Table(
        name="difference",
        title=f"{kind.noun.capitalize()} {harmless(now.name)} was changed by somebody else meanwhile",
        columns=[
            Column("field", "FIELD"),
            Column("loaded", "WHEN YOU OPENED IT"),
            Column("now", "NOW"),
            Column("yours", "YOURS", grow=True),
        ],
        rows=rows,
        key="field",
    )
