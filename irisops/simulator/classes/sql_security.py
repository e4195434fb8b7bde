"""`%SYSTEM.SQL.Security`: SQL privileges by class methods (facts: iris-security 4.1)."""

# ruff: noqa: PLR0917 - the handlers take the vendor's positional arguments
from __future__ import annotations

from irisops.simulator.backend import Value
from irisops.simulator.classes import status
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.sql_access import has_sql_privilege
from irisops.simulator.classes.sql_privileges import ObjectPrivilege
from irisops.simulator.classes.values import as_boolean, as_text, comma_list, same
from irisops.simulator.doubts import PROCEDURE_WORD

SQL_SECURITY = ClassDef("%SYSTEM.SQL.Security", abstract=True, supers=("%SYSTEM.Help",))

_ACTIONS = {
    "select": "s", "insert": "i", "update": "u", "delete": "d", "alter": "a", "references": "r", "execute": "e",
    "use": "l",
}  # fmt: skip


def _actions(text: str) -> list[str]:
    """Letters or words of actions. Raises #5001 for one that is neither."""
    found: list[str] = []
    for part in comma_list(text):
        letter = part.lower().removeprefix("%")
        letter = _ACTIONS.get(letter, letter)
        if letter == "*":
            return list(_ACTIONS.values())
        if letter not in _ACTIONS.values():
            raise status.StatusError(5001, f"'{part}' is not an SQL action")
        found.append(letter)
    return found


def _split(name: str, kind: str) -> tuple[str, str]:
    """Schema and name; a schema alone for object type 5."""
    if kind == "5":
        return name, ""
    schema, _, rest = name.rpartition(".")
    return schema or "SQLUser", rest


@SQL_SECURITY.class_method('RoleExists(rolename As %String = "") As %Boolean', sql_procedure=True)
def _role_exists(job: Job, name: Value) -> int:
    return int(job.world.roles.get(as_text(name)) is not None)


@SQL_SECURITY.class_method('UserExists(username As %String = "") As %Boolean', sql_procedure=True)
def _user_exists(job: Job, name: Value) -> int:
    return int(job.world.users.get(as_text(name)) is not None)


_CHECK = 'Username As %String, ObjectType As %Integer, Object As %String, Action As %String, Namespace As %String = ""'


@SQL_SECURITY.class_method(f"CheckPrivilege({_CHECK}) As %Boolean")
def _check_privilege(
    job: Job, username: Value, kind: Value, name: Value, action: Value, namespace: Value
) -> int:
    return _checked(job, username, kind, name, action, namespace, grantable=False)


@SQL_SECURITY.class_method(f"CheckPrivilegeWithGrant({_CHECK}) As %Boolean")
def _check_with_grant(
    job: Job, username: Value, kind: Value, name: Value, action: Value, namespace: Value
) -> int:
    return _checked(job, username, kind, name, action, namespace, grantable=True)


def _checked(
    job: Job, username: Value, kind: Value, name: Value, action: Value, namespace: Value, *, grantable: bool
) -> int:
    who = as_text(username)
    if not same(who, job.username):
        job.require("%Admin_Secure:U")
    user = job.world.users.get(who)
    if user is None:
        return 0
    schema, table = _split(as_text(name), as_text(kind))
    if same(who, job.username) and not grantable and not as_text(namespace):
        return int(all(has_sql_privilege(job, schema, table, each) for each in _actions(as_text(action))))
    if job.world.tables.holds_all(user.roles):
        return 1
    names = (user.name, *job.world.tables.role_closure(user.roles))
    where = as_text(namespace) or job.namespace
    return int(
        all(
            job.emulation.sql_privileges.allows(names, where, schema, table, each, grantable=grantable)
            for each in _actions(as_text(action))
        )
    )


_GRANT = "ObjPriv As %String, ObjList As %String, Type As %String, User As %String"


@SQL_SECURITY.class_method(f"GrantPrivilege({_GRANT}) As %Status", requires="%Admin_Secure:U")
def _grant(job: Job, actions: Value, objects: Value, kind: Value, grantees: Value) -> None:
    for privilege in _privileges(job, actions, objects, kind, grantees, grantable=False):
        job.emulation.sql_privileges.grant(privilege)


@SQL_SECURITY.class_method(f"GrantPrivilegeWithGrant({_GRANT}) As %Status", requires="%Admin_Secure:U")
def _grant_with_grant(job: Job, actions: Value, objects: Value, kind: Value, grantees: Value) -> None:
    for privilege in _privileges(job, actions, objects, kind, grantees, grantable=True):
        job.emulation.sql_privileges.grant(privilege)


@SQL_SECURITY.class_method(
    f'RevokePrivilege({_GRANT}, wGrant As %Integer = 0, Cascade As %Integer = 0, AsGrantor As %String = "") As %Status',
    requires="%Admin_Secure:U",
)
def _revoke(
    job: Job,
    actions: Value,
    objects: Value,
    kind: Value,
    grantees: Value,
    _grant: Value,
    cascade: Value,
    _as: Value,
) -> None:
    for privilege in _privileges(job, actions, objects, kind, grantees, grantable=False):
        job.emulation.sql_privileges.revoke(privilege)
        if as_boolean(cascade):
            job.emulation.sql_privileges.revoke_passed_on(privilege)


def _privileges(
    job: Job, actions: Value, objects: Value, kind: Value, grantees: Value, *, grantable: bool
) -> list[ObjectPrivilege]:
    names = comma_list(grantees)
    for name in names:
        if job.world.users.get(name) is None and job.world.roles.get(name) is None:
            raise status.StatusError(838, name)
    word = as_text(kind).upper()
    if word == "PROCEDURE" and job.world.doubts.says(PROCEDURE_WORD, "refused"):
        raise status.StatusError(5001, f"'{as_text(kind)}' is not an object type")
    schema_type = "5" if word in ("5", "SCHEMA") else "1"
    return [
        ObjectPrivilege(job.namespace, *_split(each, schema_type), action, name, job.username, grantable)
        for each in comma_list(objects)
        for action in _actions(as_text(actions))
        for name in names
    ]
