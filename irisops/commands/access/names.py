"""Lookup of typed names and permissions among those of the instance."""

from __future__ import annotations

from collections.abc import Callable

from irisops.contract.nearest import find, nearest
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.wording import harmless, listed
from irisops.instance.models import User
from irisops.instance.security.access import Access
from irisops.instance.security.lists import WebApplication
from irisops.instance.security.permissions import Permission, parse_permission

Line = Callable[[str], str]
"""Builds the line to suggest from a name, quoted if needed."""

_VERBS = {
    "see": Permission.R,
    "view": Permission.R,
    "open": Permission.U,
    "change": Permission.W,
    "modify": Permission.W,
    "update": Permission.W,
}
_PREFIXES = ("", "%DB_", "%Service_", "%Admin_", "%Native_", "%")
"""Prefixes that may be left out of names of system resources."""
_PORTAL = "/csp/sys"
"""The Management Portal's application (facts: license-sessions 2.3)."""


def meant(what: str) -> str:
    """`portal` becomes the Management Portal's application."""
    return _PORTAL if what.casefold() in ("portal", "smp") else what


def permission_of(text: str) -> Permission:
    """`R`, `read,write`, `change`. Raises `Refusal`."""
    verb = _VERBS.get(text.strip().casefold())
    if verb is not None:
        return verb
    try:
        return parse_permission(text)
    except ValueError as error:
        sentence = harmless(str(error), 120)
        raise Refusal(
            "BadPermission",
            f"{sentence[:1].upper()}{sentence[1:]}.",
            "For example HR:R, HR:RW or %Admin_Secure:U.",
        ) from None


def split_privilege(text: str) -> tuple[str, Permission | None]:
    """`HR:RW` -> HR and its permissions; None without a colon. Raises `Refusal`."""
    name, colon, letters = text.rpartition(":")
    if not colon:
        return text, None
    return name, permission_of(letters)


def user_named(access: Access, name: str, command: Line) -> User:
    """The user of that name. Raises `Refusal` with the nearest names.

    `command` builds the line to suggest for one of them.
    """
    spelled = find(name, (user.name for user in access.users))
    if spelled is not None:
        return access.user(spelled)
    close = nearest(name, (user.name for user in access.users))
    raise Refusal(
        "NoSuchUser",
        f"There is no user {harmless(name, 80)}.",
        f"Did you mean {listed(close, 'or')}?" if close else "/users lists them.",
        suggestions=[command(quote(each)) for each in close],
    )


def resource_named(access: Access, name: str, command: Line) -> str:
    """A resource as the instance spells it; `payroll` finds %DB_PAYROLL. Raises `Refusal` with the nearest names.

    Where the resources cannot be read, only those held by roles are known, and any name is accepted.
    """
    held = {each for role in access.model.roles for each in role.privileges}
    known = dict.fromkeys([*(resource.name for resource in access.resources), *sorted(held)])
    for prefix in _PREFIXES:
        spelled = find(prefix + name, known)
        if spelled is not None:
            return spelled
    if not access.resources:
        return name
    close = nearest(name, known)
    if not close and "." in name:
        raise Refusal(
            "NoSuchResource",
            f"There is no resource {harmless(name, 80)}.",
            f"If it is a table: /explain USER sql {harmless(quote(name), 80)}",
        )
    raise Refusal(
        "NoSuchResource",
        f"There is no resource {harmless(name, 80)}.",
        f"Did you mean {listed(close, 'or')}?"
        if close
        else "A database's resource is usually %DB_ and its name.",
        suggestions=[command(quote(each)) for each in close],
    )


def application_named(access: Access, name: str, command: Line) -> WebApplication:
    """The web application of that name. Raises `Refusal` with the nearest names."""
    wanted = name.casefold().rstrip("/")
    for application in access.applications:
        if application.name.casefold().rstrip("/") == wanted:
            return application
    close = nearest(name, [application.name for application in access.applications])
    cure = f"Did you mean {listed(close, 'or')}?" if close else "/sessions shows those in use."
    if not access.applications:
        cure = "The web applications could not be read: " + "; ".join(access.notes)
    raise Refusal(
        "NoSuchApplication",
        f"There is no web application {harmless(name, 80)}.",
        cure,
        suggestions=[command(quote(each)) for each in close],
    )
