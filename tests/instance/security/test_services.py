"""Services and their settings: read and saved through the real driver, in few round trips, with any lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from irisops.instance.calls import Answer, Call, ClassQuery, Query, Rows
from irisops.instance.capabilities import Capabilities
from irisops.instance.connection import Connection, Target
from irisops.instance.errors import InstanceError, NotPermitted
from irisops.instance.routes import Instance
from irisops.instance.security import authentication
from irisops.instance.security.lists import Service, list_applications, list_resources, list_services
from irisops.instance.security.object_state import ObjectState, changed_fields
from irisops.instance.security.settings_state import read_settings, save_settings
from irisops.simulator.world.model import User
from tests.counting_relay import CountingRelay
from tests.instance.served import PASSWORD, USER, serve


@pytest.mark.parametrize("read", [list_services, list_applications, list_resources])
async def test_a_list_costs_one_or_two_round_trips(
    read: Callable[[Instance], Awaitable[list[object]]],
) -> None:
    async with serve() as served, CountingRelay(served.server.port) as relay:
        connection = Connection(Target("127.0.0.1", relay.port, "%SYS", USER, 5.0))
        try:
            await connection.connect(PASSWORD)
            before = relay.round_trips
            assert await read(connection)
            assert 0 < relay.round_trips - before <= 2
        finally:
            await connection.disconnect()


async def test_what_is_saved_reads_back_and_nothing_else_changes() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        await connection.connect(PASSWORD)
        try:
            before = (await read_settings(connection, "application", ["/csp/user"]))["/csp/user"]
            after = before.with_fields({"roles": (":%SQL:%Developer", "%Operator:%Manager"), "timeout": "60"})
            assert changed_fields(before, after) == ["timeout", "roles"]
            await save_settings(connection, after, ["timeout", "roles"])
            assert (await read_settings(connection, "application", ["/CSP/User"]))[
                "/csp/user"
            ].fields == after.fields
            application = served.world.application("/csp/user")
            assert application is not None
            assert application.match_roles == {"": ["%SQL", "%Developer"], "%Operator": ["%Manager"]}
            only = await read_settings(connection, "service", ["%Service_ECP", "nowhere"], only=("auth",))
            assert [state.fields for state in only.values()] == [{"auth": ("password",)}]
            gone = ObjectState("service", "%Service_Nowhere", {"enabled": True})
            with pytest.raises(InstanceError, match="%Service_Nowhere no longer exists") as told:
                await save_settings(connection, gone, ["enabled"])
            assert "/services" in told.value.cure
        finally:
            await connection.disconnect()


async def test_without_the_privilege_it_is_named() -> None:
    async with serve() as served:
        served.world.add_user(User("low", roles=["%Developer", "%DB_IRISSYS"]), "Low-123456")
        connection = Connection(served.target("low"))
        await connection.connect("Low-123456")
        try:
            with pytest.raises(NotPermitted) as told:
                await list_services(connection)
            assert told.value.privilege == "%Admin_Secure:U"
            with pytest.raises((NotPermitted, InstanceError)):
                await read_settings(connection, "service", ["%Service_Bindings"])
        finally:
            await connection.disconnect()


class Old:
    """An instance without the Detail query, whose list has neither logins nor addresses."""

    capabilities = Capabilities()

    def __init__(self) -> None:
        self.asked: list[Call] = []

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        self.asked.append(call)
        if "Detail" in str(call):
            raise InstanceError("gone", code=-428, detail="SQLCODE: <-428>:<no such procedure>")
        assert isinstance(call, Query | ClassQuery)
        names = ("Name", "Enabled", "Public", "Description")
        return Answer(
            rows=Rows(names, [("%Service_B", "No", "Yes", ""), ("%Service_A", "Yes", "No", "first")])
        )

    async def batch(self, calls: list[Call], *, deadline: float | None = None) -> list[Answer | Exception]:
        raise AssertionError(f"not asked: {calls}")


async def test_a_list_without_logins_says_that_it_does_not_know_them() -> None:
    assert await list_services(Old()) == [  # type: ignore[arg-type]
        Service("%Service_A", enabled=True, public=False, description="first"),
        Service("%Service_B", enabled=False, public=True),
    ]


@pytest.mark.parametrize(
    ("bits", "text", "after"),
    [
        (96, "-unauthenticated", 32),
        (64, "-unauthenticated,+password", 32),
        (32, "+LDAP, +delegated", 32 | 2048 | 8192),
        (96, "password", 32),
        (1 << 18 | 32, "-password", 1 << 18),
        (0, "bit18,OS", 1 << 18 | 16),
    ],
)
def test_ways_to_log_in_as_they_are_typed(bits: int, text: str, after: int) -> None:
    assert authentication.changed(bits, text) == after
    assert authentication.bits_of(authentication.words_of(after)) == after


@pytest.mark.parametrize("text", ["", ",", "pasword", "+password,ldap", "-", "bit40"])
def test_words_that_are_no_ways_to_log_in(text: str) -> None:
    with pytest.raises(ValueError, match="log in"):
        authentication.changed(32, text)


def test_a_second_factor_alone_is_no_way_in() -> None:
    assert not authentication.lets_in(1048576)
    assert authentication.lets_in(1048576 | 32)
