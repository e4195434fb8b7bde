"""The SysAdmin API: one login, untrusted answers, and the two web session routes through it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.instance.admin_api import AdminApi
from irisops.instance.capabilities import Capabilities
from irisops.instance.connection import Connection
from irisops.instance.errors import (
    InstanceError,
    InstanceProblem,
    NotAvailable,
    NotPermitted,
    Unreachable,
)
from irisops.instance.features import SESSIONS_BY_REST
from irisops.instance.usage.sessions import end_session, list_sessions
from irisops.instance.web import WebAddress
from irisops.simulator.web.server import WebServer
from irisops.simulator.world.model import Permission, Role, User
from irisops.simulator.world.sessions import Visitor
from tests.instance.fake_instance import FakeInstance, everything
from tests.instance.served import PASSWORD, USER, Served, serve

LOGIN = {"access_token": "token-1", "refresh_token": "r"}


@dataclass
class Script:
    """Answers of a scripted web server, by "METHOD /path", and the requests it got."""

    answers: dict[str, Any]
    seen: list[tuple[str, str, bytes]] = field(default_factory=list)
    """(method and target, authorization, body)."""

    def asked(self, what: str) -> int:
        return sum(line.startswith(what) for line, _, _ in self.seen)


def reply(status: int, content: object = None, **headers: str) -> bytes:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\n{extra}\r\n".encode() + body


def envelope(result: object, *errors: object) -> dict[str, object]:
    return {"status": {"errors": list(errors), "summary": ""}, "console": [], "result": result}


@asynccontextmanager
async def scripted(**answers: Any) -> AsyncIterator[tuple[Script, AdminApi, list[float]]]:
    """An API that answers by script (`POST_login=...` for POST /api/admin/login), a client, and the clock's hand."""
    script = Script({name.replace("__", "/"): value for name, value in answers.items()})
    now = [0.0]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        body = await reader.readexactly(int(headers.get("Content-Length", "0")))
        method, target, _ = lines[0].split(" ")
        target = target.removeprefix("/api/admin/")
        script.seen.append((f"{method} {target}", headers.get("Authorization", ""), body))
        found = script.answers.get(f"{method}_{target.partition('?')[0].replace('-', '_')}", reply(404))
        if isinstance(found, list):
            found = found.pop(0)
        if isinstance(found, bytes):
            writer.write(found)
        writer.close()

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = WebAddress("127.0.0.1", server.sockets[0].getsockname()[1])
    try:
        yield (
            script,
            AdminApi(
                "2026.2", USER, lambda: address, lambda: PASSWORD, monotonic=lambda: now[0], sleep=sleep
            ),
            now,
        )
    finally:
        server.close()
        await server.wait_closed()


GOOD = {"POST_login": reply(200, LOGIN), "GET_v2__web_sessions": reply(200, envelope([{"ID": "a"}]))}


async def test_one_login_serves_all_until_its_token_ends() -> None:
    async with scripted(**GOOD) as (script, api, now):
        both = await asyncio.gather(api.web_sessions(), api.web_sessions())
        assert [rows[0]["id"] for rows in both] == ["a", "a"]
        now[0] = 49.0
        await api.web_sessions()
        assert script.asked("POST login") == 1
        assert {proof for line, proof, _ in script.seen if line.startswith("GET")} == {"Bearer token-1"}
        now[0] = 51.0
        await api.web_sessions()
        assert script.asked("POST login") == 2
        assert json.loads(script.seen[0][2]) == {"user": USER, "password": PASSWORD}


async def test_the_login_tells_how_long_its_token_is_good() -> None:
    async with scripted(**GOOD | {"POST_login": reply(200, {**LOGIN, "iat": 1000, "exp": 1300})}) as (
        script,
        api,
        now,
    ):
        await api.web_sessions()
        now[0] = 250.0
        await api.web_sessions()
        assert script.asked("POST login") == 1


async def test_a_token_that_ended_early_is_replaced_once() -> None:
    again = [reply(401), reply(200, envelope([])), reply(401), reply(401)]
    async with scripted(**GOOD | {"GET_v2__web_sessions": again}) as (script, api, _):
        assert await api.web_sessions() == []
        assert script.asked("POST login") == 2
        with pytest.raises(NotPermitted):
            await api.web_sessions()
        assert script.asked("POST login") == 3


