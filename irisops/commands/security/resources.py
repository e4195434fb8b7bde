"""/resources and /resource: resources and their public permissions."""

from __future__ import annotations

from collections.abc import Mapping

from irisops.commands.security.specs import NONE
from irisops.commands.security.wanted import all_named, proposed
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Column, Facts, Refusal, Tone
from irisops.contract.wording import harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import list_table
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.lists import Resource, list_resources
from irisops.instance.security.object_state import FieldValue, ObjectState
from irisops.instance.security.permissions import Permission, applicable, parse_permission

_TONES: Mapping[str, Tone] = {
    **dict.fromkeys(("R", "U", "RU"), "warn"),
    **dict.fromkeys(("W", "RW", "WU", "RWU"), "bad"),
}
"""Everybody has it: reading deserves a look, writing is alarming."""
_FIELDS: cards.Fields[Resource] = (
    (Column("name", "NAME"), lambda each: each.name),
    (Column("public", "PUBLIC", tones=_TONES), lambda each: each.public.letters or NONE),
    (Column("kind", "KIND", hide_under=84), lambda each: each.kind),
    (Column("description", "DESCRIPTION", grow=True), lambda each: each.description),
)
PREFIX = "%DB_"
_SHOWN = 8


async def show_resources(context: Context, command: Command) -> Replies:
    """Resources, filtered and sorted by words."""
    link = context.link()
    found = await list_resources(link.connection)
    link.names.resources = tuple(each.name for each in found)
    public = [f"{each.name}:{each.public.letters}" for each in found if each.public]
    yield list_table(
        command,
        "resources",
        "resource",
        _FIELDS,
        found,
        unfiltered=[f"Public, so everybody has it: {listed(public)}."] if public else [],
        actions=[
            ("enter", "open", "/resource {name}"),
            ("n", "not public", "/resource {name} public=none"),
            ("w", "who can", "/who-can {name}"),
        ],
    )


def _facts(access: Access, name: str) -> Facts:
    resource = next(each for each in access.resources if each.name == name)
    shown = harmless(name, 80)
    key = name.casefold()
    roles = [
        f"{role.name}:{permission.letters}"
        for role in access.model.roles
        for held, permission in role.privileges.items()
        if held.casefold() == key
    ]
    applications = [each.name for each in access.applications if (each.resource or "").casefold() == key]
    notes = []
    if resource.public:
        notes.append(f"Everybody has {shown}:{resource.public.letters}, logged in or not.")
        notes.append(f"/resource {quote(shown)} public=none ends that; the plan says who loses it.")
    else:
        example = applicable(name).letters[:1]
        notes.append(f"/resource {quote(shown)} public={example} would give it to everybody.")
    return cards.facts_card(
        f"resource {name}",
        f"Resource {shown}",
        [
            ("name", "", name),
            ("description", "Description", resource.description),
            ("kind", "Kind", resource.kind),
            ("public", "Public", resource.public.letters or NONE),
            ("roles", "Roles that give it", listed(roles, most=_SHOWN) or "none but %All"),
            ("applications", "Applications that want it", list(applications)),
        ],
        [*notes, *access.notes],
    )


async def change_resource(context: Context, command: Command) -> Replies:
    """Plan to set public permissions; without `public=`, show the resources."""
    link = context.link()
    public = command.args.get("public")
    names = command.words("resources")
    if not isinstance(public, str):
        access = await read_access(link.connection)
        link.names.resources = tuple(each.name for each in access.resources)
        for name in all_named("resource", names, link.names.resources, PREFIX):
            yield _facts(access, name)
        return
    wanted = _permission(public)
    link.names.resources = tuple(each.name for each in await list_resources(link.connection))
    spelled = all_named("resource", names, link.names.resources, PREFIX)
    for name in spelled:
        extra = wanted & ~applicable(name)
        if extra:
            raise Refusal(
                "BadPermission",
                f"{harmless(name, 80)} has no {extra.letters}: it is given {applicable(name).letters}.",
                "For example public=none, public=R.",
            )

    def change(_state: ObjectState) -> dict[str, FieldValue]:
        return {"public": wanted.letters}

    yield await proposed(context, command, "resource", spelled, change)


def _permission(text: str) -> Permission:
    """`none`, `R`, `RW`, `read,write`. Raises `Refusal`."""
    if text.strip().casefold() in (NONE, ""):
        return Permission.NONE
    try:
        return parse_permission(text)
    except ValueError as error:
        sentence = harmless(str(error), 120)
        raise Refusal(
            "BadPermission",
            f"{sentence[:1].upper()}{sentence[1:]}.",
            "For example public=none, public=R or public=RW.",
        ) from None
