"""What the commands of `role_edit` do: open the form, check what was entered, plan the change, show who holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from irisops.changes.objects import FieldRefusal, Wanted
from irisops.changes.plan import plan
from irisops.changes.record import Origin
from irisops.commands.accounts import options
from irisops.commands.accounts.kinds import label_of, shown
from irisops.commands.accounts.role_edit_fields import EMPTY, check_name, check_values, form_fields
from irisops.commands.accounts.three_way import difference_table, merge
from irisops.commands.accounts.user_edit_fields import Given
from irisops.commands.accounts.view import role_cards
from irisops.contract.chat import Command
from irisops.contract.nearest import nearest
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Cell, Column, Form, FormField, Problem, Table
from irisops.contract.wording import counted, harmless, listed
from irisops.engine.availability import only_shown, refuse_change
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.object_state import ObjectChange, ObjectState
from irisops.instance.security.role_changes import role_state

_SECOND_WORDS = frozenset({"add", "create", "copy", "delete", "remove", "members"})
"""Names that `/role` would take for another command."""


def _role(access: Access, name: str, command: str) -> ObjectState:
    """The role as it is. Raises `Refusal` with the nearest names; `command` has `{}` where the name goes."""
    for role in access.roles:
        if role.name.casefold() == name.casefold():
            return role_state(role)
    close = nearest(name, [role.name for role in access.roles])
    raise Refusal(
        "NoSuchRole",
        f"There is no role {harmless(name, 80)}.",
        f"Did you mean {listed(close, 'or')}?" if close else "/roles lists them.",
        suggestions=[command.format(quote(each)) for each in close],
    )


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
        else "It is everything there is.",
    )


def _names(access: Access) -> tuple[list[str], list[str], list[str]]:
    """Users, roles, resources."""
    return (
        [user.name for user in access.users],
        [role.name for role in access.roles],
        [resource.name for resource in access.resources],
    )


async def edit(context: Context, command: Command) -> Replies:
    """`/role NAME`: the form; with values, the plan."""
    link = context.link()
    given: Given = command.fields or {
        key: value for key, value in command.args.items() if key in {**options.ROLE, **options.ROLE_CHANGES}
    }
    if given:
        refuse_change(link, "roles.edit")
    access = await read_access(link.connection)
    state = _role(access, str(command.args["role"]), "/role {}")
    fixed = _why_fixed(state)
    if fixed is not None and given:
        raise fixed
    why_not = [f"{fixed.message} {fixed.cure}"] if fixed is not None else only_shown(link, "roles.edit")
    if why_not:
        for card in role_cards(access, state, [*why_not, _held_by(access, state.name)]):
            yield card
        return
    key = (link.name.casefold(), "role", state.name.casefold())
    if not given:
        context.loaded[key] = state
        yield _edit_form(access, state)
        return
    base = context.loaded.get(key, state) if command.fields else state
    _, roles, resources = _names(access)
    checked = check_values(given, state, roles, resources)
    merged = merge(base, state, checked.fields)
    if checked.errors:
        yield _wrong(access, state, command, checked.errors)
        return
    if merged.theirs and command.fields:
        yield difference_table(base, state, checked.fields)
    if merged.conflicts:
        context.loaded[key] = state
        told = {
            name: f"Somebody else set this to {shown(state.fields[name], name)} meanwhile. "
            "Save again to write yours, or enter theirs."
            for name in merged.conflicts
        }
        yield _wrong(access, state, command, told)
        return
    change = ObjectChange(state, state.with_fields(merged.mine))
    if not change.fields():
        raise Refusal(
            "NothingToChange", f"{harmless(state.name)} is like that already.", "Nothing is to be done."
        )
    parts = listed([label_of("role", each) for each in change.fields()])
    wanted = Wanted(
        "role", f"Change {parts} of role {harmless(state.name)}", (change,), Origin(command.slash)
    )
    async for reply in _planned(context, wanted, access, command, state):
        yield reply


async def _planned(
    context: Context, wanted: Wanted, access: Access, command: Command, state: ObjectState | None
) -> Replies:
    try:
        yield await plan(context, context.link(), wanted, access)
    except FieldRefusal as refusal:
        if not command.fields:
            raise
        yield _wrong(access, state, command, {"granted_roles": f"{refusal.message} {refusal.cure}"})


def _edit_form(access: Access, state: ObjectState) -> Form:
    _, roles, resources = _names(access)
    return Form(
        "role",
        f"Role {state.name}",
        form_fields(state.fields, roles, resources, new=False, name=state.name),
        f"/role {quote(state.name, force=state.name.casefold() in _SECOND_WORDS)}",
        notes=[*_tree(access, state.name), _held_by(access, state.name)],
    )


def _tree(access: Access, name: str) -> list[str]:
    """The roles that come with it, each with the way to it."""
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


def _wrong(
    access: Access, state: ObjectState | None, command: Command, errors: Mapping[str, str]
) -> Form | Problem:
    """The form again with its messages, or a problem for a typed line."""
    if not command.fields:
        key, message = next(iter(errors.items()))
        return Problem(
            "BadValue", message, f"Correct {key}= and try again; nothing was changed.", text=command.text
        )
    _, roles, resources = _names(access)
    if state is None:
        form = Form("role", "New role", form_fields(EMPTY, roles, resources, new=True), command.slash)
    else:
        form = _edit_form(access, state)
    form.command = command.slash or form.command
    form.fields = [_refilled(each, command.fields) for each in form.fields]
    form.errors = dict(errors)
    return form


def _refilled(field: FormField, given: Given) -> FormField:
    return replace(field, value=given[field.name]) if field.name in given else field


async def add(context: Context, command: Command) -> Replies:
    """`/role add [NAME]`: the form; with values, the plan."""
    link = context.link()
    access = await read_access(link.connection)
    users, roles, resources = _names(access)
    name = str(command.fields.get("name") or command.args.get("name") or "").strip()
    given: Given = command.fields or {
        key: value for key, value in command.args.items() if key in options.ROLE
    }
    if not command.fields and (not name or not given):
        yield Form(
            "role", "New role", form_fields(EMPTY, roles, resources, new=True, name=name), command.slash
        )
        return
    start = ObjectState("role", name, dict(EMPTY))
    checked = check_values(given, start, roles, resources)
    refused = check_name(name, users, roles)
    if refused:
        checked.errors = {"name": refused, **checked.errors}
    if checked.errors:
        yield _wrong(access, None, command, checked.errors)
        return
    change = ObjectChange(None, start.with_fields(checked.fields))
    wanted = Wanted("role_add", f"Make role {harmless(name)}", (change,), Origin(command.slash))
    async for reply in _planned(context, wanted, access, command, None):
        yield reply


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
    users, roles, _ = _names(access)
    name = str(command.args["name"])
    refused = check_name(name, users, roles)
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
    """`/role delete NAME`: with what it takes from whom."""
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
            after = before.with_fields(
                {
                    name: tuple(each for each in value if each.casefold() != key)
                    for name, value in held.items()
                }
            )
            changes.append(ObjectChange(before, after, follows=True))
    return changes


def _taken_from_roles(access: Access, role: str) -> list[ObjectChange]:
    key = role.casefold()
    changes = []
    for other in access.roles:
        if key in map(str.casefold, other.granted_roles):
            before = role_state(other)
            kept = tuple(each for each in other.granted_roles if each.casefold() != key)
            changes.append(ObjectChange(before, before.with_fields({"granted_roles": kept}), follows=True))
    return changes


async def members(context: Context, command: Command) -> Replies:
    """`/role members NAME`: who has it, directly or through which role."""
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
            Column("enabled", "ENABLED", "flag"),
            Column("direct", "DIRECTLY", "flag", hide_under=90),
            Column("way", "HOW", grow=True),
        ],
        rows=rows,
        key="user",
        notes=notes,
        actions=[("enter", "edit the user", "/user {user}")],
    )
