"""Each thing that may be wrong on the way to a page: /explain stops at exactly that stage, and its cure cures.

The table has a row for each breakage of the simulator's scenario webapps. A cure that is a line of this tool is carried
out by its plan; of what a person has to do elsewhere, the row does what the words say.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from irisops.contract.replies import Done, Facts, Plan, Problem, Table
from irisops.simulator.doubts import Doubt, Doubts, standing
from irisops.simulator.world.scenarios.webapps import BREAKAGES, CLERK, PAGES
from irisops.simulator.world.tables import NameTable
from irisops.simulator.world.world import World
from tests.e2e.staging import Person, Stage, stage
from tests.silent_web import self_signed


@dataclass(frozen=True)
class Case:
    """What is expected of a breakage: the stage, the line that cures it, or else what a person does and reads."""

    stage: str
    cure: str = ""
    by_hand: Callable[[World], object] | None = None
    words: str = ""
    user: str = ""
    first: str = ""
    """A line that is carried out before."""
    instead: str = ""
    """What is typed in the form that the cure opens."""


def mended(world: World) -> None:
    world.gateway.fault = ""


def same_password(world: World) -> None:
    user = world.users.get("CSPSystem")
    assert user is not None
    world.set_password(user, "SYS")


def any_address(world: World) -> None:
    service = world.services.get("%Service_WebGateway")
    assert service is not None
    service.client_systems = []


def namespace_made(world: World) -> None:
    from irisops.simulator.world.model import Namespace  # noqa: PLC0415

    world.namespaces.add(Namespace("SHOP", "SHOP", "SHOP"))


def mounted(world: World) -> None:
    database = world.databases.get("SHOP")
    assert database is not None
    database.mounted = True


def code_put_right(world: World) -> None:
    world.code.clear()


SERVICE = "%Service_WebGateway"
CASES: Mapping[str, Case] = {
    "path": Case("gateway", by_hand=mended, words="<Location>"),
    "rights": Case("gateway", by_hand=mended, words="SELinux"),
    "pool": Case("gateway", by_hand=mended, words="IIS Manager"),
    "proxy": Case("gateway", by_hand=mended, words="names where"),
    "unavailable": Case("server", by_hand=mended, words="Enabled in [APP_PATH_INDEX]"),
    "busy": Case("server", by_hand=mended, words="Maximum_Server_Connections"),
    "timeout": Case("server", by_hand=mended, words="Server_Response_Timeout"),
    "address": Case("management", by_hand=mended, words="System_Manager"),
    "gateway-password": Case("server", by_hand=same_password, words="one password"),
    "gateway-disabled": Case("server", "/enable CSPSystem"),
    "gateway-expired": Case("server", "/user CSPSystem expires=never"),
    "gateway-must-change": Case("server", "/user CSPSystem must_change_password=no"),
    "service-off": Case("server", f"/service {SERVICE} enable"),
    "service-method": Case("server", f"/service {SERVICE} auth=+password"),
    "service-clients": Case("server", by_hand=any_address, words="allowed connections"),
    "service-not-public": Case("server", f"/resource {SERVICE} public=U"),
    "no-application": Case(
        "application",
        "/app add /api/nothing",
        instead="/app add /api/nothing template=rest-jwt dispatch_class=Shop.REST namespace=SHOP",
    ),
    "disabled": Case("enabled", f"/app {PAGES} enable"),
    "service-just-off": Case("service", f"/service {SERVICE} enable"),
    "no-login": Case("login", "/app /api/shop auth=+password"),
    "system-login": Case("login", f"/app {PAGES} auth=-unauthenticated,+password"),
    "service-login": Case("login", f"/service {SERVICE} auth=+password"),
    "portal": Case("login", "/app /csp/sys/op auth=password"),
    "user-disabled": Case("user", f"/enable {CLERK}", user=CLERK),
    "user-expired": Case("user", f"/user {CLERK} expires=never", user=CLERK),
    "user-must-change": Case("user", f"/user {CLERK} must_change_password=no", user=CLERK),
    "not-public": Case("user", f"/resource {SERVICE} public=U", user=CLERK),
    "preflight": Case(
        "gateway_user",
        "/explain CSPSystem %DB_SHOP:R fix=yes",
        user=CLERK,
        first="/app /api/shop cors_origins=https://till.example:443",
    ),
    "resource": Case("resource", f"/explain {CLERK} ShopApp:U fix=yes", user=CLERK),
    "namespace": Case("namespace", by_hand=namespace_made, words="namespace=NAME"),
    "dismounted": Case("namespace", by_hand=mounted, words="MountDatabase"),
    "database": Case("database", f"/app {PAGES} roles=+%DB_SHOP"),
    "class-missing": Case("code", by_hand=code_put_right, words="Load and compile", user=CLERK),
    "class-not-compiled": Case("code", by_hand=code_put_right, words="$system.OBJ.Compile", user=CLERK),
    "module": Case("code", by_hand=code_put_right, words="pip install"),
    "folder": Case("code", by_hand=code_put_right, words="readable"),
    "license": Case("license", "/license", instead="/sessions end anonymous"),
    "page": Case("answer", by_hand=code_put_right, words="letter case"),
    "method": Case("answer", by_hand=code_put_right, words="UrlMap"),
    "stale": Case("answer", by_hand=code_put_right, words="Compile the class anew"),
}


def test_each_breakage_has_a_row() -> None:
    assert CASES.keys() | {"nobody"} == BREAKAGES.keys()


async def walked(person: Person, page: str, user: str = "") -> Table:
    line = f"/explain {page}" + (f" as {user}" if user else "")
    return await person.table(line, "explain_page")


def broken(table: Table) -> str:
    """The stage with the first ✗, which is the last; "" without one."""
    states = [row["state"] for row in table.rows]
    assert "✗" not in states[:-1]
    return str(table.rows[-1]["stage"]) if states[-1] == "✗" else ""


async def cured(on: Stage, person: Person, case: Case, table: Table) -> None:
    """Do what the table says."""
    if case.by_hand is not None:
        assert case.words in " ".join(table.notes)
        assert not table.rows[-1]["cure"]
        case.by_hand(on.world)
        return
    assert table.rows[-1]["cure"] == case.cure
    assert table.offer == case.cure
    replies = await person.say(case.instead or case.cure)
    if isinstance(replies[-1], Plan):
        replies = await person.yes(replies[-1])
    assert any(isinstance(each, Done) for each in replies), replies
    on.world.gateway.connected = on.world.gateway.connected or False
    on.advance(5)


@pytest.mark.parametrize("name", CASES)
async def test_the_first_broken_stage_is_named_and_cured(tmp_path: Path, name: str) -> None:
    case, breakage = CASES[name], BREAKAGES[name]
    async with stage("webapps", tmp_path) as on, on.person() as person:
        if case.first:
            await person.yes(await person.plan(case.first))
        on.simulator.control.break_page(name)
        table = await walked(person, breakage.page, case.user)
        assert broken(table) == case.stage, table.rows
        await cured(on, person, case, table)
        again = await walked(person, breakage.page, case.user)
        assert not broken(again), again.rows


@pytest.mark.parametrize(
    "page", [f"{PAGES}/x.cls", PAGES, "/api/shop/x", "/api/stock/x", "/csp/sys/UtilHome.csp"]
)
async def test_where_nothing_is_broken_all_is_right(tmp_path: Path, page: str) -> None:
    async with stage("webapps", tmp_path) as on, on.person() as person:
        sessions = len(on.world.sessions)
        table = await walked(person, page)
        assert {row["state"] for row in table.rows} == {"✓"}, table.rows
        assert len(on.world.sessions) == sessions


async def test_a_database_refused_inside_an_application_is_cured_in_the_application(tmp_path: Path) -> None:
    """The case of FHIR: the role belongs to the application, not to each user."""
    async with stage("webapps", tmp_path) as on, on.person() as person:
        event = on.world.events.get("%System/%Security/Protect")
        assert event is not None
        event.enabled = True
        on.simulator.control.break_page("database")
        assert broken(await walked(person, f"{PAGES}/x.cls")) == "database"
        (cause, *_) = (await person.table("/denied", "denied")).rows
        assert cause["missing"] == "%DB_SHOP:R"
        card = (await person.say(f"/denied fix {cause['id']}"))[-1]
        assert isinstance(card, Facts)
        assert card.facts["application"] == PAGES
        ((_, _, line),) = card.actions
        assert line == f"/app {PAGES} roles=+%DB_SHOP"
        await person.yes(await person.plan(line))
        assert not broken(await walked(person, f"{PAGES}/x.cls"))


GATEWAY_FILE = """[SYSTEM]
SM_Forms=Enabled
Username=CSPSystem
Password=PBKDF2|x
[SYSTEM_INDEX]
LOCAL=Enabled
OTHER=Enabled
[LOCAL]
Ip_Address=127.0.0.1
TCP_Port={port}
Username=CSPSystem
Password={password}
[OTHER]
Ip_Address=127.0.0.1
TCP_Port=1
[APP_PATH_INDEX]
/=Enabled
/csp=Enabled
[APP_PATH:/]
Default_Server=LOCAL
[APP_PATH:/csp]
Default_Server=LOCAL
"""
MANAGEMENT = "/csp/bin/Systems/Module.cxw"


@dataclass(frozen=True)
class FileCase:
    """A lock-out that the gateway's file shows: what is written there instead, and how it is cured."""

    page: str
    stage: str
    change: tuple[str, str] = ("", "")
    words: str = ""
    cure: str = ""
    password: str = "SYS"
    service_bits: int = 0


