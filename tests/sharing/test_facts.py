"""Gathering facts, and tries of default passwords, which never lock an account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest

from irisops.instance.calls import Answer, Call, ClassMethod, ClassQuery, ObjectCall, Query, Rows
from irisops.instance.capabilities import Capabilities
from irisops.instance.connection import Target
from irisops.instance.errors import (
    InstanceError,
    InstanceProblem,
    LoginRefused,
    NotPermitted,
    PasswordChangeRequired,
)
from irisops.instance.models import SystemInfo
from irisops.sharing.facts import gather, probe_default_passwords, target_roles
from irisops.sharing.lease import Where
from irisops.sharing.snapshot import UserFact

WHERE = Where("local", "127.0.0.1", 1972, "_SYSTEM")


class Instance:
    """Answers reads from a few values; `denied` is a word of the calls that it refuses."""

    def __init__(self, *, denied: str = "", limit: int = 5) -> None:
        self.capabilities = Capabilities()
        self.denied = denied
        self.limit = limit
        self.failed: dict[str, int] = {"superuser": 0, "admin": 0, "cspsystem": 0}
        self.disabled: set[str] = set()
        self.logins: list[tuple[str, str]] = []
        self.passwords = {"superuser": "SYS", "admin": "other", "cspsystem": "other"}
        self.flagged: set[str] = set()

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        answers: list[Answer | Exception] = []
        for call in calls:
            try:
                answers.append(await self.call(call))
            except InstanceProblem as problem:
                answers.append(problem)
        return answers

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:  # noqa: PLR0911 - a line for each call
        if self.denied and self.denied in str(call) + str(getattr(call, "args", "")):
            raise NotPermitted("This account lacks %Admin_Secure:U.", privilege="%Admin_Secure:U")
        match call:
            case Query(sql):
                return Answer(rows=self._rows(sql))
            case ClassMethod("%SYSTEM.Version", "SystemMode", ()):
                return Answer(value="live")
            case ClassMethod(_, method):
                return Answer(value={"KeyLicenseUnits": 8, "LUConsumed": 3}.get(method, "Community user"))
            case ObjectCall("Security.System", "%OpenId", ("SYSTEM",), steps):
                return Answer(values=tuple({"AuditEnabled": 0}.get(s.name, self.limit) for s in steps))
            case ObjectCall("Security.Services", "%OpenId", ("%service_bindings",)):
                return Answer(values=(96,))
            case ObjectCall("Security.Users", "%OpenId", (name,)):
                return Answer(values=(self.failed[str(name)],))
            case ClassQuery(query) if query.startswith("Security.Applications:Detail"):
                raise InstanceError("gone", code=-428, detail="SQLCODE: <-428>:<no such procedure>")
            case ClassQuery(query):
                assert self.denied, "object calls only where the procedure was refused"
                raise NotPermitted("This account lacks %Admin_Secure:U.", privilege="%Admin_Secure:U")
            case ObjectCall("Security.Applications", "%OpenId", (name,), steps):
                if steps[0].name == "GetAt":
                    return Answer(values=(":%All:%DB_USER",))
                return Answer(values=("1", "64", "%Development", "1") if name == "/open" else (1, 32, "", 0))
        raise AssertionError(f"an undocumented call: {call}")

    def _rows(self, sql: str) -> Rows:
        if "Users_List" in sql:
            rows = [("_SYSTEM", "Yes", "%All", datetime(2026, 1, 1)), ("SuperUser", "No", "%All, %SQL", None)]  # noqa: DTZ001
            return Rows(("Name", "Enabled", "Roles", "LastLoginTime"), list(rows))
        if "Resources_List" in sql:
            return Rows(
                ("Name", "PublicPermission"), [("%DB_USER", "RW"), ("%DB_X", ""), ("%Development", "U")]
            )
        if "Events_List" in sql:
            names = ("Source", "Type", "Name", "Enabled")
            return Rows(names, [("%System", "%Login", "Login", "Yes"), ("%System", "%Login", "Logout", "No")])
        if "License_UserList" in sql:
            columns = ("UserId", "Type", "Connects", "MaxCon", "CSPCon", "LU", "Active", "Grace")
            return Rows(columns, [("10.0.0.1", "User", 4, 4, 0, 1, 9, 0), ("x", "Grace", 0, 1, 0, 1, 9, 60)])
        if "Applications_Detail" in sql:
            raise InstanceError("gone", code=-428, detail="SQLCODE: <-428>:<no such procedure>")
        assert "Applications_List" in sql
        return Rows(("Name",), [("/open",), ("/csp/sys",), ("not a web application",)])

    def connector(self, target: Target) -> Login:
        return Login(self, target)


class Login:
    def __init__(self, instance: Instance, target: Target) -> None:
        self.instance = instance
        self.target = target

    info: SystemInfo | None = None
    batch = None
    call = None

    async def connect(self, password: str) -> SystemInfo:
        name = self.target.user.casefold()
        self.instance.logins.append((name, password))
        if self.instance.passwords[name] != password:
            self.instance.failed[name] += 1
            if self.instance.limit and self.instance.failed[name] >= self.instance.limit:
                self.instance.disabled.add(name)
            raise LoginRefused("The instance refused user or password.")
        if name in self.instance.flagged:
            raise PasswordChangeRequired("The account must change its password.")
        return SystemInfo("", "", "", "", "", "%SYS", None, None, None)

    async def disconnect(self) -> None:
        pass


async def test_a_snapshot() -> None:
    facts = await gather(Instance())
    assert facts.users == (
        UserFact("_SYSTEM", enabled=True, roles=("%All",), used=True),
        UserFact("SuperUser", enabled=False, roles=("%All", "%SQL"), used=False),
    )
    assert facts.public_databases == (("%DB_USER", "RW"),)
    assert facts.login_events == (("%System/%Login/Login", True),)
    assert facts.audit_enabled is False
    assert facts.bindings_authentication == 96
    assert facts.applications is not None
    assert [(a.name, a.open, a.target_roles, a.resource) for a in facts.applications] == [
        ("/csp/sys", False, (), ""),
        ("/open", True, ("%All", "%DB_USER"), "%Development"),
    ]
    # On Community Edition the connections count, and what is reserved: its counter says 3.
    assert (facts.units_limit, facts.units_used, facts.community) == (8, 5, True)
    assert facts.system_mode == "LIVE"
    assert facts.unread == ()


@pytest.mark.parametrize(
    ("denied", "fact"),
    [
        ("Users_List", "users"),
        ("License_UserList", "units_used"),
        ("Resources_List", "public_databases"),
        ("Events_List", "login_events"),
        ("Security.System", "audit_enabled"),
        ("Security.Services", "bindings_authentication"),
        ("Applications_List", "applications"),
        ("/csp/sys", "applications"),
        ("GetAt", "applications"),
        ("LUConsumed", "units_used"),
        ("SystemMode", "system_mode"),
    ],
)
async def test_what_may_not_be_read_stops_nothing_else(denied: str, fact: str) -> None:
    facts = await gather(Instance(denied=denied))
    assert getattr(facts, fact) is None
    assert "%Admin_Secure:U" in facts.why(fact)
    assert len(facts.unread) == 1


def test_roles_of_match_role_groups() -> None:
    assert target_roles([":%All:%DB_X", "MYAPP:A:B,OTHER:C"]) == ("%All", "%DB_X", "A", "B", "C")
    assert target_roles([""]) == ()


USERS = [
    UserFact(name, enabled=True, roles=(), used=True)
    for name in ("_SYSTEM", "SuperUser", "Admin", "CSPSystem", "appuser")
]


async def test_one_try_each_and_not_for_the_account_in_use() -> None:
    instance = Instance(limit=0)
    found = await probe_default_passwords(instance, instance.connector, WHERE, USERS)  # type: ignore[arg-type]
    assert {each.user: each.outcome for each in found} == {
        "SuperUser": "works",
        "Admin": "refused",
        "CSPSystem": "refused",
    }
    assert instance.logins == [("superuser", "SYS"), ("admin", "SYS"), ("cspsystem", "SYS")]


@pytest.mark.parametrize("limit", range(1, 8))
async def test_no_account_is_ever_locked_however_often_it_is_tried(limit: int) -> None:
    instance = Instance(limit=limit)
    for _ in range(20):
        found = await probe_default_passwords(instance, instance.connector, WHERE, USERS)  # type: ignore[arg-type]
    assert instance.disabled == set()
    assert all(limit - failed >= min(limit, 2) for failed in instance.failed.values())
    assert [each.outcome for each in found if each.user == "Admin"] == ["skipped"]


async def test_with_a_limit_of_two_nothing_is_tried() -> None:
    instance = Instance(limit=2)
    found = await probe_default_passwords(instance, instance.connector, WHERE, USERS)  # type: ignore[arg-type]
    assert {each.outcome for each in found} == {"skipped"}
    assert "near its lock (0 failed of 2 allowed)" in found[0].reason
    assert instance.logins == []


async def test_a_limit_that_cannot_be_read_means_no_try() -> None:
    instance = Instance(denied="Security.System")
    found = await probe_default_passwords(instance, instance.connector, WHERE, USERS)  # type: ignore[arg-type]
    assert {each.outcome for each in found} == {"skipped"}
    assert instance.logins == []


async def test_a_password_that_must_be_changed_still_opens_the_door() -> None:
    instance = Instance(limit=0)
    instance.flagged.add("superuser")
    found = await probe_default_passwords(instance, instance.connector, WHERE, USERS)  # type: ignore[arg-type]
    assert found[0].outcome == "works"


async def test_a_disabled_account_is_not_tried() -> None:
    instance = Instance(limit=0)
    off = [UserFact("SuperUser", enabled=False, roles=("%All",), used=True)]
    found = await probe_default_passwords(instance, instance.connector, WHERE, off)  # type: ignore[arg-type]
    assert [each.outcome for each in found] == ["refused"]
    assert instance.logins == []
