"""Fields of users and roles: their forms, and values from a form or a typed line, checked with a message per field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

from irisops.changes.editor import Checked, Given, texts_of
from irisops.connections.connection import Link
from irisops.contract.nearest import find, hint
from irisops.contract.replies import Cell, FormField
from irisops.contract.wording import acting, harmless, listed
from irisops.instance.security.access import Access
from irisops.instance.security.object_state import (
    Field,
    FieldKind,
    FieldValue,
    Kind,
    ObjectState,
    privileges_of,
    same,
)
from irisops.instance.security.permissions import Permission, applicable, format_privileges, parse_permission
from irisops.instance.security.role_changes import ROLE_FIELDS
from irisops.instance.security.user_changes import PASSING, USER_FIELDS

FIELDS: Mapping[Kind, Mapping[str, Field]] = {"user": USER_FIELDS, "role": ROLE_FIELDS}
NEW_USER: Mapping[str, FieldValue] = {
    "full_name": "",
    "comment": "",
    "enabled": True,
    "roles": (),
    "escalation_roles": (),
    "namespace": "",
    "routine": "",
    "email": "",
    "expires": "",
    "account_never_expires": False,
    "password_never_expires": False,
    "must_change_password": False,
    "bad_logins": "0",
}
"""Defaults of a new user (facts: iris-security 2.2)."""
NEW_ROLE: Mapping[str, FieldValue] = {
    "description": "",
    "privileges": (),
    "granted_roles": (),
    "escalation_only": False,
}
_DAYS = re.compile(r"(\d{1,5})\s*d(?:ays?)?", re.IGNORECASE)
_NAME_LIMITS: Mapping[Kind, int] = {"user": 160, "role": 64}
"""Characters (facts: iris-security 2.1, 3.1)."""
_NAME_HELP: Mapping[Kind, str] = {"user": "Cannot be changed later", "role": "Not with % at its beginning"}
_WIDGETS: Mapping[FieldKind, Literal["flag", "date", "roles", "privileges"]] = {
    "flag": "flag",
    "date": "date",
    "names": "roles",
    "privileges": "privileges",
}
_HELP = {
    "enabled": "May log in",
    "roles": "Space ticks; type in the line above to find",
    "escalation_roles": "Only after the user escalates to them",
    "namespace": "Where a terminal session starts",
    "routine": "Run at the start of a terminal session; empty: programmer mode",
    "expires": "YYYY-MM-DD, the last day; empty: never",
    "account_never_expires": "The inactivity limit does not count",
    "password_never_expires": "For programs, which cannot change it",
    "must_change_password": "Refuses programs until it is changed in a terminal or the portal",
    "privileges": "r, w and u switch read, write and use where they make sense",
    "granted_roles": "Holders of this role hold these too",
    "escalation_only": "Cannot be held, only escalated to",
}


def role_names(access: Access) -> list[str]:
    """Names of all roles."""
    return [role.name for role in access.roles]


def title(label: str) -> str:
    """A label as it begins a line."""
    return label[:1].upper() + label[1:]


def form_fields(_link: Link, access: Access, state: ObjectState, *, new: bool) -> list[FormField]:
    """The form's fields in order. Fields that this version lacks are not in `state` and not shown."""
    found: list[FormField] = []
    if new:
        found.append(FormField("name", "Name", value=state.name, required=True, help=_NAME_HELP[state.kind]))
    choices: Mapping[FieldKind, list[str]] = {
        "names": [role for role in role_names(access) if role.casefold() != state.name.casefold()],
        "privileges": [f"{each.name}:{applicable(each.name).letters}" for each in access.resources],
    }
    for key, spec in FIELDS[state.kind].items():
        if key in PASSING or key not in state.fields:
            continue
        held = state.fields[key]
        found.append(
            FormField(
                key,
                title(spec.label),
                _WIDGETS.get(spec.kind, "text"),
                list(held) if isinstance(held, tuple) else held,
                choices.get(spec.kind, ()),
                _HELP.get(key, ""),
            )
        )
    return found


def check_name(access: Access, kind: Kind, name: str) -> str:
    """Why the name is invalid for a new user or role, or "" (facts: iris-security 2.1, 3.1)."""
    user, role = find(name, [each.name for each in access.users]), find(name, role_names(access))
    limit = _NAME_LIMITS[kind]
    if kind == "user":
        there, other, both = user, role, "a user and a role"
        marks = (
            ("@" in name, "No @: that begins a domain."),
            ("*" in name or "," in name, "No * and no comma: they mean more than one name."),
        )
    else:
        there, other, both = role, user, "a role and a user"
        marks = (
            (name.startswith("%"), "Names that begin with % belong to the instance."),
            (any(mark in name for mark in ",:/"), "No comma, no colon and no slash."),
        )
    objections = (
        (not name.strip(), "A name is needed."),
        (len(name) > limit, f"At most {limit} characters; this has {len(name)}."),
        *marks,
        (
            not name.isprintable() or name != name.strip(),
            "No control characters, and no blanks at its ends.",
        ),
        (there is not None, f"There is a {kind} {harmless(there, 60)} already."),
        (
            other is not None,
            f"There is a {'role' if kind == 'user' else 'user'} {harmless(other, 60)}: {both} cannot share a name.",
        ),
    )
    return next((message for objection, message in objections if objection), "")


