"""/apply: one plan in the right order, carried out and taken back as a whole; nothing is deleted or guessed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Plan, Table
from irisops.simulator.world.model import Application, Permission, Resource, User
from irisops.simulator.world.seed import PASSWORD_BIT
from tests.commands.editing import GOOD, Desk, add_role, desk, desk_on
from tests.instance.served import Served, serve


@pytest.fixture
async def person(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path / "home") as made:
        yield made


def furnish(served: Served) -> None:
    """Objects of all kinds that name each other, with names and texts that files and TOML treat in a special way."""
    world = served.world
    world.resources.add(
        Resource("Ward:1".replace(":", "_"), "Ward “one”\nnext line\t\u202eabc", Permission.READ, 1 << 31)
    )
    add_role(served, "Deepest")
    add_role(served, "R" * 64, "Deepest")
    add_role(served, "Ärztin漢", "R" * 64, "%SQL")
    role = world.tables.roles.get("Ärztin漢")
    assert role is not None
    role.resources["Ward_1"] = Permission.READ | Permission.USE
    role.description = 'says "yes" \\ no # ; ='
    world.add_user(User("müller=#;", roles=["Ärztin漢", "%SQL"], full_name="Müller, “Jo”"), GOOD)
    world.add_user(User("off", roles=[], enabled=False, comment="line\r\nline"), GOOD)
    world.applications.add(
        Application(
            "/csp/ward/1",
            "USER",
            "Ward",
            authe_enabled=PASSWORD_BIT,
            resource="Ward_1",
            match_roles={"": ["Ärztin漢"], "Deepest": ["%SQL"]},
            timeout=1800,
        )
    )


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_an_export_applied_to_an_empty_world_is_the_same_export_and_undo_restores(
    tmp_path: Path,
) -> None:
    full, empty = tmp_path / "full", tmp_path / "empty"
    async with serve(units=50) as one:
        furnish(one)
        async with desk_on(one, tmp_path / "h1") as person:
            await person.say(f"/export {full}")
    async with serve(units=50) as other, desk_on(other, tmp_path / "h2") as person:
        await person.say(f"/export {empty}")
        plan = await person.plan(f"/apply {full}")
        assert "7 objects" in plan.title
        *_, done = await person.yes(plan)
        assert isinstance(done, Done), done
        await person.say(f"/export {tmp_path / 'after'}")
        assert bytes_in(tmp_path / "after") == bytes_in(full)
        (*_, table) = await person.say(f"/diff {full}")
        assert isinstance(table, Table)
        assert table.status == 0
        reply = (await person.say(f"/apply {full}"))[-1]
        assert isinstance(reply, Done), reply
        await person.do("/undo")
        await person.say(f"/export {tmp_path / 'back'}")
        assert bytes_in(tmp_path / "back") == bytes_in(empty)
        texts = b"".join(bytes_in(tmp_path / "h2").values())
        assert GOOD.encode() not in texts


async def test_nothing_is_deleted_unless_it_is_asked_for_and_then_by_name(
    person: Desk, tmp_path: Path
) -> None:
    live = tmp_path / "live"
    await person.say(f"/export {live}")
    furnish(person.served)
    reply = (await person.say(f"/apply {live}"))[-1]
    assert isinstance(reply, Done)
    assert any("kept (delete=yes" in line and "off" in line for line in reply.details)
    plan = await person.plan(f"/apply {live} delete=yes")
    gone = [each.what for each in plan.changes if each.kind == "gone"]
    assert any("off" in each for each in gone)
    *_, done = await person.yes(plan)
    assert isinstance(done, Done), done
    assert person.served.world.users.get("off") is None
    (*_, table) = await person.say(f"/diff {live}")
    assert isinstance(table, Table)
    assert table.status == 0, table.rows
    await person.do("/undo")
    assert person.served.world.users.get("off") is not None
    assert person.role("Ärztin漢").granted_roles == ["R" * 64, "%SQL"]


async def test_what_others_still_hold_is_not_deleted(person: Desk, tmp_path: Path) -> None:
    live = tmp_path / "live"
    await person.say(f"/export {live}")
    add_role(person.served, "Held")
    person.user("bob").roles.append("Held")
    reply = (await person.say(f"/apply {live} only roles delete=yes"))[-1]
    assert isinstance(reply, Done)
    assert any("users" in line and "Held" in line for line in reply.details)
    assert person.role("Held")
    world = person.served.world
    world.resources.add(Resource("Kept"))
    database = world.databases.get("USER")
    assert database is not None
    database.resource = "Kept"
    reply = (await person.say(f"/apply {live} only resources,applications,roles,databases delete=yes"))[-1]
    assert isinstance(reply, Done), reply
    assert any("deletion of resource Kept" in line for line in reply.details)


async def test_own_account_and_last_superuser_are_guarded(person: Desk, tmp_path: Path) -> None:
    live = tmp_path / "live"
    await person.say(f"/export {live}")
    own = live / "users" / "_system.toml"
    own.write_text(own.read_text().replace("%All", "%SQL"))
    assert (await person.problem(f"/apply {live}")).error == "OwnAccount"


async def test_other_kinds_are_named_to_be_set_by_hand(person: Desk, tmp_path: Path) -> None:
    live = tmp_path / "live"
    terminal = person.served.world.services.get("%Service_Terminal")
    assert terminal is not None
    terminal.client_systems = ["10.0.0.1", "10.0.0.2|%SQL,Clerk"]
    await person.say(f"/export {live}")
    terminal.client_systems.reverse()
    system = live / "system" / "system.toml"
    system.write_text(system.read_text().replace('DefaultSecurityDomain = "', 'DefaultSecurityDomain = "x'))
    bindings = live / "services" / "%25service_bindings.toml"
    bindings.write_text(bindings.read_text() + 'ClientSystems = ["10.0.0.1"]\n')
    bob = live / "users" / "bob.toml"
    bob.write_text(bob.read_text().replace('"Bob"', '"Robert"'))
    plan = await person.plan(f"/apply {live}")
    assert [each.what for each in plan.changes] == ["full name of bob"]
    told = [each for each in plan.warnings if each.startswith("Not applied by this tool, set by hand, as ")]
    for why, what in (
        ("accounts are named by it", "DefaultSecurityDomain of system security settings SYSTEM"),
        ("every driver comes in by it", "client addresses of service %Service_Bindings"),
        ("only the order or the spelling differs", "client addresses of service %Service_Terminal"),
    ):
        assert any(why in each and what in each for each in told), told


async def test_a_role_that_is_nowhere_stops_it_before_anything_is_done(person: Desk, tmp_path: Path) -> None:
    live = tmp_path / "live"
    await person.say(f"/export {live}")
    bob = live / "users" / "bob.toml"
    bob.write_text(bob.read_text().replace("%SQL", "Nowhere"))
    problem = await person.problem(f"/apply {live}")
    assert problem.error == "NoSuchRole"
    assert person.entries() == []


async def test_nothing_is_planned_on_what_is_not_known(tmp_path: Path) -> None:
    live = tmp_path / "live"
    async with serve(units=50, doubts=["security-objects=protected"]) as served:
        async with desk_on(served, tmp_path / "h1") as person:
            await person.say(f"/export {live}")
        service = live / "services" / "%25service_bindings.toml"
        service.write_text(service.read_text().replace('"password"', '"os",\n    "password"'))
        served.user("_SYSTEM").roles = ["%Manager"]
        async with desk_on(served, tmp_path / "h2") as person:
            reply = (await person.say(f"/apply {live} only services,applications,system"))[-1]
            assert isinstance(reply, Done), reply
            assert any("Not known on the instance" in line for line in reply.details)
            assert person.entries() == []


async def test_a_read_only_profile_refuses(person: Desk, tmp_path: Path) -> None:
    spec = person.session.context.registry.get("apply")
    assert spec is not None
    assert spec.changes
    assert not spec.shows
    await person.say(f"/export {tmp_path / 'live'}")
    reply = (await person.say(f"/apply {tmp_path / 'live'}"))[-1]
    assert not isinstance(reply, Plan)
