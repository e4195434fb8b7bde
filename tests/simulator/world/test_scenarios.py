from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from irisops.simulator.backend import LoginRefusedError, LoginRequest
from irisops.simulator.world.clock import ManualClock, SteerableClock
from irisops.simulator.world.model import Permission
from irisops.simulator.world.scenarios import DEFAULT, SCENARIOS, build_world
from irisops.simulator.world.scenarios.broken import HOSTILE_NAMES
from irisops.simulator.world.world import World

NAMES = sorted(SCENARIOS)


def login(world: World, username: str, password: str, namespace: str = "%SYS") -> None:
    world.login(LoginRequest(namespace, username, password, "me", "here", "python3", "127.0.0.1", 50001))


def snapshot(world: World) -> object:
    """All that can be read of a world, as values."""
    return (
        [repr(user) for user in world.users],
        [repr(role) for role in world.roles],
        [repr(session) for session in world.sessions.values()],
        [repr(process) for process in world.processes.values()],
        world.license_holders(),
        world.license_counts(),
        list(world.audit_log.records),
    )


def over_time(world: World, clock: ManualClock, seconds: int, step: int = 10) -> Iterator[World]:
    for _ in range(seconds // step):
        clock.advance(step)
        world.tick()
        yield world


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_world_and_future(name: str) -> None:
    clocks = [ManualClock(), ManualClock()]
    worlds = [build_world(name, clock=clock, seed=7) for clock in clocks]
    assert snapshot(worlds[0]) == snapshot(worlds[1])
    for clock, world in zip(clocks, worlds, strict=True):
        for _ in over_time(world, clock, 60):
            pass
    assert snapshot(worlds[0]) == snapshot(worlds[1])


def test_another_seed_gives_other_ids() -> None:
    first, second = (build_world("home", clock=ManualClock(), seed=seed) for seed in (1, 2))
    assert not set(first.sessions) & set(second.sessions)


@pytest.mark.parametrize("name", NAMES)
def test_a_frozen_world_stands_still(name: str) -> None:
    base = ManualClock()
    world = build_world(name, clock=SteerableClock(base, frozen=True))
    before = snapshot(world)
    base.advance(5000)
    world.tick()
    assert snapshot(world) == before


@pytest.mark.parametrize("name", [name for name in NAMES if name != "quiet"])
def test_a_running_world_changes(name: str) -> None:
    clock = ManualClock()
    world = build_world(name, clock=clock)
    before = snapshot(world)
    for _ in over_time(world, clock, 300):
        assert 0 <= world.license_counts().consumed <= world.license_counts().limit
    assert snapshot(world) != before


@pytest.mark.parametrize("name", [name for name in NAMES if name != "full"])
def test_the_accounts_that_are_handed_out_can_log_in(name: str) -> None:
    world = build_world(name, clock=ManualClock())
    assert [account.username for account in world.accounts] == ["admin1", "secadmin", "operator", "reader"]
    for account in world.accounts:
        login(world, account.username, account.password, account.namespace)
        assert account.password not in repr(account)
        if world.license_counts().available == 0:
            break  # home has two free units


def test_the_administrators_password_can_be_chosen() -> None:
    world = build_world("quiet", clock=ManualClock(), password="own-word-1")
    login(world, "admin1", "own-word-1")
    assert world.accounts[0].password == "own-word-1"
    with pytest.raises(LoginRefusedError):
        login(world, "admin1", "Practice-1!")


def test_privileges_fall_from_administrator_to_reader() -> None:
    world = build_world("quiet", clock=ManualClock())
    assert world.is_superuser("admin1")
    assert world.check("secadmin", "%Admin_Secure", Permission.USE)
    assert not world.is_superuser("secadmin")
    assert world.check("operator", "%Admin_Operate", Permission.USE)
    assert world.check("operator", "%DB_IRISSYS", Permission.WRITE)
    assert not world.check("operator", "%Admin_Secure", Permission.USE)
    assert world.check("reader", "%Service_SQL", Permission.USE)
    assert not world.check("reader", "%DB_IRISSYS", Permission.READ)


def test_everybody_knows_the_predefined_passwords_and_must_change_them() -> None:
    world = build_world("home", clock=ManualClock())
    with pytest.raises(LoginRefusedError, match="Password change required"):
        login(world, "_SYSTEM", "SYS")


def test_an_unknown_scenario_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="quiet, home, full, hackathon, clinic, broken"):
        build_world("nonsense")
    assert DEFAULT in SCENARIOS


def test_home_admits_the_tool_and_a_second_connection_beside_it() -> None:
    clock = ManualClock()
    world = build_world("home", clock=clock)
    assert (world.license_counts().consumed, world.license_counts().limit) == (6, 8)
    assert world.key.community
    for _ in range(2):
        login(world, "admin1", "Practice-1!")
    with pytest.raises(LoginRefusedError, match="LICENSE LIMIT"):
        login(world, "admin1", "Practice-1!")


