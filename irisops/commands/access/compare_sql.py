"""The SQL half of /compare: privileges on tables, views, schemas and procedures, and administrative ones, side by side.

They are granted per namespace, in addition to those on resources (facts: iris-security 4.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from irisops.commands.access.explain_sql import DEFAULT_NAMESPACE
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Cell
from irisops.contract.wording import counted, harmless, listed
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.security.sqlprivileges import Grantee, SqlGrant, SqlHoldings, sql_holdings

MOST_ROLES = 20
"""Roles per side whose SQL privileges are read, by one query each."""


@dataclass(frozen=True, slots=True)
class SqlSide:
    """One of the two. `reached` are the keys of the roles granted to a role, itself included."""

    kind: str
    name: str
    reached: tuple[str, ...]
    superuser: bool

    def holders(self) -> list[Grantee]:
        """Grantees to query: a user's list includes its roles, a role's may not."""
        if self.kind == "user":
            return [("user", self.name)]
        return [("role", each) for each in self.reached[:MOST_ROLES]]


@dataclass(frozen=True, slots=True)
class _Held:
    """Privileges of one side on one object: action in upper case -> grantees."""

    actions: dict[str, list[str]]
    grantable: frozenset[str]


def namespace_of(command: Command, link: Link) -> str:
    """The namespace to compare: the given one, else the connection's, unless that is %SYS."""
    home = link.profile.namespace
    return str(
        command.args.get("namespace") or (home if home.casefold() != "%sys" else DEFAULT_NAMESPACE)
    ).upper()


async def compare_sql(
    link: Link, sides: Sequence[SqlSide], namespace: str
) -> tuple[list[dict[str, Cell]], list[str]]:
    """Rows for the differences, and notes: what is the same, or why it cannot be compared."""
    where = harmless(namespace, 60)
    holders = [side.holders() if not side.superuser else [] for side in sides]
    flat = [each for some in holders for each in some]
    if not flat:
        return [], []
    try:
        found = await sql_holdings(link.connection, flat, namespace, link.profile.namespace)
    except Unreachable:
        raise
    except InstanceProblem as problem:
        return [], [f"SQL privileges in {where} are not compared: {problem.message}"]
    if not all(each.complete for each in found):
        return [], [f"SQL privileges in {where} are not compared: there are too many to read."]
    if any(side.superuser for side in sides):
        number = sum(len(each.objects) + len(each.admin) for each in found)
        other = next(side for side in sides if not side.superuser)
        told = counted(number, "SQL privilege")
        return [], [f"By SQL, {harmless(other.name)} holds {told} in {where}; a superuser needs none."]
    split = len(holders[0])
    left, right = _by_object(found[:split]), _by_object(found[split:])
    rows: list[dict[str, Cell]] = []
    same = 0
    for key in sorted(left.keys() | right.keys()):
        pair = left.get(key), right.get(key)
        if _shown(pair[0]) == _shown(pair[1]):
            same += 1
            continue
        rows.append(
            {
                "kind": "sql" if key[1] else "sql admin",
                "name": f"{key[0].lower()} {key[1]}".strip() if key[1] else key[0],
                "first": _shown(pair[0]),
                "second": _shown(pair[1]),
                "how": "; ".join(dict.fromkeys(way for each in pair if each for way in _ways(each))),
            }
        )
    skipped = [side.name for side in sides if side.kind == "role" and len(side.reached) > MOST_ROLES]
    notes = [f"SQL privileges are those in {where}; namespace=NAME compares another."]
    if same:
        notes.append(
            f"{counted(same, 'SQL object or privilege', 'SQL objects or privileges')} with no difference."
        )
    if skipped:
        notes.append(f"Of {listed(skipped)} the first {MOST_ROLES} roles were asked for SQL privileges.")
    return rows, notes


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
        return "–"
    return ", ".join(f"{action}{'*' if action in held.grantable else ''}" for action in sorted(held.actions))


def _ways(held: _Held) -> list[str]:
    """The grantees; empty where all was granted directly."""
    ways = list(dict.fromkeys(via for some in held.actions.values() for via in some if via))
    return ways if any(via.casefold() != "direct" for via in ways) else []
