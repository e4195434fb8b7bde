"""Read users, roles, resources and web applications in one batch, as the pure model of `privileges`.

Users and roles are required; other lists that cannot be read are left out and named in `notes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from irisops.instance.calls import Rows
from irisops.instance.class_queries import read_several
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.models import Role, User
from irisops.instance.routes import Instance
from irisops.instance.security import privileges
from irisops.instance.security.lists import (
    Resource,
    WebApplication,
    application_of,
    by_name,
    list_applications,
    list_users,
    resource_of,
    role_of,
    user_of,
)
from irisops.instance.security.permissions import Permission, parse_permission
from irisops.instance.values import Row, as_names, as_text, in_portions

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Access:
    """Users, roles, resources and web applications of one moment, and the model made of them."""

    users: tuple[User, ...]
    roles: tuple[Role, ...]
    resources: tuple[Resource, ...]
    applications: tuple[WebApplication, ...]
    model: privileges.AccessModel
    notes: tuple[str, ...] = ()
    """Sentences: what could not be read, and what is missing from the answers."""
    details: Rows | None = field(default=None, repr=False)
    """Rows of the users' Detail query, with all columns of the instance; None if it was refused."""

    def user(self, name: str) -> User:
        """The record of a user, by name in any case. Raises `privileges.UnknownName`."""
        for user in self.users:
            if user.name.casefold() == name.casefold():
                return user
        raise privileges.UnknownName("user", name)

    def details_of(self, name: str) -> Row | None:
        """The Detail row of a user by name in any case, keyed by lower-cased column; None if it was not read."""
        if self.details is None:
            return None
        rows = self.details.dicts()
        return next((row for row in rows if as_text(row.get("name")).casefold() == name.casefold()), None)

    def with_application(self, changed: WebApplication) -> Access:
        """A copy in which one application is replaced."""
        applications = tuple(changed if each.name == changed.name else each for each in self.applications)
        model = replace(self.model, applications=[_application(each) for each in applications])
        return replace(self, applications=applications, model=model)


async def read_access(instance: Instance) -> Access:
    """Read all lists, in one batch. Raises NotAvailable or NotPermitted (%Admin_Secure:U) without users or roles."""
    lists = await read_several(instance, ("users.detail", "roles.list", "resources.list", "webapps.detail"))
    notes: list[str] = []
    details = lists["users.detail"]
    users, escalation = await _users(instance, details, notes)
    roles = by_name(await _made(lists["roles.list"], role_of))
    resources: list[Resource] = []
    applications: list[WebApplication] = []
    try:
        resources = by_name(await _made(lists["resources.list"], resource_of))
    except InstanceProblem as problem:
        notes.append(
            f"Public permissions are not known: the resources cannot be read ({problem.message.rstrip('.')})."
        )
    try:
        detail = lists["webapps.detail"]
        applications = (
            await list_applications(instance)
            if isinstance(detail, InstanceProblem)
            else by_name(await _made(detail, application_of))
        )
    except Unreachable:
        raise
    except InstanceProblem as problem:
        notes.append(f"Web applications are left out: they cannot be read ({problem.message.rstrip('.')}).")
    access = make_access(users, roles, resources, applications, escalation=escalation, notes=notes)
    return replace(access, details=details if isinstance(details, Rows) else None)


async def _made(rows: Rows | InstanceProblem, make: Callable[[Row], T | None]) -> list[T]:
    """The records of rows; raises their problem."""
    if isinstance(rows, InstanceProblem):
        raise rows
    return await in_portions(rows, make)


def make_access(
    users: Sequence[User],
    roles: Sequence[Role],
    resources: Sequence[Resource],
    applications: Sequence[WebApplication],
    *,
    escalation: Mapping[str, tuple[str, ...]] | None = None,
    notes: Sequence[str] = (),
) -> Access:
    """The access of these records. `escalation`: user name -> escalation roles."""
    model = privileges.AccessModel(
        users=[
            privileges.User(user.name, user.roles, (escalation or {}).get(user.name, ()), user.enabled)
            for user in users
        ],
        roles=[_role(role) for role in roles],
        public={resource.name: resource.public for resource in resources},
        applications=[_application(application) for application in applications],
    )
    return Access(tuple(users), tuple(roles), tuple(resources), tuple(applications), model, tuple(notes))


def _role(role: Role) -> privileges.Role:
    held: dict[str, Permission] = {}
    for name, letters in role.resources:
        if letters:
            held[name] = held.get(name, Permission.NONE) | parse_permission(letters)
    return privileges.Role(role.name, held, role.granted_roles, role.escalation_only)


def _application(application: WebApplication) -> privileges.Application:
    always = tuple(role for match, targets in application.match_roles or () if not match for role in targets)
    matching = tuple((match, targets) for match, targets in application.match_roles or () if match)
    return privileges.Application(
        application.name,
        application.resource or "",
        always,
        matching,
        application.namespace,
        application.enabled,
    )


async def _users(
    instance: Instance, detail: Rows | InstanceProblem, notes: list[str]
) -> tuple[list[User], dict[str, tuple[str, ...]]]:
    """Users, and their escalation roles by name: from Detail if it was read, as List has no escalation roles."""
    if isinstance(detail, InstanceProblem):
        # List needs the same privilege as Detail, so its problem is raised.
        users = await list_users(instance)
        notes.append("Escalation roles are not known: the details of the users cannot be read.")
        return users, {}
    found = await _made(detail, _detailed)
    users = by_name(user for user, _ in found)
    # Versions before 2024 have no such roles. UNVERIFIED: that Detail has a column EscalationRoles, and that it is a
    # comma list (facts: iris-security 2.5). Settle: evidence Security.Users:Detail by SQL.
    return users, {user.name: roles for user, roles in found if roles}


def _detailed(row: Row) -> tuple[User, tuple[str, ...] | None] | None:
    user = user_of(row)
    return (user, as_names(row.get("escalationroles"))) if user else None
