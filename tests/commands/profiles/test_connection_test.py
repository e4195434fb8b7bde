from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Problem, Table
from irisops.instance.errors import (
    InstanceProblem,
    LicenseExhausted,
    LoginRefused,
    NamespaceUnknown,
    NotAnInstance,
    NotPermitted,
    PasswordChangeRequired,
    Unreachable,
)
from irisops.instance.failures import connect_failure
from tests.commands.fakes import World
from tests.silent_web import KINDS, odd_server


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A port that accepts connections; the driver itself is faked."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


@pytest.fixture
async def world(tmp_path: Path, port: int) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.say(f"/profile add a host=127.0.0.1 port={port} user=bob")
    yield made
    await made.session.close()


async def run(world: World, line: str = "/profile test a") -> tuple[dict[str, str], Problem | Done]:
    _, table, last = await world.say(line)
    assert isinstance(table, Table)
    assert isinstance(last, Problem | Done)
    return {str(row["name"]): str(row["result"]) for row in table.rows}, last


async def test_a_profile_that_works_is_left_as_it_was(world: World) -> None:
    steps, last = await run(world, "test the profile a")
    assert isinstance(last, Done)
    assert steps == {
        "name": "✓ ok", "port": "✓ ok", "protocol": "✓ ok", "tls": "– not used", "login": "✓ ok",
        "namespace": "✓ ok", "privilege": "✓ ok", "web": "– not used",
    }  # fmt: skip
    assert world.session.hub.active is None
    assert world.connection.closed == 1
    await world.say("/connect a")
    await run(world)
    assert world.connection.closed == 1, "a login that was there stays"


@pytest.mark.parametrize(
    ("refusal", "step", "cure"),
    [
        (NotAnInstance("no"), "protocol", "superserver"),
        (Unreachable("The TLS handshake failed.", "Set sslconfig"), "tls", "sslconfig"),
        (LoginRefused("no"), "login", "password"),
        (LicenseExhausted("full"), "login", "/locked"),
        (NamespaceUnknown("no"), "namespace", "%SYS"),
        (NotPermitted("no", privilege="%Service_Bindings:U"), "privilege", "%Service_Bindings:U"),
    ],
)
async def test_names_the_step_that_failed_with_its_cure(
    world: World, refusal: InstanceProblem, step: str, cure: str
) -> None:
    world.instance.refuse = refusal
    steps, last = await run(world)
    assert isinstance(last, Problem)
    assert cure in last.cure
    failed = [name for name, result in steps.items() if result == "✕ failed"]
    assert failed == [step]
    names = list(steps)
    assert all(steps[name] in ("✓ ok", "– not used") for name in names[: names.index(step)])
    assert all(steps[name] == "– not reached" for name in names[names.index(step) + 1 :])


