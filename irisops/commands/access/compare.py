"""/compare A B: differences between the privileges of two users or roles.

SQL privileges are granted per namespace, in addition to those on resources (facts: iris-security 4.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from irisops.commands.access.explain_sql import namespace_of
from irisops.commands.access.names import Line
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import find, no_such
from irisops.contract.quoting import quote
from irisops.contract.replies import Cell, Column, Table
from irisops.contract.wording import counted, harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import or_note
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.permissions import Permission, difference
from irisops.instance.security.sqlprivileges import Grantee, SqlGrant, SqlHoldings, sql_holdings

MOST_ROLES = 20
"""Roles per side whose SQL privileges are read, by one query each."""
ABSENT = "–"
"""Cell for what a side does not have."""

Rows = list[dict[str, Cell]]


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two users or roles. `reached`: role key -> chain of roles that leads to it."""

    kind: str
    name: str
    held: Mapping[str, Permission]
    reached: Mapping[str, tuple[str, ...]]
    superuser: bool
    traits: Mapping[str, str] = field(default_factory=dict)

    def grantees(self) -> list[Grantee]:
        """Grantees whose SQL privileges to read: a user's list includes its roles, a role's may not."""
        if self.superuser:
            return []
        if self.kind == "user":
            return [("user", self.name)]
        return [("role", each) for each in list(self.reached)[:MOST_ROLES]]


