"""What creating, changing and deleting a role means, for the class and for SQL alike (facts: iris-security 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from irisops.simulator.classes.job import Job, closest, parse_permission, permission_letters
from irisops.simulator.classes.status import StatusError
from irisops.simulator.classes.user_operations import (
    ALL_ROLE,
    audit_change,
    existing_role,
    without_duplicates,
)
from irisops.simulator.classes.values import comma_list, same
from irisops.simulator.world.model import Permission, Role

NAME_LIMIT = 64
DESCRIPTION_LIMIT = 256


def find(job: Job, name: str) -> Role:
    """The role. Raises #883."""
    role: Role | None = job.world.roles.get(name)
    if role is None:
        raise StatusError(883, name)
    return role


def check_new_name(job: Job, name: str) -> None:
    """Raise #887, #884 or #942 where a role may not be called that (facts: iris-security 3.1)."""
    if not name or len(name) > NAME_LIMIT or any(each in name for each in ",:/") or name.startswith("%"):
        raise StatusError(887, name)
    if job.world.roles.get(name) is not None:
        raise StatusError(884, name)
    if job.world.users.get(name) is not None:
        raise StatusError(942)


def parse_resources(job: Job, text: str) -> dict[str, Permission]:
    """`MyRes:RW,Other:U` as resources in their own spelling. Raises #892, #895, #897."""
    found: dict[str, Permission] = {}
    for part in comma_list(text):
        name, _, letters = part.partition(":")
        resource = job.world.resources.get(name)
        if resource is None:
            raise StatusError(892, name)
        if resource.name in found:
            raise StatusError(895, resource.name)
        permission = parse_permission(letters)
        if permission is None or permission is Permission.NONE:
            raise StatusError(897, letters, resource.name)
        found[resource.name] = permission
    return found


def resources_text(role: Role) -> str:
    """Sorted by name, in short letters; %All shows nothing (facts: iris-security 3.1)."""
    if same(role.name, ALL_ROLE):
        return ""
    return ",".join(f"{name}:{permission_letters(role.resources[name])}" for name in sorted(role.resources))


def create(job: Job, role: Role) -> Role:
    """Add a role whose fields are filled in. Raises `StatusError`; nothing is changed then."""
    check_new_name(job, role.name)
    if len(role.description) > DESCRIPTION_LIMIT:
        raise StatusError(7201, role.description[:64], DESCRIPTION_LIMIT)
    role.granted_roles = without_duplicates(existing_role(job, name) for name in role.granted_roles)
    job.world.roles.add(role)
    changed(job, f"Role {role.name} created")
    return role


def delete(job: Job, name: str) -> None:
    """Delete a role and take it from every user, role and application. Raises #883, #880."""
    role = find(job, name)
    if role.predefined or role.name.startswith("%"):
        raise StatusError(880, role.name)
    job.world.tables.delete_role(role.name)
    job.emulation.sql_privileges.forget(role.name)
    job.emulation.forget_extras("Security.Roles", role.name)
    changed(job, f"Role {role.name} deleted")
    job.world.users.touch()


def modify(
    job: Job,
    role: Role,
    *,
    description: str,
    resources: Mapping[str, Permission],
    granted_roles: Iterable[str],
    escalation_only: bool,
) -> None:
    """Replace what a role is. Raises #886 for one that cannot be edited."""
    granted = without_duplicates(existing_role(job, name) for name in granted_roles)
    before = (role.description, dict(role.resources), list(role.granted_roles), role.escalation_only)
    after = (description, dict(resources), granted, escalation_only)
    if before == after:
        return
    if not role.editable:
        raise StatusError(886, role.name)
    if len(description) > DESCRIPTION_LIMIT:
        raise StatusError(7201, description[:64], DESCRIPTION_LIMIT)
    role.description, role.resources, role.granted_roles, role.escalation_only = after
    changed(job, f"Role {role.name} modified")


def add_roles(job: Job, name: str, roles: Iterable[str]) -> None:
    """Grant roles to a role. Raises #883, #886."""
    role = find(job, name)
    if not role.editable:
        raise StatusError(886, role.name)
    found = [existing_role(job, each) for each in roles]
    added = [each for each in without_duplicates(found) if closest(role.granted_roles, each) is None]
    role.granted_roles.extend(added)
    if added:
        changed(job, f"Role {role.name}: roles {','.join(added)} added")


def remove_roles(job: Job, name: str, roles: Iterable[str]) -> None:
    """Take roles from a role; one that is not granted is no error. Raises #883, #886."""
    role = find(job, name)
    if not role.editable:
        raise StatusError(886, role.name)
    wanted = [each for each in (closest(role.granted_roles, each) for each in roles) if each is not None]
    for each in without_duplicates(wanted):
        role.granted_roles.remove(each)
    if wanted:
        changed(job, f"Role {role.name}: roles {','.join(wanted)} removed")


def rename(job: Job, old: str, new: str) -> None:
    """Rename a role wherever it is named. Raises #883, #886, #887, #884, #942."""
    role = find(job, old)
    if role.predefined or not role.editable or role.name.startswith("%"):
        raise StatusError(886, role.name)
    check_new_name(job, new)
    old = role.name
    job.world.roles.remove(old)
    role.name = new
    job.world.roles.add(role)
    for user in job.world.users:
        user.roles = [new if same(each, old) else each for each in user.roles]
        user.escalation_roles = [new if same(each, old) else each for each in user.escalation_roles]
    for other in job.world.roles:
        other.granted_roles = [new if same(each, old) else each for each in other.granted_roles]
    for application in job.world.applications:
        application.match_roles = {
            new if same(match, old) else match: [new if same(each, old) else each for each in targets]
            for match, targets in application.match_roles.items()
        }
    job.world.users.touch()
    job.world.applications.touch()
    changed(job, f"Role {old} renamed to {new}")


def changed(job: Job, what: str) -> None:
    """Write the audit record of a change to a role."""
    job.world.roles.touch()
    audit_change(job, "RoleChange", what)
