"""The access model: inputs read from a simulator through the real driver, result compared with the instance's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from irisops.instance.calls import Answer, Call, ClassMethod
from irisops.instance.capabilities import Capabilities
from irisops.instance.connection import Connection
from irisops.instance.errors import InstanceError, NotPermitted
from irisops.instance.models import Role, User
from irisops.instance.security.access import make_access, read_access
from irisops.instance.security.lists import (
    Resource,
    WebApplication,
    application_of,
    list_applications,
    parse_match_roles,
)
from irisops.instance.security.permissions import Permission, permission_of
from irisops.instance.security.privileges import UnknownName
from irisops.instance.security.sqlprivileges import SqlGrant, SqlObject, change_sql, check_sql, sql_grants
from irisops.instance.security.whole_applications import read_application
from irisops.simulator.runtime import Runtime
from irisops.simulator.wire.server import SuperServer
from irisops.simulator.world.scenarios import build_world
from tests.instance.served import Served

ADMIN, PASSWORD = "admin1", "Practice-1!"


@asynccontextmanager
async def scenario(
    name: str, version: tuple[int, int] = (2025, 2), user: str = ADMIN, password: str = PASSWORD
) -> AsyncIterator[tuple[Served, Connection]]:
    world = build_world(name, version=version)
    runtime = Runtime(world)
    async with SuperServer(runtime) as server:
        served = Served(server, world, runtime)
        connection = Connection(served.target(user=user))
        await connection.connect(password)
        try:
            yield served, connection
        finally:
            await connection.disconnect()


async def test_a_clinic_costs_four_round_trips() -> None:
    async with scenario("clinic") as (served, connection):
        requests = served.count_requests()
        access = await read_access(connection)
        assert requests.fired <= 4
        assert len(access.users) > 400
        assert len(access.roles) > 120
        assert len(access.applications) == 60
        assert access.notes == ()


@pytest.mark.parametrize("version", [(2023, 1), (2025, 1), (2025, 2)])
async def test_the_model_agrees_with_the_instance_on_every_user(version: tuple[int, int]) -> None:
    """CheckUserPermission is the instance's own evaluation (facts: iris-security 5)."""
    async with scenario("broken", version) as (_, connection):
        access = await read_access(connection)
        asked = [
            (user.name, resource, permission)
            for user in access.users
            for resource in ("%DB_USER", "%Admin_Secure", "%Service_SQL", "%DB_IRISTEMP")
            for permission in (Permission.R, Permission.W, Permission.U)
        ]
        answers = await connection.batch(
            [
                ClassMethod("%SYSTEM.Security", "CheckUserPermission", (user, resource, permission.letters))
                for user, resource, permission in asked
            ]
        )
        for (user, resource, permission), answer in zip(asked, answers, strict=True):
            assert not isinstance(answer, Exception)
            told = access.model.check(user, resource, permission)
            assert told.allowed == (answer.value == 1), (user, resource, permission)


async def test_who_may_not_read_users_is_told_the_privilege() -> None:
    async with scenario("quiet", user="operator", password="Practice-3!") as (_, connection):
        with pytest.raises(NotPermitted) as caught:
            await read_access(connection)
        assert "%Admin_Secure" in caught.value.privilege


async def test_escalation_roles_and_public_permissions_are_read() -> None:
    async with scenario("quiet") as (served, connection):
        served.user("reader").escalation_roles = ["%Operator"]
        served.world.users.touch()
        resource = served.world.resources.get("%DB_USER")
        assert resource is not None
        access = await read_access(connection)
        assert access.model.user("READER").escalation_roles == ("%Operator",)
        told = access.model.check("reader", "%Admin_Operate", Permission.U)
        assert [grant.kind for grant in told.on_escalation] == ["escalation"]
        assert access.model.public["%DB_IRISTEMP"] == Permission.R | Permission.W


