"""Effects of changes of users and roles: privileges gained and lost, new superusers, warnings, guards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from irisops.changes.objects import FieldRefusal
from irisops.connections.connection import Link
from irisops.contract.quoting import quote
from irisops.contract.wording import counted, harmless, listed
from irisops.instance.security import privileges
from irisops.instance.security.access import Access
from irisops.instance.security.object_state import ObjectChange, ObjectState, missing, privileges_of
from irisops.instance.security.permissions import Permission, difference

_SPECIAL = {
    "unknownuser": "UnknownUser stands for everybody who has not logged in: they all get it.",
    "cspsystem": "CSPSystem is the Web Gateway's own account; it needs no roles.",
    "_public": "_PUBLIC is no login: what it holds, everybody holds.",
}
_SHOWN = 8
"""Privileges named in one sentence."""


def model_after(access: Access, changes: Iterable[ObjectChange]) -> privileges.AccessModel:
    """The access model after the changes. Deletions come last, so that their side effects are not overwritten."""
    model = access.model
    for change in sorted(changes, key=lambda each: each.after is None):
        if change.after is None:
            without = model.without_role if change.kind == "role" else model.without_user
            model = without(change.name)
        elif change.kind == "user":
            model = model.with_user(_user(change.after))
        else:
            model = model.with_role(_role(change.after))
    return model


def _user(state: ObjectState) -> privileges.User:
    return privileges.User(
        state.name, state.names("roles"), state.names("escalation_roles"), state.flag("enabled")
    )


def _role(state: ObjectState) -> privileges.Role:
    return privileges.Role(
        state.name, privileges_of(state), state.names("granted_roles"), state.flag("escalation_only")
    )


def meaning(access: Access, changes: Sequence[ObjectChange], own_user: str) -> tuple[list[str], list[str]]:
    """Effects and warnings of the changes, as sentences."""
    before, after = access.model, model_after(access, changes)
    warnings: list[str] = []
    effects = _privileges(before, after, changes, warnings)
    _moot(before, changes, warnings)
    told = _Told()
    for change in changes:
        if change.kind == "user" and not change.follows:
            _about_user(change, own_user, told, warnings)
        elif change.kind == "role":
            _about_role(access, after, change, effects, warnings)
    return [*effects, *told.sentences()], list(dict.fromkeys(warnings))


def _affected(
    before: privileges.AccessModel, after: privileges.AccessModel, changes: Sequence[ObjectChange]
) -> list[str]:
    """Users whose privileges may change, in the order of the instance."""
    names: dict[str, None] = {}
    for change in changes:
        if change.kind == "user":
            names[change.name] = None
            continue
        for model in (before, after):
            if any(role.name.casefold() == change.name.casefold() for role in model.roles):
                names.update((user.name, None) for user, _ in model.members(change.name))
    return list(names)


def _held(model: privileges.AccessModel, name: str) -> Mapping[str, Permission]:
    try:
        return model.effective(name)
    except privileges.UnknownName:
        return {}


def _is_super(model: privileges.AccessModel, name: str) -> bool:
    try:
        return model.is_superuser(name)
    except privileges.UnknownName:
        return False


class _Told:
    """Sentences about users, grouped: users with the same effect share one."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], list[str]] = {}

    def tell(self, name: str, one: str, many: str = "") -> None:
        """Add a user. `{}` stands for the names; `many` is the sentence for several users if it differs."""
        self._names.setdefault((one, many or one), []).append(name)

    def sentences(self) -> list[str]:
        """The sentences with the names in them."""
        return [
            (one if len(names) == 1 else many).replace("{}", listed(names, most=6), 1)
            for (one, many), names in self._names.items()
        ]


def _privileges(
    before: privileges.AccessModel,
    after: privileges.AccessModel,
    changes: Sequence[ObjectChange],
    warnings: list[str],
) -> list[str]:
    """Privileges gained and lost."""
    told = _Told()
    created = {change.name for change in changes if change.before is None}
    deleted = {change.name for change in changes if change.kind == "user" and change.after is None}
    reassigned = {
        change.name for change in changes if change.kind == "user" and "roles" in change.fields()
    } - created
    for name in _affected(before, after, changes):
        if name in deleted:
            continue
        was, becomes = _is_super(before, name), _is_super(after, name)
        if becomes and not was:
            end = "every privilege on the whole instance."
            told.tell(name, f"{{}} becomes a superuser: {end}", f"{{}} become superusers: {end}")
            warnings.append("%All is more than almost anybody needs; a narrower role is safer.")
        elif was and not becomes:
            told.tell(name, "{} is no longer a superuser.", "{} are no longer superusers.")
        elif was and name in reassigned:
            end = "before and after: what can be done does not change."
            told.tell(name, f"{{}} is a superuser {end}", f"{{}} are superusers {end}")
        if was or becomes:
            continue
        old = _public_of(before) if name in created else _held(before, name)
        change = difference(old, _held(after, name))
        if not change and name in reassigned:
            told.tell(name, "No resource privilege of {} changes; SQL privileges that the roles have do.")
        for verb, part in (("gain", change.gained), ("lose", change.lost)):
            if part:
                names = [f"{key}:{value.letters}" for key, value in sorted(part.items())]
                what = f"{counted(len(names), 'privilege')}: {listed(names, most=_SHOWN)}."
                told.tell(name, f"{{}} {verb}s {what}", f"{{}} {verb} {what}")
        if any(key.casefold() == "%admin_secure" for key in change.gained):
            warnings.append(
                f"With %Admin_Secure {harmless(name)} can administer users and roles, its own among them."
            )
    return told.sentences()