FILE_CASES: Mapping[str, FileCase] = {
    "the path is switched off": FileCase(
        f"{PAGES}/x.cls", "server", ("/csp=Enabled", "/csp=Disabled"), "/csp=Enabled in [APP_PATH_INDEX]"
    ),
    "the server is switched off": FileCase(
        f"{PAGES}/x.cls", "server", ("LOCAL=Enabled", "LOCAL=Disabled"), "LOCAL=Enabled in [SYSTEM_INDEX]"
    ),
    "the path leads to another instance": FileCase(
        f"{PAGES}/x.cls",
        "server",
        ("[APP_PATH:/csp]\nDefault_Server=LOCAL", "[APP_PATH:/csp]\nDefault_Server=OTHER"),
        "Default_Server of [APP_PATH:/csp]",
    ),
    "the forms are switched off": FileCase(
        MANAGEMENT, "management", ("SM_Forms=Enabled", "SM_Forms=Disabled"), "SM_Forms=Enabled"
    ),
    "they may not save": FileCase(
        MANAGEMENT, "management", ("SM_Forms=Enabled", "SM_Forms=Enabled\nREADONLY=2"), "READONLY=0"
    ),
    "another password": FileCase(
        f"{PAGES}/x.cls", "server", cure="/gateway server LOCAL side=iris", password="]]]VW5saWtlLTEh"
    ),
    "no password is sent": FileCase(
        f"{PAGES}/x.cls", "server", cure="/gateway server LOCAL side=gateway", password="", service_bits=32
    ),
}


