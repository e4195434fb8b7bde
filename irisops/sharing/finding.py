"""What a rule of the preflight finds. Plain records and the words that all rules share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from irisops.sharing.snapshot import InstanceFacts, Intent

Level = Literal["red", "amber", "green"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the preflight card. `cure` are the words of a slash command that puts it right, () if none does.

    They are words, not a line: names come from the instance, and who makes a line of them has to quote them.
    """

    rule: str
    level: Level
    title: str
    detail: str = ""
    cure: tuple[str, ...] = ()


Rule = Callable[[InstanceFacts, Intent], Iterator[Finding]]


def unknown(rule: str, what: str, why: str) -> Finding:
    """What is not known is not called safe."""
    return Finding(rule, "amber", f"{what} could not be checked", why)


def names_of(names: Sequence[str], most: int = 6) -> str:
    """The first of them, and how many more."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
