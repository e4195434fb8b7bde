"""Users and roles as the change engine sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from irisops.changes.objects import Family, ObjectKind
from irisops.commands.accounts.as_code import calls_of
from irisops.commands.accounts.effects import meaning
from irisops.commands.accounts.guard import guard
from irisops.commands.accounts.new_password import password_that_fits
from irisops.connections.connection import Link
from irisops.contract.wording import harmless
from irisops.instance.security.object_state import FieldValue, Kind, ObjectChange, ObjectState, same
from irisops.instance.security.roles import LABELS, list_roles, privileges_of, role_state, role_steps
from irisops.instance.security.user_changes import FIELDS, PASSING, read_user_states, user_steps


def shown(value: FieldValue | None, field_name: str = "") -> str:
    """A field's value as a plan shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(harmless(each, 80) for each in value) or "none"
    if not value:
        return "never" if field_name == "expires" else "–"
    return harmless(value)


def label_of(kind: Kind, field_name: str) -> str:
    """A field in a person's words."""
    return FIELDS[field_name].label if kind == "user" else LABELS[field_name]


async def _read_users(link: Link, names: Sequence[str]) -> Mapping[str, ObjectState]:
    return await read_user_states(link.connection, names)


async def _read_roles(link: Link, names: Sequence[str]) -> Mapping[str, ObjectState]:
    wanted = {name.casefold() for name in names}
    return {
        role.name.casefold(): role_state(role)
        for role in await list_roles(link.connection)
        if role.name.casefold() in wanted
    }


def _agrees(field_name: str, found: FieldValue | None, wanted: FieldValue | None) -> bool:
    if field_name == "namespace" and isinstance(found, str) and isinstance(wanted, str):
        return found.casefold() == wanted.casefold()  # namespaces are upper case, however they are written
    return same(found, wanted)


def _past(change: ObjectChange) -> str:
    if change.after is None or change.fields() != ["roles"]:
        return ""
    return f"{harmless(change.name)} now holds {shown(change.after.names('roles'))}."


_ACCOUNTS = Family(guard, meaning, calls_of)


def _fits_user(field_name: str, value: FieldValue) -> bool:
    if field_name not in FIELDS:
        return False
    form = FIELDS[field_name].kind
    if form == "date" and value and not _is_date(value):
        return False
    if form == "number" and value and not str(value).isdecimal():
        return False
    return isinstance(value, {"flag": bool, "names": tuple}.get(form, str))


def _is_date(value: FieldValue) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _fits_role(field_name: str, value: FieldValue) -> bool:
    forms = {"privileges": tuple, "granted_roles": tuple, "escalation_only": bool}
    if field_name not in LABELS or not isinstance(value, forms.get(field_name, str)):
        return False
    try:
        privileges_of(ObjectState("role", "", {field_name: value}))
    except ValueError:
        return False
    return True


USER = ObjectKind(
    "user",
    "users",
    _ACCOUNTS,
    "users and roles",
    label=lambda field: FIELDS[field].label,
    show=shown,
    read=_read_users,
    steps=user_steps,
    fits=_fits_user,
    passing=PASSING,
    copied=("roles",),
    agrees=_agrees,
    past=_past,
    new_password=password_that_fits,
)
ROLE = ObjectKind(
    "role",
    "roles",
    _ACCOUNTS,
    "users and roles",
    label=lambda field: LABELS[field],
    show=shown,
    read=_read_roles,
    steps=lambda change, _password: role_steps(change),
    fits=_fits_role,
    copied=("privileges", "granted_roles"),
)
