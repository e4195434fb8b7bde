"""Gathers the facts for the preflight: only reads, each of which may fail without stopping the others.

Only the try of default passwords affects accounts: once each, and never near an account's limit of failed logins.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from irisops.instance.calls import ClassMethod, Value
from irisops.instance.class_queries import read_rows
from irisops.instance.errors import (
    InstanceError,
    InstanceProblem,
    LoginRefused,
    NamespaceUnknown,
    NotAvailable,
    NotPermitted,
    PasswordChangeRequired,
    Unreachable,
)
from irisops.instance.helper import read_property, read_system_setting
from irisops.instance.models import community_key, in_use_of
from irisops.instance.routes import Instance, value_by
from irisops.instance.security.lists import BINDINGS, list_applications, list_resources, list_users
from irisops.instance.security.object_state import login_bits
from irisops.instance.security.permissions import Permission
from irisops.instance.security.settings_state import read_settings
from irisops.instance.target import Target
from irisops.instance.usage.license import license_rows
from irisops.instance.values import as_flag, as_int
from irisops.sharing.lease import Where
from irisops.sharing.snapshot import ApplicationFact, InstanceFacts, ProbeFact, UserFact
from irisops.sharing.teardown import Connector

KNOWN_PASSWORDS: tuple[tuple[str, str], ...] = (
    ("_SYSTEM", "SYS"),
    ("SuperUser", "SYS"),
    ("Admin", "SYS"),
    ("CSPSystem", "SYS"),
    ("demo", "demo"),
)
"""Accounts with documented default passwords (facts: iris-license-sessions 7.4, ngrok-keyring C1)."""

SPARE_ATTEMPTS = 3
"""Failed logins that must be left before the limit for a try to be made: two remain for the owner."""

NOT_ENABLED = "it is disabled"
"""Reason for no try."""
UNREADABLE = "the account used here may not read it"


class _Gathered:
    """Facts read so far, and reasons for missing ones."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.unread: dict[str, str] = {}

    def miss(self, fact: str, problem: Exception) -> None:
        self.unread[fact] = problem.message if isinstance(problem, InstanceProblem) else str(problem)


async def gather(instance: Instance) -> InstanceFacts:
    """A snapshot of the instance, whose connection is in %SYS. Raises Unreachable alone."""
    found = _Gathered()
    reads: Sequence[tuple[str, Callable[[Instance], Awaitable[Any]]]] = (
        ("users", _users),
        ("public_databases", _public_databases),
        ("login_events", _login_events),
        ("audit_enabled", _audit_enabled),
        ("bindings_authentication", _bindings),
        ("applications", _applications),
        ("units_limit", _units("KeyLicenseUnits")),
        ("units_used", _units("LUConsumed")),
        ("system_mode", _system_mode),
    )
    for fact, read in reads:
        try:
            found.values[fact] = await read(instance)
        except Unreachable:
            raise
        except (InstanceProblem, LookupError) as problem:
            found.miss(fact, problem)
    with contextlib.suppress(InstanceError, NotPermitted, NotAvailable):  # on most keys it adds nothing
        customer = await value_by(
            instance, "license.customer", ClassMethod("%SYSTEM.License", "KeyCustomerName")
        )
        found.values["community"] = community_key(str(customer or ""))
    if found.values.get("community") and "units_used" in found.values:
        await _connections(instance, found)
    return InstanceFacts(**found.values, unread=tuple(found.unread.items()))


async def _connections(instance: Instance, found: _Gathered) -> None:
    """Take the connections for the units of a Community Edition; without them those in use are not known."""
    used = found.values.pop("units_used")
    try:
        rows = await license_rows(instance)
    except (InstanceError, NotPermitted, NotAvailable) as problem:
        found.miss("units_used", problem)
        return
    found.values["units_used"] = in_use_of(used, sum(row.places for row in rows))


async def _users(instance: Instance) -> tuple[UserFact, ...]:
    return tuple(
        UserFact(
            name=user.name,
            enabled=user.enabled,
            roles=user.roles,
            used=user.last_login is not None if user.last_login_known else None,
        )
        for user in await list_users(instance)
    )


async def _public_databases(instance: Instance) -> tuple[tuple[str, str], ...]:
    return tuple(
        (resource.name, resource.public.letters)
        for resource in await list_resources(instance)
        if resource.name.upper().startswith("%DB_") and resource.public & (Permission.R | Permission.W)
    )


async def _login_events(instance: Instance) -> tuple[tuple[str, bool], ...]:
    rows = (await read_rows(instance, "audit.events", ("%System", "%Login", "*"))).dicts()
    return tuple(
        ("/".join(str(row[key]) for key in ("source", "type", "name")), as_flag(row["enabled"]))
        for row in rows
        if str(row["name"] or "").casefold() in {"login", "loginfailure"}
    )


async def _audit_enabled(instance: Instance) -> bool:
    return as_flag(await _system_setting(instance, "AuditEnabled"))


