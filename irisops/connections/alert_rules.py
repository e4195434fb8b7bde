"""Alerts on polled counts: `units>80%`, `sessions>=100`, `free<2`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported at the first connect, after the first paint
    from irisops.instance.models import PollCounts

_MEANS = {
    "units": "license units in use",
    "free": "free units",
    "sessions": "web sessions",
    "processes": "processes",
}
_MEANS_CONNECTIONS = {**_MEANS, "units": "connections in use", "free": "free connections"}
"""On Community Edition, where every connection takes one of the units (facts: license-sessions 2.6)."""
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}
FIGURES = ("units", "free", "sessions", "processes")

_RULE = re.compile(r"\s*([a-z]+)\s*(>=|<=|>|<)\s*(\d{1,9}(?:\.\d{1,3})?)\s*(%?)\s*", re.IGNORECASE)
_NAMES = {
    "unit": "units",
    "license": "units",
    "licence": "units",
    "session": "sessions",
    "process": "processes",
    "available": "free",
}


class RuleError(ValueError):
    """An invalid rule; the text says how to write one."""


def figure_of(counts: PollCounts, name: str) -> int | None:
    """A figure by its name, one of `FIGURES`; None if it could not be read.

    On Community Edition `units` and `free` are of its connections.
    """
    return {
        "units": counts.in_use,
        "free": counts.free,
        "sessions": counts.sessions,
        "processes": counts.processes,
    }[name]


@dataclass(frozen=True, slots=True)
class Rule:
    """One threshold. A percentage is of the license units, hence only for `units` and `free`."""

    figure: str
    operator: str
    value: float
    percent: bool = False

    def __str__(self) -> str:
        return f"{self.figure}{self.operator}{self.value:g}{'%' if self.percent else ''}"

    def holds(self, counts: PollCounts) -> bool | None:
        """True if it holds; None if the figure is unknown."""
        value = figure_of(counts, self.figure)
        if value is None or (self.percent and not counts.units_limit):
            return None
        threshold = self.value * (counts.units_limit or 0) / 100 if self.percent else self.value
        return _COMPARISONS[self.operator](value, threshold)


def parse_rule(text: str) -> Rule:
    """Parse a typed rule. Raises `RuleError`."""
    match = _RULE.fullmatch(text)
    if match is None:
        raise RuleError("A rule is a figure, a comparison and a number, e.g. units>80% or sessions>=100.")
    name = match[1].casefold()
    figure = _NAMES.get(name, name)
    if figure not in FIGURES:
        raise RuleError(f"There is no figure {name}: rules are about {', '.join(FIGURES)}.")
    percent = bool(match[4])
    value = float(match[3])
    if percent and figure not in ("units", "free"):
        raise RuleError(f"{figure} has no limit to take a share of: give a number.")
    if percent and value > 100:
        raise RuleError("A share is at most 100%.")
    return Rule(figure, match[2], value, percent)


@dataclass(slots=True)
class Watchman:
    """The rules of one instance and which of them hold. A rule is reported when it begins to hold, once."""

    rules: list[Rule] = field(default_factory=list)
    _holding: set[Rule] = field(default_factory=set)

    def add(self, rule: Rule) -> bool:
        """Add a rule; False if it exists."""
        if rule in self.rules:
            return False
        self.rules.append(rule)
        return True

    def remove(self, rule: Rule) -> bool:
        """Remove a rule; False if it does not exist."""
        if rule not in self.rules:
            return False
        self.rules.remove(rule)
        self._holding.discard(rule)
        return True

    def clear(self) -> int:
        """Remove all rules; returns their number."""
        number = len(self.rules)
        self.rules.clear()
        self._holding.clear()
        return number

    def holding(self, rule: Rule) -> bool:
        """True if it held at the last reading."""
        return rule in self._holding

    def look(self, counts: PollCounts) -> tuple[list[Rule], list[Rule]]:
        """Rules that began to hold, and rules that no longer hold. An unknown figure changes nothing."""
        begun: list[Rule] = []
        over: list[Rule] = []
        for rule in self.rules:
            holds = rule.holds(counts)
            if holds and rule not in self._holding:
                self._holding.add(rule)
                begun.append(rule)
            elif holds is False and rule in self._holding:
                self._holding.discard(rule)
                over.append(rule)
        return begun, over


def state_of(rule: Rule, counts: PollCounts) -> str:
    """A rule's figure in words, e.g. `7 of 8 license units in use`."""
    value = figure_of(counts, rule.figure)
    means = (_MEANS if counts.connections is None else _MEANS_CONNECTIONS)[rule.figure]
    if value is None:
        return f"the number of {means} is not known"
    of_license = rule.figure in ("units", "free")
    of = f" of {counts.units_limit}" if of_license and counts.units_limit else ""
    doubt = " by the instance's own counter, which need not move" if of_license and counts.at_least else ""
    return f"{value:,}{of} {means}{doubt}"
