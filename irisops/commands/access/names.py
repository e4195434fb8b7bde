"""Lookup of typed names and permissions among those of the instance."""

from __future__ import annotations

from collections.abc import Callable

from irisops.contract.nearest import find, no_such
from irisops.contract.quoting import quote
from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless
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
    known = [user.name for user in access.users]
    raise no_such("NoSuchUser", "user", name, known, cure="/users lists them.", line=command)


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
    cure = "A database's resource is usually %DB_ and its name."
    if "." in name:
        cure = f"If it is a table: /explain USER sql {harmless(quote(name), 80)}"
    raise no_such("NoSuchResource", "resource", name, known, cure=cure, line=command)


def application_named(access: Access, name: str, command: Line) -> WebApplication:
    """The web application of that name. Raises `Refusal` with the nearest names."""
    wanted = name.casefold().rstrip("/")
    for application in access.applications:
        if application.name.casefold().rstrip("/") == wanted:
            return application
    known = [application.name for application in access.applications]
    unread = "The web applications could not be read: " + "; ".join(access.notes)
    cure = "/sessions shows those in use." if known else unread
    raise no_such("NoSuchApplication", "web application", name, known, cure=cure, line=command)
