"""One request to a web port: what is sent, and which answers are accepted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.instance.web import MOST_BYTES, MOST_HEAD, WebAddress, WebAnswer, WebFailure, WebRequest, ask
from tests.silent_web import KINDS, odd_server, self_signed

SECRET = "canary-Secret-9"


@asynccontextmanager
async def web(
    reply: bytes, *, keep_open: bool = False, context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[WebAddress, list[bytes]]]:
    """A server that answers everything with `reply`, and the requests that it got."""
    seen: list[bytes] = []
    over = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.startswith(b"Content-Le")), 0)
        seen.append(head + await reader.readexactly(length))
        writer.write(reply)
        try:
            await writer.drain()
            if keep_open:
                await over.wait()
        except ConnectionError:
            pass  # the client had enough
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield WebAddress("127.0.0.1", server.sockets[0].getsockname()[1]), seen
    finally:
        over.set()
        server.close()
        await server.wait_closed()


async def get(address: WebAddress) -> WebAnswer:
    return await ask(address, WebRequest("GET", "/x"), deadline=60)


async def test_what_is_sent() -> None:
    async with web(b"HTTP/1.1 200 OK\r\n\r\n") as (address, seen):
        await ask(address, WebRequest("POST", "/x?y=1", {"Accept": "a/b"}, b"body"), deadline=60)
    assert seen == [
        b"POST /x?y=1 HTTP/1.0\r\nHost: 127.0.0.1:%d\r\nAccept: a/b\r\n" % address.port
        + b"Connection: close\r\nContent-Length: 4\r\n\r\nbody"
    ]


async def test_a_header_cannot_smuggle_another() -> None:
    async with web(b"HTTP/1.1 200 OK\r\n\r\n") as (address, seen):
        with pytest.raises(WebFailure):
            await ask(address, WebRequest("GET", "/x", {"A": "b\r\nC: d"}), deadline=60)
    assert seen == []


async def test_the_length_ends_an_answer_that_is_kept_open() -> None:
    reply = b"HTTP/1.1 201 Created\r\nLocation: /there?id=7\r\ncontent-length: 2\r\n\r\nok"
    async with web(reply, keep_open=True) as (address, _):
        answer = await get(address)
    assert (answer.status, answer.body, answer.headers["location"]) == (201, b"ok", "/there?id=7")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "hung up"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MOST_BYTES + 1), "more than"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * (MOST_HEAD // 6) + b"\r\n", "headers of more than"),
        (b"HTTP/1.1 200 OK\r\n", "something else"),
    ],
)
async def test_what_is_not_believed(reply: bytes, words: str) -> None:
    async with web(reply) as (address, _):
        with pytest.raises(WebFailure) as failed:
            await get(address)
    assert words in failed.value.message
    assert failed.value.sent


async def test_a_redirect_is_an_answer_like_any_other() -> None:
    async with web(b"HTTP/1.1 302 Found\r\nLocation: http://example.org/\r\n\r\n") as (address, seen):
        assert (await get(address)).status == 302
    assert len(seen) == 1


async def test_no_proxy_is_used(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_tcp_port}")
    async with web(b"HTTP/1.1 200 OK\r\n\r\n") as (address, seen):
        await get(address)
    assert len(seen) == 1


async def test_where_nothing_was_sent_nothing_can_have_happened(unused_tcp_port: int) -> None:
    with pytest.raises(WebFailure) as failed:
        await get(WebAddress("127.0.0.1", unused_tcp_port))
    assert not failed.value.sent


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "exämple..org", "\udcff"])
async def test_a_host_that_cannot_be(host: str) -> None:
    with pytest.raises(WebFailure):
        await get(WebAddress(host, 1))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for localhost that signs itself, in one file."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize(
    ("host", "trusted", "words"),
    [("localhost", True, ""), ("localhost", False, "not trusted"), ("127.0.0.1", True, "not trusted")],
)
async def test_a_certificate_has_to_be_trusted_and_of_that_host(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, host: str, trusted: bool, words: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with web(b"HTTP/1.1 200 OK\r\n\r\n", context=context) as (plain, seen):
        address = WebAddress(host, plain.port, tls=True)
        if not words:
            assert (await get(address)).status == 200
            return
        with pytest.raises(WebFailure) as failed:
            await get(address)
    assert words in failed.value.message
    assert (failed.value.sent, seen) == (False, [])


def test_secrets_stay_out_of_repr() -> None:
    request = WebRequest("POST", "/x", {"Authorization": SECRET}, SECRET.encode())
    assert SECRET not in repr(request) + repr(WebAnswer(200, {}, SECRET.encode()))


@given(st.binary(max_size=300))
def test_any_answer_is_taken_or_refused(reply: bytes) -> None:
    async def run() -> None:
        async with web(b"HTTP/1.1 " + reply) as (address, _):
            try:
                answer = await get(address)
            except WebFailure:
                return
            assert 100 <= answer.status <= 999

    asyncio.run(run())


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_no_web_server_ends_in_time_and_is_named_by_its_port(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, kind: str, *, tls: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    began = asyncio.get_running_loop().time()
    async with odd_server(kind, context if tls else None) as port:
        with pytest.raises(WebFailure) as failed:
            await ask(WebAddress("localhost", port, tls), WebRequest("GET", "/x"), deadline=1)
        assert asyncio.get_running_loop().time() - began < 60
    assert f"he web port {port} of localhost" in failed.value.message
    assert failed.value.message.count(".") == 1
    assert "Check web_port of the profile" in failed.value.cure


async def test_the_head_of_a_page_has_no_body_to_wait_for() -> None:
    async with web(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", keep_open=True) as (address, _):
        answer = await ask(address, WebRequest("HEAD", "/"), deadline=60)
    assert (answer.status, answer.body) == (200, b"")
