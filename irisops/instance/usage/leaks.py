"""Detect clients that open a web session per call and end none (facts: iris-license-sessions 3.3, 10.1). Pure.

A browser or an editor keeps its cookie and so its session. Many sessions of one user from one address on one
application mean a client that discards its cookie.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from irisops.instance.models import WebSession

LEAK_FROM = 5
"""Sessions of one license user id on one application that count as a leak: more than the browsers, windows and tools
of one person."""


@dataclass(frozen=True, slots=True)
class Leak:
    """Sessions of one license user id (`user@address`) on one application."""

    license_id: str
    username: str
    application: str
    sessions: tuple[WebSession, ...]

    @property
    def number(self) -> int:
        """Number of sessions."""
        return len(self.sessions)


def find_leaks(sessions: Sequence[WebSession]) -> list[Leak]:
    """All leaks, largest first. Sessions without a login are left out: nothing tells their clients apart."""
    groups: dict[tuple[str, str], list[WebSession]] = {}
    for session in sessions:
        if not session.anonymous:
            groups.setdefault((session.license_id, session.application), []).append(session)
    found = [
        Leak(license_id, group[0].username, application, tuple(group))
        for (license_id, application), group in groups.items()
        if len(group) >= LEAK_FROM
    ]
    return sorted(found, key=lambda leak: (-leak.number, leak.license_id, leak.application))


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many sessions without a login on one application: visitors, or one program that keeps no cookies."""

    application: str
    number: int


def find_crowds(sessions: Sequence[WebSession], at_least: int = LEAK_FROM) -> list[Crowd]:
    """Applications with at least that many sessions without a login, largest first."""
    numbers = Counter(session.application for session in sessions if session.anonymous)
    crowds = [Crowd(application, number) for application, number in numbers.items() if number >= at_least]
    return sorted(crowds, key=lambda crowd: (-crowd.number, crowd.application))
