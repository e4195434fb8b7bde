"""Users, roles, resources, services and web applications as the instance lists them, each by name.

A kind has a record, a function that makes one of a row (None of a row without a name), and a `list_…`, which raises
NotAvailable or NotPermitted (%Admin_Secure:U is needed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, TypeVar

from irisops.instance.calls import Value
from irisops.instance.class_queries import read_list
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.models import Role, User
from irisops.instance.routes import Instance
from irisops.instance.security.authentication import UNAUTHENTICATED
from irisops.instance.security.permissions import Permission, permission_of
from irisops.instance.values import Row, as_date, as_flag, as_int, as_names, as_privileges, as_text, as_utc

BINDINGS = "%Service_Bindings"
"""The superserver: this tool and every other driver connect through it."""
WEB_GATEWAY = "%Service_WebGateway"
_WEB_METHODS = (
    (4, "Kerberos"),
    (32, "Password"),
    (64, "Unauthenticated"),
    (2048, "LDAP"),
    (8192, "Delegated"),
    (16384, "Login token"),
    (67108864, "OAuth 2.0"),
)
"""Login methods of a web application, as bits and in words (facts: iris-security 3.4, iris-webapps-gateway 1.3)."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def by_name(records: Iterable[N]) -> list[N]:
    """Sorted by name, ignoring letter case."""
    return sorted(records, key=lambda each: each.name.casefold())


async def _detail_or_list(
    instance: Instance, detail: str, plain: str, make: Callable[[Row], N | None]
) -> list[N]:
    """Records of the query Detail or, if it cannot be read, of List, which has fewer columns."""
    try:
        found = await read_list(instance, detail, make)
    except Unreachable:
        raise
    except InstanceProblem:
        found = await read_list(instance, plain, make)
    return by_name(found)


# Users (facts: iris-security 2)

NEVER = ("", "0")
"""LastLoginTime of an account that never logged in: empty, or the first 0 of LoginDateTime (facts: iris-security 2.2).
Any other text that is no time means that the last login is unknown, not that there was none."""


def user_of(row: Row) -> User | None:
    """One user from a row of List or Detail."""
    name = as_text(row.get("name"))
    if not name:
        return None
    roles = as_names(row.get("roles"))
    return User(
        name=name,
        enabled=as_flag(row.get("enabled")),
        roles=roles,
        # UNVERIFIED: its form. Settle: doubt last-login.
        # UNVERIFIED: that it is in UTC. Settle: compare it with the property LoginDateTime of the object.
        last_login=(login := as_utc(row.get("lastlogintime"))),
        last_login_known=login is not None or as_text(row.get("lastlogintime", "?")) in NEVER,
        full_name=_text_if(row, "fullname"),
        comment=_text_if(row, "comment"),
        namespace=_text_if(row, "namespace"),
        routine=_text_if(row, "routine"),
        expires=as_date(row.get("expirationdate")),
        type=as_text(row.get("type")) or _type_of(row.get("flags")),
        change_password=_flag_if(row, "changepassword"),
        password_never_expires=_flag_if(row, "passwordneverexpires"),
        account_never_expires=_flag_if(row, "accountneverexpires"),
        superuser=any(role.casefold() == "%all" for role in roles),
    )


def _text_if(row: Row, column: str) -> str | None:
    return as_text(row[column]) if column in row else None


def _flag_if(row: Row, column: str) -> bool | None:
    return as_flag(row[column]) if column in row else None


def _type_of(flags: Value) -> str:
    """`Flags` in words: bit 0 password, 1 LDAP, 2 delegated (facts: iris-security 2.2); text stays as it is."""
    bits = as_int(flags)
    if bits is None:
        return as_text(flags)
    kinds = [word for bit, word in ((1, "Password"), (2, "LDAP"), (4, "Delegated")) if bits & bit]
    return ", ".join(kinds) + " user" if kinds else ""


async def list_users(instance: Instance) -> list[User]:
    """All users. If nobody has a last login, whether they have one is unknown: we are logged in ourselves."""
    users = by_name(await read_list(instance, "users.list", user_of))
    if not any(user.last_login for user in users):
        users = [user._replace(last_login_known=False) for user in users]
    return users


# Roles (facts: iris-security 3.1)


def role_of(row: Row) -> Role | None:
    """One role from a row of List."""
    name = as_text(row.get("name"))
    if not name:
        return None
    return Role(
        name=name,
        description=as_text(row.get("description")),
        resources=as_privileges(row.get("resources")),
        granted_roles=as_names(row.get("grantedroles")),
        escalation_only=as_flag(row.get("escalationonly")),
    )


async def list_roles(instance: Instance) -> list[Role]:
    """All roles with their resources."""
    return by_name(await read_list(instance, "roles.list", role_of))


# Resources (facts: iris-security 3.2)