def check_values(access: Access, given: Given, base: ObjectState, today: date) -> Checked:
    """Check typed or submitted values. `base` is the present state: values that it already has are never refused.

    For a role, `add` and `remove` change its present privileges.
    """
    checked = Checked()
    for name, spec in FIELDS[base.kind].items():
        if name not in given or name in PASSING:
            continue
        raw = given[name]
        if spec.kind == "flag":
            checked.fields[name] = raw in (True, "yes")
        elif spec.kind == "names":
            _roles(checked, name, texts_of(raw), base, role_names(access))
        elif spec.kind == "date":
            _date(checked, name, raw, base.fields.get(name), today)
        elif spec.kind == "text":
            _text(checked, name, "" if raw is None else str(raw), base, spec.longest)
    if base.kind == "role" and {"privileges", "add", "remove"} & given.keys():
        _privileges(checked, given, base, [each.name for each in access.resources])
    return checked


def _text(checked: Checked, name: str, text: str, base: ObjectState, longest: int) -> None:
    old = base.fields.get(name)
    if text != old:  # untouched text is kept exactly, including blanks at its ends
        text = text.strip()
    if text != old:
        if len(text) > longest:
            checked.errors[name] = f"At most {longest:,} characters; this has {len(text):,}."
        elif acting(text) - acting(base.text(name)):
            checked.errors[name] = "No line breaks and no control characters."
        elif name == "email" and text and not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
            checked.errors[name] = "Not an e-mail address: it needs one @ with something on both sides."
    checked.fields[name] = text


def _roles(
    checked: Checked, name: str, texts: Sequence[str], base: ObjectState, roles: Sequence[str]
) -> None:
    known = [find(text, roles) or find(text, base.names(name)) for text in texts]
    unknown = [text for text, spelled in zip(texts, known, strict=True) if spelled is None]
    chosen = {spelled.casefold(): spelled for spelled in known if spelled is not None}
    if unknown:
        checked.errors[name] = f"There is no role {listed(unknown, 'or')}.{hint(unknown[0], roles)}"
    elif base.kind == "role" and base.name.casefold() in chosen:
        checked.errors[name] = "A role cannot be granted to itself."
    checked.fields[name] = tuple(chosen.values())


def _date(
    checked: Checked, field_name: str, raw: Cell | list[str], old: FieldValue | None, today: date
) -> None:
    text = raw.isoformat()[:10] if isinstance(raw, date) else str(raw or "").strip()
    if text.casefold() in ("", "never", "none", "no"):
        checked.fields[field_name] = ""
        return
    span = _DAYS.fullmatch(text)
    try:
        day = today + timedelta(days=int(span[1])) if span else date.fromisoformat(text)
    except (ValueError, OverflowError):
        checked.errors[field_name] = (
            "Not a date. Write it as 2027-03-31, or as 30d for a span; empty is never."
        )
        return
    if day < today and not same(day.isoformat(), old):
        checked.errors[field_name] = f"{day} is past: the account could not log in. Use disable for that."
    checked.fields[field_name] = day.isoformat()


def _privileges(checked: Checked, given: Given, base: ObjectState, resources: Sequence[str]) -> None:
    held: dict[str, Permission] = {} if "privileges" in given else privileges_of(base)
    for key in ("privileges", "add", "remove"):
        for text in texts_of(given.get(key)):
            name, colon, letters = text.rpartition(":")
            resource = find(name if colon else text, (*resources, *held, *privileges_of(base)))
            if resource is None:
                shown = f"There is no resource {harmless(name or text, 60)}.{hint(name or text, resources)}"
                checked.errors.setdefault(key, shown)
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


def check_passwords(given: Given) -> tuple[str, dict[str, str]]:
    """The password, entered twice, and errors by field."""
    password, again = given.get("password"), given.get("password_again")
    first = password if isinstance(password, str) else ""
    second = again if isinstance(again, str) else ""
    if first != second:
        return "", {"password_again": "The two passwords differ."}
    if first.startswith("\0"):
        return "", {"password": "A password cannot begin with a NUL character."}
    return first, {}
