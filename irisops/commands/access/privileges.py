"""What a user holds and by which paths: the table of all privileges, and the words for one."""

from __future__ import annotations

from datetime import date

from irisops.contract.replies import Cell, Column, Table
from irisops.contract.wording import harmless
from irisops.instance.models import User
from irisops.instance.security.access import Access
from irisops.instance.security.privileges import Explanation, Grant

LABELS = {
    "user": "User",
    "what": "What",
    "allowed": "Allowed",
    "held": "Holds",
    "missing": "Lacks",
    "application": "In application",
    "namespace": "Namespace",
    "action": "Action",
}
"""Labels of the facts of /explain."""
COLUMNS = (
    Column("resource", "RESOURCE"),
    Column("permission", "MAY"),
    Column("how", "HOW", grow=True, wrap=3),
    Column("ways", "WAYS", "number", hide_under=90),
    Column("user", "USER", hide_under=140),
)
SHOWN_PATHS = 6
"""Most paths to one privilege that are listed."""


def privileges_of(access: Access, user: User, today: date) -> Table:
    """All privileges of a user, each with its shortest path, and what keeps the account from logging in."""
    held = access.model.effective(user.name)
    rows: list[dict[str, Cell]] = []
    for resource in sorted(held, key=str.casefold):
        told = access.model.check(user.name, resource, held[resource])
        rows.append(
            {
                "user": user.name,
                "resource": resource,
                "permission": held[resource].letters,
                "how": told.grants[0].way if told.grants else "",
                "ways": len(told.grants),
            }
        )
    notes = standing(user, today)
    if access.model.is_superuser(user.name):
        notes.append(f"{harmless(user.name)} is a superuser: it holds everything, whatever is listed.")
    notes.append("SQL privileges are separate: /explain USER sql SCHEMA.TABLE checks one.")
    return Table(
        name="privileges",
        title=f"What {harmless(user.name, 80)} holds",
        columns=COLUMNS,
        rows=rows,
        key="resource",
        notes=[*notes, *access.notes],
        actions=[("enter", "explain", "/explain {user} {resource}")],
    )


def standing(user: User, today: date) -> list[str]:
    """What keeps the account from logging in, and what a login may add."""
    name = harmless(user.name)
    notes = []
    if not user.enabled:
        notes.append(f"{name} is disabled and cannot log in; this is explained as if it could.")
    if user.expires is not None and user.expires < today and not user.account_never_expires:
        notes.append(f"{name} has expired on {user.expires.isoformat()} and cannot log in.")
    if user.change_password:
        notes.append(f"{name} must change its password before it can log in through a driver.")
    if any(kind in user.type.casefold() for kind in ("ldap", "delegated")):
        # Their roles are determined at login (facts: iris-security 2.2, Flags); these are those of the last login.
        notes.append(
            f"{name} does not log in with an IRIS password: its roles are given at each login "
            "and may differ from these."
        )
    return notes


def paths(told: Explanation) -> list[str]:
    """Every path to the privilege, what is missing, and what escalation roles would add."""
    lines = [_path(grant, told.resource) for grant in told.grants[:SHOWN_PATHS]]
    if len(told.grants) > SHOWN_PATHS:
        lines.append(f"… and {len(told.grants) - SHOWN_PATHS} more paths")
    lines += [_path(grant, told.resource) for grant in told.on_escalation[:SHOWN_PATHS]]
    if told.missing:
        lines.append(f"✗ nothing grants {harmless(told.resource)}:{told.missing.letters}")
    return lines


def _path(grant: Grant, resource: str) -> str:
    mark = "(✓)" if grant.kind == "escalation" else "✓"
    return f"{mark} {harmless(grant.sentence(resource), 400)}"
