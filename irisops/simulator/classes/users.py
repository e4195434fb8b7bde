"""`Security.Users` (facts: iris-security 2)."""

# ruff: noqa: PLR0917 - the handlers take the vendor's positional arguments
from __future__ import annotations

from collections.abc import Iterable

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes import arrays, records, status, user_operations
from irisops.simulator.classes.dates import from_horolog_day, horolog, odbc_date
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job, permission_letters
from irisops.simulator.classes.objects import PERSISTENT, Instance, reference_to
from irisops.simulator.classes.records import Field, Kind
from irisops.simulator.classes.values import as_boolean, as_integer, as_text, comma_list, matches_names
from irisops.simulator.world.model import User

USERS = ClassDef("Security.Users", base=PERSISTENT, requires="%Admin_Secure:U")

_FIELDS = (
    Field("FullName", "full_name", maximum=2048),
    Field("Comment", "comment", maximum=2048),
    Field("Enabled", "enabled", Kind.YES_NO, initial=1),
    Field("Roles", "roles", Kind.LIST, maximum=64),
    Field("EscalationRoles", "escalation_roles", Kind.LIST, maximum=64),
    Field("NameSpace", "namespace", maximum=64),
    Field("Routine", "routine", maximum=64),
    Field("ExpirationDate", "expiration_date", Kind.DATE),
    Field("ChangePassword", "change_password", Kind.YES_NO, initial=0),
    Field("PasswordNeverExpires", "password_never_expires", Kind.YES_NO, initial=0),
    Field("AccountNeverExpires", "account_never_expires", Kind.YES_NO, initial=0),
    Field("EmailAddress", "email_address", maximum=512),
    Field("PhoneNumber", "phone_number", maximum=256),
    Field("PhoneProvider", "phone_provider", maximum=256),
    Field("Flags", "flags", Kind.INTEGER, initial=1),
    Field("InvalidLoginAttempts", "invalid_login_attempts", Kind.INTEGER, minimum=0, initial=0),
    Field("AutheEnabled", "", Kind.INTEGER, initial=0),
    Field("HOTPKeyDisplay", "", Kind.YES_NO, initial=0, type="%Boolean"),
    Field("PasswordHashAlgorithm", "", initial="SHA512", type="Security.Datatype.PBKDF2Alg"),
    Field("PasswordHashWorkFactor", "", Kind.INTEGER, minimum=1024, initial=10000),
)
_READ_ONLY = (
    "NameLowerCase", "SuperUser", "CreateDateTime", "CreateUsername", "LastModifiedDateTime", "LastModifiedUsername",
    "PasswordChangedDateTime", "LoginDateTime", "LoginDevice", "LoginService", "InvalidLoginDateTime",
    "InvalidLoginDevice", "InvalidLoginService",
)  # fmt: skip

_GOT = (
    "AccountNeverExpires", "ChangePassword", "Comment", "EmailAddress", "Enabled", "EscalationRoles", "ExpirationDate",
    "Flags", "FullName", "InvalidLoginAttempts", "InvalidLoginDateTime", "InvalidLoginDevice", "InvalidLoginService",
    "LoginDateTime", "LoginDevice", "LoginService", "NameSpace", "PasswordHashAlgorithm", "PasswordHashWorkFactor",
    "PasswordNeverExpires", "PhoneNumber", "PhoneProvider", "Roles", "Routine", "SuperUser",
)  # fmt: skip
"""What Get fills (facts: iris-security 2.2).

UNVERIFIED: EscalationRoles among it. Settle: zwrite after Get.
"""
_FORMS = {
    "ExpirationDate": arrays.Form(
        lambda day: odbc_date(from_horolog_day(day)) if day != "" else "", lambda value: value
    )
}

USERS.property("Name", "%Library.Username", required=True)
records.declare(USERS, _FIELDS)
for _name in _READ_ONLY:
    USERS.property(
        _name, "Security.Datatype.BooleanYN" if _name == "SuperUser" else "%String", read_only=True
    )
