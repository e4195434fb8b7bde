"""The user editor, declared for `irisops.changes.editor`, with /user and /user add."""

from __future__ import annotations

from datetime import date, timedelta

from irisops.changes import editor
from irisops.changes.editor import Checked, Editor, Given, Start
from irisops.changes.objects import FieldRefusal
from irisops.commands.accounts.fields import (
    NEW_USER,
    check_name,
    check_passwords,
    check_values,
    form_fields,
    role_names,
)
from irisops.commands.accounts.specs import USER
from irisops.commands.accounts.templates import template_named
from irisops.commands.accounts.user_edit_many import read_user
from irisops.commands.accounts.view import user_cards
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import find
from irisops.contract.quoting import quote
from irisops.contract.replies import FormField
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.security.access import Access
from irisops.instance.security.object_state import ObjectChange, ObjectState
from irisops.instance.security.user_changes import (
    USER_FIELDS,
    check_new_password,
    unknown_namespaces,
    user_state_of,
)


async def _find(link: Link, access: Access, name: str) -> ObjectState:
    """The user from the rows read for `access` if they have every field."""
    row = access.details_of(name)
    return (row and user_state_of(row)) or await read_user(link, name, "/user {}")


def _form_fields(link: Link, access: Access, state: ObjectState, *, new: bool) -> list[FormField]:
    empty = "Empty: one is made and shown once" if new else "Empty: stays as it is"
    return [
        *form_fields(link, access, state, new=new),
        FormField("password", "New password", "secret", "", help=empty),
        FormField("password_again", "Password again", "secret", "", help="The same once more"),
    ]


def _notes(access: Access, state: ObjectState) -> list[str]:
    """Inherited roles, and access that does not come from roles."""
    notes = []
    for start in state.names("roles"):
        chains = access.model.chains([start]).values()
        inherited = [chain[-1] for chain in chains if len(chain) > 1]
        if inherited:
            notes.append(f"Through {harmless(start)} also: {listed(inherited)}.")
    bad = state.text("bad_logins")
    if bad not in ("", "0"):
        notes.append(f"{bad} bad logins since the last good one: /unlock {quote(state.name)} forgets them.")
    unread = [USER_FIELDS[each].label for each in state.unread]
    if unread:
        notes.append(f"Not shown, because you cannot read it: {listed(unread)}.")
    notes.append("SQL privileges are separate from roles; they are not shown here.")
    return notes


async def _check(link: Link, access: Access, given: Given, base: ObjectState, today: date) -> Checked:
    """Check each value, then what only the instance can check: the namespace and the password."""
    checked = check_values(access, given, base, today)
    checked.password, errors = check_passwords(given)
    checked.errors |= errors
    namespace = checked.fields.get("namespace")
    asked = isinstance(namespace, str) and namespace not in ("", base.text("namespace"))
    known = not asked or "namespace" in checked.errors
    if not known and await unknown_namespaces(link.connection, [str(namespace)]):
        checked.errors["namespace"] = f"There is no namespace {harmless(namespace, 60)}."
    if checked.password:
        refused = await check_new_password(link.connection, base.name, checked.password)
        if refused:
            checked.errors["password"] = f"The instance's password policy refuses it. {refused}"
    return checked


async def _start(_link: Link, access: Access, command: Command, today: date) -> Start:
    """An empty user, or the template's."""
    help_note = "/templates says what each kind of account is given."
    chosen = command.args.get("template")
    if not isinstance(chosen, str):
        return Start(NEW_USER, [help_note])
    template = template_named(chosen)
    roles = role_names(access)
    values = dict(NEW_USER)
    values["roles"] = tuple(spelled for role in template.roles if (spelled := find(role, roles)))
    values["password_never_expires"] = template.password_never_expires
    if template.days:
        values["expires"] = (today + timedelta(days=template.days)).isoformat()
    lacking = [role for role in template.roles if find(role, roles) is None]
    missing = [f"This instance has no role {listed(lacking, 'or')}."] if lacking else []
    return Start(
        values,
        [f"{template.title}: {template.why}", *missing, help_note],
        missing if not command.fields else (),
        f" from the template {template.name}",
        complete=True,
    )


def _with_companions(access: Access, command: Command, after: ObjectState) -> list[ObjectChange]:
    """The role that the reading template needs, if it has to be created, and the user."""
    chosen = command.args.get("template")
    if not isinstance(chosen, str) or not template_named(chosen).reads_namespace:
        return [ObjectChange(None, after)]
    reader = _reader_role(access, after, command)
    user = ObjectChange(None, after.with_fields({"roles": (*after.names("roles"), reader.name)}))
    there = find(reader.name, role_names(access)) is not None
    return [user] if there else [ObjectChange(None, reader), user]


def _reader_role(access: Access, user: ObjectState, command: Command) -> ObjectState:
    """A role that can only read one namespace by SQL. Raises `Refusal`."""
    namespace = user.text("namespace")
    if not namespace:
        raise FieldRefusal(
            "namespace",
            "NamespaceNeeded",
            "Read-only SQL needs the namespace that may be read.",
            f"Add it: {command.slash} namespace=USER",
        )
    # The namespace's database may have another name; then there is no such resource, and the person decides.
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


_EDITOR = Editor(
    "user",
    "users.edit",
    options=USER,
    new_options=USER,
    empty=NEW_USER,
    second_words=frozenset({"add", "create", "copy", "delete", "remove"}),
    find=_find,
    cards=user_cards,
    form_fields=_form_fields,
    notes=_notes,
    check_name=check_name,
    check=_check,
    start=_start,
    with_companions=_with_companions,
)


def edit(context: Context, command: Command) -> Replies:
    """`/user NAME`: the form; with values, the plan."""
    return editor.edit(context, command, _EDITOR)


def add(context: Context, command: Command) -> Replies:
    """`/user add [NAME]`: the form; with values or a template, the plan."""
    return editor.add(context, command, _EDITOR)
