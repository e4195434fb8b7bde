"""Last use of each account, and when it expires: by the inactivity limit or a date (facts: iris-security 2.2).

`Security.System.InactiveLimit` is in days, 0 for none (facts: 3.6). An account with AccountNeverExpires is touched by
neither.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from irisops.instance.calls import Answer, ObjectCall, ObjectStep, Value
from irisops.instance.class_queries import read_rows
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.helper import read_system_setting
from irisops.instance.models import User
from irisops.instance.routes import Instance
from irisops.instance.security.lists import NEVER, list_users
from irisops.instance.values import Row, as_date, as_flag, as_int, as_text, as_utc, in_portions

MOST_OBJECTS = 100
"""Accounts whose object is opened because no list tells their age."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account. Times are in UTC; None if unknown."""

    user: User
    never_expires: bool | None = None
    expires: date | None = None
    created: datetime | None = None

    @property
    def last_used(self) -> datetime | None:
        """The last login; None for never."""
        return self.user.last_login

    @property
    def age_known(self) -> bool:
        """True if it is known since when the account is unused: its last login, or its creation if it had none."""
        return self.last_used is not None or (self.user.last_login_known and self.created is not None)

    def idle_days(self, now: datetime) -> int | None:
        """Whole days since the last login, else since creation; None if neither is known."""
        since = self.user.last_login or self.created
        return max(0, (now - since).days) if since else None

    def days_left(self, limit: int | None, now: datetime) -> int | None:
        """Days until the inactivity limit or the expiry date refuses the login; negative: since. None: never.

        UNVERIFIED: that the limit counts from the creation of an account that was never used. Settle: create an
        account, set InactiveLimit to 1, look two days later.
        """
        if self.never_expires:
            return None
        left: list[int] = []
        since = self.user.last_login or self.created
        if limit and since:
            left.append((since + timedelta(days=limit) - now).days)
        if self.expires:
            left.append((self.expires - now.date()).days)
        return min(left) if left else None


@dataclass(frozen=True, slots=True)
class Logins:
    """All accounts. `inactive_limit` in days, 0 for none, None where it cannot be read."""

    accounts: tuple[Account, ...]
    inactive_limit: int | None
    notes: tuple[str, ...] = ()


async def read_logins(instance: Instance) -> Logins:
    """All accounts by name. Raises NotPermitted (%Admin_Secure:U) or NotAvailable if they cannot be listed."""
    notes: list[str] = []
    users = await list_users(instance)

    rows: dict[str, Row] = {}
    inactive_limit: int | None = None
    try:
        listed = await read_rows(instance, "users.detail")
        rows = dict(await in_portions(listed, lambda row: (as_text(row.get("name")).casefold(), row)))
    except Unreachable:
        raise
    except InstanceProblem as problem:
        notes.append(f"Expiry dates cannot be read: {problem.message}")
    try:
        inactive_limit = as_int(await read_system_setting(instance, "InactiveLimit"))
    except Unreachable:
        raise
    except InstanceProblem as problem:
        notes.append(f"The inactivity limit cannot be read: {problem.message}")
    accounts = [_account(user, rows.get(user.name.casefold(), {})) for user in users]
    return Logins(tuple(await _with_ages(instance, accounts)), inactive_limit, tuple(notes))


async def _with_ages(instance: Instance, accounts: list[Account]) -> list[Account]:
    """The accounts, those of unknown age with the times of their objects where these can be read.

    An object costs some round trips, so no more than `MOST_OBJECTS` are opened; of more, the age stays unknown.
    """
    unknown = [account for account in accounts if not account.age_known]
    if not unknown or len(unknown) > MOST_OBJECTS or not instance.capabilities.routes("users.read"):
        return accounts
    steps = (ObjectStep("get", "LoginDateTime"), ObjectStep("get", "CreateDateTime"))
    answers = await instance.batch(
        [ObjectCall("Security.Users", "%OpenId", (each.user.name.lower(),), steps) for each in unknown]
    )
    found = {
        account.user.name: _with_times(account, answer.values)
        for account, answer in zip(unknown, answers, strict=True)
        if isinstance(answer, Answer) and answer.found
    }
    return [found.get(account.user.name, account) for account in accounts]


def _with_times(account: Account, times: tuple[Value, ...]) -> Account:
    """LoginDateTime is $H in UTC, 0 for never; CreateDateTime the same (facts: iris-security 2.2)."""
    login, created = times
    user = account.user._replace(
        last_login=as_utc(login),
        last_login_known=as_utc(login) is not None or as_text(login) in NEVER,
    )
    return replace(account, user=user, created=as_utc(created))


def _account(user: User, row: Row) -> Account:
    never = as_flag(row["accountneverexpires"]) if "accountneverexpires" in row else None
    # UNVERIFIED: that Detail has a column CreateDateTime (facts: iris-security 2.5). Without it, an account that was
    # never used has no age. Settle: doubt columns.
    return Account(user, never, as_date(row.get("expirationdate")), as_utc(row.get("createdatetime")))
