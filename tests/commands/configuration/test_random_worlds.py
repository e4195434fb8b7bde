"""Random worlds, exported, applied to an empty world and exported again: the same bytes; undo restores the former."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from irisops.contract.replies import Done
from irisops.simulator.classes.sql_privileges import ObjectPrivilege
from irisops.simulator.world.model import (
    Application,
    AuditEvent,
    NamedSettings,
    Namespace,
    Permission,
    Resource,
    Role,
    User,
)
from irisops.simulator.world.seed import PASSWORD_BIT, UNAUTHENTICATED_BIT
from tests.commands.configuration.test_apply import bytes_in
from tests.commands.editing import GOOD, desk_on
from tests.instance.served import USER, Served, serve

LETTERS = "aAbBzZ019_-. %#;='\"\\/~ßéЖ漢🜁“”"
TEXT = LETTERS + "\n\r\t\u202e\u2066\u200b:,*@"
"""Names and texts that files, TOML and terminals treat in a special way."""
LDAP = "directory"
BITS = (Permission.READ, Permission.WRITE, Permission.USE)


class Chance:
    """Random objects of one world, from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - worlds, not secrets
        self.taken: set[str] = set()

    def text(self, letters: str, most: int) -> str:
        return "".join(self.random.choice(letters) for _ in range(self.random.randint(1, most)))

    def name(self, letters: str = LETTERS) -> str:
        """A name that no other object has in any letter case; some have all 64 signs."""
        while True:
            most = self.random.choice((6, 20, 64))
            name = f"n{self.text(letters, 62 if most == 64 else most)}x"
            if most == 64:
                name = name.ljust(64, "y")
            if name.casefold() not in self.taken:
                self.taken.add(name.casefold())
                return name

    def some(self, names: list[str]) -> list[str]:
        return self.random.sample(names, self.random.randint(0, min(3, len(names))))

    def flag(self) -> bool:
        return self.random.random() < 0.5

    def match_roles(self, roles: list[str]) -> dict[str, list[str]]:
        """Groups whose order is random; the empty match role is that of every visitor."""
        matching = self.some(["", *roles])
        return {match: self.random.sample(roles, self.random.randint(1, 2)) for match in matching}

    def origins(self) -> list[str]:
        return [f"https://n{self.text('abc-.é漢', 8)}x:{at}" for at in range(self.random.randint(0, 3))]

    def addresses(self) -> list[str]:
        """Of a service, some with roles, in random order."""
        found = [
            f"10.0.{self.random.randint(0, 255)}.{at}-{at + 2}" for at in range(self.random.randint(0, 3))
        ]
        found += ["127.0.0.1|%SQL,%DB_USER"] if self.flag() else []
        self.random.shuffle(found)
        return found

    def permission(self) -> Permission:
        found = Permission.NONE
        for bit in BITS:
            found |= bit if self.random.random() < 0.5 else Permission.NONE
        return found or Permission.READ


def furnish(served: Served, seed: int) -> None:
    """Resources, roles, users and applications that name each other, in random order."""
    chance = Chance(seed)
    world = served.world
    resources = [chance.name() for _ in range(4)]
    for name in resources:
        world.resources.add(
            Resource(name, chance.text(TEXT, 40), chance.random.choice((Permission.NONE, Permission.READ)))
        )
    roles: list[str] = []
    made = []
    for _ in range(6):
        role = Role(
            chance.name(LETTERS.replace("/", "")),
            chance.text(TEXT, 60),
            granted_roles=chance.some([*roles, "%SQL"]),
        )
        role.resources.update({name: chance.permission() for name in chance.some(resources)})
        made.append(role)
        roles.append(role.name)
    chance.random.shuffle(made)
    for role in made:
        world.roles.add(role)
    for _ in range(5):
        user = User(
            chance.name(),
            roles=chance.some(roles),
            full_name=chance.text(TEXT, 50),
            comment=chance.text(TEXT, 50),
            enabled=chance.random.random() < 0.5,
        )
        world.add_user(user, GOOD)
    for _ in range(3):
        name = f"/csp/{chance.name('abcXYZ019_-./é')[:50]}"
        world.applications.add(
            Application(
                name,
                "USER",
                chance.text(TEXT, 40),
                enabled=chance.flag(),
                authe_enabled=chance.random.choice((PASSWORD_BIT, PASSWORD_BIT | UNAUTHENTICATED_BIT)),
                resource=chance.random.choice(["", *resources]),
                match_roles=chance.match_roles(roles),
                timeout=chance.random.randint(1, 100_000),
                use_cookies=chance.random.randint(0, 2),
                jwt_enabled=chance.flag(),
                jwt_access_seconds=chance.random.randint(1, 9999),
                jwt_refresh_seconds=chance.random.randint(1, 9999),
                dispatch_class=chance.random.choice(("", "App.Dispatch", "%SYS.Python.WSGI")),
                wsgi_name=chance.text(TEXT, 20),
                wsgi_location=chance.text(TEXT, 20),
            )
        )
        extra = served.runtime.emulation.extras_of("Security.Applications", name)
        extra |= {key: chance.text(TEXT, 30) for key in ("ErrorPage", "CookiePath", "WSGICallable")}
        extra |= {
            key: int(chance.flag()) for key in ("CorsCredentialsAllowed", "CSRFToken", "WSGIDebug", "Recurse")
        }
        extra |= {key: chance.origins() for key in ("CorsAllowlist", "CorsHeadersList")}
        extra |= {"ServeFiles": chance.random.randint(0, 3), "WSGIType": chance.random.randint(1, 2)}
    furnish_settings(served, chance, roles)
    for service in world.services.values():
        if service.name != "%Service_Bindings" and chance.flag():
            service.client_systems = chance.addresses()
            service.enabled = chance.flag()


