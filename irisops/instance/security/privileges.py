"""Who may do what, and through which grant: a pure model of users, roles, resources and applications.

A privilege is `resource:permission`. A user holds those of its roles, of the roles granted to those roles (cycles are
legal and harmless), and the public permissions of each resource; `%All` holds everything although its own resource
list is empty (facts: iris-security 3.1). Escalation roles add nothing until the user escalates. A web application adds
its application roles always, and matching roles to users who hold the match role (facts: iris-security 3.5).

Names are compared without regard to case and shown as they were written (facts: iris-security 1).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from irisops.instance.security.permissions import Permission

ALL = "%all"
"""Key of the role that holds every privilege."""


@dataclass(frozen=True, slots=True)
class User:
    """A user. `roles` are those assigned directly, in order."""

    name: str
    roles: tuple[str, ...] = ()
    escalation_roles: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its own privileges and the roles granted to it."""

    name: str
    privileges: Mapping[str, Permission] = field(default_factory=dict)
    granted: tuple[str, ...] = ()
    escalation_only: bool = False


@dataclass(frozen=True, slots=True)
class Application:
    """A web application. `resource` "" means that none is required. `matching` is (match role, targets)."""

    name: str
    resource: str = ""
    application_roles: tuple[str, ...] = ()
    matching: tuple[tuple[str, tuple[str, ...]], ...] = ()
    namespace: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Grant:
    """One reason why a permission is held.

    `kind`: role, public, application, matching, escalation, all. `chain` are the roles walked, outermost first: the
    first is assigned to the user (or added by the application), the last holds `permission` itself.
    """

    kind: str
    chain: tuple[str, ...]
    permission: Permission

    def sentence(self, resource: str) -> str:
        """The path in words, e.g. `role Clerk → granted role Reader → HR:R`."""
        everything = self.kind != "public" and self.chain[-1].lower() == ALL
        end = "every privilege" if everything else f"{resource}:{self.permission.letters}"
        return f"{self.way} → {end}"

    @property
    def way(self) -> str:
        """The path without where it leads, e.g. `role Clerk → granted role Reader`."""
        if self.kind == "public":
            return "public permission of the resource"
        start = {
            "role": "role",
            "all": "role",
            "application": "application role",
            "matching": "matching role",
            "escalation": "escalation role (only after escalating)",
        }[self.kind]
        return f"{start} {' → granted role '.join(self.chain)}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether `user` has `permission` on `resource`, by which paths, and what is missing.

    For a change that would allow it see `irisops.instance.security.smallest_fix`.
    """

    user: str
    resource: str
    permission: Permission
    allowed: bool
    grants: tuple[Grant, ...]
    missing: Permission
    on_escalation: tuple[Grant, ...] = ()


class UnknownName(LookupError):  # noqa: N818 - it names what is unknown
    """A user, role or application that is not in the model: `kind` and `name`."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is no {kind} named '{name}'")
        self.kind = kind
        self.name = name


