"""Kinds of object that /apply alone changes: system settings, audit events, TLS, SQL privileges and others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any

from irisops.changes.objects import Changes, Family, ObjectKind
from irisops.changes.turns import What
from irisops.connections.connection import Link
from irisops.contract.replies import Refusal
from irisops.contract.wording import counted, harmless, listed
from irisops.instance.models import User
from irisops.instance.namespace_changes import MAPPINGS, NAMESPACE_FIELDS, namespace_steps, read_namespaces
from irisops.instance.operations.databases import LIMIT_FIELDS, limit_steps, read_limits
from irisops.instance.operations.tasks import read_tasks, suspend
from irisops.instance.routes import Instance
from irisops.instance.security.access import Access
from irisops.instance.security.authentication import PASSWORD, UNAUTHENTICATED, bits_of, words_of
from irisops.instance.security.object_state import (
    Field,
    FieldValue,
    Kind,
    ObjectChange,
    ObjectState,
    Step,
    missing,
    same,
)
from irisops.instance.security.setting_changes import event_steps, tls_steps
from irisops.instance.security.setting_fields import (
    EVENT_FIELDS,
    LDAP_FIELDS,
    NEW_TLS,
    SYSTEM_FIELDS,
    TLS_FIELDS,
)
from irisops.instance.security.settings_state import read_settings, settings_steps
from irisops.instance.security.sql_holders import HOLDER_FIELDS, holder_steps, read_holders

_MOST_NAMED = 6
TASK_FIELDS: Mapping[str, Field] = {
    "id": Field("ID", "text", "number"),
    "Suspended": Field("Suspended", "flag", "suspended"),
}


Read = Callable[[Link, Sequence[str], Collection[str]], Coroutine[Any, Any, Mapping[str, ObjectState]]]


def _pairs(changes: Changes) -> list[tuple[ObjectState, ObjectState]]:
    return [(each.before, each.after) for each in changes if each.before and each.after]


def _login_bits(state: ObjectState) -> int:
    return bits_of(state.names("AutheEnabled"))


def _no_guard(_link: Link, _access: Access, _changes: Changes) -> None:
    """None of these lets this tool in, so none can lock it out."""


def _guard_tls(link: Link, _access: Access, changes: Changes) -> None:
    """Refuse what may break this tool's own TLS: which configuration the superserver uses is not read.

    Raises `Refusal`.
    """
    own = [harmless(each.name, 80) for each in _of_servers(changes)] if link.profile.sslconfig else []
    if own:
        raise Refusal(
            "OwnConnection",
            f"This tool is connected by TLS, and the superserver may use {listed(own, most=_MOST_NAMED)}.",
            "Take its file out of the folder, or connect without TLS to change it.",
        )


def _guard_ldap(link: Link, access: Access, _changes: Changes) -> None:
    """Refuse it to an account that the instance does not list. Raises `Refusal`."""
    if _own(link, access) is None:
        user = harmless(link.profile.user)
        raise Refusal(
            "OwnConnection",
            f"{user} is no account of the instance's own: this tool may have logged in by LDAP.",
            "Connect as an account of the instance to change LDAP configurations.",
        )


def _own(link: Link, access: Access) -> User | None:
    """This tool's account; None if the instance does not list it."""
    user = link.profile.user.casefold()
    return next((each for each in access.users if each.name.casefold() == user), None)


def _of_servers(changes: Changes) -> list[ObjectState]:
    """The TLS configurations of servers that are changed or deleted; one of a type that is not read counts as well."""
    return [each.before for each in changes if each.before and each.before.text("Type") != "client"]


def _guard_system(link: Link, access: Access, changes: Changes) -> None:
    """Refuse what would keep this tool from logging in again. Raises `Refusal`."""
    user, own = link.profile.user, _own(link, access)
    for before, after in _pairs(changes):
        gone = _login_bits(before) & ~_login_bits(after)
        if gone & PASSWORD:
            raise Refusal(
                "OwnConnection",
                "The instance keeps its password login: this tool logs in with one.",
                "Leave password among the ways of AutheEnabled.",
            )
        if gone & ~UNAUTHENTICATED and (own is None or not _login_bits(after) & PASSWORD):
            # An account that is not listed, or a login without passwords, was checked in one of these ways.
            raise Refusal(
                "OwnConnection",
                f"The instance keeps {listed(words_of(gone & ~UNAUTHENTICATED))}: this tool may have logged in so.",
                "Leave these among the ways of AutheEnabled.",
            )
        role = after.text("RequiredRole")
        if role and not same(before.text("RequiredRole"), role) and not _holds(access, own, role):
            raise Refusal(
                "OwnAccess",
                f"{harmless(user)}, the account you are using, does not hold {harmless(role, 80)}: without the "
                "required role this tool is locked out.",
                f"Give {harmless(user)} that role first.",
            )