async def _system_setting(instance: Instance, name: str) -> Value:
    """A property of `Security.System` (facts: iris-security 3.6). Raises LookupError if it cannot be seen."""
    value = await read_system_setting(instance, name)
    if value is None:
        raise LookupError(UNREADABLE)
    return value


async def _bindings(instance: Instance) -> int:
    found = await read_settings(instance, "service", [BINDINGS], only=("auth",))
    if BINDINGS.casefold() not in found:
        raise LookupError(UNREADABLE)
    return login_bits(found[BINDINGS.casefold()])


async def _applications(instance: Instance) -> tuple[ApplicationFact, ...]:
    """Each object is opened: what lists show of authentication is not known for certain (facts: iris-security 3.5)."""
    names = [application.name for application in await list_applications(instance)]
    found = await read_settings(instance, "application", names, only=("enabled", "auth", "roles", "resource"))
    return tuple(
        ApplicationFact(
            each.name,
            each.flag("enabled"),
            login_bits(each),
            target_roles(each.names("roles")),
            each.text("resource"),
        )
        for each in found.values()
    )


def target_roles(groups: Iterable[str]) -> tuple[str, ...]:
    """Roles added by match-role groups: `match:target:target`, also joined by commas (facts: iris-security 3.5)."""
    roles: dict[str, None] = {}
    for text in groups:
        for group in str(text).split(","):
            roles |= dict.fromkeys(part for part in group.split(":")[1:] if part)
    return tuple(roles)


def _units(method: str) -> Callable[[Instance], Awaitable[int | None]]:
    async def read(instance: Instance) -> int | None:
        return as_int(await value_by(instance, "license.counts", ClassMethod("%SYSTEM.License", method)))

    return read


async def _system_mode(instance: Instance) -> str:
    # Without its argument: with one it sets the mode (facts: iris-license-sessions 5.3).
    mode = await value_by(instance, "system.mode", ClassMethod("%SYSTEM.Version", "SystemMode"))
    return str(mode or "").strip().upper()


async def probe_default_passwords(
    instance: Instance, connector: Connector, where: Where, users: Sequence[UserFact]
) -> tuple[ProbeFact, ...]:
    """Try each well-known password once. Never locks an account: skipped where the limit is near or not known.

    A try is a login, so it costs a license unit for a moment, and a failed one counts against the account.
    """
    limit = await _failed_login_limit(instance)
    known = {user.name.casefold(): user for user in users}
    results = []
    for name, password in KNOWN_PASSWORDS:
        user = known.get(name.casefold())
        if user is None or user.name.casefold() == where.user.casefold():
            continue  # missing, or the account in use, whose password the person knows
        reason = "" if not user.enabled else await _risk(instance, user, limit)
        if not user.enabled:
            results.append(ProbeFact(user.name, "refused", NOT_ENABLED))
        elif reason:
            results.append(ProbeFact(user.name, "skipped", reason))
        else:
            results.append(await _try_login(connector, where, user.name, password))
    return tuple(results)


async def _failed_login_limit(instance: Instance) -> int | None:
    """`InvalidLoginLimit`, 0 for none; None when it cannot be read (facts: iris-security 3.6)."""
    try:
        return as_int(await _system_setting(instance, "InvalidLoginLimit"))
    except Unreachable:
        raise
    except (InstanceProblem, LookupError):
        return None


async def _risk(instance: Instance, user: UserFact, limit: int | None) -> str:
    """Why a try is not made, or "" if it is harmless."""
    if limit is None:
        return "the limit of failed logins cannot be read"
    if limit == 0:
        return ""
    try:
        value = await read_property(
            instance, "users.read", "Security.Users", user.name, "InvalidLoginAttempts"
        )
    except InstanceProblem as problem:
        return f"its failed logins cannot be read: {problem.message}"
    failed = as_int(value)
    if failed is None:
        return "its failed logins cannot be read"
    if limit - failed < SPARE_ATTEMPTS:
        return f"a try could bring it near its lock ({failed} failed of {limit} allowed)"
    return ""


async def _try_login(connector: Connector, where: Where, user: str, password: str) -> ProbeFact:
    """Log in once and log out."""
    login = connector(Target(where.host, where.port, "%SYS", user, sslconfig=where.sslconfig))
    try:
        await login.connect(password)
        found = ProbeFact(user, "works")
    except PasswordChangeRequired:
        found = ProbeFact(user, "works", "and must be changed at the next login")
    except LoginRefused as problem:  # also for a disabled or expired account
        found = ProbeFact(user, "refused", problem.message)
    except (NamespaceUnknown, NotPermitted):
        # The password was right: a wrong one is refused differently.
        found = ProbeFact(user, "works", "though it may not enter %SYS")
    except InstanceProblem as problem:
        found = ProbeFact(user, "unknown", problem.message)
    finally:
        await asyncio.shield(login.disconnect())
    return found
