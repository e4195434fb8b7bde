"""Services, web applications and resources as kinds of object for the change engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from irisops.changes.objects import Family, ObjectKind
from irisops.changes.turns import What
from irisops.commands.security.effects import guard, meaning
from irisops.connections.connection import Link
from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless
from irisops.instance.security.application_changes import application_steps, application_to_copy
from irisops.instance.security.application_fields import APPLICATION_FIELDS, NEW_APPLICATION, TYPED
from irisops.instance.security.object_state import Kind, ObjectChange, ObjectState, same_as_set
from irisops.instance.security.resource_changes import resource_steps
from irisops.instance.security.settings_state import KINDS, read_settings, settings_steps

_SETTINGS = Family(guard, meaning)


def _kind(kind: Kind, noun: str, plural: What) -> ObjectKind:
    async def read(link: Link, names: Sequence[str], fields: Collection[str]) -> Mapping[str, ObjectState]:
        return await read_settings(link.connection, kind, names, fields)

    def past(change: ObjectChange) -> str:
        after = change.state
        now = [f"{made.label(each)} is {made.show(after.fields[each], each)}" for each in change.fields()]
        return f"{harmless(after.name, 80)}: {'; '.join(now)}."

    made = ObjectKind(
        noun,
        plural,
        _SETTINGS,
        plural,
        KINDS[kind].fields,
        read=read,
        steps=lambda change, _password: settings_steps(change),
        nothing="none",
        past=past,
    )
    return made


async def _to_copy(link: Link, state: ObjectState) -> str:
    return await application_to_copy(link.connection, state.name)


SERVICE = _kind("service", "service", "services")
APPLICATION = replace(
    _kind("application", "web application", "web applications"),
    steps=lambda change, _password: application_steps(change),
    copied=tuple(APPLICATION_FIELDS),
    agrees=same_as_set,
    source=_to_copy,
    fixed=frozenset({"type"}),
    initial={key: value for key, value in NEW_APPLICATION.items() if key not in ("enabled", "auth")},
)
RESOURCE = replace(
    _kind("resource", "resource", "resources"), steps=lambda change, _password: resource_steps(change)
)
OBJECTS: Mapping[Kind, ObjectKind] = {
    "service": SERVICE,
    "application": APPLICATION,
    "resource": RESOURCE,
}


async def states(link: Link, kind: Kind, names: Sequence[str], *, whole: bool = False) -> list[ObjectState]:
    """States of these objects, named as the instance spells them. Raises `Refusal` if one cannot be opened.

    Of an application only what is shown and usually changed, unless it is wanted as a whole.
    """
    only = TYPED if kind == "application" and not whole else ()
    found = await read_settings(link.connection, kind, names, only)
    for name in names:
        if name.casefold() not in found:
            raise Refusal(
                "NotReadable",
                f"The {OBJECTS[kind].noun} {harmless(name, 80)} is listed, but cannot be opened.",
                "Change it in the portal; please report it with the output of /doctor.",
            )
    return [found[name.casefold()] for name in names]
