"""The user editor, declared for `irisops.changes.editor`, with /user and /user add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from irisops.changes import editor
from irisops.changes.editor import Checked, Editor, Given, Start
from irisops.changes.objects import FieldRefusal
from irisops.commands.accounts.specs import USER
from irisops.commands.accounts.templates import template_named
from irisops.commands.accounts.user_edit_many import user_named
from irisops.commands.accounts.user_fields import (
    EMPTY,
    check_name,
    check_passwords,
    check_values,
    form_fields,
)
from irisops.commands.accounts.view import user_cards
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import find
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Facts, FormField, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.security.access import Access
from irisops.instance.security.object_state import FieldValue, ObjectChange, ObjectState
from irisops.instance.security.user_changes import check_new_password, unknown_namespaces, user_state_of


def _role_names(access: Access) -> list[str]:
    return [role.name for role in access.roles]


class UserEditor(Editor):
    """See `Editor`."""

    kind = "user"
    edit_feature = "users.edit"
    options = USER
    new_options = USER
    empty = EMPTY
    second_words = frozenset({"add", "create", "copy", "delete", "remove"})

    async def find(self, link: Link, access: Access, name: str) -> ObjectState:
        """The user from the rows read for `access` if they have every field."""
        row = access.details_of(name)
        return (row and user_state_of(row)) or await user_named(link, name, "/user {}")

    def kept_by_instance(self, _state: ObjectState) -> Refusal | None:
        """None: every user can be changed."""
        return None

    def cards(
        self, access: Access, state: ObjectState, today: date, notes: Sequence[str]
    ) -> Sequence[Facts | Table]:
        """All fields, then all privileges with their paths."""
        return user_cards(access, state, today, notes)

    def form_fields(
        self, values: Mapping[str, FieldValue], access: Access, *, new: bool, name: str
    ) -> list[FormField]:
        """Fields that this version lacks are not in `values` and not shown."""
        return form_fields(values, _role_names(access), new=new, name=name)

    def notes(self, access: Access, state: ObjectState) -> list[str]:
        """Inherited roles, and access that does not come from roles."""
        notes = []
        for start in state.names("roles"):
            chains = access.model.chains([start]).values()
            inherited = [chain[-1] for chain in chains if len(chain) > 1]
            if inherited:
                notes.append(f"Through {harmless(start)} also: {listed(inherited)}.")
        bad = state.text("bad_logins")
        if bad not in ("", "0"):
            notes.append(
                f"{bad} bad logins since the last good one: /unlock {quote(state.name)} forgets them."
            )
        notes.append("SQL privileges are separate from roles; they are not shown here.")
        return notes

    def check_name(self, access: Access, name: str) -> str:
        """Check against the rules for names of users (facts: iris-security 2.1)."""
        return check_name(name, [user.name for user in access.users], _role_names(access))

    async def check(
        self, link: Link, access: Access, given: Given, base: ObjectState, today: date
    ) -> Checked:
        """Check each value, then what only the instance can check: the namespace and the password."""
        checked = check_values(given, base, _role_names(access), today)
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

    def start(self, access: Access, command: Command, today: date) -> Start:
        """An empty user, or the template's."""
        help_note = "/templates says what each kind of account is given."
        chosen = command.args.get("template")
        if not isinstance(chosen, str):
            return Start(EMPTY, [help_note])
        template = template_named(chosen)
        roles = _role_names(access)
        values = dict(EMPTY)
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

    def with_companions(self, access: Access, command: Command, after: ObjectState) -> list[ObjectChange]:
        """The role that the reading template needs, if it has to be created."""
        chosen = command.args.get("template")
        if not isinstance(chosen, str) or not template_named(chosen).reads_namespace:
            return [ObjectChange(None, after)]
        reader = _reader_role(access, after)
        user = ObjectChange(None, after.with_fields({"roles": (*after.names("roles"), reader.name)}))
        there = find(reader.name, _role_names(access)) is not None
        return [user] if there else [ObjectChange(None, reader), user]


_EDITOR = UserEditor()


async def edit(context: Context, command: Command) -> Replies:
    """`/user NAME`: the form; with values, the plan."""
    async for reply in editor.edit(context, command, _EDITOR):
        yield reply


async def add(context: Context, command: Command) -> Replies:
    """`/user add [NAME]`: the form; with values or a template, the plan."""
    async for reply in editor.add(context, command, _EDITOR):
        yield reply


def _reader_role(access: Access, user: ObjectState) -> ObjectState:
    """A role that can only read one namespace by SQL. Raises `Refusal`."""
    namespace = user.text("namespace")
    if not namespace:
        raise FieldRefusal(
            "namespace",
            "NamespaceNeeded",
            "Read-only SQL needs the namespace that may be read.",
            f"Add it: /user add {quote(user.name)} template=sql-reader namespace=USER",
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
