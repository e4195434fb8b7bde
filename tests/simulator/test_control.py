from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from irisops.simulator.backend import LoginRefusedError, LoginRequest, ObjectRef, ThrownError
from irisops.simulator.control import OPERATIONS, Control, ControlError, ControlServer, describe
from irisops.simulator.runtime import Runtime
from irisops.simulator.wire.faults import (
    CorruptSequence,
    Delay,
    Drop,
    Fault,
    Faults,
    Hold,
    Malformed,
    Truncate,
)
from irisops.simulator.wire.server import SuperServer
from irisops.simulator.world.clock import ManualClock, SteerableClock
from irisops.simulator.world.scenarios import build_world
from irisops.simulator.world.world import World


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def control(faults: Faults) -> Control:
    async def restart(scenario: str, seed: int) -> World:
        return build_world(scenario, clock=SteerableClock(ManualClock()), seed=seed)

    world = build_world("quiet", clock=SteerableClock(ManualClock()))
    return Control(world, faults, restart=restart)


@pytest.fixture
async def server(control: Control) -> AsyncIterator[ControlServer]:
    server = ControlServer(control)
    await server.start()
    yield server
    await server.stop()


async def ask(server: ControlServer, **request: Any) -> Any:
    return await server.answer(json.dumps({"token": server.token, **request}).encode())


def test_advancing_makes_due_things_happen(control: Control) -> None:
    session = control.open_session("/csp/user", "10.0.0.5", "ana", 2)
    assert control.advance(899)["sessions"] == 1
    assert control.advance(1)["sessions"] == 0
    assert not control.close_session(session)


def test_freezing_shows_in_the_status(control: Control) -> None:
    assert control.freeze()["frozen"]
    assert not control.thaw()["frozen"]


def test_a_session_ends_as_by_logout_or_as_by_an_administrator(control: Control) -> None:
    first, second = control.open_session(pages=2), control.open_session(pages=2)
    assert control.close_session(first)
    assert control.close_session(second, admin=True)
    assert control.status()["sessions"] == 1
    assert control.advance(2)["sessions"] == 0


def test_filling_the_license_locks_everybody_out(control: Control) -> None:
    assert control.fill_license(leave=1) == 254  # of 256; the scenario's terminal has one
    control.open_session(client_ip="10.0.0.6")
    with pytest.raises(ControlError, match="No license unit is free"):
        control.open_session(client_ip="10.0.0.6")
    assert control.fill_license() == 0
    with pytest.raises(ControlError, match="0 or more"):
        control.fill_license(-1)


def test_failed_logins_count_on_the_account(control: Control) -> None:
    assert control.fail_logins("reader", 3) == 3
    assert control.world.audit_log.records[-1].event == "LoginFailure"
    assert control.fail_logins("nobody") == 0


def test_a_refusal_can_say_anything_or_nothing_and_is_put_right_again(control: Control) -> None:
    control.world.users.get("reader").enabled = False  # type: ignore[union-attr]
    request = LoginRequest("USER", "reader", "x", "", "", "", "127.0.0.1", 1)
    for text in ("Access Denied", None):
        control.refusal_text("disabled", text)
        with pytest.raises(LoginRefusedError) as caught:
            control.world.login(request)
        assert caught.value.text == text
    control.clear_faults()
    with pytest.raises(LoginRefusedError, match="User reader account is disabled"):
        control.world.login(request)
    with pytest.raises(ControlError, match="disabled"):
        control.refusal_text("nonsense")


@pytest.mark.parametrize(
    ("name", "arguments", "fault"),
    [
        ("drop", {"reset": True, "before": True}, Drop(reset=True, before=True)),
        ("delay", {"seconds": 1.5}, Delay(1.5)),
        ("stall", {}, Hold()),
        ("truncate", {"keep": 7, "close": False}, Truncate(7, close=False)),
        ("corrupt_sequence", {}, CorruptSequence()),
        ("malform", {"payload": "0a 01 61"}, Malformed(b"\x0a\x01\x61")),
    ],
)
async def test_each_fault_reaches_the_wire(
    server: ControlServer, faults: Faults, name: str, arguments: dict[str, Any], fault: Fault
) -> None:
    assert (await ask(server, do=name, times=2, **arguments))["ok"]
    taken = [faults.take(1, b"CN") for _ in range(3)]
    assert [injection.fault if injection else None for injection in taken] == [fault, fault, None]


async def test_faults_can_be_cleared(server: ControlServer, faults: Faults) -> None:
    await ask(server, do="stall", times=None)
    await ask(server, do="refuse_connections")
    await ask(server, do="clear_faults")
    assert not faults
    assert not faults.refuse_connections


