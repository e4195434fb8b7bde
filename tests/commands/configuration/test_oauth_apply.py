"""/apply of OAuth definitions: servers before clients, secrets asked for once and kept nowhere, undone as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Table
from irisops.simulator.backend import ObjectRef
from irisops.simulator.world.model import NamedSettings, OAuthClient, OAuthServer
from tests.changes.test_killed import killed
from tests.commands.configuration.test_apply import bytes_in
from tests.commands.editing import Desk, desk, desk_on
from tests.instance.served import Served, serve
from tests.simulator.classes.instance import Instance

SECRET = "canary-typed-secret"
ISSUER = "https://sso.example:8443/realms/Staff"


@pytest.fixture
async def person(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path / "home") as made:
        yield made


def furnish(served: Served, *names: str) -> None:
    world = served.world
    server = world.oauth_servers.add(OAuthServer(7, ISSUER, "SsoTLS", "Cert", "canary-token"))
    for at, name in enumerate(names, 3):
        world.oauth_clients.add(
            OAuthClient(
                at,
                name,
                server,
                "public" if at % 2 else "confidential",
                enabled=bool(at % 2),
                description='says "hi"\n漢\u202e',
                tls="SsoTLS",
                redirect="https://Iris.example:443/csp/sys/oauth2/OAuth2.Response.cls" if at % 2 else "",
                default_scope="openid a:b",
                jwt_interval=at * 100,
                client_id=f"id %{at}",
                non_standard_token=not at % 2,
                client_secret="canary-secret",
            )
        )


async def test_servers_and_clients_are_made_with_their_secrets_and_taken_back(tmp_path: Path) -> None:
    full = tmp_path / "full"
    async with serve(units=50) as one:
        furnish(one, "Ward Portal", "ärzte%/1")
        async with desk_on(one, tmp_path / "h1") as person:
            await person.say(f"/export {full} only oauth-servers,oauth-clients")
    async with serve(units=50) as other, desk_on(other, tmp_path / "h2") as person:
        asked: list[str] = []

        async def ask(title: str, _prompt: str) -> str | None:
            asked.append(title)
            return SECRET if "client secret" in title else ""

        person.session.hub.ask = ask
        await person.say(f"/export {tmp_path / 'empty'} only oauth-servers,oauth-clients")
        plan = await person.plan(f"/apply {full}")
        assert asked == [f"initial access token of {ISSUER}", "client secret of ärzte%/1"]
        assert any("derived" in effect and ISSUER in effect for effect in plan.effects)
        assert any("initial access token" in each for each in plan.warnings)
        assert SECRET not in repr(plan)
        assert isinstance((await person.yes(plan))[-1], Done)
        made = other.world.oauth_clients.get("ärzte%/1")
        assert made is not None
        assert (made.client_secret, made.server.issuer) == (SECRET, ISSUER)
        await person.say(f"/export {tmp_path / 'after'} only oauth-servers,oauth-clients")
        assert bytes_in(tmp_path / "after") == bytes_in(full)
        await person.do("/undo")
        assert not len(other.world.oauth_servers)
        await person.say(f"/export {tmp_path / 'back'} only oauth-servers,oauth-clients")
        assert bytes_in(tmp_path / "back") == bytes_in(tmp_path / "empty")
        written = b"".join(bytes_in(tmp_path).values())
        assert b"canary" not in written


async def test_changes_and_deletions_are_planned_and_undone(person: Desk, tmp_path: Path) -> None:
    live = tmp_path / "live"
    furnish(person.served, "Portal")
    await person.say(f"/export {live} only oauth-servers,oauth-clients")
    top = live / "instance.toml"
    assert "own authorization server" not in top.read_text()
    person.served.world.own_oauth_server.add(NamedSettings("singleton"))
    await person.say(f"/export {live} only oauth-servers,oauth-clients")
    assert "own authorization server" in top.read_text()
    client = person.served.world.oauth_clients.get("Portal")
    assert client is not None
    client.redirect, client.default_scope, client.client_secret = "http://other/x", "", "kept"
    furnish(person.served, "Portal", "Lab")
    client = person.served.world.oauth_clients.get("Portal")
    assert client is not None
    client.redirect, client.default_scope, client.client_secret = "http://other/x", "", "kept"
    plan = await person.plan(f"/apply {live} delete=yes")
    assert {each.what for each in plan.changes} == {
        "where users come back to of Portal",
        "scope of Portal",
        "OAuth 2.0 client Lab",
    }
    assert any("lost" in each and "Lab" in each for each in plan.warnings)
    await person.yes(plan)
    (*_, table) = await person.say(f"/diff {live}")
    assert isinstance(table, Table)
    assert (table.status, client.client_secret) == (0, "kept")
    await person.do("/undo")
    assert client.redirect == "http://other/x"
    assert person.served.world.oauth_clients.get("Lab") is not None


def test_the_server_of_a_client_outlives_the_reference_to_it() -> None:
    """A driver releases its references whenever it likes; the object keeps what it was given."""
    instance = Instance()
    world = instance.world
    server = world.oauth_servers.add(OAuthServer(7, ISSUER))
    calls = instance.login().session
    found = calls.class_method("OAuth2.ServerDefinition", "OpenByIssuer", [ISSUER])
    made = calls.class_method("OAuth2.Client", "%New", [])
    assert isinstance(found, ObjectRef)
    assert isinstance(made, ObjectRef)
    for name, value in (("ApplicationName", "A"), ("ClientType", "public"), ("SSLConfiguration", "T")):
        calls.set_property(made.number, name, value)
    calls.set_property(made.number, "ServerDefinition", found)
    calls.release([found.number])
    assert calls.invoke(made.number, "%Save", []) == 1
    client = world.oauth_clients.get("A")
    assert client is not None
    assert client.server is server


async def test_a_client_of_a_server_that_is_nowhere_is_refused_before_anything_is_done(
    person: Desk, tmp_path: Path
) -> None:
    live = tmp_path / "live"
    furnish(person.served, "Portal")
    await person.say(f"/export {live} only oauth-clients")
    person.served.world.oauth_clients.remove("Portal")
    person.served.world.oauth_servers.remove(ISSUER)
    assert (await person.problem(f"/apply {live}")).error == "NoSuchServer"


@pytest.mark.parametrize("way", ["/finish", "/undo"])
async def test_a_plan_that_was_killed_between_server_and_client_is_finished_or_taken_back(
    tmp_path: Path, way: str
) -> None:
    full = tmp_path / "full"
    async with serve(units=50) as served:
        furnish(served, "Portal")
        async with desk_on(served, tmp_path / "home") as person:
            await person.say(f"/export {full} only oauth-servers,oauth-clients")
        served.world.oauth_clients.remove("Portal")
        served.world.oauth_servers.remove(ISSUER)
        await killed(served, tmp_path / "home", (1, "after"), f"/apply {full}")
        assert (len(served.world.oauth_servers), len(served.world.oauth_clients)) == (1, 0)
        async with desk_on(served, tmp_path / "home") as person:
            await person.do(way)
            number = int(way == "/finish")
            assert (len(served.world.oauth_servers), len(served.world.oauth_clients)) == (number, number)
            assert not person.session.context.journal("local").unfinished()
