"""`%SYSTEM.Security`: who may do what (facts: iris-security 5)."""

# ruff: noqa: PLR0917 - the handlers take the vendor's positional arguments
from __future__ import annotations

from irisops.simulator.backend import ByRef, ThrownError, Value
from irisops.simulator.classes import status, user_operations
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job, parse_permission, permission_words
from irisops.simulator.classes.values import as_text, comma_list, same
from irisops.simulator.world.model import Permission

SECURITY = ClassDef("%SYSTEM.Security", abstract=True)


def _answer(held: Permission, wanted: Value) -> int | str:
    """The list `READ,WRITE` where nothing is asked, else 1 or 0."""
    if wanted is None:
        return permission_words(held)
    asked = parse_permission(as_text(wanted))
    return int(asked is not None and asked is not Permission.NONE and held & asked == asked)


@SECURITY.class_method("Check(ResourceName As %String, Permissions As %String) As %RawString")
def _check(job: Job, resource: Value, permissions: Value) -> int | str:
    return _answer(job.world.tables.roles_permission(job.roles, as_text(resource)), permissions)


@SECURITY.class_method(
    "CheckUserPermission(Username As %String, ResourceName As %String, Permissions As %String) As %RawString"
)
def _check_user(job: Job, username: Value, resource: Value, permissions: Value) -> int | str:
    # UNVERIFIED: the privilege for asking about somebody else. Here %Admin_Secure:U, as for CheckPrivilege.
    # Settle: call it for another user as a user without it.
    name = as_text(username)
    if not same(name, job.username) and not job.holds("%Admin_Secure:U"):
        raise ThrownError("<PROTECT>")
    if job.world.users.get(name) is None:
        return "" if permissions is None else 0
    return _answer(job.world.permission(name, as_text(resource)), permissions)


@SECURITY.class_method(
    "CheckRolesPermission(Roles As %String, ResourceName As %String, Permissions As %String) As %RawString"
)
def _check_roles(job: Job, roles: Value, resource: Value, permissions: Value) -> int | str:
    return _answer(job.world.tables.roles_permission(comma_list(roles), as_text(resource)), permissions)


@SECURITY.class_method("GetRecursedRoleSet(Roles As %String, ByRef RecursedRoles As %String) As %Status")
def _recursed(job: Job, roles: Value, recursed: ByRef) -> None:
    recursed.value = ",".join(job.world.tables.role_closure(comma_list(roles)))


@SECURITY.class_method(
    "GetUserRecursedRoleSet(Username As %String, ByRef RecursedRoles As %String) As %Status"
)
def _user_recursed(job: Job, username: Value, recursed: ByRef) -> None:
    name = as_text(username)
    if not same(name, job.username):
        job.require("%Admin_Secure:U")
    recursed.value = ",".join(job.world.tables.role_closure(user_operations.find(job, name).roles))


@SECURITY.class_method('ValidatePassword(Password As %String, Username As %String = "User") As %Status')
def _validate(job: Job, password: Value, _username: Value) -> None:
    user_operations.check_password(job, as_text(password))


@SECURITY.class_method(
    "ChangePassword(Username As %String, NewPassword As %String, OldPassword As %String, ByRef Status As %Status)"
    " As %Boolean"
)
def _change_password(job: Job, username: Value, new: Value, old: Value, outcome: ByRef) -> int:
    """1 or 0, the reason in Status. Without the old password the caller needs write on IRISSYS (facts: 5)."""
    try:
        _replace_password(job, as_text(username), as_text(new), None if old is None else as_text(old))
    except status.StatusError as refused:
        outcome.value = refused.status
        return 0
    outcome.value = status.OK
    return 1


def _replace_password(job: Job, username: str, new: str, old: str | None) -> None:
    user = user_operations.find(job, username)
    if old is None:
        job.require("%DB_IRISSYS:W")
    elif not job.world.password_matches(user, old):
        raise status.StatusError(952)
    user_operations.set_password(job, user, new)
    user.change_password = False


@SECURITY.class_method(
    "Audit(Source As %String, Type As %String, Name As %String, EventData As %String, Description As %String)"
    " As %Status"
)
def _audit(job: Job, source: Value, kind: Value, name: Value, data: Value, description: Value) -> None:
    key = f"{as_text(source)}/{as_text(kind)}/{as_text(name)}"
    if job.world.events.get(key) is None:
        raise status.StatusError(853, key)
    job.audit(as_text(source), as_text(kind), as_text(name), as_text(data), as_text(description)[:128])
