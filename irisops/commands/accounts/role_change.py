"""/grant ROLE to USER and /revoke ROLE from USER, and the plan that /explain offers as a fix.

Effects, guards, journal and verification are those of every change of objects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from irisops.changes.objects import Wanted
from irisops.changes.plan import plan as plan_objects
from irisops.changes.record import Origin
from irisops.commands.access.names import user_named
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import find, no_such
from irisops.contract.quoting import quote
from irisops.contract.replies import Plan, Refusal
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import NotAvailable, NotPermitted
from irisops.instance.models import Role, User
from irisops.instance.security.access import Access, make_access, read_access
from irisops.instance.security.lists import list_users
from irisops.instance.security.object_state import ObjectChange, ObjectState, missing


def role_named(access: Access, name: str, line: Callable[[str], str]) -> Role:
    """The role of that name. Raises `Refusal` with the nearest names; `line` builds the line to suggest of one."""
    roles = {role.name: role for role in access.roles}
    spelled = find(name, roles)
    if spelled is None:
        raise no_such("NoSuchRole", "role", name, roles, cure="/roles lists them.", line=line)
    return roles[spelled]


async def _read(link: Link) -> tuple[Access, str]:
    """Users and, if permitted, roles and the rest; and why the roles cannot be listed, or "".

    Raises a named problem if users cannot be listed.
    """
    try:
        access = await read_access(link.connection)
    except (NotPermitted, NotAvailable) as error:
        return make_access(await list_users(link.connection), (), (), ()), error.message
    link.names.users = tuple(user.name for user in access.users)
    link.names.roles = tuple(role.name for role in access.roles)
    return access, ""


async def plan(
    context: Context,
    link: Link,
    access: Access,
    user: User,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    command: str,
    warnings: Sequence[str] = (),
) -> Plan:
    """Plan to give a user roles, or to take some, named as the instance spells them.

    `command` is the slash form for the journal. Raises `Refusal` or a named problem.
    """
    before = ObjectState("user", user.name, {"roles": tuple(user.roles), "enabled": user.enabled})
    after = before.with_fields({"roles": (*missing(user.roles, remove), *add)})
    name = harmless(user.name)
    title = f"Give {listed(add)} to {name}" if add else f"Take {listed(remove)} from {name}"
    change = Wanted(
        "grant" if add else "revoke",
        title,
        (ObjectChange(before, after),),
        Origin(command),
        warnings=warnings,
    )
    return await plan_objects(context, link, change, access)


def _roles(command: Command) -> list[str]:
    """The requested roles without duplicates."""
    return list({name.casefold(): name for name in command.words("roles")}.values())


def _unchecked(why: str) -> list[str]:
    return [f"The roles could not be listed ({why}), so their names are not checked."] if why else []


async def grant(context: Context, command: Command) -> Replies:
    """Plan to give roles to a user."""
    link = context.link()
    access, why = await _read(link)
    asked = _roles(command)
    typed = " ".join(map(quote, asked))
    user = user_named(access, str(command.args["user"]), lambda each: f"/grant {typed} to {each}")
    to_user = quote(user.name)
    names = (
        asked
        if why
        else [role_named(access, role, lambda each: f"/grant {each} to {to_user}").name for role in asked]
    )
    new = missing(names, user.roles)
    if not new:
        raise Refusal(
            "AlreadyHeld",
            f"{harmless(user.name)} holds {listed(names)} already.",
            f"There is nothing to do. /users name={to_user} shows its roles.",
        )
    yield await plan(context, link, access, user, add=new, command=command.slash, warnings=_unchecked(why))


async def revoke(context: Context, command: Command) -> Replies:
    """Plan to take roles from a user."""
    link = context.link()
    access, why = await _read(link)
    names = _roles(command)
    typed = " ".join(map(quote, names))
    user = user_named(access, str(command.args["user"]), lambda each: f"/revoke {typed} from {each}")
    held = [spelled for name in names if (spelled := find(name, user.roles))]
    if not held:
        raise Refusal(
            "NotHeld",
            f"{harmless(user.name)} does not hold {listed(names, 'or')} directly.",
            f"It holds {listed(user.roles) or 'no role'}. A role that came with another role is taken with that one.",
            suggestions=[f"/revoke {quote(role)} from {quote(user.name)}" for role in user.roles[:3]],
        )
    yield await plan(
        context, link, access, user, remove=held, command=command.slash, warnings=_unchecked(why)
    )
