"""Users as the instance lists them (facts: iris-security 2)."""

from __future__ import annotations

from irisops.instance.calls import Value
from irisops.instance.class_queries import read_list
from irisops.instance.models import User
from irisops.instance.routes import Instance
from irisops.instance.values import Row, as_date, as_flag, as_int, as_names, as_text, as_utc

NEVER = ("", "0")
"""LastLoginTime of an account that never logged in: empty, or the first 0 of LoginDateTime (facts: iris-security 2.2).
Any other text that is no time means that the last login is unknown, not that there was none."""


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
        last_login=(login := as_utc(row.get("lastlogintime"))),
        last_login_known=login is not None or as_text(row.get("lastlogintime", "?")) in NEVER,
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
    """`Flags` in words: bit 0 password, 1 LDAP, 2 delegated (facts: iris-security 2.2); text stays as it is."""
    bits = as_int(flags)
    if bits is None:
        return as_text(flags)
    kinds = [word for bit, word in ((1, "Password"), (2, "LDAP"), (4, "Delegated")) if bits & bit]
    return ", ".join(kinds) + " user" if kinds else ""


async def list_users(instance: Instance) -> list[User]:
    """All users by name. Raises NotAvailable or NotPermitted (%Admin_Secure:U is needed)."""
    users = await read_list(instance, "users.list", user_of)
    return sorted(users, key=lambda user: user.name.casefold())


def identifier(name: str) -> str:
    """A delimited SQL identifier: quotes doubled, so that no name can end it. Raises ValueError for a NUL."""
    if "\0" in name:
        raise ValueError("a name cannot hold a NUL character")
    return '"' + name.replace('"', '""') + '"'
