"""/services and /service: services, enabled or not, and their authentication methods."""

from __future__ import annotations

from irisops.commands.security.kinds import states
from irisops.commands.security.wanted import all_named, logins, proposed, split_switch
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Column, Facts
from irisops.contract.wording import harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import list_table
from irisops.instance.security.authentication import METHODS, UNAUTHENTICATED
from irisops.instance.security.lists import BINDINGS, WEB_GATEWAY, Service, list_services
from irisops.instance.security.object_state import FieldValue, ObjectState, login_bits

PREFIX = "%Service_"
_FIELDS: cards.Fields[Service] = (
    (Column("name", "NAME"), lambda each: each.name),
    (Column("enabled", "ENABLED", "flag", tones=cards.OFF), lambda each: each.enabled),
    (
        Column("login", "LOGIN", "list", grow=True),
        lambda each: None if each.methods is None else list(each.methods),
    ),
    (Column("from", "FROM", hide_under=90), lambda each: each.clients),
    (Column("public", "PUBLIC", "flag", hide_under=80), lambda each: each.public),
    (Column("description", "DESCRIPTION", hide_under=120), lambda each: each.description),
)


async def _listed(link: Link) -> list[Service]:
    found = await list_services(link.connection)
    link.names.services = tuple(service.name for service in found)
    return found


async def show_services(context: Context, command: Command) -> Replies:
    """Services, filtered and sorted by words."""
    found = await _listed(context.link())
    word = METHODS[UNAUTHENTICATED]
    # Usual for the Web Gateway's own service: users authenticate at the application.
    unlocked = [
        each.name
        for each in found
        if each.enabled and each.name != WEB_GATEWAY and any(word in m.casefold() for m in each.methods or ())
    ]
    unread = any(each.methods is None for each in found)
    yield list_table(
        command,
        "services",
        "service",
        _FIELDS,
        found,
        unfiltered=[f"! Open without a login: {listed(unlocked)}."] if unlocked else [],
        notes=["The list of this instance has no login methods: /service NAME reads them."] if unread else [],
        actions=[
            ("enter", "open", "/service {name}"),
            ("d", "disable", "/service {name} disable"),
            ("e", "enable", "/service {name} enable"),
            ("l", "require login", "/service {name} auth=-unauthenticated"),
        ],
    )


def _facts(service: Service, state: ObjectState) -> Facts:
    name = harmless(service.name, 80)
    notes = []
    if service.name.casefold() == BINDINGS.casefold():
        notes.append("This tool, and every driver, comes in through it: it cannot be disabled from here.")
    if state.flag("enabled") and login_bits(state) & UNAUTHENTICATED:
        notes.append("Visitors without a login get in as UnknownUser: l in the list ends that.")
    switch = "disable" if state.flag("enabled") else "enable"
    notes.append(f"/service {name} {switch}, or auth=+ldap,-unauthenticated, changes it; a plan comes first.")
    return cards.facts_card(
        f"service {service.name}",
        f"Service {name}",
        [
            ("name", "", service.name),
            ("enabled", "Enabled", state.flag("enabled")),
            ("login", "Login by", list(state.names("auth"))),
            ("from", "From", service.clients),
            ("public", "Public", service.public),
            ("description", "Description", service.description),
        ],
        notes,
    )


async def change_service(context: Context, command: Command) -> Replies:
    """Plan to enable, disable or set authentication of services; without options, show one."""
    names, switch = split_switch(command.words("services"))
    auth = command.args.get("auth")
    link = context.link()
    found = await _listed(link)
    spelled = all_named("service", names, [each.name for each in found], PREFIX)
    if switch is None and not isinstance(auth, str):
        for name, state in zip(spelled, await states(link, "service", spelled), strict=True):
            yield _facts(next(each for each in found if each.name == name), state)
        return
    bits = logins(auth, sum(METHODS), "A service") if isinstance(auth, str) else None

    def change(state: ObjectState) -> dict[str, FieldValue]:
        fields: dict[str, FieldValue] = {}
        if switch is not None:
            fields["enabled"] = switch
        if bits is not None:
            fields["auth"] = bits(state)
        return fields

    yield await proposed(context, command, "service", spelled, change)
