"""Names of users and roles for completion, learnt once after a login and refreshed by the commands that list them."""

from __future__ import annotations

from irisops.commands.links import Link
from irisops.instance.errors import InstanceProblem


async def learn(link: Link) -> None:
    """Read the names in the background. Without the privilege there is simply nothing to complete."""
    try:
        found = await link.reads.users()
        link.names.users = tuple(user.name for user in found)
        link.names.roles = tuple(role.name for role in await link.reads.roles())
    except InstanceProblem:
        return