def furnish_settings(served: Served, chance: Chance, roles: list[str]) -> None:
    """System settings, audit events, TLS, LDAP, SQL privileges, tasks, and a namespace with its mappings."""
    world, emulation, number = served.world, served.runtime.emulation, chance.random.randint
    world.system.inactive_limit = number(1, 999)
    world.system.password_pattern = chance.random.choice(("12.128ANP", "3.64AN"))
    world.system.authe_enabled = PASSWORD_BIT | chance.random.choice((0, UNAUTHENTICATED_BIT, 2048))
    world.system.required_role = chance.random.choice(("", "%All"))
    emulation.extras_of("Security.System", "SYSTEM").update(
        {
            "JWTIssuer": chance.text(TEXT, 60),
            "TwoFactorTimeout": number(1, 999),
            "SSLTelnetServer": number(0, 2),
        }
    )
    for event in world.events.values():
        event.enabled = chance.flag() if event.name != "AuditChange" else event.enabled
    for _ in range(2):
        source, kind, name = (chance.name(LETTERS.replace("/", "")) for _ in range(3))
        world.events.add(AuditEvent(source, kind, name, chance.text(TEXT, 40), chance.flag()))
        values: dict[str, str | int] = {"Description": chance.text(TEXT, 40), "CAFile": chance.text(TEXT, 40)}
        values |= {
            "Type": number(0, 1),
            "Enabled": number(0, 1),
            "VerifyPeer": number(0, 3),
            "VerifyDepth": number(1, 9),
        }
        world.tables.tls.add(NamedSettings(chance.name(), values))
    base, text = chance.text(TEXT, 30), chance.text(TEXT, 30)
    ldap: dict[str, str | int] = {"LDAPFlags": number(0, 99), "LDAPBaseDN": base, "Description": text}
    world.tables.ldap.add(NamedSettings(LDAP, ldap))
    for task in world.operations.tasks:
        task.suspended = chance.flag()
    for role in roles[:3]:
        schema, table = (chance.text("abcXYZ_", 8) for _ in range(2))
        grantable = chance.flag()
        granted = [
            ObjectPrivilege("USER", schema, table, "s", role, USER, grantable),
            ObjectPrivilege("USER", schema, "", "i", role, USER),
            ObjectPrivilege("USER", schema, f"{table}_p", "e", role, USER),
        ]
        for privilege in chance.random.sample(granted, number(1, 3)):
            emulation.sql_privileges.grant(privilege)
    maps = {f"{chance.text('abXY', 6)}*": "IRISLIB", 'XYZ("a = b":"c")': "USER,7", "Lock": "USER,5,IRISLIB"}
    made = world.namespaces.add(Namespace(f"NS{number(1, 99)}", "USER", "IRISLIB", "IRISTEMP"))
    made.global_mappings, made.package_mappings = maps, {"App.Util": "USER"}
    user = world.namespaces.get("USER")
    assert user is not None
    user.routine_mappings = {"Tools*": "IRISLIB"}


@pytest.mark.parametrize("seed", range(2))
async def test_a_random_world_survives_the_way_through_text(seed: int, tmp_path: Path) -> None:
    full, empty = tmp_path / "full", tmp_path / "empty"
    async with serve(units=50) as one:
        furnish(one, seed)
        async with desk_on(one, tmp_path / "h1") as person:
            await person.say(f"/export {full}")
    async with serve(units=50) as other, desk_on(other, tmp_path / "h2") as person:
        other.world.tables.ldap.add(
            NamedSettings(LDAP)
        )  # these are not made, and arrays pass by the helper alone
        await person.do("/helper install")
        await person.say(f"/export {empty}")
        replies = await person.yes(await person.plan(f"/apply {full}"))
        assert isinstance(replies[-1], Done), replies[-1]
        await person.say(f"/export {tmp_path / 'after'}")
        assert bytes_in(tmp_path / "after") == bytes_in(full)
        await person.do("/undo")
        await person.say(f"/export {tmp_path / 'back'}")
        assert bytes_in(tmp_path / "back") == bytes_in(empty)
