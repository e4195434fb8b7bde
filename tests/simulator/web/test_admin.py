"""`/api/admin` of 2026.2: login, lists, ending sessions."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator

import pytest

from irisops.simulator.web.server import WebServer
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.model import Application, Permission, Role, User
from irisops.simulator.world.sessions import Visitor
from irisops.simulator.world.world import World
from tests.simulator.web.conftest import PASSWORD, Answer, Browser


@pytest.fixture
def world(clock: ManualClock) -> World:
    world = World(clock, version=(2026, 2))
    world.roles.add(
        Role("Looks", resources={"%Admin_Operate": Permission.USE, "%DB_IRISSYS": Permission.READ})
    )
    world.add_user(User("boss", roles=["%All"]), PASSWORD)
    world.add_user(User("looks", roles=["Looks"]), PASSWORD)
    world.add_user(User("sql", roles=["%SQL"]), PASSWORD)
    return world


class Api:
    """A client that is logged in."""

    def __init__(self, port: int) -> None:
        self.browser = Browser(port)
        self.token = ""

    async def login(self, user: str, password: str = PASSWORD) -> Answer:
        answer = await self.browser.ask(
            "POST", "/api/admin/login", body=json.dumps({"user": user, "password": password}).encode()
        )
        self.token = answer.json["access_token"] if answer.status == 200 else ""
        return answer

    async def ask(self, method: str, path: str) -> Answer:
        return await self.browser.ask(method, f"/api/admin{path}", Authorization=f"Bearer {self.token}")


@pytest.fixture
async def api(world: World) -> AsyncIterator[Api]:
    server = WebServer(world)
    await server.start()
    yield Api(server.port)
    await server.stop()


async def test_a_login_gives_a_token_for_a_minute_and_costs_nothing(
    api: Api, world: World, clock: ManualClock
) -> None:
    answer = await api.login("boss")
    assert answer.json["exp"] - answer.json["iat"] == 60
    assert (await api.ask("GET", "/info")).status == 200
    assert (len(world.sessions), world.license_counts().consumed, api.browser.cookies) == (0, 0, {})
    clock.advance(60)
    assert (await api.ask("GET", "/info")).status == 401


async def test_a_wrong_password_is_refused_and_counted(api: Api, world: World) -> None:
    assert (await api.login("boss", "wrong")).status == 401
    boss = world.user("boss")
    assert boss is not None
    assert boss.invalid_login_attempts == 1
    api.token = "made-up"
    assert (await api.ask("GET", "/v2/web-sessions")).status == 401


@pytest.mark.parametrize("body", [b"", b"[]", b'{"user": 1}', b"[" * 50_000, b"\xff"])
async def test_a_login_that_makes_no_sense(api: Api, body: bytes) -> None:
    assert (await api.browser.ask("POST", "/api/admin/login", body=body)).status == 401


async def test_basic_credentials_do_as_well(api: Api) -> None:
    proof = base64.b64encode(f"boss:{PASSWORD}".encode()).decode()
    answer = await api.browser.get("/api/admin/info", Authorization=f"Basic {proof}")
    assert answer.json["result"]["username"] == "boss"
    assert answer.json["result"]["privileges"]["%Admin_Operate"] == {"use": True}


async def test_the_list_is_that_of_the_class_query(api: Api, world: World, clock: ManualClock) -> None:
    session = world.open_session("/csp/user", Visitor("10.0.0.5", "boss"), pages=2)
    await api.login("looks")
    answer = await api.ask("GET", "/v2/web-sessions")
    assert set(answer.json) == {"status", "console", "result"}
    assert answer.json["result"] == [
        {
            "ID": session.id,
            "Username": "boss",
            "Preserve": 0,
            "Application": "/csp/user/",
            "Timeout": f"{session.expires:%Y-%m-%d %H:%M:%S}",
            "LicenseId": "boss@10.0.0.5",
            "SesProcessId": "",
            "AllowEndSession": True,
        }
    ]


async def test_ending_marks_and_takes_seconds(api: Api, world: World, clock: ManualClock) -> None:
    session = world.open_session("/csp/user", Visitor("10.0.0.5"), pages=2)
    await api.login("boss")
    assert (await api.ask("DELETE", f"/v2/web-session?id={session.id}")).status == 200
    clock.advance(1.5)
    assert len((await api.ask("GET", "/v2/web-sessions")).json["result"]) == 1
    clock.advance(2.6)
    assert (await api.ask("GET", "/v2/web-sessions")).json["result"] == []


async def test_an_unknown_session_is_404_and_5907(api: Api) -> None:
    await api.login("boss")
    answer = await api.ask("DELETE", "/v2/web-session?id=nonsense")
    assert answer.status == 404
    assert answer.json["status"]["errors"][0]["error"] == "ERROR #5907: Session ID 'nonsense' does not exist"
    assert (await api.ask("DELETE", "/v2/web-session")).status == 400


async def test_privileges(api: Api, world: World) -> None:
    session = world.open_session("/csp/user", Visitor("10.0.0.5"), pages=2)
    await api.login("looks")
    answer = await api.ask("DELETE", f"/v2/web-session?id={session.id}")
    assert (answer.status, answer.json["status"]["errors"][0]["code"]) == (403, 921)
    assert session.ending is None
    await api.login("sql")
    assert (await api.ask("GET", "/v2/web-sessions")).status == 403
    assert (await api.ask("GET", "/info")).status == 404


async def test_logging_out_voids_the_token(api: Api) -> None:
    await api.login("boss")
    assert (await api.ask("POST", "/logout")).status == 200
    assert (await api.ask("GET", "/info")).status == 401


async def test_what_is_not_there(api: Api, world: World) -> None:
    await api.login("boss")
    assert (await api.ask("POST", "/v2/web-sessions")).status == 405
    assert (await api.ask("GET", "/v2/locks")).status == 404
    application = world.application("/api/admin")
    assert application is not None
    application.enabled = False
    assert (await api.ask("GET", "/info")).status == 403


@pytest.mark.parametrize("version", [(2025, 2), (2026, 1)])
async def test_older_versions_do_not_have_it(version: tuple[int, int], clock: ManualClock) -> None:
    world = World(clock, version=version)
    world.applications.add(Application("/api/admin", dispatch_class="Somebody.Elses"))
    server = WebServer(world)
    await server.start()
    try:
        assert (await Api(server.port).login("_SYSTEM")).status == 404
    finally:
        await server.stop()
