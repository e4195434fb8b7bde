"""/compare A B: differences between the privileges of two users or roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from irisops.commands.access.compare_sql import SqlSide, compare_sql, namespace_of
from irisops.commands.access.names import Line
from irisops.contract.chat import Command
from irisops.contract.nearest import find, nearest
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Cell, Column, Table
from irisops.contract.wording import counted, harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.permissions import Permission, difference


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two users or roles. `reached`: role key -> chain of roles that leads to it."""

    kind: str
    name: str
    held: Mapping[str, Permission]
    reached: Mapping[str, tuple[str, ...]]
    superuser: bool
    traits: Mapping[str, str] = field(default_factory=dict)


async def compare(context: Context, command: Command) -> Replies:
    """The differences as a table, and a count of what is the same."""
    link = context.link()
    access = await read_access(link.connection)
    link.names.remember(access)
    names = str(command.args["first"]), str(command.args["second"])
    left = _side(access, names[0], lambda each: f"/compare {each} {quote(names[1])}")
    right = _side(access, names[1], lambda each: f"/compare {quote(names[0])} {each}")
    rows = [*_traits(left, right), *_roles(left, right)]
    privileges, same = _privileges(left, right)
    rows += privileges
    sides = [SqlSide(each.kind, each.name, tuple(each.reached), each.superuser) for each in (left, right)]
    sql_rows, sql_notes = await compare_sql(link, sides, namespace_of(command, link))
    rows += sql_rows
    columns = (
        Column("kind", "KIND"),
        Column("name", "NAME", grow=True),
        Column("first", harmless(left.name, 40).upper()),
        Column("second", harmless(right.name, 40).upper()),
        Column("how", "THROUGH", grow=True, hide_under=90),
    )
    yield Table(
        name="compare",
        title=f"{harmless(left.name, 60)} and {harmless(right.name, 60)}",
        columns=columns,
        rows=rows,
        notes=[*_summary(left, right, rows, same), *sql_notes, *access.notes],
    )


def _side(access: Access, name: str, again: Line) -> _Side:
    """The user, else the role of that name. Raises `Refusal` with the nearest names."""
    model = access.model
    spelled = find(name, (user.name for user in access.users))
    if spelled is not None:
        user = model.user(spelled)
        record = access.user(spelled)
        return _Side(
            "user",
            spelled,
            model.effective(spelled),
            model.chains(user.roles),
            model.is_superuser(spelled),
            {
                "enabled": "yes" if record.enabled else "no",
                "namespace": record.namespace or "–",
                "routine": record.routine or "–",
                "escalation roles": ", ".join(user.escalation_roles) or "–",
            },
        )
    role = find(name, (each.name for each in access.roles))
    if role is not None:
        reached = model.chains([role])
        held = model.privileges_of_roles([role])
        spelling = {each.name.lower(): each.name for each in access.resources}
        return _Side(
            "role",
            role,
            {spelling.get(key, key): value for key, value in held.items()},
            reached,
            "%all" in reached,
        )
    known = [*(user.name for user in access.users), *(each.name for each in access.roles)]
    close = nearest(name, known)
    raise Refusal(
        "NoSuchUser",
        f"There is no user and no role {harmless(name, 80)}.",
        f"Did you mean {listed(close, 'or')}?" if close else "/users and /roles list them.",
        suggestions=[again(quote(each)) for each in close],
    )


def _traits(left: _Side, right: _Side) -> list[dict[str, Cell]]:
    return [
        {"kind": "account", "name": key, "first": left.traits[key], "second": right.traits[key], "how": ""}
        for key in left.traits
        if key in right.traits and left.traits[key] != right.traits[key]
    ]


def _roles(left: _Side, right: _Side) -> list[dict[str, Cell]]:
    rows: list[dict[str, Cell]] = []
    for key in dict.fromkeys([*left.reached, *right.reached]):
        # A role is the end of its own chain; compared itself, it is no difference.
        sides = left.reached.get(key), right.reached.get(key)
        chain = sides[0] or sides[1]
        if (sides[0] and sides[1]) or chain is None:
            continue
        rows.append(
            {
                "kind": "role",
                "name": chain[-1],
                "first": "yes" if sides[0] else "–",
                "second": "yes" if sides[1] else "–",
                "how": " → ".join(chain) if len(chain) > 1 else "",
            }
        )
    return rows


def _privileges(left: _Side, right: _Side) -> tuple[list[dict[str, Cell]], int]:
    """The resources on which they differ, and the number of those on which they do not.

    A superuser holds every permission: that is one row, not one per resource.
    """
    if left.superuser and right.superuser:
        return [], len(left.held)
    if left.superuser or right.superuser:
        words = "every privilege", "see /explain"
        told = words if left.superuser else words[::-1]
        return [
            {"kind": "privilege", "name": "all resources", "first": told[0], "second": told[1], "how": "%All"}
        ], 0
    first = {key.lower(): (key, value) for key, value in left.held.items()}
    second = {key.lower(): (key, value) for key, value in right.held.items()}
    rows: list[dict[str, Cell]] = []
    same = 0
    for key in sorted(first.keys() | second.keys()):
        name = (first.get(key) or second[key])[0]
        one = first[key][1] if key in first else Permission.NONE
        other = second[key][1] if key in second else Permission.NONE
        if one == other:
            same += 1
            continue
        rows.append(
            {
                "kind": "privilege",
                "name": name,
                "first": one.letters or "–",
                "second": other.letters or "–",
                "how": "",
            }
        )
    return rows, same


def _summary(left: _Side, right: _Side, rows: list[dict[str, Cell]], same: int) -> list[str]:
    notes = [
        f"{harmless(side.name)} is a superuser: it holds everything, whatever is listed."
        if side.kind == "user"
        else f"{harmless(side.name)} reaches %All: it gives everything, whatever is listed."
        for side in (left, right)
        if side.superuser
    ]
    if not rows:
        notes.append(
            f"No difference: the same roles and {counted(same, 'the same privilege', 'the same privileges')}."
        )
        return notes
    changed = difference(left.held, right.held)
    if not changed:
        differ = any(row["kind"] == "role" for row in rows)
        start = "Their roles differ, but the" if differ else "The"
        notes.append(f"{start} privileges on resources are the same.")
    elif not changed.gained:
        notes.append(f"{harmless(right.name)} holds nothing that {harmless(left.name)} does not hold.")
    elif not changed.lost:
        notes.append(f"{harmless(left.name)} holds nothing that {harmless(right.name)} does not hold.")
    if same:
        notes.append(f"{counted(same, 'resource')} on which they are the same: not listed.")
    return notes
