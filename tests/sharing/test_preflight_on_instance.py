"""The preflight against a simulated instance: each rule fires and then no longer, and no try locks an account.

Issue 7, point 3. `test_preflight.py` has the rules on records; here the facts are read by the real driver.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from irisops.instance.connection import Connection
from irisops.sharing.facts import gather, probe_default_passwords
from irisops.sharing.lease import Where
from irisops.sharing.preflight import Level, examine
from irisops.sharing.snapshot import Intent, UserFact
from irisops.sharing.teardown import connect_by_driver
from irisops.simulator.world.model import Application, Permission
from irisops.simulator.world.seed import PASSWORD_BIT, UNAUTHENTICATED_BIT, give_password
from irisops.simulator.world.world import World
from tests.instance.served import PASSWORD, USER, Served, serve

BOTH = Intent(tcp=True, web=True, people=2, profile="local")
PREDEFINED = ("SuperUser", "Admin", "CSPSystem")


def calm(world: World) -> None:
    """An instance without findings."""
    for name in ("SuperUser", "Admin", "CSPSystem", "_Ensemble"):
        user = world.user(name)
        if user is not None:
            give_password(world.tables, name, "nobody-Knows-1", world.chance)
            user.enabled = name == "CSPSystem"
    world.applications.get("/csp/sys").enabled = True  # type: ignore[union-attr]
    for application in world.applications.values():
        application.authe_enabled = PASSWORD_BIT
    for event in world.events.values():
        event.enabled = True
    world.system.audit_enabled = True


def default_password(world: World) -> None:
    user = world.user("Admin")
    assert user is not None
    user.enabled = True
    give_password(world.tables, "Admin", "SYS", world.chance)


def unknown_user(world: World) -> None:
    user = world.user("UnknownUser")
    assert user is not None
    user.roles.append("%All")
    user.enabled = True


def bindings(world: World) -> None:
    service = world.services.get("%Service_Bindings")
    assert service is not None
    service.authe_enabled |= UNAUTHENTICATED_BIT


def monitor(world: World) -> None:
    application = world.application("/api/monitor")
    assert application is not None
    application.authe_enabled |= UNAUTHENTICATED_BIT


def terminal_socket(world: World) -> None:
    world.applications.add(Application("/terminalsocket", "%SYS", authe_enabled=UNAUTHENTICATED_BIT))


def all_role(world: World) -> None:
    world.applications.add(Application("/x", "USER", authe_enabled=PASSWORD_BIT, match_roles={"": ["%All"]}))


def public(world: World) -> None:
    resource = world.resources.get("%DB_USER")
    assert resource is not None
    resource.public = Permission.READ | Permission.WRITE


def audit_off(world: World) -> None:
    world.system.audit_enabled = False


def unused(world: World) -> None:
    user = world.user("Admin")
    assert user is not None
    user.enabled = True
    user.last_login = None


SITUATIONS: list[tuple[str, Level, Callable[[World], None]]] = [
    ("default-passwords", "red", default_password),
    ("unknown-user", "red", unknown_user),
    ("bindings-unauthenticated", "red", bindings),
    ("open-applications", "amber", monitor),
    ("open-applications", "red", terminal_socket),
    ("all-through-application", "amber", all_role),
    ("public-databases", "red", public),
    ("auditing", "amber", audit_off),
    ("unused-accounts", "amber", unused),
]


async def looked_at(served: Served) -> dict[str, set[Level]]:
    """Levels of each rule's findings."""
    connection = Connection(served.target())
    await connection.connect(PASSWORD)
    try:
        facts = await gather(connection)
        assert facts.users is not None
        assert facts.unread == ()
        where = Where("local", "127.0.0.1", served.server.port, USER)
        probes = await probe_default_passwords(connection, connect_by_driver, where, facts.users)
    finally:
        await connection.disconnect()
    found: dict[str, set[Level]] = {}
    for finding in examine(replace(facts, probes=probes), BOTH):
        found.setdefault(finding.rule, set()).add(finding.level)
    return found


@pytest.mark.parametrize(
    ("rule", "level", "spoil"), SITUATIONS, ids=[f"{rule}-{spoil.__name__}" for rule, _, spoil in SITUATIONS]
)
async def test_fires_on_an_instance_and_not_without_the_cause(
    rule: str, level: Level, spoil: Callable[[World], None]
) -> None:
    async with serve() as served:
        calm(served.world)
        before = await looked_at(served)
        assert before[rule] == {"green"}, before
        spoil(served.world)
        assert level in (await looked_at(served))[rule]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
async def test_no_account_is_locked_however_often_the_preflight_runs(limit: int) -> None:
    async with serve() as served:
        calm(served.world)
        served.world.system.invalid_login_limit = limit
        for name in PREDEFINED:
            served.user(name).enabled = True
        for _ in range(limit + 2):
            await looked_at(served)
        for name in PREDEFINED:
            user = served.user(name)
            assert user.enabled, name
            assert user.invalid_login_attempts < limit, name
            # Its owner still gets in, and has a try to spare wherever there was one.
            assert limit - user.invalid_login_attempts >= min(limit, 2), name


async def test_with_a_limit_of_two_nobody_is_tried_and_it_is_said_why() -> None:
    async with serve() as served:
        served.world.system.invalid_login_limit = 2
        connection = Connection(served.target())
        await connection.connect(PASSWORD)
        try:
            users = [UserFact(name, enabled=True, roles=(), used=True) for name in PREDEFINED]
            events = served.world.audit_log.revision
            where = Where("local", "127.0.0.1", served.server.port, USER)
            probes = await probe_default_passwords(connection, connect_by_driver, where, users)
            assert served.world.audit_log.revision == events
        finally:
            await connection.disconnect()
        assert {probe.outcome for probe in probes} == {"skipped"}
        assert all("of 2 allowed" in probe.reason for probe in probes)
        assert [served.user(name).invalid_login_attempts for name in PREDEFINED] == [0, 0, 0]