def _holds(access: Access, own: User | None, role: str) -> bool:
    return own is not None and role.casefold() in {each.casefold() for each in access.model.chains(own.roles)}


def _of_system(_access: Access, changes: Changes, _own_user: str) -> tuple[list[str], list[str]]:
    effects, warnings = ["System security settings hold for the whole instance, from then on."], []
    for before, after in _pairs(changes):
        gone = _login_bits(before) & ~_login_bits(after)
        if gone:
            effects.append(f"Nobody logs in by {listed(words_of(gone))} any more, in any service.")
        if before.flag("AuditEnabled") and not after.flag("AuditEnabled"):
            warnings.append("Nothing is written to the audit log from then on.")
        if before.flag("SQLSecurity") and not after.flag("SQLSecurity"):
            warnings.append("SQL privileges are not asked for from then on.")
        if _freezes(after) and not _freezes(before):
            warnings.append("The instance may freeze where the audit log cannot be written (AuditFlags).")
        if days := _shorter(before, after, "PasswordExpirationDays"):
            warnings.append(
                f"Passwords older than {counted(days, 'day')} expire then, but for accounts whose password never does: "
                "this tool's account may be refused at its next login."
            )
        if days := _shorter(before, after, "InactiveLimit"):
            warnings.append(
                f"An account that was not used for {counted(days, 'day')} is inactive then; /dormant lists them."
            )
        if not same(before.text("RequiredRole"), after.text("RequiredRole")) and after.text("RequiredRole"):
            warnings.append(f"Only who holds {harmless(after.text('RequiredRole'), 80)} can log in.")
    return effects, warnings


def _freezes(state: ObjectState) -> bool:
    """True with the bit of AuditFlags that freezes (facts: iris-security 3.6)."""
    return bool(int(state.text("AuditFlags") or 0) & 1)


def _shorter(before: ObjectState, after: ObjectState, name: str) -> int:
    """The days of a limit that became shorter, or came; else 0, which is no limit."""
    was, becomes = (int(state.text(name) or 0) for state in (before, after))
    return becomes if becomes and (not was or becomes < was) else 0


def _of_events(_access: Access, changes: Changes, _own_user: str) -> tuple[list[str], list[str]]:
    off = [
        harmless(after.name, 80)
        for before, after in _pairs(changes)
        if not same(before.flag("Enabled"), after.flag("Enabled")) and not after.flag("Enabled")
    ]
    return [], [f"Not recorded any more: {listed(off, most=_MOST_NAMED)}."] if off else []


def _of_tls(_access: Access, changes: Changes, _own_user: str) -> tuple[list[str], list[str]]:
    warnings = []
    if any(each.after for each in changes):
        warnings.append(
            "Files of certificates and keys are not part of it: they must be on the instance's machine."
        )
    of_servers = [harmless(each.name, 80) for each in _of_servers(changes)]
    if of_servers:
        warnings.append(
            f"If the superserver uses {listed(of_servers, most=_MOST_NAMED)}, drivers that come by TLS may be refused."
        )
    gone = [harmless(each.name, 80) for each in changes if not each.after]
    if gone:
        warnings.append(
            f"Whether a service or a program uses {listed(gone, most=_MOST_NAMED)} is not known; passwords of keys are "
            "lost: /undo does not bring them back."
        )
    return [], warnings


def _of_privileges(_access: Access, _changes: Changes, _own_user: str) -> tuple[list[str], list[str]]:
    return ["SQL privileges count in their namespace alone, and apart from roles."], [
        "A privilege on what is not there stops the change at that step: /finish goes on when it is."
    ]


def _of_namespaces(_access: Access, changes: Changes, _own_user: str) -> tuple[list[str], list[str]]:
    mapped = [
        harmless(after.name, 80)
        for before, after in _pairs(changes)
        if any(missing(after.names(table), before.names(table)) for table in MAPPINGS)
    ]
    unmapped = [
        f"{harmless(entry, 80)} of {harmless(after.name, 80)}"
        for before, after in _pairs(changes)
        for table in MAPPINGS
        for entry in missing(before.names(table), after.names(table))
    ]
    warnings = []
    if parts := [harmless(part, 80) for each in changes if each.after for part in _parts_alone(each.after)]:
        warnings.append(
            f"With the first part of a global the instance maps the whole global, too, and /undo leaves that: "
            f"{listed(parts, most=_MOST_NAMED)} alone."
        )
    if mapped:
        names = listed(mapped, most=_MOST_NAMED)
        warnings.append(f"What {names} has of its own under a name is hidden while that is mapped elsewhere.")
    if unmapped:
        names = listed(unmapped, most=_MOST_NAMED)
        warnings.append(
            f"No longer mapped so: {names}. Data and code that were reached by it would seem to be gone."
        )
    return [], warnings