@dataclass(frozen=True)
class AccessModel:
    """A snapshot of users, roles, resources and applications. Answers are computed without the instance."""

    users: Sequence[User]
    roles: Sequence[Role]
    public: Mapping[str, Permission] = field(default_factory=dict)
    """Resource -> public permission. Also the list of known resources."""
    applications: Sequence[Application] = ()

    @cached_property
    def _users(self) -> dict[str, User]:
        return {user.name.lower(): user for user in self.users}

    @cached_property
    def _roles(self) -> dict[str, Role]:
        return {role.name.lower(): role for role in self.roles}

    @cached_property
    def _public(self) -> dict[str, Permission]:
        return {name.lower(): permission for name, permission in self.public.items()}

    @cached_property
    def _spelling(self) -> dict[str, str]:
        """Resource key -> as written: the resource table first, then the roles."""
        names = {name.lower(): name for role in self.roles for name in role.privileges}
        return names | {name.lower(): name for name in self.public}

    def spelled(self, resource: str) -> str:
        """A resource as it was written; an unknown one as given."""
        return self._spelling.get(resource.lower(), resource)

    def user(self, name: str) -> User:
        """Raises `UnknownName`."""
        try:
            return self._users[name.lower()]
        except KeyError:
            raise UnknownName("user", name) from None

    def role(self, name: str) -> Role:
        """Raises `UnknownName`."""
        try:
            return self._roles[name.lower()]
        except KeyError:
            raise UnknownName("role", name) from None

    def application(self, name: str) -> Application:
        """Raises `UnknownName`. A trailing slash does not matter."""
        wanted = name.lower().rstrip("/")
        for application in self.applications:
            if application.name.lower().rstrip("/") == wanted:
                return application
        raise UnknownName("web application", name)

    def chains(self, roles: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Every role reached from `roles`: key -> shortest chain of names that leads to it.

        A role that does not exist (dangling) is included but grants nothing.
        """
        reached: dict[str, tuple[str, ...]] = {}
        waiting: deque[tuple[str, ...]] = deque((self._written(role),) for role in roles)
        while waiting:
            chain = waiting.popleft()
            key = chain[-1].lower()
            if key in reached:
                continue
            reached[key] = chain
            role = self._roles.get(key)
            if role is not None:
                waiting.extend((*chain, self._written(granted)) for granted in role.granted)
        return reached

    def _written(self, role: str) -> str:
        known = self._roles.get(role.lower())
        return known.name if known else role

    def privileges_of_roles(self, roles: Iterable[str]) -> dict[str, Permission]:
        """Permissions of the roles together, by resource key, including public ones. `%All` yields every known one."""
        reached = self.chains(roles)
        held = {key: permission for key, permission in self._public.items() if permission}
        if ALL in reached:
            everything = Permission.R | Permission.W | Permission.U
            return dict.fromkeys(self._spelling, everything)
        for key in reached:
            role = self._roles.get(key)
            for resource, permission in role.privileges.items() if role else ():
                held[resource.lower()] = held.get(resource.lower(), Permission.NONE) | permission
        return {key: permission for key, permission in held.items() if permission}

    def roles_in(self, user: User, application: Application | None) -> list[tuple[str, str]]:
        """(kind, role) of `user`: its own roles, then those that the application adds."""
        found = [("role", role) for role in user.roles]
        if application is not None:
            found += [("application", role) for role in application.application_roles]
            # UNVERIFIED: that a match role held through another role counts. Settle: give a user a role that is
            # granted the match role, open the application and look at $ROLES.
            held = self.chains(user.roles)
            for match, targets in application.matching:
                if match.lower() in held:
                    found += [("matching", role) for role in targets]
        return found

    def effective(self, user_name: str, application: str = "") -> dict[str, Permission]:
        """Resource as written -> permission, public ones included. Raises `UnknownName`."""
        user = self.user(user_name)
        app = self.application(application) if application else None
        held = self.privileges_of_roles(role for _, role in self.roles_in(user, app))
        return {self.spelled(key): permission for key, permission in held.items()}

    def is_superuser(self, user_name: str) -> bool:
        """True if the user holds `%All`, directly or through roles."""
        return ALL in self.chains(self.user(user_name).roles)

    def superusers(self, *, enabled_only: bool = True) -> list[str]:
        """Users who hold `%All`, directly or through roles."""
        return [
            user.name
            for user in self.users
            if (user.enabled or not enabled_only) and ALL in self.chains(user.roles)
        ]

    def _grants(self, kinds: Iterable[tuple[str, str]], resource: str, wanted: Permission) -> Iterator[Grant]:
        key = resource.lower()
        seen: set[tuple[str, str]] = set()
        for kind, start in kinds:
            for reached, chain in self.chains([start]).items():
                if (kind, reached) in seen:
                    continue
                seen.add((kind, reached))
                if reached == ALL:
                    yield Grant("all" if kind == "role" else kind, chain, wanted)
                    continue
                role = self._roles.get(reached)
                for name, permission in role.privileges.items() if role else ():
                    if name.lower() == key and permission & wanted:
                        yield Grant(kind, chain, permission & wanted)

    def check(
        self, user_name: str, resource: str, permission: Permission, application: str = ""
    ) -> Explanation:
        """Allowed or not, and every path. Raises `UnknownName`.

        A disabled user is treated as if enabled.
        """
        user = self.user(user_name)
        app = self.application(application) if application else None
        grants = []
        public = self._public.get(resource.lower(), Permission.NONE) & permission
        if public:
            grants.append(Grant("public", (), public))
        grants += sorted(
            self._grants(self.roles_in(user, app), resource, permission), key=lambda grant: len(grant.chain)
        )
        held = Permission.NONE
        for grant in grants:
            held |= grant.permission
        missing = permission & ~held
        escalation = tuple(
            self._grants([("escalation", role) for role in user.escalation_roles], resource, permission)
        )
        return Explanation(
            user.name,
            self.spelled(resource),
            permission,
            allowed=not missing,
            grants=tuple(grants),
            missing=missing,
            on_escalation=escalation if missing else (),
        )

    def who_can(self, resource: str, permission: Permission) -> list[tuple[User, tuple[Grant, ...]]]:
        """Users who hold all of `permission` on `resource`, with their paths."""
        found = []
        for user in self.users:
            explanation = self.check(user.name, resource, permission)
            if explanation.allowed:
                found.append((user, explanation.grants))
        return found

    def members(self, role_name: str) -> list[tuple[User, tuple[str, ...]]]:
        """Users who hold the role, with the chain from their own role to it (length 1: directly)."""
        key = role_name.lower()
        found = []
        for user in self.users:
            chain = self.chains(user.roles).get(key)
            if chain is not None:
                found.append((user, chain))
        return found

    def with_user(self, changed: User) -> AccessModel:
        """A copy with this user added, or in place of the one of that name."""
        return replace(self, users=[*_without(self.users, changed.name), changed])

    def with_role(self, changed: Role) -> AccessModel:
        """A copy with this role added, or in place of the one of that name."""
        return replace(self, roles=[*_without(self.roles, changed.name), changed])

    def without_user(self, name: str) -> AccessModel:
        """A copy without a user."""
        return replace(self, users=_without(self.users, name))

    def without_role(self, name: str) -> AccessModel:
        """A copy without a role: users and roles lose it too (facts: iris-security 3.1, Delete)."""

        def rest(roles: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(role for role in roles if role.lower() != name.lower())

        users = [
            replace(user, roles=rest(user.roles), escalation_roles=rest(user.escalation_roles))
            for user in self.users
        ]
        roles = [replace(role, granted=rest(role.granted)) for role in _without(self.roles, name)]
        return replace(self, users=users, roles=roles)


N = TypeVar("N", User, Role)


def _without(records: Sequence[N], name: str) -> list[N]:
    return [each for each in records if each.name.lower() != name.lower()]
