"""/role and /role add|copy|delete|members."""

from __future__ import annotations

from irisops.commands.accounts import options
from irisops.contract.chat import Command
from irisops.engine.context import Context
from irisops.engine.spec import Arg, CommandSpec, Keyword, Plain, Replies

# The work is imported when it is asked for: the start must not pay for it.


async def edit(context: Context, command: Command) -> Replies:
    """Open the editor of a role, or plan what was given."""
    from irisops.commands.accounts import role_edit_work  # noqa: PLC0415 - not at the start

    async for reply in role_edit_work.edit(context, command):
        yield reply


async def add(context: Context, command: Command) -> Replies:
    """Open the editor of a new role, or plan what was given."""
    from irisops.commands.accounts import role_edit_work  # noqa: PLC0415 - not at the start

    async for reply in role_edit_work.add(context, command):
        yield reply


async def copy(context: Context, command: Command) -> Replies:
    """Plan a copy."""
    from irisops.commands.accounts import role_edit_work  # noqa: PLC0415 - not at the start

    async for reply in role_edit_work.copy(context, command):
        yield reply


async def delete(context: Context, command: Command) -> Replies:
    """Plan to delete a role."""
    from irisops.commands.accounts import role_edit_work  # noqa: PLC0415 - not at the start

    async for reply in role_edit_work.delete(context, command):
        yield reply


async def members(context: Context, command: Command) -> Replies:
    """Show who holds a role."""
    from irisops.commands.accounts import role_edit_work  # noqa: PLC0415 - not at the start

    async for reply in role_edit_work.members(context, command):
        yield reply


SPECS = (
    CommandSpec(
        name="role",
        undo={"role": "accounts.kinds:ROLE"},
        summary="A role: opens its form (read-only: a card), or takes add=RESOURCE:RW remove= description= …",
        handler=edit,
        grammar=(Arg("role", "role"),),
        options={**options.ROLE, **options.ROLE_CHANGES},
        plain=(Plain("(edit|open|change|modify) [the] role {role}"),),
        examples=("edit the role Clerk",),
        group="access",
        changes=True,
        shows=True,
        needs_connection=True,
        needs=("roles.list",),
    ),
    CommandSpec(
        name="role add",
        summary="Make a role: opens a form, or takes privileges=RESOURCE:RW,… granted_roles= …",
        handler=add,
        grammar=(Arg("name", "text", required=False),),
        options=options.ROLE,
        plain=(
            Plain("(add|create|make|new) [a] [new] role"),
            Plain("(add|create|make) [a] [new] role [called|named] {name}"),
        ),
        examples=("create a role called Clerk",),
        aliases=("role create",),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("roles.list", "roles.create"),
    ),
    CommandSpec(
        name="role copy",
        summary="Make a role like another, with its privileges and granted roles",
        handler=copy,
        grammar=(Arg("role", "role"), Keyword("to"), Arg("name", "text", show="NEW")),
        plain=(Plain("(copy|duplicate|clone) [the] role {role} (to|as) {name}"),),
        examples=("copy the role %Developer to Programmer",),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("roles.list", "roles.copy"),
    ),
    CommandSpec(
        name="role delete",
        summary="Delete a role, after showing what that takes from whom",
        handler=delete,
        grammar=(Arg("role", "role"),),
        plain=(Plain("(delete|remove|drop) [the] role {role}"),),
        examples=("delete the role Clerk",),
        aliases=("role remove",),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("roles.list", "roles.delete"),
    ),
    CommandSpec(
        name="role members",
        summary="Who holds a role, directly or through which role",
        handler=members,
        grammar=(Arg("role", "role"),),
        plain=(
            Plain("(show|list) [me] [the] members of [the] [role] {role}"),
            Plain("who is a member of [the] [role] {role}"),
        ),
        examples=("show the members of %Developer",),
        group="access",
        needs_connection=True,
        needs=("users.list", "roles.list"),
        live=True,
    ),
)
