"""Users, and changes to the roles they hold (facts: iris-security 2)."""

from __future__ import annotations

from typing import Literal

from irisops.instance.calls import ClassMethod, ObjectCall, ObjectStep, Update, Value
from irisops.instance.class_queries import read_list, read_rows
from irisops.instance.errors import InstanceError, InstanceProblem, Unreachable
from irisops.instance.features import Route
from irisops.instance.models import RoleChange, User
from irisops.instance.outcome import changing, check_status
from irisops.instance.routes import Instance, first_route
from irisops.instance.values import Row, as_date, as_flag, as_int, as_names, as_text, as_utc

PROPERTIES = ("FullName", "Comment", "NameSpace", "Routine", "ExpirationDate", "ChangePassword")
"""Properties read from the object when the Detail query does not carry them (its 34 columns are not all known)."""


def user_of(row: Row) -> User | None:
    """One user from a row of List or Detail; None for a row without a name."""
    name = as_text(row.get("name"))
    if not name:
        return None
    roles = as_names(row.get("roles"))
    return User(
        name=name,
        enabled=as_flag(row.get("enabled")),
        roles=roles,
        # UNVERIFIED: whether this time is in UTC, and its form. To settle: compare with the property LoginDateTime.
        last_login=as_utc(row.get("lastlogintime")),
        last_login_known="lastlogintime" in row,
        full_name=_text_if(row, "fullname"),
        comment=_text_if(row, "comment"),
        namespace=_text_if(row, "namespace"),
        routine=_text_if(row, "routine"),
        expires=as_date(row.get("expirationdate")),
        type=as_text(row.get("type")) or _type_of(row.get("flags")),
        change_password=_flag_if(row, "changepassword"),
        password_never_expires=_flag_if(row, "passwordneverexpires"),
        account_never_expires=_flag_if(row, "accountneverexpires"),
        superuser=any(role.casefold() == "%all" for role in roles),
    )


def _text_if(row: Row, column: str) -> str | None:
    return as_text(row[column]) if column in row else None


def _flag_if(row: Row, column: str) -> bool | None:
    return as_flag(row[column]) if column in row else None


def _type_of(flags: Value) -> str:
    """`Flags` as words: bit 0 password, 1 LDAP, 2 delegated (facts: iris-security 2.2); text is taken as it is."""
    bits = as_int(flags)
    if bits is None:
        return as_text(flags)
    kinds = [word for bit, word in ((1, "Password"), (2, "LDAP"), (4, "Delegated")) if bits & bit]
    return ", ".join(kinds) + " user" if kinds else ""


async def list_users(instance: Instance) -> list[User]:
    """All users by name. Raises NotAvailable or NotPermitted (%Admin_Secure:U is needed)."""
    users = await _listed(instance, "*")
    return sorted(users, key=lambda user: user.name.casefold())


async def _listed(instance: Instance, names: str) -> list[User]:
    return await read_list(instance, "users.list", user_of, (names,))


def _mask(name: str) -> str:
    """A Names argument that matches at least this user: it is a list of prefixes in which `,` and `*` mean more."""
    return "*" if any(mark in name for mark in ",*") else name


def _exactly(users: list[User], name: str) -> User | None:
    return next((user for user in users if user.name.casefold() == name.casefold()), None)


async def read_user(instance: Instance, name: str) -> User | None:
    """One user with its details, None if there is none of that name (names are case-insensitive).

    Details that cannot be read stay None. Raises NotAvailable or NotPermitted when not even the list can be.
    """
    if not name.strip():
        return None
    user = _exactly(await _listed(instance, _mask(name)), name)
    if user is None:
        return None
    row: dict[str, Value] = {
        "name": user.name,
        "enabled": user.enabled,
        "roles": ",".join(user.roles),
        "lastlogintime": user.last_login,
        "type": user.type,
    }
    row.update(await _details(instance, user.name))
    return user_of(row)


async def _details(instance: Instance, name: str) -> dict[str, Value]:
    """What Detail and the object add to the list; empty where they cannot be read."""
    found: dict[str, Value] = {}
    try:
        rows = (await read_rows(instance, "users.detail", (_mask(name),))).dicts()
        found = next((row for row in rows if as_text(row.get("name")).casefold() == name.casefold()), {})
    except Unreachable:
        raise
    except InstanceProblem:
        # The list is there, so the account may look; the object below is the other way to the same.
        found = {}
    wanted = [each for each in PROPERTIES if each.lower() not in found]
    if not wanted:
        return found
    steps = tuple(ObjectStep("get", each) for each in wanted)
    try:
        # Ids are the lower-cased names (facts: iris-security 1).
        answer = await instance.call(ObjectCall("Security.Users", "%OpenId", (name.lower(),), steps))
    except Unreachable:
        raise
    except InstanceProblem:
        return found
    if answer.found:
        found.update(zip((each.lower() for each in wanted), answer.values, strict=True))
    return found


async def add_role(instance: Instance, user: str, role: str) -> RoleChange:
    """Grant a role to a user, read back, compare.

    Raises InstanceError (838: no such user) before anything is changed, or when the state read back is not as asked;
    NotPermitted; Unreachable with the outcome unknown.
    """
    return await _change(instance, user, role, "add")


async def remove_role(instance: Instance, user: str, role: str) -> RoleChange:
    """Take a role from a user, read back, compare. Raises as `add_role`."""
    return await _change(instance, user, role, "remove")


async def _change(instance: Instance, user: str, role: str, way: Literal["add", "remove"]) -> RoleChange:
    if "," in role or not role.strip():
        raise InstanceError(
            f"{role!r} is not the name of one role: it must not be empty or hold a comma.", code=887
        )
    before = await _held(instance, user)
    if before is None:
        raise InstanceError(f"User {user} does not exist.", "/users lists those that do.", code=838)
    method = "AddRoles" if way == "add" else "RemoveRoles"
    words = ("GRANT", "TO") if way == "add" else ("REVOKE", "FROM")

    async def attempt(route: Route) -> str:
        if route.kind == "method":
            # A plain string by value is taken for the ByRef argument, and adds or removes (facts: iris-security 2.3).
            answer = await instance.call(ClassMethod("Security.Users", method, (user, role)))
            await check_status(instance, answer.value, f"Security.Users.{method}")
        else:
            # No parameters are possible in these statements, so the names go in as delimited identifiers.
            await instance.call(Update(f"{words[0]} {identifier(role)} {words[1]} {identifier(user)}"))
        return route.label

    label = await changing(first_route(instance, f"users.{way}_role", attempt))
    after = await changing(_held(instance, user))
    done = after is not None and (role.casefold() in {each.casefold() for each in after}) == (way == "add")
    if after is None or not done:
        # A status of 1 is no proof (facts: iris-security 6.1).
        shown = "the user is gone" if after is None else f"the roles are {', '.join(after) or 'none'}"
        raise InstanceError(f"{label} reported success, but {shown}.", "Look at the user with /users.")
    return RoleChange(user, role, before, after, label)


async def _held(instance: Instance, user: str) -> tuple[str, ...] | None:
    found = _exactly(await _listed(instance, _mask(user)), user)
    return found.roles if found else None


def identifier(name: str) -> str:
    """A delimited SQL identifier: quotes doubled, so that no name can end it. Raises ValueError for a NUL."""
    if "\0" in name:
        raise ValueError("a name cannot hold a NUL character")
    return '"' + name.replace('"', '""') + '"'