@pytest.mark.parametrize("name", FILE_CASES)
async def test_what_the_gateways_file_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    case = FILE_CASES[name]
    path = tmp_path / "CSP.ini"
    monkeypatch.setenv("ISC_CSP_INI_FILE", str(path))
    async with stage("webapps", tmp_path) as on, on.person() as person:
        good = GATEWAY_FILE.format(port=on.simulator.port, password=case.password)
        path.write_text(good.replace(*case.change) if case.change[0] else good)
        on.world.gateway.file = path
        on.world.gateway.connected = not case.cure
        service = on.world.services.get("%Service_WebGateway")
        assert service is not None
        service.authe_enabled = case.service_bits or service.authe_enabled

        async def ask(_title: str, _question: str) -> str | None:
            return "SYS"

        person.session.ask_with(ask)
        table = await walked(person, case.page)
        assert broken(table) == case.stage, table.rows
        assert "PBKDF2" not in repr(table)
        assert table.rows[-1]["cure"] == case.cure
        if case.cure:
            await person.yes(await person.plan(case.cure))
        else:
            assert case.words in " ".join(table.notes)
            path.write_text(good)
        assert not broken(await walked(person, case.page))


async def test_a_lost_password_of_the_management_pages_is_offered_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "CSP.ini"
    monkeypatch.setenv("ISC_CSP_INI_FILE", str(path))
    async with stage("webapps", tmp_path) as on, on.person() as person:
        path.write_text(GATEWAY_FILE.format(port=on.simulator.port, password="SYS"))
        table = await walked(person, MANAGEMENT)
        assert (table.rows[-1]["state"], table.rows[-1]["cure"]) == ("?", f"/gateway password {path}")


