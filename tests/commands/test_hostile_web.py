"""A hostile server on the web port: whatever it does costs a command its deadline and one line."""

from __future__ import annotations

import gzip
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.contract.replies import Cell, Facts, Problem, Progress, Reply, Table
from irisops.simulator.world.model import Application
from irisops.simulator.world.seed import PASSWORD_BIT, UNAUTHENTICATED_BIT
from tests.commands.editing import Desk, desk
from tests.odd_web import odd_web, response
from tests.silent_web import KINDS, odd_server, self_signed

DEADLINE = 0.3
OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS: dict[str, bytes] = {
    "endless body": OK + b"\r\n" + b"x" * 5_000_000,
    "gzip bomb": response("200 OK", gzip.compress(b"\0" * 50_000_000), "Content-Encoding: gzip"),
    "10,000 headers": response("200 OK", b"", *(f"X-{n}: {n}" for n in range(10_000))),
    "10,000 cookies": response("200 OK", b"", *(f"Set-Cookie: c{n}={n}" for n in range(10_000))),
    "header without an end": OK + b"X: " + b"a" * 5_000_000,
    "blanks in a header": OK + b"X: a" + b" " * 300_000 + b"b\r\n\r\n",
    "a million lines": response("200 OK", b"\n" * 3_900_000),
    "a million chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 600_000,
    "blanks in a figure": response("200 OK", b"a" + b" " * 100_000 + b"b" + b" " * 100_000 + b"!"),
    "deep brackets": response("200 OK", b"[" * 300_000),
    "long number": response("200 OK", b"9" * 300_000),
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "odd status": b"HTTP/1.1 99999 Yes\r\n\r\n",
    "another version": b"HTTP/9 200 OK\r\n\r\n",
    "more promised": OK + b"Content-Length: 100\r\n\r\nhi",
    "less promised": OK + b"Content-Length: 1\r\n\r\nhi",
    "a length below zero": OK + b"Content-Length: -1\r\n\r\nhi",
    "a length of letters": OK + b"Content-Length: lots\r\n\r\nhi",
    "a huge length": OK + b"Content-Length: 99999999999999999999\r\n\r\nhi",
    "two lengths": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nhi",
    "control characters": b"HTTP/1.1 302 \x1b[2J\r\nLocation: http://\x1b]52;c;x\x07/\r\n\r\n",
    "an address that is none": response("302 Found", b"", "Location: http://[::1"),
}
LINES = (
    "/app test /csp/user",
    "/app test /csp/open",
    "/app test /api/shop",
    "/locked",
    "/profile test local",
)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Desk]:
    """A person whose commands wait a third of a second for a web port."""
    async with desk(tmp_path, version=(2026, 2)) as made:
        made.session.context.web_deadline = DEADLINE
        applications = made.served.world.applications
        for name, bits, jwt in (
            ("/csp/open", UNAUTHENTICATED_BIT, False),
            ("/api/shop", PASSWORD_BIT, True),
        ):
            dispatch = "Shop.REST" if jwt else ""
            applications.add(Application(name, authe_enabled=bits, jwt_enabled=jwt, dispatch_class=dispatch))
        user = applications.get("/csp/user")
        assert user is not None
        user.authe_enabled = PASSWORD_BIT
        yield made


def always(answer: bytes) -> Callable[[str], bytes]:
    return lambda _head: answer


def on_port(at: Desk, port: int, scheme: str = "http") -> None:
    link = at.session.hub.active
    assert link is not None
    link.profile = replace(link.profile, web_port=port, web_scheme=scheme)
    at.session.hub.add_temporary(link.profile)


def texts(reply: Reply) -> list[str]:
    """Each text that a reply shows."""
    if isinstance(reply, Problem):
        return [reply.message, reply.cure, *reply.suggestions]
    if isinstance(reply, Table):
        cells: list[Cell] = [cell for row in reply.rows for cell in row.values()]
        return [reply.title, *reply.notes, *(str(cell) for cell in cells)]
    return [*map(str, reply.facts.values()), *reply.notes] if isinstance(reply, Facts) else []


async def costs_little(at: Desk, line: str, what: str) -> None:
    """It ends with one line that says that it did not work; then the session works on.

    What is read wrongly takes hours: the time limit of the test ends it.
    """
    replies = [each for each in await at.say(line) if not isinstance(each, Progress)]
    assert replies, what
    for reply in replies:
        for text in map(str, texts(reply)):
            assert len(text) < 600, what
            assert text.isprintable(), (what, text)
    failed = [each for each in replies if isinstance(each, Problem)]
    tables = [each for each in replies if isinstance(each, Table) and each.name == "app_test"]
    assert len(failed) <= 1, what
    assert not any(row["ok"] is False for table in tables for row in table.rows[:-1]), what
    assert isinstance((await at.say("/app show /csp/user"))[-1], Facts)


@pytest.mark.parametrize("line", LINES)
async def test_an_answer_that_attacks(at: Desk, line: str) -> None:
    for what, answer in ANSWERS.items():
        async with odd_web(always(answer)) as web:
            on_port(at, web.port)
            await costs_little(at, line, what)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_server_that_is_slow_or_none(at: Desk, line: str, scheme: str) -> None:
    for kind in KINDS:
        async with odd_server(kind) as port:
            on_port(at, port, scheme)
            await costs_little(at, line, kind)


@pytest.mark.parametrize("line", LINES)
async def test_tls_where_none_is_expected(at: Desk, tmp_path: Path, line: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    for kind in ("silent", "hangs up", "speaks first"):
        async with odd_server(kind, context) as port:
            on_port(at, port)
            await costs_little(at, line, kind)


@pytest.mark.parametrize("line", LINES)
async def test_another_host_is_never_asked(at: Desk, line: str) -> None:
    async with odd_web(always(response("200 OK"))) as elsewhere:
        for status in ("301 Moved", "302 Found", "307 Temporary", "308 Permanent"):
            away = response(status, b"", f"Location: http://localhost:{elsewhere.port}/csp/user/")
            async with odd_web(always(away)) as web:
                on_port(at, web.port)
                await costs_little(at, line, status)
        assert elsewhere.heads == []


async def test_the_way_in_without_a_login(at: Desk) -> None:
    """/locked free asks the SysAdmin API for a token first."""
    await at.say("/disconnect")
    for what, answer in ANSWERS.items():
        async with odd_web(always(answer)) as web:
            on_port(at, web.port)
            told = (await at.say("/locked free local"))[-1]
            assert isinstance(told, Problem), what
            assert web.heads, told
            assert all(text.isprintable() and len(text) < 600 for text in texts(told)), what
