"""The smallest change that would allow something, offered as a plan: existing roles to grant, or a new role."""

from __future__ import annotations

from collections.abc import Mapping

from irisops.changes import objects
from irisops.changes import plan as change_plan
from irisops.changes.record import Origin
from irisops.commands.accounts import role_change as rolechange
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Plan
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.instance.models import User
from irisops.instance.security.access import Access
from irisops.instance.security.object_state import ObjectChange, ObjectState
from irisops.instance.security.permissions import Permission, format_privileges
from irisops.instance.security.privileges import User as Holder
from irisops.instance.security.smallest_fix import Fix, smallest_fix

NAME_LIMIT = 64
"""Characters of a role's name (facts: iris-security 3.1)."""


def privileges_text(held: Mapping[str, Permission], most: int = 8) -> str:
    """`%DB_USER:RW and HR:R`, sorted by name."""
    return listed(format_privileges(held).split(",") if held else (), most=most)


BROAD = 5
"""Most extra resources that a proposed existing role may have; beyond that a new role is proposed."""


def chosen(fix: Fix, missing: Mapping[str, Permission], *, narrow: bool) -> Fix:
    """`fix`, or a new role with exactly what is missing if that was asked for or `fix` would give much more.

    Fewest roles is not always least privilege: %Manager for one of its thirty resources would be a poor cure.
    """
    if fix.grants and (len(fix.gained) > BROAD or (narrow and fix.gained)):
        return Fix(new_role=dict(missing))
    return fix


def application_line(access: Access, application: str, missing: Mapping[str, Permission]) -> str:
    """The line by which an application gives everybody in it what is missing; "" if no existing role brings it.

    A role of the database itself, as the vendor's examples do (facts: iris-webapps-gateway 1.4); else the fewest.
    """
    known = {role.name.casefold(): role.name for role in access.roles}
    if all(each.casefold() in known for each in missing):
        roles = tuple(known[each.casefold()] for each in missing)
    else:
        roles = smallest_fix(access.model, Holder("an application"), missing).grants
    added = quote(",".join(f"+{each}" for each in roles))
    return f"/app {quote(application)} roles={added}" if roles else ""


def sentence(user: User, fix: Fix, found: Fix) -> str:
    """The smallest change and what comes with it. `found`: the existing roles that would also do it."""
    name = harmless(user.name)
    if not fix.grants and found.grants:
        return (
            f"Smallest change: a new role with {privileges_text(fix.new_role)} alone for {name}. "
            f"{listed(found.grants)} would do it, too, with {privileges_text(found.gained)} besides: "
            f"{grant_line(user, found)}"
        )
    if not fix.grants:
        return (
            f"Smallest change: a new role with {privileges_text(fix.new_role)} alone for {name}: no existing role "
            "brings it, except those that give everything."
        )
    roles = listed(fix.grants)
    if not fix.gained:
        return f"Smallest change: give {roles} to {name}. No other privilege comes with it."
    return (
        f"Smallest change: give {roles} to {name}. That also gives {privileges_text(fix.gained)}; "
        "narrow=yes makes a new role without it."
    )


def grant_line(user: User, fix: Fix) -> str:
    """The /grant line for it."""
    return f"/grant {' '.join(quote(role) for role in fix.grants)} to {quote(user.name)}"


def wanted(command: Command) -> bool:
    """True if the change itself was asked for, with fix=yes."""
    return command.args.get("fix") == "yes"


def offers(context: Context, link: Link, command: Command) -> list[tuple[str, str, str]]:
    """The change as an offer for a key: a question is answered, and never followed by one that blocks the prompt."""
    spec = context.registry.get(command.name)
    if spec is None or link.profile.read_only or wanted(command):
        return []
    return [("f", "fix it", spec.slash({**command.args, "fix": "yes"}))]


async def plan_of(context: Context, link: Link, access: Access, user: User, fix: Fix) -> Plan | None:
    """The change as a plan; None on a read-only profile. Raises `Refusal`."""
    if link.profile.read_only:
        return None
    if fix.grants:
        return await _grants(context, link, access, user, fix)
    return await _new_role(context, link, access, user, fix)


async def _grants(context: Context, link: Link, access: Access, user: User, fix: Fix) -> Plan:
    return await rolechange.plan(context, link, access, user, add=fix.grants, command=grant_line(user, fix))


async def _new_role(context: Context, link: Link, access: Access, user: User, fix: Fix) -> Plan:
    """Plan the role and its grant as one change, so that one /undo reverses both."""
    taken = [role.name for role in access.roles] + [each.name for each in access.users]
    name = role_name(fix.new_role, taken)
    role = ObjectState(
        "role",
        name,
        {
            "description": f"Only {format_privileges(fix.new_role)}"[:256],
            "privileges": tuple(f"{key}:{value.letters}" for key, value in sorted(fix.new_role.items())),
            "granted_roles": (),
            "escalation_only": False,
        },
    )
    states = await objects.read_states(context, link, [("user", user.name)])
    state = states[("user", user.name.casefold())]
    granted = state.with_fields({"roles": (*state.names("roles"), name)})
    wanted = objects.Wanted(
        "explain",
        f"Make a role with {privileges_text(fix.new_role)} alone, and give it to {harmless(user.name)}",
        (ObjectChange(None, role), ObjectChange(state, granted)),
        Origin(f"/explain {quote(user.name)} {quote(format_privileges(fix.new_role))}"),
    )
    return await change_plan.plan(context, link, wanted, access)


def role_name(privileges: Mapping[str, Permission], taken: list[str]) -> str:
    """An unused name for a role with these privileges: `DB_PAYROLL_R`.

    A role's name must not begin with `%`, hold a comma, colon or slash, or be a user's name (facts: iris-security 3.1).
    """
    parts = [f"{name.lstrip('%')}_{permission.letters}" for name, permission in sorted(privileges.items())]
    words = "".join(sign if sign.isalnum() or sign in "_-." else "_" for sign in "_and_".join(parts))
    base = words[: NAME_LIMIT - 4]
    keys = {each.casefold() for each in taken}
    name, number = base, 1
    while name.casefold() in keys:
        number += 1
        name = f"{base}_{number}"
    return name
