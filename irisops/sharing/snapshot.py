"""What preflight looks at: a snapshot of an instance, and what is to be shared. Plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from irisops.sharing.policy import Restrictions

UNAUTHENTICATED = 64
"""Bit 6 of AutheEnabled (facts: iris-security 3.4)."""


@dataclass(frozen=True, slots=True)
class UserFact:
    """One user. `used` None means that the instance does not tell."""

    name: str
    enabled: bool
    roles: tuple[str, ...]
    used: bool | None

    @property
    def superuser(self) -> bool:
        """Holds %All directly."""
        return any(role.casefold() == "%all" for role in self.roles)


@dataclass(frozen=True, slots=True)
class ApplicationFact:
    """One web application. `target_roles` are those that it adds to whoever enters it."""

    name: str
    enabled: bool
    authentication: int | None
    target_roles: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Enabled and reachable without a login."""
        return self.enabled and bool((self.authentication or 0) & UNAUTHENTICATED)


ProbeOutcome = Literal["works", "refused", "skipped", "unknown"]


@dataclass(frozen=True, slots=True)
class ProbeFact:
    """What became of one try of a well-known password. `reason` says why it was skipped or is not known."""

    user: str
    outcome: ProbeOutcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be shared with whom."""

    tcp: bool
    web: bool
    people: int
    template: str = ""
    restrictions: Restrictions = field(default_factory=Restrictions)
    tls: bool = False
    """The superserver is reached with TLS."""
    profile: str = ""
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class InstanceFacts:
    """A snapshot. None (or an entry in `unread`, by the field's name) where a fact could not be read."""

    users: tuple[UserFact, ...] | None = None
    applications: tuple[ApplicationFact, ...] | None = None
    bindings_authentication: int | None = None
    public_databases: tuple[tuple[str, str], ...] | None = None
    """(resource, letters) of database resources with a public permission."""
    audit_enabled: bool | None = None
    login_events: tuple[tuple[str, bool], ...] | None = None
    """(event, audited) of the login events."""
    units_limit: int | None = None
    units_used: int | None = None
    community: bool = False
    system_mode: str | None = None
    """`LIVE`, `TEST`, `DEVELOPMENT`, `FAILOVER` or "" (facts: iris-license-sessions 5.3)."""
    probes: tuple[ProbeFact, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()

    def why(self, fact: str) -> str:
        """Why a fact could not be read."""
        return dict(self.unread).get(fact, "the instance did not tell")
