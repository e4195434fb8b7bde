"""Wording of paths to a privilege, and of what keeps an account from logging in."""

from __future__ import annotations

from datetime import date

from irisops.contract.wording import harmless
from irisops.instance.models import User
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
SHOWN_PATHS = 6
"""Most paths to one privilege that are listed."""


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
            f"{name} is no password user: its roles are given at each login and may differ from these."
        )
    return notes


def paths(told: Explanation) -> list[str]:
    """Every path to the privilege, or that there is none; and what escalation roles would add."""
    lines = [path(grant, told.resource) for grant in told.grants[:SHOWN_PATHS]]
    if len(told.grants) > SHOWN_PATHS:
        lines.append(f"… and {len(told.grants) - SHOWN_PATHS} more paths")
    lines += [path(grant, told.resource) for grant in told.on_escalation[:SHOWN_PATHS]]
    if told.missing:
        lines.append(f"✗ nothing grants {harmless(told.resource)}:{told.missing.letters}")
    return lines


def path(grant: Grant, resource: str) -> str:
    """One path in words."""
    mark = "(✓)" if grant.kind == "escalation" else "✓"
    return f"{mark} {harmless(grant.sentence(resource), 400)}"
