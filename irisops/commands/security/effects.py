"""Effects of changes of services, web applications and resources, and guards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from irisops.commands.security.app_effects import NO_METHOD, tell_settings
from irisops.connections.connection import Link
from irisops.contract.quoting import quote
from irisops.contract.replies import Refusal
from irisops.contract.wording import counted, harmless, listed
from irisops.instance.security import authentication
from irisops.instance.security.access import Access
from irisops.instance.security.authentication import PASSWORD, UNAUTHENTICATED, words_of
from irisops.instance.security.lists import BINDINGS, WEB_GATEWAY, parse_match_roles
from irisops.instance.security.object_state import ObjectChange, ObjectState, login_bits, public_permission
from irisops.instance.security.permissions import Permission
from irisops.instance.security.privileges import AccessModel

Pair = tuple[ObjectState, ObjectState]
"""An object before and after."""

OWN_NEEDS: Mapping[str, Permission] = {
    "%Native_ClassExecution": Permission.U,
    "%Service_SQL": Permission.U,
    "%DB_IRISSYS": Permission.R,
    "%Admin_Secure": Permission.U,
}
"""Privileges that this tool's account must keep (facts: iris-security 6.5)."""
_PORTAL = "/csp/sys"
_UNKNOWN_USER = "UnknownUser"
_EVERYBODYS = frozenset({"%DB_IRISLIB", "%DB_IRISTEMP", "%DB_IRISLOCALDATA", "%DB_ENSLIB"})
"""Databases of system libraries and scratch space, used by all code."""
_SHOWN = 6


def _pairs(changes: Sequence[ObjectChange]) -> list[Pair]:
    return [(each.before, each.after) for each in changes if each.before and each.after]


def guard(link: Link, access: Access, changes: Sequence[ObjectChange]) -> None:
    """Refuse changes that would lock this tool out. Raises `Refusal`."""
    pairs = _pairs(changes)
    for before, after in pairs:
        if before.kind == "service" and before.name.casefold() == BINDINGS.casefold():
            _guard_bindings(before, after)
    public = _public_after(access, pairs)
    user = link.profile.user
    if public and any(each.name.casefold() == user.casefold() for each in access.model.users):
        old, new = access.model, replace(access.model, public=public)
        for name, needed in OWN_NEEDS.items():
            lost = old.check(user, name, needed).allowed and not new.check(user, name, needed).allowed
            if lost and not _is_unlisted(access, name):
                raise Refusal(
                    "OwnAccess",
                    f"{harmless(user)}, the account you are using, has {name}:{needed.letters} by its public "
                    "permission alone: without it this tool is locked out.",
                    f"Give {harmless(user)} a role that holds it first.",
                )


def _is_unlisted(access: Access, name: str) -> bool:
    """True for a resource that this version does not have."""
    return all(resource.name.casefold() != name.casefold() for resource in access.resources)


def _guard_bindings(before: ObjectState, after: ObjectState) -> None:
    cure = (
        "Every driver comes in by this service, this tool too; change it in a terminal on the machine itself."
    )
    if before.flag("enabled") and not after.flag("enabled"):
        raise Refusal("OwnConnection", f"{BINDINGS} stays enabled: this tool is connected through it.", cure)
    if login_bits(before) & PASSWORD and not login_bits(after) & PASSWORD:
        raise Refusal(
            "OwnConnection",
            f"{BINDINGS} keeps its password login: this tool logs in with one.",
            f"{cure} To take something else off: /service {BINDINGS} auth=-unauthenticated",
        )
    lost = login_bits(before) & ~login_bits(after) & ~UNAUTHENTICATED
    if lost and not login_bits(after) & PASSWORD:
        # Without password authentication, this tool's login was checked in one of these ways.
        raise Refusal(
            "OwnConnection",
            f"{BINDINGS} keeps {listed(words_of(lost))}: this tool may have logged in so.",
            cure,
        )


def _public_after(access: Access, pairs: Sequence[Pair]) -> dict[str, Permission]:
    """The public permissions after the change; empty if none changes."""
    new = {after.name: public_permission(after) for _, after in pairs if after.kind == "resource"}
    return {**access.model.public, **new} if new else {}


def meaning(access: Access, changes: Sequence[ObjectChange], _own_user: str) -> tuple[list[str], list[str]]:
    """Effects and warnings, as sentences."""
    pairs = _pairs(changes)
    effects: list[str] = []
    warnings: list[str] = []
    for each in changes:
        if each.kind == "application" and each.before is None and each.after is not None:
            _new_application(access, each.after, each.origin, effects, warnings)
        elif each.kind == "application" and each.after is None and each.before is not None:
            _no_application(each.before, effects, warnings)
    for before, after in pairs:
        if after.kind == "service":
            _service(access, before, after, effects, warnings)
        elif after.kind == "application":
            _application(access, before, after, effects, warnings)
    public = _public_after(access, pairs)
    if public:
        _resources(access, pairs, replace(access.model, public=public), effects, warnings)
    return effects, list(dict.fromkeys(warnings))


