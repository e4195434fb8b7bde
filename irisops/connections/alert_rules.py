"""Thresholds on the counts that are read anyway: `units>80%`, `sessions>=100`, `free<2`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from irisops.instance.models import PollCounts

_MEANS = {
    "units": "license units in use",
    "free": "free units",
    "sessions": "web sessions",
    "processes": "processes",
}
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
    """A rule that cannot be read; the text says how one is written."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The figures that rules are about; None where one could not be read."""

    units: int | None
    limit: int | None
    sessions: int | None
    processes: int | None

    def figure(self, name: str) -> int | None:
        """By name, one of `FIGURES`."""
        if name == "free":
            return None if self.units is None or self.limit is None else self.limit - self.units
        figures: Mapping[str, int | None] = {
            "units": self.units,
            "sessions": self.sessions,
            "processes": self.processes,
        }
        return figures[name]


@dataclass(frozen=True, slots=True)
class Rule:
    """One threshold. A share is of the license units, hence only for `units` and `free`."""

    figure: str
    operator: str
    value: float
    percent: bool = False

    def __str__(self) -> str:
        return f"{self.figure}{self.operator}{self.value:g}{'%' if self.percent else ''}"

    def holds(self, counts: Counts) -> bool | None:
        """Whether it holds; None if the figure is not known."""
        value = counts.figure(self.figure)
        if value is None or (self.percent and not counts.limit):
            return None
        threshold = self.value * (counts.limit or 0) / 100 if self.percent else self.value
        return {
            ">": value > threshold,
            ">=": value >= threshold,
            "<": value < threshold,
            "<=": value <= threshold,
        }[self.operator]


def parse_rule(text: str) -> Rule:
    """Read a rule as a person types it. Raises `RuleError`."""
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
    """The rules of one instance and which of them hold. A rule is told when it begins to hold, not while it does."""

    rules: list[Rule] = field(default_factory=list)
    _holding: set[Rule] = field(default_factory=set)

    def add(self, rule: Rule) -> bool:
        """Watch for it; False if it is watched for already."""
        if rule in self.rules:
            return False
        self.rules.append(rule)
        return True

    def remove(self, rule: Rule) -> bool:
        """No longer; False if it was not watched for."""
        if rule not in self.rules:
            return False
        self.rules.remove(rule)
        self._holding.discard(rule)
        return True

    def clear(self) -> int:
        """Forget all; how many there were."""
        number = len(self.rules)
        self.rules.clear()
        self._holding.clear()
        return number

    def holding(self, rule: Rule) -> bool:
        """Whether it held at the last reading."""
        return rule in self._holding

    def look(self, counts: Counts) -> tuple[list[Rule], list[Rule]]:
        """The rules that hold since this reading, and those that do no longer. An unknown figure changes nothing."""
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


def counts_of(counts: PollCounts) -> Counts:
    """The figures that rules are about."""
    return Counts(counts.units_used, counts.units_limit, counts.sessions, counts.processes)


def state_of(rule: Rule, counts: Counts) -> str:
    """A rule's figure in words, e.g. `7 of 8 license units in use`."""
    value = counts.figure(rule.figure)
    if value is None:
        return f"the number of {_MEANS[rule.figure]} is not known"
    of = f" of {counts.limit}" if rule.figure in ("units", "free") and counts.limit else ""
    return f"{value:,}{of} {_MEANS[rule.figure]}"
