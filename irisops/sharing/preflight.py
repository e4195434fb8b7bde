"""The look at an instance before it is shared: rules over a snapshot of facts. Pure; `facts.py` gathers them.

Red stops a share, amber needs a typed word, green is good or only good to know. A fact that could not be read is amber
in the rule that needed it: what is not known is not called safe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from irisops.sharing.snapshot import UNAUTHENTICATED, InstanceFacts, Intent

Level = Literal["red", "amber", "green"]

OPEN_BY_DESIGN = frozenset({"%DB_IRISTEMP", "%DB_IRISLOCALDATA", "%DB_IRISLIB", "%DB_ENSLIB"})
"""Databases of the system that everybody may use on every instance: libraries and scratch space, none of it data.

UNVERIFIED: that these are all. Settle: SELECT Name, PublicPermission FROM Security.Resources_List('*') on a fresh one.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the preflight card. `command` is a slash command whose plan cures it, "" if there is none."""

    rule: str
    level: Level
    title: str
    detail: str = ""
    command: str = ""


Rule = Callable[[InstanceFacts, Intent], Iterator[Finding]]


def _unknown(rule: str, what: str, why: str) -> Finding:
    return Finding(rule, "amber", f"{what} could not be checked", why)


def _names(names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def default_passwords(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Predefined accounts whose first password still works."""
    rule = "default-passwords"
    works = [probe.user for probe in facts.probes if probe.outcome == "works"]
    for user in works:
        yield Finding(
            rule,
            "red",
            f"{user} still has the password that everybody knows",
            "Give it another one.",
            f"/password {user}",
        )
    open_questions = [probe for probe in facts.probes if probe.outcome in {"skipped", "unknown"}]
    if open_questions:
        reasons = "; ".join(f"{probe.user}: {probe.reason}" for probe in open_questions)
        yield Finding(rule, "amber", "Some default passwords were not tried", reasons)
    elif not facts.probes:
        yield Finding(rule, "amber", "Default passwords were not tried", "It was not asked for.")
    elif not works:
        tried = _names([probe.user for probe in facts.probes])
        yield Finding(rule, "green", "No default password works", f"Tried once each: {tried}.")


