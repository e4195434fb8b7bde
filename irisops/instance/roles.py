"""Roles and the privileges they carry."""

from __future__ import annotations

from irisops.instance.models import Role
from irisops.instance.routes import Instance


async def list_roles(instance: Instance) -> list[Role]:
    """All roles with their resources. Raises NotAvailable or NotPermitted."""
    raise NotImplementedError