def test_home_never_lets_its_own_people_take_the_last_unit() -> None:
    clock = ManualClock()
    world = build_world("home", clock=clock)
    assert all(each.license_counts().available >= 1 for each in over_time(world, clock, 4 * 3600))


def test_home_shows_every_stage_of_a_closed_browser() -> None:
    clock = ManualClock()
    world = build_world("home", clock=clock)
    tabs = {session.id for session in world.sessions.values() if session.client_ip == "192.168.1.31"}
    kinds = {row.user_id: row.kind for row in world.license_holders()}
    assert [kinds[tab] for tab in tabs] == ["CSP"] * 3
    seen: set[str] = set()
    for each in over_time(world, clock, 1200):
        seen |= {row.kind for row in each.license_holders() if row.user_id in tabs}
    assert seen == {"CSP", "Grace"}
    assert not tabs & {row.user_id for row in world.license_holders()}


def test_full_locks_everybody_out_until_the_first_tab_times_out() -> None:
    clock = ManualClock()
    world = build_world("full", clock=clock)
    with pytest.raises(LoginRefusedError, match="LICENSE LIMIT"):
        login(world, "admin1", "Practice-1!")
    clock.advance(89)
    with pytest.raises(LoginRefusedError, match="LICENSE LIMIT"):
        login(world, "admin1", "Practice-1!")
    clock.advance(1)
    login(world, "admin1", "Practice-1!")


def test_the_hackathons_leak_flips_and_fills_the_license() -> None:
    clock = ManualClock()
    world = build_world("hackathon", clock=clock)
    bot = "bot@10.0.0.20"
    history = [
        next(row for row in each.license_holders() if row.user_id == bot)
        for each in over_time(world, clock, 900)
    ]
    assert (history[0].units, history[0].flipped) == (1, False)
    jump = next(index for index, row in enumerate(history) if row.flipped)
    assert (history[jump - 1].units, history[jump].units) == (1, 26)
    assert world.license_counts().available == 0
    assert world.alerts.records


def test_ending_the_leaks_sessions_resets_the_flip() -> None:
    clock = ManualClock()
    world = build_world("hackathon", clock=clock)
    clock.advance(400)
    world.tick()
    assert any(row.flipped for row in world.license_holders())
    for session in [each for each in world.sessions.values() if each.username == "bot"]:
        world.end_session(session.id)
    clock.advance(3)
    world.tick()
    assert not any(row.flipped for row in world.license_holders())


def test_clinic_is_as_large_as_promised_and_quick() -> None:
    started = time.process_time()
    world = build_world("clinic", clock=ManualClock())
    assert time.process_time() - started < 1.5
    assert (len(world.sessions), len(world.processes), len(world.applications)) == (2000, 10_000, 60)
    assert len(world.users) >= 400
    assert len(world.roles) >= 120
    assert any(row.flipped for row in world.license_holders())


def test_clinics_seconds_are_cheap_and_its_size_stays() -> None:
    clock = ManualClock()
    world = build_world("clinic", clock=clock)
    started = time.process_time()
    for _ in over_time(world, clock, 60, step=1):
        pass
    assert (time.process_time() - started) / 60 < 0.05
    assert len(world.processes) == 10_000
    assert 1_950 <= len(world.sessions) <= 2_050


def test_clinics_roles_are_nested() -> None:
    world = build_world("clinic", clock=ManualClock())
    assert {"CARDIONurse", "ClinicNurse", "ClinicBasic", "%SQL"} <= set(
        world.tables.role_closure(["CARDIONurse"])
    )


@pytest.mark.parametrize(
    ("username", "text"),
    [
        ("locked", "is disabled"),
        ("expired", "has expired"),
        ("oldpassword", "Password has expired"),
        ("mustchange", "Password change required"),
        ("inactive", "is inactive"),
        ("norole", "Cannot access"),
    ],
)
def test_brokens_accounts_are_refused_for_their_reasons(username: str, text: str) -> None:
    world = build_world("broken", clock=ManualClock())
    with pytest.raises(LoginRefusedError, match=text):
        login(world, username, "broken-demo", "USER")


def test_broken_locks_an_account_while_one_looks_on() -> None:
    clock = ManualClock()
    world = build_world("broken", clock=clock)
    user = world.user("almostlocked")
    assert user is not None
    assert user.enabled
    for _ in over_time(world, clock, 300):
        pass
    assert not user.enabled


def test_broken_holds_hostile_names_whole_and_hidden_superusers() -> None:
    world = build_world("broken", clock=ManualClock())
    for name in HOSTILE_NAMES:
        user = world.user(name)
        assert user is not None
        assert user.name == name
    wordy = world.role("Wordy")
    assert wordy is not None
    assert len(wordy.description) == 4000
    assert world.is_superuser("secretadmin")
    assert world.is_superuser("UnknownUser")
    assert not world.system.audit_enabled
    assert world.tables.role_closure(["RingA"]) == ("RingA", "RingB", "RingC")
