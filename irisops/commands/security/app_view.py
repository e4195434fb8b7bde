"""A web application as a card, and what is said of it beside its form."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.commands.security.app_effects import NO_METHOD, SAME_SITE, cookies_need_https
from irisops.commands.security.effects import may_enter
from irisops.commands.security.kinds import APPLICATION
from irisops.contract.quoting import quote
from irisops.contract.replies import Facts
from irisops.contract.wording import harmless, listed
from irisops.engine import cards
from irisops.instance.security import authentication
from irisops.instance.security.access import Access
from irisops.instance.security.application_fields import PYTHON, is_system, web_kind
from irisops.instance.security.authentication import UNAUTHENTICATED
from irisops.instance.security.lists import parse_match_roles, roles_given
from irisops.instance.security.object_state import ObjectState, login_bits


def app_notes(access: Access, state: ObjectState) -> list[str]:
    """What stands out: open to everybody, superusers, an application of the instance; who may enter."""
    name = quote(state.name)
    notes = []
    if state.flag("enabled") and login_bits(state) & UNAUTHENTICATED:
        notes.append(
            "! It is open without a login: visitors are UnknownUser. In /apps the key l requires a login."
        )
    if "auth" in state.fields and not login_bits(state):
        notes.append(NO_METHOD.format(name))
    elif state.flag("enabled") and not authentication.lets_in(login_bits(state)):
        notes.append("No way to log in is left: nobody gets in.")
    groups = parse_match_roles(",".join(state.names("roles")))
    if any(role.casefold() == "%all" for _, targets in groups for role in targets):
        notes.append(f"It makes every visitor a superuser: /app {name} roles=-%All ends that.")
    if state.flag("jwt"):
        notes.append("Its tokens open every other application with tokens, and theirs open it.")
    if cookies_need_https(state):
        notes.append(SAME_SITE)
    pythons = [
        each.name
        for each in access.applications
        if each.dispatch_class.casefold() == PYTHON.casefold()
        and each.name.casefold() != state.name.casefold()
    ]
    if web_kind(state) in ("WSGI", "ASGI") and pythons:
        notes.append(
            f"{listed(pythons)} {'is' if len(pythons) == 1 else 'are'} Python, too: within one process a module is "
            "loaded once by its name, so give each its own."
        )
    if is_system(state):
        notes.append("It came with the instance: an upgrade may set it back, and it cannot be deleted.")
    return notes


def app_facts(access: Access, state: ObjectState, why_not: Sequence[str] = ()) -> Facts:
    """The card of one application."""
    name = harmless(state.name, 80)
    known = next(
        (each for each in access.applications if each.name.casefold() == state.name.casefold()), None
    )
    groups = parse_match_roles(",".join(state.names("roles")))
    resource = state.text("resource")
    entering = listed(may_enter(access.model, resource), most=8) or "nobody"
    may = entering if resource else "every enabled user"
    switch = "disable" if state.flag("enabled") else "enable"
    ways = f"{switch}, auth=password, resource=…, timeout=… or roles=-ROLE"
    changing = why_not or [f"/app {quote(name)} {ways} change it; a plan comes first."]
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
        [*app_notes(access, state), *changing, *access.notes],
    )
