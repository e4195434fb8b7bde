"""Users and roles as kinds of object for the change engine."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence

from irisops.changes.objects import Family, ObjectKind
from irisops.commands.accounts.as_sql import sql_of
from irisops.commands.accounts.effects import guard, meaning
from irisops.connections.connection import Link
from irisops.contract.quoting import quote
from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless
from irisops.instance.security.lists import list_roles
from irisops.instance.security.object_state import ObjectChange, ObjectState, same_as_set
from irisops.instance.security.role_changes import ROLE_FIELDS, role_state, role_steps
from irisops.instance.security.user_changes import (
    PASSING,
    USER_FIELDS,
    check_new_password,
    read_user_states,
    user_steps,
)

LENGTH = 20
"""Characters of a generated password."""
_LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without l, I and O, which are easily misread."""
_DIGITS = "23456789"
_KINDS = (str.isupper, str.islower, str.isdigit)


def new_password() -> str:
    """A random password with at least one letter of each case and one digit (facts: iris-security 3.6)."""
    while True:
        text = secrets.choice(_LETTERS) + "".join(
            secrets.choice(_LETTERS + _DIGITS) for _ in range(LENGTH - 1)
        )
        if all(any(kind(character) for character in text) for kind in _KINDS):
            return text


async def password_that_fits(link: Link, name: str) -> str:
    """A random password that fits the instance's policy. Raises `Refusal` if none of several does."""
    for extra in ("", "-7", "!a", "_9Z"):
        text = new_password() + extra
        if not await check_new_password(link.connection, name, text):
            return text
    raise Refusal(
        "PasswordPolicy",
        "The instance's password pattern refuses every password that this tool makes.",
        f"Enter one that fits in the form: /user {quote(name)}",
    )


async def _read_users(
    link: Link, names: Sequence[str], _fields: Collection[str]
) -> Mapping[str, ObjectState]:
    return await read_user_states(link.connection, names)


async def _read_roles(
    link: Link, names: Sequence[str], _fields: Collection[str]
) -> Mapping[str, ObjectState]:
    wanted = {name.casefold() for name in names}
    return {
        role.name.casefold(): role_state(role)
        for role in await list_roles(link.connection)
        if role.name.casefold() in wanted
    }


def _past(change: ObjectChange) -> str:
    if change.after is None or change.fields() != ["roles"]:
        return ""
    return f"{harmless(change.name)} now holds {USER.show(change.after.names('roles'))}."


_ACCOUNTS = Family(guard, meaning, sql_of)


USER = ObjectKind(
    "user",
    "users",
    _ACCOUNTS,
    "users and roles",
    USER_FIELDS,
    read=_read_users,
    steps=user_steps,
    passing=PASSING,
    copied=("roles",),
    agrees=same_as_set,
    past=_past,
    new_password=password_that_fits,
)
ROLE = ObjectKind(
    "role",
    "roles",
    _ACCOUNTS,
    "users and roles",
    ROLE_FIELDS,
    read=_read_roles,
    steps=lambda change, _password: role_steps(change),
    copied=("privileges", "granted_roles"),
)