async def test_restarting_serves_another_world(server: ControlServer) -> None:
    answer = await ask(server, do="restart", scenario="full", seed=3)
    assert (answer["result"]["limit"], answer["result"]["available"]) == (8, 0)
    answer = await ask(server, do="restart", scenario="nonsense")
    assert not answer["ok"]
    assert "home" in answer["error"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nonsense", "one JSON object per line"),
        (b"[1]", "one JSON object per line"),
        (b"{}", "token"),
        (b'{"token": "wrong", "do": "status"}', "token"),
        (b'{"token": 5, "do": "status"}', "token"),
    ],
)
async def test_without_the_token_nothing_is_done(server: ControlServer, line: bytes, said: str) -> None:
    answer = await server.answer(line)
    assert not answer["ok"]
    assert said in answer["error"]
    assert server.token not in answer["error"]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"do": "explode"}, "no operation 'explode'"),
        ({"do": "__init__"}, "no operation"),
        ({"do": ["status"]}, "no operation"),
        ({"do": "advance"}, "'seconds' is missing"),
        ({"do": "advance", "seconds": "5"}, "'seconds' must be float"),
        ({"do": "advance", "seconds": True}, "'seconds' must be float"),
        ({"do": "advance", "seconds": -5}, "forward only"),
        ({"do": "advance", "hours": 5}, "no argument 'hours'"),
        ({"do": "stall", "times": 0}, "1 or more"),
        ({"do": "malform", "payload": "xyz"}, "hexadecimal"),
        ({"do": "open_session", "application": "/nowhere"}, "Choose one of: /csp/sys"),
        ({"do": "drop_connections"}, "no superserver"),
    ],
)
async def test_mistakes_are_explained(server: ControlServer, request_: dict[str, Any], said: str) -> None:
    answer = await ask(server, **request_)
    assert not answer["ok"]
    assert said in answer["error"]


async def test_help_lists_every_operation_with_its_arguments(server: ControlServer) -> None:
    answer = await ask(server, do="help")
    assert answer["result"] == describe()
    assert set(answer["result"]) == set(OPERATIONS)
    assert answer["result"]["advance"]["arguments"].startswith("seconds: ")
    assert all(each["does"] for each in answer["result"].values())


async def test_the_socket_answers_line_by_line_and_bounds_a_line(server: ControlServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for seconds in (1, 2):
        writer.write(
            json.dumps({"token": server.token, "do": "advance", "seconds": seconds}).encode() + b"\n"
        )
        assert json.loads(await reader.readline())["ok"]
    writer.write(b"x" * 100_000 + b"\n")
    assert "at most" in json.loads(await reader.readline())["error"]
    assert await reader.read() == b""
    writer.close()
    assert server.token not in repr(server)


async def test_stopping_ends_open_connections_quietly(control: Control) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    server = ControlServer(control)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(json.dumps({"token": server.token, "do": "status"}).encode() + b"\n")
    await reader.readline()
    await server.stop()
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 20) == b""
    writer.close()
    await asyncio.sleep(0)
    assert complaints == []
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.port


def test_a_world_whose_clock_cannot_be_steered_says_so() -> None:
    control = Control(World(ManualClock()))
    for attempt in (lambda: control.advance(1), control.freeze, control.stall):
        with pytest.raises(ControlError):
            attempt()


async def test_open_connections_are_dropped_at_once(control: Control) -> None:
    superserver = SuperServer(Runtime(control.world))
    await superserver.start()
    try:
        steered = Control(control.world, Faults(), superserver)
        reader, writer = await asyncio.open_connection("127.0.0.1", superserver.port)
        while not superserver.connections:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0)
        assert steered.status()["connections"] == 1
        assert steered.drop_connections() == 1
        assert await asyncio.wait_for(reader.read(), 20) == b""
        writer.close()
    finally:
        await superserver.stop()


def test_terminating_ends_a_users_process_but_no_daemon(control: Control) -> None:
    world = control.world
    user = next(process for process in world.processes.values() if process.kind == "user")
    daemon = next(process for process in world.processes.values() if process.kind == "system")
    assert control.terminate(user.pid)
    assert not control.terminate(daemon.pid)
    assert (user.pid in world.processes, daemon.pid in world.processes) == (False, True)
    assert world.license_counts().consumed == 0


def test_clients_lose_the_function_that_ends_sessions_and_get_it_back(control: Control) -> None:
    runtime = Runtime(control.world)
    account = control.world.accounts[0]
    job = runtime.login(
        LoginRequest("%SYS", account.username, account.password, "", "", "test", "10.0.0.1", 50000)
    )
    session = control.open_session("/csp/user", "10.0.0.5", "ana", 2)
    assert control.doubt("function", "refused") == "refused"
    with pytest.raises(ThrownError, match="<NOROUTINE>"):
        job.function("DeleteSession", "%SYS.cspServer", [session])
    control.doubt("function", "allowed")
    assert job.function("DeleteSession", "%SYS.cspServer", [session]) == 1


def test_clients_lose_the_relationship_that_privileges_are_changed_by_and_get_it_back(
    control: Control,
) -> None:
    account = control.world.accounts[0]
    request = LoginRequest("%SYS", account.username, account.password, "", "", "test", "10.0.0.1", 50000)
    job = Runtime(control.world).login(request)
    role = job.class_method("Security.Roles", "%OpenId", ["%developer"])
    assert isinstance(role, ObjectRef)
    resources = job.get_property(role.number, "Resources")
    assert isinstance(resources, ObjectRef)
    control.doubt("role-resources", "refused")
    with pytest.raises(ThrownError, match="<INVALID OREF>"):
        job.invoke(resources.number, "Count", [])
    control.doubt("role-resources", "editable")
    assert job.invoke(resources.number, "Count", []) != 0