async def test_a_refused_password_is_not_sent_again() -> None:
    async with scripted(POST_login=reply(401)) as (script, api, _):
        for _ in range(3):
            with pytest.raises(NotAvailable) as told:
                await api.web_sessions()
            assert PASSWORD not in f"{told.value.message}{told.value.cure}{told.value.detail}"
        assert script.asked("POST login") == 1
        assert "refused the login" in api.absence()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply(404), "HTTP 404"),
        (reply(200, b"<html>"), "no token"),
        (reply(200, {"access_token": "two words"}), "no token"),
        (reply(200, {"access_token": ["list"]}), "no token"),
        (reply(302, b"", Location="http://example.org/"), "HTTP 302"),
        (reply(503), "license unit"),
        (b"", "something else"),
    ],
)
async def test_a_login_that_leads_nowhere(answer: bytes, words: str) -> None:
    async with scripted(POST_login=answer) as (_, api, _):
        with pytest.raises(NotAvailable) as told:
            await api.web_sessions()
    assert words in told.value.message


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (reply(403), NotPermitted, "refused this account"),
        (reply(200, envelope("", {"error": "ERROR #921: Operation requires x"})), NotPermitted, "#921"),
        (reply(500, envelope("", {"error": "ERROR #40300: odd", "code": 40300})), InstanceError, "#40300"),
        (reply(200, envelope({"not": "a list"})), NotAvailable, "no list"),
        (reply(200, b"[" * 100_000), NotAvailable, "no list"),
        (reply(302, b""), NotAvailable, "redirect"),
        (reply(503), NotAvailable, "license unit"),
    ],
)
async def test_answers_are_told_by_name(answer: bytes, kind: type[InstanceProblem], words: str) -> None:
    async with scripted(**GOOD | {"GET_v2__web_sessions": answer}) as (_, api, _):
        with pytest.raises(kind) as told:
            await api.web_sessions()
    assert words in told.value.message
    assert told.value.cure


async def test_an_answer_that_quotes_the_password_does_not_show_it() -> None:
    bad = reply(500, envelope("", {"error": f"ERROR #5001: {PASSWORD} is odd"}))
    async with scripted(**GOOD | {"GET_v2__web_sessions": bad}) as (_, api, _):
        with pytest.raises(InstanceError) as told:
            await api.web_sessions()
    assert PASSWORD not in f"{told.value.message}{told.value.detail}"


async def test_ending_follows_an_operation_in_the_background() -> None:
    tasks = [reply(200, envelope({"State": "Running"})), reply(200, envelope({"State": "Finished"}))]
    elsewhere = "http://example.org/api/admin/v1/async-result?id=T7"
    async with scripted(
        **GOOD,
        DELETE_v2__web_session=reply(202, envelope(""), Location=elsewhere),
        GET_v2__async_result=tasks,
    ) as (script, api, _):
        await api.end_web_session("a/b&c")
        assert [line for line, _, _ in script.seen if not line.startswith("POST")] == [
            "DELETE v2/web-session?id=a%2Fb%26c",
            "GET v2/async-result?id=T7",
            "GET v2/async-result?id=T7",
        ]


async def test_an_operation_that_failed_says_why() -> None:
    failed = reply(200, envelope({"State": "Failed", "FailureReason": "ERROR #5907: Session ID 'a' ..."}))
    async with scripted(
        **GOOD,
        DELETE_v2__web_session=reply(202, envelope(""), Location="/x?id=1"),
        GET_v2__async_result=failed,
    ) as (_, api, _):
        with pytest.raises(InstanceError) as told:
            await api.end_web_session("a")
    assert told.value.code == 5907


async def test_an_operation_without_an_end_is_left_alone() -> None:
    running = reply(200, envelope({"State": "Running"}))
    async with scripted(
        **GOOD,
        DELETE_v2__web_session=reply(202, envelope(""), Location="/x?id=1"),
        GET_v2__async_result=running,
    ) as (_, api, now):
        await api.end_web_session("a")
        assert now[0] == 10.0