async def answering(head: str, body: str = "") -> asyncio.Server:
    """A web server that says the same to every request."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.0 {head}\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("head", "body", "result", "said"),
    [
        ("200 OK", "iris_license_consumed 3\n", "✓ ok", "serves the metrics of an IRIS"),
        ("401 Unauthorized", "", "✓ ok", "wants a login"),
        ("404 Not Found", "", "✕ failed", "path_prefix"),
    ],
)
async def test_the_web_port_is_asked_without_a_login(
    world: World, head: str, body: str, result: str, said: str
) -> None:
    async with await answering(head, body) as server:
        await world.say(f"/profile edit a web_port={server.sockets[0].getsockname()[1]}")
        _, table, last = await world.say("/profile test a")
    assert isinstance(table, Table)
    row = table.rows[-1]
    assert (row["name"], row["result"]) == ("web", result)
    assert said in (last.cure if isinstance(last, Problem) else str(row["detail"]))
    assert isinstance(last, Done if result == "✓ ok" else Problem)


async def test_a_web_port_on_which_nothing_listens_fails_the_test(world: World, unused_tcp_port: int) -> None:
    port = unused_tcp_port
    await world.say(f"/profile edit a web_port={port}")
    steps, last = await run(world)
    assert isinstance(last, Problem)
    assert f"The web port {port} of 127.0.0.1 does not answer" in last.message
    assert (steps["privilege"], steps["web"]) == ("✓ ok", "✕ failed")


async def test_an_expired_password_gives_the_exact_command(world: World, port: int) -> None:
    world.instance.refuse = PasswordChangeRequired("change it")
    _, last = await run(world)
    assert isinstance(last, Problem)
    assert '##class(Security.Users).UnExpireUserPasswords("bob")' in last.cure
    await world.say(f"/profile add docker:iris-1 host=127.0.0.1 port={port} user=_SYSTEM")
    _, last = await run(world, "/profile test docker:iris-1")
    assert isinstance(last, Problem)
    assert "docker exec iris-1 iris session IRIS -U %SYS" in last.cure
    assert "/password" not in last.cure


async def test_connecting_gives_the_same_command(world: World) -> None:
    world.instance.refuse = PasswordChangeRequired("change it")
    problem = (await world.say("/connect a"))[-1]
    assert isinstance(problem, Problem)
    assert '##class(Security.Users).UnExpireUserPasswords("bob")' in problem.cure


async def test_an_expired_password_can_be_changed_by_another_login(world: World, port: int) -> None:
    await world.say(f"/profile add boss host=127.0.0.1 port={port} user=_SYSTEM")
    await world.say("/connect boss")
    world.instance.refuse = PasswordChangeRequired("change it")
    _, last = await run(world)
    assert isinstance(last, Problem)
    assert last.suggestions == ["/on boss /password bob"]
    assert last.cure.startswith("Change it from here, through another login to the same instance")
    assert "UnExpireUserPasswords" in last.cure


async def test_a_login_that_could_be_made_is_offered_first(world: World, port: int) -> None:
    await world.say(f"/profile add boss host=localhost port={port} user=_SYSTEM")
    await world.say(f"/profile add looker host=127.0.0.1 port={port} user=_SYSTEM read_only=yes")
    await world.say(f"/profile add elsewhere host=127.0.0.1 port={port + 1} user=_SYSTEM")
    world.instance.refuse = PasswordChangeRequired("change it")
    problem = (await world.say("/connect a"))[-1]
    assert isinstance(problem, Problem)
    assert problem.suggestions == ["/connect boss", "/on boss /password bob"]


@pytest.mark.parametrize(
    ("name", "fields", "said"),
    [
        (
            "podman:iris-1",
            "host=127.0.0.1",
            "On the host: podman exec iris-1 iris session IRIS -U %SYS '##class(",
        ),
        ("clinic", "host=10.0.0.7", "On 10.0.0.7: iris session INSTANCE -U %SYS '##class("),
        ("here", "host=localhost", "On this machine: iris session INSTANCE -U %SYS '##class("),
        (
            "web",
            "host=10.0.0.7 web_port=52773",
            "Or log in to http://10.0.0.7:52773/csp/sys/UtilHome.csp as eve",
        ),
        (
            "prefixed",
            "host=::1 web_port=443 web_scheme=https path_prefix=/iris-a",
            "Or log in to https://[::1]:443/iris-a/csp/sys/UtilHome.csp as eve",
        ),
    ],
)
async def test_the_command_is_the_one_for_the_kind_of_host(
    world: World, name: str, fields: str, said: str
) -> None:
    await world.say(f"/profile add {name} {fields} port=1 user=eve")
    world.instance.refuse = PasswordChangeRequired("change it")
    problem = (await world.say(f"/connect {name}"))[-1]
    assert isinstance(problem, Problem)
    assert said in problem.cure


async def test_a_web_port_is_recognised(world: World) -> None:
    problem = NotAnInstance("Something answers there, but it is not an IRIS superserver.")
    world.instance.refuse = problem
    _, last = await run(world)
    assert isinstance(last, Problem)
    assert "web port" in last.cure


RESET = (
    "<COMMUNICATION LINK ERROR> Failed to connect to server; Details: Error code: 110 Communication timed out"
)


@pytest.mark.parametrize(
    "problem",
    [
        NotAnInstance("Something answers there, but it is not an IRIS superserver."),
        connect_failure(RESET, elapsed=10, timeout=10),
        connect_failure(RESET, elapsed=0, timeout=10),
    ],
    ids=["answers", "waits", "hangs up"],
)
async def test_a_web_port_that_answers_waits_or_hangs_up(
    world: World, port: int, problem: InstanceProblem
) -> None:
    await world.say(f"/profile edit a web_port={port}")
    world.instance.refuse = problem
    for told in ((await run(world))[1], (await world.say("/connect a"))[-1]):
        assert isinstance(told, Problem)
        assert "web port" in told.cure
        assert f"/profile edit a port=1972 web_port={port}" in told.cure
    await world.say("/profile add b host=127.0.0.1 port=52773 user=bob")
    told = (await world.say("/connect b"))[-1]
    assert isinstance(told, Problem)
    assert "/profile edit b port=1972 web_port=52773" in told.cure
    told = (await world.say("/connect iris://bob@127.0.0.1:57772/USER"))[-1]
    assert isinstance(told, Problem)
    assert "/connect iris://bob@127.0.0.1:1972/USER" in told.cure


SILENT = {
    "answers": NotAnInstance("Something answers there, but it is not an IRIS superserver."),
    "waits": connect_failure(RESET, elapsed=10, timeout=10),
    "hangs up": connect_failure(RESET, elapsed=0, timeout=10),
}


@pytest.mark.parametrize("problem", SILENT.values(), ids=SILENT)
async def test_a_web_server_on_any_port_is_recognised(world: World, problem: InstanceProblem) -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.read(4096)
        asked.append(head)
        if head:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 300\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        web = server.sockets[0].getsockname()[1]
        await world.say(f"/profile add w host=127.0.0.1 port={web} user=bob")
        world.instance.refuse = problem
        for told in ((await run(world, "/profile test w"))[1], (await world.say("/connect w"))[-1]):
            assert isinstance(told, Problem)
            assert f"/profile edit w port=1972 web_port={web}" in told.cure
            assert f"{web} is a web port" in told.cure or f"web server answers on port {web}" in told.cure
    assert len([head for head in asked if head.startswith(b"HEAD / HTTP/1.0\r\n")]) == 2
    assert b"bob" not in b"".join(asked)


@pytest.mark.parametrize("problem", SILENT.values(), ids=SILENT)
@pytest.mark.parametrize("kind", KINDS[:-1])
async def test_a_port_on_which_nothing_known_answers_is_named_with_the_setting(
    world: World, kind: str, problem: InstanceProblem
) -> None:
    async with odd_server(kind) as port:
        await world.say(f"/profile add s host=127.0.0.1 port={port} user=bob")
        world.instance.refuse = problem
        told = (await world.say("/connect s"))[-1]
    assert isinstance(told, Problem)
    if isinstance(problem, NotAnInstance):
        assert f"Port {port} is another program's." in told.cure
    else:
        assert f"If {port} is not the superserver's port (1972 by default)" in told.cure
    assert told.cure.endswith(": /profile edit s port=1972")


async def test_the_usual_port_of_a_superserver_is_not_asked_by_http(world: World) -> None:
    await world.say("/profile add usual host=127.0.0.1 port=1972 user=bob")
    world.instance.refuse = connect_failure(RESET, elapsed=10, timeout=10)
    told = (await world.say("/connect usual"))[-1]
    assert isinstance(told, Problem)
    assert "port=" not in told.cure


async def test_another_port_that_is_silent_is_no_web_port(world: World) -> None:
    world.instance.refuse = connect_failure(RESET, elapsed=0, timeout=10)
    _, told = await run(world)
    assert isinstance(told, Problem)
    assert "web port" not in told.cure


async def test_a_closed_port_and_an_unknown_host(world: World) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        await world.say(f"/profile edit a port={held.getsockname()[1]}")
        steps, last = await run(world)
    assert isinstance(last, Problem)
    assert last.error == "PortClosed"
    assert (steps["name"], steps["port"], steps["login"]) == ("✓ ok", "✕ failed", "– not reached")
    await world.say("/profile edit a host=no-such-host.invalid")
    steps, last = await run(world)
    assert isinstance(last, Problem)
    assert last.error == "HostUnknown"
    assert steps["name"] == "✕ failed"
    assert world.instance.logins == []


async def test_without_a_name_the_active_one_is_tested(world: World) -> None:
    (problem,) = await world.say("/profile test")
    assert isinstance(problem, Problem)
    assert problem.error == "WhichProfile"
    await world.say("/connect a")
    _, last = await run(world, "/profile test")
    assert isinstance(last, Done)