def _row(kind: str, name: str, sides: Sequence[str], how: str = "") -> dict[str, Cell]:
    return {"kind": kind, "name": name, "first": sides[0], "second": sides[1], "how": how}


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
    sql_rows, sql_notes = await _sql(link, left, right, namespace_of(command, link).upper())
    rows += sql_rows
    columns = (
        Column("kind", "KIND"),
        Column("name", "NAME", grow=True),
        Column("first", harmless(left.name, 40).upper()),
        Column("second", harmless(right.name, 40).upper()),
        Column("how", "THROUGH", grow=True, wrap=2, hide_under=90),
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
                "namespace": record.namespace or ABSENT,
                "routine": record.routine or ABSENT,
                "escalation roles": ", ".join(user.escalation_roles) or ABSENT,
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
    raise no_such(
        "NoSuchUser", "user and no role", name, known, cure="/users and /roles list them.", line=again
    )


def _traits(left: _Side, right: _Side) -> Rows:
    return [
        _row("account", key, (left.traits[key], right.traits[key]))
        for key in left.traits
        if key in right.traits and left.traits[key] != right.traits[key]
    ]


def _roles(left: _Side, right: _Side) -> Rows:
    rows: Rows = []
    for key in dict.fromkeys([*left.reached, *right.reached]):
        # A role is the end of its own chain; compared itself, it is no difference.
        sides = left.reached.get(key), right.reached.get(key)
        chain = sides[0] or sides[1]
        if (sides[0] and sides[1]) or chain is None:
            continue
        held = ["yes" if side else ABSENT for side in sides]
        rows.append(_row("role", chain[-1], held, " → ".join(chain) if len(chain) > 1 else ""))
    return rows


def _privileges(left: _Side, right: _Side) -> tuple[Rows, int]:
    """The resources on which they differ, and the number of those on which they do not.

    A superuser holds every permission: that is one row, not one per resource.
    """
    if left.superuser and right.superuser:
        return [], len(left.held)
    if left.superuser or right.superuser:
        words = "every privilege", "see /explain"
        told = words if left.superuser else words[::-1]
        return [_row("privilege", "all resources", told, "%All")], 0
    first = {key.lower(): (key, value) for key, value in left.held.items()}
    second = {key.lower(): (key, value) for key, value in right.held.items()}
    rows: Rows = []
    keys = sorted(first.keys() | second.keys())
    for key in keys:
        name = (first.get(key) or second[key])[0]
        one, other = (held[key][1] if key in held else Permission.NONE for held in (first, second))
        if one != other:
            rows.append(_row("privilege", name, (one.letters or ABSENT, other.letters or ABSENT)))
    return rows, len(keys) - len(rows)


def _summary(left: _Side, right: _Side, rows: Rows, same: int) -> list[str]:
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


async def _sql(link: Link, left: _Side, right: _Side, namespace: str) -> tuple[Rows, list[str]]:
    """Differences in SQL privileges, and notes: what is the same, or why they cannot be compared.

    Privileges on tables, views, schemas and procedures, and administrative ones.
    """
    where = harmless(namespace, 60)
    grantees = left.grantees() + right.grantees()
    if not grantees:
        return [], []
    notes: list[str] = []
    read = sql_holdings(link.connection, grantees, namespace, link.profile.namespace)
    found = await or_note(read, notes, f"SQL privileges in {where} are not compared")
    if found is None:
        return [], notes
    if not all(each.complete for each in found):
        return [], [f"SQL privileges in {where} are not compared: there are too many to read."]
    if left.superuser or right.superuser:
        number = sum(len(each.objects) + len(each.admin) for each in found)
        other, told = right if left.superuser else left, counted(number, "SQL privilege")
        return [], [f"By SQL, {harmless(other.name)} holds {told} in {where}; a superuser needs none."]
    split = len(left.grantees())
    first, second = _by_object(found[:split]), _by_object(found[split:])
    keys = sorted(first.keys() | second.keys())
    rows: Rows = []
    for key in keys:
        pair = first.get(key), second.get(key)
        shown = [_shown(each) for each in pair]
        if shown[0] != shown[1]:
            kind, name = ("sql", f"{key[0].lower()} {key[1]}".strip()) if key[1] else ("sql admin", key[0])
            how = "; ".join(dict.fromkeys(way for each in pair if each for way in _ways(each)))
            rows.append(_row(kind, name, shown, how))
    notes.append(f"SQL privileges are those in {where}; namespace=NAME compares another.")
    same = len(keys) - len(rows)
    if same:
        notes.append(
            f"{counted(same, 'SQL object or privilege', 'SQL objects or privileges')} with no difference."
        )
    cut = [side.name for side in (left, right) if side.kind == "role" and len(side.reached) > MOST_ROLES]
    if cut:
        notes.append(f"Of {listed(cut)} the first {MOST_ROLES} roles were asked for SQL privileges.")
    return rows, notes


@dataclass(frozen=True, slots=True)
class _Held:
    """Privileges of one side on one object: action in upper case -> grantees."""

    actions: dict[str, list[str]]
    grantable: frozenset[str]


def _by_object(found: Sequence[SqlHoldings]) -> dict[tuple[str, str], _Held]:
    """(type, name) -> privileges; an administrative privilege has the key (privilege, "")."""
    grants: dict[tuple[str, str], list[SqlGrant]] = {}
    spelled: dict[tuple[str, str], tuple[str, str]] = {}
    for each in found:
        for grant in (*each.objects, *each.admin):
            named = (grant.type, grant.name) if grant.name else (grant.privilege, "")
            key = (named[0].casefold(), named[1].casefold())
            grants.setdefault(spelled.setdefault(key, named), []).append(grant)
    return {key: _held(some) for key, some in grants.items()}


def _held(grants: Sequence[SqlGrant]) -> _Held:
    actions: dict[str, list[str]] = {}
    for grant in grants:
        actions.setdefault(_action(grant), []).append(grant.via)
    return _Held(actions, frozenset(_action(grant) for grant in grants if grant.grantable))


def _action(grant: SqlGrant) -> str:
    """The action in upper case; "" for an administrative privilege."""
    return grant.privilege.upper() if grant.name else "yes"


def _shown(held: _Held | None) -> str:
    """`INSERT, SELECT*`; the asterisk means WITH GRANT OPTION."""
    if held is None:
        return ABSENT
    return ", ".join(f"{action}{'*' if action in held.grantable else ''}" for action in sorted(held.actions))


def _ways(held: _Held) -> list[str]:
    """The grantees; empty where all was granted directly."""
    ways = list(dict.fromkeys(via for some in held.actions.values() for via in some if via))
    return ways if any(via.casefold() != "direct" for via in ways) else []
