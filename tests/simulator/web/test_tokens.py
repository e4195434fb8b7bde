"""The token endpoints of REST applications with JWT (facts: iris-webapps-gateway 2.2 to 2.4)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.model import Application
from irisops.simulator.world.world import World
from tests.simulator.web.conftest import PASSWORD, Answer, Browser

pytestmark = pytest.mark.usefixtures("applications")
GOOD = {"user": "ana", "password": PASSWORD}


@pytest.fixture
def applications(world: World) -> dict[str, Application]:
    """REST applications: one with tokens, one that takes them, one of the same group, one without."""
    made = {}
    for name, group in (("/api/shop", "g"), ("/api/other", ""), ("/api/same", "g"), ("/api/none", "")):
        made[name] = Application(
            name,
            dispatch_class="Shop.REST",
            authe_enabled=32,
            jwt_enabled=name != "/api/none",
            use_session=False,
            group=group,
        )
        world.tables.applications.add(made[name])
    return made


async def post(browser: Browser, path: str, content: Any = None, token: str = "") -> Answer:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = b"" if content is None else json.dumps(content).encode()
    return await browser.ask("POST", path, body=body, **headers)


async def tokens(browser: Browser) -> tuple[str, str]:
    answer = await post(browser, "/api/shop/login", GOOD)
    assert answer.status == 200
    return answer.json["access_token"], answer.json["refresh_token"]


async def called(browser: Browser, token: str, path: str = "/api/shop/") -> int:
    return (await browser.get(path, Authorization=f"Bearer {token}")).status


def payload(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


async def test_a_login_gives_two_tokens_with_the_documented_contents(browser: Browser) -> None:
    answer = await post(browser, "/api/shop/login", GOOD)
    content = answer.json
    assert content.keys() == {"access_token", "refresh_token", "sub", "iat", "exp"}
    access, refresh = payload(content["access_token"]), payload(content["refresh_token"])
    assert (access["sub"], access["app"], access["exp"] - int(access["iat"])) == ("ana", "/api/shop/", 60)
    assert refresh["exp"] - int(refresh["iat"]) == 900
    assert "sub" not in refresh
    assert access["sid"] == refresh["sid"]
    assert isinstance(content["iat"], float)
    assert isinstance(content["exp"], int)
    assert "httpOnly; sameSite=strict" in answer.header("Set-Cookie")


async def test_basic_logs_in_too_and_a_wrong_password_is_401_without_a_word(browser: Browser) -> None:
    basic = base64.b64encode(f"ana:{PASSWORD}".encode()).decode()
    answer = await browser.ask("POST", "/api/shop/login", body=b"", Authorization=f"Basic {basic}")
    assert answer.status == 200
    refused = await post(browser, "/api/shop/login", {"user": "ana", "password": "wrong-1"})
    assert (refused.status, refused.body, refused.header("WWW-Authenticate")) == (401, b"", "")
    for odd in (b"[", b'"x"', b'{"user": 1, "password": []}', b"[" * 5000):
        assert (await Browser(browser.port).ask("POST", "/api/shop/login", body=odd)).status == 401


async def test_a_token_opens_every_application_with_tokens_and_no_other(browser: Browser) -> None:
    access, refresh = await tokens(browser)
    assert [await called(browser, access, path) for path in ("/api/shop/x", "/api/other/")] == [200, 200]
    assert await called(browser, access, "/api/none/") == 401
    assert await called(browser, refresh) == 401, "a refresh token is no proof"
    assert await called(browser, access[:-2]) == 401


async def test_refresh_gives_a_new_pair_of_the_same_session(browser: Browser) -> None:
    access, refresh = await tokens(browser)
    answer = await post(browser, "/api/shop/refresh", {"refresh_token": refresh})
    new = answer.json["access_token"]
    assert payload(new)["sid"] == payload(access)["sid"]
    assert [await called(browser, each) for each in (access, new)] == [401, 200]
    again = await post(browser, "/api/shop/refresh", {"refresh_token": refresh})
    assert (again.status, again.header("WWW-Authenticate")) == (401, "Bearer")
    assert (await post(browser, "/api/shop/refresh", None, token=refresh)).status == 401


async def test_tokens_end_by_time_by_logout_and_by_revoke(browser: Browser, clock: ManualClock) -> None:
    access, refresh = await tokens(browser)
    clock.advance(61)
    assert await called(browser, access) == 401
    new = (await post(browser, "/api/shop/refresh", {"refresh_token": refresh})).json
    assert (await post(browser, "/api/shop/logout", None, token=new["access_token"])).status == 200
    assert await called(browser, new["access_token"]) == 401
    assert (await post(browser, "/api/shop/refresh", {"refresh_token": new["refresh_token"]})).status == 401
    access, refresh = await tokens(browser)
    assert (await post(browser, "/api/shop/revoke", {"refresh_token": refresh})).status == 200
    assert await called(browser, access) == 401
    _, refresh = await tokens(browser)
    clock.advance(901)
    assert (await post(browser, "/api/shop/refresh", {"refresh_token": refresh})).status == 401


async def test_an_empty_login_works_by_the_browsers_cookie_within_a_group(browser: Browser) -> None:
    await tokens(browser)
    assert (await post(browser, "/api/same/login")).status == 200
    assert (await post(browser, "/api/other/login")).status == 401
    assert (await post(Browser(browser.port), "/api/same/login")).status == 401


async def test_without_tokens_the_password_is_asked_before_the_route(browser: Browser) -> None:
    answer = await post(browser, "/api/none/login", GOOD)
    assert (answer.status, answer.header("WWW-Authenticate")) == (401, 'Basic realm="IRIS"')