def unknown_user(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """`UnknownUser` is whoever has not logged in."""
    rule = "unknown-user"
    if facts.users is None:
        yield _unknown(rule, "What UnknownUser may do", facts.why("users"))
        return
    user = next((user for user in facts.users if user.name.casefold() == "unknownuser"), None)
    if user is None or not user.enabled or not user.roles:
        yield Finding(rule, "green", "Whoever has not logged in has no roles")
        return
    roles = " ".join(f'"{role}"' if " " in role else role for role in user.roles)
    yield Finding(
        rule,
        "red" if user.superuser else "amber",
        f"Whoever has not logged in holds {_names(user.roles)}",
        "UnknownUser stands for everybody without a login.",
        f"/revoke {roles} from UnknownUser",
    )


def open_applications(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Web applications that need no login."""
    rule = "open-applications"
    if not intent.web:
        return
    if facts.applications is None:
        yield _unknown(rule, "Which web applications are open", facts.why("applications"))
        return
    found = [application for application in facts.applications if application.open]
    terminals = [each.name for each in found if "terminal" in each.name.casefold()]
    if terminals:
        yield Finding(
            rule,
            "red",
            f"A terminal is open without a login: {_names(terminals)}",
            "Everybody with the address could run commands. Disable it, or require a password, in the portal.",
        )
    others = [each.name for each in found if each.name not in terminals]
    if others:
        detail = "Require a password for them in the portal (System Administration, Security, Applications)."
        if "/api/monitor" in [name.casefold() for name in others]:
            detail += " /api/monitor tells figures and alerts of the instance."
        yield Finding(rule, "amber", f"Open without a login: {_names(others)}", detail)
    if not found:
        yield Finding(rule, "green", "No web application is open without a login")


def all_through_application(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """An application that adds %All makes a superuser of whoever enters it."""
    rule = "all-through-application"
    if facts.applications is None:
        if intent.web:
            yield _unknown(rule, "Which roles web applications add", facts.why("applications"))
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
            "Take %All from its application or matching roles in the portal.",
        )
    if not found:
        yield Finding(rule, "green", "No web application gives %All")


def bindings_unauthenticated(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """`%Service_Bindings` is the door of the superserver (facts: iris-security 3.3)."""
    rule = "bindings-unauthenticated"
    if not intent.tcp:
        return
    if facts.bindings_authentication is None:
        why = facts.why("bindings_authentication")
        yield _unknown(rule, "Whether the superserver wants a login", why)
    elif facts.bindings_authentication & UNAUTHENTICATED:
        yield Finding(
            rule,
            "red",
            "The superserver lets clients in without a login",
            "Turn off Unauthenticated for %Service_Bindings in the portal (Security, Services).",
        )
    else:
        yield Finding(rule, "green", "The superserver wants a login")


def public_databases(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """A public permission on a database is held by every pass, whatever its template says."""
    rule = "public-databases"
    if facts.public_databases is None:
        yield _unknown(rule, "Public permissions on databases", facts.why("public_databases"))
        return
    own = [each for each in facts.public_databases if each[0].upper() not in OPEN_BY_DESIGN]
    written = [name for name, letters in own if "W" in letters]
    read = [name for name, letters in own if "W" not in letters]
    if written:
        yield Finding(
            rule,
            "red",
            f"Everybody may write to {_names(written)}",
            "Remove the public permission of these resources in the portal (Security, Resources).",
        )
    if read:
        yield Finding(
            rule,
            "amber",
            f"Everybody may read {_names(read)}",
            "Remove the public permission of these resources in the portal (Security, Resources).",
        )
    if not written and not read:
        yield Finding(rule, "green", "No database is open to everybody")


def auditing(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Without it nobody can say later who was in."""
    rule = "auditing"
    if facts.audit_enabled is None:
        yield _unknown(rule, "Auditing", facts.why("audit_enabled"))
    elif not facts.audit_enabled:
        yield Finding(
            rule,
            "amber",
            "Auditing is off",
            "Enable it in the portal (Security, Auditing) to see later who was in.",
        )
    elif facts.login_events is None:
        yield _unknown(rule, "Whether logins are audited", facts.why("login_events"))
    else:
        off = [name for name, audited in facts.login_events if not audited]
        if off or not facts.login_events:
            yield Finding(
                rule,
                "amber",
                "Logins are not audited",
                f"Enable the event {_names(off) or '%System/%Login/Login'}.",
            )
        else:
            yield Finding(rule, "green", "Logins are audited")


def unused_accounts(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Enabled accounts that nobody ever used are accounts whose password nobody ever changed."""
    rule = "unused-accounts"
    if facts.users is None:
        yield _unknown(rule, "Accounts that were never used", facts.why("users"))
        return
    unused = [user for user in facts.users if user.enabled and user.roles and user.used is False]
    if unused:
        powerful = [user.name for user in unused if user.superuser]
        detail = f"{_names(powerful)} among them holds %All." if powerful else ""
        yield Finding(
            rule,
            "amber",
            f"Enabled, but never used: {_names([user.name for user in unused])}",
            f"{detail} Disable what nobody needs.".strip(),
        )
    else:
        yield Finding(rule, "green", "Every enabled account with roles has been used")


def superusers(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Each of them is a password that opens everything."""
    rule = "superusers"
    if facts.users is None:
        yield _unknown(rule, "Who holds %All", facts.why("users"))
        return
    found = [user.name for user in facts.users if user.enabled and user.superuser]
    if len(found) > 2:
        title = f"{len(found)} enabled accounts hold %All: {_names(found)}"
        yield Finding(rule, "amber", title, "Each of their passwords opens everything through the tunnel.")
    else:
        yield Finding(rule, "green", f"%All is held by {_names(found) or 'nobody'}")


def license_room(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Each person takes a unit; on a Community Edition each connection does (facts: iris-license-sessions 2.6)."""
    rule = "license"
    if facts.units_limit is None or facts.units_used is None:
        yield _unknown(rule, "Room in the license", facts.why("units_limit"))
        return
    free = facts.units_limit - facts.units_used
    each = " On this Community Edition every connection counts." if facts.community else ""
    if free <= 0:
        yield Finding(
            rule,
            "red",
            f"No license unit is free ({facts.units_used} of {facts.units_limit})",
            "Nobody could log in. /license shows who holds them.",
            "/license",
        )
    elif free < intent.people:
        yield Finding(
            rule,
            "amber",
            f"License units free: {free}, for {intent.people} people",
            f"The last ones will be refused.{each}",
            "/license",
        )
    else:
        yield Finding(rule, "green", f"License units free: {free}", each.strip())


def production(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """What looks like production is not put on the internet by a sentence."""
    rule = "production"
    if facts.system_mode == "LIVE":
        yield Finding(
            rule,
            "red",
            "The instance says that it is LIVE",
            "Share a copy instead; or, if the mode is wrong, change it in the portal (System, Memory and Startup).",
        )
        return
    words = {"prod", "production", "live"}
    named = words & set(intent.profile.casefold().replace("_", "-").replace(".", "-").split("-"))
    if named or intent.guarded:
        why = "is guarded" if intent.guarded else f"is called {intent.profile}"
        yield Finding(rule, "amber", f"The profile {why}: is this a production instance?")
    elif facts.system_mode is None:
        yield _unknown(rule, "Whether this is a production instance", facts.why("system_mode"))
    else:
        yield Finding(rule, "green", "The instance does not look like production")


def portal(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """The Management Portal comes with the web port."""
    rule = "portal"
    if not intent.web:
        return
    reachable = facts.applications is None or any(
        each.enabled and each.name.casefold().rstrip("/") == "/csp/sys" for each in facts.applications
    )
    guarded = intent.restrictions.basic_auth or intent.restrictions.oauth or intent.restrictions.allow
    if reachable and not guarded:
        yield Finding(
            rule,
            "amber",
            "The Management Portal is reachable through the web tunnel",
            "Restrict it with allow=ADDRESS, oauth=google or basic auth.",
        )
    else:
        yield Finding(
            rule, "green", "The web tunnel is restricted" if reachable else "The Management Portal is off"
        )


def plain_text(_facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """A TCP tunnel is a byte pipe (facts: ngrok-keyring A12.4)."""
    if not intent.tcp:
        return
    if intent.tls:
        yield Finding("tls", "green", "The superserver speaks TLS")
    else:
        yield Finding(
            "tls",
            "amber",
            "The superserver is shared without TLS",
            "Passwords and data cross the internet in clear. Better: a second superserver that requires TLS.",
        )


def open_address(_facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """A public TCP port is found by scanners (facts: ngrok-keyring A12.2, C2)."""
    if not intent.tcp:
        return
    if intent.restrictions.allow:
        allowed = _names(intent.restrictions.allow)
        yield Finding("address", "green", f"Only {allowed} may reach the superserver")
    else:
        yield Finding(
            "address",
            "amber",
            "The superserver is open to the whole internet",
            "allow=ADDRESS[,ADDRESS] lets in only those addresses.",
        )


def idle_cut(_facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Good to know before a teammate asks (facts: ngrok-keyring A11)."""
    if intent.tcp:
        yield Finding(
            "idle",
            "green",
            "ngrok cuts TCP connections that are idle for five minutes",
            "Teammates' clients should reconnect by themselves or send a query now and then.",
        )


RULES: tuple[Rule, ...] = (
    default_passwords,
    unknown_user,
    bindings_unauthenticated,
    open_applications,
    all_through_application,
    public_databases,
    superusers,
    unused_accounts,
    auditing,
    production,
    license_room,
    portal,
    plain_text,
    open_address,
    idle_cut,
)

_ORDER: dict[Level, int] = {"red": 0, "amber": 1, "green": 2}


def examine(facts: InstanceFacts, intent: Intent, rules: Sequence[Rule] = RULES) -> list[Finding]:
    """All findings, the worst first."""
    found = [finding for rule in rules for finding in rule(facts, intent)]
    return sorted(found, key=lambda finding: _ORDER[finding.level])


def verdict(findings: Sequence[Finding]) -> Level:
    """The worst level of all."""
    return min((finding.level for finding in findings), key=lambda level: _ORDER[level], default="green")
