"""Fields of a user: values from a form or a typed line, checked, with error messages per field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from irisops.changes.editor import Checked, Given
from irisops.contract.nearest import find, nearest
from irisops.contract.replies import Cell, FormField
from irisops.contract.wording import acting, harmless, listed
from irisops.instance.security.object_state import FieldValue, ObjectState, same
from irisops.instance.security.user_changes import FIELDS, NAME_LIMIT, PASSING

_DAYS = re.compile(r"(\d{1,5})\s*d(?:ays?)?", re.IGNORECASE)
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
}


def check_name(name: str, users: Sequence[str], roles: Sequence[str]) -> str:
    """Why the name is invalid for a new user, or "" (facts: iris-security 2.1)."""
    there, role = find(name, users), find(name, roles)
    objections = (
        (not name.strip(), "A name is needed."),
        (len(name) > NAME_LIMIT, f"At most {NAME_LIMIT} characters; this has {len(name)}."),
        ("@" in name, "No @: that begins a domain."),
        ("*" in name or "," in name, "No * and no comma: they mean more than one name."),
        (
            not name.isprintable() or name != name.strip(),
            "No control characters, and no blanks at its ends.",
        ),
        (there is not None, f"There is a user {harmless(there, 60)} already."),
        (
            role is not None,
            f"There is a role {harmless(role, 60)}: a user and a role cannot share a name.",
        ),
    )
    return next((message for objection, message in objections if objection), "")


def check_values(given: Given, base: ObjectState | None, roles: Sequence[str], today: date) -> Checked:
    """Check typed or submitted values. `base` is the present user: values that it already has are never refused."""
    checked = Checked()
    for name, spec in FIELDS.items():
        if name not in given or name in PASSING:
            continue
        raw = given[name]
        old = base.fields.get(name) if base else None
        if spec.kind == "flag":
            checked.fields[name] = raw in (True, "yes")
        elif spec.kind == "names":
            _names(checked, name, raw, old, roles)
        elif spec.kind == "date":
            _date(checked, name, raw, old, today)
        else:
            text = "" if raw is None else str(raw)
            if not same(text, old):  # untouched text is kept exactly, including blanks at its ends
                text = text.strip()
                problem = _text_problem(name, text, spec.longest, old)
                if problem and not same(text, old):
                    checked.errors[name] = problem
            checked.fields[name] = text
    return checked


def _text_problem(name: str, text: str, longest: int, old: FieldValue | None) -> str:
    if len(text) > longest:
        return f"At most {longest:,} characters; this has {len(text):,}."
    if acting(text) - acting(old if isinstance(old, str) else ""):
        return "No line breaks and no control characters."
    if name == "email" and text and not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        return "Not an e-mail address: it needs one @ with something on both sides."
    return ""


def _names(
    checked: Checked, field_name: str, raw: Cell | list[str], old: FieldValue | None, roles: Sequence[str]
) -> None:
    texts = raw if isinstance(raw, list) else str(raw or "").split(",")
    held = old if isinstance(old, tuple) else ()
    chosen: dict[str, str] = {}
    unknown = []
    for text in (each.strip() for each in texts):
        if not text:
            continue
        spelled = find(text, roles) or find(text, held)
        if spelled is None:
            unknown.append(text)
        else:
            chosen[spelled.casefold()] = spelled
    if unknown:
        close = nearest(unknown[0], roles)
        hint = f" Did you mean {listed(close, 'or')}?" if close else ""
        checked.errors[field_name] = f"There is no role {listed(unknown, 'or')}.{hint}"
    checked.fields[field_name] = tuple(chosen.values())


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


def form_fields(
    values: Mapping[str, FieldValue], roles: Sequence[str], *, new: bool, name: str = ""
) -> list[FormField]:
    """The form's fields in order. Fields that this version lacks are not in `values` and not shown."""
    fields: list[FormField] = []
    if new:
        fields.append(FormField("name", "Name", value=name, required=True, help="Cannot be changed later"))
    for key, spec in FIELDS.items():
        if key in PASSING or key not in values:
            continue
        value = values[key]
        label = spec.label[:1].upper() + spec.label[1:]
        text = _HELP.get(key, "")
        if spec.kind == "flag":
            fields.append(FormField(key, label, "flag", bool(value), help=text))
        elif spec.kind == "names":
            held = list(value) if isinstance(value, tuple) else []
            fields.append(FormField(key, label, "roles", held, list(roles), help=text))
        elif spec.kind == "date":
            fields.append(FormField(key, label, "date", str(value), help=text))
        else:
            fields.append(FormField(key, label, value=str(value), help=text))
    empty = "Empty: one is made and shown once" if new else "Empty: stays as it is"
    fields.append(FormField("password", "New password", "secret", "", help=empty))
    fields.append(FormField("password_again", "Password again", "secret", "", help="The same once more"))
    return fields


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


EMPTY: Mapping[str, FieldValue] = {
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
