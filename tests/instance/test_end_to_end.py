"""The real driver in its process against the simulator: normal use, and the effect of every kind of failure."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from irisops.instance.calls import ClassMethod, ClassQuery, ObjectCall, ObjectStep, Query, Ref
from irisops.instance.connection import Connection, Target
from irisops.instance.errors import (
    DriverCrashed,
    InstanceError,
    LicenseExhausted,
    LoginRefused,
    NamespaceUnknown,
    NoAnswer,
    NotAnInstance,
    NotPermitted,
    Unreachable,
)
from irisops.instance.security import lists
from irisops.instance.security.object_state import ObjectChange, ObjectState
from irisops.instance.security.user_changes import identifier, read_user_state, user_steps
from irisops.instance.usage import license as licensing
from irisops.instance.usage import processes, sessions
from irisops.instance.usage.poll import Poller
from irisops.simulator.wire.faults import CLASS_METHOD_VALUE, CONNECT, Drop, Hold, Malformed
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.seed import give_password
from irisops.simulator.world.sessions import Visitor
from tests.instance.served import PASSWORD, USER, Pauses, Served, States, serve, until

VERSION = ClassMethod("%SYSTEM.Version", "GetVersion")


@asynccontextmanager
async def connected(
    served: Served, target: Target | None = None, sleep: Pauses | None = None
) -> AsyncIterator[Connection]:
    connection = Connection(target or served.target(), sleep=sleep or Pauses())
    try:
        await connection.connect(PASSWORD)
        yield connection
    finally:
        await connection.disconnect()


@pytest.mark.parametrize("projected", ["no", "yes"])
async def test_connecting_costs_eight_round_trips_at_most(projected: str) -> None:
    async with serve(doubts=[f"projection={projected}"]) as served:
        requests = served.count_requests()
        async with connected(served) as connection:
            assert requests.fired <= 8
            info = connection.info
            assert info is not None
            assert (info.short, info.namespace, info.license_id) == ("IRIS 2025.2", "%SYS", "127.0.0.1")
            assert info.pid in served.world.processes
            assert connection.capabilities.known
            assert connection.capabilities.license_units == 8


@pytest.mark.parametrize("projected", ["no", "yes"])
async def test_polls_cost_four_round_trips_at_most_and_count_them_right(projected: str) -> None:
    async with serve(doubts=[f"projection={projected}"]) as served, connected(served) as connection:
        poller = Poller(connection)
        requests = served.count_requests()
        for _ in range(35):
            before = requests.fired
            counts = await poller.poll()
            assert counts.round_trips == requests.fired - before <= 4
        assert (counts.units_used, counts.units_limit, counts.sessions) == (1, 8, 0)
        assert counts.processes == len(served.world.processes)
        assert counts.notes == ()


async def test_every_read_says_what_the_world_holds() -> None:
    async with serve() as served, connected(served) as connection:
        world = served.world
        found = await lists.list_users(connection)
        assert {user.name for user in found} == {user.name for user in world.tables.users.values()}
        assert {user.name for user in found if user.superuser} >= {"_SYSTEM", "SuperUser"}
        assert {role.name for role in await lists.list_roles(connection)} == {
            role.name for role in world.tables.roles.values()
        }
        listed = await processes.list_processes(connection)
        assert {process.pid for process in listed} == set(world.processes)
        assert [process.own for process in listed].count(True) == 1
        assert await sessions.list_sessions(connection) == []
        assert connection.info is not None
        assert connection.info.namespace == "%SYS"
        detail = await held(connection, "SUPERUSER")
        assert (detail.name, detail.text("full_name"), detail.flag("must_change_password")) == (
            "SuperUser",
            served.user("superuser").full_name,
            False,
        )
        assert await read_user_state(connection, "superuse") is None


@pytest.mark.parametrize("projected", ["no", "yes"])
async def test_the_board_adds_up_to_the_units_in_use(projected: str) -> None:
    async with serve(doubts=[f"projection={projected}"]) as served, connected(served) as connection:
        board = await licensing.read_board(connection)
        assert board.counts.consumed == served.world.license_counts().consumed == 1
        assert sum(holder.units for holder in board.holders) == 1
        assert [(holder.kind, holder.own) for holder in board.holders] == [("this tool", True)]
        assert board.notes == ()


async def held(connection: Connection, name: str) -> ObjectState:
    state = await read_user_state(connection, name)
    assert state is not None
    return state


async def change_roles(connection: Connection, before: ObjectState, *roles: str) -> None:
    for step in user_steps(ObjectChange(before, before.with_fields({"roles": roles}))):
        await step.run(connection)


async def test_roles_are_given_and_taken_and_read_back() -> None:
    async with serve() as served, connected(served) as connection:
        before = await held(connection, "admin")
        await change_roles(connection, before, *before.names("roles"), "%SQL")
        assert "%SQL" in served.user("admin").roles
        given = await held(connection, "Admin")
        assert given.names("roles") == (*before.names("roles"), "%SQL")
        await change_roles(connection, given, *before.names("roles"))
        assert (await held(connection, "Admin")).names("roles") == before.names("roles")
        assert "%SQL" not in served.user("admin").roles
        with pytest.raises(InstanceError) as unknown_user:
            await change_roles(connection, replace(before, name="nobody"), *before.names("roles"), "%SQL")
        assert unknown_user.value.code == 838
        with pytest.raises(InstanceError) as unknown_role:
            await change_roles(connection, before, *before.names("roles"), "nonsense")
        assert unknown_role.value.code == 883


async def test_hostile_names_reach_the_instance_unharmed() -> None:
    async with serve() as served, connected(served) as connection:
        name = 'x"; DROP USER Admin; --\u202e[red]%'
        answer = await connection.call(ClassMethod("%SYSTEM.Version", "GetVersion"))
        assert answer.value
        admin = await held(connection, "Admin")
        with pytest.raises(InstanceError) as refused:
            await change_roles(connection, replace(admin, name=name), "%SQL")
        assert refused.value.code == 838
        with pytest.raises(InstanceError):
            await change_roles(connection, admin, name)
        assert served.user("admin").enabled
        assert identifier('a"b') == '"a""b"'


async def test_calls_of_every_kind_and_their_failures_in_one_batch() -> None:
    async with serve() as served, connected(served) as connection:
        answers = await connection.batch(
            [
                VERSION,
                ClassMethod("No.Such", "Method"),
                Query("SELECT Pid, NameSpace FROM %SYS.ProcessQuery", max_rows=3),
                Query("SELECT nonsense FROM %SYS.ProcessQuery"),
                Query("SELECT Name FROM Security.Users_List('*')", max_rows=0),
                ClassQuery("%SYSTEM.License:UserList", (), ("UserId", "LU")),
                ClassQuery("%SYSTEM.License:UserList"),
                ClassQuery("%SYSTEM.License:Nonsense"),
                ClassMethod("Security.Users", "GetRoleSet", ("SuperUser", Ref(""))),
                ObjectCall("Security.Users", "%OpenId", ("superuser",), (ObjectStep("get", "FullName"),)),
                ObjectCall("Security.Users", "%OpenId", ("nobody",), (ObjectStep("get", "FullName"),)),
                ObjectCall(
                    "Security.Users",
                    "%OpenId",
                    ("superuser",),
                    (ObjectStep("invoke", "Count", (), ("Roles",)),),
                ),
                VERSION,
            ]
        )
        (
            version,
            missing,
            some,
            no_column,
            all_users,
            named,
            unnamed,
            no_query,
            byref,
            got,
            absent,
            count,
            again,
        ) = answers
        assert not isinstance(version, Exception)
        assert not isinstance(again, Exception)
        assert version.value == again.value
        assert isinstance(missing, InstanceError)
        assert "<CLASS DOES NOT EXIST>" in missing.message
        assert not isinstance(some, Exception)
        assert some.rows is not None
        assert (some.rows.columns, len(some.rows.rows)) == (("Pid", "NameSpace"), 3)
        assert isinstance(no_column, InstanceError)
        assert no_column.code == -29
        assert not isinstance(all_users, Exception)
        assert all_users.rows is not None
        assert len(all_users.rows.rows) == len(served.world.tables.users)
        assert not isinstance(named, Exception)
        assert named.rows is not None
        assert named.rows.rows == [("127.0.0.1", 1)]
        assert not isinstance(unnamed, Exception)
        assert unnamed.rows is not None
        assert unnamed.rows.dicts()[0]["userid"] == "127.0.0.1"
        assert isinstance(no_query, InstanceError)
        assert not isinstance(byref, Exception)
        assert (byref.value, byref.refs) == (1, ("%All",))
        assert not isinstance(got, Exception)
        assert got.values == (served.user("superuser").full_name,)
        assert not isinstance(absent, Exception)
        assert absent.found is False
        assert not isinstance(count, Exception)
        assert count.values == (1,)


async def test_a_wrong_password_reaches_the_server_exactly_once() -> None:
    async with serve() as served:
        logins = served.count_requests(CONNECT)
        pauses = Pauses()
        pauses.free = True
        connection = Connection(served.target(), sleep=pauses)
        with pytest.raises(LoginRefused) as refused:
            await connection.connect("wrong-canary-7")
        assert connection.state.name == "refused"
        assert (
            "canary"
            not in f"{refused.value.message} {refused.value.detail} {connection.state} {connection!r}"
        )
        for _ in range(3):
            with pytest.raises(Unreachable):
                await connection.call(VERSION)
        assert (logins.fired, pauses.asked) == (1, [])
        await connection.disconnect()


async def test_a_password_refused_while_mending_ends_the_attempts() -> None:
    async with serve() as served:
        pauses = Pauses()
        pauses.free = True
        connection = Connection(served.target(), sleep=pauses)
        await connection.connect(PASSWORD)
        served.user(USER).enabled = False
        logins = served.count_requests(CONNECT)
        states = States(connection)
        served.faults.inject(Drop(), opcode=CLASS_METHOD_VALUE)
        with pytest.raises(Unreachable):
            await connection.call(VERSION)
        state = await states.until(lambda now: now.name == "refused")
        assert state.error in {"LoginRefused", "AccountDisabled"}
        assert (logins.fired, pauses.asked) == (1, [1.0])
        assert PASSWORD not in str(vars(connection))
        await connection.disconnect()


async def test_a_full_license_is_named() -> None:
    async with serve(units=1) as served:
        served.world.license.connect("10.0.0.99")
        connection = Connection(served.target())
        with pytest.raises(LicenseExhausted):
            await connection.connect(PASSWORD)
        assert connection.state.name == "refused"
        assert connection.state.error == "LicenseExhausted"


async def test_an_unknown_namespace_is_named() -> None:
    async with serve() as served:
        connection = Connection(served.target(namespace="NOSUCH"))
        with pytest.raises(NamespaceUnknown):
            await connection.connect(PASSWORD)


async def test_a_dead_port_and_another_service_are_named(unused_tcp_port: int) -> None:
    connection = Connection(Target("127.0.0.1", unused_tcp_port, "%SYS", USER, timeout=30))
    with pytest.raises(Unreachable) as nobody:
        await connection.connect(PASSWORD)
    assert "Nothing listens" in nobody.value.message
    assert connection.state.name == "off"

    async def web(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" + b" " * 64)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(web, "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]
        connection = Connection(Target("127.0.0.1", port, "%SYS", USER, timeout=30))
        with pytest.raises(NotAnInstance):
            await connection.connect(PASSWORD)
        assert connection.state.error == "NotAnInstance"


async def test_a_call_without_answer_costs_its_deadline_and_a_reconnect() -> None:
    async with serve() as served:
        pauses = Pauses()
        async with connected(served, sleep=pauses) as connection:
            states = States(connection)
            first = connection.driver_pid
            held = served.faults.inject(Hold(), opcode=CLASS_METHOD_VALUE)
            with pytest.raises(NoAnswer):
                await connection.call(VERSION, deadline=1.5)  # the driver gets it within that time
            assert held.fired == 1
            assert connection.state.name == "lost"
            assert connection.state.retry_in == 1.0
            with pytest.raises(Unreachable):
                await connection.call(VERSION)
            served.faults.clear()
            await pauses.pass_one()
            await states.until(lambda now: now.name == "connected")
            assert connection.driver_pid not in {None, first}
            assert (await connection.call(VERSION)).value
            assert states.names.count("connected") == 1
            assert held.fired == 1  # nothing was repeated


@pytest.mark.parametrize(
    "payload", [b"", b"\x0a\x01\x61", b"\x00", b"\xff" * 40, b"\x00\x00\x00\xff\xff\xff\x7f\x01"]
)
@pytest.mark.parametrize("status", [0, 0xCA00])
async def test_a_malformed_reply_costs_one_call_and_at_most_a_reconnect(payload: bytes, status: int) -> None:
    """Some of these crash the driver, some make it invent a value (facts: wire-protocol 2): neither may spread."""
    async with serve() as served:
        pauses = Pauses()
        async with connected(served, sleep=pauses) as connection:
            info = connection.info
            assert info is not None
            states = States(connection)
            fault = served.faults.inject(Malformed(payload, status=status), opcode=CLASS_METHOD_VALUE)
            with contextlib.suppress(Unreachable, InstanceError):
                await connection.call(VERSION, deadline=10)
            assert fault.fired == 1
            if connection.state.name == "lost":
                await pauses.pass_one()
                await states.until(lambda now: now.name == "connected")
            assert (await connection.call(VERSION)).value == info.zversion
            assert states.names.count("lost") <= 2  # lost, then trying: said once, not again and again


async def test_a_killed_driver_process_is_noticed_while_idle_and_replaced() -> None:
    async with serve() as served:
        pauses = Pauses()
        async with connected(served, sleep=pauses) as connection:
            states = States(connection)
            killed = connection.driver_pid
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            state = await states.until(lambda now: now.name == "lost")
            assert state.error == "DriverCrashed"
            await pauses.pass_one()
            await states.until(lambda now: now.name == "connected")
            assert (await connection.call(VERSION)).value
            assert connection.driver_pid != killed


async def test_a_driver_process_killed_in_a_call_fails_that_call_by_name() -> None:
    async with serve() as served, connected(served) as connection:
        held = served.faults.inject(Hold(), opcode=CLASS_METHOD_VALUE)
        call = asyncio.create_task(connection.call(VERSION))
        await held.wait_fired()
        assert connection.driver_pid is not None
        os.kill(connection.driver_pid, signal.SIGKILL)
        with pytest.raises(DriverCrashed) as crashed:
            await call
        assert "SIGKILL" in crashed.value.detail
        held.release()


async def test_an_instance_that_goes_and_returns_is_met_again_with_growing_pauses() -> None:
    async with serve() as served:
        pauses = Pauses()
        async with connected(served, sleep=pauses) as connection:
            states = States(connection)
            await served.server.close_port()
            for each in served.server.connections:
                each.drop()
            with pytest.raises(Unreachable):
                await connection.call(VERSION)
            for _ in range(7):
                await pauses.pass_one()
            await until(lambda: len(pauses.asked) == 8)
            assert pauses.asked == [1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0]
            assert [state.retry_in for state in states.seen if state.retry_in] == pauses.asked
            assert set(states.names) == {"lost"}
            await served.server.open_port()
            await pauses.pass_one()
            await states.until(lambda now: now.name == "connected")
            assert (await connection.call(VERSION)).value


async def test_disconnect_logs_out_and_is_safe_twice() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        await connection.warm()
        await connection.connect(PASSWORD)
        assert len(served.server.connections) == 1
        assert served.world.license_counts().consumed == 1
        await connection.disconnect()
        await connection.disconnect()
        assert connection.state.name == "off"
        assert (
            served.world.license_counts().consumed == 0
        )  # a clean logout: no unit is held for a vanished client
        with pytest.raises(Unreachable):
            await connection.call(VERSION)
        await connection.connect(PASSWORD)
        assert (await connection.call(VERSION)).value
        await connection.disconnect()


async def test_disconnect_does_not_wait_for_a_call_that_never_returns() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        await connection.connect(PASSWORD)
        held = served.faults.inject(Hold(), opcode=CLASS_METHOD_VALUE)
        call = asyncio.create_task(connection.call(VERSION, deadline=3600))
        await held.wait_fired()
        await connection.disconnect()
        with pytest.raises(Unreachable):
            await call
        assert connection.state.name == "off"


async def test_missing_privileges_are_named() -> None:
    async with serve() as served:
        served.user("admin").roles = ["%Developer", "%DB_IRISSYS"]
        give_password(served.world.tables, "Admin", PASSWORD, served.world.chance)
        connection = Connection(served.target(user="Admin"))
        try:
            await connection.connect(PASSWORD)
            with pytest.raises(NotPermitted) as refused:
                await lists.list_users(connection)
            assert "%Admin_Secure:U" in refused.value.privilege
            with pytest.raises(NotPermitted) as no_sessions:
                await sessions.list_sessions(connection)
            assert "%Admin_Operate" in no_sessions.value.privilege
            board = await licensing.read_board(connection)
            assert sum(holder.units for holder in board.holders) == board.counts.consumed == 1
            assert any("%Admin_Operate" in note for note in board.notes)
        finally:
            await connection.disconnect()


async def test_units_come_back_when_the_board_said() -> None:
    clock = ManualClock()
    async with serve(units=20, clock=clock) as served, connected(served) as connection:
        world = served.world
        for pages in (1, 3):
            world.open_session("/csp/user", Visitor("192.0.2.7"), pages=pages)
            clock.advance(61)
        for application in ("/csp/sys", "/api/atelier"):
            world.open_session(application, Visitor("192.0.2.8", "Admin"), pages=2)
        board = await licensing.read_board(connection, now=world.now())
        assert sum(holder.units for holder in board.holders) == board.counts.consumed == 4
        assert [(holder.kind, holder.units) for holder in board.holders] == [
            ("web", 2),
            ("this tool", 1),
            ("web", 1),
        ]
        releases = sorted((holder.free_at, holder.units) for holder in board.holders if holder.free_at)
        assert len(releases) == 2
        consumed = 4
        # Of the two without a login the board tells the last; the other goes before it.
        for free_at, units in releases:
            clock.advance((free_at - world.now()).total_seconds() - 1)
            world.tick()
            assert world.license_counts().consumed == consumed - units + 1
            clock.advance(1)
            world.tick()
            consumed -= units
            assert world.license_counts().consumed == consumed
        left = await licensing.read_board(connection, now=world.now())
        assert [holder.kind for holder in left.holders] == ["this tool"]


async def start_simulator(port: int = 0) -> tuple[asyncio.subprocess.Process, dict[str, Any]]:
    """The simulator as a program, and the line that it prints when it is ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "irisops.simulator", "--port", str(port), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    ready: dict[str, Any] = json.loads(await process.stdout.readline())
    return process, ready


async def test_a_killed_simulator_is_noticed_by_the_poll_and_met_again_when_it_is_back() -> None:
    simulator, ready = await start_simulator()
    pauses = Pauses()
    connection = Connection(
        Target("127.0.0.1", ready["superserver"], "%SYS", ready["username"]), sleep=pauses
    )
    try:
        await connection.connect(ready["password"])
        states = States(connection)
        poller = Poller(connection)
        assert (await poller.poll()).units_used is not None
        simulator.kill()
        await simulator.wait()
        with pytest.raises(Unreachable):
            await poller.poll()
        assert connection.state.name == "lost"
        simulator, _ = await start_simulator(ready["superserver"])
        await pauses.pass_one()
        await states.until(lambda now: now.name == "connected")
        assert (await poller.poll()).units_used is not None
        assert [name for name in states.names if name != "lost"] == ["connected"]
    finally:
        await connection.disconnect()
        simulator.terminate()
        await simulator.wait()