def _nobody(access: Access) -> str:
    """The account of unauthenticated access, with its privileges."""
    roles = next((u.roles for u in access.users if u.name.casefold() == _UNKNOWN_USER.casefold()), ())
    return f"{_UNKNOWN_USER}, which holds {listed(roles) or 'no role'}"


def _logins(
    access: Access, before: ObjectState, after: ObjectState, effects: list[str], warnings: list[str]
) -> None:
    """Authentication methods added and removed, of a service or an application."""
    name = harmless(after.name, 80)
    gone, come = login_bits(before) & ~login_bits(after), login_bits(after) & ~login_bits(before)
    if gone & UNAUTHENTICATED:
        effects.append(f"Visitors of {name} without a login must log in now; they were {_nobody(access)}.")
    if come & UNAUTHENTICATED:
        warnings.append(f"Everybody who reaches {name} gets in without a login, as {_nobody(access)}.")
    if gone & ~UNAUTHENTICATED:
        effects.append(f"Nobody logs in to {name} by {listed(words_of(gone & ~UNAUTHENTICATED))} any more.")
    if come & ~UNAUTHENTICATED:
        effects.append(
            f"{name} also takes logins by {listed(words_of(come & ~UNAUTHENTICATED))}, "
            "if the instance as a whole allows that."
        )
    if login_bits(before) != login_bits(after) and not authentication.lets_in(login_bits(after)):
        warnings.append(f"No way to log in is left: nobody gets in through {name}.")


def _service(
    access: Access, before: ObjectState, after: ObjectState, effects: list[str], warnings: list[str]
) -> None:
    name = harmless(after.name, 80)
    gateway = after.name.casefold() == WEB_GATEWAY.casefold()
    if before.flag("enabled") and not after.flag("enabled"):
        effects.append(f"Logins through {name} are refused from then on.")
    if not before.flag("enabled") and after.flag("enabled"):
        effects.append(f"{name} lets in by {listed(words_of(login_bits(after))) or 'nothing'}.")
        if login_bits(after) & UNAUTHENTICATED and not gateway:
            warnings.append(f"Everybody who reaches {name} gets in without a login, as {_nobody(access)}.")
    _logins(access, before, after, effects, warnings)
    less = (before.flag("enabled") and not after.flag("enabled")) or login_bits(before) & ~login_bits(after)
    if gateway and less:
        warnings.append(
            "All web applications come in through the Web Gateway, the portal too: if its own login is refused, "
            "none of them works."
        )


def _application(
    access: Access, before: ObjectState, after: ObjectState, effects: list[str], warnings: list[str]
) -> None:
    name = harmless(after.name, 80)
    if before.flag("enabled") and not after.flag("enabled"):
        effects.append(f"{name} no longer answers anybody.")
        if before.name.casefold().rstrip("/") == _PORTAL:
            warnings.append("This is the Management Portal: nobody can administer in a browser without it.")
    if not before.flag("enabled") and after.flag("enabled"):
        effects.append(
            f"{name} answers again, with logins by {listed(words_of(login_bits(after))) or 'nothing'}."
        )
        if login_bits(after) & UNAUTHENTICATED:
            warnings.append(f"It is open without a login: visitors are {_nobody(access)}.")
    _logins(access, before, after, effects, warnings)
    if login_bits(before) & ~login_bits(after) & UNAUTHENTICATED:
        effects.append(f"Programs that call {name} without a login are refused.")
    if before.text("resource") != after.text("resource"):
        _entrance(access, before, after, effects)
    _roles(before, after, effects, warnings)
    if before.text("timeout") != after.text("timeout"):
        effects.append("The timeout counts for sessions that begin from then on.")
        if after.text("timeout") == "0":
            warnings.append(
                "0 means never: each closed browser keeps its license unit until somebody ends it."
            )
    tell_settings(access, before, after, effects, warnings)