USERS.property("PasswordExternal", transient=True, initial=records.NO_PASSWORD)


class UserPersistence:
    """Opens and saves users by their lower-case names."""

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether the id, in lower case, is that of a record."""
        return row_id == row_id.lower() and job.world.users.get(row_id) is not None

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the record's values."""
        user = user_operations.find(job, instance.key)
        records.load(instance, user, _FIELDS, job.emulation.extras_of(USERS.name, user.name))
        instance.values |= {
            "Name": user.name,
            "NameLowerCase": user.name.lower(),
            "SuperUser": int(job.world.tables.holds_all(user.roles)),
            "CreateDateTime": horolog(user.created),
            "CreateUsername": user.created_by,
            "LastModifiedDateTime": horolog(user.modified),
            "LastModifiedUsername": user.modified_by,
            "PasswordChangedDateTime": horolog(user.password_changed),
            "LoginDateTime": horolog(user.last_login) or "0",
            "LoginDevice": user.last_login_device,
            "LoginService": user.last_login_service,
            "InvalidLoginDateTime": horolog(user.invalid_login_time) or "0",
            "InvalidLoginDevice": user.invalid_login_device,
            "InvalidLoginService": user.invalid_login_service,
            "PasswordExternal": records.NO_PASSWORD,
        }

    def save(self, job: Job, instance: Instance) -> None:
        """Check the object and store it. Raises `StatusError`; nothing is changed then."""
        user = user_operations.find(job, instance.key)
        values = records.validated(instance, _FIELDS)
        if as_text(instance.values.get("Name")) != user.name:
            # A name cannot be changed (facts: iris-security 2.1). UNVERIFIED: with which error. Settle: set Name of an
            # opened user, %Save it.
            raise status.StatusError(920, "Name")
        values["Roles"] = _existing_roles(job, values["Roles"])
        values["EscalationRoles"] = _existing_roles(job, values["EscalationRoles"])
        user_operations.check_still_a_superuser(job, user, enabled=values["Enabled"], roles=values["Roles"])
        password = as_text(instance.values.get("PasswordExternal"))
        new_password = password if password != records.NO_PASSWORD else None
        if new_password is not None and not new_password.startswith(records.NO_PASSWORD):
            user_operations.check_password(job, new_password)
        changes = records.store(user, values, _FIELDS, job.emulation.extras_of(USERS.name, user.name))
        if new_password is not None:
            job.world.set_password(user, new_password.lstrip(records.NO_PASSWORD))
            instance.values["PasswordExternal"] = records.NO_PASSWORD
            changes.append("Password")
        if changes:
            user_operations.changed(job, user, f"User {user.name} modified: {', '.join(changes)}")

    def delete(self, job: Job, row_id: str) -> None:
        """Delete the record. Raises `StatusError`."""
        user_operations.delete(job, row_id)


USERS.persistence = UserPersistence()


def _existing_roles(job: Job, names: Iterable[str]) -> list[str]:
    """Saved roles in their own spelling; a dangling one that is already held may stay. Raises #883."""
    return user_operations.without_duplicates(
        role.name if (role := job.world.roles.get(name)) is not None else _dangling(job, name)
        for name in names
    )


def _dangling(job: Job, name: str) -> str:
    if any(name in user.roles or name in user.escalation_roles for user in job.world.users.values()):
        return name
    raise status.StatusError(883, name)


