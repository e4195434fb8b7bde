"""What an instance offers, as its class dictionary says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DoctorRow:
    """One line of `/doctor`: a fact or action, the route chosen for it, and what is wrong with the others."""

    what: str
    available: bool
    route: str
    """The chosen route, e.g. `SQL Security.Users_List`; "" if none."""
    rejected: tuple[tuple[str, str], ...]
    """(route, plain reason)."""
    note: str = ""


class Capabilities:
    """Which classes, methods and queries are there."""

    def has(self, class_name: str, member: str = "") -> bool:
        """Whether the class (and its method, query or property) exists; True while unknown."""
        raise NotImplementedError

    def missing(self) -> list[tuple[str, str]]:
        """(class.member, reason) of what was asked for and is not there."""
        raise NotImplementedError

    def doctor(self) -> list[DoctorRow]:
        """The `/doctor` table."""
        raise NotImplementedError

    def available(self, what: str) -> tuple[bool, str]:
        """Whether a fact or action (`users.list`, `sessions.list`, ...) has a route; the reason if not."""
        raise NotImplementedError
