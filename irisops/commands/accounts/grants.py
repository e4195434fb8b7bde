"""/grant ROLE to USER and /revoke ROLE from USER."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Arg, CommandSpec, Keyword, Plain, Replies


def _roles(command: Command) -> list[str]:
    """The roles asked for, each once."""
    given = command.args["roles"]
    names = given if isinstance(given, list) else [given]
    return list({name.casefold(): name for name in names}.values())


async def grant(context: Context, command: Command) -> Replies:
    """Plan to give roles to a user."""
    from irisops.commands.accounts.role_change import RoleChangePlan, plan, read_security  # noqa: PLC0415 - not at the start

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
    from irisops.commands.accounts.role_change import RoleChangePlan, plan, read_security  # noqa: PLC0415 - not at the start

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


_GRAMMAR_ROLES = Arg("roles", "role", many=True, show="ROLE")

SPECS = (
    CommandSpec(
        name="grant",
        summary="Give a role to a user, after showing what that means",
        handler=grant,
        grammar=(_GRAMMAR_ROLES, Keyword("to"), Arg("user", "user")),
        plain=(
            Plain("(give|grant|add|assign) [the] [role|roles] {roles} to [the] [user|account] {user}"),
            Plain("(give|grant|add|assign) [the] {roles} (role|roles) to [the] [user|account] {user}"),
            Plain("(give|grant|assign) [the] [user|account] {user} [the] {roles} (role|roles)"),
            Plain("(give|grant|assign) [the] [user|account] {user} [the] [role|roles] {roles}"),
            Plain("put [the] [user] {user} (in|into) [the] [role] {roles}"),
            Plain(
                "make [the] [user] {user} [a|an] (superuser|super user|admin|administrator)",
                {"roles": ["%All"]},
            ),
            Plain("let [the] [user] {user} (have|use|hold) [the] [role|roles] {roles}"),
        ),
        examples=("give appuser %SQL", "make appuser a superuser"),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("users.list", "users.add_role"),
    ),
    CommandSpec(
        name="revoke",
        summary="Take a role from a user, after showing what that means",
        handler=revoke,
        grammar=(_GRAMMAR_ROLES, Keyword("from"), Arg("user", "user")),
        plain=(
            Plain(
                "(take|revoke|remove|strip|withdraw|drop) [away] [the] [role|roles] {roles} [away] from "
                "[the] [user|account] {user}"
            ),
            Plain(
                "(take|revoke|remove|strip|withdraw|drop) [away] [the] {roles} (role|roles) [away] from "
                "[the] [user|account] {user}"
            ),
            Plain("(take|revoke|remove|drop) [away] {user's} [role|roles] {roles}"),
            Plain("(strip) [the] [user] {user} of [the] [role|roles] {roles}"),
            Plain(
                "[the] [user] {user} (should not|must not|shall not|shouldn't) (have|hold) [the] [role] {roles}"
            ),
        ),
        examples=("take %SQL from appuser",),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("users.list", "users.remove_role"),
    ),
)
