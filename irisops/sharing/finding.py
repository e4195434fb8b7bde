"""Findings of the preflight rules, and wording that the rules share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from irisops.sharing.snapshot import InstanceFacts, Intent

Level = Literal["red", "amber", "green"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the preflight card. `cure`: words of a slash command that fixes it, or ().

    The caller quotes them when joining them to a line, because names come from the instance.
    """

    rule: str
    level: Level
    title: str
    detail: str = ""
    cure: tuple[str, ...] = ()


Rule = Callable[[InstanceFacts, Intent], Iterator[Finding]]


def unknown(rule: str, what: str, why: str) -> Finding:
    """An amber finding: what is unknown is not called safe."""
    return Finding(rule, "amber", f"{what} could not be checked", why)


def names_of(names: Sequence[str], most: int = 6) -> str:
    """The first names, and the number of the others."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
