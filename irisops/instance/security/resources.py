"""Resources and their public permissions (facts: iris-security 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from irisops.instance.calls import Value
from irisops.instance.class_queries import read_list
from irisops.instance.routes import Instance
from irisops.instance.security.permissions import Permission, parse_permission
from irisops.instance.values import Row, as_int, as_text


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource. `public` is the permission that everybody has on it."""

    name: str
    description: str
    public: Permission
    kind: str = ""
    """`System`, `Database`, `Service`, ... in the instance's own words."""


def resource_of(row: Row) -> Resource | None:
    """One row of List; None without a name."""
    name = as_text(row.get("name"))
    if not name:
        return None
    return Resource(
        name,
        as_text(row.get("description")),
        permission_of(row.get("publicpermission")),
        as_text(row.get("type")),
    )


def permission_of(value: Value) -> Permission:
    """A permission from letters or a bitmask: the datatype has both forms (facts: iris-security 1). Else NONE."""
    bits = as_int(value)
    if bits is not None:
        return Permission(bits & 7)
    try:
        return parse_permission(as_text(value))
    except ValueError:
        return Permission.NONE


async def list_resources(instance: Instance) -> list[Resource]:
    """All resources, by name. Raises NotAvailable or NotPermitted (%Admin_Secure:U is needed)."""
    return in_order(await read_list(instance, "resources.list", resource_of))


def in_order(resources: list[Resource]) -> list[Resource]:
    """Sorted by name, ignoring letter case."""
    return sorted(resources, key=lambda resource: resource.name.casefold())
