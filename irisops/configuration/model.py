"""A configuration: objects of all kinds with their canonical values, and what is not known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from irisops.configuration.kinds import KINDS, ConfigKind
from irisops.configuration.values import NoValueError, Property, Value

FORMAT = 1
"""Version of the text format, in `instance.toml`."""


@dataclass(frozen=True, slots=True)
class ConfigObject:
    """One object. `values` has canonical values by property, also those that are the default.

    A property of the kind without a value here is one that could not be read, or that this version lacks:
    `Configuration.unread` and `Configuration.absent` tell which.
    """

    name: str
    values: Mapping[str, Value]

    @property
    def key(self) -> str:
        """Names are unique without regard to letter case (facts: iris-security 1)."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, and why, in a sentence without a name of the instance.

    `name` "" is the whole kind, `property` "" the whole object; a property without a name is that of all objects.
    """

    kind: str
    reason: str
    name: str = ""
    property: str = ""

    def covers(self, kind: str, name: str = "", property_name: str = "") -> bool:
        """True if this is why the property of the object, the object or the kind is not known."""
        return (
            self.kind == kind
            and (not self.name or self.name.lower() == name.lower())
            and (not self.property or self.property == property_name)
        )


@dataclass(frozen=True, slots=True)
class Configuration:
    """The configuration of one instance: kind -> key -> object, and what is not known.

    `kinds` are those that were asked for: an object of any other is not known. `absent` (kind -> properties) are those
    that this version of the instance lacks.
    """

    objects: Mapping[str, Mapping[str, ConfigObject]] = field(default_factory=dict)
    instance: str = ""
    version: str = ""
    unread: tuple[Unread, ...] = ()
    absent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that this configuration speaks of, in the order of `KINDS`."""
        return tuple(kind.name for kind in KINDS if kind.name in self.objects)

    def of(self, kind: str) -> Mapping[str, ConfigObject]:
        """The objects of a kind by key; empty if it has none or the kind was not asked for."""
        return self.objects.get(kind, {})

    def why_unknown(self, kind: str, name: str = "", property_name: str = "") -> str:
        """Why a property, an object or a kind is not known, as a sentence; "" if it is known."""
        if kind not in self.objects:
            return "this side does not speak of this kind"
        if property_name in self.absent.get(kind, ()):
            return "its version does not have it"
        return next((each.reason for each in self.unread if each.covers(kind, name, property_name)), "")


def keyed(objects: Iterable[ConfigObject]) -> dict[str, ConfigObject]:
    """The objects by key, in its order. Raises `NoValueError` for two of the same name."""
    found: dict[str, ConfigObject] = {}
    for each in objects:
        if each.key in found:
            raise NoValueError(f"two objects are named {each.name!r}: letter case makes no difference")
        found[each.key] = each
    return {key: found[key] for key in sorted(found)}


def non_default(kind: ConfigKind, each: ConfigObject) -> dict[str, Value]:
    """The values that a text has: those that differ from the class's own, in the order of the kind."""
    return {
        known.name: each.values[known.name]
        for known in kind.readable
        if known.name in each.values and (known.default is None or each.values[known.name] != known.default)
    }


def secrets_of(kind: ConfigKind, each: ConfigObject) -> list[Property]:
    """The places of an object where a secret belongs, which no text holds."""
    return [
        known
        for known in kind.properties
        if known.type == "secret" and (not known.needs or each.values.get(known.needs))
    ]


def with_defaults(kind: ConfigKind, values: Mapping[str, Value], unknown: Iterable[str]) -> dict[str, Value]:
    """The values of an object of which a text gives those that differ from the class's own.

    `unknown` are properties of which nothing is known. Raises `NoValueError` if one without a default is missing.
    """
    left_out = frozenset(unknown)
    found: dict[str, Value] = {}
    for known in kind.readable:
        if known.name in left_out:
            continue
        if known.name in values:
            found[known.name] = values[known.name]
        elif known.default is not None:
            found[known.name] = known.default
        else:
            raise NoValueError(f"{known.name} is missing")
    return found
