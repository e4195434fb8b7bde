"""Gathering what preflight looks at: reads alone, each of which may fail without stopping the others.

The one thing here that touches an account is the try of default passwords: once each, and never where it could bring an
account near its limit of failed logins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from irisops.instance.calls import Answer, Call, Caller, ClassMethod, ObjectCall, ObjectStep, Query, Value
from irisops.instance.connection import Target
from irisops.instance.errors import (
    InstanceProblem,
    LoginRefused,
    NamespaceUnknown,
    NotPermitted,
    PasswordChangeRequired,
)
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
"""Accounts with passwords that are in manuals (facts: iris-license-sessions 7.4, ngrok-keyring C1)."""

SPARE_ATTEMPTS = 3
"""A try is made only if the account has this many failed logins left before its limit: two remain for its owner."""

UNREADABLE = "the account used here may not read it"


class _Gathered:
    """Facts as they come in, with the reasons of those that do not."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.unread: dict[str, str] = {}

    def miss(self, fact: str, problem: Exception) -> None:
        self.unread[fact] = problem.message if isinstance(problem, InstanceProblem) else str(problem)


async def gather(caller: Caller) -> InstanceFacts:
    """A snapshot of the instance behind `caller`, which is in %SYS. Raises Unreachable alone."""
    found = _Gathered()
    await _read_lists(caller, found)
    await _read_objects(caller, found)
    await _read_license(caller, found)
    return InstanceFacts(**found.values, unread=tuple(found.unread.items()))


def _dicts(answer: Answer | Exception) -> list[dict[str, Value]]:
    """Rows of an answer; raises what it is if it is a problem."""
    if isinstance(answer, Exception):
        raise answer
    return answer.rows.dicts() if answer.rows else []


def _yes(value: Value) -> bool:
    """Class queries show `Yes`/`No`, objects 1/0 (facts: iris-security 1)."""
    return str(value).strip().casefold() in {"1", "yes", "true"}


async def _read_lists(caller: Caller, found: _Gathered) -> None:
    users, resources, events = await caller.batch(
        [
            Query("SELECT Name, Enabled, Roles, LastLoginTime FROM Security.Users_List('*')"),
            Query("SELECT Name, PublicPermission FROM Security.Resources_List('*')"),
            Query("SELECT Source, Type, Name, Enabled FROM Security.Events_List('%System','%Login','*')"),
        ]
    )
    try:
        found.values["users"] = tuple(
            UserFact(
                name=str(row["name"] or ""),
                enabled=_yes(row["enabled"]),
                roles=tuple(part.strip() for part in str(row["roles"] or "").split(",") if part.strip()),
                used=_ever(row["lastlogintime"]),
            )
            for row in _dicts(users)
        )
    except InstanceProblem as problem:
        found.miss("users", problem)
    try:
        found.values["public_databases"] = tuple(
            (str(row["name"]), str(row["publicpermission"]))
            for row in _dicts(resources)
            if str(row["name"] or "").upper().startswith("%DB_")
            and set(str(row["publicpermission"] or "")) & set("RW")
        )
    except InstanceProblem as problem:
        found.miss("public_databases", problem)
    try:
        found.values["login_events"] = tuple(
            ("/".join(str(row[key]) for key in ("source", "type", "name")), _yes(row["enabled"]))
            for row in _dicts(events)
            if str(row["name"] or "").casefold() in {"login", "loginfailure"}
        )
    except InstanceProblem as problem:
        found.miss("login_events", problem)


def _ever(value: Value) -> bool:
    """Whether a last login means that there was one. UNVERIFIED: how "never" is shown; an empty value and the first
    day of IRIS's calendar are taken for it. Settle: SELECT LastLoginTime FROM Security.Users_List('*').
    """
    if value is None:
        return False
    if isinstance(value, date | datetime):
        return value.year > 1841
    text = str(value).strip()
    return bool(text) and not text.startswith(("1840", "1841", "Never", "never", "0"))


async def _read_objects(caller: Caller, found: _Gathered) -> None:
    system = ObjectCall("Security.System", "%OpenId", ("SYSTEM",), (ObjectStep("get", "AuditEnabled"),))
    bindings = ObjectCall(
        "Security.Services", "%OpenId", ("%service_bindings",), (ObjectStep("get", "AutheEnabled"),)
    )
    names = Query("SELECT Name FROM Security.Applications_List('*')")
    audit, service, applications = await caller.batch([system, bindings, names])
    if isinstance(audit, Answer) and audit.found and audit.values:
        found.values["audit_enabled"] = _yes(audit.values[0])
    else:
        found.miss("audit_enabled", audit if isinstance(audit, Exception) else LookupError(UNREADABLE))
    if isinstance(service, Answer) and service.found and service.values:
        found.values["bindings_authentication"] = _number(service.values[0])
    else:
        found.miss(
            "bindings_authentication", service if isinstance(service, Exception) else LookupError(UNREADABLE)
        )
    try:
        listed = [str(row["name"] or "") for row in _dicts(applications)]
    except InstanceProblem as problem:
        found.miss("applications", problem)
        return
    await _read_applications(caller, [name for name in listed if name.startswith("/")], found)


