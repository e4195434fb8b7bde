"""/users: who may log in, and with which roles."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Table
from irisops.contract.wording import counted, listed
from irisops.engine.context import Context
from irisops.engine.spec import Arg, CommandSpec, Plain, Replies
from irisops.engine.table_filters import select
from irisops.engine.table_replies import filter_words, selection_notes

COLUMNS = (
    Column("name", "NAME"),
    Column("enabled", "ENABLED", "flag"),
    Column("roles", "ROLES", "list", grow=True),
    Column("last_login", "LAST LOGIN", "time", hide_under=70),
    Column("superuser", "SUPERUSER", "flag", hide_under=90),
    Column("full_name", "FULL NAME", hide_under=110),
    Column("type", "TYPE", hide_under=130),
)


async def show_users(context: Context, command: Command) -> Replies:
    """Users, filtered and sorted by words."""
    link = context.link()
    found = await link.reads.users()
    link.names.users = tuple(user.name for user in found)
    rows: list[dict[str, Cell]] = [
        {
            "name": user.name,
            "enabled": user.enabled,
            "roles": list(user.roles),
            "last_login": user.last_login,
            "superuser": user.superuser,
            "full_name": user.full_name,
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


SPECS = (
    CommandSpec(
        name="users",
        summary="Users with their roles; filter and sort by words (role=%All enabled=yes)",
        handler=show_users,
        grammar=(Arg("filter", "filter", required=False, many=True),),
        plain=(
            Plain("(show|list|see|display) [me] [all] [the|my] [instance] (users|accounts|people)"),
            Plain("(users|accounts|all users)"),
            Plain("(who|which users) (can|may) log in"),
            Plain("(which users|what users|who) (exist|exists|are there|is there)"),
            Plain(
                "(show|list) [me] [all] [the] (users|accounts) (with|in|holding|having) [the] [role] {role}",
                {"filter": ["role={role}"]},
            ),
            Plain("who (has|holds|is in) [the] role {role}", {"filter": ["role={role}"]}),
            Plain(
                "(who are|show|list) [the] (superusers|administrators|admins|super users)",
                {"filter": ["role=%All"]},
            ),
            Plain("(users|accounts) (with|having|holding) [the] [role] {role}", {"filter": ["role={role}"]}),
            Plain(
                "(which|what) (users|accounts) (have|hold) [the] [role] {role}", {"filter": ["role={role}"]}
            ),
            Plain("who (has|holds) [the] {role} [role]", {"filter": ["role={role}"]}),
            Plain("(what|which) roles (does|has|did) [the] [user] {user}", {"filter": ["name={user}"]}),
            Plain("(what|which) roles does [the] [user] {user} (have|hold)", {"filter": ["name={user}"]}),
            Plain("(show|list) [me] [the] roles of [the] [user] {user}", {"filter": ["name={user}"]}),
            Plain("(show|list) [me] {user's} roles", {"filter": ["name={user}"]}),
            Plain("(who has|who holds) %all", {"filter": ["role=%All"]}),
            Plain("(show|list) [me] [the|all] disabled (users|accounts)", {"filter": ["enabled=no"]}),
            Plain("(show|list) [me] [the|all] enabled (users|accounts)", {"filter": ["enabled=yes"]}),
            Plain("how many (users|accounts) (are there|do we have|exist)"),
        ),
        examples=("show users", "who are the superusers"),
        group="access",
        needs_connection=True,
        needs=("users.list",),
        live=True,
    ),
)
