"""A change of users and roles as code to paste: ObjectScript, Python and SQL. Never with a password.

(facts: iris-security 2.3, 3.1, 4.1, 6.4; all of it runs in namespace %SYS)
"""

from __future__ import annotations

from collections.abc import Sequence

from irisops.engine import code_literals
from irisops.engine.code_literals import objectscript, python, sql_name
from irisops.instance.security.object_state import (
    FieldValue,
    ObjectChange,
    ObjectState,
    changed_fields,
    missing,
    privileges_of,
)
from irisops.instance.security.permissions import format_privileges
from irisops.instance.security.role_changes import ROLE_FIELDS
from irisops.instance.security.user_changes import USER_FIELDS

_LISTS = ("roles", "escalation_roles")
_SAID = 'write $select(status=1:"ok",1:$system.Status.GetErrorText(status)),!'


class _Lines:
    """The three texts under construction."""

    def __init__(self) -> None:
        self.objectscript = ['set $namespace = "%SYS"']
        self.python = ['irispy = iris.createIRIS(connection)  # a connection to namespace "%SYS"']
        self.sql: list[str] = []

    def method(self, class_name: str, method: str, *args: str | int) -> None:
        """Add a call that returns a status. The argument `?` stands for the new password, which is never written."""
        literals = [("password", "password") if arg == "?" else code_literals.both(arg) for arg in args]
        script, snake = (", ".join(texts) for texts in zip(*literals, strict=True))
        self.objectscript += [f"set status = ##class({class_name}).{method}({script})", _SAID]
        self.python.append(f'irispy.classMethodValue("{class_name}", "{method}", {snake})  # 1 is success')

    def grants(self, grantee: str, held: Sequence[str], wanted: Sequence[str]) -> None:
        """Add the SQL that gives and takes roles."""
        for word, joined, names in (
            ("GRANT", "TO", missing(wanted, held)),
            ("REVOKE", "FROM", missing(held, wanted)),
        ):
            if names:
                self.sql.append(f"{word} {', '.join(map(sql_name, names))} {joined} {sql_name(grantee)}")

    def result(self) -> dict[str, Sequence[str]]:
        """Lines by language; SQL only where it can express the change."""
        texts: dict[str, Sequence[str]] = {"ObjectScript": self.objectscript, "Python": self.python}
        if self.sql:
            texts["SQL"] = self.sql
        return texts


def calls_of(changes: Sequence[ObjectChange], passwords: Sequence[str]) -> dict[str, Sequence[str]]:
    """The changes in three languages. `passwords` names the users whose password is also set."""
    lines = _Lines()
    if passwords:
        lines.objectscript.append('read "New password: ", password  // it is never written down here')
        lines.python.append('password = getpass.getpass("New password: ")  # it is never written down here')
    for change in changes:
        if change.follows:
            continue
        with_password = change.name in passwords
        if change.kind == "user":
            _user(lines, change, with_password=with_password)
        else:
            _role(lines, change)
    return lines.result()


def _user(lines: _Lines, change: ObjectChange, *, with_password: bool) -> None:
    before, after, name = change.before, change.after, change.name
    if after is None:
        lines.method("Security.Users", "Delete", name)
        lines.sql.append(f"DROP USER {sql_name(name)}")
        return
    if before is None and change.origin:
        lines.method("Security.Users", "Copy", change.origin, name, after.text("full_name"), 1, 1, "?")
        lines.sql.append("-- SQL cannot copy a user")
        return
    if before is None:
        before = _create(lines, after)
    scalars = [each for each in changed_fields(before, after) if each not in _LISTS]
    password = with_password and change.before is not None
    if scalars or password:
        _save_user(lines, after, scalars, password=password)
    lines.grants(name, before.names("roles"), after.names("roles"))
    for each, noun in (("roles", "Roles"), ("escalation_roles", "EscalationRoles")):
        held, wanted = before.names(each), after.names(each)
        for way, names in (("Add", missing(wanted, held)), ("Remove", missing(held, wanted))):
            if names:
                lines.method("Security.Users", f"{way}{noun}", name, ",".join(names))
                if each == "escalation_roles":
                    lines.sql.append("-- SQL cannot set escalation roles")


