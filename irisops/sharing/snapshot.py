"""Input of the preflight: a snapshot of an instance, and the intended share. Plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from irisops.sharing.policy import Restrictions

UNAUTHENTICATED = 64
"""Bit 6 of AutheEnabled (facts: iris-security 3.4)."""


@dataclass(frozen=True, slots=True)
class UserFact:
    """One user. `used` is None if unknown."""

    name: str
    enabled: bool
    roles: tuple[str, ...]
    used: bool | None

    @property
    def superuser(self) -> bool:
        """True if it holds %All directly."""
        return any(role.casefold() == "%all" for role in self.roles)


@dataclass(frozen=True, slots=True)
class ApplicationFact:
    """One web application. `target_roles` are the roles that it adds to its users."""

    name: str
    enabled: bool
    authentication: int | None
    target_roles: tuple[str, ...] = ()
    resource: str = ""

    @property
    def open(self) -> bool:
        """True if enabled and reachable without a login."""
        return self.enabled and bool((self.authentication or 0) & UNAUTHENTICATED)


ProbeOutcome = Literal["works", "refused", "skipped", "unknown"]


@dataclass(frozen=True, slots=True)
class ProbeFact:
    """Result of one try of a default password. `reason` says why it was skipped or is unknown."""

    user: str
    outcome: ProbeOutcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """The intended share."""

    tcp: bool
    web: bool
    people: int
    restrictions: Restrictions = field(default_factory=Restrictions)
    tls: bool = False
    """The superserver is reached with TLS."""
    profile: str = ""
    guarded: bool = False
    app: str = ""
    """The web application that is meant, "" for none in particular."""


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
        return dict(self.unread).get(fact, "the instance did not say")