def _public_of(model: privileges.AccessModel) -> Mapping[str, Permission]:
    """Privileges of a user without roles."""
    return {name: permission for name, permission in model.public.items() if permission}


def _moot(model: privileges.AccessModel, changes: Sequence[ObjectChange], warnings: list[str]) -> None:
    """Warn of privileges that change with roles although everybody has them."""
    public = {name.casefold(): permission for name, permission in model.public.items() if permission}
    moot: dict[str, Permission] = {}
    roles = {role.name.casefold(): role for role in model.roles}
    for change in changes:
        touched: dict[str, Permission] = {}
        if change.kind == "user":
            old = change.before.names("roles") if change.before else ()
            new = change.after.names("roles") if change.after else ()
            for name in (*missing(new, old), *(missing(old, new) if change.after else ())):
                role = roles.get(name.casefold())
                touched |= dict(role.privileges) if role else {}
        elif change.before and change.after:
            delta = difference(privileges_of(change.before), privileges_of(change.after))
            touched = {**delta.gained, **delta.lost}
        for name, permission in touched.items():
            shared = permission & public.get(name.casefold(), Permission.NONE)
            if shared:
                moot[name] = shared
    if moot:
        names = [f"{name}:{permission.letters}" for name, permission in sorted(moot.items())]
        verb = "is" if len(names) == 1 else "are"
        warnings.append(
            f"{listed(names, most=_SHOWN)} {verb} public: everybody has it, with the role or without."
        )


def _about_user(change: ObjectChange, own_user: str, told: _Told, warnings: list[str]) -> None:
    """Effects on a user itself."""
    before, after, name = change.before, change.after, harmless(change.name)
    old = before.names("roles") if before else ()
    new = after.names("roles") if after else ()
    gained = missing(new, old)

    if change.name.casefold() == own_user.casefold():
        warnings.append(
            "This is the account you are using; a running connection gets new roles at its next login."
        )
    if after is None:
        told.tell(change.name, "{} can no longer log in; connections that are open now go on until they end.")
        warnings.append(
            "/undo makes a deleted user again with a new password: the old one is lost, and so are SQL privileges "
            "granted to the user itself."
        )
        return
    if before is not None and (gained or missing(old, new)):
        told.tell(
            change.name,
            "SQL privileges granted to {} directly stay as they are.",
        )
    if gained and not after.flag("enabled"):
        warnings.append(f"{name} is disabled: it gains nothing until it is enabled.")
    special = _SPECIAL.get(change.name.casefold())
    if special and gained:
        warnings.append(special)
    if before is not None and before.flag("enabled") and not after.flag("enabled"):
        told.tell(change.name, "{} can no longer log in; connections that are open now go on until they end.")
    if before is not None and not before.flag("enabled") and after.flag("enabled"):
        told.tell(change.name, "{} can log in again.")
    if after.flag("must_change_password") and not (before and before.flag("must_change_password")):
        told.tell(
            change.name,
            "{} must choose a new password first; until then programs, this one too, are refused.",
        )


def _about_role(
    access: Access,
    after: privileges.AccessModel,
    change: ObjectChange,
    effects: list[str],
    warnings: list[str],
) -> None:
    name = harmless(change.name)
    key = change.name.casefold()
    if change.after is None:
        applications = [
            app.name
            for app in access.applications
            if any(
                key in (match.casefold(), *map(str.casefold, targets))
                for match, targets in app.match_roles or ()
            )
        ]
        if applications:
            warnings.append(
                f"{listed(applications)} give or match this role: they lose it, and /undo does not bring that back."
            )
        warnings.append(f"SQL privileges granted to {name} are lost; /undo does not bring them back.")
        return
    if change.before is not None and change.name.startswith("%"):
        warnings.append(
            f"{name} came with the instance; the vendor's advice is to copy it and change the copy."
        )
    if not after.members(change.name):
        effects.append(
            f"Nobody holds {name}, directly or through a role: /grant {quote(name)} to USER gives it."
        )


def guard(link: Link, access: Access, changes: Sequence[ObjectChange]) -> None:
    """Refuse changes that lock out the own account or remove the last superuser. Raises `FieldRefusal`."""
    for change in changes:
        if change.kind == "user" and change.name.casefold() == link.profile.user.casefold():
            _guard_own(change)
    after = model_after(access, changes)
    if access.model.superusers() and not after.superusers():
        disabled = any(
            change.after is not None and change.before is not None and "enabled" in change.fields()
            for change in changes
        )
        raise FieldRefusal(
            "enabled" if disabled else "roles",
            "LastSuperuser",
            "This would leave no enabled user with %All: nobody could administer the instance.",
            "Give %All to another enabled user first.",
        )


def _guard_own(change: ObjectChange) -> None:
    name = harmless(change.name)
    before, after = change.before, change.after
    if before is None:
        return
    cure = "Connect as another administrator to do this."
    if after is None:
        raise FieldRefusal("name", "OwnAccount", f"{name} is the account you are using: it stays.", cure)
    if before.flag("enabled") and not after.flag("enabled"):
        raise FieldRefusal(
            "enabled", "OwnAccount", f"{name} is the account you are using: disabling it locks you out.", cure
        )
    if missing(before.names("roles"), after.names("roles")):
        raise FieldRefusal(
            "roles",
            "OwnAccount",
            f"{name} is the account you are using: taking roles from it could lock you out.",
            cure,
        )
    if after.flag("must_change_password") and not before.flag("must_change_password"):
        raise FieldRefusal(
            "must_change_password",
            "OwnAccount",
            f"{name} is the account you are using: the driver is refused while its password must be changed.",
            cure,
        )
