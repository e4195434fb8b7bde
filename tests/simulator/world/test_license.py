"""Every worked example of the facts (license-sessions 2), by name."""

from __future__ import annotations

from datetime import timedelta

import pytest

from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.license import Connection, Holder, Kind, LicenseEngine, LicenseLimitExceededError


class Desk:
    """An engine with its clock."""

    def __init__(self, units: int = 100, max_connections: int = 25, *, community: bool = False) -> None:
        self.clock = ManualClock()
        self.engine = LicenseEngine(self.clock.now, units, max_connections, community=community)

    def connect(self, identity: str, times: int = 1, kind: Kind = Kind.USER) -> list[Connection]:
        return [self.engine.connect(identity, kind) for _ in range(times)]

    def row(self, identity: str) -> Holder:
        return next(holder for holder in self.engine.holders() if holder.user_id == identity)


def test_36_web_sessions_of_one_user_are_36_units() -> None:
    desk = Desk()
    desk.connect("_SYSTEM@127.0.0.1", 36, Kind.CSP)
    row = desk.row("_SYSTEM@127.0.0.1")
    assert (row.units, row.connections, row.csp_connections, row.kind) == (36, 36, 36, "CSP")
    assert desk.engine.consumed == 36


def test_25_connections_of_one_address_share_one_unit() -> None:
    desk = Desk()
    desk.connect("10.0.0.5", 25)
    assert desk.engine.consumed == 1


def test_the_26th_connection_flips_to_a_unit_for_each() -> None:
    desk = Desk()
    desk.connect("10.0.0.5", 25)
    desk.connect("10.0.0.5")
    assert desk.engine.consumed == 26
    assert desk.row("10.0.0.5").flipped


def test_a_flip_stays_until_all_connections_are_closed() -> None:
    desk = Desk()
    connections = desk.connect("10.0.0.5", 26)
    for connection in connections[:20]:
        desk.engine.close(connection)
    assert desk.engine.consumed == 6  # six are left, each pays
    for connection in connections[20:]:
        desk.engine.close(connection)
    assert desk.engine.consumed == 0
    desk.connect("10.0.0.5", 6)
    assert desk.engine.consumed == 1


def test_the_number_of_connections_per_unit_is_the_keys() -> None:
    desk = Desk(max_connections=12)
    desk.connect("10.0.0.5", 13)
    assert desk.engine.consumed == 13


def test_each_anonymous_session_costs_a_unit_of_its_own() -> None:
    desk = Desk()
    for identity in ("aB3", "Cd4", "Ef5"):
        desk.connect(identity, kind=Kind.CSP)
    assert desk.engine.consumed == 3


def test_ids_that_differ_in_letter_case_are_two() -> None:
    desk = Desk()
    desk.connect("abc", kind=Kind.CSP)
    desk.connect("ABC", kind=Kind.CSP)
    assert desk.engine.consumed == 2


def test_a_login_and_a_web_session_of_one_identity_are_mixed() -> None:
    desk = Desk()
    desk.connect("ana@10.0.0.5")
    desk.connect("ana@10.0.0.5", kind=Kind.CSP)
    row = desk.row("ana@10.0.0.5")
    assert (row.kind, row.units, row.connections, row.csp_connections) == ("Mixed", 1, 2, 1)


def test_refusal_at_the_limit_changes_nothing() -> None:
    desk = Desk(units=2)
    desk.connect("a")
    desk.connect("b")
    before = desk.engine.counts()
    with pytest.raises(LicenseLimitExceededError, match="<LICENSE LIMIT EXCEEDED>"):
        desk.connect("c")
    assert desk.engine.counts() == before
    desk.connect("a")  # who holds a unit already gets in


def test_a_flip_that_does_not_fit_is_refused_and_does_not_happen() -> None:
    desk = Desk(units=20)
    connections = desk.connect("a", 25)
    with pytest.raises(LicenseLimitExceededError):
        desk.connect("a")
    assert desk.engine.consumed == 1
    assert not desk.row("a").flipped
    desk.engine.close(connections[0])
    desk.connect("a")
    assert desk.engine.consumed == 1


def test_a_connection_limit_refuses_instead_of_flipping() -> None:
    desk = Desk()
    desk.engine.connection_limit = 25
    desk.connect("a", 25)
    with pytest.raises(LicenseLimitExceededError):
        desk.connect("a")
    assert desk.engine.consumed == 1


def test_a_one_page_visit_keeps_its_unit_in_grace_for_ten_minutes() -> None:
    desk = Desk()
    visit = desk.engine.connect("aB3", Kind.CSP, grace=600)
    assert desk.row("aB3").grace_seconds == 600  # what it would keep if it closed now
    desk.engine.close(visit)
    desk.clock.advance(100)
    row = desk.row("aB3")
    assert (row.kind, row.units, row.connections, row.grace_seconds) == ("Grace", 1, 0, 500)
    assert desk.engine.counts().csp_grace == 1
    desk.clock.advance(499)
    assert desk.engine.consumed == 1
    desk.clock.advance(1)
    assert desk.engine.consumed == 0
    assert desk.engine.counts().csp_grace == 0


