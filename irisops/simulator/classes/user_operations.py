"""What creating, changing and deleting a user means, for the class and for SQL alike (facts: iris-security 2)."""

from __future__ import annotations

from collections.abc import Iterable

from irisops.simulator.classes.job import Job, closest
from irisops.simulator.classes.patterns import PatternError, matches_pattern
from irisops.simulator.classes.status import StatusError
from irisops.simulator.classes.values import same
from irisops.simulator.world.model import User

ALL_ROLE = "%All"
NAME_LIMIT = 160
DEFAULT_USERS = frozenset({"_public", "_system", "unknownuser", "cspsystem"})
"""UNVERIFIED: exactly which users Delete refuses with #841 (facts: iris-security 2.6, unknown 6).
Settle: delete each predefined user of a throwaway instance."""


def find(job: Job, name: str) -> User:
    """The user. Raises #838."""
    user: User | None = job.world.users.get(name)
    if user is None:
        raise StatusError(838, name)
    return user


def check_new_name(job: Job, name: str) -> None:
    """Raise #842, #846, #837 or #942 where a user may not be called that (facts: iris-security 2.1)."""
    if "@" in name:
        raise StatusError(846)
    if not name or len(name) > NAME_LIMIT or "*" in name:
        raise StatusError(842, name)
    if job.world.users.get(name) is not None:
        raise StatusError(837, name)
    if job.world.roles.get(name) is not None:
        raise StatusError(942)


def check_password(job: Job, password: str) -> None:
    """Raise #845 where the password does not match the system's pattern, #958 where the pattern is none."""
    pattern = job.world.system.password_pattern
    if not pattern:
        return
    try:
        matched = matches_pattern(password, pattern)
    except PatternError:
        raise StatusError(958, pattern) from None
    if not matched:
        raise StatusError(845)


def create(job: Job, user: User, password: str) -> User:
    """Add a user whose fields are filled in. Raises `StatusError`; nothing is changed then."""
    check_new_name(job, user.name)
    check_password(job, password)
    now = job.world.now()
    user.roles = without_duplicates(user.roles)
    user.created = user.modified = now
    user.created_by = user.modified_by = job.username
    job.world.users.add(user)
    job.world.set_password(user, password)
    changed(job, user, f"User {user.name} created with roles {','.join(user.roles)}")
    return user


def set_password(job: Job, user: User, password: str) -> None:
    """Change a password under the policy; ends an expired one."""
    check_password(job, password)
    job.world.set_password(user, password)
    changed(job, user, f"Password of {user.name} changed")


def delete(job: Job, name: str) -> None:
    """Delete a user. Raises #838, #841, #840."""
    user = find(job, name)
    if user.name.lower() in DEFAULT_USERS:
        raise StatusError(841, user.name)
    if is_last_superuser(job, user):
        raise StatusError(840, user.name)
    job.world.tables.delete_user(user.name)
    job.emulation.sql_privileges.forget(user.name)
    job.emulation.forget_extras("Security.Users", user.name)
    audit_change(job, "UserChange", f"User {user.name} deleted")


def add_roles(job: Job, name: str, roles: Iterable[str], *, escalation: bool = False) -> None:
    """Grant roles; those that are held already stay. Raises #838, #883."""
    user = find(job, name)
    found = [existing_role(job, role) for role in roles]
    held = user.escalation_roles if escalation else user.roles
    added = [role for role in without_duplicates(found) if closest(held, role) is None]
    held.extend(added)
    if added:
        changed(job, user, f"User {user.name}: roles {','.join(added)} added")


def remove_roles(job: Job, name: str, roles: Iterable[str], *, escalation: bool = False) -> None:
    """Take roles away; one that is not held is no error. Raises #838, and #881 for the last %All.

    UNVERIFIED: the error for taking %All from the last user that holds it, and that an unheld role is no error.
    Settle: RemoveRoles("SuperUser", "%All") where SuperUser alone holds it.
    """
    user = find(job, name)
    held = user.escalation_roles if escalation else user.roles
    wanted = [role for role in (closest(held, role) for role in roles) if role is not None]
    if not escalation and ALL_ROLE in wanted and is_last_superuser(job, user):
        raise StatusError(881, ALL_ROLE)
    for role in without_duplicates(wanted):
        held.remove(role)
    if wanted:
        changed(job, user, f"User {user.name}: roles {','.join(wanted)} removed")


def check_still_a_superuser(job: Job, user: User, *, enabled: bool, roles: Iterable[str]) -> None:
    """Raise #881 or #840 where the change would leave nobody with %All (facts: iris-security 2.1).

    UNVERIFIED: the error for disabling the last enabled holder of %All. Settle: disable it by its object.
    """
    if not is_last_superuser(job, user):
        return
    if closest(list(roles), ALL_ROLE) is None:
        raise StatusError(881, ALL_ROLE)
    if not enabled:
        raise StatusError(840, user.name)


def is_last_superuser(job: Job, user: User) -> bool:
    """Whether this is the only enabled user that holds %All directly."""
    holders = [
        each.name
        for each in job.world.users.values()
        if each.enabled and closest(each.roles, ALL_ROLE) is not None
    ]
    return len(holders) == 1 and same(holders[0], user.name)


def existing_role(job: Job, name: str) -> str:
    """The role's own spelling. Raises #883."""
    role = job.world.roles.get(name)
    if role is None:
        raise StatusError(883, name)
    return str(role.name)


def without_duplicates(names: Iterable[str]) -> list[str]:
    """Names in their order, each once, whatever its letter case."""
    return list({name.lower(): name for name in reversed(list(names))}.values())[::-1]


def changed(job: Job, user: User, what: str) -> None:
    """Note who changed a user and when, and write the audit record."""
    user.modified = job.world.now()
    user.modified_by = job.username
    job.world.users.touch()
    audit_change(job, "UserChange", what)


def audit_change(job: Job, event: str, what: str) -> None:
    """One audit record of a change to the security settings."""
    job.audit("%System", "%Security", event, what, what[:128])
