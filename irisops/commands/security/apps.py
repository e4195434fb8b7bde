"""/apps and /app: web applications with their authentication, added roles and resource."""

from __future__ import annotations

from collections.abc import Callable

from irisops.commands.security.effects import may_enter
from irisops.commands.security.kinds import APPLICATION, states
from irisops.commands.security.wanted import all_named, logins, named, proposed, split_switch
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import find
from irisops.contract.quoting import quote
from irisops.contract.replies import Column, Facts, Refusal
from irisops.contract.wording import harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import list_table
from irisops.instance.errors import or_note
from irisops.instance.security import authentication
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.authentication import UNAUTHENTICATED, WEB_METHODS
from irisops.instance.security.lists import (
    WebApplication,
    complete_applications,
    list_applications,
    parse_match_roles,
    roles_given,
)
from irisops.instance.security.object_state import FieldValue, ObjectState, login_bits
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
        unfiltered=[f"Open without a login: {listed(open_ones)}."] if open_ones else [],
        notes=notes,
        actions=[
            ("enter", "open", "/app {name}"),
            ("d", "disable", "/app {name} disable"),
            ("e", "enable", "/app {name} enable"),
            ("l", "require login", "/app {name} auth=-unauthenticated,+password"),
        ],
    )


def _facts(access: Access, state: ObjectState) -> Facts:
    name = harmless(state.name, 80)
    known = next(
        (each for each in access.applications if each.name.casefold() == state.name.casefold()), None
    )
    notes = []
    if state.flag("enabled") and login_bits(state) & UNAUTHENTICATED:
        notes.append("It is open without a login: visitors are UnknownUser. l in /apps has them log in.")
    if state.flag("enabled") and not authentication.lets_in(login_bits(state)):
        notes.append("No way to log in is left: nobody gets in.")
    groups = parse_match_roles(",".join(state.names("roles")))
    if any(role.casefold() == "%all" for _, targets in groups for role in targets):
        notes.append(f"It makes every visitor a superuser: /app {quote(name)} roles=-%All ends that.")
    resource = state.text("resource")
    entering = listed(may_enter(access.model, resource), most=8) or "nobody"
    may = entering if resource else "every enabled user"
    switch = "disable" if state.flag("enabled") else "enable"
    ways = f"{switch}, auth=password, resource=…, timeout=… or roles=-ROLE"
    notes.append(f"/app {quote(name)} {ways} change it; a plan comes first.")
    return cards.facts_card(
        f"app {state.name}",
        f"Web application {name}",
        [
            ("name", "", state.name),
            ("enabled", "Enabled", state.flag("enabled")),
            ("login", "Login by", list(state.names("auth"))),
            ("resource", "Resource", resource or None),
            ("may_enter", "May enter", may),
            ("roles", "Gives roles", list(roles_given(groups))),
            ("timeout", "Session timeout", APPLICATION.show(state.text("timeout"), "timeout")),
            ("namespace", "Namespace", known.namespace if known else None),
            ("dispatch_class", "Dispatch class", known.dispatch_class or None if known else None),
        ],
        [*notes, *access.notes],
    )


async def change_app(context: Context, command: Command) -> Replies:
    """Plan to change web applications; without options, show them."""
    names, switch = split_switch(command.words("applications"))
    link = context.link()
    spelled = all_named("application", names, [each.name for each in await _listed(link)])
    setters = await _setters(link, command)
    if switch is not None:
        setters["enabled"] = lambda _state: switch
    if not setters:
        access = await read_access(link.connection)
        for state in await states(link, "application", spelled):
            yield _facts(access, state)
        return

    def change(state: ObjectState) -> dict[str, FieldValue]:
        return {field: make(state) for field, make in setters.items()}

    yield await proposed(context, command, "application", spelled, change)


Setter = Callable[[ObjectState], FieldValue]


async def _setters(link: Link, command: Command) -> dict[str, Setter]:
    """Setters by option. Raises `Refusal` for an invalid value."""
    found: dict[str, Setter] = {}
    given = {key: value for key, value in command.args.items() if isinstance(value, str)}
    if "auth" in given:
        found["auth"] = logins(given["auth"], WEB_METHODS, "A web application")
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
