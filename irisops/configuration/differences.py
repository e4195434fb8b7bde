"""Differences of two configurations, by object and property. What is not known is never taken for the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from irisops.configuration.kinds import KINDS, ConfigKind
from irisops.configuration.model import ConfigObject, Configuration, Unread
from irisops.configuration.predefined import comes_with_instance
from irisops.configuration.values import Property, Value

What = Literal["changed", "only first", "only second", "unknown"]
NAME = "Name"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `known` None: of the whole object (or, with name "", of the whole kind).

    `by_version`: the object is predefined, or the property is one of later versions, and the versions differ.
    """

    kind: ConfigKind
    name: str
    what: What
    known: Property | None = None
    first: Value | None = None
    second: Value | None = None
    reason: str = ""
    by_version: bool = False


def common_kinds(first: Configuration, second: Configuration, only: Iterable[str] = ()) -> list[ConfigKind]:
    """The kinds that both speak of, of those in `only` if there are any."""
    asked = set(only)
    return [
        kind
        for kind in KINDS
        if kind.name in first.objects and kind.name in second.objects and (not asked or kind.name in asked)
    ]


def differences(first: Configuration, second: Configuration, only: Iterable[str] = ()) -> list[Difference]:
    """All differences in the kinds that both speak of, by kind, object and property."""
    versions_differ = first.version != second.version
    found: list[Difference] = []
    for kind in common_kinds(first, second, only):
        found += _of_kind(kind, first, second, versions_differ=versions_differ)
    return found


def _of_kind(
    kind: ConfigKind, first: Configuration, second: Configuration, *, versions_differ: bool
) -> Iterator[Difference]:
    unknown = [side for side in (first, second) if any(_whole(kind, each) for each in side.unread)]
    if unknown:
        reasons = dict.fromkeys(side.why_unknown(kind.name) for side in unknown)
        yield Difference(kind, "", "unknown", reason="; ".join(reasons))
    left, right = first.of(kind.name), second.of(kind.name)
    for key in sorted({*left, *right}):
        one, other = left.get(key), right.get(key)
        known = one or other
        by_version = versions_differ and comes_with_instance(kind.name, key, known.values if known else None)
        if one is not None and other is not None:
            yield from _of_object(kind, one, other, (first, second), by_version=by_version)
        elif one is not None and second not in unknown:
            yield Difference(kind, one.name, "only first", by_version=by_version)
        elif other is not None and first not in unknown:
            yield Difference(kind, other.name, "only second", by_version=by_version)


def _whole(kind: ConfigKind, unread: Unread) -> bool:
    return unread.kind == kind.name and not unread.name and not unread.property


def _of_object(
    kind: ConfigKind,
    one: ConfigObject,
    other: ConfigObject,
    sides: tuple[Configuration, Configuration],
    *,
    by_version: bool,
) -> Iterator[Difference]:
    if one.name != other.name:
        yield Difference(kind, one.name, "changed", Property(NAME, "text", "name"), one.name, other.name)
    for known in kind.readable:
        before, after = one.values.get(known.name), other.values.get(known.name)
        if before is not None and after is not None:
            if before != after:
                yield Difference(kind, one.name, "changed", known, before, after, by_version=by_version)
            continue
        lacking = [known.name in side.absent.get(kind.name, ()) for side in sides]
        if all(lacking):
            continue
        if any(lacking):
            # The other side's version has it: no difference while it is at the class's own value there.
            value = after if lacking[0] else before
            if value is not None and value == known.default:
                continue
            if value is not None:
                yield Difference(
                    kind,
                    one.name,
                    "changed",
                    known,
                    before,
                    after,
                    "its version does not have it",
                    by_version=True,
                )
                continue
        reasons = dict.fromkeys(
            side.why_unknown(kind.name, one.name, known.name)
            for side, value in zip(sides, (before, after), strict=True)
            if value is None
        )
        told = "; ".join(each for each in reasons if each)
        yield Difference(kind, one.name, "unknown", known, before, after, told)
