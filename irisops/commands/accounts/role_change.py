"""/grant ROLE to USER and /revoke ROLE from USER, and the plan that /explain offers as a fix.

Effects, guards, journal and verification are those of every change of objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from irisops.changes.objects import Wanted
from irisops.changes.plan import make_plan
from irisops.changes.record import Origin
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import find, nearest
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Plan
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import NotAvailable, NotPermitted
from irisops.instance.models import Role, User
from irisops.instance.security.access import Access, make_access, read_access
from irisops.instance.security.lists import list_users
from irisops.instance.security.object_state import ObjectChange, ObjectState


@dataclass(frozen=True, slots=True)
class Security:
    """Snapshot of users and roles. `roles` is None if the account may not list them; `why` is the reason."""

    users: Sequence[User]
    roles: Sequence[Role] | None
    why: str = ""
    access: Access | None = None

    def user(self, name: str, command: str) -> User:
        """The user of that name. Raises `Refusal` with the nearest names; `command` has `{}` in place of the name."""
        spelled = find(name, (user.name for user in self.users))
        if spelled is not None:
            return next(user for user in self.users if user.name == spelled)
        close = nearest(name, (user.name for user in self.users))
        raise Refusal(
            "NoSuchUser",
            f"There is no user {harmless(name, 80)}.",
            f"Did you mean {listed(close, 'or')}?" if close else "/users lists them.",
            suggestions=[command.format(quote(each)) for each in close],
        )

    def role_name(self, name: str, command: str) -> str:
        """The role's name as the instance spells it, or as typed if roles cannot be listed. Raises `Refusal`."""
        if self.roles is None:
            return name
        spelled = find(name, (role.name for role in self.roles))
        if spelled is not None:
            return spelled
        close = nearest(name, (role.name for role in self.roles))
        raise Refusal(
            "NoSuchRole",
            f"There is no role {harmless(name, 80)}.",
            f"Did you mean {listed(close, 'or')}?" if close else "/roles lists them.",
            suggestions=[command.format(quote(each)) for each in close],
        )

    def known(self) -> Access:
        """The same as an `Access`; without resources, public permissions are unknown."""
        return self.access or make_access(self.users, self.roles or (), (), ())


async def read_security(link: Link) -> Security:
    """Read users and, if permitted, roles. Raises a named problem if users cannot be listed."""
    try:
        access = await read_access(link.connection)
    except (NotPermitted, NotAvailable) as error:
        return Security(await list_users(link.connection), None, error.message)
    link.names.users = tuple(user.name for user in access.users)
    link.names.roles = tuple(role.name for role in access.roles)
    return Security(access.users, access.roles, access=access)


@dataclass(frozen=True, slots=True)
class RoleChangePlan:
    """The requested change, with names as the instance spells them."""

    name: str
    user: User
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    command: str = ""

    def after(self) -> tuple[str, ...]:
        """The user's roles after the change, in order."""
        gone = {role.casefold() for role in self.remove}
        kept = [role for role in self.user.roles if role.casefold() not in gone]
        return (*kept, *self.add)


def plan(context: Context, link: Link, security: Security, wanted: RoleChangePlan) -> Plan:
    """Check the guards and make the plan. Raises `Refusal`."""
    user = wanted.user
    before = ObjectState("user", user.name, {"roles": tuple(user.roles), "enabled": user.enabled})
    warnings = (
        [f"The roles could not be listed ({security.why}), so their names are not checked."]
        if security.roles is None
        else []
    )
    change = Wanted(
        wanted.name,
        _title(wanted),
        (ObjectChange(before, before.with_fields({"roles": wanted.after()})),),
        Origin(wanted.command),
        warnings=warnings,
    )
    return make_plan(context, link, change, security.known())


def _title(wanted: RoleChangePlan) -> str:
    name = harmless(wanted.user.name)
    parts = []
    if wanted.add:
        parts.append(f"give {listed(wanted.add)} to {name}")
    if wanted.remove:
        parts.append(f"take {listed(wanted.remove)} from {name}")
    text = " and ".join(parts)
    return text[:1].upper() + text[1:]


def _roles(command: Command) -> list[str]:
    """The requested roles without duplicates."""
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
    """The roles as typed, escaped for a format string."""
    return " ".join(quote(name) for name in _roles(command)).replace("{", "{{").replace("}", "}}")
