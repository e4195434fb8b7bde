"""/who-can RESOURCE:PERM or /who-can /web/app: users with that privilege, and through which role."""

from __future__ import annotations

from irisops.commands.access.names import (
    application_named,
    meant,
    permission_of,
    resource_named,
    split_privilege,
)
from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Table
from irisops.contract.wording import counted, harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import filter_words, select, selection_notes
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.permissions import Permission, applicable
from irisops.instance.security.privileges import Grant
from irisops.instance.security.whole_applications import read_application

COLUMNS = (
    Column("user", "USER"),
    Column("enabled", "ENABLED", "flag", tones=cards.OFF),
    Column("how", "HOW", grow=True, wrap=3),
    Column("superuser", "SUPERUSER", "flag", hide_under=70, tones=cards.POWER),
    Column("ways", "WAYS", "number", hide_under=90),
    Column("full_name", "FULL NAME", hide_under=120),
    Column("privilege", "PRIVILEGE", hide_under=140),
)


async def who_can(context: Context, command: Command) -> Replies:
    """Users with the privilege, shortest path first."""
    link = context.link()
    what = meant(str(command.args["what"]))
    access = await read_access(link.connection)
    link.names.remember(access)
    if what.startswith("/"):
        application = await read_application(
            link.connection, application_named(access, what, lambda each: f"/who-can {each}")
        )
        access = access.with_application(application)
        resource, permission = application.resource or "", Permission.U
        title = f"Who may open {harmless(application.name, 80)}"
        notes = [] if application.enabled else ["The application is disabled: nobody is let in."]
        if application.unauthenticated:
            notes.append("It also lets visitors in without a login, as UnknownUser.")
        if resource:
            notes.append(f"It asks for {harmless(resource)}:U.")
        elif application.resource is None:
            notes.append("Which resource it asks for cannot be read; every account is listed.")
        else:
            notes.append("It asks for no resource: every account that can log in is let in.")
    else:
        name, wanted = split_privilege(what)
        if "access" in command.args:
            wanted = permission_of(str(command.args["access"]))
        resource = resource_named(access, name, lambda each: f"/who-can {each}")
        permission = wanted if wanted is not None else applicable(resource)
        title = f"Who holds {harmless(resource, 80)}:{permission.letters}"
        notes = _public(access, resource, permission)
    named = what if what.startswith("/") else f"{resource}:{permission.letters}"
    rows = _rows(access, resource, permission, named)
    # Full names are known only where the details of the users could be read.
    known = any(user.full_name is not None for user in access.users)
    columns = [column for column in COLUMNS if known or column.name != "full_name"]
    chosen = select(rows, filter_words(command), columns)
    notes += selection_notes(chosen, len(rows), "user")
    notes += _summary(access, rows, resource, permission)
    yield Table(
        name="who_can",
        title=title,
        columns=columns,
        rows=chosen.rows,
        key="user",
        notes=[*notes, *access.notes],
        actions=[("enter", "explain", "/explain {user} {privilege}")],
        total=chosen.total,
        order=chosen.order,
    )


def _rows(access: Access, resource: str, permission: Permission, named: str) -> list[dict[str, Cell]]:
    if resource:
        found = [
            (user.name, grants, user.enabled) for user, grants in access.model.who_can(resource, permission)
        ]
    else:
        found = [(user.name, (), user.enabled) for user in access.model.users]
    full_names = {user.name: user.full_name for user in access.users}
    supers = set(access.model.superusers(enabled_only=False))
    return [
        {
            "user": name,
            "enabled": enabled,
            "how": _how(grants, resource),
            "superuser": name in supers,
            "ways": len(grants),
            "full_name": full_names.get(name),
            "privilege": named,
        }
        for name, grants, enabled in found
    ]


def _how(grants: tuple[Grant, ...], resource: str) -> str:
    if not grants:
        return "no resource is asked for"
    first = grants[0].sentence(resource)
    covered = grants[0].permission
    for grant in grants[1:]:
        # If READ and WRITE come from two roles, both are named.
        if grant.permission & ~covered:
            first += f"; {grant.sentence(resource)}"
            covered |= grant.permission
    return first


def _public(access: Access, resource: str, permission: Permission) -> list[str]:
    public = next((each.public for each in access.resources if each.name == resource), Permission.NONE)
    if public & permission == permission:
        return [
            f"{harmless(resource)} is public for {permission.letters}: everybody has it, whatever the roles."
        ]
    if public & permission:
        return [f"{harmless(resource)} is public for {(public & permission).letters}."]
    return []


def _summary(access: Access, rows: list[dict[str, Cell]], resource: str, permission: Permission) -> list[str]:
    enabled = [row for row in rows if row["enabled"]]
    notes = []
    if rows and len(enabled) < len(rows):
        notes.append(f"{counted(len(rows) - len(enabled), 'of them is', 'of them are')} disabled.")
    if not rows:
        notes.append("Nobody.")
    if not resource:
        return notes
    escalating = [
        user.name
        for user in access.model.users
        if user.escalation_roles
        and not (told := access.model.check(user.name, resource, permission)).allowed
        and told.on_escalation
    ]
    if escalating:
        notes.append(f"After escalating also {listed(escalating)}.")
    return notes
