"""A share from the chat to the teammate and back, with the real driver, the simulator and the stand-in agent.

Issue 7, points 1 and 5: what a pass may do and may not, and that nothing is left, on the instance or in any file.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from irisops.connections.open_shares import SharingSettings
from irisops.contract.chat import Command, Notice
from irisops.contract.clock import Clock
from irisops.contract.replies import Done, Facts, Form, Plan, Problem, Reply, Table
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session
from irisops.sharing.messages import USUAL_DEADLINES, Deadlines
from irisops.simulator.agent.launcher import write_launcher
from irisops.simulator.agent.switches import Switches
from irisops.simulator.web.server import WebServer
from irisops.simulator.world.model import Permission, Role
from irisops.simulator.world.sessions import Visitor
from irisops.simulator.world.user_tables import CLINIC
from tests.instance.served import PASSWORD, USER, Served, serve, until
from tests.sharing.conftest import TOKEN
from tests.sharing.test_agent import refused
from tests.sharing.test_keeper import places_with

LOGIN_WRITES = ("last_login", "last_succ", "login_", "invalid_login")


class ShiftedClock(Clock):
    """The real one, ahead by what a test says."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def now(self) -> datetime:
        return super().now() + self.shift


@dataclass
class Chatting:
    """A session on a simulator, talked to as a screen does."""

    session: Session
    served: Served
    home: Path
    clock: ShiftedClock
    notices: list[Notice] = field(default_factory=list)

    async def say(self, line: str, word: str = "local") -> list[Reply]:
        command = self.session.parse(line)
        assert isinstance(command, Command), command
        replies = [reply async for reply in self.session.run(command)]
        for plan in [reply for reply in replies if isinstance(reply, Plan)]:
            replies += [
                reply async for reply in self.session.confirm(plan.id, word if plan.confirm_word else "")
            ]
        return replies

    def another_session(self, secrets: Secrets | None = None) -> Session:
        """A new start of the program on the same files; it does not connect by itself."""
        sharing = self.session.context.sharing
        return Session(
            Places.below(self.home / "home"),
            secrets=secrets or self.session.hub.secrets,
            polling=False,
            sharing=sharing,
        )

    def security(self) -> str:
        """Users and roles with every property, and their SQL privileges, byte for byte.

        Left out is what any login writes into the account that logs in (the one try of each default password does).
        """
        tables = self.served.world.tables
        users = [
            [
                (field.name, getattr(user, field.name))
                for field in fields(user)
                if not field.name.startswith(LOGIN_WRITES)
            ]
            for user in tables.users.values()
        ]
        granted = self.served.runtime.emulation.sql_privileges
        names = [*tables.users.names(), *tables.roles.names()]
        return repr((users, list(tables.roles.values()), [granted.of(name) for name in names]))


@asynccontextmanager
async def chatting(
    tmp_path: Path,
    switches: Switches | None = None,
    *,
    units: int = 25,
    deadlines: Deadlines = USUAL_DEADLINES,
    path_prefix: str = "",
    version: tuple[int, int] = (2025, 2),
) -> AsyncIterator[Chatting]:
    async with serve(units=units, version=version) as served, AsyncExitStack() as stack:
        served.world.user_tables += CLINIC
        web = WebServer(served.world)
        await web.start()
        stack.push_async_callback(web.stop)
        profile = Profile(
            "local", "127.0.0.1", served.server.port, "%SYS", USER, web_port=web.port, path_prefix=path_prefix
        )
        secrets = Secrets(None)
        secrets.remember(profile, PASSWORD)
        agent = write_launcher(tmp_path / "bin" / "ngrok", switches or Switches())
        settings = SharingSettings(agent=str(agent), token=TOKEN, loopback=True, deadlines=deadlines)
        clock = ShiftedClock()
        session = Session(
            Places.below(tmp_path / "home"),
            secrets=secrets,
            clock=clock,
            extra=[profile],
            first="local",
            polling=False,
            sharing=lambda: settings,
        )
        chat = Chatting(session, served, tmp_path, clock)
        session.subscribe(lambda: None, chat.notices.append)
        await session.hub.connect(profile)
        try:
            yield chat
        finally:
            await session.close()


@dataclass
class Teammate:
    process: asyncio.subprocess.Process
    told: dict[str, str]

    async def leave(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


async def teammate(url: str, name: str, password: str) -> Teammate:
    parts = urlsplit(url)
    arguments = [str(parts.hostname), str(parts.port), "USER", name]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.sharing.teammate",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{password}\n".encode())
    await process.stdin.drain()
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    told: dict[str, str] = json.loads(line)
    return Teammate(process, told)