def _new_application(
    access: Access, after: ObjectState, origin: str, effects: list[str], warnings: list[str]
) -> None:
    """A web application that is made, from another one or by itself."""
    name = harmless(after.name, 80)
    nothing = ObjectState(after.kind, after.name)
    methods = login_bits(after)
    if after.flag("enabled"):
        effects.append(f"{name} answers, with logins by {listed(words_of(methods)) or 'nothing'}.")
    if methods & UNAUTHENTICATED:
        warnings.append(f"It is open without a login: visitors are {_nobody(access)}.")
    if not methods:
        warnings.append(NO_METHOD.format(quote(name)))
    if after.text("resource"):
        entering = may_enter(access.model, after.text("resource"))
        effects.append(f"{_people(entering) or 'Nobody'} may enter it.")
    _roles(nothing, after, effects, warnings)
    tell_settings(access, nothing, after, effects, warnings)
    if origin:
        effects.append(
            f"It is made in two calls: for a moment it is as {harmless(origin, 80)} is, then every field is set."
        )
    effects.append(
        "A new path may answer 404 until the web server and its gateway know it (a restart of the gateway, or its "
        "own path there)."
    )


def _no_application(before: ObjectState, effects: list[str], warnings: list[str]) -> None:
    """A web application that is deleted."""
    name = harmless(before.name, 80)
    effects.append(f"{name} and all addresses below it answer 404, or what another application has there.")
    if before.flag("namespace_default"):
        warnings.append(
            f"It is the default application of namespace {harmless(before.text('namespace'), 80)}."
        )


def may_enter(model: AccessModel, resource: str) -> list[str]:
    """Enabled users who hold the resource of an application; all enabled ones for ""."""
    names = [user.name for user in model.users if user.enabled]
    return [name for name in names if not resource or model.check(name, resource, Permission.U).allowed]


def _entrance(access: Access, before: ObjectState, after: ObjectState, effects: list[str]) -> None:
    """Users who gain or lose entry through the application's resource."""
    name = harmless(after.name, 80)
    old = set(may_enter(access.model, before.text("resource")))
    new = set(may_enter(access.model, after.text("resource")))
    if old - new:
        effects.append(f"{_people(old - new)} can no longer enter {name}.")
    if new - old:
        effects.append(f"{_people(new - old)} can enter {name}.")
    if old == new:
        effects.append(f"Those who may enter {name} stay the same: {counted(len(new), 'enabled user')}.")


def _people(names: Iterable[str]) -> str:
    ordered: list[str] = sorted(names, key=str.casefold)
    return listed(ordered, most=_SHOWN)


def _roles(before: ObjectState, after: ObjectState, effects: list[str], warnings: list[str]) -> None:
    """Roles that the application adds to its users."""
    name = harmless(after.name, 80)

    def added(state: ObjectState) -> dict[str, str]:
        pairs = parse_match_roles(",".join(state.names("roles")))
        found: dict[str, str] = {}
        for _, targets in pairs:
            for role in targets:
                found.setdefault(role.casefold(), role)
        return found

    old, new = added(before), added(after)
    gone = [old[key] for key in old if key not in new]
    come = [new[key] for key in new if key not in old]
    if gone:
        effects.append(
            f"Visitors of {name} no longer get {listed(gone)} there, only what they hold themselves."
        )
    if come:
        effects.append(f"Visitors of {name} (or holders of the matching role) get {listed(come)} there.")
    opened = login_bits(after) & ~login_bits(before) & UNAUTHENTICATED
    if "%all" in new and ("%all" not in old or opened):
        who = f"everybody who reaches {name}, without a login," if opened else f"every visitor of {name}"
        warnings.append(f"%All makes {who} a superuser.")


def _resources(
    access: Access, pairs: Sequence[Pair], changed: AccessModel, effects: list[str], warnings: list[str]
) -> None:
    """Privileges gained and lost with the public permissions."""

    def without(model: AccessModel, resource: str, permission: Permission) -> list[str]:
        users = [user.name for user in access.model.users if user.enabled]
        return [user for user in users if not model.check(user, resource, permission).allowed]

    for before, after in pairs:
        name = harmless(after.name, 80)
        less = public_permission(before) & ~public_permission(after)
        more = public_permission(after) & ~public_permission(before)
        if less:
            losing = without(changed, after.name, less)
            text = f"{name}:{less.letters}"
            effects.append(
                f"{_people(losing)} {'loses' if len(losing) == 1 else 'lose'} {text}: they have it by the public "
                "permission alone."
                if losing
                else f"No user loses {text}: all who are enabled hold it by their roles."
            )
            if after.name.upper() in _EVERYBODYS:
                warnings.append(
                    f"{name} is the system's own: what runs on the instance may need it to be public."
                )
        if more:
            gaining = without(access.model, after.name, more)
            text = f"{name}:{more.letters}"
            effects.append(
                f"{_people(gaining)} {'gains' if len(gaining) == 1 else 'gain'} {text}."
                if gaining
                else f"No user gains {text}: all who are enabled hold it already."
            )
            warnings.append(f"Public is everybody, with any roles or none, logged in or not: {text}.")
