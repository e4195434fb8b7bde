"""A change of users and roles as SQL to paste, as far as SQL can express it. Never with a password.

(facts: iris-security 4.1; it runs in namespace %SYS)
"""

from __future__ import annotations

from collections.abc import Sequence

from irisops.engine.code_literals import sql_name
from irisops.instance.security.object_state import ObjectChange, changed_fields, missing
from irisops.instance.security.role_changes import ROLE_FIELDS
from irisops.instance.security.user_changes import USER_FIELDS

_LISTS = ("roles", "escalation_roles")
_NO_PRIVILEGES = "-- SQL cannot give a role privileges on resources"
_NO_ESCALATION = "-- SQL cannot set escalation roles"


def sql_of(changes: Sequence[ObjectChange], passwords: Sequence[str]) -> list[str]:
    """The statements, in order. `passwords` names the users whose password is also set."""
    lines: list[str] = []
    for change in changes:
        if change.follows:
            continue
        if change.kind == "user":
            lines += _user(change, with_password=change.name in passwords)
        else:
            lines += _role(change)
    return lines


def _grants(grantee: str, held: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The SQL that gives and takes roles."""
    return [
        f"{word} {', '.join(map(sql_name, names))} {joined} {sql_name(grantee)}"
        for word, joined, names in (
            ("GRANT", "TO", missing(wanted, held)),
            ("REVOKE", "FROM", missing(held, wanted)),
        )
        if names
    ]


def _user(change: ObjectChange, *, with_password: bool) -> list[str]:
    before, after, name = change.before, change.after, sql_name(change.name)
    if after is None:
        return [f"DROP USER {name}"]
    if before is None and change.origin:
        return ["-- SQL cannot copy a user"]
    if before is None:
        lines = [f"CREATE USER {name} IDENTIFY BY '…'", *_grants(change.name, (), after.names("roles"))]
        set_too = ("email", "account_never_expires", "password_never_expires", "bad_logins")
        scalars = [each for each in set_too if after.fields.get(each, "") not in ("", "0", False)]
    else:
        scalars = [each for each in changed_fields(before, after) if each not in _LISTS]
        lines = []
    lines += [f"-- SQL cannot set: {USER_FIELDS[each].label}" for each in scalars]
    if before is not None:
        lines += [f"ALTER USER {name} IDENTIFY BY '…'"] if with_password else []
        lines += _grants(change.name, before.names("roles"), after.names("roles"))
    escalating = set(after.names("escalation_roles")) != set(
        before.names("escalation_roles") if before else ()
    )
    return [*lines, *([_NO_ESCALATION] if escalating else [])]


def _role(change: ObjectChange) -> list[str]:
    before, after, name = change.before, change.after, sql_name(change.name)
    if after is None:
        return [f"DROP ROLE {name}"]
    if before is None and change.origin:
        return ["-- SQL cannot copy a role"]
    if before is None:
        granted = _grants(change.name, (), after.names("granted_roles"))
        return [f"CREATE ROLE {name}", *granted, *([_NO_PRIVILEGES] if after.names("privileges") else [])]
    lines: list[str] = []
    for each in changed_fields(before, after):
        if each == "privileges":
            lines.append(_NO_PRIVILEGES)
        elif each == "granted_roles":
            lines += _grants(change.name, before.names(each), after.names(each))
        else:
            lines.append(f"-- SQL cannot set: {ROLE_FIELDS[each].label}")
    return lines
