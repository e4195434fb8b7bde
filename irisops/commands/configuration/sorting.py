"""Differences between an instance and a folder by what becomes of them: planned, left, or named to be set by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from irisops.configuration.differences import NAME, Difference, differences
from irisops.configuration.kinds import BY_NAME, KINDS, ConfigKind
from irisops.configuration.model import ConfigObject, Configuration
from irisops.configuration.predefined import predefined
from irisops.contract.wording import harmless, listed
from irisops.instance.security.application_fields import SYSTEM
from irisops.instance.security.lists import BINDINGS
from irisops.instance.security.oauth import REDIRECTION
from irisops.instance.security.oauth_changes import is_endpoint

MOST_NAMED = 12
"""Differences of one cause that a warning names."""
_HOLDERS = {
    "roles": ("roles", "users", "applications"),
    "resources": ("roles", "applications", "databases"),
    "oauth-servers": ("oauth-clients",),
}
"""Kinds that may name an object of a kind."""


@dataclass
class Sorted:
    """Differences by what becomes of them. Lists of words are named in the plan as warnings."""

    changed: dict[tuple[str, str], list[Difference]] = field(default_factory=dict)
    made: list[tuple[ConfigKind, ConfigObject]] = field(default_factory=list)
    gone: list[tuple[ConfigKind, ConfigObject]] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    version: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)

    def told(self) -> list[str]:
        """What is not done, and why, as sentences."""
        found = []
        for words, start in (
            (self.by_hand, "Not applied by this tool, set by hand"),
            (self.unknown, "Not known on the instance, so nothing is planned on it"),
            (self.version, "Comes with the version of the instance, left as it is"),
            (self.stays, "Not in the folder, but kept (delete=yes would delete it)"),
        ):
            if words:
                found.append(f"{start}: {listed(list(dict.fromkeys(words)), most=MOST_NAMED)}.")
        return found


def sort_differences(
    now: Configuration, wanted: Configuration, only: Sequence[str], *, delete: bool
) -> Sorted:
    """The differences of the kinds in `only`; with `delete` goes what the folder lacks, of kinds that people make."""
    found = Sorted()
    for each in differences(now, wanted, only):
        kind, name = each.kind, harmless(each.name, 80)
        what = f"{each.known.label} of {kind.noun} {name}" if each.known else f"{kind.noun} {name}"
        if each.what == "unknown":
            found.unknown.append(what if each.name else kind.plural)
        elif each.by_version:
            found.version.append(what)
        elif each.what == "only first":
            known = now.of(kind.name)[each.name.lower()]
            if not delete:
                found.stays.append(what)
            elif _may_come_and_go(kind, known):
                found.gone.append((kind, known))
            else:
                found.by_hand.append(f"the deletion of {what}")
        elif each.what == "only second":
            known = wanted.of(kind.name)[each.name.lower()]
            if _may_come_and_go(kind, known):
                found.made.append((kind, known))
            else:
                found.by_hand.append(f"the creation of {what}")
        elif _may_change(each):
            found.changed.setdefault((kind.name, each.name), []).append(each)
        else:
            found.by_hand.append(what)
    return found


def _may_come_and_go(kind: ConfigKind, each: ConfigObject) -> bool:
    """True for objects that people make; what comes with the instance is not made or deleted by this tool."""
    if kind.name == "applications":
        number = each.values.get("Type")
        return each.name.startswith("/") and isinstance(number, int) and not number & SYSTEM
    if kind.name == "resources" and each.name.lower().startswith("%db_"):
        return True  # (facts: iris-security 3.2)
    if kind.name == "oauth-clients":
        return is_endpoint(str(each.values.get(REDIRECTION, "")))
    if kind.name == "oauth-servers":
        return True
    return kind.name in ("resources", "roles", "users") and not predefined(kind.name, each.name)


def _may_change(each: Difference) -> bool:
    """True for a property that the change engine sets, of an object that may be changed (facts: iris-security 3.1)."""
    kind, low, known = each.kind, each.name.lower(), each.known
    if known is None or known.name == NAME or kind.object_kind is None:
        return False
    fixed = (
        (kind.name == "roles" and (low == "%all" or low.startswith("%db_")))
        or (kind.name == "resources" and known.name == "Description" and predefined(kind.name, each.name))
        or (kind.name == "applications" and known.name == "Type")
        # Every driver comes in by it, and from which address this one does is not known.
        or (low == BINDINGS.lower() and known.name == "ClientSystems")
        or (known.name == REDIRECTION and not is_endpoint(str(each.second)))
    )
    return not fixed and known.name in (kind.fields or {})


def keep_what_is_held(found: Sorted, now: Configuration, wanted: Configuration) -> None:
    """A role or resource that somebody would still hold is not deleted: the instance would take it from them."""
    going = {(kind.name, each.key) for kind, each in found.gone}
    kept: list[tuple[ConfigKind, ConfigObject]] = []
    for kind, each in found.gone:
        unread = [
            other.plural
            for other in KINDS
            if other.name in _HOLDERS.get(kind.name, ())
            and (
                other.name not in now.objects
                or now.why_unknown(other.name, "", "ResourceName" if other.name == "databases" else "")
            )
        ]
        if unread:
            found.by_hand.append(
                f"the deletion of {kind.noun} {harmless(each.name, 80)} (which {listed(unread)} hold it is not known)"
            )
            continue
        holders = [name for name in _holders(kind, each.key, now, wanted) if name not in going]
        if holders:
            names = listed([name for _, name in holders], most=3)
            found.by_hand.append(
                f"the deletion of {kind.noun} {harmless(each.name, 80)} ({harmless(names)} would still hold it)"
            )
        else:
            kept.append((kind, each))
    found.gone[:] = kept


def _holders(
    kind: ConfigKind, key: str, now: Configuration, wanted: Configuration
) -> Iterator[tuple[str, str]]:
    """(kind, key) of the objects that name a role or a resource after the change."""
    for other in _HOLDERS.get(kind.name, ()):
        applied = other in wanted.objects and BY_NAME[other].object_kind is not None
        after = wanted if applied else now
        for holder in {**now.of(other), **after.of(other)}.values():
            if key in _named_by(kind.name, holder):
                yield other, holder.key


def _named_by(kind: str, holder: ConfigObject) -> set[str]:
    def names(*properties: str) -> Iterable[str]:
        for each in properties:
            value = holder.values.get(each)
            if isinstance(value, tuple):
                yield from value

    if kind == "roles":
        groups = (part for group in names("MatchRoles") for part in group.split(":"))
        return {name.lower() for name in (*names("Roles", "EscalationRoles", "GrantedRoles"), *groups)}
    if kind == "oauth-servers":
        server = holder.values.get("ServerDefinition")
        return {server.lower()} if isinstance(server, str) else set()
    if kind == "resources":
        single = holder.values.get("Resource", holder.values.get("ResourceName"))
        found = {name.rpartition(":")[0].lower() for name in names("Resources")}
        return found | ({single.lower()} if isinstance(single, str) else set())
    return set()
