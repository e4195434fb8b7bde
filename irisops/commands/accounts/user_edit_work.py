"""What the commands of `user_edit` do: open the form, check what was entered, plan the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from irisops.changes.objects import FieldRefusal, Wanted
from irisops.changes.plan import plan
from irisops.changes.record import Origin
from irisops.commands.accounts import options
from irisops.commands.accounts.kinds import label_of, shown
from irisops.commands.accounts.new_password import password_that_fits
from irisops.commands.accounts.templates import Template, template_named
from irisops.commands.accounts.three_way import difference_table, merge
from irisops.commands.accounts.user_edit_fields import (
    EMPTY,
    Given,
    check_name,
    check_passwords,
    check_values,
    form_fields,
)
from irisops.commands.accounts.user_edit_many import user_named
from irisops.commands.accounts.view import user_cards
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import find
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Form, FormField, Problem
from irisops.contract.wording import harmless, listed
from irisops.engine.availability import only_shown, refuse_change
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import NotAvailable, NotPermitted
from irisops.instance.models import Role
from irisops.instance.security import privileges
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.object_state import FieldValue, ObjectChange, ObjectState
from irisops.instance.security.roles import list_roles
from irisops.instance.security.user_changes import (
    check_new_password,
    unknown_namespaces,
)


async def _roles(link: Link) -> list[Role]:
    """All roles; none where the account may not list them."""
    try:
        found = await list_roles(link.connection)
    except (NotPermitted, NotAvailable):
        return []
    link.names.roles = tuple(role.name for role in found)
    return found


def _key(link: Link, name: str) -> tuple[str, str, str]:
    return (link.name.casefold(), "user", name.casefold())


# Edit


async def edit(context: Context, command: Command) -> Replies:
    """`/user NAME`: the form; with values, the plan."""
    link = context.link()
    name = str(command.args["user"])
    given: Given = command.fields or {
        key: value for key, value in command.args.items() if key in options.USER
    }
    if given:
        refuse_change(link, "users.edit")
    state = await user_named(link, name, "/user {}")
    why_not = only_shown(link, "users.edit")
    if why_not:
        access = await read_access(link.connection)
        for card in user_cards(access, state, context.clock.now().date(), why_not):
            yield card
        return
    if not given:
        context.loaded[_key(link, state.name)] = state
        yield _edit_form(state, await _roles(link), state.fields)
        return
    base = context.loaded.get(_key(link, state.name), state) if command.fields else state
    access = await read_access(link.connection)
    roles = [role.name for role in access.roles]
    checked = check_values(given, state, roles, context.clock.now().date())
    password, errors = check_passwords(given)
    checked.errors |= errors
    merged = merge(base, state, checked.fields)
    await _check_on_instance(link, state.name, merged.mine, password, checked.errors)
    if checked.errors:
        yield _wrong(state, access.roles, command, given, checked.errors)
        return
    if merged.theirs and command.fields:
        yield difference_table(base, state, checked.fields)
    if merged.conflicts:
        context.loaded[_key(link, state.name)] = state
        told = {
            key: f"Somebody else set this to {shown(state.fields[key], key)} meanwhile. "
            "Save again to write yours, or enter theirs."
            for key in merged.conflicts
        }
        yield _wrong(state, access.roles, command, given, told)
        return
    after = state.with_fields(merged.mine)
    change = ObjectChange(state, after)
    if not change.fields() and not password:
        raise Refusal(
            "NothingToChange", f"{harmless(state.name)} is like that already.", "Nothing is to be done."
        )
    parts = [label_of("user", each) for each in change.fields()] + (["password"] if password else [])
    warnings = [
        f"Meanwhile somebody else changed {label_of('user', each)}: it stays as they left it."
        for each in merged.theirs
    ]
    wanted = Wanted(
        "user",
        f"Change {listed(parts)} of {harmless(state.name)}",
        (change,),
        Origin(command.slash),
        {state.name: password} if password else {},
        warnings=warnings if command.fields else (),
    )
    async for reply in _planned(context, wanted, access, command, state):
        yield reply


async def _planned(
    context: Context, wanted: Wanted, access: Access, command: Command, state: ObjectState | None
) -> Replies:
    """The plan; a guard that refuses a field says so on the field of a form."""
    try:
        yield await plan(context, context.link(), wanted, access)
    except FieldRefusal as refusal:
        if not command.fields:
            raise
        told = {refusal.field: f"{refusal.message} {refusal.cure}"}
        yield _wrong(state, access.roles, command, command.fields, told)


async def _check_on_instance(
    link: Link, name: str, mine: Mapping[str, FieldValue], password: str, errors: dict[str, str]
) -> None:
    """What only the instance can judge: the namespace, the password."""
    namespace = mine.get("namespace")
    known = not isinstance(namespace, str) or not namespace or "namespace" in errors
    if not known and await unknown_namespaces(link.connection, [str(namespace)]):
        errors["namespace"] = f"There is no namespace {harmless(namespace, 60)}."
    if password:
        refused = await check_new_password(link.connection, name, password)
        if refused:
            errors["password"] = f"The instance's password policy refuses it. {refused}"


def _edit_form(state: ObjectState, roles: Sequence[Role], values: Mapping[str, FieldValue]) -> Form:
    return Form(
        name="user",
        title=f"User {state.name}",
        fields=form_fields(values, [role.name for role in roles], new=False),
        command=f"/user {quote(state.name, force=state.name.casefold() in _SECOND_WORDS)}",
        notes=_notes(state, roles),
    )


_SECOND_WORDS = frozenset({"add", "create", "copy", "delete", "remove"})
"""Names that `/user` would take for another command."""


def _notes(state: ObjectState, roles: Sequence[Role]) -> list[str]:
    """Inherited roles apart from those held directly, and what stands beside roles."""
    model = privileges.AccessModel(
        [], [privileges.Role(role.name, granted=role.granted_roles) for role in roles]
    )
    notes = []
    for start in state.names("roles"):
        inherited = [chain[-1] for chain in model.chains([start]).values() if len(chain) > 1]
        if inherited:
            notes.append(f"Through {harmless(start)} also: {listed(inherited)}.")
    bad = state.text("bad_logins")
    if bad not in ("", "0"):
        notes.append(f"{bad} bad logins since the last good one: /unlock {quote(state.name)} forgets them.")
    notes.append("SQL privileges stand beside roles; they are not shown here.")
    return notes


def _wrong(
    state: ObjectState | None,
    roles: Sequence[Role],
    command: Command,
    given: Given,
    errors: Mapping[str, str],
) -> Form | Problem:
    """The form again with its messages, or a problem for a typed line. A password is not echoed."""
    if not command.fields:
        key, message = next(iter(errors.items()))
        return Problem(
            "BadValue", message, f"Correct {key}= and try again; nothing was changed.", text=command.text
        )
    if state is None:
        form = Form("user", "New user", form_fields(EMPTY, [r.name for r in roles], new=True), command.slash)
    else:
        form = _edit_form(state, roles, state.fields)
    form.command = command.slash or form.command
    form.fields = [_refilled(each, given) for each in form.fields]
    form.errors = dict(errors)
    return form


def _refilled(field: FormField, given: Given) -> FormField:
    if field.kind == "secret" or field.name not in given:
        return field
    value = given[field.name]
    return replace(field, value="" if value is None and field.kind == "date" else value)


# Create


async def add(context: Context, command: Command) -> Replies:
    """`/user add [NAME]`: the form; with values or a template, the plan."""
    link = context.link()
    name = str(command.fields.get("name") or command.args.get("name") or "").strip()
    chosen = command.args.get("template")
    template = template_named(chosen) if isinstance(chosen, str) else None
    given: Given = command.fields or {
        key: value for key, value in command.args.items() if key in options.USER
    }
    today = context.clock.now().date()
    if not command.fields and (not name or not (given or template)):
        roles = await _roles(link)
        start, notes = _start(template, [role.name for role in roles], today)
        yield Form(
            "user",
            "New user",
            form_fields(start, [role.name for role in roles], new=True, name=name),
            command.slash,
            notes=[*notes, "/templates says what each kind of account is given."],
        )
        return
    access = await read_access(link.connection)
    role_names = [role.name for role in access.roles]
    start, notes = _start(template if not command.fields else None, role_names, today)
    checked = check_values(given, None, role_names, today)
    password, errors = check_passwords(given)
    checked.errors |= errors
    refused = check_name(name, [user.name for user in access.users], role_names)
    if refused:
        checked.errors = {"name": refused, **checked.errors}
    await _check_on_instance(link, name, checked.fields, password, checked.errors)
    if checked.errors:
        yield _wrong(None, access.roles, command, given, checked.errors)
        return
    after = ObjectState("user", name, {**start, **checked.fields})
    changes: list[ObjectChange] = []
    if template is not None and template.reads_namespace:
        try:
            reader = _reader_role(access, after)
        except FieldRefusal as refusal:
            if not command.fields:
                raise
            yield _wrong(None, access.roles, command, given, {refusal.field: refusal.message})
            return
        if find(reader.name, role_names) is None:
            changes.append(ObjectChange(None, reader))
        after = after.with_fields({"roles": (*after.names("roles"), reader.name)})
    changes.append(ObjectChange(None, after))
    wanted = Wanted(
        "user_add",
        f"Make user {harmless(name)}" + (f" from the template {template.name}" if template else ""),
        tuple(changes),
        Origin(command.slash),
        {name: password or await password_that_fits(link, name)},
        show=not password,
        warnings=notes[1:],
    )
    async for reply in _planned(context, wanted, access, command, None):
        yield reply


def _start(
    template: Template | None, roles: Sequence[str], today: date
) -> tuple[dict[str, FieldValue], list[str]]:
    """The values that a form or a plan begins with, and notes on what the template could not give."""
    values = dict(EMPTY)
    if template is None:
        return values, []
    known = [spelled for role in template.roles if (spelled := find(role, roles)) is not None]
    lacking = [role for role in template.roles if find(role, roles) is None]
    values["roles"] = tuple(known)
    values["password_never_expires"] = template.password_never_expires
    if template.days:
        values["expires"] = (today + timedelta(days=template.days)).isoformat()
    notes = [f"{template.title}: {template.why}"]
    if lacking:
        notes.append(f"This instance has no role {listed(lacking, 'or')}.")
    return values, notes


def _reader_role(access: Access, user: ObjectState) -> ObjectState:
    """The role that reads one namespace by SQL and no more. Raises `Refusal`."""
    namespace = user.text("namespace")
    if not namespace:
        raise FieldRefusal(
            "namespace",
            "NamespaceNeeded",
            "Read-only SQL needs the namespace that may be read.",
            f"Add it: /user add {quote(user.name)} template=sql-reader namespace=USER",
        )
    # A namespace's data may lie in a database of another name; then there is no such resource and the person decides.
    names = [resource.name for resource in access.resources]
    resource = find(f"%DB_{namespace}", names)
    if resource is None:
        raise FieldRefusal(
            "namespace",
            "NoSuchResource",
            f"There is no resource %DB_{harmless(namespace, 60)}: the data of {harmless(namespace, 60)} "
            "lies in a database of another name.",
            "/role add makes a role with read on that database's resource and use of %Service_SQL.",
        )
    return ObjectState(
        "role",
        f"irisops_read_{namespace.lower()}",
        {
            "description": f"Reads {namespace} by SQL, writes nothing",
            "privileges": (f"{resource}:R", "%Service_SQL:U"),
            "granted_roles": (),
            "escalation_only": False,
        },
    )
