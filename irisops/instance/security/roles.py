"""Roles and the privileges they carry (facts: iris-security 3.1)."""

from __future__ import annotations

from irisops.instance.calls import ClassQuery, Query
from irisops.instance.features import Route
from irisops.instance.models import Role
from irisops.instance.routes import Instance, first_route, for_reads
from irisops.instance.values import Row, as_flag, as_names, as_privileges, as_text, in_portions

COLUMNS = ("Name", "Description", "GrantedRoles", "Resources", "EscalationOnly")


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

    async def attempt(route: Route) -> list[Role]:
        if route.kind == "sql":
            answer = await instance.call(Query("SELECT * FROM Security.Roles_ListAll('*')"))
        else:
            answer = await instance.call(ClassQuery("Security.Roles:ListAll", ("*",), COLUMNS))
        return await in_portions(answer.rows, role_of)

    roles = await first_route(instance, "roles.list", attempt, again=for_reads)
    return sorted(roles, key=lambda role: role.name.casefold())
