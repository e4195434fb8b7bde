"""Logins and the texts of their refusals (facts: license-sessions 7.3, 7.4; iris-security 1.1).

UNVERIFIED: apart from "Access Denied" for a bad password, the texts are the vendor's catalogue entries for the case;
which of them a superserver sends to a client is not public. Settle: connect with the driver as a disabled user, an
expired one, one that must change the password, to an unknown namespace, and with no unit free; read the text after
"Details:".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from irisops.simulator.world.model import User
from irisops.simulator.world.passwords import password_matches
from irisops.simulator.world.security import SecurityTables
from irisops.simulator.world.seed import PASSWORD_BIT

DISABLE_ACTION = 1
"""Bit 0 of `InvalidLoginAction`: disable the account at the limit (facts: iris-security 3.6)."""
SERVICE = "%Service_Bindings"
WEB_SERVICE = "%Service_WebGateway"


class Refusal(Enum):
    """Reason for refusing a login."""

    BAD_PASSWORD = "bad password"  # noqa: S105 - a reason
    NO_SUCH_USER = "no such user"
    DISABLED = "disabled"
    EXPIRED = "account expired"
    INACTIVE = "inactive"
    PASSWORD_EXPIRED = "password expired"  # noqa: S105 - a reason
    MUST_CHANGE = "password change required"
    SERVICE_DISABLED = "service disabled"
    NO_METHOD = "no password method"
    REQUIRED_ROLE = "required role missing"
    NO_NAMESPACE = "no such namespace"
    NO_NAMESPACE_PRIVILEGE = "namespace not readable"
    NO_UNIT = "no license unit"


TEXTS: Mapping[Refusal, str] = {
    Refusal.BAD_PASSWORD: "Access Denied",
    Refusal.NO_SUCH_USER: "Access Denied",
    Refusal.DISABLED: "User %1 account is disabled",
    Refusal.EXPIRED: "User %1 account has expired",
    Refusal.INACTIVE: "User %1 account is inactive",
    Refusal.PASSWORD_EXPIRED: "Password has expired",
    Refusal.MUST_CHANGE: "Password change required.",
    Refusal.SERVICE_DISABLED: "Logins for Service %1 are disabled",
    Refusal.NO_METHOD: "Access Denied",
    Refusal.REQUIRED_ROLE: "Access Denied",
    Refusal.NO_NAMESPACE: "Access Denied: Cannot access %1",
    Refusal.NO_NAMESPACE_PRIVILEGE: "Access Denied: Cannot access %1",
    Refusal.NO_UNIT: "<LICENSE LIMIT EXCEEDED>",
}
"""Text of the connect reply; `%1` is the user, service or namespace."""


class LoginRefused(Exception):  # noqa: N818 - an outcome
    """A login is refused for `reason`."""

    def __init__(self, reason: Refusal, name: str) -> None:
        super().__init__(TEXTS[reason].replace("%1", name))
        self.reason = reason
        self.name = name


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to log in: time and origin, for the user's record."""

    now: datetime
    device: str
    service: str


def authenticate(tables: SecurityTables, username: str, password: str, attempt: Attempt) -> User:
    """The user, if the account and the password are valid; failures are counted on the user's record.

    Raises `LoginRefused`. The order of the checks limits disclosure: without the right password a stranger learns of
    an account only that it is disabled.
    """
    user = tables.users.get(username)
    if user is None or user.name == "_PUBLIC":
        raise LoginRefused(Refusal.NO_SUCH_USER, username)
    if not user.enabled:
        _count_failure(user, attempt)
        tables.users.touch()
        raise LoginRefused(Refusal.DISABLED, user.name)
    if not password_matches(user, password):
        _count_failure(user, attempt)
        _limit(tables, user)
        tables.users.touch()
        raise LoginRefused(Refusal.BAD_PASSWORD, user.name)
    reason = standing(tables, user, attempt.now)
    if reason is not None:
        raise LoginRefused(reason, user.name)
    user.invalid_login_attempts = 0
    user.last_login = attempt.now
    user.last_login_device = attempt.device
    user.last_login_service = attempt.service
    tables.users.touch()
    return user


def check_service(tables: SecurityTables, name: str) -> None:
    """Raise `LoginRefused` unless the service is on and takes passwords, by its own and the system's methods."""
    service = tables.services.get(name)
    if service is None or not service.enabled:
        raise LoginRefused(Refusal.SERVICE_DISABLED, name)
    if not service.authe_enabled & tables.system.authe_enabled & PASSWORD_BIT:
        raise LoginRefused(Refusal.NO_METHOD, name)


def standing(tables: SecurityTables, user: User, now: datetime) -> Refusal | None:
    """Reason to refuse an enabled account in spite of the right password; None if it may log in."""
    system = tables.system
    if not user.account_never_expires:
        if user.expiration_date is not None and user.expiration_date < now.date():
            return Refusal.EXPIRED
        active = user.last_login or user.created
        if system.inactive_limit and active and now - active > timedelta(days=system.inactive_limit):
            return Refusal.INACTIVE
    if user.change_password:
        return Refusal.MUST_CHANGE
    days = system.password_expiration_days
    aged = user.password_changed is not None and now - user.password_changed > timedelta(days=days)
    if days and aged and not user.password_never_expires:
        return Refusal.PASSWORD_EXPIRED
    required = system.required_role
    if required and required.lower() not in (role.lower() for role in tables.role_closure(user.roles)):
        return Refusal.REQUIRED_ROLE
    return None


def _count_failure(user: User, attempt: Attempt) -> None:
    user.invalid_login_attempts += 1
    user.invalid_login_time = attempt.now
    user.invalid_login_device = attempt.device
    user.invalid_login_service = attempt.service


def _limit(tables: SecurityTables, user: User) -> None:
    """Disable the account at the limit, if the action says so.

    UNVERIFIED: without the action, an attempt past the limit is refused no slower than the first. Settle: with
    InvalidLoginAction 0, time ten wrong logins.
    """
    limit = tables.system.invalid_login_limit
    if limit and user.invalid_login_attempts >= limit and tables.system.invalid_login_action & DISABLE_ACTION:
        user.enabled = False
