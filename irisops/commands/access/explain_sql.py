"""/explain USER sql SCHEMA.TABLE: the instance's own check, who granted it, and an offer to grant it.

SQL privileges are granted per namespace, in addition to those on resources; to use one, a user also needs
%Service_SQL:U (facts: iris-security 4.1).
"""

from __future__ import annotations

from irisops.changes.record import Origin
from irisops.commands.access import fix as access_fix
from irisops.commands.access import sql_change
from irisops.commands.access.names import user_named
from irisops.commands.access.privileges import LABELS, paths
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Facts, Refusal
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import or_note
from irisops.instance.models import User
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.permissions import Permission
from irisops.instance.security.sqlprivileges import (
    LETTERS,
    Action,
    Grantee,
    SqlGrant,
    SqlObject,
    check_sql,
    enter,
    sql_grants,
    sql_holdings,
)

SERVICE = "%Service_SQL"
DEFAULT_NAMESPACE = "USER"
"""Namespace used when none is named and the connection is in %SYS."""
_READ = {"r": "select", "read": "select", "w": "update", "write": "update", "s": "select"}


def _action(command: Command) -> Action:
    word = str(command.args.get("access", "select")).casefold()
    word = _READ.get(word, word)
    for action in LETTERS:
        if word == action:
            return action
    raise Refusal(
        "BadAction",
        f"“{harmless(word, 40)}” is not an SQL privilege.",
        f"One of {', '.join(LETTERS)}: access=select",
    )


def namespace_of(command: Command, link: Link) -> str:
    """The namespace whose SQL privileges are meant: the given one, else the connection's, unless that is %SYS."""
    home = link.profile.namespace
    return str(command.args.get("namespace") or (home if home.casefold() != "%sys" else DEFAULT_NAMESPACE))


def _target(command: Command, link: Link, action: Action) -> SqlObject:
    name = command.args.get("object")
    if not isinstance(name, str):
        raise Refusal(
            "NotUnderstood",
            "Which table? /explain USER sql needs SCHEMA.TABLE.",
            "Write /explain USER RESOURCE:PERM, /explain USER /web/app or /explain USER sql SCHEMA.TABLE",
        )
    namespace = namespace_of(command, link)
    if action == "execute":
        return SqlObject("procedure", name, namespace)
    return SqlObject("table" if "." in name else "schema", name, namespace)


async def explain_sql(context: Context, command: Command) -> Replies:
    """Show the check, the grants behind it, and whether the user can use SQL at all, which the check does not cover."""
    link = context.link()
    action = _action(command)
    target = _target(command, link, action)
    access = await read_access(link.connection)
    user = user_named(
        access, str(command.args["user"]), lambda name: f"/explain {name} sql {quote(target.name)}"
    )
    allowed = await check_sql(link.connection, user.name, target, action)
    notes = await _ways(link, access, user, target, action) if allowed else []
    if not allowed:
        notes.append(
            f"✗ no {action.upper()} on {harmless(target.name)} in {harmless(target.namespace)} was granted"
        )
    service = access.model.check(user.name, SERVICE, Permission.U)
    if service.missing:
        notes.append(
            f"To use SQL from outside at all, {harmless(user.name)} also lacks {SERVICE}:U: "
            f"/explain {quote(user.name)} {SERVICE}:U"
        )
    if not user.enabled:
        notes.append(f"{harmless(user.name)} is disabled and cannot log in.")
    if "." not in target.name:
        notes.append("That is a schema; for one table write SCHEMA.TABLE.")
    grants = not allowed and not link.profile.read_only
    if grants:
        entered = enter(link.connection, target.namespace, link.profile.namespace)
        grants = await or_note(entered, notes, "It cannot be granted from here") is not None
    yield Facts(
        "explain",
        f"Can {harmless(user.name, 60)} {action.upper()} {harmless(target.name, 80)}? {'Yes' if allowed else 'No'}",
        {
            "user": user.name,
            "what": target.name,
            "action": action,
            "namespace": target.namespace,
            "allowed": allowed,
        },
        labels=LABELS,
        notes=[*notes, *access.notes],
        actions=access_fix.offers(context, link, command) if grants else [],
    )
    if grants and access_fix.wanted(command):
        asked = sql_change.SqlChange(user.name, target, action, grant=True, origin=Origin(command.slash))
        yield sql_change.plan(context, link, asked)


async def _ways(link: Link, access: Access, user: User, target: SqlObject, action: Action) -> list[str]:
    """Grantees of the privilege, as far as they can be read."""
    if access.model.is_superuser(user.name):
        return paths(access.model.check(user.name, SERVICE, Permission.U))[:1]
    notes: list[str] = []
    grants = await or_note(
        sql_grants(link.connection, user.name, target.namespace, link.profile.namespace),
        notes,
        "Allowed by the instance's own check; through whom cannot be read",
    )
    if grants is None:
        return notes
    found = [grant for grant in grants if grant.covers(target, action)]
    if not found:
        return ["Allowed by the instance's own check: as the owner, or through SQL security that is off."]
    lines = [f"✓ {_way(access, user, grant)}" for grant in found if grant.via.casefold() != "role"]
    if len(lines) < len(found):
        lines += await _by_roles(link, access, user, target, action)
    return lines


_WAYS = {
    "direct": "granted to {user} itself",
    "superuser": "role %All",
    "_public": "granted to everybody (_PUBLIC)",
    "owner": "{user} owns it",
}
"""Words of GRANTED_VIA (class references of %Library.SQLCatalogPriv; Owner was seen of %SQL.Manager.CatalogPriv)."""


def _way(access: Access, user: User, grant: SqlGrant) -> str:
    chain = access.model.chains(user.roles).get(grant.via.lower())
    if chain is not None:
        # UNVERIFIED: that some instance names the role here. Settle: doubt granted-via.
        return f"role {harmless(' → granted role '.join(chain), 300)} → {_what(grant)}"
    way = _WAYS.get(grant.via.casefold(), f"granted through {harmless(grant.via) or 'an unknown way'}")
    return f"{way.format(user=harmless(user.name))} → {_what(grant)}"


def _what(grant: SqlGrant) -> str:
    by = f", granted by {harmless(grant.granted_by)}" if grant.granted_by else ""
    return f"{harmless(grant.privilege)} on {harmless(grant.name)}{by}"


async def _by_roles(link: Link, access: Access, user: User, target: SqlObject, action: Action) -> list[str]:
    """The roles that give the privilege: the user's list only says that it is a role, so each role is asked."""
    chains = access.model.chains(user.roles)
    roles: list[Grantee] = [("role", chain[-1]) for chain in chains.values()]
    which = listed((name for _, name in roles), "or")
    notes: list[str] = []
    reading = sql_holdings(link.connection, roles, target.namespace, link.profile.namespace)
    held = await or_note(reading, notes, f"✓ through a role ({which}); which one cannot be read")
    if held is None:
        return notes
    return [
        f"✓ role {harmless(' → granted role '.join(chain), 300)} → {_what(grant)}"
        for chain, holdings in zip(chains.values(), held, strict=True)
        for grant in holdings.objects
        if grant.covers(target, action)
    ] or ["✓ through a role; none of this account's roles lists the privilege."]