SECADMIN = ("secadmin", "Practice-2!")
ACCOUNTS = pytest.mark.parametrize("account", [("", ""), SECADMIN], ids=["all", "secadmin"])


@ACCOUNTS
async def test_nobody_can_log_in(tmp_path: Path, account: tuple[str, str]) -> None:
    """In emergency access mode, as the words say, one account that holds %All is let in again, and lets in others."""
    async with stage("webapps", tmp_path) as on, on.person(*account) as person:
        boss = on.world.accounts[0]
        page = on.simulator.control.break_page("nobody")
        assert not any(user.enabled for user in on.world.users if on.world.is_superuser(user.name))
        await person.say("/disconnect")
        assert isinstance((await person.say("/connect"))[-1], Problem)
        table = await walked(person, page)
        assert (broken(table), table.rows[-1]["cure"]) == ("instance", "")
        assert "enables an account that holds %All and gives it a password" in " ".join(table.notes)
        user = on.world.users.get(boss.username)
        assert user is not None
        assert on.world.is_superuser(user.name)
        user.enabled = True
        on.world.set_password(user, "Again-Let-In-1!")
        async with on.person(boss.username, "Again-Let-In-1!") as first:
            assert not broken(await walked(first, page))


@asynccontextmanager
async def tls_before(port: int, folder: Path) -> AsyncIterator[int]:
    """A port that passes on to another one what comes by TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(folder))
    tasks: set[asyncio.Task[None]] = set()

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, ssl.SSLError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", port)
        for work in (passed_on(reader, forth), passed_on(back, writer)):
            task = asyncio.create_task(work)
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@ACCOUNTS
async def test_a_gateway_without_tls_before_an_instance_that_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: tuple[str, str]
) -> None:
    path, configurations = tmp_path / "CSP.ini", tmp_path / "tls.ini"
    monkeypatch.setenv("ISC_CSP_INI_FILE", str(path))
    monkeypatch.setenv("ISC_SSLconfigurations", str(configurations))
    configurations.write_text(
        "[client]\nTLSMinVersion=16\nTLSMaxVersion=32\nVerifyPeer=0\nCipherList=ALL\nCiphersuites=TLS_AES_256_GCM_SHA384\n"
    )
    async with (
        stage("webapps", tmp_path) as on,
        tls_before(on.simulator.port, tmp_path) as port,
        on.person(*account, port=port, sslconfig="client") as person,
    ):
        plain = GATEWAY_FILE.format(port=port, password="SYS")
        path.write_text(plain)
        gateway = on.world.gateway
        gateway.file, gateway.superserver, gateway.tls_alone, gateway.connected = path, port, True, False
        table = await walked(person, f"{PAGES}/x.cls")
        assert (broken(table), table.rows[-1]["cure"]) == ("server", "")
        assert "Connection_Security_Level=10 and the SSLCC_ keys" in " ".join(table.notes)
        keys = "Connection_Security_Level=10\nSSLCC_CA_Certificate_File=ca.pem\n"
        path.write_text(plain.replace("[OTHER]", f"{keys}[OTHER]", 1))
        assert not broken(await walked(person, f"{PAGES}/x.cls"))


TOUCHING = (
    "execute=not-needed",
    "security-objects=allowed",
    "empty-string=error",
    "empty-string=empty",
    "last-login=odbc",
    "last-login=empty",
    "projection=yes",
    "feature-options=none",
    "columns=shown",
)
"""The other behaviours of the doubts that a walk or its cures touch: a world is asked about no other."""
OF_ONE_ROW = {
    "disabled-app=403": "disabled",
    "function=allowed": "license",
    "row-sets=kept": "license",
    "unlicensed-page=404": "license",
}
"""Those that a single row touches: the row is enough."""


def differs(doubts: str) -> bool:
    """True unless a world does that anyway, as the suite chooses (`tests/conftest.py`)."""
    return standing().choose(*doubts.split()).values != standing().values


WORLDS = ["", *filter(differs, (*TOUCHING, *OF_ONE_ROW))]
TABLES = ("users", "roles", "resources", "services", "applications", "namespaces", "databases")


def noting(doubts: Doubts, names: set[str]) -> Doubts:
    """The same doubts, which note the names of those that count."""

    class Noting(Doubts):
        def says(self, doubt: Doubt, value: str) -> bool:
            names.add(doubt.name)
            return Doubts.says(self, doubt, value)

    return Noting(doubts.values)


def as_it_is(world: World) -> Callable[[], None]:
    """What puts the settings of a world back as they are now."""
    tables: list[NameTable[Any]] = [getattr(world, name) for name in TABLES]
    kept = [[(row, copy.deepcopy(row)) for row in table] for table in tables]
    system = copy.deepcopy(world.system)

    def put_back() -> None:
        for table, rows in zip(tables, kept, strict=True):
            for name in table.names():
                table.remove(name)
            for row, before in rows:
                for each in fields(row):
                    setattr(row, each.name, copy.deepcopy(getattr(before, each.name)))
                table.add(row)
        for each in fields(system):
            setattr(world.system, each.name, getattr(system, each.name))
        world.code.clear()
        world.gateway.fault, world.gateway.connected = "", True

    return put_back


@pytest.mark.timeout(300)  # all breakages one after the other; ten seconds on a quiet machine
@pytest.mark.parametrize("doubts", WORLDS)
async def test_the_whole_table_in_each_doubt_with_all_and_without(tmp_path: Path, doubts: str) -> None:
    """The whole product: each doubt that is touched, each breakage, as %All and as secadmin, in a world per doubt.

    With %All the stage and its cure are the same in each doubt, and the cure works. Without, what cannot be read is a
    question mark, and what is right is never called wrong.
    """
    asked: set[str] = set()
    async with (
        stage("webapps", tmp_path, doubts=doubts.split()) as on,
        on.person() as person,
        on.person(*SECADMIN) as limited,
    ):
        on.world.doubts = noting(on.world.doubts, asked)
        put_back = as_it_is(on.world)
        for each in (person, limited):
            for page, user in ((f"{PAGES}/x.cls", ""), ("/api/shop/x", CLERK), ("/api/stock/x", "")):
                table = await walked(each, page, user)
                assert not broken(table), (page, table.rows)
        rows = [OF_ONE_ROW[doubts]] if doubts in OF_ONE_ROW else CASES
        for name in sorted(rows, key=lambda each: bool(CASES[each].first)):  # what comes first stays
            case, page = CASES[name], BREAKAGES[name].page
            asked.clear()
            if case.first:
                await person.yes(await person.plan(case.first))
            on.simulator.control.break_page(name)
            table = await walked(person, page, case.user)
            assert broken(table) == case.stage, (name, table.rows)
            told = await walked(limited, page, case.user)
            states = {row["stage"]: row["state"] for row in told.rows}
            assert broken(told) == case.stage or "?" in states.values(), (name, told.rows)
            assert broken(told) in ("", case.stage, "answer"), (name, told.rows)
            await cured(on, person, case, table)
            again = await walked(person, page, case.user)
            assert not broken(again), (name, again.rows)
            put_back()
            assert asked <= {each.partition("=")[0] for each in TOUCHING} | {
                each.partition("=")[0] for each, row in OF_ONE_ROW.items() if row == name
            }, name
