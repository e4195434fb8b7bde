"""Each thing that may be wrong on the way to a page: /explain stops at exactly that stage, and its cure cures.

The table has a row for each breakage of the simulator's scenario webapps. A cure that is a line of this tool is carried
out by its plan; of what a person has to do elsewhere, the row does what the words say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Plan, Table
from irisops.simulator.world.scenarios.webapps import BREAKAGES, CLERK, PAGES
from irisops.simulator.world.world import World
from tests.e2e.staging import Person, Stage, stage


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
    assert CASES.keys() == BREAKAGES.keys()


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