async def test_applications_come_with_their_roles_and_their_resource() -> None:
    async with scenario("quiet") as (served, connection):
        user_app = served.world.applications.get("/csp/user")
        assert user_app is not None
        user_app.match_roles = {"": ["%Developer"], "%SQL": ["%Operator", "%Manager"]}
        served.world.applications.touch()
        found = {each.name: each for each in await list_applications(connection)}
        assert found["/csp/user"].match_roles == (("", ("%Developer",)), ("%SQL", ("%Operator", "%Manager")))
        assert found["/csp/user"].unauthenticated is True
        assert found["/api/atelier"].resource == "%Development"
        assert found["/api/atelier"].unauthenticated is False
        access = await read_access(connection)
        inside = access.model.effective("reader", "/csp/user")
        assert inside["%Development"] == Permission.U
        assert inside["%Admin_Operate"] == Permission.U


async def test_what_the_list_does_not_tell_is_read_from_the_object() -> None:
    async with scenario("quiet") as (served, connection):
        atelier = served.world.applications.get("/api/atelier")
        assert atelier is not None
        atelier.match_roles = {"": ["%Developer"], "%SQL": ["%Operator", "%Manager"]}
        served.world.applications.touch()
        bare = WebApplication("/api/atelier", "%SYS", enabled=True)
        found = await read_application(connection, bare)
        assert found.complete
        assert (found.resource, found.methods, found.unauthenticated) == ("%Development", "Password", False)
        assert found.match_roles == (("", ("%Developer",)), ("%SQL", ("%Operator", "%Manager")))
        requests = served.count_requests()
        assert await read_application(connection, found) is found
        assert requests.fired == 0


class Without:
    """A connection on which some queries fail, as on a version without them."""

    def __init__(self, connection: Connection, *procedures: str) -> None:
        self._connection = connection
        self._procedures = procedures

    @property
    def capabilities(self) -> Capabilities:
        return self._connection.capabilities

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        answers = await self._connection.batch(calls, deadline=deadline)
        return [self._missing(call) or answer for call, answer in zip(calls, answers, strict=True)]

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        missing = self._missing(call)
        if missing is not None:
            raise missing
        return await self._connection.call(call, deadline=deadline)

    def _missing(self, call: Call) -> InstanceError | None:
        if not any(name in repr(call) for name in self._procedures):
            return None
        return InstanceError(f"[SQLCODE: <-428>:<procedure not found>] {self._procedures}", code=-428)


async def test_what_cannot_be_read_is_left_out_and_said() -> None:
    async with scenario("quiet") as (_, connection):
        bare = Without(connection, "Users_Detail", "Users:Detail", "Resources", "Applications")
        access = await read_access(bare)
        assert {user.name for user in access.users} >= {"reader", "_SYSTEM"}
        assert access.resources == ()
        assert access.applications == ()
        assert [note.split(":")[0] for note in access.notes] == [
            "Escalation roles are not known",
            "Public permissions are not known",
            "Web applications are left out",
        ]
        assert access.model.check("reader", "%Service_SQL", Permission.U).allowed


async def test_applications_without_details_are_listed_incomplete() -> None:
    async with scenario("quiet") as (_, connection):
        found = await list_applications(Without(connection, "Applications_Detail", "Applications:Detail"))
        user_app = next(each for each in found if each.name == "/csp/user")
        assert (user_app.namespace, user_app.enabled, user_app.complete) == ("USER", True, False)


async def test_without_roles_there_is_no_model() -> None:
    async with scenario("quiet") as (_, connection):
        with pytest.raises(InstanceError):
            await read_access(Without(connection, "Roles"))


# The pure parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":%DB_X:%DB_Y", (("", ("%DB_X", "%DB_Y")),)),
        (":MYAPP,MYAPPSPECIAL:MYAPP2", (("", ("MYAPP",)), ("MYAPPSPECIAL", ("MYAPP2",)))),
        ("", ()),
        ("Lonely", ()),
        (" A : B , ", (("A", ("B",)),)),
    ],
)
def test_match_roles_are_read_as_documented(
    text: str, expected: Sequence[tuple[str, tuple[str, ...]]]
) -> None:
    assert parse_match_roles(text) == expected


