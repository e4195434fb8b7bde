"""A REST application with tokens: made in the chat, tested by it, used by a plain script, refused, deleted."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.contract.replies import Facts, Plan, Problem, Reply, Table
from irisops.simulator import main
from irisops.simulator.world.model import User
from irisops.simulator.world.seed import UNAUTHENTICATED_BIT
from tests.e2e.staging import Person, Stage, stage

MAKE = "/app add /api/shop template=rest-jwt dispatch_class=Shop.REST namespace=USER"


def script(port: int, user: str, password: str) -> list[int]:
    """What somebody who knows nothing of this tool does: log in, call, refresh, log out, call."""
    base = f"http://127.0.0.1:{port}/api/shop"

    def send(path: str, content: object = None, token: str = "") -> tuple[int, dict[str, str]]:
        body = None if content is None else json.dumps(content).encode()
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        method = "GET" if path == "/" else "POST"
        request = urllib.request.Request(base + path, body, headers, method=method)  # noqa: S310 - it is http
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - it is http
                text = answer.read()
                return answer.status, json.loads(text) if text else {}
        except urllib.error.HTTPError as error:
            return error.code, {}

    first, pair = send("/login", {"user": user, "password": password})
    statuses = [first, send("/", token=pair["access_token"])[0]]
    status, pair = send("/refresh", {"refresh_token": pair["refresh_token"], "grant_type": "refresh_token"})
    token = pair["access_token"]
    return [
        *statuses,
        status,
        send("/", token=token)[0],
        send("/logout", token=token)[0],
        send("/", token=token)[0],
    ]


async def trial(person: Person, line: str) -> tuple[Table, str]:
    """The table of a test, and everything that was said."""
    replies: list[Reply] = await person.say(line)
    table = next(reply for reply in replies if isinstance(reply, Table))
    return table, repr(replies)


@pytest.mark.parametrize("version", list(main.VERSIONS))
async def test_it_is_made_tested_used_and_deleted(tmp_path: Path, version: str) -> None:
    async with stage("quiet", tmp_path, version=version) as on, on.person() as person:
        plan = await person.plan(MAKE)
        await person.yes(plan)
        sessions = len(on.world.sessions)
        replies = await person.say("/app test /api/shop")
        table = next(reply for reply in replies if isinstance(reply, Table))
        assert [(row["step"], row["ok"], row["status"]) for row in table.rows] == [
            ("log in", True, 200),
            ("a call", True, 200),
            ("refresh", True, 200),
            ("log out", True, 200),
        ]
        assert table.title.endswith("it works")
        assert any("License units in use" in note for note in table.notes)
        access, refresh = (reply for reply in replies if isinstance(reply, Facts))
        account = on.simulator.account
        assert access.facts["subject"] == account.username
        assert access.facts["algorithm"] == "ES256"
        assert 50 <= int(str(access.facts["seconds_left"])) <= 60
        assert 890 <= int(str(refresh.facts["seconds_left"])) <= 900
        assert account.password not in repr(replies)
        assert "eyJ" not in repr(replies), "no token"
        assert len(on.world.sessions) == sessions
        assert on.simulator.web is not None
        port = on.simulator.web.port
        statuses = await asyncio.to_thread(script, port, account.username, account.password)
        assert statuses == [200, 200, 200, 200, 200, 401]
        await person.yes(await person.plan("/app delete /api/shop"))
        assert isinstance((await person.say("/app test /api/shop"))[-1], Problem)


def _prepare(on: Stage) -> None:
    on.world.add_user(User("bob", roles=["%SQL"]), "Geheim-12345")
    application = on.world.application("/csp/user")
    assert application is not None
    application.authe_enabled = 32


async def test_pages_basic_and_open_applications_are_tried_as_they_want_it(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        _prepare(on)
        sessions, units = len(on.world.sessions), on.consumed
        pages, said = await trial(person, "/app test /csp/user")
        assert [(row["step"], row["ok"]) for row in pages.rows] == [
            ("open a page", True),
            ("log in", True),
            ("a second page", True),
            ("log out", True),
        ], said
        assert on.consumed == units
        basic, _ = await trial(person, "/app test /api/atelier")
        assert (basic.rows[0]["step"], basic.rows[0]["ok"]) == ("log in and call", True)
        assert len(on.world.sessions) == sessions
        application = on.world.application("/csp/user")
        assert application is not None
        assert "Logged in as" in pages.notes[0]
        application.authe_enabled |= UNAUTHENTICATED_BIT
        either, _ = await trial(person, "/app test /csp/user")
        assert either.rows[0]["says"] == "It answers without a login page."
        assert "Nobody was logged in" in either.notes[0]
        application.authe_enabled = UNAUTHENTICATED_BIT
        free, _ = await trial(person, "test the application /csp/user")
        assert [row["step"] for row in free.rows] == ["a call", "a second page", "log out"]
        assert "Nobody was logged in" in free.notes[0]


async def test_another_user_is_asked_for_and_a_wrong_password_is_sent_once(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        _prepare(on)
        await person.yes(await person.plan(MAKE))
        asked: list[str] = []

        async def ask(_title: str, question: str) -> str | None:
            asked.append(question)
            return "wrong-Secret-1"

        person.session.hub.ask = ask
        table, said = await trial(person, "/app test /api/shop as bob")
        assert [(row["ok"], row["status"]) for row in table.rows] == [(False, 401)]
        assert "IRIS does not say which" in said
        assert "wrong-Secret-1" not in said
        assert len(asked) == 1
        assert "bob" in asked[0]
        bob = on.world.users.get("bob")
        assert bob is not None
        assert bob.invalid_login_attempts == 1


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("/app test /api/nope", "NoSuchApplication"),
        ("/app test /csp/off", "Disabled"),
        ("/app test /csp/ldap", "NoWayIn"),
        ("/app test /csp/user as bob", "PasswordNeeded"),
        ("/app test", "NotUnderstood"),
    ],
)
async def test_what_cannot_be_tested_is_refused_with_a_cure(tmp_path: Path, line: str, error: str) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        _prepare(on)
        for name, change in (("/csp/off", "disable"), ("/csp/ldap", "auth=ldap")):
            await person.yes(await person.plan(f"/app copy /csp/user to {name}"))
            plan = await person.plan(f"/app {name} {change}")
            assert isinstance(plan, Plan)
            await person.yes(plan)
        problem = (await person.say(line))[-1]
        assert isinstance(problem, Problem)
        assert problem.error == error
        assert problem.cure


async def test_without_a_web_port_the_profile_is_named(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path) as on, on.person() as person:
        _prepare(on)
        link = person.session.context.link()
        link.profile = replace(link.profile, web_port=None)
        problem = (await person.say("/app test /csp/user"))[-1]
        assert isinstance(problem, Problem)
        assert problem.error == "NoWebPort"
        assert "web_port=" in problem.cure
