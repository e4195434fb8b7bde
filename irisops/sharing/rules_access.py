"""Preflight rules on access: accounts, applications, services, databases. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from irisops.sharing.finding import Finding, Level, names_of, unknown
from irisops.sharing.snapshot import UNAUTHENTICATED, InstanceFacts, Intent

OPEN_BY_DESIGN = frozenset({"%DB_IRISTEMP", "%DB_IRISLOCALDATA", "%DB_IRISLIB", "%DB_ENSLIB"})
"""System databases that are public on every instance: libraries and scratch space, no data.

UNVERIFIED: that these are all. Settle: SELECT Name, PublicPermission FROM Security.Resources_List('*') on a fresh one.
"""
NO_LOGINS = frozenset({"unknownuser", "_public", "cspsystem", "_ensemble"})
"""Accounts that the instance needs, though nobody logs in with them (facts: iris-security 2.6)."""


def _login_for(applications: Sequence[str]) -> tuple[str, ...]:
    """Command that makes web applications ask for a password."""
    return ("/app", *applications, "auth=-unauthenticated,+password")


def default_passwords(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Predefined accounts whose default password still works."""
    rule = "default-passwords"
    works = [probe.user for probe in facts.probes if probe.outcome == "works"]
    for user in works:
        yield Finding(
            rule,
            "red",
            f"{user} still has its default password",
            "Give it another one.",
            ("/password", user),
        )
    open_questions = [probe for probe in facts.probes if probe.outcome in {"skipped", "unknown"}]
    if open_questions:
        reasons = "; ".join(f"{probe.user}: {probe.reason}" for probe in open_questions)
        yield Finding(rule, "amber", "Some default passwords were not tried", reasons)
    elif not facts.probes:
        yield Finding(rule, "amber", "Default passwords were not tried", "It was not asked for.")
    elif not works:
        tried = names_of([probe.user for probe in facts.probes])
        yield Finding(rule, "green", "No default password works", f"Tried once each: {tried}.")