@USERS.class_method(
    "Create(Username As %String, UserRoles As %String, Password As %String, FullName As %String, NameSpace As %String,"
    " Routine As %String, ExpirationDate As %String, ChangePassword As %Boolean, Enabled As %Boolean,"
    " Comment As %String, Flags As %String = 1, PhoneNumber As %String, PhoneProvider As %String,"
    " ByRef Attributes As %String, AccountNeverExpires As %Boolean, PasswordNeverExpires As %Boolean,"
    " PasswordHashAlgorithm As %String, PasswordHashWorkFactor As %Integer, EscalationRoles As %String) As %Status"
)
def _create(job: Job, *args: Value | ByRef) -> None:
    (
        name, roles, password, full_name, namespace, routine, expires, change, enabled, comment, flags, phone, provider,
        _attributes, account_never, password_never, _algorithm, _factor, escalation,
    ) = args  # fmt: skip
    # An unknown role is accepted silently (measured by others, facts: iris-security 2.1).
    # UNVERIFIED: on all releases. Settle: Create with the role "NoSuchRole", then GetRoleSet.
    user = User(
        name=as_text(name),
        full_name=as_text(full_name),
        comment=as_text(comment),
        # The positional trap: "" is 0, a missing argument is the default (facts: iris-security 2.4).
        enabled=True if enabled is None else as_boolean(enabled),
        roles=[_spelled(job, role) for role in comma_list(roles)],
        escalation_roles=[_spelled(job, role) for role in comma_list(escalation)],
        namespace=as_text(namespace),
        routine=as_text(routine),
        expiration_date=records.parse_date(expires),
        change_password=as_boolean(change),
        password_never_expires=as_boolean(password_never),
        account_never_expires=as_boolean(account_never),
        phone_number=as_text(phone),
        phone_provider=as_text(provider),
        flags=as_integer(flags),
    )
    user_operations.create(job, user, as_text(password))


def _spelled(job: Job, name: str) -> str:
    role = job.world.roles.get(name)
    return name if role is None else str(role.name)


@USERS.class_method("Delete(Username As %String) As %Status")
def _delete(job: Job, name: Value) -> None:
    user_operations.delete(job, as_text(name))


@USERS.class_method(
    "Exists(Username As %String, ByRef User As %ObjectHandle, ByRef Status As %Status, Flag As %Integer = 0)"
    " As %Boolean"
)
def _exists(job: Job, name: Value, found: ByRef, outcome: ByRef, _flag: Value) -> int:
    """The status is an error in both cases: "already exists", "does not exist" (facts: iris-security 2.3)."""
    user = job.world.users.get(as_text(name))
    if user is None:
        found.value = ""
        outcome.value = status.error(838, as_text(name))
        return 0
    found.value = reference_to(job, USERS, user.name.lower())
    outcome.value = status.error(837, user.name)
    return 1


@USERS.class_method("AddRoles(Username As %String, ByRef Roles As %String, Admin As %Boolean = 0) As %Status")
def _add_roles(job: Job, name: Value, roles: ByRef, _admin: Value) -> None:
    user_operations.add_roles(job, as_text(name), comma_list(roles))


@USERS.class_method("RemoveRoles(Username As %String, ByRef Roles As %String) As %Status")
def _remove_roles(job: Job, name: Value, roles: ByRef) -> None:
    user_operations.remove_roles(job, as_text(name), comma_list(roles))


@USERS.class_method("AddEscalationRoles(Username As %String, ByRef Roles As %String) As %Status")
def _add_escalation_roles(job: Job, name: Value, roles: ByRef) -> None:
    user_operations.add_roles(job, as_text(name), comma_list(roles), escalation=True)


@USERS.class_method("RemoveEscalationRoles(Username As %String, ByRef Roles As %String) As %Status")
def _remove_escalation_roles(job: Job, name: Value, roles: ByRef) -> None:
    user_operations.remove_roles(job, as_text(name), comma_list(roles), escalation=True)


