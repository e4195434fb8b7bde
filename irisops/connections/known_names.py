"""Names for completion, learnt once after a login and refreshed by the commands that list them."""

from __future__ import annotations

from irisops.connections.connection import Link
from irisops.contract.secret_words import show_names
from irisops.instance.errors import InstanceProblem
from irisops.instance.security.access import Access
from irisops.instance.security.lists import list_roles, list_users


async def learn(link: Link) -> None:
    """Read the names in the background. Without the privilege there is simply nothing to complete."""
    try:
        found = await list_users(link.connection)
        link.names.users = tuple(user.name for user in found)
        link.names.roles = tuple(role.name for role in await list_roles(link.connection))
        show_names((*link.names.users, *link.names.roles))
    except InstanceProblem:
        return


def remember(link: Link, access: Access) -> None:
    """Keep the names of what was read to explain access."""
    link.names.users = tuple(user.name for user in access.users)
    link.names.roles = tuple(role.name for role in access.roles)
    show_names((*link.names.users, *link.names.roles))
    link.names.resources = tuple(resource.name for resource in access.resources)
    link.names.applications = tuple(application.name for application in access.applications)
