"""Security tables (users, roles, resources ...) and the effective privileges that result from them.

The code that emulates a class changes the records; it then calls `touch` of the table and writes the audit record
itself, because it knows the acting user.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from irisops.simulator.world.model import (
    Application,
    AuditEvent,
    Database,
    NamedSettings,
    Namespace,
    OAuthClient,
    OAuthServer,
    Permission,
    Resource,
    Role,
    Service,
    SystemSecurity,
    User,
)
from irisops.simulator.world.tables import NameTable

ALL_ROLE = "%All"
FULL = Permission.READ | Permission.WRITE | Permission.USE


class SecurityTables:
    """The security database of one instance."""

    def __init__(self) -> None:
        self.users: NameTable[User] = NameTable(lambda user: user.name)
        self.roles: NameTable[Role] = NameTable(lambda role: role.name)
        self.resources: NameTable[Resource] = NameTable(lambda resource: resource.name)
        self.services: NameTable[Service] = NameTable(lambda service: service.name)
        self.applications: NameTable[Application] = NameTable(lambda application: application.name)
        self.events: NameTable[AuditEvent] = NameTable(
            lambda event: event_key(event.source, event.type, event.name)
        )
        self.namespaces: NameTable[Namespace] = NameTable(lambda namespace: namespace.name)
        self.databases: NameTable[Database] = NameTable(lambda database: database.name)
        self.oauth_servers: NameTable[OAuthServer] = NameTable(lambda server: server.issuer)
        self.oauth_clients: NameTable[OAuthClient] = NameTable(lambda client: client.name)
        self.own_oauth_server: NameTable[NamedSettings] = NameTable(lambda each: each.name)
        self.tls: NameTable[NamedSettings] = NameTable(lambda each: each.name)
        self.ldap: NameTable[NamedSettings] = NameTable(lambda each: each.name)
        self.system = SystemSecurity()
        self._closures: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._privileges: dict[tuple[str, ...], Mapping[str, Permission]] = {}
        self._cached_at: tuple[int, int] = (-1, -1)

    def role_closure(self, roles: Iterable[str]) -> tuple[str, ...]:
        """The roles and all roles they grant, directly or not, each once, in order of discovery; cycles are harmless.

        Unknown roles are omitted, because they grant nothing. So are escalation-only roles, because a login does not
        give them (facts: iris-security 2.2, 3.1).
        """
        key = tuple(roles)
        self._forget_if_changed()
        found = self._closures.get(key)
        if found is None:
            found = self._closures[key] = self._close(key)
        return found

    def privileges_of(self, roles: Iterable[str]) -> Mapping[str, Permission]:
        """Resource (lower case) -> permission, over the roles' closure. %All is not expanded: see `holds_all`."""
        key = tuple(roles)
        self._forget_if_changed()
        found = self._privileges.get(key)
        if found is None:
            sums: dict[str, Permission] = {}
            for name in self.role_closure(key):
                role = self.roles.get(name)
                for resource, permission in role.resources.items() if role else ():
                    lower = resource.lower()
                    sums[lower] = sums.get(lower, Permission.NONE) | permission
            found = self._privileges[key] = sums
        return found

    def holds_all(self, roles: Iterable[str]) -> bool:
        """True if %All is among the roles or those they grant."""
        return ALL_ROLE in self.role_closure(roles)

    def roles_permission(self, roles: Iterable[str], resource: str) -> Permission:
        """Permission of the roles on a resource, including its public one; %All has all (facts: iris-security 5)."""
        key = tuple(roles)
        if self.holds_all(key):
            return FULL
        record = self.resources.get(resource)
        public = record.public if record else Permission.NONE
        return public | self.privileges_of(key).get(resource.lower(), Permission.NONE)

    def delete_user(self, name: str) -> User | None:
        """Remove the user; None if unknown."""
        return self.users.remove(name)

    def delete_role(self, name: str) -> Role | None:
        """Remove the role, also from all users, roles and applications (facts: iris-security 3.1, Delete)."""
        role = self.roles.remove(name)
        lower = name.lower()
        for user in self.users:
            user.roles = _without(user.roles, lower)
            user.escalation_roles = _without(user.escalation_roles, lower)
        for other in self.roles:
            other.granted_roles = _without(other.granted_roles, lower)
        for application in self.applications:
            application.match_roles = {
                match: _without(targets, lower)
                for match, targets in application.match_roles.items()
                if match.lower() != lower
            }
        for table in (self.users, self.roles, self.applications):
            table.touch()
        return role

    def delete_resource(self, name: str) -> Resource | None:
        """Remove the resource, also from all roles (facts: iris-security 3.2)."""
        resource = self.resources.remove(name)
        lower = name.lower()
        for role in self.roles:
            role.resources = {key: value for key, value in role.resources.items() if key.lower() != lower}
        self.roles.touch()
        return resource

    def _forget_if_changed(self) -> None:
        state = (self.roles.revision, len(self.roles))
        if state != self._cached_at:
            self._cached_at = state
            self._closures.clear()
            self._privileges.clear()

    def _close(self, roles: tuple[str, ...]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        waiting = list(reversed(roles))
        while waiting:
            role = self.roles.get(waiting.pop())
            if role is None or role.escalation_only or role.name in found:
                continue
            found[role.name] = None
            waiting.extend(reversed(role.granted_roles))
        return tuple(found)


def event_key(source: str, kind: str, name: str) -> str:
    """The key of an audit event, `Source/Type/Name` (facts: iris-security 3.7)."""
    return f"{source}/{kind}/{name}"


def _without(names: list[str], lower: str) -> list[str]:
    return [name for name in names if name.lower() != lower]