@USERS.class_method(
    'Copy(Name As %String, NewName As %String, NewFullName As %String = "", SQLSysPrivs As %Boolean = 1,'
    ' SQLObjPrivs As %Boolean = 1, NewPassword As %String = "") As %Status'
)
def _copy(
    job: Job, name: Value, new_name: Value, full_name: Value, _system: Value, objects: Value, password: Value
) -> None:
    source = user_operations.find(job, as_text(name))
    copied = User(
        name=as_text(new_name),
        full_name=as_text(full_name) or source.full_name,
        comment=source.comment,
        enabled=source.enabled,
        roles=list(source.roles),
        escalation_roles=list(source.escalation_roles),
        namespace=source.namespace,
        routine=source.routine,
        expiration_date=source.expiration_date,
        change_password=source.change_password,
        password_never_expires=source.password_never_expires,
        account_never_expires=source.account_never_expires,
        email_address=source.email_address,
        phone_number=source.phone_number,
        phone_provider=source.phone_provider,
        flags=source.flags,
    )
    text = as_text(password)
    user_operations.check_new_name(job, copied.name)
    if text:
        user_operations.create(job, copied, text)
    else:
        # Without a new password the copy has the source's (UNVERIFIED; settle: Copy, then log in with the old one).
        copied.password_hash, copied.password_salt = source.password_hash, source.password_salt
        copied.created = job.world.now()
        copied.created_by = job.username
        job.world.users.add(copied)
        user_operations.changed(job, copied, f"User {copied.name} copied from {source.name}")
    if as_boolean(objects):
        job.emulation.sql_privileges.copy(source.name, copied.name)


@USERS.class_method("ExpireUserPasswords(Names As %String, ByRef Count As %Integer) As %Status")
def _expire(job: Job, names: Value, count: ByRef) -> None:
    count.value = _mark_passwords(job, as_text(names), must_change=True)


@USERS.class_method("UnExpireUserPasswords(Names As %String, ByRef Count As %Integer) As %Status")
def _unexpire(job: Job, names: Value, count: ByRef) -> None:
    count.value = _mark_passwords(job, as_text(names), must_change=False)


def _mark_passwords(job: Job, names: str, *, must_change: bool) -> int:
    matched = [user for user in job.world.users.values() if matches_names(user.name, names)]
    for user in matched:
        user.change_password = must_change
        if not must_change:
            user.password_changed = job.world.now()
        user_operations.changed(
            job, user, f"Password of {user.name} {'expired' if must_change else 'unexpired'}"
        )
    return len(matched)


@USERS.class_method("GetRoleSet(Username As %String, ByRef Roles As %String) As %Status")
def _get_role_set(job: Job, name: Value, roles: ByRef) -> None:
    roles.value = ",".join(user_operations.find(job, as_text(name)).roles)


@USERS.class_method(
    'GetResourceSet(Username As %String = "", Roles As %String = "", ByRef Resources As %String) As %Status'
)
def _get_resource_set(job: Job, name: Value, roles: Value, resources: ByRef) -> None:
    """`res:perm,res:perm` of a user's roles, or of the given ones."""
    user = as_text(name)
    granted = comma_list(roles)
    if user:
        granted += user_operations.find(job, user).roles
    held = job.world.tables.privileges_of(granted)
    spelled = {each: resource.name if (resource := job.world.resources.get(each)) else each for each in held}
    resources.value = ",".join(f"{spelled[each]}:{permission_letters(held[each])}" for each in sorted(held))


@USERS.class_method("Get(Username As %String, ByRef Properties As %String) As %Status")
def _get(job: Job, name: Value, properties: ByRef) -> None:
    key = user_operations.find(job, as_text(name)).name.lower()
    arrays.get(job, USERS, key, properties, names=_GOT, forms=_FORMS)


@USERS.class_method("Modify(Username As %String, ByRef Properties As %String) As %Status")
def _modify(job: Job, name: Value, properties: ByRef) -> None:
    if isinstance(properties, arrays.LocalArray):
        # The clear password has two names here, and the object a third (facts: iris-security 2.3).
        for each in ("Password", "ExternalPassword"):
            given = properties.node.find([each])
            if given is not None and given.value is not None:
                properties.node.make(["PasswordExternal"]).value = given.value
    key = user_operations.find(job, as_text(name)).name.lower()
    arrays.modify(job, USERS, key, properties, _FORMS)


@USERS.class_method("RoleExists(Name As %String) As %Status", internal=True)
def _role_exists(job: Job, name: Value) -> None:
    user_operations.existing_role(job, as_text(name))
