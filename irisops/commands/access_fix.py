"""The smallest change that would allow something, offered as a plan: existing roles to grant, or a new role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from irisops.commands.text import harmless, listed
from irisops.commands.words import quote
from irisops.instance.permissions import Permission, format_privileges

if TYPE_CHECKING:
    from irisops.commands.context import Context
    from irisops.commands.links import Link
    from irisops.commands.replies import Plan
    from irisops.instance.access import Access
    from irisops.instance.models import User
    from irisops.instance.privileges import Fix


def privileges_text(held: Mapping[str, Permission], most: int = 8) -> str:
    """`%DB_USER:RW and HR:R`, sorted by name."""
    return listed(format_privileges(held).split(",") if held else (), most=most)


def sentence(user: User, fix: Fix) -> str:
    """What the smallest change is, and what comes with it."""
    name = harmless(user.name)
    if not fix.grants:
        return (
            f"Smallest change: a new role with {privileges_text(fix.new_role)} alone for {name}: no existing role "
            "brings it, but for those that give everything."
        )
    roles = listed(fix.grants)
    if not fix.gained:
        return f"Smallest change: give {roles} to {name}. Nothing else comes with it."
    return f"Smallest change: give {roles} to {name}. With it comes {privileges_text(fix.gained)}."


def line(user: User, fix: Fix) -> str:
    """The command that does it, for who reads without changing; "" for a new role."""
    return (
        f"/grant {' '.join(quote(role) for role in fix.grants)} to {quote(user.name)}" if fix.grants else ""
    )


def plan_of(context: Context, link: Link, access: Access, user: User, fix: Fix) -> Plan | None:
    """The change as a plan that waits for a yes. None on a read-only profile."""
    from irisops.commands import rolechange  # noqa: PLC0415 - not at the start

    if link.profile.read_only or not fix.grants:
        return None
    security = rolechange.Security(access.users, access.roles)
    wanted = rolechange.RoleChangePlan("grant", user, add=fix.grants, command=line(user, fix))
    return rolechange.plan(context, link, security, wanted)
