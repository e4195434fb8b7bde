"""/explain USER: all privileges of a user, each with its shortest path."""

from __future__ import annotations

from datetime import date

from irisops.commands.access.names import user_named
from irisops.commands.access.wording import standing
from irisops.contract.replies import Cell, Column, Table
from irisops.contract.wording import harmless
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.models import User
from irisops.instance.security.access import Access, read_access

PRIVILEGES = (
    Column("resource", "RESOURCE"),
    Column("permission", "MAY"),
    Column("how", "HOW", grow=True),
    Column("ways", "WAYS", "number", hide_under=90),
    Column("user", "USER", hide_under=140),
)


async def explain_all(context: Context, name: str) -> Replies:
    """Show all privileges of a user."""
    link = context.link()
    access = await read_access(link.connection)
    user = user_named(access, name, lambda each: f"/explain {each}")
    yield privileges_of(access, user, context.clock.now().date())


def privileges_of(access: Access, user: User, today: date) -> Table:
    """All privileges of a user, each with its shortest path, and what keeps the account from logging in."""
    held = access.model.effective(user.name)
    rows: list[dict[str, Cell]] = []
    for resource in sorted(held, key=str.casefold):
        told = access.model.check(user.name, resource, held[resource])
        rows.append(
            {
                "user": user.name,
                "resource": resource,
                "permission": held[resource].letters,
                "how": told.grants[0].sentence(resource) if told.grants else "",
                "ways": len(told.grants),
            }
        )
    notes = standing(user, today)
    if access.model.is_superuser(user.name):
        notes.append(f"{harmless(user.name)} is a superuser: it holds everything, whatever is listed.")
    notes.append("SQL privileges are separate: /explain USER sql SCHEMA.TABLE checks one.")
    return Table(
        name="privileges",
        title=f"What {harmless(user.name, 80)} holds",
        columns=PRIVILEGES,
        rows=rows,
        key="resource",
        notes=[*notes, *access.notes],
        actions=[("enter", "explain", "/explain {user} {resource}")],
    )
