"""What the generators of other formats share: which objects are written, and what they leave out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from irisops.configuration.kinds import KINDS, ConfigKind
from irisops.configuration.model import ConfigObject, Configuration
from irisops.configuration.predefined import predefined
from irisops.configuration.values import Property, Value
from irisops.contract.wording import counted, harmless, listed

Version = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Generated:
    """A text made of a configuration. `written` counts its objects, `left_out` are sentences on what it lacks."""

    text: str = field(repr=False)  # it may hold hashes
    written: int
    left_out: tuple[str, ...]


def version_of(text: str) -> Version | None:
    """Year and release of a version such as "IRIS 2025.2" or "2024.1.3"; None if it has none."""
    found = re.search(r"\b(20\d\d)\.(\d{1,2})\b", text)
    return (int(found[1]), int(found[2])) if found else None


def own_objects(configuration: Configuration) -> Iterator[tuple[ConfigKind, ConfigObject]]:
    """The objects that somebody made, and those that only can be changed, in the order in which an instance takes them.

    The latter are services, audit events and system security settings.
    """
    for kind in KINDS:
        for each in configuration.of(kind.name).values():
            if kind.name in _CHANGED or _is_own(kind, each):
                yield kind, each


def _is_own(kind: ConfigKind, each: ConfigObject) -> bool:
    """True for an object that not every instance has in the same way; the namespace USER has mappings of its own."""
    own = not predefined(kind.name, each.name, each.values)
    return own or (kind.name == "namespaces" and each.key == "user")


_CHANGED = ("system", "services", "audit-events")


def not_here(configuration: Configuration) -> list[str]:
    """Sentences on what no generator can write: what comes with every instance, and what could not be read."""
    found = []
    for kind in KINDS:
        objects = configuration.of(kind.name)
        given = [each for each in objects.values() if not _is_own(kind, each)]
        if given and kind.name not in _CHANGED:
            many = counted(len(given), f"predefined {kind.noun}", f"predefined {kind.plural}")
            found.append(f"{many}: every instance has its own.")
    for lost in configuration.unread:
        what = harmless(" ".join(part for part in (lost.kind, lost.name, lost.property) if part), 200)
        found.append(f"{what} could not be read: {harmless(lost.reason, 200)}")
    return found


def places_of_secrets(kind: ConfigKind, each: ConfigObject, secrets: list[Property]) -> list[str]:
    """A sentence on the secrets of an object that are set by hand; none without any."""
    if not secrets:
        return []
    what = listed([secret.label for secret in secrets])
    return [f"{kind.noun} {harmless(each.name, 80)}: {what}, a secret to set by hand."]


def listable(known: Property, value: Value) -> bool:
    """True if the items of a list can be joined: none of them holds the separator."""
    return not isinstance(value, tuple) or not any(known.separator in item for item in value)
