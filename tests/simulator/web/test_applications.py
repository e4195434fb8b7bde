from __future__ import annotations

import base64

import pytest

from irisops.simulator.web.server import WebServer
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.model import User
from irisops.simulator.world.sessions import Visitor
from irisops.simulator.world.world import World
from tests.simulator.web.conftest import PASSWORD, Browser


def basic(username: str, password: str = PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def fill(world: World) -> None:
    while world.license.available:
        world.open_session("/csp/user", Visitor("10.0.0.9"), pages=2)


async def test_opening_a_page_makes_a_session_and_takes_a_unit(browser: Browser, world: World) -> None:
    answer = await browser.get("/csp/user/index.csp")
    (session,) = world.sessions.values()
    assert answer.status == 200
    assert "UnknownUser" in answer.text
    assert (session.client_ip, session.username) == ("127.0.0.1", "UnknownUser")
    assert world.license_counts().consumed == 1


async def test_the_cookie_has_the_documented_name_and_path(browser: Browser, world: World) -> None:
    answer = await browser.get("/csp/user/")
    cookies = [value for name, value in answer.headers if name == "Set-Cookie"]
    (session,) = world.sessions.values()
    assert cookies[0].startswith(f"CSPSESSIONID-SP-{browser.port}-UP-csp-user-=001000010000{session.id}")
    assert all("path=/csp/user/;" in cookie for cookie in cookies)
    assert cookies[1].startswith("CSPWSERVERID=")


async def test_the_cookie_keeps_the_session(browser: Browser, world: World, clock: ManualClock) -> None:
    await browser.get("/csp/user/")
    clock.advance(800)
    await browser.get("/csp/user/other.csp")
    clock.advance(800)
    answer = await browser.get("/csp/user/")
    assert "Pages in this session: 3" in answer.text
    assert len(world.sessions) == 1


async def test_without_cookies_each_page_is_a_session(server: WebServer, world: World) -> None:
    for _ in range(4):
        await Browser(server.port).get("/csp/user/")
    assert (len(world.sessions), world.license_counts().consumed) == (4, 4)


async def test_the_path_without_its_slash_leads_to_the_one_with_it(browser: Browser, world: World) -> None:
    answer = await browser.get("/CSP/user")
    assert (answer.status, answer.header("Location"), len(world.sessions)) == (302, "/csp/user/", 0)


async def test_a_session_id_alone_opens_nothing(browser: Browser, world: World) -> None:
    await browser.get("/csp/user/")
    (session,) = world.sessions.values()
    name = next(each for each in browser.cookies if each.startswith("CSPSESSIONID"))
    thief = Browser(browser.port, {name: f"001000010000{session.id}"})
    await thief.get("/csp/user/")
    assert len(world.sessions) == 2
    assert session.pages == 1


async def test_a_stale_cookie_gets_a_fresh_one_and_200(
    browser: Browser, world: World, clock: ManualClock
) -> None:
    await browser.get("/csp/user/")
    before = dict(browser.cookies)
    clock.advance(901)
    answer = await browser.get("/csp/user/")
    assert answer.status == 200
    assert browser.cookies != before


@pytest.mark.parametrize("name", ["IRISLogout", "CacheLogout"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_logout_ends_the_session_and_answers_401(
    browser: Browser, world: World, name: str, method: str
) -> None:
    await browser.get("/csp/user/")
    await browser.get("/csp/user/")
    answer = await browser.ask(method, f"/csp/user/?{name}=end")
    assert answer.status == 401
    assert (len(world.sessions), world.license_counts().consumed) == (0, 0)
    assert (answer.body == b"") is (method == "HEAD")


async def test_logging_out_after_one_page_leaves_grace(browser: Browser, world: World) -> None:
    await browser.get("/csp/user/")
    await browser.get("/csp/user/?IRISLogout=end")
    assert [row.kind for row in world.license_holders()] == ["Grace"]


async def test_a_page_that_wants_a_password_shows_the_form_and_takes_nothing(
    browser: Browser, world: World
) -> None:
    answer = await browser.get("/csp/sys/UtilHome.csp")
    assert answer.status == 200
    assert 'name="IRISUsername"' in answer.text
    assert 'name="IRISPassword"' in answer.text
    assert (len(world.sessions), world.license_counts().consumed) == (0, 0)


async def test_posting_the_form_logs_in(browser: Browser, world: World) -> None:
    answer = await browser.login("/csp/sys/UtilHome.csp", "ana")
    assert answer.status == 200
    (session,) = world.sessions.values()
    assert (session.username, session.license_id, session.allow_end) == ("ana", "ana@127.0.0.1", False)
    assert (await browser.get("/csp/sys/")).status == 200


async def test_a_wrong_password_gets_the_form_again_and_is_audited(browser: Browser, world: World) -> None:
    answer = await browser.login("/csp/sys/", "ana", "wrong")
    assert (answer.status, len(world.sessions)) == (200, 0)
    assert "Login failed" in answer.text
    record = world.audit_log.records[-1]
    assert (record.event, record.username) == ("LoginFailure", "ana")
    assert "%Service_WebGateway" in record.event_data


async def test_logging_in_within_a_session_trades_its_license(browser: Browser, world: World) -> None:
    await browser.get("/csp/user/")
    await browser.login("/csp/user/", "ana")
    (row,) = world.license_holders()
    assert (row.user_id, row.units) == ("ana@127.0.0.1", 1)


async def test_a_full_license_answers_503_with_a_short_body(browser: Browser, world: World) -> None:
    fill(world)
    answer = await browser.get("/csp/user/")
    assert answer.status == 503
    assert answer.text.startswith("Service Unavailable")
    assert world.alerts.records


async def test_a_full_license_may_make_pages_vanish_but_never_rest(browser: Browser, world: World) -> None:
    world.doubts = world.doubts.choose("unlicensed-page=404")
    fill(world)
    assert (await browser.get("/csp/user/")).status == 404
    assert (await browser.get("/api/keeping/x", Authorization=basic("ana"))).status == 503


async def test_a_page_in_a_session_still_works_while_the_license_is_full(
    browser: Browser, world: World
) -> None:
    await browser.get("/csp/user/")
    fill(world)
    assert (await browser.get("/csp/user/")).status == 200


async def test_rest_takes_basic_authentication(browser: Browser, world: World) -> None:
    refused = await browser.get("/api/keeping/x")
    assert (refused.status, refused.header("WWW-Authenticate")) == (401, 'Basic realm="IRIS"')
    answer = await browser.get("/api/keeping/x", Authorization=basic("ana"))
    assert answer.json == {"application": "/api/keeping", "user": "ana"}
    assert len(world.sessions) == 1


async def test_the_cookie_beats_the_authorization_header(browser: Browser, world: World) -> None:
    world.add_user(User("ben", roles=["%Developer"]), PASSWORD)
    await browser.get("/api/keeping/x", Authorization=basic("ana"))
    answer = await browser.get("/api/keeping/x", Authorization=basic("ben"))
    assert answer.json["user"] == "ana"


async def test_a_rest_client_without_cookies_flips_at_the_26th_call(server: WebServer, world: World) -> None:
    world.license.limit = 100
    for _ in range(26):
        await Browser(server.port).get("/api/keeping/x", Authorization=basic("ana"))
    assert world.license_counts().consumed == 26


async def test_rest_without_sessions_holds_its_unit_for_ten_seconds(
    browser: Browser, world: World, clock: ManualClock
) -> None:
    await browser.get("/api/free/x", Authorization=basic("ana"))
    assert (len(world.sessions), world.license_counts().consumed) == (0, 1)
    clock.advance(10)
    assert world.license_counts().consumed == 0


async def test_atelier_describes_the_server_and_asks_for_development(browser: Browser, world: World) -> None:
    answer = await browser.get("/api/atelier/", Authorization=basic("ana"))
    assert answer.json["result"]["content"]["namespaces"] == ["%SYS", "USER"]
    (session,) = world.sessions.values()
    assert session.timeout == 3600
    assert (await Browser(browser.port).get("/api/atelier/", Authorization=basic("sql"))).status == 403


@pytest.mark.parametrize(
    "header", ["Basic !!!", "Basic", "Bearer x", "Basic " + base64.b64encode(b"\xff:x").decode()]
)
async def test_malformed_credentials_are_none(browser: Browser, header: str) -> None:
    assert (await browser.get("/api/keeping/", Authorization=header)).status == 401


async def test_unknown_paths_disabled_applications_and_a_stopped_gateway(
    browser: Browser, world: World
) -> None:
    assert (await browser.get("/nowhere")).status == 404
    assert (await browser.get("/")).status == 404
    application = world.application("/csp/user")
    assert application is not None
    application.enabled = False
    assert (await browser.get("/csp/user/")).status == 404
    gateway = world.services.get("%Service_WebGateway")
    assert gateway is not None
    gateway.enabled = False
    assert (await browser.get("/csp/sys/")).status == 403


async def test_names_are_shown_as_text(browser: Browser, world: World) -> None:
    world.add_user(User("<b>&'\"", roles=["%All"]), PASSWORD)
    answer = await browser.login("/csp/user/", "%3Cb%3E%26%27%22")
    assert "&lt;b&gt;&amp;" in answer.text
    assert "<b>" not in answer.text
    assert "default-src 'none'" in answer.header("Content-Security-Policy")


async def test_another_world_has_its_own_sessions(
    browser: Browser, server: WebServer, clock: ManualClock
) -> None:
    await browser.get("/csp/user/")
    other = World(clock)
    server.use(other)
    assert (await browser.get("/csp/user/")).status == 200
    assert len(other.sessions) == 1
