"""Services, web applications and resources as kinds of object for the change engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from irisops.changes.objects import Family, ObjectKind
from irisops.changes.turns import What
from irisops.commands.security.effects import guard, meaning
from irisops.connections.connection import Link
from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless
from irisops.instance.security.object_state import Kind, ObjectChange, ObjectState
from irisops.instance.security.settings_state import KINDS, read_settings, settings_steps

_SETTINGS = Family(guard, meaning)


def _kind(kind: Kind, noun: str, plural: What) -> ObjectKind:
    async def read(link: Link, names: Sequence[str]) -> Mapping[str, ObjectState]:
        return await read_settings(link.connection, kind, names)

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


SERVICE = _kind("service", "service", "services")
APPLICATION = _kind("application", "web application", "web applications")
RESOURCE = _kind("resource", "resource", "resources")
OBJECTS: Mapping[Kind, ObjectKind] = {
    "service": SERVICE,
    "application": APPLICATION,
    "resource": RESOURCE,
}


async def states(link: Link, kind: Kind, names: Sequence[str]) -> list[ObjectState]:
    """States of these objects, named as the instance spells them. Raises `Refusal` if one cannot be opened."""
    found = await read_settings(link.connection, kind, names)
    for name in names:
        if name.casefold() not in found:
            raise Refusal(
                "NotReadable",
                f"The {OBJECTS[kind].noun} {harmless(name, 80)} is listed, but cannot be opened.",
                "Change it in the portal; please report it with the output of /doctor.",
            )
    return [found[name.casefold()] for name in names]
