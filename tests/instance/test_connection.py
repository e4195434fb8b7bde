"""A connection: separate calls, growing pauses, and results or errors for all calls however it ends."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from irisops.instance.calls import Answer, ClassMethod, ClassQuery, Query
from irisops.instance.connection import STEADY_SECONDS, Connection, State, Target
from irisops.instance.errors import InstanceError, LoginRefused, NotAvailable, Unreachable
from irisops.simulator.wire.faults import CLASS_METHOD_VALUE, CONNECT, Drop, Hold
from tests.instance.served import PASSWORD, USER, Pauses, States, serve, until, without_the_driver

VERSION = ClassMethod("%SYSTEM.Version", "GetVersion")
PID = ClassMethod("%SYSTEM.SYS", "ProcessID")
COUNT = Query("SELECT COUNT(*) AS N FROM %SYS.ProcessQuery")


async def test_calls_from_many_sides_get_their_own_answers() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        info = await connection.connect(PASSWORD)
        answers = await asyncio.gather(*(connection.call((VERSION, PID, COUNT)[n % 3]) for n in range(60)))
        for number, answer in enumerate(answers):
            if number % 3 == 0:
                assert answer.value == info.zversion
            elif number % 3 == 1:
                assert answer.value == info.pid
            else:
                assert answer.rows is not None
                assert answer.rows.rows == [(len(served.world.processes),)]
        await connection.disconnect()


async def test_an_empty_batch_costs_nothing() -> None:
    connection = Connection(Target("192.0.2.1", 1, "%SYS", USER))
    assert await connection.batch([]) == []


async def test_a_call_that_is_cancelled_before_its_turn_is_never_made() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        await connection.connect(PASSWORD)
        held = served.faults.inject(Hold(), opcode=CLASS_METHOD_VALUE)
        first = asyncio.create_task(connection.call(VERSION))
        await held.wait_fired()
        requests = served.count_requests()
        waiting = asyncio.create_task(connection.call(COUNT))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        held.release()
        assert (await first).value
        assert requests.fired == 0
        await connection.disconnect()


async def test_a_call_that_is_cancelled_in_its_turn_keeps_it_until_done() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        info = await connection.connect(PASSWORD)
        held = served.faults.inject(Hold(), opcode=CLASS_METHOD_VALUE)
        given_up = asyncio.create_task(connection.call(VERSION))
        await held.wait_fired()
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        following = asyncio.create_task(connection.call(PID))
        held.release()
        assert (await following).value == info.pid
        assert connection.state.name == "connected"
        await connection.disconnect()


async def test_connecting_again_leaves_one_login_only() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        await connection.connect(PASSWORD)
        first = connection.driver_pid
        await connection.connect(PASSWORD)
        assert connection.driver_pid != first
        await until(lambda: len(served.server.connections) == 1)
        assert served.world.license_counts().connections == 1
        await connection.disconnect()


async def test_a_login_that_nobody_waits_for_any_more_is_undone() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        held = served.faults.inject(Hold(), opcode=CONNECT)
        connecting = asyncio.create_task(connection.connect(PASSWORD))
        await held.wait_fired()
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        assert connection.state.name == "off"
        held.release()
        await until(lambda: not served.server.connections)
        await connection.disconnect()


async def test_pauses_grow_while_it_does_not_hold_and_start_anew_when_it_did() -> None:
    now = 1000.0
    async with serve() as served:
        pauses = Pauses()
        connection = Connection(served.target(), sleep=pauses, monotonic=lambda: now)
        states = States(connection)
        await connection.connect(PASSWORD)

        async def break_and_mend() -> None:
            served.faults.inject(Drop(), opcode=CLASS_METHOD_VALUE)
            with pytest.raises(Unreachable):
                await connection.call(VERSION)
            await pauses.pass_one()
            await states.until(lambda state: state.name == "connected")

        for _ in range(3):
            await break_and_mend()
        assert pauses.asked == [1.0, 2.0, 4.0]
        now += STEADY_SECONDS
        await break_and_mend()
        assert pauses.asked[3:] == [1.0]
        await connection.disconnect()


async def test_disconnecting_while_it_is_mended_ends_the_mending() -> None:
    async with serve() as served:
        connection = Connection(served.target(), sleep=Pauses())
        await connection.connect(PASSWORD)
        served.faults.inject(Drop(), opcode=CLASS_METHOD_VALUE)
        with pytest.raises(Unreachable):
            await connection.call(VERSION)
        logins = served.count_requests(CONNECT)
        await connection.disconnect()
        assert connection.state.name == "off"
        assert (logins.fired, connection.driver_pid) == (0, None)


async def test_listeners_hear_each_change_once_until_they_stop() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        heard: list[State] = []
        stop = connection.listen(heard.append)
        await connection.connect(PASSWORD)
        stop()
        stop()
        await connection.disconnect()
        assert [state.name for state in heard] == ["connecting", "connected"]


async def test_the_password_is_in_no_repr_and_forgotten_at_the_end() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        await connection.connect(PASSWORD)
        seen = f"{connection!r} {connection.target!r} {connection.state!r} {connection.info!r}"
        assert PASSWORD not in seen
        await connection.disconnect()
        assert PASSWORD not in str(vars(connection))


async def test_a_refused_password_is_forgotten_at_once() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        with pytest.raises(LoginRefused):
            await connection.connect("wrong-canary-8")
        assert "wrong-canary-8" not in str(vars(connection))
        await connection.connect(PASSWORD)
        assert connection.state.name == "connected"
        await connection.disconnect()


async def test_a_driver_that_cannot_be_started_or_loaded_is_named() -> None:
    target = Target("127.0.0.1", 1, "%SYS", USER)
    absent = Connection(target, command=("/no/such/program",))
    await absent.warm()
    with pytest.raises(NotAvailable, match="could not be started"):
        await absent.connect("x")
    bare = Connection(target, command=without_the_driver())
    await bare.warm()
    with pytest.raises(NotAvailable, match="does not load") as unusable:
        await bare.connect("x")
    assert "intersystems-irispython" in unusable.value.cure


async def test_a_failed_call_in_a_batch_stands_in_its_place() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        await connection.connect(PASSWORD)
        bad, good = await connection.batch([ClassMethod("%SYSTEM.Version", "Nonsense"), VERSION])
        assert isinstance(bad, InstanceError)
        assert isinstance(good, Answer)
        with pytest.raises(InstanceError):
            await connection.call(ClassMethod("%SYSTEM.Version", "Nonsense"))
        assert connection.state.name == "connected"
        await connection.disconnect()


async def test_a_process_started_ahead_that_died_meanwhile_is_replaced() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        await connection.warm()
        assert connection.driver_pid is not None
        os.kill(connection.driver_pid, signal.SIGKILL)
        await until(lambda: connection.driver_pid is None)
        await connection.connect(PASSWORD)
        assert (await connection.call(VERSION)).value
        await connection.disconnect()


async def test_a_class_dictionary_that_never_answers_does_not_fail_the_login() -> None:
    async with serve() as served:
        connection = Connection(served.target(), dictionary_seconds=0.2)
        held = served.faults.inject(Hold(), opcode=b"DQ")
        info = await connection.connect(PASSWORD)
        assert held.fired
        assert (connection.state.name, info.namespace) == ("connected", "%SYS")
        assert "gave no answer in time" in connection.capabilities.note
        assert (await connection.call(VERSION)).value == info.zversion
        held.release()
        await until(lambda: len(served.server.connections) == 1)
        await connection.disconnect()


async def test_by_cells_only_the_wanted_columns_that_the_query_has_are_read() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        await connection.connect(PASSWORD)
        query = ClassQuery("Security.Users:List", ("*",), wanted=("roles", "Name", "Nonsense"))
        answer = await connection.call(query)
        assert answer.rows is not None
        assert answer.rows.columns == ("Name", "Roles")
        assert ("_SYSTEM", "%All") in answer.rows.rows
        whole = await connection.call(ClassQuery("Security.Users:List", ("*",)))
        assert whole.round_trips > answer.round_trips
        await connection.disconnect()
