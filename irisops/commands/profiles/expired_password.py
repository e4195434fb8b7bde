"""What to do when an account must change its password first, as those of a fresh container must."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from irisops.commands.code import objectscript
from irisops.commands.context import Context
from irisops.commands.license.locked import guess
from irisops.commands.words import quote
from irisops.profiles.model import Profile


def how_to_clear(context: Context, profile: Profile) -> Sequence[str]:
    """How to clear an expired password: the exact command for the kind of host, and another login if there is one."""
    inside = f"##class(Security.Users).UnExpireUserPasswords({objectscript(profile.user)})"
    kind = guess(profile)
    if kind == "container":
        container = profile.name.partition(":")[2] or "CONTAINER"
        said = [
            f"Clear it on the host: docker exec {container} iris session IRIS -U %SYS {shlex.quote(inside)}"
        ]
    elif kind == "Windows":
        said = [f"Clear it in the Terminal of the IRIS launcher, in namespace %SYS: write {inside}"]
    else:
        said = [f"Clear it on the host: iris session INSTANCE -U %SYS {shlex.quote(inside)}"]
    others = [
        link.name
        for link in context.hub.in_use()
        if link.connected
        and (link.profile.host, link.profile.port) == (profile.host, profile.port)
        and link.profile.user.casefold() != profile.user.casefold()
    ]
    password = context.registry.get("password")
    if others and password is not None:
        said.append(
            f"Or from here, through {others[0]}: /on {quote(others[0])} /password {quote(profile.user)}"
        )
    return said
