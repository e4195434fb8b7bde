"""Settings of services, web applications, resources and others: read from the object, set on it, saved.

Arrays do not cross the driver, so `Get` and `Modify` cannot be used from here (facts: iris-security 6.1): the object is
opened by its lower-case name, its properties are read or set, and it is saved, which is one change for the instance.
Where the objects are protected, the helper calls `Get` and `Modify`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from irisops.instance.calls import Call, ObjectCall, ObjectStep
from irisops.instance.errors import InstanceError, InstanceProblem
from irisops.instance.failures import is_missing
from irisops.instance.features import Route
from irisops.instance.helper import modify_by_helper, open_or_help, read_by_helper
from irisops.instance.outcome import changing, save_object
from irisops.instance.routes import Instance
from irisops.instance.security.application_fields import APPLICATION_FIELDS, LATER, TYPED
from irisops.instance.security.object_state import LISTS, Field, Kind, ObjectChange, ObjectState, Step
from irisops.instance.security.setting_fields import (
    EVENT_FIELDS,
    LDAP_FIELDS,
    SYSTEM_FIELDS,
    SYSTEM_LATER,
    TLS_FIELDS,
)
from irisops.instance.values import as_int, as_text

MOST_GROUPS = 100
"""Entries of a list that are read from an object, each in a round trip of its own."""


@dataclass(frozen=True, slots=True)
class Settable:
    """A class whose objects have settings. `missing` is the error number of a missing object."""

    class_name: str
    read: str
    save: str
    fields: Mapping[str, Field]
    missing: int
    list_command: str
    later: tuple[frozenset[str], ...] = ()
    """Fields that a version may lack, as they came together."""
    optional: frozenset[str] = frozenset()
    """Fields that an older helper does not tell."""


_ENABLED = Field("Enabled", "flag", "enabled")
_METHODS = Field("AutheEnabled", "methods", "login")
SERVICE_FIELDS: Mapping[str, Field] = {
    "enabled": _ENABLED,
    "auth": _METHODS,
    "clients": Field("ClientSystems", "list", "client addresses", separator=";"),
}
RESOURCE_FIELDS: Mapping[str, Field] = {
    "public": Field("PublicPermission", "permission", "public permission"),
    "description": Field("Description", "text", "description", 256),
}
KINDS: Mapping[Kind, Settable] = {
    "service": Settable(
        "Security.Services",
        "services.read",
        "services.edit",
        SERVICE_FIELDS,
        809,
        "/services",
        optional=frozenset({"clients"}),
    ),
    "application": Settable(
        "Security.Applications",
        "webapps.read",
        "webapps.edit",
        APPLICATION_FIELDS,
        869,
        "/apps",
        LATER,
    ),
    "resource": Settable(
        "Security.Resources",
        "resources.read",
        "resources.edit",
        RESOURCE_FIELDS,
        892,
        "/resources",
        optional=frozenset({"description"}),
    ),
    "system": Settable(
        "Security.System",
        "security.settings",
        "security.edit",
        SYSTEM_FIELDS,
        849,
        "/diff",
        SYSTEM_LATER,
        frozenset(SYSTEM_FIELDS),
    ),
    "audit_event": Settable(
        "Security.Events",
        "events.read",
        "events.edit",
        EVENT_FIELDS,
        853,
        "/diff",
        optional=frozenset(EVENT_FIELDS),
    ),
    "tls": Settable(
        "Security.SSLConfigs",
        "tls.read",
        "tls.edit",
        TLS_FIELDS,
        979,
        "/diff",
        optional=frozenset(TLS_FIELDS),
    ),
    "ldap": Settable(
        "Security.LDAPConfigs",
        "ldap.read",
        "ldap.edit",
        LDAP_FIELDS,
        0,
        "/diff",
        optional=frozenset(LDAP_FIELDS),
    ),
}
"""(facts: iris-security 3.2, 3.3, 3.5 to 3.7, 3.9); the number of a missing LDAP configuration is not public."""


def plain(name: str) -> str:
    """The name without the slash at the end that a session's application has."""
    return name.rstrip("/") or name


def _key(kind: Kind, name: str) -> str:
    """The id of an object: its lower-case name (facts: iris-security 1); of an event the parts of it (3.7).

    UNVERIFIED: that the parts of an event are joined by ||. Settle: open %System||%login||loginfailure of
    Security.Events by %OpenId; where it is not found, nothing is changed.
    """
    if kind == "system":
        return name  # (facts: iris-security 6.4, B)
    return name.lower().replace("/", "||") if kind == "audit_event" else plain(name).lower()


async def read_settings(
    instance: Instance, kind: Kind, names: Sequence[str], only: Collection[str] = ()
) -> dict[str, ObjectState]:
    """The objects by casefolded name; missing ones are left out. `only`: these fields instead of all.

    One batch, two where lists of an application have entries. A field that this version lacks is left out. Raises
    NotPermitted (%Admin_Secure:U), NotAvailable or Unreachable.
    """
    settable = KINDS[kind]
    wanted = {key: each for key, each in settable.fields.items() if not only or key in only}
    groups = [dict.fromkeys(key for key in wanted if key in some) for some in settable.later]
    later = {key for some in groups for key in some}
    parts = [part for part in (dict.fromkeys(key for key in wanted if key not in later), *groups) if part]
    calls = [
        ObjectCall(
            settable.class_name, "%OpenId", (_key(kind, name),), tuple(_get(wanted[key]) for key in part)
        )
        for name in names
        for part in parts
    ]

    async def attempt(route: Route) -> dict[str, ObjectState]:
        if route.by_helper:
            return await _read_by_helper(instance, kind, names, wanted)
        answers = iter(await instance.batch(calls))
        found: dict[str, ObjectState] = {}
        counts: dict[tuple[str, str], int] = {}
        for name in names:
            for part in parts:
                answer = next(answers)
                if isinstance(answer, Exception):
                    if later.issuperset(part) and isinstance(answer, InstanceProblem) and is_missing(answer):
                        continue
                    raise answer
                if not answer.found:
                    continue
                values = {key: wanted[key].value(raw) for key, raw in zip(part, answer.values, strict=True)}
                for key, raw in zip(part, answer.values, strict=True):
                    if wanted[key].kind in LISTS:
                        values[key] = ()
                        counts[name, key] = min(as_int(raw) or 0, MOST_GROUPS)
                state = found.get(name.casefold(), ObjectState(kind, name))
                found[name.casefold()] = state.with_fields(values)
        if any(counts.values()):
            await _read_lists(instance, kind, counts, found)
        return found

    return await open_or_help(instance, settable.read, attempt)


