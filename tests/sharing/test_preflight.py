"""Each rule has a scenario where it fires and one where it does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from irisops.commands.sharing.plan import cure_line
from irisops.contract.chat import Command
from irisops.contract.quoting import split
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session
from irisops.sharing import preflight
from irisops.sharing.policy import Restrictions
from irisops.sharing.preflight import RULES, Finding, Level, examine, verdict
from irisops.sharing.snapshot import ApplicationFact, InstanceFacts, Intent, ProbeFact, UserFact

SAFE = InstanceFacts(
    users=(
        UserFact("_SYSTEM", enabled=True, roles=("%All",), used=True),
        UserFact("UnknownUser", enabled=True, roles=(), used=False),
    ),
    applications=(
        ApplicationFact("/csp/sys", enabled=True, authentication=32),
        ApplicationFact("/api/monitor", enabled=True, authentication=32),
    ),
    bindings_authentication=32,
    public_databases=(("%DB_IRISTEMP", "RW"), ("%DB_IRISLIB", "R")),
    audit_enabled=True,
    login_events=(("%System/%Login/Login", True),),
    units_limit=8,
    units_used=2,
    system_mode="DEVELOPMENT",
    probes=(ProbeFact("_SYSTEM", "refused"),),
)
BOTH = Intent(
    tcp=True, web=True, people=2, restrictions=Restrictions(allow=("203.0.113.7",)), tls=True, profile="local"
)


def user(name: str, *roles: str, used: bool = True, enabled: bool = True) -> UserFact:
    return UserFact(name, enabled, roles, used)


def plus(*users: UserFact) -> tuple[UserFact, ...]:
    return (SAFE.users or ()) + users


def app(name: str, authentication: int, *roles: str, enabled: bool = True) -> tuple[ApplicationFact, ...]:
    return (ApplicationFact(name, enabled, authentication, roles),)


FIRES: list[tuple[str, Level, dict[str, object], dict[str, object]]] = [
    ("default-passwords", "red", {"probes": (ProbeFact("_SYSTEM", "works"),)}, {}),
    ("default-passwords", "amber", {"probes": (ProbeFact("_SYSTEM", "skipped", "near its lock"),)}, {}),
    ("default-passwords", "amber", {"probes": ()}, {}),
    ("unknown-user", "red", {"users": (user("unknownuser", "%All"),)}, {}),
    ("unknown-user", "amber", {"users": (user("UnknownUser", "%DB_USER"),)}, {}),
    ("bindings-unauthenticated", "red", {"bindings_authentication": 96}, {}),
    ("application", "red", {"applications": app("/x", 96)}, {"app": "/x"}),
    ("application", "red", {"applications": app("/x", 32, enabled=False)}, {"app": "/x"}),
    ("application", "red", {"applications": app("/x", 1048576)}, {"app": "/x"}),
    ("application", "amber", {"applications": None}, {"app": "/x"}),
    ("open-applications", "amber", {"applications": app("/api/monitor", 64)}, {}),
    ("open-applications", "red", {"applications": app("/terminalsocket", 96)}, {}),
    ("all-through-application", "red", {"applications": app("/x", 64, "%all")}, {}),
    ("all-through-application", "amber", {"applications": app("/x", 32, "%All")}, {}),
    ("public-databases", "red", {"public_databases": (("%DB_USER", "RW"),)}, {}),
    ("public-databases", "amber", {"public_databases": (("%DB_USER", "R"),)}, {}),
    ("superusers", "amber", {"users": plus(user("a", "%All"), user("b", "%All"))}, {}),
    ("unused-accounts", "amber", {"users": plus(user("Admin", "%Manager", used=False))}, {}),
    ("auditing", "amber", {"audit_enabled": False}, {}),
    ("auditing", "amber", {"login_events": (("%System/%Login/Login", False),)}, {}),
    ("auditing", "amber", {"login_events": ()}, {}),
    ("production", "red", {"system_mode": "LIVE"}, {}),
    ("production", "amber", {}, {"profile": "clinic-prod"}),
    ("production", "amber", {}, {"guarded": True}),
    ("license", "red", {"units_used": 8}, {}),
    ("license", "amber", {"units_used": 7}, {}),
    ("portal", "amber", {}, {"restrictions": Restrictions()}),
    ("tls", "amber", {}, {"tls": False}),
    ("address", "amber", {}, {"restrictions": Restrictions()}),
]


def levels(findings: list[Finding], rule: str) -> set[Level]:
    return {finding.level for finding in findings if finding.rule == rule}


@pytest.mark.parametrize(("rule", "level", "facts", "intent"), FIRES)
def test_fires(rule: str, level: Level, facts: dict[str, object], intent: dict[str, object]) -> None:
    findings = examine(replace(SAFE, **facts), replace(BOTH, **intent))  # type: ignore[arg-type]
    assert level in levels(findings, rule)
    assert all(finding.title for finding in findings)


def test_nothing_fires_on_a_safe_instance() -> None:
    findings = examine(SAFE, BOTH)
    assert {finding.level for finding in findings} == {"green"}
    assert {rule for rule, *_ in FIRES} <= {finding.rule for finding in findings} | {
        "tls",
        "address",
        "application",
    }
    assert verdict(findings) == "green"
    assert len(findings) >= len(RULES) - 1, "one is about an application that is meant"


UNREAD = {
    "users": {"unknown-user", "superusers", "unused-accounts"},
    "applications": {"open-applications", "all-through-application"},
    "bindings_authentication": {"bindings-unauthenticated"},
    "public_databases": {"public-databases"},
    "audit_enabled": {"auditing"},
    "login_events": {"auditing"},
    "units_limit": {"license"},
    "system_mode": {"production"},
}


@pytest.mark.parametrize("fact", UNREAD)
def test_what_is_not_known_is_amber_with_the_reason(fact: str) -> None:
    facts = replace(SAFE, **{fact: None}, unread=((fact, "lacks %Admin_Secure:U"),))  # type: ignore[arg-type]
    findings = examine(facts, BOTH)
    for rule in UNREAD[fact]:
        (finding,) = (each for each in findings if each.rule == rule)
        assert finding.level == "amber"
        assert finding.detail == "lacks %Admin_Secure:U"


def test_what_is_not_shared_is_not_judged() -> None:
    bad = replace(SAFE, bindings_authentication=96, applications=app("/terminal", 64, "%All"))
    web_only = {finding.rule for finding in examine(bad, replace(BOTH, tcp=False))}
    assert not web_only & {"bindings-unauthenticated", "tls", "address", "idle"}
    tcp_only = examine(bad, replace(BOTH, web=False))
    assert levels(tcp_only, "open-applications") == set()
    assert levels(tcp_only, "all-through-application") == {"green"}


def test_the_application_that_is_meant_is_judged_apart_from_the_others() -> None:
    shop = ApplicationFact(
        "/csp/shop", enabled=True, authentication=32, target_roles=("%DB_SHOP",), resource="Till"
    )
    others = (*app("/free", 64), *app("/off", 64, enabled=False))
    facts = replace(SAFE, applications=(*(SAFE.applications or ()), shop, *others))
    findings = examine(facts, replace(BOTH, app="/csp/shop"))
    (own,) = (each for each in findings if each.rule == "application")
    assert (own.level, own.title) == ("green", "/csp/shop wants a login: password")
    assert own.detail == "Who may use Till enters, and gets %DB_SHOP there."
    rest = [each for each in findings if each.rule == "open-applications"]
    assert [(each.level, each.title) for each in rest] == [
        ("amber", "Open through the same port without a login: /free"),
        ("green", "With a login the same port opens: /csp/sys, /api/monitor"),
    ]
    open_shop = replace(facts, applications=(replace(shop, authentication=96, resource=""), *others))
    findings = examine(open_shop, replace(BOTH, app="/csp/shop"))
    assert (findings[0].level, findings[0].title) == ("red", "/csp/shop is open without a login")
    assert not any("/csp/shop" in each.title for each in findings[1:]), "said once"


def test_disabled_things_are_no_danger() -> None:
    facts = replace(
        SAFE,
        users=plus(
            user("old", "%All", used=False, enabled=False), user("UnknownUser", "%All", enabled=False)
        ),
        applications=app("/terminal", 64, "%All", enabled=False),
    )
    assert verdict(examine(facts, BOTH)) == "green"


def test_the_worst_comes_first_and_decides() -> None:
    findings = examine(replace(SAFE, system_mode="LIVE", audit_enabled=False), BOTH)
    assert [finding.level for finding in findings][:2] == ["red", "amber"]
    assert verdict(findings) == "red"
    assert verdict([]) == "green"


def test_a_cure_that_is_a_command() -> None:
    (works, _green) = (
        *preflight.default_passwords(replace(SAFE, probes=(ProbeFact("Admin", "works"),)), BOTH),
        None,
    )
    assert works is not None
    assert works.cure == ("/password", "Admin")
    facts = replace(SAFE, users=(user("UnknownUser", "%All", "my role"),))
    (finding,) = preflight.unknown_user(facts, BOTH)
    assert finding.cure == ("/revoke", "%All", "my role", "from", "UnknownUser")


def test_community_edition_is_said() -> None:
    (finding,) = preflight.license_room(replace(SAFE, units_used=7, community=True), BOTH)
    assert "every connection counts" in finding.detail


@pytest.mark.parametrize(("rule", "level", "facts", "intent"), FIRES)
def test_every_cure_is_a_command_that_irisops_knows(
    tmp_path: Path, rule: str, level: Level, facts: dict[str, object], intent: dict[str, object]
) -> None:
    session = Session(Places.below(tmp_path), secrets=Secrets(None), polling=False)
    findings = examine(replace(SAFE, **facts), replace(BOTH, **intent))  # type: ignore[arg-type]
    for finding in findings:
        if finding.cure:
            command = session.parse(cure_line(finding))
            assert isinstance(command, Command), (rule, level, command)
            assert command.text == cure_line(finding)


def test_a_name_of_the_instance_stays_one_word_of_a_cure() -> None:
    finding = Finding("red", "x", cure=("/revoke", 'a" from b', "/odd role", "from", "UnknownUser"))
    assert [word.value for word in split(cure_line(finding))] == list(finding.cure)


def test_a_caveat_is_no_check_that_was_passed() -> None:
    findings = examine(SAFE, BOTH)
    assert [finding.title for finding in findings if finding.caveat] == [
        "ngrok cuts TCP connections that are idle for five minutes"
    ]