class Resource(NamedTuple):
    """One resource. `public` is the permission that everybody has on it."""

    name: str
    description: str
    public: Permission
    kind: str = ""
    """`System`, `Database`, `Service`, ... in the instance's own words."""


def resource_of(row: Row) -> Resource | None:
    """One resource from a row of List."""
    name = as_text(row.get("name"))
    if not name:
        return None
    return Resource(
        name,
        as_text(row.get("description")),
        permission_of(row.get("publicpermission")),
        as_text(row.get("type")),
    )


async def list_resources(instance: Instance) -> list[Resource]:
    """All resources."""
    return by_name(await read_list(instance, "resources.list", resource_of))


# Services (facts: iris-security 3.3)


class Service(NamedTuple):
    """One service. `methods` and `clients` are None if the list read lacks them."""

    name: str
    enabled: bool
    public: bool
    description: str = ""
    methods: tuple[str, ...] | None = None
    """Login methods in the instance's own words."""
    clients: str | None = None
    """Allowed client addresses in the instance's own words."""


def service_of(row: Row) -> Service | None:
    """One service from a row of Detail or List."""
    name = as_text(row.get("name"))
    if not name:
        return None
    # Likely names of Detail's columns (facts: iris-security 3.3). Where they are others, the list leaves them out and
    # `/service NAME` reads the object. UNVERIFIED; settle: evidence Security.Services:Detail by SQL.
    methods = row.get("authenticationmethods")
    clients = row.get("allowedconnections")
    return Service(
        name,
        as_flag(row.get("enabled")),
        as_flag(row.get("public")),
        as_text(row.get("description")),
        None if methods is None else as_names(methods),
        None if clients is None else as_text(clients),
    )


async def list_services(instance: Instance) -> list[Service]:
    """All services."""
    return await _detail_or_list(instance, "services.detail", "services.list", service_of)


# Web applications (facts: iris-security 3.5)


class WebApplication(NamedTuple):
    """One web application. Fields that the list read lacks are None."""

    name: str
    namespace: str
    enabled: bool
    resource: str | None = None
    """Resource on which a visitor needs USE; "" for none."""
    match_roles: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    """(match role, roles added for its holders); match role "" means everybody."""
    methods: str = ""
    """Login methods in words."""
    unauthenticated: bool | None = None
    """True if visitors need no login."""
    dispatch_class: str = ""
    timeout: int | None = None
    """Seconds until a session ends by itself, 0 for never."""

    @property
    def complete(self) -> bool:
        """True if resource and match roles are known."""
        return self.resource is not None and self.match_roles is not None


def parse_match_roles(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """`Match1:TargetA:TargetB,:Always` -> pairs (facts: iris-security 3.5, MatchRoles string)."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for item in text.split(","):
        match, *targets = (part.strip() for part in item.split(":"))
        named = tuple(target for target in targets if target)
        if named:
            found.append((match, named))
    return tuple(found)


def roles_given(groups: Iterable[tuple[str, tuple[str, ...]]]) -> list[str]:
    """Roles that an application adds: `ROLE` to everybody, `ROLE (if MATCH)` to holders of MATCH."""
    return [f"{target} (if {match})" if match else target for match, targets in groups for target in targets]


def application_of(row: Row) -> WebApplication | None:
    """One web application from a row of Detail or List; None for anything else."""
    name = as_text(row.get("name"))
    # List and Detail have privileged routines and clients too; a web application starts with a slash (facts:
    # iris-security 3.5).
    if not name.startswith("/"):
        return None
    methods, unauthenticated = methods_of(row.get("autheenabled")) if "autheenabled" in row else ("", None)
    return WebApplication(
        name,
        as_text(row.get("namespace")),
        as_flag(row.get("enabled"), default=True),
        _text_if(row, "resource"),
        parse_match_roles(as_text(row["matchroles"])) if "matchroles" in row else None,
        methods,
        unauthenticated,
        as_text(row.get("dispatchclass")),
        # None where Detail has no such column (as marked at `list_applications`).
        as_int(row.get("timeout")),
    )


def methods_of(value: Value) -> tuple[str, bool]:
    """The methods in words, from the bitmask or the instance's own list of names."""
    bits = as_int(value)
    if bits is None:
        text = as_text(value)
        return text, "unauthenticated" in text.casefold()
    return ", ".join(word for bit, word in _WEB_METHODS if bits & bit), bool(bits & UNAUTHENTICATED)


# UNVERIFIED: whether Detail has Resource, MatchRoles, AutheEnabled and Timeout, and under these names (facts:
# iris-security 11, question 2); without them `complete` is False and `read_application` opens the object. Settle:
# evidence Security.Applications:Detail by SQL.
async def list_applications(instance: Instance) -> list[WebApplication]:
    """All web applications."""
    return await _detail_or_list(instance, "webapps.detail", "webapps.list", application_of)
