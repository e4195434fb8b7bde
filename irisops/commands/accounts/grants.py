"""/grant ROLE to USER and /revoke ROLE from USER."""

from __future__ import annotations

from irisops.commands.accounts.role_change import RoleChangePlan, plan, read_security
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies


def _roles(command: Command) -> list[str]:
    """The roles asked for, each once."""
    given = command.args["roles"]
    names = given if isinstance(given, list) else [given]
    return list({name.casefold(): name for name in names}.values())


async def grant(context: Context, command: Command) -> Replies:
    """Plan to give roles to a user."""
    link = context.link()
    security = await read_security(link)
    user = security.user(str(command.args["user"]), f"/grant {_written(command)} to {{}}")
    names = [security.role_name(name, f"/grant {{}} to {quote(user.name)}") for name in _roles(command)]
    held = {role.casefold() for role in user.roles}
    missing = [name for name in names if name.casefold() not in held]
    if not missing:
        raise Refusal(
            "AlreadyHeld",
            f"{harmless(user.name)} holds {listed(names)} already.",
            f"Nothing is to be done. /users name={quote(user.name)} shows its roles.",
        )
    wanted = RoleChangePlan("grant", user, add=tuple(missing), command=command.slash)
    yield plan(context, link, security, wanted)


async def revoke(context: Context, command: Command) -> Replies:
    """Plan to take roles from a user."""
    link = context.link()
    security = await read_security(link)
    user = security.user(str(command.args["user"]), f"/revoke {_written(command)} from {{}}")
    by_key = {role.casefold(): role for role in user.roles}
    names = _roles(command)
    held = [by_key[name.casefold()] for name in names if name.casefold() in by_key]
    if not held:
        raise Refusal(
            "NotHeld",
            f"{harmless(user.name)} does not hold {listed(names, 'or')} directly.",
            f"It holds {listed(user.roles) or 'no role'}. A role that came with another role is taken with that one.",
            suggestions=[f"/revoke {quote(role)} from {quote(user.name)}" for role in user.roles[:3]],
        )
    wanted = RoleChangePlan("revoke", user, remove=tuple(held), command=command.slash)
    yield plan(context, link, security, wanted)


def _written(command: Command) -> str:
    """The roles as they would be typed, safe in a format string."""
    return " ".join(quote(name) for name in _roles(command)).replace("{", "{{").replace("}", "}}")