async def test_an_end_that_nobody_answered_may_have_happened() -> None:
    async with scripted(**GOOD, DELETE_v2__web_session=b"") as (_, api, _):
        with pytest.raises(Unreachable):
            await api.end_web_session("a")


async def test_logging_out_voids_the_token_and_never_raises() -> None:
    async with scripted(**GOOD) as (script, api, _):
        await api.log_out()
        assert script.seen == []
        await api.web_sessions()
        await api.log_out()
        await api.log_out()
        assert script.seen[-1][:2] == ("POST logout", "Bearer token-1")
        assert script.asked("POST logout") == 1


REMOTE = WebAddress("10.0.0.1", 52773)


def absent(
    release: str = "2026.2",
    address: WebAddress | None = REMOTE,
    password: str | None = PASSWORD,
    *,
    encrypted: bool = False,
) -> str:
    return AdminApi(release, USER, lambda: address, lambda: password, encrypted=encrypted).absence()


def test_when_it_is_not_tried() -> None:
    assert absent() == absent("2027.1.0") == ""
    assert "this is 2026.1" in absent("2026.1.3")
    assert "not known" in absent("")
    assert "web port" in absent(address=None)
    assert "no longer in memory" in absent(password=None)
    # The superserver's connection is encrypted: the password must not go beside it in clear, but to this machine.
    assert "in clear" in absent(encrypted=True)
    assert absent(encrypted=True, address=WebAddress("10.0.0.1", 443, tls=True)) == ""
    assert absent(encrypted=True, address=WebAddress("localhost", 52773)) == ""