async def _read_by_helper(
    instance: Instance, kind: Kind, names: Sequence[str], wanted: Mapping[str, Field]
) -> dict[str, ObjectState]:
    """As `read_settings`. Raises InstanceError if the instance does not tell one of the fields.

    Of an application, the usual ones are needed: an older helper reads no others, which are `unread` then.
    """
    class_name = KINDS[kind].class_name
    properties = [each.property for each in wanted.values()]
    told = await read_by_helper(instance, class_name, [plain(name) for name in names], properties)
    found: dict[str, ObjectState] = {}
    for name, each in zip(names, told, strict=True):
        if each is None:
            continue
        untold = [key for key, field in wanted.items() if field.property not in each]
        needed = [
            wanted[key].property
            for key in untold
            if key not in KINDS[kind].optional and (kind != "application" or key in TYPED)
        ]
        if needed:
            raise InstanceError(
                f"{class_name}.Get does not tell {', '.join(needed)}.", "Look at it in the portal."
            )
        fields = {
            key: field.value(each[field.property]) for key, field in wanted.items() if key not in untold
        }
        lacking = {key for some in KINDS[kind].later for key in some}  # maybe this version has none such
        found[name.casefold()] = ObjectState(
            kind, name, fields, tuple(key for key in untold if key not in lacking)
        )
    return found


def _get(each: Field) -> ObjectStep:
    """The step that reads a property; of a list its length."""
    if each.kind in LISTS:
        return ObjectStep("invoke", "Count", path=(each.property,))
    return ObjectStep("get", each.property)


async def _read_lists(
    instance: Instance,
    kind: Kind,
    counts: Mapping[tuple[str, str], int],
    found: dict[str, ObjectState],
) -> None:
    """The items of lists, by (object, field) with their number.

    UNVERIFIED: that each item of `MatchRoles` is one group (facts: iris-security 3.5, likely); commas are taken apart
    as well. Settle: GetAt(1) of an application with two matching roles.
    """
    settable = KINDS[kind]
    some = [(name, key) for (name, key), count in counts.items() if count]
    calls: list[Call] = [
        ObjectCall(
            settable.class_name,
            "%OpenId",
            (_key(kind, name),),
            tuple(
                ObjectStep("invoke", "GetAt", (at,), (settable.fields[key].property,))
                for at in range(1, counts[name, key] + 1)
            ),
        )
        for name, key in some
    ]
    for (name, key), answer in zip(some, await instance.batch(calls), strict=True):
        if isinstance(answer, Exception):
            raise answer
        whole = settable.fields[key].kind == "list"
        items = [
            part.strip()
            for value in answer.values
            for part in ([as_text(value)] if whole else as_text(value).split(","))
        ]
        entries = tuple(item for item in items if item)
        found[name.casefold()] = found[name.casefold()].with_fields({key: entries})


async def save_settings(instance: Instance, after: ObjectState, changed: Sequence[str]) -> None:
    """Set these fields of the object to those of `after` and save it. The caller must read back: a status is no proof.

    Raises InstanceError (with the number of "does not exist" if it is gone), NotPermitted, NotAvailable; Unreachable
    with the outcome unknown.

    Where the objects are protected, the helper calls Modify.

    UNVERIFIED: that %Save of the object has all side effects of Modify, such as telling the Web Gateway (facts:
    iris-security 11, question 16). Settle: change AutheEnabled this way and open the page in a browser.
    """
    settable = KINDS[after.kind]
    steps = [step for name in changed for step in settable.fields[name].steps(after, name)]

    async def attempt(route: Route) -> None:
        if route.by_helper:
            values = {
                settable.fields[name].property: settable.fields[name].documented(after, name)
                for name in changed
            }
            await modify_by_helper(instance, settable.class_name, plain(after.name), values)
        elif not await save_object(instance, settable.class_name, _key(after.kind, after.name), steps):
            raise InstanceError(
                f"The {after.kind.replace('_', ' ')} {after.name} no longer exists.",
                f"{settable.list_command} lists them.",
                code=settable.missing,
            )

    await changing(open_or_help(instance, settable.save, attempt))


def settings_steps(change: ObjectChange) -> list[Step]:
    """The calls that make a change of settings. Raises ValueError for a creation or a deletion."""
    before, after = change.before, change.after
    if before is None or after is None:
        raise ValueError(f"{change.kind} {change.name}: these objects are changed, not made or deleted")
    fields = change.fields()
    label = f"{KINDS[after.kind].class_name}.%Save {after.name}: {', '.join(fields)}"
    return [Step(label, lambda instance: save_settings(instance, after, fields))]
