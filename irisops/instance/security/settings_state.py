"""Settings of services, web applications and resources: read from the object, set on it, saved.

Arrays do not cross the driver, so `Get` and `Modify` cannot be used (facts: iris-security 6.1): the object is opened by
its lower-case name, its properties are read or set, and it is saved, which is one change for the instance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from irisops.instance.calls import Answer, Call, ObjectCall, ObjectStep
from irisops.instance.errors import InstanceError
from irisops.instance.features import Route
from irisops.instance.outcome import changing, save_object
from irisops.instance.routes import Instance, first_route
from irisops.instance.security.object_state import Field, Kind, ObjectChange, ObjectState, Step
from irisops.instance.values import as_int, as_text

MOST_GROUPS = 100
"""Entries of `MatchRoles` that are read from an object, each in a round trip of its own."""


@dataclass(frozen=True, slots=True)
class Settable:
    """A class whose objects have settings. `missing` is the error number of a missing object."""

    class_name: str
    read: str
    save: str
    fields: Mapping[str, Field]
    missing: int
    list_command: str


_ENABLED = Field("Enabled", "flag", "enabled")
_METHODS = Field("AutheEnabled", "methods", "login")
KINDS: Mapping[Kind, Settable] = {
    "service": Settable(
        "Security.Services",
        "services.read",
        "services.edit",
        {"enabled": _ENABLED, "auth": _METHODS},
        809,
        "/services",
    ),
    "application": Settable(
        "Security.Applications",
        "webapps.read",
        "webapps.edit",
        {
            "enabled": _ENABLED,
            "auth": _METHODS,
            "resource": Field("Resource", "text", "resource"),
            "timeout": Field("Timeout", "seconds", "session timeout"),
            "roles": Field("MatchRoles", "groups", "roles"),
        },
        869,
        "/apps",
    ),
    "resource": Settable(
        "Security.Resources",
        "resources.read",
        "resources.edit",
        {"public": Field("PublicPermission", "permission", "public permission")},
        892,
        "/resources",
    ),
}
"""(facts: iris-security 3.2, 3.3, 3.5)"""


def _key(name: str) -> str:
    """The id of an object is its lower-case name (facts: iris-security 1)."""
    return (name.rstrip("/") or name).lower()


async def read_settings(
    instance: Instance, kind: Kind, names: Sequence[str], only: Sequence[str] = ()
) -> dict[str, ObjectState]:
    """The objects by casefolded name; missing ones are left out. `only`: these fields instead of all.

    One batch, two where applications have match roles. Raises NotPermitted (%Admin_Secure:U),
    NotAvailable or Unreachable.
    """
    settable = KINDS[kind]
    wanted = {key: each for key, each in settable.fields.items() if not only or key in only}
    plain = {key: each for key, each in wanted.items() if each.kind != "groups"}
    steps = [ObjectStep("get", each.property) for each in plain.values()]
    if len(plain) < len(wanted):
        steps.append(ObjectStep("invoke", "Count", path=("MatchRoles",)))

    async def attempt(_route: Route) -> dict[str, ObjectState]:
        calls = [ObjectCall(settable.class_name, "%OpenId", (_key(name),), tuple(steps)) for name in names]
        found: dict[str, ObjectState] = {}
        counts: dict[str, int] = {}
        for name, answer in zip(names, await instance.batch(calls), strict=True):
            if isinstance(answer, Exception):
                raise answer
            if not answer.found:
                continue
            values = dict(zip(plain, answer.values, strict=False))
            fields = {key: plain[key].value(value) for key, value in values.items()}
            found[name.casefold()] = ObjectState(kind, name, fields)
            if len(answer.values) > len(plain):
                counts[name] = min(as_int(answer.values[-1]) or 0, MOST_GROUPS)
        if counts:
            await _read_groups(instance, settable.class_name, counts, found)
        return found

    return await first_route(instance, settable.read, attempt)


async def _read_groups(
    instance: Instance, class_name: str, counts: Mapping[str, int], found: dict[str, ObjectState]
) -> None:
    """The items of `MatchRoles`. UNVERIFIED: that each item is one group (facts: iris-security 3.5, likely); commas
    are taken apart as well. Settle: GetAt(1) of an application with two matching roles.
    """
    some = [name for name, count in counts.items() if count]
    calls: list[Call] = [
        ObjectCall(
            class_name,
            "%OpenId",
            (_key(name),),
            tuple(ObjectStep("invoke", "GetAt", (at,), ("MatchRoles",)) for at in range(1, counts[name] + 1)),
        )
        for name in some
    ]
    answers: list[Answer | Exception] = await instance.batch(calls) if calls else []
    groups: dict[str, tuple[str, ...]] = dict.fromkeys(counts, ())
    for name, answer in zip(some, answers, strict=True):
        if isinstance(answer, Exception):
            raise answer
        items = [part.strip() for value in answer.values for part in as_text(value).split(",")]
        groups[name] = tuple(item for item in items if item)
    for name, items_of in groups.items():
        found[name.casefold()] = found[name.casefold()].with_fields({"roles": items_of})


async def save_settings(instance: Instance, after: ObjectState, changed: Sequence[str]) -> None:
    """Set these fields of the object to those of `after` and save it. The caller must read back: a status is no proof.

    Raises InstanceError (with the number of "does not exist" if it is gone), NotPermitted, NotAvailable; Unreachable
    with the outcome unknown.

    UNVERIFIED: that %Save of the object has all side effects of Modify, such as telling the Web Gateway (facts:
    iris-security 11, question 16). Settle: change AutheEnabled this way and open the page in a browser.
    """
    settable = KINDS[after.kind]
    steps = [step for name in changed for step in settable.fields[name].steps(after, name)]

    async def attempt(_route: Route) -> None:
        if not await save_object(instance, settable.class_name, _key(after.name), steps):
            raise InstanceError(
                f"There is no {after.kind} {after.name} any more.",
                f"{settable.list_command} lists them.",
                code=settable.missing,
            )

    await changing(first_route(instance, settable.save, attempt))


def settings_steps(change: ObjectChange) -> list[Step]:
    """The calls that make a change of settings. Raises ValueError for a creation or a deletion."""
    before, after = change.before, change.after
    if before is None or after is None:
        raise ValueError(f"{change.kind} {change.name}: these objects are changed, not made or deleted")
    fields = change.fields()
    label = f"{KINDS[after.kind].class_name}.%Save {after.name}: {', '.join(fields)}"
    return [Step(label, lambda instance: save_settings(instance, after, fields))]
