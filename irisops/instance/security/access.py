"""What access depends on, read from the instance in a handful of round trips, as the pure model of `privileges`.

One read each for users, roles, resources and web applications. Roles and users are necessary; what else cannot be read
is said in `notes`, and the answers are given without it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from irisops.instance.calls import ClassQuery, Query
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.features import Route
from irisops.instance.models import Role, User
from irisops.instance.routes import Instance, first_route, for_reads
from irisops.instance.security import privileges
from irisops.instance.security.permissions import Permission, parse_permission
from irisops.instance.security.resources import Resource, list_resources
from irisops.instance.security.roles import list_roles
from irisops.instance.security.users import list_users, user_of
from irisops.instance.security.webapps import WebApplication, list_applications
from irisops.instance.values import Row, as_names, in_portions

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
    """Plain sentences: what could not be read, and what the answers leave out for it."""

    def user(self, name: str) -> User:
        """The record of a user, by name in any case. Raises `privileges.UnknownName`."""
        for user in self.users:
            if user.name.casefold() == name.casefold():
                return user
        raise privileges.UnknownName("user", name)

    def with_application(self, changed: WebApplication) -> Access:
        """The same with more known of one application."""
        applications = tuple(changed if each.name == changed.name else each for each in self.applications)
        model = privileges.AccessModel(
            self.model.users, self.model.roles, self.model.public, [_application(a) for a in applications]
        )
        return Access(self.users, self.roles, self.resources, applications, model, self.notes)


async def read_access(instance: Instance) -> Access:
    """Read it all. Raises NotAvailable or NotPermitted (%Admin_Secure:U) when users or roles cannot be read."""
    users, escalation, notes = await _users(instance)
    roles = await list_roles(instance)
    resources = await _or_note(
        list_resources(instance), notes, "Public permissions are not known: the resources cannot be read"
    )
    applications = await _or_note(
        list_applications(instance), notes, "Web applications are left out: they cannot be read"
    )
    return make_access(users, roles, resources, applications, escalation=escalation, notes=notes)


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


async def _users(instance: Instance) -> tuple[list[User], dict[str, tuple[str, ...]], list[str]]:
    """Users, their escalation roles by name, and notes. Detail first: List has no escalation roles."""

    async def attempt(route: Route) -> list[tuple[User, tuple[str, ...] | None]]:
        if route.kind == "sql":
            answer = await instance.call(Query("SELECT * FROM Security.Users_Detail('*')"))
        else:
            answer = await instance.call(
                ClassQuery("Security.Users:Detail", ("*",), ("Name", "Enabled", "Roles"))
            )
        return await in_portions(answer.rows, _detailed)

    try:
        found = await first_route(instance, "users.detail", attempt, again=for_reads)
    except Unreachable:
        raise
    except InstanceProblem:
        # List needs no less than Detail, so its problem is the one to tell.
        users = await list_users(instance)
        return users, {}, ["Escalation roles are not known: the details of the users cannot be read."]
    users = sorted((user for user, _ in found), key=lambda user: user.name.casefold())
    # UNVERIFIED: that Detail has a column EscalationRoles, and that it is a comma list (facts: iris-security 2.5).
    # To settle: SELECT * FROM Security.Users_Detail('*'). Versions before 2024 have no such roles.
    return users, {user.name: roles for user, roles in found if roles}, []


def _detailed(row: Row) -> tuple[User, tuple[str, ...] | None] | None:
    user = user_of(row)
    return (user, as_names(row.get("escalationroles"))) if user else None


async def _or_note(read: Awaitable[list[T]], notes: list[str], what: str) -> list[T]:
    """The list, or nothing and a note. A lost connection is raised."""
    try:
        return await read
    except Unreachable:
        raise
    except InstanceProblem as problem:
        notes.append(f"{what} ({problem.message.rstrip('.')}).")
        return []
