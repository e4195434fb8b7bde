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