def _parts_alone(namespace: ObjectState) -> list[str]:
    """Mapped parts of globals that are not mapped as a whole (facts: iris-config-as-text 5.2)."""
    names = {entry.rpartition(" = ")[0] for entry in namespace.names("MapGlobals")}
    return sorted(each for each in names if "(" in each and each.partition("(")[0] not in names)


def _of_ldap(_access: Access, _changes: Changes, _own_user: str) -> tuple[list[str], list[str]]:
    return [], ["Wrong settings refuse who logs in by LDAP: try such a login before you leave."]


def _of_nothing(_access: Access, _changes: Changes, _own_user: str) -> tuple[list[str], list[str]]:
    return [], []


def _settings(kind: Kind) -> Read:
    async def read(link: Link, names: Sequence[str], fields: Collection[str]) -> Mapping[str, ObjectState]:
        return await read_settings(link.connection, kind, names, fields)

    return read


async def _holders(link: Link, names: Sequence[str], _fields: Collection[str]) -> Mapping[str, ObjectState]:
    return await read_holders(link.connection, names)


async def _namespaces(
    link: Link, names: Sequence[str], _fields: Collection[str]
) -> Mapping[str, ObjectState]:
    return await read_namespaces(link.connection, names)


async def _limits(link: Link, names: Sequence[str], _fields: Collection[str]) -> Mapping[str, ObjectState]:
    return await read_limits(link.connection, names)


async def _tasks(link: Link, names: Sequence[str], _fields: Collection[str]) -> Mapping[str, ObjectState]:
    """By name, as in the text; several of one name cannot be told apart and are left out."""
    wanted = {name.casefold() for name in names}
    named: dict[str, list[ObjectState]] = {}
    for each in await read_tasks(link.connection):
        if each.name.casefold() in wanted:
            fields: dict[str, FieldValue] = {"id": str(each.number), "Suspended": each.suspended}
            named.setdefault(each.name.casefold(), []).append(ObjectState("task", each.name, fields))
    return {key: some[0] for key, some in named.items() if len(some) == 1}


def _task_steps(change: ObjectChange, _secret: str) -> list[Step]:
    """Tasks are suspended and resumed; no other change of them is known."""
    number, suspended = int(change.state.text("id")), change.state.flag("Suspended")

    async def run(instance: Instance) -> None:
        await suspend(instance, number, suspended=suspended)

    return [Step(f"%SYS.Task.%Save {change.name}: Suspended {int(suspended)}", run)]


def _agrees(field_name: str, found: FieldValue | None, wanted: FieldValue | None) -> bool:
    return field_name == "id" or same(found, wanted)


_LOCK: What = "security settings"
SYSTEM = ObjectKind(
    "system security settings",
    "system security settings",
    Family(_guard_system, _of_system),
    _LOCK,
    SYSTEM_FIELDS,
    read=_settings("system"),
    steps=lambda change, _secret: settings_steps(change),
    nothing="none",
    past=lambda _change: "The system security settings are changed.",
)
AUDIT_EVENT = ObjectKind(
    "audit event",
    "audit events",
    Family(_no_guard, _of_events),
    _LOCK,
    EVENT_FIELDS,
    read=_settings("audit_event"),
    steps=lambda change, _secret: event_steps(change),
    nothing="none",
)
TLS = ObjectKind(
    "TLS configuration",
    "TLS configurations",
    Family(_guard_tls, _of_tls),
    _LOCK,
    TLS_FIELDS,
    read=_settings("tls"),
    steps=tls_steps,
    nothing="none",
    initial=NEW_TLS,
)
LDAP = ObjectKind(
    "LDAP configuration",
    "LDAP configurations",
    Family(_guard_ldap, _of_ldap),
    _LOCK,
    LDAP_FIELDS,
    read=_settings("ldap"),
    steps=lambda change, _secret: settings_steps(change),
    nothing="none",
)
SQL_HOLDER = ObjectKind(
    "holder of SQL privileges",
    "holders of SQL privileges",
    Family(_no_guard, _of_privileges),
    "SQL privileges",
    HOLDER_FIELDS,
    read=_holders,
    steps=lambda change, _secret: holder_steps(change),
)
TASK = ObjectKind(
    "task",
    "tasks",
    Family(_no_guard, _of_nothing),
    "tasks",
    TASK_FIELDS,
    read=_tasks,
    steps=_task_steps,
    passing=frozenset({"id"}),
    agrees=_agrees,
)
DATABASE = ObjectKind(
    "database",
    "databases",
    Family(_no_guard, _of_nothing),
    "databases",
    LIMIT_FIELDS,
    read=_limits,
    steps=lambda change, _secret: limit_steps(change),
    passing=frozenset({"directory"}),
)
NAMESPACE = ObjectKind(
    "namespace",
    "namespaces",
    Family(_no_guard, _of_namespaces),
    "namespaces",
    NAMESPACE_FIELDS,
    read=_namespaces,
    steps=lambda change, _secret: namespace_steps(change),
    nothing="none",
)
