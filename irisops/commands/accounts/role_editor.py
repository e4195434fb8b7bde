"""The role editor, declared for `irisops.changes.editor`, and the commands on one role."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from irisops.changes import editor
from irisops.changes.editor import Checked, Editor, Given
from irisops.changes.objects import Wanted
from irisops.changes.plan import plan
from irisops.changes.record import Origin
from irisops.commands.accounts.fields import NEW_ROLE, check_name, check_values, form_fields
from irisops.commands.accounts.role_change import role_named
from irisops.commands.accounts.specs import ROLE, ROLE_CHANGES
from irisops.commands.accounts.view import role_cards
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Cell, Column, Facts, Refusal, Table
from irisops.contract.wording import counted, harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.object_state import ObjectChange, ObjectState, missing
from irisops.instance.security.role_changes import role_state


def _role(access: Access, name: str, command: str) -> ObjectState:
    """The role's present state. Raises `Refusal` with the nearest names; `command` has `{}` in place of the name."""
    return role_state(role_named(access, name, command.format))


def _why_fixed(state: ObjectState) -> Refusal | None:
    """%All and the roles of databases cannot be changed (facts: iris-security 3.1)."""
    key = state.name.casefold()
    if key != "%all" and not key.startswith("%db_"):
        return None
    return Refusal(
        "RoleFixed",
        f"{harmless(state.name)} cannot be changed: the instance keeps it.",
        f"/role copy {quote(state.name)} to NEW makes one that can."
        if key != "%all"
        else "It grants everything.",
    )


def _tree(access: Access, name: str) -> list[str]:
    """The granted roles at all levels, each with its chain."""
    chains = [chain for chain in access.model.chains([name]).values() if len(chain) > 1]
    return [" → ".join(harmless(each, 40) for each in chain) for chain in chains]


def _held_by(access: Access, name: str) -> str:
    members = access.model.members(name)
    if not members:
        return "Nobody holds it."
    direct = [user.name for user, chain in members if len(chain) == 1]
    through = len(members) - len(direct)
    parts = [f"Held by {listed(direct, most=6)}" if direct else "Held by nobody directly"]
    if through:
        parts.append(f"{counted(through, 'user')} through another role")
    return f"{' and by '.join(parts)}: /role members {quote(name)}."


async def _find(_link: Link, access: Access, name: str) -> ObjectState:
    return _role(access, name, "/role {}")


def _cards(access: Access, state: ObjectState, _today: date, notes: Sequence[str]) -> Sequence[Facts | Table]:
    return role_cards(access, state, [*notes, _held_by(access, state.name)])


def _notes(access: Access, state: ObjectState) -> list[str]:
    """The roles that come with it, and its holders."""
    return [*_tree(access, state.name), _held_by(access, state.name)]


async def _check(_link: Link, access: Access, given: Given, base: ObjectState, today: date) -> Checked:
    return check_values(access, given, base, today)


_EDITOR = Editor(
    "role",
    "roles.edit",
    options=frozenset({*ROLE, *ROLE_CHANGES}),
    new_options=ROLE,
    empty=NEW_ROLE,
    second_words=frozenset({"add", "create", "copy", "delete", "remove", "members"}),
    find=_find,
    cards=_cards,
    form_fields=form_fields,
    notes=_notes,
    check_name=check_name,
    check=_check,
    kept_by_instance=_why_fixed,
)


def edit(context: Context, command: Command) -> Replies:
    """`/role NAME`: the form; with values, the plan."""
    return editor.edit(context, command, _EDITOR)


def add(context: Context, command: Command) -> Replies:
    """`/role add [NAME]`: the form; with values, the plan."""
    return editor.add(context, command, _EDITOR)