def _create(lines: _Lines, after: ObjectState) -> ObjectState:
    """Add the creating call; returns the resulting state."""
    lines.method(
        "Security.Users",
        "Create",
        after.name,
        ",".join(after.names("roles")),
        "?",
        after.text("full_name"),
        after.text("namespace"),
        after.text("routine"),
        after.text("expires"),
        int(after.flag("must_change_password")),
        int(after.flag("enabled")),
        after.text("comment"),
    )
    lines.sql.append(f"CREATE USER {sql_name(after.name)} IDENTIFY BY '…'")
    lines.grants(after.name, (), after.names("roles"))
    left_out: dict[str, FieldValue] = {
        "email": "",
        "account_never_expires": False,
        "password_never_expires": False,
        "escalation_roles": (),
        "bad_logins": "0",
    }
    return after.with_fields({key: value for key, value in left_out.items() if key in after.fields})


def _save_user(lines: _Lines, after: ObjectState, fields: Sequence[str], *, password: bool) -> None:
    key = after.name.lower()
    lines.objectscript.append(f"set user = ##class(Security.Users).%OpenId({objectscript(key)})")
    lines.python.append(f'user = irispy.classMethodObject("Security.Users", "%OpenId", {python(key)})')
    for each in fields:
        spec = USER_FIELDS[each]
        script, snake = code_literals.both(spec.logical(after, each))
        lines.objectscript.append(f"set user.{spec.property} = {script}")
        lines.python.append(f'user.set("{spec.property}", {snake})')
        lines.sql.append(f"-- SQL cannot set: {spec.label}")
    if password:
        lines.objectscript.append("set user.PasswordExternal = password")
        lines.python.append('user.set("PasswordExternal", password)')
        lines.sql.append(f"ALTER USER {sql_name(after.name)} IDENTIFY BY '…'")
    lines.objectscript += ["set status = user.%Save()", _SAID]
    lines.python.append('user.invoke("%Save")  # 1 is success')


def _role(lines: _Lines, change: ObjectChange) -> None:
    before, after, name = change.before, change.after, change.name
    if after is None:
        lines.method("Security.Roles", "Delete", name)
        lines.sql.append(f"DROP ROLE {sql_name(name)}")
        return
    if before is None:
        if change.origin:
            lines.method("Security.Roles", "Copy", change.origin, name, after.text("description"))
            lines.sql.append("-- SQL cannot copy a role")
            return
        resources = format_privileges(privileges_of(after))
        granted = after.names("granted_roles")
        more = (1,) if after.flag("escalation_only") else ()
        lines.method(
            "Security.Roles", "Create", name, after.text("description"), resources, ",".join(granted), *more
        )
        lines.sql.append(f"CREATE ROLE {sql_name(name)}")
        lines.grants(name, (), granted)
        if resources:
            lines.sql.append("-- SQL cannot give a role privileges on resources")
        return
    _save_role(lines, before, after)


def _save_role(lines: _Lines, before: ObjectState, after: ObjectState) -> None:
    """Add the call that saves a role; ObjectScript uses the shorter array form."""
    changed = changed_fields(before, after)
    key = after.name.lower()
    lines.python.append(f'role = irispy.classMethodObject("Security.Roles", "%OpenId", {python(key)})')
    for each in ("description", "escalation_only", "privileges", "granted_roles"):
        if each not in changed:
            continue
        spec = ROLE_FIELDS[each]
        text = str(spec.logical(after, each))
        lines.objectscript.append(f'set properties("{spec.property}") = {objectscript(text)}')
        if each == "privileges":
            lines.python.append(f'# role.get("Resources") is a relationship of Security.Resource: {text!a}')
            lines.sql.append("-- SQL cannot give a role privileges on resources")
        elif each == "granted_roles":
            names = after.names("granted_roles")
            lines.python += ['granted = role.get("GrantedRoles")', 'granted.invoke("Clear")']
            lines.python += [f'granted.invoke("Insert", {python(each)})' for each in names]
            lines.grants(after.name, before.names("granted_roles"), names)
        else:
            lines.python.append(f'role.set("{spec.property}", {python(text)})')
            lines.sql.append(f"-- SQL cannot set: {spec.property}")
    lines.objectscript += [
        f"set status = ##class(Security.Roles).Modify({objectscript(after.name)}, .properties)",
        _SAID,
    ]
    lines.python.append('role.invoke("%Save")  # 1 is success')