def test_a_row_without_the_unverified_columns_is_incomplete() -> None:
    bare = application_of({"name": "/csp/x", "namespace": "USER", "enabled": "Yes"})
    assert bare is not None
    assert not bare.complete
    assert (bare.resource, bare.match_roles, bare.unauthenticated) == (None, None, None)
    full = application_of({"name": "/csp/x", "resource": "", "matchroles": "", "autheenabled": "96"})
    assert full is not None
    assert full.complete
    assert full.methods == "Password, Unauthenticated"
    assert application_of({"name": "%ZRoutineApp"}) is None


def test_public_permissions_are_taken_as_letters_and_as_bits() -> None:
    assert permission_of("RW") == permission_of(3) == permission_of("3") == Permission.R | Permission.W
    assert permission_of("") == permission_of(None) == permission_of("nonsense") == Permission.NONE


def test_a_record_is_found_in_any_case() -> None:
    access = make_access([User("Bob", True, (), None)], [], [], [])  # noqa: FBT003
    assert access.user("BOB").name == "Bob"
    with pytest.raises(UnknownName):
        access.user("eve")


def test_an_application_that_is_known_better_replaces_the_one_of_the_list() -> None:
    bare = WebApplication("/csp/x", "USER", enabled=True)
    access = make_access(
        [User("bob", True, (), None)],  # noqa: FBT003
        [Role("Clerk", "", (("HR", "RW"), ("HR", "U"), ("Empty", "")), ())],
        [Resource("HR", "", Permission.NONE)],
        [bare],
    )
    assert access.model.role("clerk").privileges == {"HR": Permission.R | Permission.W | Permission.U}
    assert access.model.effective("bob", "/csp/x") == {}
    better = access.with_application(
        WebApplication("/csp/x", "USER", enabled=True, resource="HR", match_roles=(("", ("Clerk",)),))
    )
    assert "HR" in better.model.effective("bob", "/csp/x")
    assert better.applications[0].resource == "HR"


# SQL privileges

TABLE = SqlObject("table", "HR.Person", "USER")


async def test_a_privilege_is_granted_in_its_namespace_and_found_through_the_role() -> None:
    async with scenario("quiet") as (_, connection):
        assert await check_sql(connection, "reader", TABLE, "select") is False
        assert (
            await change_sql(connection, "%SQL", TABLE, "select", "%SYS", grant=True) is False
        )  # a role is no user
        assert await check_sql(connection, "reader", TABLE, "select") is True
        assert await check_sql(connection, "reader", TABLE, "insert") is False
        assert (
            await check_sql(connection, "reader", SqlObject("table", "HR.Person", "%SYS"), "select") is False
        )
        grants = await sql_grants(connection, "reader", "USER", "%SYS")
        assert [(each.via, each.covers(TABLE, "select")) for each in grants] == [("%SQL", True)]
        # The connection is back in its own namespace: the security classes are there.
        assert (await read_access(connection)).users


async def test_revoking_takes_it_back() -> None:
    async with scenario("quiet") as (_, connection):
        assert await change_sql(connection, "reader", TABLE, "update", "%SYS", grant=True) is True
        assert await change_sql(connection, "reader", TABLE, "update", "%SYS", grant=False) is False


async def test_nothing_is_granted_in_a_namespace_that_is_not_there() -> None:
    async with scenario("quiet") as (served, connection):
        nowhere = SqlObject("table", "HR.Person", "NOWHERE")
        with pytest.raises(Exception, match="no namespace NOWHERE"):
            await change_sql(connection, "reader", nowhere, "select", "%SYS", grant=True)
        assert served.runtime.emulation.sql_privileges.of("reader") == []
        assert (await read_access(connection)).users


@pytest.mark.parametrize(
    ("grant", "covers"),
    [
        (SqlGrant("TABLE", "HR.Person", "SELECT", "x"), True),
        (SqlGrant("TABLE", "hr.person", "s", "x"), True),
        (SqlGrant("SCHEMA", "HR", "SELECT", "x"), True),
        (SqlGrant("TABLE", "HR.Other", "SELECT", "x"), False),
        (SqlGrant("TABLE", "HR.Person", "INSERT", "x"), False),
        (SqlGrant("TABLE", "Person", "SELECT", "x"), False),
    ],
)
def test_a_grant_covers_its_object_and_its_schema(grant: SqlGrant, covers: bool) -> None:
    assert grant.covers(TABLE, "select") is covers
