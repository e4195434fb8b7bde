"""Preflight: rules over a snapshot of facts, checked before an instance is shared. Pure; `facts.py` gathers them.

Red stops a share, amber needs a typed word, green is good or informative. A fact that could not be read is amber in
its rule: what is unknown is not called safe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial, wraps
from typing import Literal

from irisops.instance.security.authentication import lets_in, words_of
from irisops.sharing.snapshot import UNAUTHENTICATED, InstanceFacts, Intent

Level = Literal["red", "amber", "green"]
_ORDER: dict[Level, int] = {"red": 0, "amber": 1, "green": 2}

OPEN_BY_DESIGN = frozenset({"%DB_IRISTEMP", "%DB_IRISLOCALDATA", "%DB_IRISLIB", "%DB_ENSLIB"})
"""System databases that are public on every instance: libraries and scratch space, no data.

UNVERIFIED: that these are all. Settle: SELECT Name, PublicPermission FROM Security.Resources_List('*') on a fresh one.
"""
NO_LOGINS = frozenset({"unknownuser", "_public", "cspsystem", "_ensemble"})
"""Accounts that the instance needs, though nobody logs in with them (facts: iris-security 2.6)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the preflight card. `cure`: words of a slash command that fixes it, or ().

    The caller quotes them when joining them to a line, because names come from the instance.
    """

    level: Level
    title: str
    detail: str = ""
    cure: tuple[str, ...] = ()
    rule: str = ""
    caveat: bool = False
    """Green, yet nothing that was checked and found good: something to know."""


_red, _amber, _green = partial(Finding, "red"), partial(Finding, "amber"), partial(Finding, "green")
_caveat = partial(_green, caveat=True)

Rule = Callable[[InstanceFacts, Intent], Iterator[Finding]]

RULES: list[Rule] = []
"""All rules; findings of one level are shown in this order."""


def examine(facts: InstanceFacts, intent: Intent) -> list[Finding]:
    """All findings, the worst first."""
    found = [finding for rule in RULES for finding in rule(facts, intent)]
    return sorted(found, key=lambda finding: _ORDER[finding.level])


def verdict(findings: Sequence[Finding]) -> Level:
    """The worst level of all."""
    return min((finding.level for finding in findings), key=lambda level: _ORDER[level], default="green")


def _rule(name: str) -> Callable[[Rule], Rule]:
    """Add a function to the rules; its findings bear the rule's name."""

    def add(judge: Rule) -> Rule:
        @wraps(judge)
        def named(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
            for finding in judge(facts, intent):
                yield replace(finding, rule=name)

        RULES.append(named)
        return named

    return add


def _unknown(what: str, why: str) -> Finding:
    """An amber finding: what is unknown is not called safe."""
    return _amber(f"{what} could not be checked", why)


def _names(names: Sequence[str], most: int = 6) -> str:
    """The first names, and the number of the others."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _login_for(*applications: str) -> tuple[str, ...]:
    """Command that makes web applications ask for a password."""
    return ("/app", *applications, "auth=-unauthenticated,+password")


# access: accounts, applications, services, databases


@_rule("default-passwords")
def default_passwords(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Predefined accounts whose default password still works."""
    works = [probe.user for probe in facts.probes if probe.outcome == "works"]
    for user in works:
        yield _red(f"{user} still has its default password", "Give it another one.", ("/password", user))
    open_questions = [probe for probe in facts.probes if probe.outcome in {"skipped", "unknown"}]
    if open_questions:
        reasons = "; ".join(f"{probe.user}: {probe.reason}" for probe in open_questions)
        yield _amber("Some default passwords were not tried", reasons)
    elif not facts.probes:
        yield _amber("Default passwords were not tried", "It was not asked for.")
    elif not works:
        tried = _names([probe.user for probe in facts.probes])
        yield _green("No default password works", f"Tried once each: {tried}.")


@_rule("unknown-user")
def unknown_user(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """`UnknownUser`, the account of unauthenticated access."""
    if facts.users is None:
        yield _unknown("What UnknownUser may do", facts.why("users"))
        return
    user = next((user for user in facts.users if user.name.casefold() == "unknownuser"), None)
    if user is None or not user.enabled or not user.roles:
        yield _green("Users without a login have no roles")
        return
    finding = _red if user.superuser else _amber
    yield finding(
        f"Users without a login hold {_names(user.roles)}",
        "UnknownUser stands for all of them.",
        ("/revoke", *user.roles, "from", "UnknownUser"),
    )


@_rule("bindings-unauthenticated")
def bindings_unauthenticated(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Unauthenticated access to `%Service_Bindings`, the superserver's service (facts: iris-security 3.3)."""
    if not intent.tcp:
        return
    if facts.bindings_authentication is None:
        yield _unknown("Whether the superserver wants a login", facts.why("bindings_authentication"))
    elif facts.bindings_authentication & UNAUTHENTICATED:
        yield _red(
            "The superserver lets clients in without a login",
            "Have %Service_Bindings ask for a password.",
            ("/service", "%Service_Bindings", "auth=-unauthenticated,+password"),
        )
    else:
        yield _green("The superserver wants a login")


@_rule("application")
def shared_application(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """The web application that is meant: whether it answers, and whom it lets in."""
    if not intent.app:
        return
    found = next((each for each in facts.applications or () if each.name == intent.app), None)
    if found is None or found.authentication is None:
        yield _unknown(f"Whom {intent.app} lets in", facts.why("applications"))
    elif not found.enabled:
        yield _red(f"{intent.app} is disabled", "It would answer nobody.", ("/app", intent.app, "enable"))
    elif found.open:
        yield _red(
            f"{intent.app} is open without a login",
            "Everybody with the address gets in. Have it ask for a password.",
            _login_for(intent.app),
        )
    elif not lets_in(found.authentication):
        yield _red(f"{intent.app} takes no login", "Nobody gets in.", ("/app", intent.app, "auth=+password"))
    else:
        entering = (
            f"Who may use {found.resource} enters" if found.resource else "Every enabled account enters"
        )
        roles = f", and gets {_names(found.target_roles)} there" if found.target_roles else ""
        yield _green(
            f"{intent.app} wants a login: {_names(words_of(found.authentication))}", f"{entering}{roles}."
        )


@_rule("open-applications")
def open_applications(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Web applications that need no login."""
    if not intent.web:
        return
    if facts.applications is None:
        yield _unknown("Which web applications are open", facts.why("applications"))
        return
    # The one that is meant has a rule of its own.
    rest = [each for each in facts.applications if each.name != intent.app]
    found = [application for application in rest if application.open]
    terminals = [each.name for each in found if "terminal" in each.name.casefold()]
    if terminals:
        yield _red(
            f"A terminal is open without a login: {_names(terminals)}",
            "Everybody with the address could run commands. Have it ask for a password, or disable it.",
            _login_for(*terminals),
        )
    others = [each.name for each in found if each.name not in terminals]
    if others:
        detail = "Have them ask for a password."
        if "/api/monitor" in [name.casefold() for name in others]:
            detail += " /api/monitor tells figures and alerts of the instance."
        where = "through the same port " if intent.app else ""
        yield _amber(f"Open {where}without a login: {_names(others)}", detail, _login_for(*others))
    closed = [
        each.name for each in rest if each.enabled and not each.open and each.authentication is not None
    ]
    if intent.app and closed:
        yield _caveat(f"With a login the same port opens: {_names(closed)}")
    unread = [each.name for each in rest if each.enabled and each.authentication is None]
    if unread:
        yield _unknown(f"Whether {_names(unread)} want a login", facts.why("applications"))
    elif not found:
        yield _green(f"No {'other ' if intent.app else ''}web application is open without a login")


@_rule("all-through-application")
def all_through_application(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Applications that add %All make superusers of their users."""
    if facts.applications is None:
        if intent.web:
            yield _unknown("Which roles web applications add", facts.why("applications"))
        return
    found = [
        each
        for each in facts.applications
        if each.enabled and any(role.casefold() == "%all" for role in each.target_roles)
    ]
    for application in found:
        finding = _green if not intent.web else _red if application.open else _amber
        who = "everybody, without a login" if application.open else "everybody who may enter it"
        yield finding(
            f"{application.name} gives %All to {who}",
            "Take %All from its application or matching roles.",
            ("/app", application.name, "roles=-%All"),
        )
    if not found:
        yield _green("No web application gives %All")


@_rule("public-databases")
def public_databases(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Public permissions on databases, which every pass has regardless of its template."""
    if facts.public_databases is None:
        yield _unknown("Public permissions on databases", facts.why("public_databases"))
        return
    own = [each for each in facts.public_databases if each[0].upper() not in OPEN_BY_DESIGN]
    written = [name for name, letters in own if "W" in letters]
    read = [name for name, letters in own if "W" not in letters]
    detail = "Take the public permission from these resources."
    if written:
        yield _red(
            f"Everybody may write to {_names(written)}", detail, ("/resource", *written, "public=none")
        )
    if read:
        yield _amber(f"Everybody may read {_names(read)}", detail, ("/resource", *read, "public=none"))
    if not own:
        yield _green("No database is open to everybody")


@_rule("superusers")
def superusers(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Accounts with %All: each password opens everything."""
    if facts.users is None:
        yield _unknown("Who holds %All", facts.why("users"))
        return
    found = [user.name for user in facts.users if user.enabled and user.superuser]
    if len(found) > 2:
        title = f"{len(found)} enabled accounts hold %All: {_names(found)}"
        detail = "Each of their passwords opens everything through the tunnel."
        yield _amber(title, detail, ("/role", "members", "%All"))
    else:
        yield _green(f"%All is held by {_names(found) or 'nobody'}")


@_rule("unused-accounts")
def unused_accounts(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Enabled accounts that were never used, so their first password was never changed."""
    if facts.users is None:
        yield _unknown("Accounts that were never used", facts.why("users"))
        return
    unused = [user for user in facts.users if user.enabled and user.roles and user.used is False]
    if unused:
        powerful = [user.name for user in unused if user.superuser]
        people = [user.name for user in unused if user.name.casefold() not in NO_LOGINS]
        detail = f"{_names(powerful)} among them holds %All. " if powerful else ""
        yield _amber(
            f"Enabled, but never used: {_names([user.name for user in unused])}",
            f"{detail}Disable what nobody needs.",
            ("/disable", *people) if people else ("/dormant",),
        )
    unread = [user.name for user in facts.users if user.enabled and user.roles and user.used is None]
    if unread:
        yield _unknown(f"Whether {_names(unread)} were ever used", facts.why("users"))
    elif not unused:
        yield _green("Every enabled account with roles has been used")


# exposure: auditing, production, license, the portal, plain text


@_rule("auditing")
def auditing(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Auditing of logins, to see later who was in."""
    if facts.audit_enabled is None:
        yield _unknown("Auditing", facts.why("audit_enabled"))
    elif not facts.audit_enabled:
        detail = "Enable it to see later who was in and what was refused."
        yield _amber("Auditing is off", detail, ("/denied", "enable"))
    elif facts.login_events is None:
        yield _unknown("Whether logins are audited", facts.why("login_events"))
    elif facts.login_events and all(audited for _name, audited in facts.login_events):
        yield _green("Logins are audited")
    else:
        off = [name for name, audited in facts.login_events if not audited]
        # /denied enable covers only failed logins; the other event is set in the portal.
        curable = off and all(name.casefold().endswith("/loginfailure") for name in off)
        yield _amber(
            "Logins are not audited",
            f"Enable the event {_names(off) or '%System/%Login/Login'}.",
            ("/denied", "enable") if curable else (),
        )


@_rule("production")
def production(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Instances that look like production."""
    if facts.system_mode == "LIVE":
        yield _red(
            "The instance says that it is LIVE",
            "Share a copy instead; or, if the mode is wrong, change it in the portal (System, Memory and Startup).",
        )
        return
    words = {"prod", "production", "live"}
    named = words & set(intent.profile.casefold().replace("_", "-").replace(".", "-").split("-"))
    if named or intent.guarded:
        why = "is guarded" if intent.guarded else f"is called {intent.profile}"
        yield _amber(f"The profile {why}: is this a production instance?")
    elif facts.system_mode is None:
        yield _unknown("Whether this is a production instance", facts.why("system_mode"))
    else:
        yield _green("The instance does not look like production")


@_rule("license")
def license_room(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Each person takes a unit; on a Community Edition each connection does (facts: iris-license-sessions 2.6)."""
    if facts.units_limit is None or facts.units_used is None:
        missing = "units_limit" if facts.units_limit is None else "units_used"
        yield _unknown("Room in the license", facts.why(missing))
        return
    free = facts.units_limit - facts.units_used
    each = " On this Community Edition every connection counts." if facts.community else ""
    if free <= 0:
        title = f"No license unit is free ({facts.units_used} of {facts.units_limit})"
        yield _red(title, "Nobody could log in. /license shows who holds them.", ("/license",))
    elif free < intent.people:
        title = f"License units free: {free}, for {intent.people} people"
        yield _amber(title, f"The last ones will be refused.{each}", ("/license",))
    else:
        yield _green(f"License units free: {free}", each.strip())


@_rule("portal")
def portal(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """The Management Portal comes with the web port."""
    if not intent.web:
        return
    reachable = facts.applications is None or any(
        each.enabled and each.name.casefold().rstrip("/") == "/csp/sys" for each in facts.applications
    )
    if not reachable:
        yield _green("The Management Portal is off")
    elif intent.restrictions.basic_auth or intent.restrictions.oauth or intent.restrictions.allow:
        yield _green("The web tunnel is restricted")
    else:
        yield _amber(
            "The Management Portal is reachable through the web tunnel",
            "Restrict it with allow=ADDRESS, oauth=google or basic auth.",
        )


@_rule("tls")
def plain_text(_facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """A TCP tunnel adds no encryption (facts: ngrok-keyring A12.4)."""
    if intent.tcp and intent.tls:
        yield _green("The superserver speaks TLS")
    elif intent.tcp:
        yield _amber(
            "The superserver is shared without TLS",
            "Passwords and data cross the internet in clear. Better: a second superserver that requires TLS.",
        )


@_rule("address")
def open_address(_facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Public TCP ports, which scanners find (facts: ngrok-keyring A12.2, C2)."""
    if intent.tcp and intent.restrictions.allow:
        yield _green(f"Only {_names(intent.restrictions.allow)} may reach the superserver")
    elif intent.tcp:
        yield _amber(
            "The superserver is open to the whole internet",
            "allow=ADDRESS[,ADDRESS] lets in only those addresses.",
        )


@_rule("idle")
def idle_cut(_facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Ngrok cuts idle connections (facts: ngrok-keyring A11)."""
    if intent.tcp:
        yield _caveat(
            "ngrok cuts TCP connections that are idle for five minutes",
            "Teammates' clients should reconnect by themselves or send a query now and then.",
        )
