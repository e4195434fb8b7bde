"""OAuth definitions: listed with what they belong to, never a secret, and a refusal that names the privilege."""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.contract.replies import Table
from irisops.simulator.world.model import OAuthClient, OAuthServer
from tests.commands.editing import Desk, desk, desk_on
from tests.instance.served import USER, serve

CANARY = "canary-oauth-1"


def fill(at: Desk) -> None:
    world = at.served.world
    server = world.oauth_servers.add(
        OAuthServer(7, "https://sso.example/Realm", "TLS1", initial_access_token=CANARY)
    )
    world.oauth_clients.add(
        OAuthClient(
            3,
            "Portal",
            server,
            tls="TLS2",
            redirect="https://iris.example:8443/csp",
            client_id="portal-id",
            client_secret=CANARY,
        )
    )
    world.oauth_clients.add(OAuthClient(5, "Devices", server, "resource", enabled=False))


async def test_servers_and_clients_are_listed_without_secrets(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        fill(at)
        (reply,) = await at.say("/oauth")
        assert isinstance(reply, Table)
        rows = {str(row["name"]): row for row in reply.rows}
        assert rows["https://sso.example/Realm"]["kind"] == "server"
        portal = rows["Portal"]
        assert portal["kind"] == "confidential client"
        assert portal["issuer"] == "https://sso.example/Realm"
        assert portal["redirect"] == "https://iris.example:8443/csp"
        assert (portal["enabled"], portal["tls"], portal["client_id"]) == (True, "TLS2", "portal-id")
        assert (rows["Devices"]["redirect"], rows["Devices"]["enabled"]) == ("", False)
        assert CANARY not in repr(reply)
        (one,) = await at.say("/oauth kind~resource")
        assert isinstance(one, Table)
        assert [row["name"] for row in one.rows] == ["Devices"]


async def test_without_any_definition_the_list_is_empty(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        (reply,) = await at.say("show the oauth clients")
        assert isinstance(reply, Table)
        assert not reply.rows
        assert any("no authorization server and no client" in note for note in reply.notes)


@pytest.mark.parametrize("version", [(2024, 1), (2025, 2)])
async def test_the_tables_are_for_those_who_may_read_them(tmp_path: Path, version: tuple[int, int]) -> None:
    async with serve(version=version) as served:
        served.user(USER).roles = ["%Manager"]
        served.world.users.touch()
        async with desk_on(served, tmp_path) as at:
            await _judge(at, version)


async def _judge(at: Desk, version: tuple[int, int]) -> None:
    if version < (2025, 2):
        (reply,) = await at.say("/oauth")
        assert isinstance(reply, Table)
    else:
        problem = await at.problem("/oauth")
        assert problem.error == "NotPermitted"
        assert "OAuth2" in problem.message + problem.cure


async def test_definitions_are_exported_and_compared_without_secrets(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    async with desk(tmp_path / "home") as at:
        fill(at)
        await at.say(f"/export {folder}")
        texts = {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*.toml")}
        portal = texts["portal.toml"]
        assert 'RedirectionEndpoint = "https://iris.example:8443/csp"' in portal
        assert 'ServerDefinition = "https://sso.example/Realm"' in portal
        assert 'ClientSecret = { secret = "set by hand" }' in portal
        assert 'property = "Metadata"' in texts["instance.toml"]
        assert not any(CANARY in text for text in texts.values())
        client = at.served.world.oauth_clients.get("Portal")
        assert client is not None
        client.default_scope, client.client_secret = "openid", "canary-oauth-2"
        at.served.world.oauth_clients.touch()
        table = (await at.say(f"/diff {folder}"))[-1]
        assert isinstance(table, Table)
        assert [(row["object"], row["field"], row["second"]) for row in table.rows] == [
            ("Portal", "scope", "openid")
        ]
        await at.say(f"/export merge {tmp_path / 'm.cpf'} only oauth-clients,oauth-servers")
        merged = (tmp_path / "m.cpf").read_text(encoding="utf-8")
        assert "CreateOAuth2Client:ApplicationName=Portal," in merged
        assert CANARY not in merged
