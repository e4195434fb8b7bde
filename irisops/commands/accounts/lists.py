"""/users and /roles: who may log in, and with which roles; the privileges that roles carry."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.replies import Column
from irisops.contract.wording import counted, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import list_table
from irisops.instance.models import Role, User
from irisops.instance.security.lists import list_roles, list_users

_USERS: cards.Fields[User] = (
    (Column("name", "NAME"), lambda each: each.name),
    (Column("enabled", "ENABLED", "flag", tones=cards.OFF), lambda each: each.enabled),
    (Column("roles", "ROLES", "list", grow=True, wrap=2), lambda each: list(each.roles)),
    (Column("last_login", "LAST LOGIN", "time", hide_under=70), lambda each: each.last_login),
    (Column("superuser", "SUPERUSER", "flag", hide_under=90, tones=cards.POWER), lambda each: each.superuser),
    # No full name: the query that lists users does not tell it (facts: iris-security 2.5).
    (Column("type", "TYPE", hide_under=130), lambda each: each.type),
)
_ROLES: cards.Fields[Role] = (
    (Column("name", "NAME"), lambda each: each.name),
    (Column("description", "DESCRIPTION", grow=True), lambda each: each.description),
    (Column("granted_roles", "GRANTED ROLES", "list", hide_under=90), lambda each: list(each.granted_roles)),
    (
        Column("resources", "RESOURCES", "list", hide_under=110),
        lambda each: [f"{resource}:{permission}" for resource, permission in each.resources],
    ),
    (Column("escalation_only", "ESCALATION", "flag", hide_under=130), lambda each: each.escalation_only),
)


async def show_users(context: Context, command: Command) -> Replies:
    """Users, filtered and sorted by words."""
    link = context.link()
    found = await list_users(link.connection)
    link.names.users = tuple(user.name for user in found)
    supers = [user.name for user in found if user.superuser and user.enabled]
    told = f"{counted(len(supers), 'enabled superuser')} with %All: {listed(supers)}."
    table = list_table(
        command,
        "users",
        "user",
        _USERS,
        found,
        unfiltered=[told] if supers else [],
        actions=[
            ("enter", "edit", "/user {name}"),
            ("x", "delete", "/user delete {name}"),
            ("d", "disable", "/disable {name}"),
            ("e", "enable", "/enable {name}"),
        ],
    )
    unread = [user.name for user in found if not user.last_login_known]
    if unread:
        whose = "anybody" if len(unread) == len(found) else listed(unread)
        table.notes = [
            *table.notes,
            f"The instance does not give the last login of {whose}; an empty cell does not mean never.",
        ]
    yield table


async def show_roles(context: Context, command: Command) -> Replies:
    """Roles, filtered and sorted by words."""
    link = context.link()
    found = await list_roles(link.connection)
    link.names.roles = tuple(role.name for role in found)
    actions = [
        ("enter", "edit", "/role {name}"),
        ("m", "members", "/role members {name}"),
        ("x", "delete", "/role delete {name}"),
    ]
    table = list_table(command, "roles", "role", _ROLES, found, actions=actions)
    if any(str(row["name"]).casefold() == "%all" for row in table.rows):
        table.notes = [*table.notes, "%All lists no resources and yet grants every privilege."]
    yield table
