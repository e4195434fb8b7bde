"""The lists and the table of `Security.Users` (facts: iris-security 2.5, 4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from irisops.simulator.backend import Value
from irisops.simulator.classes import status
from irisops.simulator.classes.dates import horolog, odbc, odbc_date
from irisops.simulator.classes.definition import column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.records import yes_no
from irisops.simulator.classes.security_tables import project
from irisops.simulator.classes.users import USERS
from irisops.simulator.classes.values import as_integer, as_text, comma_list, matches_names
from irisops.simulator.doubts import LAST_LOGIN
from irisops.simulator.world.model import User


def _selected(job: Job, names: Value, roles: Value, older_than: Value, flag: Value) -> list[User]:
    """The users of a list: by name prefix (or part of it, Flag 1), by role, by days since the last login."""
    wanted_roles = [each.lower() for each in comma_list(roles)]
    days = 0 if as_text(older_than) in ("", "*") else as_integer(older_than)
    now = job.world.now()
    contains = as_integer(flag) == 1
    pattern = as_text(names)
    return [
        user
        for user in job.world.users.values()
        if matches_names(user.name, pattern, prefix=True, contains=contains)
        and ("*" in wanted_roles or any(role.lower() in wanted_roles for role in user.roles))
        and (not days or user.last_login is None or (now - user.last_login).days >= days)
    ]


def _moment(job: Job, moment: datetime | None) -> str:
    """A time in the form that the instance has for it in these lists."""
    doubts = job.world.doubts
    if doubts.says(LAST_LOGIN, "empty"):
        return ""
    return (horolog(moment) or "0") if doubts.says(LAST_LOGIN, "horolog") else odbc(moment)


_LIST_ARGUMENTS = (
    'Names As %String = "*", Roles As %String = "*", LastLoginOlderThan As %Integer = {0},'
    " Flag As %Integer = 0"
)


@USERS.query(
    f"List({_LIST_ARGUMENTS.format(0)})",
    ["Name", "Enabled", "Roles", "LastLoginTime", "Flags"],
    sql_procedure=True,
)
def _list(job: Job, names: Value, roles: Value, older_than: Value, flag: Value) -> Iterable[Sequence[Value]]:
    # UNVERIFIED: the form of Flags, a number here (facts: iris-security 2.5).
    # Settle: evidence Security.Users:List by SQL.
    return [
        (
            user.name,
            yes_no(user.enabled),
            ",".join(user.roles),
            _moment(job, user.last_login),
            str(user.flags),
        )
        for user in _selected(job, names, roles, older_than, flag)
    ]


# The first ten are public (facts: iris-security 2.5), the other names and the order are not.
_DETAIL = (
    "Name", "FullName", "Namespace", "Routine", "Type", "Enabled", "Roles", "ExpirationDate", "AccountNeverExpires",
    "PasswordNeverExpires",
    "Comment", "ChangePassword", "SuperUser", "EmailAddress", "PhoneNumber",
    "PhoneProvider", "CreateDateTime", "CreateUsername", "LastModifiedDateTime", "LastModifiedUsername",
    "PasswordChangedDateTime", "LastLoginTime", "LoginDevice", "LoginService", "InvalidLoginAttempts",
    "InvalidLoginDateTime", "InvalidLoginDevice", "InvalidLoginService", "InvalidLoginStatus", "LastModifiedInfo",
    "AutheEnabled", "Flags", "Attributes", "EscalationRoles",
)  # fmt: skip


@USERS.query(
    f"Detail({_LIST_ARGUMENTS.format(chr(34) + '*' + chr(34))})",
    [column(name, precision=2048 if name in ("FullName", "Comment", "Roles") else 256) for name in _DETAIL],
    sql_procedure=True,
    public=10,
)
def _detail(
    job: Job, names: Value, roles: Value, older_than: Value, flag: Value
) -> Iterable[Sequence[Value]]:
    return [
        (
            user.name,
            user.full_name,
            user.namespace,
            user.routine,
            "Password user",
            yes_no(user.enabled),
            ",".join(user.roles),
            odbc_date(user.expiration_date),
            yes_no(user.account_never_expires),
            yes_no(user.password_never_expires),
            user.comment,
            yes_no(user.change_password),
            yes_no(job.world.tables.holds_all(user.roles)),
            user.email_address,
            user.phone_number,
            user.phone_provider,
            _moment(job, user.created),
            user.created_by,
            _moment(job, user.modified),
            user.modified_by,
            _moment(job, user.password_changed),
            _moment(job, user.last_login),
            user.last_login_device,
            user.last_login_service,
            str(user.invalid_login_attempts),
            _moment(job, user.invalid_login_time),
            user.invalid_login_device,
            user.invalid_login_service,
            "",
            "",
            "0",
            str(user.flags),
            "",
            ",".join(user.escalation_roles),
        )
        for user in _selected(job, names, roles, older_than, flag)
    ]


project(
    USERS,
    "users",
    {
        "ID": lambda user: user.name.lower(),
        "Name": lambda user: user.name,
        "FullName": lambda user: user.full_name,
        "Comment": lambda user: user.comment,
        "Enabled": lambda user: yes_no(user.enabled),
        "Roles": lambda user: status.list_build(user.roles),
        "EscalationRoles": lambda user: status.list_build(user.escalation_roles),
        "NameSpace": lambda user: user.namespace,
        "Routine": lambda user: user.routine,
        "ChangePassword": lambda user: yes_no(user.change_password),
        "AccountNeverExpires": lambda user: yes_no(user.account_never_expires),
        "PasswordNeverExpires": lambda user: yes_no(user.password_never_expires),
        "EmailAddress": lambda user: user.email_address,
        "PhoneNumber": lambda user: user.phone_number,
        "PhoneProvider": lambda user: user.phone_provider,
        "Flags": lambda user: str(user.flags),
        "InvalidLoginAttempts": lambda user: str(user.invalid_login_attempts),
    },
)
