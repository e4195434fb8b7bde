"""The editor of web applications, declared for `irisops.changes.editor`; /app add, copy and delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from irisops.changes import editor
from irisops.changes.editor import Editor, Start
from irisops.changes.objects import FieldRefusal, Wanted
from irisops.changes.plan import plan
from irisops.changes.record import Origin
from irisops.commands.security.app_fields import check, check_name, form_fields
from irisops.commands.security.app_templates import template_named
from irisops.commands.security.app_view import app_facts, app_notes
from irisops.commands.security.kinds import states
from irisops.commands.security.specs import APPLICATION
from irisops.commands.security.wanted import all_named, named
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import find
from irisops.contract.quoting import quote
from irisops.contract.replies import Facts, Refusal, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.application_fields import (
    LATER,
    NEW_APPLICATION,
    is_system,
)
from irisops.instance.security.object_state import FieldValue, ObjectChange, ObjectState
from irisops.instance.security.settings_state import read_settings

_NAMESPACE = "USER"
"""Namespace of a new application, until another is entered."""


async def _find(link: Link, access: Access, name: str) -> ObjectState:
    spelled = named("application", name, [each.name for each in access.applications])
    (state,) = await states(link, "application", [spelled], whole=True)
    return state


def _cards(access: Access, state: ObjectState, _today: date, notes: Sequence[str]) -> Sequence[Facts | Table]:
    return [app_facts(access, state, notes)]


async def _start(link: Link, access: Access, command: Command, _today: date) -> Start:
    """The class's own values or the template's, of the fields that this version has. Raises `Refusal`."""
    namespace = str(command.fields.get("namespace") or command.args.get("namespace") or _NAMESPACE).strip()
    values: dict[str, FieldValue] = {**NEW_APPLICATION, "namespace": namespace.upper()}
    has = await _fields_here(link, access)
    notes = ["/app templates says what each kind of application is given."]
    chosen = command.args.get("template")
    if not isinstance(chosen, str):
        return Start({key: value for key, value in values.items() if key in has}, notes)
    template = template_named(chosen)
    # Where WSGIType is missing, WSGI is all there is.
    lacking = [key for key, value in template.values.items() if key not in has and value != "WSGI"]
    if lacking:
        raise Refusal(
            "TooOld",
            f"This version of IRIS cannot do {template.title}: it has no such settings.",
            "WSGI came with 2024.1, ASGI later in 2024.",
        )
    values |= template.values
    role = find(f"%DB_{namespace}", [role.name for role in access.roles])
    if template.database_role and role is not None:
        values["roles"] = (f":{role}",)
    return Start(
        {key: value for key, value in values.items() if key in has},
        [f"{template.title}: {template.why}", *notes],
        title=f" from the template {template.name}",
    )


async def _fields_here(link: Link, access: Access) -> set[str]:
    """The fields of applications that this version has, seen at one that is there; one batch."""
    names = [each.name for each in access.applications[:1]]
    later = {key for some in LATER for key in some}
    if not names:
        return set(NEW_APPLICATION)
    found = await read_settings(link.connection, "application", names, later)
    return set(NEW_APPLICATION) - later | {key for state in found.values() for key in state.fields}


def _with_needs(_access: Access, command: Command, after: ObjectState) -> list[ObjectChange]:
    """The new application, if what its template needs was entered. Raises `FieldRefusal`."""
    chosen = command.args.get("template")
    needs = template_named(chosen).needs if isinstance(chosen, str) else {}
    for key, what in needs.items():
        if not after.text(key):
            raise FieldRefusal(
                key,
                "FieldNeeded",
                f"Needed is {what}.",
                f"Add {key}=…, or give the command without values: the form opens, filled in.",
            )
    return [ObjectChange(None, after)]


EDITOR = Editor(
    "application",
    "webapps.edit",
    options=frozenset(APPLICATION),
    new_options=frozenset(APPLICATION) - {"roles"},
    empty=NEW_APPLICATION,
    second_words=frozenset({"add", "copy", "delete", "remove", "show", "templates"}),
    find=_find,
    cards=_cards,
    form_fields=form_fields,
    notes=app_notes,
    check_name=check_name,
    check=check,
    start=_start,
    with_companions=_with_needs,
    word="app",
)


def edit(context: Context, command: Command, name: str) -> Replies:
    """The form of an application; with values of it, the plan."""
    one = replace(command, args={"application": name})
    return editor.edit(context, one, EDITOR)


def add(context: Context, command: Command) -> Replies:
    """`/app add [NAME]`: the form; with values, the plan."""
    return editor.add(context, command, EDITOR)


async def copy(context: Context, command: Command) -> Replies:
    """`/app copy FROM to NEW`: every field is that of FROM."""
    link = context.link()
    access = await read_access(link.connection)
    source = await _find(link, access, str(command.args["application"]))
    name = str(command.args["name"])
    refused = check_name(access, "application", name)
    if refused:
        raise Refusal("BadName", refused, "Choose another name.")
    fields = {**source.fields, "type": "2", "namespace_default": False}
    if source.text("cookie_path").rstrip("/").casefold() == source.name.rstrip("/").casefold():
        fields["cookie_path"] = ""
    system = is_system(source)
    change = ObjectChange(
        None, ObjectState("application", name, fields), origin="" if system else source.name
    )
    wanted = Wanted(
        "app_copy",
        f"Copy web application {harmless(source.name)} to {harmless(name)}",
        (change,),
        Origin(command.slash),
    )
    yield await plan(context, link, wanted, access)


async def delete(context: Context, command: Command) -> Replies:
    """`/app delete NAME …`."""
    link = context.link()
    access = await read_access(link.connection)
    known = [each.name for each in access.applications]
    found = await states(
        link, "application", all_named("application", command.words("applications"), known), whole=True
    )
    for state in found:
        if is_system(state):
            raise Refusal(
                "SystemApplication",
                f"{harmless(state.name)} came with the instance and cannot be deleted.",
                f"/app {quote(state.name)} disable has it answer nobody.",
            )
    wanted = Wanted(
        "app_delete",
        f"Delete web application {listed([state.name for state in found], most=5)}",
        tuple(ObjectChange(state, None) for state in found),
        Origin(command.slash),
    )
    yield await plan(context, link, wanted, access)
