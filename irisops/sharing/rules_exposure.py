"""Preflight rules on exposure: auditing, license, production, the portal, plain text. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from irisops.sharing.finding import Finding, names_of, unknown
from irisops.sharing.snapshot import InstanceFacts, Intent


def auditing(facts: InstanceFacts, _intent: Intent) -> Iterator[Finding]:
    """Auditing of logins, to see later who was in."""
    rule = "auditing"
    if facts.audit_enabled is None:
        yield unknown(rule, "Auditing", facts.why("audit_enabled"))
    elif not facts.audit_enabled:
        yield Finding(
            rule,
            "amber",
            "Auditing is off",
            "Enable it to see later who was in and what was refused.",
            ("/denied", "enable"),
        )
    elif facts.login_events is None:
        yield unknown(rule, "Whether logins are audited", facts.why("login_events"))
    else:
        off = [name for name, audited in facts.login_events if not audited]
        if off or not facts.login_events:
            yield Finding(
                rule,
                "amber",
                "Logins are not audited",
                f"Enable the event {names_of(off) or '%System/%Login/Login'}.",
                # That command covers only failed logins; the other event is set in the portal.
                ("/denied", "enable")
                if off and all(n.casefold().endswith("/loginfailure") for n in off)
                else (),
            )
        else:
            yield Finding(rule, "green", "Logins are audited")


def license_room(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Each person takes a unit; on a Community Edition each connection does (facts: iris-license-sessions 2.6)."""
    rule = "license"
    if facts.units_limit is None or facts.units_used is None:
        yield unknown(rule, "Room in the license", facts.why("units_limit"))
        return
    free = facts.units_limit - facts.units_used
    each = " On this Community Edition every connection counts." if facts.community else ""
    if free <= 0:
        yield Finding(
            rule,
            "red",
            f"No license unit is free ({facts.units_used} of {facts.units_limit})",
            "Nobody could log in. /license shows who holds them.",
            ("/license",),
        )
    elif free < intent.people:
        yield Finding(
            rule,
            "amber",
            f"License units free: {free}, for {intent.people} people",
            f"The last ones will be refused.{each}",
            ("/license",),
        )
    else:
        yield Finding(rule, "green", f"License units free: {free}", each.strip())


def production(facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Instances that look like production."""
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
        yield unknown(rule, "Whether this is a production instance", facts.why("system_mode"))
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
    """A TCP tunnel adds no encryption (facts: ngrok-keyring A12.4)."""
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
    """Public TCP ports, which scanners find (facts: ngrok-keyring A12.2, C2)."""
    if not intent.tcp:
        return
    if intent.restrictions.allow:
        allowed = names_of(intent.restrictions.allow)
        yield Finding("address", "green", f"Only {allowed} may reach the superserver")
    else:
        yield Finding(
            "address",
            "amber",
            "The superserver is open to the whole internet",
            "allow=ADDRESS[,ADDRESS] lets in only those addresses.",
        )


def idle_cut(_facts: InstanceFacts, intent: Intent) -> Iterator[Finding]:
    """Ngrok cuts idle connections (facts: ngrok-keyring A11)."""
    if intent.tcp:
        yield Finding(
            "idle",
            "green",
            "ngrok cuts TCP connections that are idle for five minutes",
            "Teammates' clients should reconnect by themselves or send a query now and then.",
        )
