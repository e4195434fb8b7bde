"""/resources and /resource: resources and their public permissions."""

from __future__ import annotations

from irisops.commands.security.effects import bad_permission
from irisops.commands.security.specs import NONE
from irisops.commands.security.wanted import all_named, as_list, proposed
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Cell, Column, Facts, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import filter_words, select, selection_notes
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.lists import list_resources
from irisops.instance.security.object_state import FieldValue, ObjectState
from irisops.instance.security.permissions import Permission, applicable, parse_permission

COLUMNS = (
    Column("name", "NAME"),
    Column("public", "PUBLIC"),
    Column("kind", "KIND", hide_under=70),
    Column("description", "DESCRIPTION", grow=True),
)
PREFIX = "%DB_"
_SHOWN = 8


async def show_resources(context: Context, command: Command) -> Replies:
    """Resources, filtered and sorted by words."""
    link = context.link()
    found = await list_resources(link.connection)
    link.names.resources = tuple(each.name for each in found)
    rows: list[dict[str, Cell]] = [
        {
            "name": each.name,
            "public": each.public.letters or NONE,
            "kind": each.kind,
            "description": each.description,
        }
        for each in found
    ]
    chosen = select(rows, filter_words(command), COLUMNS)
    notes = selection_notes(chosen, len(rows), "resource")
    public = [f"{each.name}:{each.public.letters}" for each in found if each.public]
    if public and not chosen.described:
        notes.append(f"Public, so everybody has it: {listed(public)}.")
    yield Table(
        name="resources",
        title="Resources",
        columns=COLUMNS,
        rows=chosen.rows,
        key="name",
        notes=notes,
        actions=[
            ("enter", "open", "/resource {name}"),
            ("n", "not public", "/resource {name} public=none"),
            ("w", "who can", "/who-can {name}"),
        ],
        total=chosen.total,
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
        notes.append(f"Everybody has {shown}:{resource.public.letters}, whoever has not logged in, too.")
        notes.append(f"/resource {quote(shown)} public=none ends that; the plan says who loses it.")
    else:
        example = applicable(name).letters[:1]
        notes.append(f"/resource {quote(shown)} public={example} would give it to everybody.")
    return Facts(
        f"resource {name}",
        f"Resource {shown}",
        {
            "name": name,
            "description": resource.description,
            "kind": resource.kind,
            "public": resource.public.letters or NONE,
            "roles": listed(roles, most=_SHOWN) or "none but %All",
            "applications": list(applications),
        },
        labels={
            "description": "Description",
            "kind": "Kind",
            "public": "Public",
            "roles": "Roles that give it",
            "applications": "Applications that want it",
        },
        notes=[*notes, *access.notes],
    )


async def change_resource(context: Context, command: Command) -> Replies:
    """Plan to set public permissions; without `public=`, show the resources."""
    link = context.link()
    public = command.args.get("public")
    names = as_list(command, "resources")
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
        problem = bad_permission(name, wanted)
        if problem:
            raise Refusal("BadPermission", f"{problem}.", "For example public=none, public=R.")

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
