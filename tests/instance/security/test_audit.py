"""Refusals: read from a simulator's audit log and grouped by cause, and switched on if they are not recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.instance.calls import ClassMethod
from irisops.instance.connection import Connection
from irisops.instance.errors import NotPermitted
from irisops.instance.models import Role, User
from irisops.instance.security.access import Access, make_access
from irisops.instance.security.audit import (
    REFUSALS,
    Auditing,
    AuditRecord,
    list_denials,
    read_auditing,
    record_of,
    switch_auditing,
)
from irisops.instance.security.denials import application_of, causes_of
from irisops.instance.security.dormant import Account, read_logins
from irisops.instance.security.lists import Resource
from irisops.instance.security.permissions import Permission
from tests.instance.security.test_access import scenario

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def test_the_newest_refusals_come_first_and_nothing_else() -> None:
    async with scenario("quiet") as (served, connection):
        for number in range(5):
            served.world.audit("%System", "%Login", "LoginFailure", event_data=f"no {number}", username="eve")
            served.world.audit("%System", "%Security", "UserChange", event_data="a change")
        found, _ = await list_denials(connection, 3)
        assert [record.data for record in found] == ["no 4", "no 3", "no 2"]
        assert {record.event for record in found} == {"LoginFailure"}
        assert all(record.time is not None for record in found)


async def test_a_refused_security_call_is_told_with_its_privilege() -> None:
    async with scenario("quiet") as (served, connection):
        other = Connection(served.target(user="operator"))
        await other.connect("Practice-3!")
        outcome = (await other.batch([ClassMethod("Security.Users", "Delete", ("reader",))]))[0]
        await other.disconnect()
        assert isinstance(outcome, Exception) or outcome.value != 1
        (cause,) = causes_of((await list_denials(connection, 10))[0], None)
        assert (cause.event, cause.username) == ("AccessDenied", "operator")
        assert cause.missing == "%Admin_Secure:U"


async def test_who_may_not_read_the_log_is_told_the_privilege() -> None:
    async with scenario("quiet", user="operator", password="Practice-3!") as (_, connection):
        with pytest.raises(NotPermitted) as caught:
            await list_denials(connection, 10)
        assert "%Admin_Secure" in caught.value.privilege


@pytest.mark.parametrize("version", [(2023, 1), (2025, 2)])
async def test_what_is_not_recorded_is_told_and_switched_on(version: tuple[int, int]) -> None:
    async with scenario("broken", version) as (served, connection):
        before = await read_auditing(connection)
        assert before.system is False
        assert "Protect" in before.disabled
        after = await switch_auditing(connection, before.disabled, system=True, on=True)
        assert after == Auditing(True, dict.fromkeys(REFUSALS, True))  # noqa: FBT003
        assert served.world.system.audit_enabled
        assert served.world.audit("%System", "%Security", "Protect", event_data="<PROTECT>x") is not None
        ((record,), _) = await list_denials(connection, 1)
        assert (record.event, record.data) == ("Protect", "<PROTECT>x")


async def test_only_what_is_asked_for_is_switched_on() -> None:
    async with scenario("broken") as (served, connection):
        await switch_auditing(connection, ["Protect"], system=False, on=True)
        assert not served.world.system.audit_enabled
        assert (await read_auditing(connection)).disabled == ()
        after = await switch_auditing(connection, ["Protect", "LoginFailure"], system=False, on=False)
        assert after.disabled == ("Protect", "LoginFailure")


def test_an_event_of_the_same_name_and_another_type_is_no_refusal() -> None:
    assert record_of({"event": "Protect", "eventtype": "Mine"}) is None
    assert record_of({"event": "Protect", "eventtype": "%Security"}) is not None
    assert record_of({"event": "Login", "eventtype": "%Login"}) is None


# Causes


def an_access() -> Access:
    return make_access(
        [User("bob", True, ("Reader",), None), User("off", False, (), None)],  # noqa: FBT003
        [Role("Reader", "", (("%DB_PAYROLL", "R"), ("%Admin_Operate", "U")), ())],
        [
            Resource(name, "", Permission.NONE)
            for name in ("%DB_PAYROLL", "%DB_USER", "%DB_IRISSYS", "%Admin_Operate", "%Admin_Secure", "HR")
        ],
        [],
    )


def a_record(
    event: str, data: str, user: str = "bob", namespace: str = "USER", minutes: int = 0
) -> AuditRecord:
    return AuditRecord(NOW - timedelta(minutes=minutes), event, user, "", data, namespace=namespace)


@pytest.mark.parametrize(
    ("event", "data", "missing"),
    [
        ("AccessDenied", "Operation requires %Admin_Secure:U", "%Admin_Secure:U"),
        ("AccessDenied", "ERROR #921: Operation requires %Admin_Secure:Use privilege", "%Admin_Secure:U"),
        ("AccessDenied", "Operation requires %admin_secure privilege.", "%Admin_Secure:U"),
        ("AccessDenied", "Operation requires WRITE privilege on resource HR", "HR:W"),
        ("Protect", '<PROTECT>Get+3^Pay.1 *^Salary("x"),/usr/irissys/mgr/user/', "%DB_USER:R"),
        # bob may read it, so it was writing that was refused
        ("Protect", "<PROTECT>Set+1^Pay.1 *^Salary,/data/payroll/", "%DB_PAYROLL:W"),
        ("Protect", "<PROTECT>x ^oddDEF,C:\\IRIS\\mgr\\user\\", "%DB_USER:R"),
        ("Protect", "<PROTECT>x ^SYS,/usr/irissys/mgr/", "%DB_IRISSYS:R"),
        ("Protect", "<PROTECT>somewhere", "%DB_USER:R"),
        ("Protect", "<PROTECT>x ^g,/data/unknown/", ""),
        (
            "PrivilegeFailure",
            "User bob is not privileged for SELECT on table HR.Person",
            "SELECT on HR.Person",
        ),
        ("PrivilegeFailure", "something else", ""),
        ("LoginFailure", "Service %Service_Bindings: requires %Admin_Secure:U", ""),
    ],
)
def test_the_missing_privilege_is_found_in_the_text(event: str, data: str, missing: str) -> None:
    (cause,) = causes_of([a_record(event, data)], an_access())
    assert cause.missing == missing


@pytest.mark.parametrize(
    ("data", "application"),
    [
        ("%DB_SHOP:R required -- cannot execute. Web Application: /csp/shop", "/csp/shop"),
        ("<PROTECT>x *^y,/db/ Web Application: /csp/shop2.", "/csp/shop2"),
        ("requires READ privilege on resource %DB_SHOP", ""),
    ],
)
def test_the_web_application_of_a_refusal_is_named_whole(data: str, application: str) -> None:
    assert application_of(a_record("AccessDenied", data)) == application


def test_refusals_of_one_cause_are_one_row_that_counts() -> None:
    records = [
        a_record("AccessDenied", "Operation requires %Admin_Secure:U", minutes=1),
        a_record("LoginFailure", "bad password from port 50123", minutes=2),
        a_record("AccessDenied", "Operation requires %Admin_Secure:U privilege", "BOB", minutes=3),
        a_record("LoginFailure", "bad password from port 50199", minutes=4),
        a_record("AccessDenied", "Operation requires %Admin_Secure:U", "eve", minutes=5),
    ]
    causes = causes_of(records, an_access())
    assert [(cause.event, cause.username, cause.count) for cause in causes] == [
        ("AccessDenied", "bob", 2),
        ("LoginFailure", "bob", 2),
        ("AccessDenied", "eve", 1),
    ]
    assert causes[0].first == NOW - timedelta(minutes=3)
    assert causes[0].newest.time == NOW - timedelta(minutes=1)


def test_the_id_stays_when_more_of_the_same_come() -> None:
    one = a_record("AccessDenied", "Operation requires %Admin_Secure:U")
    (first,) = causes_of([one], an_access())
    (again,) = causes_of([replace(one, time=NOW + timedelta(hours=1), pid=99), one], None)
    assert first.id == again.id


def test_the_state_tells_what_was_granted_since() -> None:
    def state(data: str, user: str = "bob") -> str:
        return causes_of([a_record("AccessDenied", data, user)], an_access())[0].state

    assert state("requires %Admin_Operate:U") == "held"
    assert state("requires %Admin_Secure:U") == "missing"
    assert state("requires %Admin_Secure:U", "nobody") == "unknown"
    assert state("no privilege named") == "unknown"


@pytest.mark.parametrize(
    ("user", "why"),
    [("off", "the account is disabled; x"), ("eve", "there is no such user; x"), ("bob", "x")],
)
def test_a_failed_login_is_explained_by_the_account(user: str, why: str) -> None:
    (cause,) = causes_of([a_record("LoginFailure", "x", user)], an_access())
    assert cause.why == why


@pytest.mark.parametrize(
    ("user", "data", "who"),
    [
        ("bob", "off", "bob"),
        ("", "off", "off"),
        ("UnknownUser", "Login failed, user: OFF", "off"),
        ("UnknownUser", "Username: eve, Service %Service_Bindings", "eve"),
        ("UnknownUser", "eve", "eve"),
        ("UnknownUser", "a bad password", "UnknownUser"),
        ("", "", ""),
    ],
)
def test_whose_login_failed_is_found_in_the_data_where_the_record_has_nobody(
    user: str, data: str, who: str
) -> None:
    (cause,) = causes_of([a_record("LoginFailure", data, user)], an_access())
    assert cause.username == who


@given(
    st.lists(
        st.builds(
            AuditRecord,
            st.none() | st.just(NOW),
            st.sampled_from([*REFUSALS]),
            st.text(max_size=10),
            st.text(max_size=30),
            st.text(max_size=80)
            | st.sampled_from(["requires ", "requires : privilege", "requires A:QQ", "<PROTECT>/x/"]),
        ),
        max_size=8,
    )
)
def test_any_text_is_grouped_and_none_is_lost(records: list[AuditRecord]) -> None:
    causes = causes_of(records, an_access())
    assert sum(cause.count for cause in causes) == len(records)
    assert len({cause.id for cause in causes}) == len(causes)


# When an account was used last


async def test_logins_tell_the_last_use_the_limit_and_the_expiry() -> None:
    async with scenario("broken") as (served, connection):
        logins = await read_logins(connection)
        assert logins.inactive_limit == 60
        assert logins.notes == ()
        by_name = {account.user.name: account for account in logins.accounts}
        now = served.world.now()
        assert by_name["inactive"].idle_days(now) == 400
        # The clock runs while the test does.
        assert by_name["inactive"].days_left(60, now) in (-341, -340)
        assert by_name["expired"].expires == now.date() - timedelta(days=30)
        assert by_name["reader"].never_expires is True
        assert by_name["reader"].days_left(60, now) is None


def test_days_left_is_the_nearer_of_limit_and_date() -> None:
    used = User("bob", True, (), NOW - timedelta(days=50))  # noqa: FBT003
    account = Account(used, never_expires=False, expires=date(2026, 12, 1))
    assert account.days_left(60, NOW) == 7
    assert account.days_left(55, NOW) == 5
    assert account.days_left(0, NOW) == 7
    assert account.days_left(None, NOW) == 7
    assert replace(account, never_expires=True).days_left(60, NOW) is None
    assert replace(account, expires=None).days_left(0, NOW) is None


def test_an_account_that_was_never_used_counts_from_its_making() -> None:
    fresh = User("bob", True, (), None)  # noqa: FBT003
    assert Account(fresh, created=NOW - timedelta(days=10)).idle_days(NOW) == 10
    assert Account(fresh).idle_days(NOW) is None