def facts_of(replies: list[Reply], name: str) -> list[Facts]:
    return [reply for reply in replies if isinstance(reply, Facts) and reply.name.split()[0] == name]


def password_in(card: Facts) -> str:
    lines = card.blocks["Your access"].splitlines()
    return next(line.split()[1] for line in lines if line.startswith("password"))


async def fetch(url: str) -> bytes:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
    data = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return data


async def test_from_the_chat_to_a_teammate_and_back(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        before = chat.security()
        replies = await chat.say("/share both for 1h people 2")
        (shared,) = facts_of(replies, "share")
        cards = facts_of(replies, "team_card")
        assert len(cards) == 2
        assert chat.session.overview().tunnels[0].startswith("superserver + web until")
        tcp, web = str(shared.facts["superserver"]), str(shared.facts["web"])
        name, password = str(cards[0].facts["name"]), password_in(cards[0])

        guest = await teammate(tcp, name, password)
        try:
            assert guest.told["connect"] == "ok"
            assert guest.told["select"] == "ok: [[1]]"
            assert guest.told["patients"].startswith("ok: [['Abel Ito'], ['Berta Lund']")
            assert "-99" in guest.told["change"]
            (role,) = chat.served.user(name).roles
            granted = chat.served.runtime.emulation.sql_privileges
            assert {(each.schema.upper(), each.action) for each in granted.of(role)} == {("CLINIC", "s")}
            for what in ("change", "processes", "grant", "users", "code"):
                assert guest.told[what].startswith("refused"), guest.told
            (processes,) = [
                reply
                for reply in await chat.say("/tunnels")
                if isinstance(reply, Table) and reply.name == "guests"
            ]
            seen = {str(row["name"]): row["processes"] for row in processes.rows}
            assert seen[name] == 1
            assert b"iris_" in await fetch(f"{web}/api/monitor/metrics")

            journals = "".join(file.read_text() for file in (tmp_path / "home").rglob("*.jsonl"))
            secrets = [password, password_in(cards[1]), TOKEN, PASSWORD]
            assert not [secret for secret in secrets if secret in journals]
            assert places_with(secrets, tmp_path) == []
            assert not [secret for secret in secrets if secret in repr(replies)]

            (done,) = [reply for reply in await chat.say("/unshare") if isinstance(reply, Done)]
            assert "nothing is left" in done.message
            assert chat.security() == before
            assert granted.of(role) == []
            assert not [p for p in chat.served.world.processes.values() if p.username == name]
        finally:
            await guest.leave()
        assert refused(tcp)
        with pytest.raises(ConnectionError):
            await fetch(f"{web}/")
        assert list((tmp_path / "home" / "state" / "leases").glob("*.json")) == []
        late = await teammate(f"tcp://127.0.0.1:{chat.served.server.port}", name, password)
        await late.leave()
        assert late.told["connect"].startswith("refused")


async def test_the_other_templates_allow_what_they_say(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        for template, code in (("sql", "refused"), ("developer", "ok")):
            replies = await chat.say(f"/share superserver for 1h people 1 as {template}")
            (shared,), (card,) = facts_of(replies, "share"), facts_of(replies, "team_card")
            guest = await teammate(
                str(shared.facts["superserver"]), str(card.facts["name"]), password_in(card)
            )
            await guest.leave()
            assert guest.told["select"] == "ok: [[1]]", (template, guest.told)
            assert guest.told["patients"].startswith("ok"), (template, guest.told)
            assert guest.told["change"].startswith("ok"), (template, guest.told)
            assert guest.told["grant"].startswith("refused"), (template, guest.told)
            assert guest.told["code"].startswith(code), (template, guest.told)
            assert guest.told["users"].startswith("refused"), (template, guest.told)
            await chat.say("/unshare")


async def test_words_put_up_a_plan_before_a_share_ends_and_the_slash_command_acts_at_once(
    tmp_path: Path,
) -> None:
    async with chatting(tmp_path) as chat:
        (card,) = facts_of(await chat.say("/share superserver for 1h people 1"), "team_card")
        command = chat.session.parse("stop sharing")
        assert isinstance(command, Command)
        (plan,) = [reply async for reply in chat.session.run(command)]
        assert isinstance(plan, Plan)
        assert str(card.facts["name"]) in [change.what for change in plan.changes]
        assert len(chat.session.context.sharing_desk().shares) == 1
        chat.session.decline(plan.id)
        command = chat.session.parse("/unshare all")
        assert isinstance(command, Command)
        replies = [reply async for reply in chat.session.run(command)]
        assert not [reply for reply in replies if isinstance(reply, Plan)]
        assert not chat.session.context.sharing_desk().shares


async def test_kick_through_the_chat(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        replies = await chat.say("/share superserver people 2")
        (shared,) = facts_of(replies, "share")
        cards = facts_of(replies, "team_card")
        first = await teammate(
            str(shared.facts["superserver"]), str(cards[0].facts["name"]), password_in(cards[0])
        )
        try:
            (done,) = [r for r in await chat.say(f"/kick {cards[0].facts['name']}") if isinstance(r, Done)]
            assert "sent away" in done.message
            left = [p.username for p in chat.served.world.processes.values()]
            assert cards[0].facts["name"] not in left
            assert chat.served.world.tables.users.get(str(cards[1].facts["name"])) is not None
        finally:
            await first.leave()


@pytest.mark.parametrize("way", ["web port", "helper"])
async def test_where_the_function_is_refused_sessions_are_ended_in_another_way(
    tmp_path: Path, way: str
) -> None:
    async with chatting(tmp_path, version=(2026, 2) if way == "web port" else (2025, 2)) as chat:
        chat.served.doubt("function=refused")
        if way == "helper":
            await chat.say("/helper install", "home")
        before = chat.security()
        (card,) = facts_of(await chat.say("/share superserver for 1h people 1"), "team_card")
        name = str(card.facts["name"])
        chat.served.world.open_session("/csp/user", Visitor("10.0.0.5", name))
        other = chat.served.world.open_session("/csp/user", Visitor("10.0.0.6", "appuser"))
        (done,) = [reply for reply in await chat.say("/unshare") if isinstance(reply, Done)]
        assert "nothing is left" in done.message
        assert [each.id for each in chat.served.world.sessions.values()] == [other.id]
        assert chat.security() == before


async def test_sessions_that_no_way_ends_are_said_and_stay_in_the_lease(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        chat.served.doubt("function=refused")
        (card,) = facts_of(await chat.say("/share superserver for 1h people 1"), "team_card")
        name = str(card.facts["name"])
        session = chat.served.world.open_session("/csp/user", Visitor("10.0.0.5", name))
        (problem,) = [reply for reply in await chat.say("/unshare") if isinstance(reply, Problem)]
        assert f"1 web session of {name} in /csp/user/ does not end" in problem.message
        assert "<NOROUTINE>" in problem.message
        assert session.id not in problem.message
        assert chat.served.world.tables.users.get(name) is None
        (lease,) = (tmp_path / "home" / "state" / "leases").glob("*.json")
        assert name in lease.read_text()
        chat.served.doubt("function=allowed")
        await chat.say("/leases clear")
        await until(lambda: not lease.exists())
        assert not chat.served.world.sessions


async def test_sessions_that_cannot_be_read_at_the_end_are_no_all_clear(tmp_path: Path) -> None:
    """The account loses %Admin_Operate:U while the share is open."""
    async with chatting(tmp_path) as chat:
        (card,) = facts_of(await chat.say("/share superserver for 1h people 1"), "team_card")
        resources = dict.fromkeys(
            (
                *("%Admin_Secure", "%DB_IRISSYS", "%DB_USER", "%Service_SQL", "%Admin_Manage"),
                "%Native_ClassExecution",
            ),
            Permission.READ | Permission.WRITE | Permission.USE,
        )
        chat.served.world.roles.add(Role("NoOperator", "", resources, ["%SQL"]))
        chat.served.user(USER).roles[:] = ["NoOperator"]
        chat.served.world.open_session("/csp/user", Visitor("10.0.0.5", str(card.facts["name"])))
        (done,) = [reply for reply in await chat.say("/unshare") if isinstance(reply, Done)]
        assert done.message.endswith("is ended; what could not be read may be left.")
        assert any(detail.startswith("Their web sessions cannot be read: ") for detail in done.details)


async def test_quitting_takes_everything_back(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        before = chat.security()
        replies = await chat.say("/share superserver people 1")
        (shared,) = facts_of(replies, "share")
        await chat.session.close()
        assert chat.security() == before
        assert refused(str(shared.facts["superserver"]))


async def test_without_a_card_the_web_port_and_other_ways_are_offered(tmp_path: Path) -> None:
    async with chatting(tmp_path, Switches(fail="nocard")) as chat:
        before = chat.security()
        replies = await chat.say("/share both for 1h people 1")
        (problem,) = [reply for reply in replies if isinstance(reply, Problem)]
        assert problem.error == "CardNeeded"
        assert problem.suggestions == ["/share web for 1h people 1"]
        assert [reply.name for reply in replies if isinstance(reply, Table)] == ["preflight", "other_ways"]
        assert chat.security() == before
        assert chat.session.overview().tunnels == ()


async def test_a_shared_web_port_is_told_with_its_path_prefix(tmp_path: Path) -> None:
    async with chatting(tmp_path, path_prefix="/iris-a") as chat:
        replies = await chat.say("/share web for 1h people 1")
        (plan,) = [reply for reply in replies if isinstance(reply, Plan)]
        assert any("not /iris-a alone" in warning for warning in plan.warnings)
        (shared,), (card,) = facts_of(replies, "share"), facts_of(replies, "team_card")
        address = str(shared.facts["web"])
        assert address.endswith("/iris-a")
        assert f"web        {address}" in card.blocks["Your access"]
        (settings,) = [text for title, text in card.blocks.items() if title.startswith("VS Code")]
        (server,) = json.loads(settings)["intersystems.servers"].values()
        assert server["webServer"]["pathPrefix"] == "/iris-a"
        assert f"{address}/csp/sys/UtilHome.csp" in card.blocks["Management Portal"]
        assert not shared.blocks, "the QR code is behind a key of each pass"
        keys = {key: line for key, _, line in card.actions}
        name = card.facts["name"]
        assert keys == {"q": f"/card {name} qr", "s": f"/card {name} FILE|qr", "x": f"/kick {name}"}
        (qr,) = await chat.say(keys["q"])
        assert isinstance(qr, Facts)
        assert qr.facts["web"] == address
        assert "▀" in "".join(qr.blocks.values())


async def test_a_declined_word_changes_nothing(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        before = chat.security()
        replies = await chat.say("/share superserver", word="yes")
        (problem,) = [reply for reply in replies if isinstance(reply, Problem)]
        assert problem.error == "WordNeeded"
        assert chat.security() == before


async def test_extending_and_saving_a_card(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        replies = await chat.say("/share superserver for 30m people 1")
        (shared,), (card,) = facts_of(replies, "share"), facts_of(replies, "team_card")
        plan, done = await chat.say("/extend 1h")
        assert isinstance(plan, Plan), "a longer reach wants a yes"
        assert plan.changes[0].what == "open until"
        assert isinstance(done, Done)
        until = chat.session.context.sharing_desk().find().opened.until
        assert "open until" in done.message
        began = shared.facts["until"]
        assert isinstance(began, datetime)
        assert (until - began).total_seconds() == 3600
        file = tmp_path / "card.txt"
        await chat.say(f"/card {card.facts['name']} {file}")
        assert file.stat().st_mode & 0o777 == 0o600
        assert password_in(card) in file.read_text()
        (again,) = await chat.say(f"/card {card.facts['name']} {file}")
        assert isinstance(again, Problem)
        assert again.error == "FileExists"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("/share everything", "BadShare"),
        ("/share web for 8d", "BadTime"),
        ("/share superserver as root", "SharingProblem"),
        ("/share superserver allow=nowhere", "SharingProblem"),
        ("/share superserver agent=/no/such/agent", "AgentMissing"),
        ("/unshare", "NothingShared"),
        ("/extend 1h", "NothingShared"),
        ("/kick guest-fox-1", "NoSuchPass"),
        ("/leases clear abcd", "NoSuchLease"),
    ],
)
async def test_what_cannot_be_done_is_said(tmp_path: Path, line: str, error: str) -> None:
    async with chatting(tmp_path) as chat:
        (problem,) = [reply for reply in await chat.say(line) if isinstance(reply, Problem)]
        assert problem.error == error
        assert problem.cure


async def test_after_a_crash_the_next_start_takes_everything_back(tmp_path: Path) -> None:
    """kill -9 of the chat and of its keeper, then a new start with the password in the keyring."""
    async with chatting(tmp_path) as chat:
        before = chat.security()
        replies = await chat.say("/share superserver people 1")
        (shared,) = facts_of(replies, "share")
        share = chat.session.context.sharing_desk().find()
        await share.client.kill()
        assert chat.security() != before
        again = chat.another_session()
        notices: list[Notice] = []
        done = asyncio.Event()

        def heard(notice: Notice) -> None:
            notices.append(notice)
            if "is now taken down" in notice.message:
                done.set()

        again.subscribe(lambda: None, heard)
        await again.start()
        await asyncio.wait_for(done.wait(), 60)
        await again.close()
        assert chat.security() == before
        assert refused(str(shared.facts["superserver"]))
        assert list((tmp_path / "home" / "state" / "leases").glob("*.json")) == []


async def test_without_the_password_the_next_start_says_so_every_time(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        await chat.say("/share superserver people 1")
        await chat.session.context.sharing_desk().find().client.kill()
        for _ in range(2):
            again = chat.another_session(Secrets(None))
            notices: list[Notice] = []
            said = asyncio.Event()

            def heard(notice: Notice, notices: list[Notice] = notices, said: asyncio.Event = said) -> None:
                notices.append(notice)
                if "not yet taken down" in notice.message:
                    said.set()

            again.subscribe(lambda: None, heard)
            await again.start()
            await asyncio.wait_for(said.wait(), 60)
            await again.close()
            assert "/leases clear" in notices[-1].cure + notices[0].cure
        (table,) = [reply for reply in await chat.say("/leases") if isinstance(reply, Table)]
        assert [row["state"] for row in table.rows] == ["left behind"]
        (done,) = [reply for reply in await chat.say("/leases clear") if isinstance(reply, Done)]
        assert done.message == "1 share taken down."


async def test_a_share_without_accounts_needs_no_login(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        before = chat.security()
        replies = await chat.say("/share web for 1h")
        (shared,) = facts_of(replies, "share")
        assert shared.facts["people"] == []
        assert facts_of(replies, "team_card") == []
        assert chat.security() == before
        await chat.say("stop sharing")
        with pytest.raises(ConnectionError):
            await fetch(f"{shared.facts['web']}/")


async def test_the_form_opens_a_share_with_a_web_password(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        (form,) = [reply for reply in await chat.say("/share") if isinstance(reply, Form)]
        fields = {field.name: field.value for field in form.fields}
        assert fields["what"] == "both"
        fields |= {"what": "web", "time": "30m", "people": 0, "web_password": "canary-web-pass"}
        command = Command(name=form.command, slash="/share", changes=True, fields=fields)
        replies = [reply async for reply in chat.session.run(command)]
        (plan,) = [reply for reply in replies if isinstance(reply, Plan)]
        replies += [reply async for reply in chat.session.confirm(plan.id, plan.confirm_word)]
        (shared,) = facts_of(replies, "share")
        assert b"401" in (await fetch(f"{shared.facts['web']}/api/monitor/metrics")).splitlines()[0]
        assert any("user team" in note for note in shared.notes)
        history = (await chat.say("/history 1"))[0]
        assert isinstance(history, Facts)
        assert history.facts["command"] == "/share web for 30m people 0 as sql-read namespace USER outlive=no"
        assert places_with(["canary-web-pass"], tmp_path) == []
        assert "canary-web-pass" not in repr(replies)


async def guest_notes(chat: Chatting) -> list[str]:
    replies = await chat.say("/tunnels")
    return [
        note
        for reply in replies
        if isinstance(reply, Table) and reply.name == "guests"
        for note in reply.notes
    ]


async def test_an_idle_teammate_is_warned_of(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        replies = await chat.say("/share superserver people 1")
        (shared,), (card,) = facts_of(replies, "share"), facts_of(replies, "team_card")
        guest = await teammate(str(shared.facts["superserver"]), str(card.facts["name"]), password_in(card))
        try:
            assert not [note for note in await guest_notes(chat) if "idle" in note]
            chat.clock.shift = timedelta(minutes=4)
            (note,) = [note for note in await guest_notes(chat) if "idle" in note]
            assert str(card.facts["name"]) in note
            assert "five minutes" in note
        finally:
            await guest.leave()


async def test_kicking_somebody_who_is_no_guest_offers_their_work(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        (problem,) = await chat.say("/kick maria")
        assert isinstance(problem, Problem)
        assert "maria is not a pass" in problem.message
        assert list(problem.suggestions) == ["/sessions end user=maria", "/processes user=maria"]
