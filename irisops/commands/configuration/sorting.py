"""Differences between an instance and a folder by what becomes of them: planned, left, or named to be set by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from irisops.configuration.differences import NAME, Difference, differences
from irisops.configuration.kinds import KINDS, ConfigKind
from irisops.configuration.model import ConfigObject, Configuration
from irisops.configuration.predefined import predefined
from irisops.contract.wording import harmless, listed
from irisops.instance.security.application_fields import SYSTEM
from irisops.instance.security.lists import BINDINGS
from irisops.instance.security.oauth import REDIRECTION
from irisops.instance.security.oauth_changes import is_endpoint
from irisops.instance.security.sql_holders import can_be_given

MOST_NAMED = 12
"""Differences of one cause that a warning names."""
_HOLDERS = {
    "roles": ("roles", "users", "applications"),
    "resources": ("roles", "applications", "databases"),
    "oauth-servers": ("oauth-clients",),
    "tls": ("oauth-servers", "oauth-clients"),
}
"""Kinds that may name an object of a kind."""


@dataclass
class Sorted:
    """Differences by what becomes of them. Lists of words are named in the plan as warnings.

    `by_hand` has them by the reason why this tool leaves them alone.
    """

    changed: dict[tuple[str, str], list[Difference]] = field(default_factory=dict)
    made: list[tuple[ConfigKind, ConfigObject]] = field(default_factory=list)
    gone: list[tuple[ConfigKind, ConfigObject]] = field(default_factory=list)
    by_hand: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    version: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)

    def leave(self, what: str, why: str) -> None:
        """Name a difference that is to be set by hand."""
        self.by_hand.setdefault(why, []).append(what)

    def told(self) -> list[str]:
        """What is not done, and why, as sentences."""
        found = []
        for words, start in (
            *(
                (words, f"Not applied by this tool, set by hand, as {why}")
                for why, words in self.by_hand.items()
            ),
            (self.unknown, "Not known on the instance, so nothing is planned on it"),
            (self.version, "Comes with the version of the instance, left as it is"),
            (self.stays, "Not in the folder, but kept (delete=yes would delete it)"),
        ):
            if words:
                found.append(f"{start}: {listed(list(dict.fromkeys(words)), most=MOST_NAMED)}.")
        return found


def sort_differences(
    now: Configuration, wanted: Configuration, only: Sequence[str], *, delete: bool, helper: bool
) -> Sorted:
    """The differences of the kinds in `only`; with `delete` goes what the folder lacks, of kinds that people make.

    `helper` tells whether the instance has it: some objects can be made by it alone.
    """
    found = Sorted()
    for each in differences(now, wanted, only):
        kind, name = each.kind, harmless(each.name, 80)
        what = f"{each.known.label} of {kind.noun} {name}" if each.known else f"{kind.noun} {name}"
        if each.what == "unknown":
            found.unknown.append(what if each.name else kind.plural)
        elif each.by_version:
            found.version.append(what)
        elif each.what == "only first" and not delete:
            found.stays.append(what)
        elif kind.name == "sql-privileges" and each.known is None:
            _of_holder(found, kind, each, now, wanted)
        else:
            _sort(found, each, what, now, wanted, helper=helper)
    return found


def _sort(
    found: Sorted, each: Difference, what: str, now: Configuration, wanted: Configuration, *, helper: bool
) -> None:
    """Put one difference, which is known, where it belongs."""
    kind, key = each.kind, each.name.lower()
    if each.what == "only first":
        known = now.of(kind.name)[key]
        if why := _why_kept(kind, known):
            found.leave(f"the deletion of {what}", why)
        else:
            found.gone.append((kind, known))
    elif each.what == "only second":
        known = wanted.of(kind.name)[key]
        if why := _why_not_made(kind, known, helper=helper):
            found.leave(f"the creation of {what}", why)
        else:
            found.made.append((kind, known))
    elif why := _why_unchanged(each, helper=helper):
        found.leave(what, why)
    else:
        found.changed.setdefault((kind.name, each.name), []).append(each)


def _of_holder(
    found: Sorted, kind: ConfigKind, each: Difference, now: Configuration, wanted: Configuration
) -> None:
    """A holder of SQL privileges is no record of its own: it comes and goes with what it is granted."""
    if each.what == "only first" and predefined(kind.name, each.name):
        found.leave(f"the deletion of {kind.noun} {harmless(each.name, 80)}", _SYSTEMS)
        return
    first, second = (side.of(kind.name).get(each.name.lower()) for side in (now, wanted))
    for known in kind.readable:
        had, has = (one.values.get(known.name) if one else () for one in (first, second))
        if had is None or has is None or had == has:
            continue
        one = replace(each, what="changed", known=known, first=had, second=has)
        if why := _why_unchanged(one, helper=False):
            found.leave(f"{known.label} of {kind.noun} {harmless(each.name, 80)}", why)
        else:
            found.changed.setdefault((kind.name, each.name), []).append(one)


_SYSTEMS = "it comes with the instance"
_BY_HELPER = "only the helper of this version can do it, and it is not on the instance (/helper install)"
_ON_THE_MACHINE = "its files are those of the instance's machine"
_UNREAD = "not all that it takes can be read"
_NOT_PUBLIC = "no public source tells how it is given"
_MADE_BY_HELPER = ("tls", "namespaces")


def _why_kept(kind: ConfigKind, each: ConfigObject) -> str:
    """Why this tool does not delete an object; "" for one that people make and this tool can make again."""
    if kind.name == "namespaces":
        return "what it maps and the applications in it would go with it"
    return _why_not_made(kind, each, helper=True)


def _why_not_made(kind: ConfigKind, each: ConfigObject, *, helper: bool) -> str:
    """Why this tool does not make an object; "" for one that people make."""
    bits = each.values.get("Type")
    common = each.name.startswith("/") and isinstance(bits, int) and not bits & SYSTEM
    of_database = each.name.lower().startswith("%db_")
    whys = {
        "system": _SYSTEMS,
        "services": _SYSTEMS,
        "applications": "" if common else _SYSTEMS,
        "resources": "" if of_database else _by_sign(kind, each),  # (facts: iris-security 3.2)
        "oauth-clients": "" if is_endpoint(str(each.values.get(REDIRECTION, ""))) else _NO_ADDRESS,
        "ldap": _UNREAD,
        "tasks": _UNREAD,
        "databases": _ON_THE_MACHINE,
    }
    without = "" if helper or kind.name not in _MADE_BY_HELPER else _BY_HELPER
    return whys.get(kind.name, without or _by_sign(kind, each))


def _by_sign(kind: ConfigKind, each: ConfigObject) -> str:
    return _SYSTEMS if predefined(kind.name, each.name) else ""


_NO_ADDRESS = "an endpoint takes http and https addresses alone"
_OWN_NAMESPACE = "the instance and this tool work in it"
_EVERY_DRIVER = "every driver comes in by it, and from which address this one does is not known"
_FIXED: Mapping[tuple[str, str], str] = {
    ("applications", "Type"): "it is given when an application is made",
    ("system", "DefaultSecurityDomain"): "accounts are named by it",
    ("system", "SecurityDomains"): "accounts are named by it",
    ("sql-privileges", "AdminPrivileges"): _NOT_PUBLIC,
    **{
        ("namespaces", name): "data and code would seem to be gone"
        for name in ("Globals", "Routines", "TempGlobals")
    },
}
"""Properties of a kind that are not changed -> why."""


def _why_unchanged(each: Difference, *, helper: bool) -> str:
    """Why this tool does not change a property of an object; "" for one that it sets (facts: iris-security 3.1)."""
    kind, low, known = each.kind, each.name.lower(), each.known
    if known is None or known.name == NAME:
        return "an object keeps the letter case of its name"
    own_text = kind.name in ("resources", "audit-events") and known.name == "Description"
    whys = (
        (True, _FIXED.get((kind.name, known.name), "")),
        (kind.name == "databases" and known.name not in (kind.fields or {}), _ON_THE_MACHINE),
        (known.name not in (kind.fields or {}), _UNREAD),
        (kind.name == "roles" and (low == "%all" or low.startswith("%db_")), _SYSTEMS),
        (own_text and predefined(kind.name, each.name), _SYSTEMS),
        (low == BINDINGS.lower() and known.name == "ClientSystems", _EVERY_DRIVER),
        (known.name == REDIRECTION and not is_endpoint(str(each.second)), _NO_ADDRESS),
        (kind.name == "namespaces" and low == "%sys", _OWN_NAMESPACE),
        # Also to take one away: without the helper, /undo could not bring it back.
        (kind.name == "namespaces" and not helper, _BY_HELPER),
        (kind.name == "sql-privileges" and not _can_be_granted(each), _NOT_PUBLIC),
    )
    return next((why for holds, why in whys if holds and why), "")


def _can_be_granted(each: Difference) -> bool:
    """True if all that differs can be given; a list of users has commas."""
    first, second = (set(side) if isinstance(side, tuple) else set() for side in (each.first, each.second))
    return "," not in each.name and all(can_be_given(text) for text in first ^ second)


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
            found.leave(
                f"the deletion of {kind.noun} {harmless(each.name, 80)}",
                f"which {listed(unread)} hold it is not known",
            )
            continue
        holders = [name for name in _holders(kind, each.key, now, wanted) if name not in going]
        if holders:
            names = listed([name for _, name in holders], most=3)
            found.leave(
                f"the deletion of {kind.noun} {harmless(each.name, 80)}",
                f"{harmless(names)} would still hold it",
            )
        else:
            kept.append((kind, each))
    found.gone[:] = kept


def _holders(
    kind: ConfigKind, key: str, now: Configuration, wanted: Configuration
) -> Iterator[tuple[str, str]]:
    """(kind, key) of the objects that name a role or a resource after the change."""
    for other in _HOLDERS.get(kind.name, ()):
        applied = other in wanted.objects and other != "databases"  # whose resource is set by hand
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
    if kind == "tls":
        configuration = holder.values.get("SSLConfiguration")
        return {configuration.lower()} if isinstance(configuration, str) else set()
    if kind == "oauth-servers":
        server = holder.values.get("ServerDefinition")
        return {server.lower()} if isinstance(server, str) else set()
    if kind == "resources":
        single = holder.values.get("Resource", holder.values.get("ResourceName"))
        found = {name.rpartition(":")[0].lower() for name in names("Resources")}
        return found | ({single.lower()} if isinstance(single, str) else set())
    return set()
