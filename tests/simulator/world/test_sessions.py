from __future__ import annotations

import pytest

from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.license import LicenseLimitExceededError
from irisops.simulator.world.model import Application
from irisops.simulator.world.sessions import Visitor
from irisops.simulator.world.world import World

BROWSER = Visitor("10.0.0.5")
ANA = Visitor("10.0.0.5", "ana")


def kinds(world: World) -> list[tuple[str, str, int]]:
    return [(row.user_id, row.kind, row.units) for row in world.license_holders()]


def test_an_anonymous_session_is_licensed_by_its_id(world: World) -> None:
    session = world.open_session("/csp/user", BROWSER)
    assert (session.username, session.license_id, session.application) == (
        "UnknownUser",
        session.id,
        "/csp/user/",
    )
    assert len(session.id) == 10
    assert kinds(world) == [(session.id, "CSP", 1)]


def test_sessions_of_a_user_at_an_address_share_a_unit(world: World) -> None:
    for _ in range(3):
        assert world.open_session("/csp/user/", ANA).license_id == "ana@10.0.0.5"
    assert kinds(world) == [("ana@10.0.0.5", "CSP", 1)]


def test_a_session_times_out_after_its_applications_timeout(world: World, clock: ManualClock) -> None:
    world.applications.add(Application("/x", timeout=120))
    session = world.open_session("/x", ANA, pages=2)
    clock.advance(119)
    world.tick()
    assert session.id in world.sessions
    clock.advance(1)
    world.tick()
    assert (session.id in world.sessions, world.license_counts().consumed) == (False, 0)


def test_the_default_timeout_is_900_seconds_and_ateliers_3600(world: World) -> None:
    assert world.open_session("/csp/user", BROWSER).timeout == 900
    assert world.open_session("/api/atelier", ANA).timeout == 3600


def test_each_request_moves_the_expiry(world: World, clock: ManualClock) -> None:
    session = world.open_session("/csp/user", ANA)
    for _ in range(4):
        clock.advance(800)
        world.tick()
        assert world.request_session(session.id) is session
    assert session.id in world.sessions
    assert (session.expires - world.now()).total_seconds() == 900
    clock.advance(900)
    world.tick()
    assert session.id not in world.sessions


def test_a_closed_browser_frees_nothing_until_the_timeout(world: World, clock: ManualClock) -> None:
    tabs = [world.open_session("/csp/user", BROWSER, pages=2) for _ in range(3)]
    clock.advance(899)
    world.tick()
    assert (len(world.sessions), world.license_counts().consumed) == (3, 3)
    clock.advance(1)
    world.tick()
    assert (len(world.sessions), world.license_counts().consumed) == (0, 0)
    assert world.request_session(tabs[0].id) is None


def test_a_timeout_of_zero_is_none(world: World, clock: ManualClock) -> None:
    world.applications.add(Application("/x", timeout=0))
    session = world.open_session("/x", ANA)
    clock.advance(1_000_000)
    world.tick()
    assert session.id in world.sessions


def test_one_page_leaves_grace_two_pages_do_not(world: World, clock: ManualClock) -> None:
    one, two = world.open_session("/csp/user", BROWSER), world.open_session("/csp/user", BROWSER)
    world.request_session(two.id)
    for session in (one, two):
        world.logout_session(session.id)
    assert kinds(world) == [(one.id, "Grace", 1)]
    clock.advance(600)
    assert kinds(world) == []


def test_the_daemon_removes_a_marked_session_two_seconds_later(world: World, clock: ManualClock) -> None:
    session = world.open_session("/csp/user", BROWSER)
    assert world.end_session(session.id)
    assert world.end_session(session.id)  # marking twice is no error
    assert world.request_session(session.id) is None
    clock.advance(1.9)
    world.tick()
    assert (session.id in world.sessions, world.license_counts().consumed) == (True, 1)
    clock.advance(0.1)
    world.tick()
    assert (session.id in world.sessions, world.license_counts().consumed) == (False, 0)
    assert not world.end_session(session.id)


def test_ids_are_compared_with_their_letter_case(world: World) -> None:
    session = world.open_session("/csp/user", BROWSER)
    assert not world.end_session(session.id.swapcase())


def test_portal_sessions_are_not_offered_for_ending(world: World) -> None:
    assert not world.open_session("/csp/sys", ANA).allow_end
    assert world.open_session("/csp/user", ANA).allow_end


def test_logging_in_trades_the_sessions_license_for_the_users(world: World) -> None:
    session = world.open_session("/csp/user", BROWSER)
    world.open_session("/csp/user", ANA)
    assert world.license_counts().consumed == 2
    world.login_session(session.id, "ana")
    assert (session.username, session.license_id) == ("ana", "ana@10.0.0.5")
    assert kinds(world) == [("ana@10.0.0.5", "CSP", 1)]


def test_a_trade_that_does_not_fit_leaves_the_session_as_it_was(world: World) -> None:
    session = world.open_session("/csp/user", BROWSER)
    world.license.connection_limit = 1
    world.open_session("/csp/user", ANA)
    with pytest.raises(LicenseLimitExceededError):
        world.login_session(session.id, "ana")
    assert (session.username, session.license_id) == ("UnknownUser", session.id)
    assert world.license_counts().consumed == 2


def test_refusal_at_the_limit_leaves_no_session(world: World) -> None:
    for _ in range(8):
        world.open_session("/csp/user", BROWSER)
    with pytest.raises(LicenseLimitExceededError):
        world.open_session("/csp/user", BROWSER)
    assert len(world.sessions) == 8


def test_a_rest_call_without_sessions_holds_a_unit_for_ten_seconds(world: World, clock: ManualClock) -> None:
    world.applications.add(Application("/api/x", dispatch_class="X.REST", use_session=False))
    world.rest_call("/api/x", BROWSER)
    world.rest_call("/api/x", BROWSER)
    assert (len(world.sessions), world.license_counts().consumed) == (0, 2)
    clock.advance(10)
    assert world.license_counts().consumed == 0


def test_36_logins_without_cookies_are_36_units(clock: ManualClock) -> None:
    world = World(clock)
    world.license.limit = 100
    for _ in range(36):
        world.open_session("/api/atelier", Visitor("127.0.0.1", "_SYSTEM"))
    assert kinds(world) == [("_SYSTEM@127.0.0.1", "CSP", 36)]


def test_an_unknown_application_is_a_key_error(world: World) -> None:
    with pytest.raises(KeyError):
        world.open_session("/nowhere", BROWSER)