async def copy(context: Context, command: Command) -> Replies:
    """`/role copy FROM to NEW`."""
    link = context.link()
    access = await read_access(link.connection)
    source = _role(access, str(command.args["role"]), "/role copy {} to NEW")
    if source.name.casefold() == "%all":
        raise Refusal(
            "RoleFixed",
            "%All cannot be copied: it holds everything without listing it.",
            "Make a role with what is needed: /role add NAME",
        )
    name = str(command.args["name"])
    refused = check_name(access, "role", name)
    if refused:
        raise Refusal("BadName", refused, "Choose another name.")
    after = ObjectState("role", name, source.fields)
    wanted = Wanted(
        "role_copy",
        f"Copy role {harmless(source.name)} to {harmless(name)}",
        (ObjectChange(None, after, origin=source.name),),
        Origin(command.slash),
        warnings=[f"SQL privileges granted to {harmless(source.name)} are not copied."],
    )
    yield await plan(context, link, wanted, access)


async def delete(context: Context, command: Command) -> Replies:
    """`/role delete NAME`: with the effects on its holders."""
    link = context.link()
    access = await read_access(link.connection)
    state = _role(access, str(command.args["role"]), "/role delete {}")
    if state.name.startswith("%"):
        raise Refusal(
            "RoleFixed",
            f"{harmless(state.name)} came with the instance and cannot be deleted.",
            "/revoke takes it from a user.",
        )
    changes = [*_taken_from_users(access, state.name), *_taken_from_roles(access, state.name)]
    wanted = Wanted(
        "role_delete",
        f"Delete role {harmless(state.name)}",
        (*changes, ObjectChange(state, None)),
        Origin(command.slash),
    )
    yield await plan(context, link, wanted, access)


def _taken_from_users(access: Access, role: str) -> list[ObjectChange]:
    """Deleting a role strips it from every user (facts: iris-security 3.1)."""
    key = role.casefold()
    changes = []
    for user in access.model.users:
        fields = {"roles": user.roles, "escalation_roles": user.escalation_roles}
        held = {name: value for name, value in fields.items() if key in map(str.casefold, value)}
        if held:
            before = ObjectState("user", user.name, {**held, "enabled": user.enabled, "roles": user.roles})
            kept = {name: missing(value, [role]) for name, value in held.items()}
            after = before.with_fields(kept)
            changes.append(ObjectChange(before, after, follows=True))
    return changes


def _taken_from_roles(access: Access, role: str) -> list[ObjectChange]:
    key = role.casefold()
    changes = []
    for other in access.roles:
        if key in map(str.casefold, other.granted_roles):
            before = role_state(other)
            after = before.with_fields({"granted_roles": missing(other.granted_roles, [role])})
            changes.append(ObjectChange(before, after, follows=True))
    return changes


async def members(context: Context, command: Command) -> Replies:
    """`/role members NAME`: its holders, direct or through which role."""
    link = context.link()
    access = await read_access(link.connection)
    state = _role(access, str(command.args["role"]), "/role members {}")
    rows: list[dict[str, Cell]] = [
        {
            "user": user.name,
            "enabled": user.enabled,
            "direct": len(chain) == 1,
            "way": "directly" if len(chain) == 1 else " → ".join(chain),
        }
        for user, chain in access.model.members(state.name)
    ]
    granted_to = [
        role.name for role in access.roles if state.name.casefold() in map(str.casefold, role.granted_roles)
    ]
    notes = (
        [f"Granted to {'role' if len(granted_to) == 1 else 'roles'} {listed(granted_to)}."]
        if granted_to
        else []
    )
    tree = _tree(access, state.name)
    if tree:
        notes.append(f"Brings with it: {'; '.join(tree)}.")
    yield Table(
        name="role_members",
        title=f"Who holds {state.name}",
        columns=[
            Column("user", "USER"),
            Column("enabled", "ENABLED", "flag", tones=cards.OFF),
            Column("direct", "DIRECTLY", "flag", hide_under=90),
            Column("way", "HOW", grow=True),
        ],
        rows=rows,
        key="user",
        notes=notes,
        actions=[("enter", "edit the user", "/user {user}")],
    )