def unknown_user(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """`UnknownUser`, the account of unauthenticated access."""
    rule = "unknown-user"
    if facts.users is None:
        yield unknown(rule, "What UnknownUser may do", facts.why("users"))
        return
    user = next((user for user in facts.users if user.name.casefold() == "unknownuser"), None)
    if user is None or not user.enabled or not user.roles:
        yield Finding(rule, "green", "Whoever has not logged in has no roles")
        return
    yield Finding(
        rule,
        "red" if user.superuser else "amber",
        f"Whoever has not logged in holds {names_of(user.roles)}",
        "UnknownUser stands for everybody without a login.",
        ("/revoke", *user.roles, "from", "UnknownUser"),
    )


def open_applications(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Web applications that need no login."""
    rule = "open-applications"
    if not intent.web:
        return
    if facts.applications is None:
        yield unknown(rule, "Which web applications are open", facts.why("applications"))
        return
    found = [application for application in facts.applications if application.open]
    terminals = [each.name for each in found if "terminal" in each.name.casefold()]
    if terminals:
        yield Finding(
            rule,
            "red",
            f"A terminal is open without a login: {names_of(terminals)}",
            "Everybody with the address could run commands. Have it ask for a password, or disable it.",
            _login_for(terminals),
        )
    others = [each.name for each in found if each.name not in terminals]
    if others:
        detail = "Have them ask for a password."
        if "/api/monitor" in [name.casefold() for name in others]:
            detail += " /api/monitor tells figures and alerts of the instance."
        yield Finding(rule, "amber", f"Open without a login: {names_of(others)}", detail, _login_for(others))
    unread = [each.name for each in facts.applications if each.enabled and each.authentication is None]
    if unread:
        yield unknown(rule, f"Whether {names_of(unread)} want a login", facts.why("applications"))
    elif not found:
        yield Finding(rule, "green", "No web application is open without a login")


def all_through_application(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Applications that add %All make superusers of their users."""
    rule = "all-through-application"
    if facts.applications is None:
        if intent.web:
            yield unknown(rule, "Which roles web applications add", facts.why("applications"))
        return
    found = [
        each
        for each in facts.applications
        if each.enabled and any(role.casefold() == "%all" for role in each.target_roles)
    ]
    for application in found:
        level: Level = "red" if intent.web and application.open else "amber"
        who = "everybody, without a login" if application.open else "whoever may enter it"
        yield Finding(
            rule,
            level if intent.web else "green",
            f"{application.name} gives %All to {who}",
            "Take %All from its application or matching roles.",
            ("/app", application.name, "roles=-%All"),
        )
    if not found:
        yield Finding(rule, "green", "No web application gives %All")


def bindings_unauthenticated(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Unauthenticated access to `%Service_Bindings`, the superserver's service (facts: iris-security 3.3)."""
    rule = "bindings-unauthenticated"
    if not intent.tcp:
        return
    if facts.bindings_authentication is None:
        why = facts.why("bindings_authentication")
        yield unknown(rule, "Whether the superserver wants a login", why)
    elif facts.bindings_authentication & UNAUTHENTICATED:
        yield Finding(
            rule,
            "red",
            "The superserver lets clients in without a login",
            "Have %Service_Bindings ask for a password.",
            ("/service", "%Service_Bindings", "auth=-unauthenticated,+password"),
        )
    else:
        yield Finding(rule, "green", "The superserver wants a login")


def public_databases(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Public permissions on databases, which every pass has regardless of its template."""
    rule = "public-databases"
    if facts.public_databases is None:
        yield unknown(rule, "Public permissions on databases", facts.why("public_databases"))
        return
    own = [each for each in facts.public_databases if each[0].upper() not in OPEN_BY_DESIGN]
    written = [name for name, letters in own if "W" in letters]
    read = [name for name, letters in own if "W" not in letters]
    if written:
        yield Finding(
            rule,
            "red",
            f"Everybody may write to {names_of(written)}",
            "Take the public permission from these resources.",
            ("/resource", *written, "public=none"),
        )
    if read:
        yield Finding(
            rule,
            "amber",
            f"Everybody may read {names_of(read)}",
            "Take the public permission from these resources.",
            ("/resource", *read, "public=none"),
        )
    if not written and not read:
        yield Finding(rule, "green", "No database is open to everybody")


def superusers(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Accounts with %All: each password opens everything."""
    rule = "superusers"
    if facts.users is None:
        yield unknown(rule, "Who holds %All", facts.why("users"))
        return
    found = [user.name for user in facts.users if user.enabled and user.superuser]
    if len(found) > 2:
        title = f"{len(found)} enabled accounts hold %All: {names_of(found)}"
        detail = "Each of their passwords opens everything through the tunnel."
        yield Finding(rule, "amber", title, detail, ("/role", "members", "%All"))
    else:
        yield Finding(rule, "green", f"%All is held by {names_of(found) or 'nobody'}")


def unused_accounts(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Enabled accounts that were never used, so their first password was never changed."""
    rule = "unused-accounts"
    if facts.users is None:
        yield unknown(rule, "Accounts that were never used", facts.why("users"))
        return
    unused = [user for user in facts.users if user.enabled and user.roles and user.used is False]
    if unused:
        powerful = [user.name for user in unused if user.superuser]
        people = [user.name for user in unused if user.name.casefold() not in NO_LOGINS]
        detail = f"{names_of(powerful)} among them holds %All." if powerful else ""
        yield Finding(
            rule,
            "amber",
            f"Enabled, but never used: {names_of([user.name for user in unused])}",
            f"{detail} Disable what nobody needs.".strip(),
            ("/disable", *people) if people else ("/dormant",),
        )
    unread = [user.name for user in facts.users if user.enabled and user.roles and user.used is None]
    if unread:
        yield unknown(rule, f"Whether {names_of(unread)} were ever used", facts.why("users"))
    elif not unused:
        yield Finding(rule, "green", "Every enabled account with roles has been used")
