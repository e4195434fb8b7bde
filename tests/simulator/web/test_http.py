from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.web.http import MAX_BODY, MAX_LINE, BadRequestError, Request, Response, read_request
from irisops.simulator.web.server import WebServer
from irisops.simulator.world.world import World
from tests.simulator.web.conftest import Browser


def parse(data: bytes) -> Request | None:
    async def read() -> Request | None:
        reader = asyncio.StreamReader(limit=MAX_LINE)
        reader.feed_data(data)
        reader.feed_eof()
        return await read_request(reader)

    return asyncio.run(read())


def test_a_request_is_taken_apart() -> None:
    request = parse(
        b"POST /csp/user/a%20b?x=1&y=%C3%BC HTTP/1.1\r\nHost: h\r\nCookie: a=1\r\nCookie: b=2\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\nn=v%2B+w"
    )
    assert request is not None
    assert (request.method, request.path, dict(request.query)) == (
        "POST",
        "/csp/user/a b",
        {"x": "1", "y": "ü"},
    )
    assert request.cookies() == {"a": "1", "b": "2"}
    assert request.form() == {"n": "v+"}
    assert request.keep_alive
    assert "n=v" not in repr(request)


def test_a_closed_connection_is_no_request() -> None:
    assert parse(b"") is None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1", 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"GET http://elsewhere/ HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"BREW / HTTP/1.1\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nbad name: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1), 413),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        (b"GET /" + b"a" * MAX_LINE + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431),
        (b"GET /?" + b"a=b&" * 200 + b" HTTP/1.1\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_has_a_status(data: bytes, status: int) -> None:
    with pytest.raises(BadRequestError) as caught:
        parse(data)
    assert caught.value.status == status


@given(st.binary(max_size=400))
def test_no_bytes_do_harm(data: bytes) -> None:
    for prefix in (b"", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n"):
        try:
            request = parse(prefix + data)
        except BadRequestError:
            continue
        if request is not None:
            request.cookies()
            request.form()


def test_a_header_value_stays_in_its_line() -> None:
    data = Response(HTTPStatus.OK, headers=(("X", "a\r\nSet-Cookie: evil=1"),)).encode(
        with_body=True, keep_alive=False
    )
    assert b"\r\nSet-Cookie" not in data


async def test_one_connection_serves_many_requests(server: WebServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for _ in range(3):
        writer.write(b"GET /api/monitor/alerts HTTP/1.1\r\nHost: h\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"\r\nConnection: keep-alive\r\n" in head
        assert await reader.readexactly(2) == b"[]"
    writer.close()


async def test_garbage_gets_an_answer_and_hurts_no_neighbour(browser: Browser) -> None:
    answer = await browser.raw(b"\x00\x01\x02 garbage\r\n\r\n")
    assert answer.status == 400
    assert (await browser.get("/api/monitor/metrics")).status == 200


async def test_a_silent_connection_is_closed(world: World) -> None:
    server = WebServer(world, idle=0.01)
    await server.start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await asyncio.wait_for(reader.read(), 20) == b""
        writer.close()
    finally:
        await server.stop()


async def test_stopping_closes_the_port_and_open_connections(world: World) -> None:
    server = WebServer(world)
    await server.start()
    port = server.port
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /api/monitor/metrics HTTP/1.1\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    await server.stop()
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), 20)
    writer.close()
    await asyncio.sleep(0)
    assert complaints == []
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.port
    await server.stop()  # stopping twice is no error