async def _read_applications(caller: Caller, names: Sequence[str], found: _Gathered) -> None:
    """Open each application object: the lists show neither authentication nor roles (facts: iris-security 3.5)."""
    steps = (
        ObjectStep("get", "Enabled"),
        ObjectStep("get", "AutheEnabled"),
        ObjectStep("invoke", "Count", path=("MatchRoles",)),
    )
    opened = await caller.batch(
        [ObjectCall("Security.Applications", "%OpenId", (name.lower(),), steps) for name in names]
    )
    facts: list[ApplicationFact] = []
    more: list[Call] = []
    for name, answer in zip(names, opened, strict=True):
        if isinstance(answer, InstanceProblem):
            found.miss("applications", answer)
            return
        if isinstance(answer, Exception):
            raise answer
        if not answer.found or len(answer.values) != 3:
            continue
        enabled, authentication, count = answer.values
        facts.append(ApplicationFact(name, _yes(enabled), _number(authentication)))
        groups = tuple(
            ObjectStep("invoke", "GetAt", (number,), ("MatchRoles",))
            for number in range(1, (_number(count) or 0) + 1)
        )
        more.append(ObjectCall("Security.Applications", "%OpenId", (name.lower(),), groups))
    with_roles = [index for index, call in enumerate(more) if isinstance(call, ObjectCall) and call.steps]
    answers = await caller.batch([more[index] for index in with_roles]) if with_roles else []
    for index, answer in zip(with_roles, answers, strict=True):
        if isinstance(answer, Exception):
            found.miss("applications", answer)
            return
        fact = facts[index]
        facts[index] = ApplicationFact(
            fact.name, fact.enabled, fact.authentication, target_roles(map(str, answer.values))
        )
    found.values["applications"] = tuple(facts)


def target_roles(groups: Any) -> tuple[str, ...]:
    """Roles that match-role groups add: `match:target:target`, also joined by commas (facts: iris-security 3.5)."""
    roles: dict[str, None] = {}
    for text in groups:
        for group in str(text).split(","):
            roles |= dict.fromkeys(part for part in group.split(":")[1:] if part)
    return tuple(roles)


def _number(value: Value) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


async def _read_license(caller: Caller, found: _Gathered) -> None:
    limit, used, customer, mode = await caller.batch(
        [
            ClassMethod("%SYSTEM.License", "KeyLicenseUnits"),
            ClassMethod("%SYSTEM.License", "LUConsumed"),
            ClassMethod("%SYSTEM.License", "KeyCustomerName"),
            # Without its argument: with one it sets the mode (facts: iris-license-sessions 5.3).
            ClassMethod("%SYSTEM.Version", "SystemMode"),
        ]
    )
    for name, answer in (("units_limit", limit), ("units_used", used)):
        if isinstance(answer, Exception):
            found.miss(name, answer)
        else:
            found.values[name] = _number(answer.value)
    if isinstance(customer, Answer):
        found.values["community"] = "community" in str(customer.value or "").casefold()
    if isinstance(mode, Answer):
        found.values["system_mode"] = str(mode.value or "").strip().upper()
    else:
        found.miss("system_mode", mode)


async def probe_default_passwords(
    caller: Caller, connector: Connector, where: Where, users: Sequence[UserFact]
) -> tuple[ProbeFact, ...]:
    """Try each well-known password once. Never locks an account: skipped where the limit is near or not known.

    A try is a login, so it costs a license unit for a moment, and a failed one counts against the account.
    """
    limit = await _failed_login_limit(caller)
    known = {user.name.casefold(): user for user in users}
    results = []
    for name, password in KNOWN_PASSWORDS:
        user = known.get(name.casefold())
        if user is None or user.name.casefold() == where.user.casefold():
            continue  # not there; or it is the account in use, whose password is the person's own knowledge
        reason = "" if not user.enabled else await _risk(caller, user, limit)
        if not user.enabled:
            results.append(ProbeFact(user.name, "refused", "it is disabled"))
        elif reason:
            results.append(ProbeFact(user.name, "skipped", reason))
        else:
            results.append(await _try_login(connector, where, user.name, password))
    return tuple(results)


async def _failed_login_limit(caller: Caller) -> int | None:
    """`InvalidLoginLimit`, 0 for none; None when it cannot be read (facts: iris-security 3.6)."""
    step = ObjectStep("get", "InvalidLoginLimit")
    try:
        answer = await caller.call(ObjectCall("Security.System", "%OpenId", ("SYSTEM",), (step,)))
    except InstanceProblem:
        return None
    return _number(answer.values[0]) if answer.found and answer.values else None


async def _risk(caller: Caller, user: UserFact, limit: int | None) -> str:
    """Why a try is not made; "" when it does no harm."""
    if limit is None:
        return "the limit of failed logins cannot be read"
    if limit == 0:
        return ""
    step = ObjectStep("get", "InvalidLoginAttempts")
    try:
        answer = await caller.call(ObjectCall("Security.Users", "%OpenId", (user.name.lower(),), (step,)))
    except InstanceProblem as problem:
        return f"its failed logins cannot be read: {problem.message}"
    failed = _number(answer.values[0]) if answer.found and answer.values else None
    if failed is None:
        return "its failed logins cannot be read"
    if limit - failed < SPARE_ATTEMPTS:
        return f"a try could bring it near its lock ({failed} failed of {limit} allowed)"
    return ""


async def _try_login(connector: Connector, where: Where, user: str, password: str) -> ProbeFact:
    """One login, closed at once."""
    login = connector(Target(where.host, where.port, "%SYS", user, sslconfig=where.sslconfig))
    try:
        await login.connect(password)
        found = ProbeFact(user, "works")
    except PasswordChangeRequired:
        found = ProbeFact(user, "works", "and must be changed at the next login")
    except LoginRefused as problem:  # a disabled or expired account, too
        found = ProbeFact(user, "refused", problem.message)
    except (NamespaceUnknown, NotPermitted):
        # The password was right, or the refusal would have been another one.
        found = ProbeFact(user, "works", "though it may not enter %SYS")
    except InstanceProblem as problem:
        found = ProbeFact(user, "unknown", problem.message)
    finally:
        await asyncio.shield(login.disconnect())
    return found
