"""/user, /user add|copy|delete, /enable, /disable, /unlock and /password."""

from __future__ import annotations

from irisops.commands.accounts import options
from irisops.contract.chat import Command
from irisops.engine.context import Context
from irisops.engine.spec import Arg, CommandSpec, Keyword, Plain, Replies

# The work is imported when it is asked for: the start must not pay for it.


async def edit(context: Context, command: Command) -> Replies:
    """Open the editor of a user, or plan what was given."""
    from irisops.commands.accounts import user_edit_work  # noqa: PLC0415 - not at the start

    async for reply in user_edit_work.edit(context, command):
        yield reply


async def add(context: Context, command: Command) -> Replies:
    """Open the editor of a new user, or plan what was given."""
    from irisops.commands.accounts import user_edit_work  # noqa: PLC0415 - not at the start

    async for reply in user_edit_work.add(context, command):
        yield reply


async def copy(context: Context, command: Command) -> Replies:
    """Plan a copy."""
    from irisops.commands.accounts import user_edit_many  # noqa: PLC0415 - not at the start

    async for reply in user_edit_many.copy(context, command):
        yield reply


async def delete(context: Context, command: Command) -> Replies:
    """Plan to delete users."""
    from irisops.commands.accounts import user_edit_many  # noqa: PLC0415 - not at the start

    async for reply in user_edit_many.delete(context, command):
        yield reply


async def enable(context: Context, command: Command) -> Replies:
    """Plan to enable users."""
    from irisops.commands.accounts import user_edit_many  # noqa: PLC0415 - not at the start

    async for reply in user_edit_many.enable(context, command):
        yield reply


async def disable(context: Context, command: Command) -> Replies:
    """Plan to disable users."""
    from irisops.commands.accounts import user_edit_many  # noqa: PLC0415 - not at the start

    async for reply in user_edit_many.disable(context, command):
        yield reply


async def unlock(context: Context, command: Command) -> Replies:
    """Plan to unlock users."""
    from irisops.commands.accounts import user_edit_many  # noqa: PLC0415 - not at the start

    async for reply in user_edit_many.unlock(context, command):
        yield reply


async def password(context: Context, command: Command) -> Replies:
    """Ask for a new password, or plan to make one."""
    from irisops.commands.accounts import user_edit_many  # noqa: PLC0415 - not at the start

    async for reply in user_edit_many.password(context, command):
        yield reply


_USERS = Arg("users", "user", many=True, show="USER")

SPECS = (
    CommandSpec(
        name="user",
        undo={"user": "accounts.kinds:USER"},
        summary="A user: opens its form (read-only: a card), or takes full_name= roles= expires= …",
        handler=edit,
        grammar=(Arg("user", "user"),),
        options=options.USER,
        plain=(
            Plain("(edit|open|change|modify) [the] (user|account) {user}"),
            Plain("(edit|open|change|modify) [the] {user's} (account|user)"),
        ),
        examples=("edit the user appuser",),
        group="access",
        needs_connection=True,
        changes=True,
        shows=True,
        needs=("users.list",),
    ),
    CommandSpec(
        name="user add",
        summary="Make a user: opens a form, or takes template= roles= full_name= …",
        handler=add,
        grammar=(Arg("name", "text", required=False),),
        options={"template": "text", **options.USER},
        plain=(
            Plain("(add|create|make|new) [a] [new] (user|account)"),
            Plain("(add|create|make) [a] [new] (user|account) [called|named] {name}"),
            Plain("(add|create|make) [a] [new] {template} (user|account) [called|named] {name}"),
        ),
        examples=("create a user", "create a developer account named kim"),
        aliases=("user create",),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("users.list", "users.create"),
    ),
    CommandSpec(
        name="user copy",
        summary="Make a user like another, with its roles and SQL privileges",
        handler=copy,
        grammar=(Arg("user", "user"), Keyword("to"), Arg("name", "text", show="NEW")),
        plain=(
            Plain("(copy|duplicate|clone) [the] [user|account] {user} (to|as) {name}"),
            Plain("(create|make|add) [a] [new] [user|account] {name} like {user}"),
        ),
        examples=("copy appuser to appuser2",),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("users.list", "users.copy"),
    ),
    CommandSpec(
        name="user delete",
        summary="Delete users; /undo makes them again, but for the password",
        handler=delete,
        grammar=(_USERS,),
        plain=(
            Plain("(delete|remove|drop) [the] (user|users|account|accounts) {users}"),
            Plain("(delete|remove|drop) {users's} account"),
        ),
        examples=("delete the user appuser",),
        aliases=("user remove",),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("users.list", "users.delete"),
    ),
    CommandSpec(
        name="enable",
        summary="Let users log in again",
        handler=enable,
        grammar=(_USERS,),
        plain=(
            Plain("(enable|reactivate) [the] [user|users|account|accounts] {users}"),
            Plain("let [the] [user] {users} log in [again]"),
        ),
        examples=("let appuser log in again",),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("users.list", "users.edit"),
    ),
    CommandSpec(
        name="disable",
        summary="Keep users from logging in, without deleting them",
        handler=disable,
        grammar=(_USERS,),
        plain=(Plain("(disable|deactivate|suspend the user) [the] [user|users|account|accounts] {users}"),),
        examples=("disable the user appuser",),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("users.list", "users.edit"),
    ),
    CommandSpec(
        name="unlock",
        summary="Let users log in again after bad passwords",
        handler=unlock,
        grammar=(_USERS,),
        plain=(Plain("unlock [the] [user|users|account|accounts] {users}"),),
        examples=("unlock the user appuser",),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("users.list", "users.edit"),
    ),
    CommandSpec(
        name="password",
        summary="Set a user's password: asks for it, or makes one with generate=yes and shows it once",
        handler=password,
        grammar=(Arg("user", "user"),),
        options={"generate": "flag"},
        plain=(
            Plain("(set|change|reset) [the] password (of|for) [the] [user] {user}"),
            Plain("(set|change|reset) {user's} password"),
            Plain("(generate|make) [a] [new] password for [the] [user] {user}", {"generate": "yes"}),
        ),
        examples=("reset the password of appuser",),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("users.list", "users.edit"),
    ),
)
