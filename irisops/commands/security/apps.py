"""/apps and /app: web applications listed, shown, switched and set by typed values; the form is `app_editor`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import or_

from irisops.commands.security.app_editor import EDITOR, edit
from irisops.commands.security.app_fields import check, warn_of_logins, web_methods
from irisops.commands.security.app_view import app_facts
from irisops.commands.security.kinds import states
from irisops.commands.security.specs import APPLICATION
from irisops.commands.security.wanted import all_named, logins, named, proposed, split_switch
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import find
from irisops.contract.quoting import quote
from irisops.contract.replies import Column, Refusal
from irisops.contract.wording import harmless, listed
from irisops.engine import cards
from irisops.engine.availability import refuse_change
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import list_table
from irisops.instance.errors import or_note
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.lists import (
    WebApplication,
    list_applications,
    parse_match_roles,
    roles_given,
)
from irisops.instance.security.object_state import FieldValue, ObjectState, login_bits
from irisops.instance.security.whole_applications import complete_applications
from irisops.instance.usage.sessions_timeout import MOST_TIMEOUT

_FIELDS: cards.Fields[WebApplication] = (
    (Column("name", "NAME"), lambda each: each.name),
    (Column("enabled", "ENABLED", "flag", tones=cards.OFF), lambda each: each.enabled),
    (
        Column("login", "LOGIN", "list", grow=True),
        lambda each: [part.strip() for part in each.methods.split(",") if part.strip()],
    ),
    (Column("resource", "RESOURCE", hide_under=80), lambda each: each.resource),
    (
        Column("roles", "GIVES ROLES", "list", hide_under=70),
        lambda each: None if each.match_roles is None else list(roles_given(each.match_roles)),
    ),
    (Column("namespace", "NAMESPACE", hide_under=100), lambda each: each.namespace),
    (Column("timeout", "TIMEOUT", "duration", hide_under=110), lambda each: each.timeout),
    (Column("dispatch_class", "DISPATCH CLASS", hide_under=140), lambda each: each.dispatch_class),
)
NONE = "none"
"""Word for no resource."""


async def _listed(link: Link) -> list[WebApplication]:
    found = await list_applications(link.connection)
    link.names.applications = tuple(each.name for each in found)
    return found


async def show_apps(context: Context, command: Command) -> Replies:
    """Web applications, filtered and sorted by words."""
    link = context.link()
    listing = await _listed(link)
    notes: list[str] = []
    reading = complete_applications(link.connection, listing)
    found = await or_note(reading, notes, "Who may open them, and how, is not known") or listing
    open_ones = [each.name for each in found if each.enabled and each.unauthenticated]
    yield list_table(
        command,
        "apps",
        "web application",
        _FIELDS,
        found,
        unfiltered=[f"! Open without a login: {listed(open_ones)}."] if open_ones else [],
        notes=notes,
        actions=[
            ("enter", "open", "/app {name}"),
            ("d", "disable", "/app {name} disable"),
            ("e", "enable", "/app {name} enable"),
            ("l", "require login", "/app {name} auth=-unauthenticated,+password"),
        ],
    )


async def show_app(context: Context, command: Command) -> Replies:
    """Web applications as cards."""
    link = context.link()
    known = [each.name for each in await _listed(link)]
    access = await read_access(link.connection)
    spelled = all_named("application", command.words("applications"), known)
    for state in await states(link, "application", spelled):
        yield app_facts(access, state)


async def change_app(context: Context, command: Command) -> Replies:
    """Plan to change web applications; of one without options the form, of several their cards."""
    names, switch = split_switch(command.words("applications"))
    given = {
        key: value for key, value in command.args.items() if isinstance(value, str) and key in APPLICATION
    }
    if command.fields or (len(names) == 1 and switch is None and not given):
        async for reply in edit(context, command, names[0]):
            yield reply
        return
    if switch is None and not given:
        async for reply in show_app(context, command):
            yield reply
        return
    link = context.link()
    spelled = all_named("application", names, [each.name for each in await _listed(link)])
    setters = await _setters(link, {key: value for key, value in given.items() if key in _USUAL})
    if switch is not None:
        setters["enabled"] = lambda _state: switch
    further = {key: value for key, value in given.items() if key not in _USUAL}
    refuse_change(link, EDITOR.edit_feature)
    before = await states(link, "application", spelled, whole=bool(further))
    checked, warnings = await _checked(context, link, before, further) if further else ({}, [])
    if "auth" in setters:
        after = [state.with_fields({"auth": setters["auth"](state)}) for state in before]
        for state in after:
            if not login_bits(state):
                raise Refusal(
                    "BadLogin",
                    f"Without any way to log in {harmless(state.name, 80)} might be open to everybody.",
                    f"Name one in auth=, or have it answer nobody: /app {quote(state.name)} disable.",
                )
        come = [login_bits(new) & ~login_bits(old) for new, old in zip(after, before, strict=True)]
        warnings += await warn_of_logins(link, reduce(or_, come))

    def change(state: ObjectState) -> dict[str, FieldValue]:
        more = checked.get(state.name, {})
        return {**more, **{field: make(state) for field, make in setters.items()}}

    yield await proposed(context, command, "application", spelled, change, before=before, warnings=warnings)


async def _checked(
    context: Context, link: Link, before: Sequence[ObjectState], given: Mapping[str, str]
) -> tuple[dict[str, dict[str, FieldValue]], list[str]]:
    """Values of the less usual fields for each application, and warnings. Raises `Refusal`."""
    access = await read_access(link.connection)
    fields: dict[str, dict[str, FieldValue]] = {}
    warnings: list[str] = []
    for state in before:
        found = await check(link, access, given, state, context.clock.now().date())
        for key, message in found.errors.items():
            raise Refusal("BadValue", message, f"Correct {key}= and try again; nothing was changed.")
        fields[state.name] = found.fields
        warnings += found.warnings
    return fields, list(dict.fromkeys(warnings))


_USUAL = ("auth", "resource", "timeout", "roles")
"""Options that need no more of an application than its list shows."""
Setter = Callable[[ObjectState], FieldValue]


async def _setters(link: Link, given: Mapping[str, str]) -> dict[str, Setter]:
    """Setters by option. Raises `Refusal` for an invalid value."""
    found: dict[str, Setter] = {}
    if "auth" in given:
        found["auth"] = logins(given["auth"], web_methods(link), "A web application")
    if "resource" in given or "roles" in given:
        access = await read_access(link.connection)
        if "resource" in given:
            name, known = given["resource"], [each.name for each in access.resources]
            resource = "" if name.casefold() == NONE else named("resource", name, known)
            found["resource"] = lambda _state: resource
        if "roles" in given:
            changes = _role_changes(access, given["roles"])
            found["roles"] = lambda state: with_roles(state.names("roles"), changes)
    if "timeout" in given:
        seconds = given["timeout"]
        if int(seconds) > MOST_TIMEOUT:
            raise Refusal(
                "BadTimeout",
                f"A timeout has at most {MOST_TIMEOUT:,} seconds.",
                "900 is what applications begin with; 0 is never.",
            )
        found["timeout"] = lambda _state: seconds
    return found


def _role_changes(access: Access, text: str) -> list[tuple[bool, str]]:
    """`-%All,+%SQL` -> (add, role) each. Raises `Refusal`."""
    roles = [role.name for role in access.roles]
    found = []
    for part in (piece.strip() for piece in text.split(",")):
        if len(part) < 2 or part[0] not in "+-":
            raise Refusal(
                "BadRoles",
                f"“{harmless(part, 60)}” neither adds a role nor takes one.",
                "For example roles=-%All or roles=+%SQL: for everybody who enters; matching roles are only taken.",
            )
        add = part[0] == "+"
        spelled = find(part[1:], roles)
        if spelled is None and add:
            raise Refusal("NoSuchRole", f"There is no role {harmless(part[1:], 80)}.", "/roles lists them.")
        # A deleted role may still be listed there, and can be removed.
        found.append((add, spelled or part[1:]))
    return found


def with_roles(groups: tuple[str, ...], changes: list[tuple[bool, str]]) -> tuple[str, ...]:
    """Groups `MATCH:ROLE:ROLE` after the changes: roles are removed from every group and added to the "" match group.

    Empty groups are dropped.
    """
    pairs = [(match, list(targets)) for match, targets in parse_match_roles(",".join(groups))]
    for add, role in changes:
        if not add:
            pairs = [
                (match, [t for t in targets if t.casefold() != role.casefold()]) for match, targets in pairs
            ]
            continue
        always = next((targets for match, targets in pairs if not match), None)
        if always is None:
            always = []
            pairs.insert(0, ("", always))
        if role.casefold() not in {each.casefold() for each in always}:
            always.append(role)
    return tuple(":".join((match, *targets)) for match, targets in pairs if targets)
