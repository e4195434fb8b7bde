"""/explain with an address at web servers that mean no good, with wrong input, below a prefix, and while one clicks."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.commands.pages import probe
from irisops.commands.pages.address import page_address
from irisops.commands.pages.explain import FORGOTTEN, READ_AGAIN
from irisops.contract.replies import Problem, Table
from irisops.engine.reply_text import text
from irisops.instance.web import MOST_BYTES
from irisops.simulator.world.scenarios.webapps import PAGES
from tests.counting_relay import CountingRelay
from tests.e2e.staging import Person, Stage, stage
from tests.odd_web import odd_web, response
from tests.prefixed_web import prefixed
from tests.silent_web import KINDS, odd_server

MARKUP = b"[red]\x1b[31m<script>"


async def at(person: Person, port: int) -> Table:
    return await person.table(f"/explain http://127.0.0.1:{port}{PAGES}/x.cls", "explain_page")


@asynccontextmanager
async def shop(home: Path) -> AsyncIterator[tuple[Stage, Person]]:
    async with stage("webapps", home) as on, on.person() as person:
        yield on, person


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_no_web_server_costs_the_deadline_and_one_line(kind: str) -> None:
    began = asyncio.get_running_loop().time()
    async with odd_server(kind) as port:
        address = page_address(f"http://127.0.0.1:{port}/x", None)
        found = await probe.ask_web(address, deadline=0.5)
    assert found is not None
    assert found.failure.count(".") <= 4, found.failure  # those of the address
    assert "\n" not in found.failure
    assert asyncio.get_running_loop().time() - began < 60


HOSTILE: dict[str, bytes] = {
    "an endless body": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MOST_BYTES + 1),
    "a gzip bomb": response("200 OK", gzip.compress(b"0" * 10_000_000), "Content-Encoding: gzip"),
    "a redirect to another host": response("302 Found", b"", "Location: http://192.0.2.1/login"),
    "ten thousand headers": response("200 OK", b"", *(f"X-{n}: {n}" for n in range(10_000))),
    "ten thousand cookies": response(
        "404 Nope", b"", *(f"Set-Cookie: CSPSESSIONID{n}=x" for n in range(10_000))
    ),
    "markup": response("404 " + "Page Not Found", MARKUP, "Server: \x1b[31m"),
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_hostile_answer_is_one_line_and_nothing_of_it_is_shown(tmp_path: Path, kind: str) -> None:
    async with shop(tmp_path) as (_, person), odd_web(lambda _head: HOSTILE[kind]) as web:
        table = await at(person, web.port)
        shown = text(table)
        assert "\x1b" not in shown
        assert "script" not in shown
        assert "192.0.2.1" not in shown
        assert len(web.heads) <= 5
        if kind == "an endless body":
            assert table.rows[-1]["stage"] == "web_server"
            assert table.rows[-1]["state"] == "✗"


async def test_no_credentials_are_ever_sent(tmp_path: Path) -> None:
    async with shop(tmp_path) as (on, person), odd_web(lambda _head: response("401 No")) as web:
        await at(person, web.port)
        await person.say(f"/explain http://127.0.0.1:{web.port}{PAGES}/x.cls as clerk")
        sent = "".join(web.heads)
        assert "Authorization" not in sent
        assert on.simulator.account.password not in sent
        assert on.simulator.account.username not in sent


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("/explain ftp://host/x", "BadAddress"),
        ("/explain http://:80/x", "BadAddress"),
        ("/explain http://host:99999/x", "BadAddress"),
        ("/explain //host/x", "BadAddress"),
        ("/explain /csp/shop as nobody-here", "NoSuchUser"),
        ("/explain /csp/shop twice over", "NotUnderstood"),
        ("/explain web", "WhichPage"),
        ("/explain live", "WhichPage"),
        ("/denied fix nothing", "NoSuchCause"),
    ],
)
async def test_wrong_input_names_what_is_wrong_and_changes_nothing(
    tmp_path: Path, line: str, error: str
) -> None:
    async with shop(tmp_path) as (on, person):
        before = [
            on.world.revision(table) for table in ("users", "roles", "applications", "services", "sessions")
        ]
        problem = (await person.say(line))[-1]
        assert isinstance(problem, Problem), problem
        assert problem.error == error
        assert problem.cure or problem.suggestions
        after = [
            on.world.revision(table) for table in ("users", "roles", "applications", "services", "sessions")
        ]
        assert before == after


async def test_a_password_in_an_address_is_not_kept(tmp_path: Path) -> None:
    async with shop(tmp_path) as (_, person):
        problem = (await person.say("/explain http://ann:canary-Secret-9@127.0.0.1/x"))[-1]
        assert isinstance(problem, Problem)
        assert "canary-Secret-9" not in f"{problem.message}{problem.cure}{problem.suggestions}"


async def test_the_prefix_of_the_profile_is_part_of_each_request(tmp_path: Path) -> None:
    async with shop(tmp_path) as (on, person):
        assert on.simulator.web is not None
        async with prefixed("/iris-a", on.simulator.web.port) as web:
            link = person.session.context.link()
            link.follow(replace(link.profile, web_port=web.port, path_prefix="/iris-a"))
            for typed in (
                f"{PAGES}/x.cls",
                f"/iris-a{PAGES}/x.cls",
                f"http://127.0.0.1:{web.port}/iris-a{PAGES}/x.cls",
            ):
                table = await person.table(f"/explain {typed}", "explain_page")
                assert {row["state"] for row in table.rows} == {"✓"}, table.rows
            assert all(line.split(" ")[1].startswith("/iris-a/") for line in web.seen)


async def test_without_a_web_port_the_instance_is_asked_all_the_same(tmp_path: Path) -> None:
    async with shop(tmp_path) as (on, person):
        link = person.session.context.link()
        link.follow(replace(link.profile, web_port=None))
        on.simulator.control.break_page("disabled")
        table = await person.table(f"/explain {PAGES}/x.cls", "explain_page")
        assert [row["state"] for row in table.rows] == ["?", "✓", "✗"]


async def test_without_a_connection_the_web_server_is_asked_alone(tmp_path: Path) -> None:
    async with stage("webapps", tmp_path) as on, on.person(connect=False) as person:
        assert on.simulator.web is not None
        table = await at(person, on.simulator.web.port)
        assert [(row["stage"], row["state"]) for row in table.rows] == [
            ("web_server", "✓"),
            ("gateway", "✓"),
            ("server", "✓"),
        ]
        assert "emergency access mode" in " ".join(table.notes)
        problem = (await person.say(f"/explain {PAGES}"))[-1]
        assert isinstance(problem, Problem)
        assert problem.error == "NotConnected"


async def test_while_somebody_clicks_nothing_is_asked_for_and_what_is_refused_appears(tmp_path: Path) -> None:
    async with shop(tmp_path) as (on, person):
        command = person.session.parse(f"/explain {PAGES} live")
        assert not isinstance(command, Problem)
        assert (command.name, command.live) == ("explain live", True)
        sessions = len(on.world.sessions)
        quiet = await person.table(f"/explain {PAGES} live", "explain_page")
        assert {row["state"] for row in quiet.rows} == {"✓"}, quiet.rows
        assert len(on.world.sessions) == sessions
        on.simulator.control.fail_logins("clerk", 1)
        loud = await person.table(f"/explain {PAGES} live", "explain_page")
        assert loud.rows[-1]["state"] == "✗"
        assert "clerk" in str(loud.rows[-1]["found"])
        assert str(loud.rows[-1]["cure"]).startswith("/denied fix ")
        await person.session.context.clock.sleep(FORGOTTEN + 1)
        later = await person.table(f"/explain {PAGES} live", "explain_page")
        assert {row["state"] for row in later.rows} == {"✓"}, later.rows


async def test_a_refresh_of_a_watch_costs_at_most_two_round_trips(tmp_path: Path) -> None:
    async with stage("webapps", tmp_path) as on, CountingRelay(on.simulator.port) as relay:
        profile = replace(on.profile(name="relayed"), port=relay.port)
        async with on.person(connect=False) as person:
            person.session.hub.secrets.remember(profile, on.simulator.account.password)
            await person.say(f"/connect iris://{profile.user}@127.0.0.1:{relay.port}/%SYS")
            await person.table(f"/explain {PAGES} live", "explain_page")
            before = relay.round_trips
            await person.table(f"/explain {PAGES} live", "explain_page")
            assert 0 < relay.round_trips - before <= 2
            on.simulator.control.break_page("disabled")
            await person.session.context.clock.sleep(READ_AGAIN + 1)
            table = await person.table(f"/explain {PAGES} live", "explain_page")
            assert table.rows[-1]["stage"] == "enabled"


async def test_a_read_only_profile_is_offered_nothing(tmp_path: Path) -> None:
    async with stage("webapps", tmp_path) as on, on.person(read_only=True) as person:
        on.simulator.control.break_page("disabled")
        table = await person.table(f"/explain {PAGES}/x.cls", "explain_page")
        assert (table.rows[-1]["state"], table.actions, table.offer) == ("✗", [], "")
