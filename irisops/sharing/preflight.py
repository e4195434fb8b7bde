"""Preflight: rules over a snapshot of facts, checked before an instance is shared. Pure; `facts.py` gathers them.

Red stops a share, amber needs a typed word, green is good or informative. A fact that could not be read is amber in
its rule: what is unknown is not called safe.
"""

from __future__ import annotations

from collections.abc import Sequence

from irisops.sharing.finding import Finding, Level, Rule
from irisops.sharing.rules_access import (
    all_through_application,
    bindings_unauthenticated,
    default_passwords,
    open_applications,
    public_databases,
    superusers,
    unknown_user,
    unused_accounts,
)
from irisops.sharing.rules_exposure import (
    auditing,
    idle_cut,
    license_room,
    open_address,
    plain_text,
    portal,
    production,
)
from irisops.sharing.snapshot import InstanceFacts, Intent

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
