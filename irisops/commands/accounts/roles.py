"""/roles: the roles of the instance and the privileges they carry."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Table
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import filter_words, select, selection_notes
from irisops.instance.security.lists import list_roles

COLUMNS = (
    Column("name", "NAME"),
    Column("description", "DESCRIPTION", grow=True),
    Column("granted_roles", "GRANTED ROLES", "list", hide_under=90),
    Column("resources", "RESOURCES", "list", hide_under=110),
    Column("escalation_only", "ESCALATION", "flag", hide_under=130),
)


async def show_roles(context: Context, command: Command) -> Replies:
    """Roles, filtered and sorted by words."""
    link = context.link()
    found = await list_roles(link.connection)
    link.names.roles = tuple(role.name for role in found)
    rows: list[dict[str, Cell]] = [
        {
            "name": role.name,
            "description": role.description,
            "granted_roles": list(role.granted_roles),
            "resources": [f"{resource}:{permission}" for resource, permission in role.resources],
            "escalation_only": role.escalation_only,
        }
        for role in found
    ]
    chosen = select(rows, filter_words(command), COLUMNS)
    notes = selection_notes(chosen, len(rows), "role")
    if any(str(row["name"]).casefold() == "%all" for row in chosen.rows):
        notes.append("%All lists no resources and yet grants every privilege.")
    yield Table(
        name="roles",
        title="Roles",
        columns=COLUMNS,
        rows=chosen.rows,
        key="name",
        notes=notes,
        actions=[("enter", "edit", "/role {name}"), ("m", "members", "/role members {name}")],
        total=chosen.total,
    )
