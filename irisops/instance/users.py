"""Users, and changes to the roles they hold."""

from __future__ import annotations

from irisops.instance.models import RoleChange, User
from irisops.instance.routes import Instance


async def list_users(instance: Instance) -> list[User]:
    """All users by name. Raises NotAvailable or NotPermitted."""
    raise NotImplementedError


async def read_user(instance: Instance, name: str) -> User | None:
    """One user with its details, None if there is none of that name (names are case-insensitive)."""
    raise NotImplementedError


async def add_role(instance: Instance, user: str, role: str) -> RoleChange:
    """Grant, read back, compare. Raises InstanceError when the state read back is not as asked."""
    raise NotImplementedError


async def remove_role(instance: Instance, user: str, role: str) -> RoleChange:
    """Revoke, read back, compare."""
    raise NotImplementedError
