"""Metrics that an instance gives without a login."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.instance.errors import InstanceProblem, NotAvailable, NotPermitted, Unreachable
from irisops.instance.usage.metrics import metrics_of, read_metrics

TEXT = """\
# HELP iris_license_consumed Licenses in use
# TYPE iris_license_consumed gauge
iris_license_consumed 8
iris_license_available 0
iris_license_percent_used 100
iris_license_days_remaining 27.3
iris_csp_sessions 5
iris_cpu_pct{id="CSPDMN"} 3
iris_process_count 41 1732456800000
iris_odd NaN
not a metric at all
iris_broken one
"""


def test_the_figures_of_interest() -> None:
    metrics = metrics_of(TEXT)
    assert (metrics.license_consumed, metrics.license_available) == (8, 0)
    assert (metrics.license_days, metrics.sessions, metrics.processes) == (27.3, 5, 41)


def test_what_is_no_number_or_one_of_several_is_no_figure() -> None:
    several = 'iris_csp_sessions{id="a"} 1\niris_csp_sessions{id="b"} 2\n'
    metrics = metrics_of(f'iris_license_consumed NaN\n{several}iris_process_count{{i="x"}} 3\n')
    assert (metrics.license_consumed, metrics.sessions, metrics.processes) == (None, None, 3)


def test_an_older_version_tells_less() -> None:
    metrics = metrics_of("iris_license_consumed 3\n")
    assert (metrics.license_consumed, metrics.license_days, metrics.processes) == (3, None, None)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    metrics = metrics_of(text)
    figures = (metrics.license_consumed, metrics.license_available, metrics.sessions, metrics.processes)
    assert all(value is None or math.isfinite(value) for value in figures)


@asynccontextmanager
async def web(reply: bytes, *, silent: bool = False) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A web server that answers everything with `reply`; the requests that it got."""
    seen: list[bytes] = []
    stop = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        if silent:
            await stop.wait()
        writer.write(reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], seen
    finally:
        stop.set()
        server.close()
        await server.wait_closed()


async def test_it_asks_for_the_metrics_and_nothing_else() -> None:
    async with web(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + TEXT.encode()) as (port, seen):
        metrics = await read_metrics("127.0.0.1", port)
    assert metrics.license_consumed == 8
    assert seen[0].startswith(b"GET /api/monitor/metrics HTTP/1.0\r\n")
    assert b"Authorization" not in seen[0]


async def test_a_chunked_answer() -> None:
    body = b"17\r\niris_license_consumed 3\r\n0\r\n\r\n"
    async with web(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body) as (port, _):
        assert (await read_metrics("127.0.0.1", port)).license_consumed == 3


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", NotPermitted, "login"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", NotAvailable, "404"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>portal</html>", NotAvailable, "nothing that can be read"),
        (b"SSH-2.0-OpenSSH\r\n", Unreachable, "something else"),
        (b"", Unreachable, "something else"),
    ],
)
async def test_other_answers_are_told_by_name(reply: bytes, kind: type[InstanceProblem], words: str) -> None:
    async with web(reply) as (port, _):
        with pytest.raises(kind) as told:
            await read_metrics("127.0.0.1", port)
    assert words in told.value.message
    assert told.value.cure


async def test_silence_ends_at_the_deadline() -> None:
    async with web(b"", silent=True) as (port, _):
        with pytest.raises(Unreachable) as told:
            await read_metrics("127.0.0.1", port, deadline=0.05)
    assert "did not answer within 0.05 seconds" in told.value.message


async def test_nobody_there(unused_tcp_port: int) -> None:
    with pytest.raises(Unreachable) as told:
        await read_metrics("127.0.0.1", unused_tcp_port)
    assert "nothing listens there" in told.value.message


async def test_tls_on_a_plain_port() -> None:
    async with web(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (port, _):
        with pytest.raises(Unreachable):
            await read_metrics("127.0.0.1", port, tls=True, deadline=2)
