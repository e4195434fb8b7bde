"""A login to a web application over the web port: what is asked, what is made of answers, hostile servers."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable

import pytest

from irisops.instance.web import WebAddress, WebFailure
from irisops.instance.web_login import Asked, How, WebLogin, contents_of, way_of
from tests.odd_web import odd_web, response
from tests.silent_web import odd_server

PASSWORD = "Geheim-12345"


def token(payload: object, header: object = None) -> str:
    parts = (json.dumps(each).encode() for each in (header or {"alg": "ES256", "typ": "JWT"}, payload))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".signature"


ACCESS = token({"iss": "InterSystems", "sub": "bob", "app": "/api/shop/", "iat": 1000.5, "exp": 1060})
REFRESH = token({"iss": "InterSystems", "app": "/api/shop/", "iat": 1000.5, "exp": 1900})
PAIR = response("200 OK", json.dumps({"access_token": ACCESS, "refresh_token": REFRESH}).encode())


async def tried(port: int, how: How, *, deadline: float = 5.0) -> tuple[list[Asked], WebLogin]:
    login = WebLogin(WebAddress("127.0.0.1", port), "/api/shop", "bob", PASSWORD, deadline=deadline)
    found = []
    try:
        async for each in login.run(how):
            found.append(each)  # noqa: PERF401 - those before a failure count
    finally:
        found += await login.close()
    return found, login


def by_path(**answers: bytes) -> Callable[[str], bytes]:
    """An answer by the last part of the path; 200 for any other."""

    def answer(head: str) -> bytes:
        last = head.split(" ")[1].rsplit("/", 1)[1]
        return answers.get(last, response("200 OK", b"{}"))

    return answer


async def test_tokens_are_asked_for_used_renewed_and_given_back() -> None:
    async with odd_web(by_path(login=PAIR, refresh=PAIR)) as web:
        found, login = await tried(web.port, "tokens")
    assert [(each.step, each.status, each.good) for each in found] == [
        ("log in", 200, True),
        ("a call", 200, True),
        ("refresh", 200, True),
        ("log out", 200, True),
    ]
    assert [head.split(" ")[1] for head in web.heads] == [
        "/api/shop/login",
        "/api/shop/",
        "/api/shop/refresh",
        "/api/shop/logout",
    ]
    access, refresh = login.contents
    assert (access.algorithm, access.issuer, access.subject, access.application) == (
        "ES256",
        "InterSystems",
        "bob",
        "/api/shop/",
    )
    assert (access.life, refresh.life) == (59.5, 899.5)
    assert ACCESS not in repr((found, login, login.contents))
    assert PASSWORD not in repr((found, login, web.heads))


@pytest.mark.parametrize(
    ("how", "answer", "said"),
    [
        ("tokens", response("401 Unauthorized"), "IRIS does not say which"),
        ("tokens", response("404 Not Found"), "There is no /login"),
        ("tokens", response("200 OK", b"hello"), "not with tokens"),
        ("tokens", response("200 OK", b'{"access_token": 5, "refresh_token": "x"}'), "not with tokens"),
        ("tokens", response("200 OK", b'{"access_token": "a\\nb", "refresh_token": "x"}'), "not with tokens"),
        ("tokens", response("200 OK", b"[" * 100_000), "not with tokens"),
        ("tokens", response("503 Service Unavailable", b"Service"), "no license unit"),
        ("basic", response("401 Unauthorized"), "IRIS does not say which"),
        ("basic", response("403 Forbidden"), "may not use the application's resource"),
        ("basic", response("500 Error"), "messages.log"),
        ("basic", response("502 Bad Gateway"), "does not reach"),
        ("open", response("403 Forbidden"), "the system as a whole may forbid"),
        ("open", response("401 Unauthorized"), "wants a login"),
        ("form", response("200 OK", b"<input name=IRISPassword>"), "its login page again"),
        ("form", response("404 Not Found"), "IRIS answers all of them alike"),
    ],
)
async def test_each_refusal_is_told_in_words_and_the_password_is_sent_once(
    how: How, answer: bytes, said: str
) -> None:
    async with odd_web(lambda _head: answer) as web:
        found, _ = await tried(web.port, how)
    assert said in found[-1].says
    assert not found[-1].good
    assert sum(head.startswith("POST") or "Basic" in head for head in web.heads) <= 1


async def test_what_the_code_of_the_application_answers_is_its_own() -> None:
    for status, said in (("404 Not Found", "up to its routes"), ("422 Odd", "answered 422")):
        async with odd_web(by_path(login=PAIR, refresh=PAIR, **{"": response(status)})) as web:
            found, _ = await tried(web.port, "tokens")
        assert found[1].good
        assert said in found[1].says


async def test_a_session_is_closed_by_its_cookies() -> None:
    cookies = (
        "Set-Cookie: CSPSESSIONID-SP-1-UP-api-shop-=abc; path=/api/shop/; HttpOnly",
        "Set-Cookie: CSPWSERVERID=def; path=/",
        "Set-Cookie: bad\x01=x",
    )

    def answer(head: str) -> bytes:
        return response("401 Unauthorized") if "IRISLogout" in head else response("200 OK", b"", *cookies)

    async with odd_web(answer) as web:
        found, login = await tried(web.port, "basic")
    assert found[-1].says == "The session is closed."
    assert found[-1].good
    assert "Cookie: CSPSESSIONID-SP-1-UP-api-shop-=abc; CSPWSERVERID=def\r\n" in web.heads[-1]
    assert "Basic" not in web.heads[-1]
    assert not login.keeps_session


# Hostile servers


@pytest.mark.parametrize("kind", ["silent", "drips", "drips a status", "never ends"])
async def test_a_server_that_never_ends_costs_the_deadline_and_one_line(kind: str) -> None:
    async with odd_server(kind) as port:
        with pytest.raises(WebFailure, match=r"did not answer within 0\.3 seconds") as told:
            await tried(port, "tokens", deadline=0.3)
    assert "\n" not in told.value.message


async def test_an_endless_body_is_cut_off() -> None:
    async with odd_web(lambda _head: b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5_000_000) as web:
        with pytest.raises(WebFailure, match="more than 4,000,000 bytes"):
            await tried(web.port, "basic")


async def test_a_compressed_answer_stays_compressed() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    answer = response("200 OK", bomb, "Content-Encoding: gzip")
    async with odd_web(lambda _head: answer) as web:
        found, _ = await tried(web.port, "basic")
        assert "was not looked at" in found[0].says
        assert "Accept-Encoding" not in web.heads[0]
        found, _ = await tried(web.port, "tokens")
        assert "not with tokens" in found[0].says


async def test_a_redirect_is_not_followed() -> None:
    async with odd_web(lambda _head: response("200 OK")) as elsewhere:
        away = response("302 Found", b"", f"Location: http://localhost:{elsewhere.port}/login")
        async with odd_web(lambda _head: away) as web:
            ways: tuple[How, ...] = ("tokens", "basic", "open", "form")
            for how in ways:
                found, _ = await tried(web.port, how)
                assert "to localhost; that was not followed" in found[0].says
        assert elsewhere.heads == []


async def test_ten_thousand_headers_and_cookies_do_no_harm() -> None:
    many = [f"X-{n}: {n}" for n in range(5_000)] + [f"Set-Cookie: c{n}={n}" for n in range(5_000)]

    def answer(head: str) -> bytes:
        return response("200 OK", b"", *many)

    async with odd_web(answer) as web:
        found, _ = await tried(web.port, "form")
        assert found[0].status == 200
        login = WebLogin(WebAddress("127.0.0.1", web.port), "/x", "bob", PASSWORD)
        assert [each.status async for each in login.run("tokens")] == [200]
        assert len(web.heads[-1]) < 4_000


@pytest.mark.parametrize(
    "odd",
    [
        "",
        ".",
        "a.b.c",
        "....",
        "bnVsbA.bnVsbA.x",
        token([1]),
        token({"exp": "soon", "iat": True}),
        "é.ü.x",
        "x" * 9,
    ],
)
def test_any_token_can_be_looked_into(odd: str) -> None:
    contents = contents_of(odd, "access", 0.0)
    assert (contents.issuer, contents.life) == ("", None)


def test_the_way_in_follows_from_kind_and_methods() -> None:
    assert way_of("REST", ["password"], jwt=True) == "tokens"
    assert way_of("REST", ["password", "unauthenticated"], jwt=False) == "basic"
    assert way_of("WSGI", ["password"], jwt=True) == "basic"
    assert way_of("CSP", ["password", "unauthenticated"], jwt=False) == "form"
    assert way_of("CSP", ["unauthenticated"], jwt=False) == "open"
    assert way_of("REST", ["ldap"], jwt=True) is None
