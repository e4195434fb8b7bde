"""/users: who may log in, and with which roles."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Table
from irisops.contract.wording import counted, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import filter_words, select, selection_notes
from irisops.instance.security.users import list_users

# Without full names: the query that lists users does not tell them (facts: iris-security 2.5).
COLUMNS = (
    Column("name", "NAME"),
    Column("enabled", "ENABLED", "flag"),
    Column("roles", "ROLES", "list", grow=True),
    Column("last_login", "LAST LOGIN", "time", hide_under=70),
    Column("superuser", "SUPERUSER", "flag", hide_under=90),
    Column("type", "TYPE", hide_under=130),
)


async def show_users(context: Context, command: Command) -> Replies:
    """Users, filtered and sorted by words."""
    link = context.link()
    found = await list_users(link.connection)
    link.names.users = tuple(user.name for user in found)
    rows: list[dict[str, Cell]] = [
        {
            "name": user.name,
            "enabled": user.enabled,
            "roles": list(user.roles),
            "last_login": user.last_login,
            "superuser": user.superuser,
            "type": user.type,
        }
        for user in found
    ]
    chosen = select(rows, filter_words(command), COLUMNS)
    notes = selection_notes(chosen, len(rows), "user")
    supers = [user.name for user in found if user.superuser and user.enabled]
    if supers and not chosen.described:
        notes.append(f"{counted(len(supers), 'enabled superuser')} with %All: {listed(supers)}.")
    yield Table(
        name="users",
        title="Users",
        columns=COLUMNS,
        rows=chosen.rows,
        key="name",
        notes=notes,
        actions=[
            ("enter", "edit", "/user {name}"),
            ("d", "disable", "/disable {name}"),
            ("e", "enable", "/enable {name}"),
        ],
        total=chosen.total,
    )
