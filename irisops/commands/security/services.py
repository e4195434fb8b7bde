"""/services and /service: services, enabled or not, and their authentication methods."""

from __future__ import annotations

from irisops.commands.security.kinds import states
from irisops.commands.security.wanted import all_named, as_list, logins, proposed, split_switch
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Facts, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import filter_words, select, selection_notes
from irisops.instance.security.authentication import METHODS, UNAUTHENTICATED
from irisops.instance.security.lists import BINDINGS, WEB_GATEWAY, Service, list_services
from irisops.instance.security.object_state import FieldValue, ObjectState, login_bits

PREFIX = "%Service_"
COLUMNS = (
    Column("name", "NAME"),
    Column("enabled", "ENABLED", "flag"),
    Column("login", "LOGIN", "list", grow=True),
    Column("from", "FROM", hide_under=90),
    Column("public", "PUBLIC", "flag", hide_under=80),
    Column("description", "DESCRIPTION", hide_under=120),
)


async def _listed(link: Link) -> list[Service]:
    found = await list_services(link.connection)
    link.names.services = tuple(service.name for service in found)
    return found


async def show_services(context: Context, command: Command) -> Replies:
    """Services, filtered and sorted by words."""
    found = await _listed(context.link())
    rows: list[dict[str, Cell]] = [
        {
            "name": each.name,
            "enabled": each.enabled,
            "login": None if each.methods is None else list(each.methods),
            "from": each.clients,
            "public": each.public,
            "description": each.description,
        }
        for each in found
    ]
    chosen = select(rows, filter_words(command), COLUMNS)
    notes = selection_notes(chosen, len(rows), "service")
    word = METHODS[UNAUTHENTICATED]
    # Usual for the Web Gateway's own service: users authenticate at the application.
    unlocked = [
        each.name
        for each in found
        if each.enabled and each.name != WEB_GATEWAY and any(word in m.casefold() for m in each.methods or ())
    ]
    if unlocked and not chosen.described:
        notes.append(f"Open without a login: {listed(unlocked)}.")
    if any(each.methods is None for each in found):
        notes.append("How one logs in is not in this instance's list: /service NAME reads it.")
    yield Table(
        name="services",
        title="Services",
        columns=COLUMNS,
        rows=chosen.rows,
        key="name",
        notes=notes,
        actions=[
            ("enter", "open", "/service {name}"),
            ("d", "disable", "/service {name} disable"),
            ("e", "enable", "/service {name} enable"),
            ("l", "require login", "/service {name} auth=-unauthenticated"),
        ],
        total=chosen.total,
    )


def _facts(service: Service, state: ObjectState) -> Facts:
    name = harmless(service.name, 80)
    notes = []
    if service.name.casefold() == BINDINGS.casefold():
        notes.append("This tool, and every driver, comes in through it: it cannot be disabled from here.")
    if state.flag("enabled") and login_bits(state) & UNAUTHENTICATED:
        notes.append("Whoever comes without a login gets in as UnknownUser: l in the list takes that off.")
    switch = "disable" if state.flag("enabled") else "enable"
    notes.append(f"/service {name} {switch}, or auth=+ldap,-unauthenticated, changes it; a plan comes first.")
    return Facts(
        f"service {service.name}",
        f"Service {name}",
        {
            "name": service.name,
            "enabled": state.flag("enabled"),
            "login": list(state.names("auth")),
            "from": service.clients,
            "public": service.public,
            "description": service.description,
        },
        labels={
            "enabled": "Enabled",
            "login": "Login by",
            "from": "From",
            "public": "Public",
            "description": "Description",
        },
        notes=notes,
    )


async def change_service(context: Context, command: Command) -> Replies:
    """Plan to enable, disable or set authentication of services; without options, show one."""
    names, switch = split_switch(as_list(command, "services"))
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