def test_the_secrets_stay_out_of_repr() -> None:
    api = AdminApi("2026.2", USER, lambda: None, lambda: PASSWORD)
    assert PASSWORD not in repr(api)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["status", "errors", "error", "code", "result", "ID", "Timeout", "State"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_a_list_or_a_named_problem(content: object) -> None:
    async def run() -> None:
        async with scripted(**GOOD | {"GET_v2__web_sessions": reply(200, content)}) as (_, api, _):
            instance = FakeInstance({}, everything("%CSP.Session.SessionInfo"))
            instance.capabilities.admin_api = api
            try:
                sessions = await list_sessions(instance)
            except InstanceProblem:
                return
            assert all(session.id for session in sessions)

    asyncio.run(run())


# --- against the simulator -------------------------------------------------------------------------------------------


@asynccontextmanager
async def connected(
    user: str = USER, *, version: tuple[int, int] = (2026, 2), with_web: bool = True
) -> AsyncIterator[tuple[Served, Connection]]:
    """The driver's connection to a simulator with a web port."""
    async with serve(version=version) as served:
        served.world.roles.add(
            Role(
                "Looks",
                resources={
                    "%Admin_Operate": Permission.USE,
                    "%DB_IRISSYS": Permission.READ,
                    "%Service_SQL": Permission.USE,
                    "%Native_ClassExecution": Permission.USE,
                },
            )
        )
        served.world.add_user(User("looks", roles=["Looks"]), PASSWORD)
        web = WebServer(served.world)
        await web.start()
        connection = Connection(served.target(user))
        connection.web = WebAddress("127.0.0.1", web.port) if with_web else None
        try:
            await connection.connect(PASSWORD)
            yield served, connection
        finally:
            await connection.disconnect()
            await web.stop()


def visitor(served: Served) -> str:
    return served.world.open_session("/csp/user", Visitor("10.0.0.5"), pages=2).id


async def test_the_driver_comes_first() -> None:
    async with connected() as (served, connection):
        visitor(served)
        assert [route.kind for route in connection.capabilities.routes("sessions.end")] == [
            "function",
            "rest",
        ]
        (session,) = await list_sessions(connection)
        assert await end_session(connection, session.id) == "marked"
        assert served.user(USER).last_login_service == "%Service_Bindings"


async def test_a_session_is_ended_over_the_web_port_where_the_function_cannot_be_called() -> None:
    async with connected() as (served, connection):
        identifier = visitor(served)
        served.doubt("function=refused")
        before = served.world.license_counts().consumed
        assert await end_session(connection, identifier) == "marked"
        assert await end_session(connection, identifier) == "gone"
        assert await end_session(connection, "nonsense") == "gone"
        assert served.world.license_counts().consumed == before
        (row,) = [row for row in connection.capabilities.doctor() if row.what == "sessions.end"]
        assert row.route == "DELETE /api/admin/v2/web-session"
        assert row.rejected[0][0] == "$$DeleteSession^%SYS.cspServer"


async def test_both_routes_list_the_same() -> None:
    async with connected() as (served, connection):
        visitor(served)
        served.world.open_session("/csp/sys", Visitor("10.0.0.6", USER))
        by_driver = await list_sessions(connection)
        for route in connection.capabilities.routes("sessions.list"):
            if route != SESSIONS_BY_REST:
                connection.capabilities.learn(route, "not for this test")
        by_rest = await list_sessions(connection)
        assert [without_fraction(each) for each in by_rest] == [without_fraction(each) for each in by_driver]


def without_fraction(session: Any) -> tuple[object, ...]:
    return (
        session.id,
        session.username,
        session.application,
        session.expires.replace(microsecond=0),
        session.license_id,
        session.allow_end,
        session.anonymous,
    )


async def test_a_missing_privilege_is_named() -> None:
    async with connected("looks") as (served, connection):
        identifier = visitor(served)
        served.doubt("function=refused")
        assert len(await list_sessions(connection)) == 1
        with pytest.raises(NotPermitted) as refused:
            await end_session(connection, identifier)
        assert refused.value.privilege == "%DB_IRISSYS:W"


@pytest.mark.parametrize(
    ("version", "with_web", "words"),
    [((2026, 1), True, "this is 2026.1"), ((2026, 2), False, "web port")],
)
async def test_without_it_the_ways_that_are_left_are_told(
    version: tuple[int, int], with_web: bool, words: str
) -> None:
    async with connected(version=version, with_web=with_web) as (served, connection):
        served.doubt("function=refused")
        for _ in range(2):
            with pytest.raises(NotAvailable) as told:
                await end_session(connection, visitor(served))
            assert "portal" in told.value.cure
        (row,) = [row for row in connection.capabilities.doctor() if row.what == "sessions.end"]
        assert any(words in reason for _, reason in row.rejected)


async def test_a_web_login_that_is_refused_is_tried_once_and_told() -> None:
    async with connected() as (served, connection):
        served.doubt("function=refused")
        service = served.world.services.get("%Service_WebGateway")
        assert service is not None
        service.enabled = False
        with pytest.raises(NotAvailable) as told:
            await end_session(connection, visitor(served))
        assert "/api/admin/login refused" in told.value.message
        assert "%Service_WebGateway" in told.value.cure
        service.enabled = True
        with pytest.raises(NotAvailable, match="a refused login is not repeated"):
            await end_session(connection, visitor(served))
        refusals = [record for record in served.world.audit_log.records if record.event == "LoginFailure"]
        assert len(refusals) == 1


async def test_a_web_port_that_was_away_is_tried_again(unused_tcp_port: int) -> None:
    async with connected() as (served, connection):
        served.doubt("function=refused")
        identifier = visitor(served)
        there, connection.web = connection.web, WebAddress("127.0.0.1", unused_tcp_port)
        with pytest.raises(NotAvailable, match="nothing listens there"):
            await end_session(connection, identifier)
        connection.web = there
        assert await end_session(connection, identifier) == "marked"


async def test_the_token_is_void_after_the_disconnect() -> None:
    async with connected() as (_, connection):
        api = connection.capabilities.admin_api
        assert api is not None
        await api.web_sessions()
        assert "logged_in=True" in repr(api)
        await connection.disconnect()
        assert "logged_in=False" in repr(api)
        assert "no longer in memory" in api.absence()


async def test_a_fresh_look_is_taken_after_the_next_login() -> None:
    async with connected() as (_, connection):
        connection.capabilities.learn(SESSIONS_BY_REST, "was away")
        await connection.connect(PASSWORD)
        assert SESSIONS_BY_REST in connection.capabilities.routes("sessions.list")


def test_unknown_capabilities_have_no_web_port() -> None:
    assert SESSIONS_BY_REST not in Capabilities(None).routes("sessions.list")