def test_who_comes_back_in_grace_uses_the_reserved_unit() -> None:
    desk = Desk(units=1)
    desk.engine.close(desk.engine.connect("ana@10.0.0.5", Kind.CSP, grace=600))
    with pytest.raises(LicenseLimitExceededError):
        desk.connect("ben@10.0.0.6")
    again = desk.engine.connect("ana@10.0.0.5", Kind.CSP)
    assert desk.row("ana@10.0.0.5").kind == "CSP"
    desk.clock.advance(700)  # the old reservation's end takes nothing from the new visit
    assert desk.engine.consumed == 1
    desk.engine.close(again)
    assert desk.engine.consumed == 0


def test_a_plain_login_leaves_no_grace() -> None:
    desk = Desk()
    (connection,) = desk.connect("10.0.0.5")
    assert desk.row("10.0.0.5").grace_seconds == 0
    desk.engine.close(connection)
    assert desk.engine.consumed == 0


def test_grace_of_a_flipped_identity_keeps_one_unit() -> None:
    desk = Desk()
    connections = [desk.engine.connect("ana@10.0.0.5", Kind.CSP, grace=600) for _ in range(26)]
    for connection in connections:
        desk.engine.close(connection)
    assert desk.engine.consumed == 1


def test_an_anonymous_rest_call_holds_its_unit_for_ten_seconds() -> None:
    desk = Desk()
    desk.engine.close(desk.engine.connect("call1", Kind.CSP), hold=10)
    desk.clock.advance(9.9)
    assert desk.engine.consumed == 1
    desk.clock.advance(0.1)
    assert desk.engine.consumed == 0


def test_community_edition_refuses_the_ninth() -> None:
    desk = Desk(units=8, community=True)
    desk.connect("127.0.0.1", 3)
    desk.connect("ana@10.0.0.5", 3, Kind.CSP)
    desk.connect("aB3", kind=Kind.CSP)
    desk.connect("Cd4", kind=Kind.CSP)
    assert desk.engine.consumed == 8
    for identity in ("127.0.0.1", "ana@10.0.0.5", "new"):
        with pytest.raises(LicenseLimitExceededError):
            desk.connect(identity)


def test_community_edition_may_count_identities_and_still_refuse_the_ninth() -> None:
    engine = LicenseEngine(ManualClock().now, 8, community=True, by_identity=lambda: True)
    (first, *_) = [engine.connect("127.0.0.1") for _ in range(7)]
    visit = engine.connect("aB3", Kind.CSP, grace=600)
    assert (engine.consumed, engine.available, engine.room) == (2, 6, 0)
    engine.close(visit)  # in grace it keeps its place, for itself
    with pytest.raises(LicenseLimitExceededError):
        engine.connect("127.0.0.1")
    engine.connect("aB3", Kind.CSP)
    engine.close(first)
    assert (engine.consumed, engine.available, engine.room) == (2, 6, 1)


def test_community_edition_gives_each_unit_back_by_itself() -> None:
    desk = Desk(units=8, community=True)
    connections = desk.connect("127.0.0.1", 8)
    desk.engine.close(connections[3])
    assert desk.engine.available == 1


def test_marks_keep_the_peak_and_can_start_anew() -> None:
    desk = Desk(units=10)
    for connection in [desk.engine.connect(f"s{n}", Kind.CSP, grace=600) for n in range(4)]:
        desk.engine.close(connection)
    desk.clock.advance(600)
    counts = desk.engine.counts()
    assert (counts.max_consumed, counts.min_available, counts.max_csp_users, counts.max_csp_grace) == (
        4,
        6,
        4,
        4,
    )
    assert (counts.consumed, counts.csp_users, counts.csp_grace, counts.max_connections) == (0, 0, 0, 4)
    desk.engine.reset_marks()
    counts = desk.engine.counts()
    assert (counts.max_consumed, counts.min_available, counts.max_csp_grace) == (0, 10, 0)


def test_rows_tell_how_long_and_how_many_at_most() -> None:
    desk = Desk()
    first, _second = desk.connect("10.0.0.5", 2)
    desk.clock.advance(90)
    desk.engine.close(first)
    row = desk.row("10.0.0.5")
    assert (row.active_seconds, row.connections, row.max_connections) == (90, 1, 2)


def test_closing_twice_gives_back_once() -> None:
    desk = Desk()
    first, _second = desk.connect("10.0.0.5", 2)
    desk.engine.close(first)
    desk.engine.close(first)
    assert desk.row("10.0.0.5").connections == 1


def test_the_next_release_is_the_soonest() -> None:
    desk = Desk()
    start = desk.clock.now()
    assert desk.engine.next_release() is None
    desk.engine.close(desk.engine.connect("a", Kind.CSP, grace=600))
    desk.engine.close(desk.engine.connect("b", Kind.CSP), hold=10)
    assert desk.engine.next_release() == start + timedelta(seconds=10)


def test_a_refusal_is_told_but_not_that_of_a_connection_limit() -> None:
    desk = Desk(units=1)
    told: list[str] = []
    desk.engine.on_refusal = told.append
    desk.connect("a")
    with pytest.raises(LicenseLimitExceededError):
        desk.connect("b")
    desk.engine.connection_limit = 1
    with pytest.raises(LicenseLimitExceededError):
        desk.connect("a")
    assert told == ["b"]


@pytest.mark.parametrize(("units", "connections"), [(0, 25), (8, 0)])
def test_a_key_of_nothing_is_no_key(units: int, connections: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Desk(units, connections)
