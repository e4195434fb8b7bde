"""Roles and the privileges they carry (facts: iris-security 3.1)."""

from __future__ import annotations

from irisops.instance.class_queries import read_list
from irisops.instance.models import Role
from irisops.instance.routes import Instance
from irisops.instance.values import Row, as_flag, as_names, as_privileges, as_text


def role_of(row: Row) -> Role | None:
    """One role; None for a row without a name."""
    name = as_text(row.get("name"))
    if not name:
        return None
    editable = row.get("canbeedited")
    return Role(
        name=name,
        description=as_text(row.get("description")),
        resources=as_privileges(row.get("resources")),
        granted_roles=as_names(row.get("grantedroles")),
        escalation_only=as_flag(row.get("escalationonly")),
        can_be_edited=None if editable is None else as_flag(editable),
    )


async def list_roles(instance: Instance) -> list[Role]:
    """All roles with their resources, by name. Raises NotAvailable or NotPermitted (%Admin_Secure:U is needed)."""
    return in_order(await read_list(instance, "roles.list", role_of))


def in_order(roles: list[Role]) -> list[Role]:
    """By name, whatever the letter case."""
    return sorted(roles, key=lambda role: role.name.casefold())
