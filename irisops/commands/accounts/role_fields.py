"""Fields of a role: values from a form or a typed line, checked, with error messages per field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from irisops.changes.editor import Checked, Given
from irisops.contract.nearest import find, nearest
from irisops.contract.replies import Cell, FormField
from irisops.contract.wording import acting, harmless, listed
from irisops.instance.security.object_state import FieldValue, ObjectState
from irisops.instance.security.permissions import Permission, applicable, format_privileges, parse_permission
from irisops.instance.security.role_changes import DESCRIPTION_LIMIT, NAME_LIMIT, privileges_of

EMPTY: Mapping[str, FieldValue] = {
    "description": "",
    "privileges": (),
    "granted_roles": (),
    "escalation_only": False,
}
"""Defaults of a new role."""


def check_name(name: str, users: Sequence[str], roles: Sequence[str]) -> str:
    """Why the name is invalid for a new role, or "" (facts: iris-security 3.1)."""
    there, user = find(name, roles), find(name, users)
    objections = (
        (not name.strip(), "A name is needed."),
        (len(name) > NAME_LIMIT, f"At most {NAME_LIMIT} characters; this has {len(name)}."),
        (name.startswith("%"), "Names that begin with % belong to the instance."),
        (any(mark in name for mark in ",:/"), "No comma, no colon and no slash."),
        (
            not name.isprintable() or name != name.strip(),
            "No control characters, and no blanks at its ends.",
        ),
        (there is not None, f"There is a role {harmless(there, 60)} already."),
        (
            user is not None,
            f"There is a user {harmless(user, 60)}: a role and a user cannot share a name.",
        ),
    )
    return next((message for objection, message in objections if objection), "")


def check_values(given: Given, base: ObjectState, roles: Sequence[str], resources: Sequence[str]) -> Checked:
    """Check typed or submitted values. `add` and `remove` change the role's present privileges."""
    checked = Checked()
    if "description" in given:
        text = str(given["description"] or "")
        old = base.text("description")
        if text != old:  # an existing text may break the rules
            text = text.strip()
        if text == old:
            pass
        elif len(text) > DESCRIPTION_LIMIT:
            checked.errors["description"] = f"At most {DESCRIPTION_LIMIT} characters; this has {len(text)}."
        elif acting(text) - acting(old):
            checked.errors["description"] = "No line breaks and no control characters."
        checked.fields["description"] = text
    if "escalation_only" in given:
        checked.fields["escalation_only"] = given["escalation_only"] in (True, "yes")
    if "granted_roles" in given:
        _granted(checked, base, _texts(given["granted_roles"]), roles)
    _privileges(checked, given, base, resources)
    return checked


def _texts(raw: Cell | list[str]) -> list[str]:
    texts = raw if isinstance(raw, list) else str(raw or "").split(",")
    return [text.strip() for text in texts if text.strip()]


def _granted(checked: Checked, base: ObjectState, names: Sequence[str], roles: Sequence[str]) -> None:
    known = {name: find(name, roles) or find(name, base.names("granted_roles")) for name in names}
    unknown = [name for name, spelled in known.items() if spelled is None]
    chosen = {spelled.casefold(): spelled for spelled in known.values() if spelled is not None}
    if unknown:
        close = nearest(unknown[0], roles)
        hint = f" Did you mean {listed(close, 'or')}?" if close else ""
        checked.errors["granted_roles"] = f"There is no role {listed(unknown, 'or')}.{hint}"
    elif base.name.casefold() in chosen:
        checked.errors["granted_roles"] = "A role cannot be granted to itself."
    checked.fields["granted_roles"] = tuple(chosen.values())


def _privileges(checked: Checked, given: Given, base: ObjectState, resources: Sequence[str]) -> None:
    if not {"privileges", "add", "remove"} & given.keys():
        return
    held: dict[str, Permission] = {} if "privileges" in given else privileges_of(base)
    for key in ("privileges", "add", "remove"):
        for text in _texts(given[key]) if key in given else []:
            name, colon, letters = text.rpartition(":")
            known = (*resources, *held, *privileges_of(base))
            resource = find(name if colon else text, known)
            if resource is None:
                close = nearest(name or text, resources)
                hint = f" Did you mean {listed(close, 'or')}?" if close else ""
                checked.errors.setdefault(key, f"There is no resource {harmless(name or text, 60)}.{hint}")
                continue
            if not colon and key == "remove":
                held.pop(resource, None)
                continue
            try:
                permission = parse_permission(letters if colon else "")
            except ValueError:
                checked.errors.setdefault(
                    key,
                    f"{harmless(text, 60)} needs its permissions, for example {harmless(resource, 60)}:"
                    f"{applicable(resource).letters}.",
                )
                continue
            old = held.get(resource, Permission.NONE)
            held[resource] = old & ~permission if key == "remove" else old | permission
    text = format_privileges(held)
    checked.fields["privileges"] = tuple(text.split(",")) if text else ()


def form_fields(
    values: Mapping[str, FieldValue],
    roles: Sequence[str],
    resources: Sequence[str],
    *,
    new: bool,
    name: str = "",
) -> list[FormField]:
    """The form's fields in order."""
    fields: list[FormField] = []
    if new:
        fields.append(
            FormField("name", "Name", value=name, required=True, help="Not with % at its beginning")
        )
    privileges = values.get("privileges", ())
    granted = values.get("granted_roles", ())
    return [
        *fields,
        FormField("description", "Description", value=str(values.get("description", ""))),
        FormField(
            "privileges",
            "Privileges",
            "privileges",
            list(privileges) if isinstance(privileges, tuple) else [],
            [f"{resource}:{applicable(resource).letters}" for resource in resources],
            help="r, w and u switch read, write and use where they make sense",
        ),
        FormField(
            "granted_roles",
            "Granted roles",
            "roles",
            list(granted) if isinstance(granted, tuple) else [],
            [each for each in roles if each.casefold() != name.casefold()],
            help="Whoever holds this role holds these, too",
        ),
        FormField(
            "escalation_only",
            "Only by escalation",
            "flag",
            values.get("escalation_only") is True,
            help="Cannot be held, only escalated to",
        ),
    ]
