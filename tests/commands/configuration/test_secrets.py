"""No secret of any scenario is in what is written or shown, and no difference tells of one."""

from __future__ import annotations

import base64
import json
from dataclasses import fields
from pathlib import Path

import pytest

from irisops.contract.replies import Plan, Problem, Reply, Table
from irisops.engine import reply_json, reply_text
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.model import NamedSettings, OAuthClient, OAuthServer
from irisops.simulator.world.scenarios import SCENARIOS, build_world
from irisops.simulator.world.world import World
from tests.commands.configuration.test_apply import bytes_in
from tests.commands.editing import desk_on
from tests.instance.served import PASSWORD, USER, serve

FORMATS = {"merge": "a.cpf", "manifest": "a.cls", "objectscript": "a.txt", "python": "a.py"}


def plant(world: World, mark: str) -> None:
    """A secret in every place that has one: of clients, servers, keys and directories."""
    server = world.oauth_servers.add(
        OAuthServer(901, "https://canary.example", initial_access_token=f"canary-token-{mark}")
    )
    world.oauth_clients.add(
        OAuthClient(901, "Canary", server, tls="T", client_secret=f"canary-client-{mark}")
    )
    tables = world.tables
    tables.tls.add(
        NamedSettings("Canary", {"PrivateKeyFile": "/k", "PrivateKeyPassword": f"canary-key-{mark}"})
    )
    tables.ldap.add(NamedSettings("canary", {"LDAPSearchPassword": f"canary-search-{mark}"}))


def secrets_in(world: World) -> set[bytes]:
    """Every value that the world's model keeps out of `repr`, as it is and as hex, Base64 and JSON write it."""
    tables = world.tables
    records = [*tables.users, *tables.oauth_servers, *tables.oauth_clients, *world.accounts]
    found = {getattr(record, each.name) for record in records for each in fields(record) if not each.repr}
    found |= {
        value
        for settings in (*tables.tls, *tables.ldap)
        for name, value in settings.values.items()
        if "Password" in name
    }
    written = set()
    for value in (*found, PASSWORD):
        raw = value if isinstance(value, bytes) else str(value).encode()
        written |= {
            raw,
            raw.hex().encode(),
            base64.b64encode(raw),
            json.dumps(raw.decode("latin-1")).encode()[1:-1],
        }
    # "SYS", the password of every fresh instance, is part of many names.
    return {each for each in written if len(each) > 3 and each not in (b"535953", b"U1lT")}


def shown(reply: Reply) -> str:
    """A reply as text and as JSON, as `irisops run` prints it with and without --json."""
    return f"{reply_text.text(reply)}\n{reply_json.line(reply)}\n{reply!r}"


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_no_secret_of_a_scenario_is_in_any_file_or_reply(scenario: str, tmp_path: Path) -> None:
    """Export, all formats, differences of two instances that differ in secrets alone, and a plan to apply."""
    clock = ManualClock()
    world = build_world(scenario, clock=clock)
    if scenario == "full":
        clock.advance(120)  # the first closed tab times out, and there is room for one
    plant(world, "one")
    assert any(b"canary-key-one" in each for each in secrets_in(world))
    async with serve(world=world) as served:
        served.user(USER).change_password = False
        kept = secrets_in(world)
        async with desk_on(served, tmp_path / "home") as person:
            live, replies = tmp_path / "live", list[Reply]()
            replies += await person.say(f"/export {live}")
            for word, file in FORMATS.items():
                replies += await person.say(f"/export {word} {tmp_path / file} from={live}")
            assert not any(isinstance(each, Problem) for each in replies), replies
            plant(world, "two")
            for user in world.users:
                if user.name != USER:
                    user.password_hash, user.password_salt = b"another hash of it", b"another salt"
            kept |= secrets_in(world)
            with_a_difference(live)
            replies += await person.say(f"/diff {live}")
            table = replies[-1]
            assert isinstance(table, Table)
            told = {(row["object"], row["field"]) for row in table.rows if row["what"] != "unknown"}
            assert told == {("Another", ""), ("Canary", "PrivateKeyFile")}  # of secrets nothing
            assert any("Secrets are not compared" in each for each in table.notes)
            replies += await person.say(f"/apply {live}")
            assert isinstance(replies[-1], Plan), replies[-1]
    whole = b"\n".join(bytes_in(tmp_path).values()) + "".join(map(shown, replies)).encode()
    assert [each for each in kept if each in whole] == []
    assert b'ClientSecret = { secret = "set by hand" }' in whole


def with_a_difference(live: Path) -> None:
    """A new client, whose secret is asked for, and a TLS configuration with another file of its key."""
    made = (live / "oauth-clients" / "canary.toml").read_text()
    (live / "oauth-clients" / "another.toml").write_text(made.replace('"Canary"', '"Another"'))
    key = live / "tls" / "canary.toml"
    key.write_text(key.read_text().replace('"/k"', '"/another"'))


SECADMIN = ("SimConnect", "%Admin_Secure", "%SQL", "%DB_IRISSYS")
READER = ("SimConnect", "%SQL", "%DB_IRISSYS")


async def test_what_an_account_cannot_read_is_unknown_and_nothing_is_planned_on_it(tmp_path: Path) -> None:
    """As the practice accounts secadmin and reader, in each way that an instance may treat them."""
    live = tmp_path / "live"
    world = build_world("quiet", version=(2025, 2))
    plant(world, "x")
    async with serve(world=world) as served:
        own = served.user(USER)
        own.change_password = False
        async with desk_on(served, tmp_path / "home") as person:
            await person.say(f"/export {live}")
        changed = tmp_path / "changed"
        _with_every_description_changed(live, changed)
        for at, (roles, execute, objects) in enumerate(
            (
                (SECADMIN, "needed", "protected"),
                (SECADMIN, "not-needed", "allowed"),
                (READER, "needed", "protected"),
                (READER, "not-needed", "allowed"),
            )
        ):
            served.doubt(f"execute={execute}", f"security-objects={objects}")
            own.roles = list(roles)
            async with desk_on(served, tmp_path / f"home{at}") as person:
                table = (await person.say(f"/diff {live}"))[-1]
                assert isinstance(table, Table)
                # Its own roles are what this test has changed.
                known = [row for row in table.rows if row["what"] != "unknown" and row["object"] != USER]
                assert known == [], (roles, execute, objects)
                unknown = {f"{row['field']} of {row['object']}" for row in table.rows}
                assert unknown
                reply = (await person.say(f"/apply {changed}"))[-1]
                planned = [each.what for each in reply.changes] if isinstance(reply, Plan) else []
                # Where the objects are protected, what the lists tell cannot be changed either, and this is told.
                assert bool(planned) is (roles == SECADMIN and objects == "allowed"), reply
                if roles == SECADMIN and objects == "protected":
                    assert isinstance(reply, Problem)
                    assert reply.error == "NotPermitted"
                assert not unknown.intersection(planned)
                assert person.entries() == []


def _with_every_description_changed(source: Path, target: Path) -> None:
    """A copy of a folder, without the account of these tests, whose roles they change."""
    for path in source.rglob("*.toml"):
        if path.stem == USER.lower():
            continue
        text = path.read_text()
        lines = [
            f'{line[:-1]} changed"' if line.startswith(("Description = ", "FullName = ")) else line
            for line in text.split("\n")
        ]
        made = target / path.relative_to(source)
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text("\n".join(lines))
