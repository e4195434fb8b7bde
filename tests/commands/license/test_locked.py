"""/locked: it says what was read, and "not known" where nothing was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.contract.replies import Facts
from irisops.instance.errors import LicenseExhausted, Unreachable
from tests.commands.fakes import LOCAL, World

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
NOT_KNOWN = "Whether a unit is free on local is not known"


@asynccontextmanager
async def web(reply: bytes) -> AsyncIterator[int]:
    """A web server that answers everything with `reply`; its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def locked(home: Path, reply: bytes) -> Facts:
    """What /locked says first of an instance that is not connected and answers so on its web port."""
    async with web(reply) as port:
        world = World(home, replace(LOCAL, web_port=port), polling=False)
        facts, _ = await world.say("/locked local")
        await world.session.close()
    assert isinstance(facts, Facts)
    return facts


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", ("HTTP 404", "path prefix", "2019.4")),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", ("HTTP 401", "wants a login")),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", ("HTTP 403", "wants a login")),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\nService", ("HTTP 503", "no unit is free", "irisstat -L")),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", ("HTTP 502", "reaches no IRIS")),
        (b"HTTP/1.1 504 Gateway Timeout\r\n\r\n", ("HTTP 504", "reaches no IRIS")),
        (b"HTTP/1.1 500 Oops\r\n\r\n", ("HTTP 500",)),
        (b"HTTP/1.1 418 Teapot\r\n\r\n", ("HTTP 418",)),
        (
            b"HTTP/1.1 301 Moved\r\nLocation: https://iris.example/api/monitor/metrics\r\n\r\n",
            ("HTTP 301", "https://iris.example", "web_scheme=https"),
        ),
        (
            b"HTTP/1.1 308 Moved\r\nLocation: https://[::1]:9443/api/monitor/metrics\r\n\r\n",
            ("HTTP 308", "https://[::1]:9443 ", "web_scheme=https"),
        ),
        (
            b"HTTP/1.1 308 Moved\r\nLocation: https://iris.example:8443/x?token=canary\r\n\r\n",
            ("https://iris.example:8443", "web_scheme=https"),
        ),
        (b"HTTP/1.1 302 Found\r\nLocation: /login?next=/api\r\n\r\n", ("HTTP 302", "another page", "login")),
        (b"HTTP/1.1 307 Found\r\nLocation: http://sso.example/\r\n\r\n", ("http://sso.example", "login")),
        (b"HTTP/1.1 302 Found\r\nLocation: https://[::1/\r\n\r\n", ("HTTP 302",)),
        (b"HTTP/1.1 302 Found\r\n\r\n", ("HTTP 302",)),
        (OK + b"<!DOCTYPE html><html>iris_license_available 3</html>", ("a page for browsers", "login")),
        (OK + b"\xef\xbb\xbf\r\n<html>", ("a page for browsers",)),
        (OK, ("nothing that can be read",)),
        (OK + b"iris_license_consumed 5\n", ("do not say how many units are free",)),
        (OK + b"iris_license_available NaN\n", ("nothing that can be read",)),
        (OK + b'iris_license_available{a="1"} 0\niris_license_available{a="2"} 4\n', ("do not say",)),
    ],
)  # fmt: skip
async def test_what_was_not_read_is_not_known(reply: bytes, words: tuple[str, ...], tmp_path: Path) -> None:
    """K13-b, d: it claimed that no unit is free."""
    facts = await locked(tmp_path, reply)
    assert facts.title == NOT_KNOWN
    assert facts.facts.get("available") is None
    assert "Free" not in [label for key, label in facts.labels.items() if key in facts.facts]
    first = facts.notes[1]  # after the next step
    for word in words:
        assert word in first
    assert "canary" not in " ".join(facts.notes)


async def test_without_a_web_port_nothing_is_known(tmp_path: Path) -> None:
    """K13-a."""
    world = World(tmp_path, LOCAL, polling=False)
    world.instance.refuse = Unreachable("Nothing listens on that host and port.")
    await world.say("/connect local")
    facts, _ = await world.say("/locked")
    assert isinstance(facts, Facts)
    assert facts.title == NOT_KNOWN
    assert "/profile edit local web_port=" in facts.notes[1]


async def test_a_login_that_was_refused_for_a_unit_is_known(tmp_path: Path) -> None:
    world = World(tmp_path, LOCAL, polling=False)
    world.instance.refuse = LicenseExhausted("The instance has no free license unit for this login.")
    replies = await world.say("/connect local")
    facts = next(reply for reply in replies if isinstance(reply, Facts))
    assert facts.title == "No unit is free on local"


async def test_a_connection_that_is_there_knows(tmp_path: Path) -> None:
    world = World(tmp_path, LOCAL)
    await world.connect()
    counts = world.session.hub.active.counts if world.session.hub.active is not None else None
    assert counts is not None
    assert counts.units_used is not None
    assert counts.units_limit is not None
    facts, _ = await world.say("/locked")
    assert isinstance(facts, Facts)
    assert facts.facts["available"] == counts.units_limit - counts.units_used
    assert facts.title != NOT_KNOWN
    await world.session.close()


@pytest.mark.parametrize(
    ("figures", "title", "shown"),
    [
        (b"iris_license_consumed 8\niris_license_available 0\n", "No unit is free on local", (8, 8, 0)),
        (
            b'iris_license_consumed{instance="IRIS"} 5\niris_license_available{instance="IRIS"} 3\n',
            "3 units free on local by now: /connect local",
            (5, 8, 3),
        ),
        (
            b'iris_license_consumed 5 1520879607.789\niris_license_available 3 # {trace_id="a b}"} 1 1.5\n# EOF\n',
            "3 units free on local by now: /connect local",
            (5, 8, 3),
        ),
        (
            b'iris_license_consumed{a="x y",b="}\\""} 7e0 1.5e9\r\niris_license_available 1.0\r\n',
            "1 unit free on local by now: /connect local",
            (7, 8, 1),
        ),
        (b"iris_license_available -2\n", "No unit is free on local", (None, None, -2)),
    ],
)
async def test_figures_in_every_form(
    figures: bytes, title: str, shown: tuple[int | None, ...], tmp_path: Path
) -> None:
    """K13-e: labels, exemplars, timestamps with fractions; and what is used stands beside what is free."""
    facts = await locked(tmp_path, OK + figures)
    assert facts.title == title
    assert tuple(facts.facts[key] for key in ("consumed", "limit", "available")) == shown
    labels = [label for key, label in facts.labels.items() if facts.facts.get(key) is not None]
    assert labels[-1] == "Free"
    assert (labels == ["Units used", "Units in the key", "Free"]) == (shown[0] is not None)
