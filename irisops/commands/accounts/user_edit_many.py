"""Commands on users without the editor: copy, delete, enable, disable, unlock, password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from irisops.changes.objects import Wanted
from irisops.changes.plan import plan
from irisops.changes.record import Origin
from irisops.commands.accounts.fields import check_name, check_passwords
from irisops.commands.accounts.kinds import password_that_fits
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import no_such
from irisops.contract.replies import Form, FormField, Refusal
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.security.access import read_access
from irisops.instance.security.object_state import FieldValue, ObjectChange, ObjectState
from irisops.instance.security.user_changes import check_new_password, read_user_state, read_user_states


async def read_user(link: Link, name: str, command: str) -> ObjectState:
    """The user's present state. Raises `Refusal` with the nearest names; `command` has `{}` in place of the name."""
    state = await read_user_state(link.connection, name)
    if state is None:
        known, line = link.names.users, command.format
        raise no_such("NoSuchUser", "user", name, known, cure="/users lists them.", line=line)
    return state


async def copy(context: Context, command: Command) -> Replies:
    """`/user copy FROM to NEW`: with roles and SQL privileges, and a new password."""
    link = context.link()
    source = await read_user(link, str(command.args["user"]), "/user copy {} to NEW")
    name = str(command.args["name"])
    access = await read_access(link.connection)
    refused = check_name(access, "user", name)
    if refused:
        raise Refusal("BadName", refused, "Choose another name.")
    copied = {**source.fields, "full_name": "", "bad_logins": "0"}
    after = ObjectState("user", name, copied, source.unread)
    wanted = Wanted(
        "user_copy",
        f"Copy user {harmless(source.name)} to {harmless(name)}",
        (ObjectChange(None, after, origin=source.name),),
        Origin(command.slash),
        {name: await password_that_fits(link, name)},
        show=True,
        warnings=["SQL privileges granted to the user itself are copied too."],
    )
    yield await plan(context, link, wanted, access)


# Several at once


async def _many(link: Link, command: Command, verb: str) -> list[ObjectState]:
    """The named users without duplicates. Raises `Refusal` for an unknown one."""
    names = list({name.casefold(): name for name in command.words("users")}.values())
    states = await read_user_states(link.connection, names)
    for name in names:
        if name.casefold() not in states:
            await read_user(link, name, f"/{verb} {{}}")
    return [states[name.casefold()] for name in names]


def _titled(verb: str, states: Sequence[ObjectState]) -> str:
    return f"{verb} {'user' if len(states) == 1 else 'users'} {listed([state.name for state in states])}"


async def delete(context: Context, command: Command) -> Replies:
    """`/user delete NAME…`."""
    link = context.link()
    states = await _many(link, command, "user delete")
    changes = tuple(ObjectChange(state, None) for state in states)
    wanted = Wanted("user_delete", _titled("Delete", states), changes, Origin(command.slash))
    yield await plan(context, link, wanted)


def enable(context: Context, command: Command) -> Replies:
    """`/enable NAME…`."""
    return _switch(context, command, enabled=True)


def disable(context: Context, command: Command) -> Replies:
    """`/disable NAME…`."""
    return _switch(context, command, enabled=False)


async def _switch(context: Context, command: Command, *, enabled: bool) -> Replies:
    link = context.link()
    verb = "enable" if enabled else "disable"
    states = [each for each in await _many(link, command, verb) if each.flag("enabled") is not enabled]
    if not states:
        raise Refusal("AlreadySo", f"That is {verb}d already.", "There is nothing to do.")
    changes = tuple(ObjectChange(each, each.with_fields({"enabled": enabled})) for each in states)
    wanted = Wanted(verb, _titled(verb.capitalize(), states), changes, Origin(command.slash))
    yield await plan(context, link, wanted)


async def unlock(context: Context, command: Command) -> Replies:
    """`/unlock NAME…`: enable, and reset the failed logins."""
    link = context.link()
    fresh: Mapping[str, FieldValue] = {"enabled": True, "bad_logins": "0"}
    changes = tuple(
        change
        for state in await _many(link, command, "unlock")
        if (change := ObjectChange(state, state.with_fields(fresh))).fields()
    )
    if not changes:
        raise Refusal(
            "AlreadySo",
            "Not locked: enabled, and no bad login since the last good one.",
            "Perhaps the password expired: /password sets a new one.",
        )
    title = _titled("Unlock", [change.state for change in changes])
    yield await plan(context, link, Wanted("unlock", title, changes, Origin(command.slash)))


async def password(context: Context, command: Command) -> Replies:
    """`/password NAME`: the form, or a generated password that is shown once."""
    link = context.link()
    state = await read_user(link, str(command.args["user"]), "/password {}")
    made = command.args.get("generate") == "yes"
    if not made and not command.fields:
        yield _password_form(state, command)
        return
    entered, errors = check_passwords(command.fields)
    must_change = state.flag("must_change_password")
    if command.fields:
        must_change = command.fields.get("must_change_password") is True
        if not entered and not errors and command.fields.get("generate") is not True:
            errors["password"] = "Enter one, or tick that one is made."  # noqa: S105 - a message
        refused = await check_new_password(link.connection, state.name, entered) if entered else ""
        if refused:
            errors["password"] = f"The instance's password policy refuses it. {refused}"
    if errors:
        form = _password_form(state, command)
        form.errors = errors
        yield form
        return
    change = ObjectChange(
        state, state.with_fields({"must_change_password": must_change} if command.fields else {})
    )
    wanted = Wanted(
        "password",
        f"Set a new password for {harmless(state.name)}",
        (change,),
        Origin(command.slash),
        {state.name: entered or await password_that_fits(link, state.name)},
        show=not entered,
        warnings=[
            "A password cannot be taken back by /undo: nobody can read the old one.",
            *(
                ["This is the account you are using: the next login asks for the new password."]
                if state.name.casefold() == link.profile.user.casefold()
                else []
            ),
        ],
    )
    yield await plan(context, link, wanted)


def _password_form(state: ObjectState, command: Command) -> Form:
    return Form(
        "password",
        f"New password for {state.name}",
        [
            FormField("password", "New password", "secret", ""),
            FormField("password_again", "Password again", "secret", "", help="The same once more"),
            FormField(
                "generate", "Make one instead", "flag", value=False, help="Shown once after the change"
            ),
            FormField(
                "must_change_password",
                "Must change it",
                "flag",
                state.flag("must_change_password"),
                help="Refuses programs until it is changed in a terminal or the portal",
            ),
        ],
        command.slash,
    )
