"""The forecast against the simulator's license engine, an independent implementation of the same rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.instance.models import Holder, LicenseBoard, LicenseCounts
from irisops.instance.usage import forecast
from irisops.instance.usage.forecast import Identity, Situation
from irisops.simulator.world.license import Connection, LicenseEngine, LicenseLimitExceededError

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
NEWCOMER = "192.0.2.1"


def engine_of(limit: int, most: int, *, community: bool) -> LicenseEngine:
    return LicenseEngine(lambda: NOW, limit, most, community=community)


def situation_of(engine: LicenseEngine) -> Situation:
    return Situation(engine.limit, engine.consumed, engine.max_connections, engine.community)


def held_by(engine: LicenseEngine, identity: str) -> Identity:
    for holder in engine.holders():
        if holder.user_id == identity:
            return Identity(holder.connections, holder.units, holder.flipped)
    return Identity()


def let_in(engine: LicenseEngine, identities: list[str]) -> int:
    """Number of logins before the first refusal."""
    for number, identity in enumerate(identities):
        try:
            engine.connect(identity)
        except LicenseLimitExceededError:
            return number
    return len(identities)


@given(
    limit=st.integers(1, 60),
    most=st.integers(1, 30),
    community=st.booleans(),
    before=st.integers(0, 40),
    others=st.integers(0, 20),
    number=st.integers(0, 70),
)
def test_one_identity_costs_what_the_engine_takes(
    *, limit: int, most: int, community: bool, before: int, others: int, number: int
) -> None:
    engine = engine_of(limit, most, community=community)
    let_in(engine, [f"10.0.0.{each}" for each in range(others)])
    let_in(engine, [NEWCOMER] * before)
    said = forecast.all_as_one(situation_of(engine), number, held_by(engine, NEWCOMER))
    assert said.admitted == let_in(engine, [NEWCOMER] * number)
    assert said.consumed_after == engine.consumed
    assert said.free_after == engine.available
    assert said.fits == (said.admitted == number)


@given(
    limit=st.integers(1, 60),
    most=st.integers(1, 30),
    community=st.booleans(),
    before=st.integers(0, 40),
    number=st.integers(0, 70),
)
def test_identities_of_their_own_cost_what_the_engine_takes(
    limit: int, most: int, community: bool, before: int, number: int
) -> None:
    engine = engine_of(limit, most, community=community)
    let_in(engine, [NEWCOMER] * before)
    said = forecast.each_its_own(situation_of(engine), number)
    assert said.admitted == let_in(engine, [f"browser{each}" for each in range(number)])
    assert (said.consumed_after, said.free_after) == (engine.consumed, engine.available)


@given(most=st.integers(1, 12), community=st.booleans(), held=st.integers(1, 30), ended=st.integers(0, 30))
def test_closing_connections_saves_what_the_engine_gives_back(
    most: int, community: bool, held: int, ended: int
) -> None:
    engine = engine_of(100, most, community=community)
    claims: list[Connection] = [engine.connect(NEWCOMER) for _ in range(held)]
    identity = held_by(engine, NEWCOMER)
    for claim in claims[:ended]:
        engine.close(claim)
    assert forecast.after_ending(identity, ended, community=community) == engine.consumed


@pytest.mark.parametrize(
    ("held", "number", "units", "flips_at"),
    [
        (Identity(), 1, 1, None),
        (Identity(), 25, 1, None),
        (Identity(), 26, 26, 26),
        (Identity(24, 1), 1, 0, None),
        (Identity(25, 1), 1, 25, 1),
        (Identity(25, 1), 3, 27, 1),
        (Identity(30, 30, flipped=True), 2, 2, None),
        (Identity(0, 1), 1, 0, None),  # its unit is reserved by a grace period
    ],
)
def test_the_flip_comes_with_the_twenty_sixth(
    held: Identity, number: int, units: int, flips_at: int | None
) -> None:
    said = forecast.all_as_one(Situation(100, held.units, 25), number, held)
    assert (said.units, said.flips_at) == (units, flips_at)


def test_on_community_edition_nothing_is_shared() -> None:
    said = forecast.all_as_one(Situation(8, 6, 25, community=True), 3, Identity(2, 2))
    assert (said.units, said.admitted, said.flips_at) == (3, 2, None)


def a_holder(name: str, units: int, connections: int | None, **more: object) -> Holder:
    return Holder(name, "client", "", units, connections)._replace(**more)  # type: ignore[arg-type]


def a_board(*holders: Holder, consumed: int | None = 5, community: bool = False) -> LicenseBoard:
    customer = "InterSystems IRIS Community" if community else "ACME"
    return LicenseBoard(LicenseCounts(8, consumed, 3, 5, 3, 25, customer=customer), holders, (), NOW)


def test_community_edition_counts_connections_whatever_the_counter_says() -> None:
    board = a_board(a_holder("10.0.0.1", 1, 7), consumed=1, community=True)
    situation = forecast.situation_of(board)
    assert situation is not None
    assert (situation.consumed, situation.free) == (7, 1)
    assert forecast.situation_of(a_board(consumed=None)) is None


def test_a_holder_that_passed_the_limit_is_flipped_until_all_have_closed() -> None:
    still = forecast.identity_of_holder(a_holder("10.0.0.1", 3, 3, max_connections_seen=30), 25)
    assert still == Identity(3, 3, flipped=True)
    assert forecast.until_flip(still, 25) is None
    assert forecast.until_flip(Identity(24, 1), 25) == 1
    assert forecast.identity_of(a_board(a_holder("x", 1, 4)), "x") == Identity(4, 1)
    assert forecast.identity_of(a_board(), "nobody") == Identity()


def test_the_total_after_ending() -> None:
    shared = a_holder("bot@10.0.0.20", 30, 30, max_connections_seen=30)
    crowd = a_holder("web /csp/user", 4, 4, anonymous_sessions=True)
    board = a_board(shared, crowd, consumed=34)
    assert forecast.total_after(board, [(shared, 30)]) == 4
    assert forecast.total_after(board, [(shared, 10), (crowd, 2)]) == 22
    assert forecast.total_after(a_board(consumed=None), [(shared, 1)]) is None


def test_a_holder_that_pays_less_than_its_connections_gives_back_no_more_than_it_pays() -> None:
    # Community Edition's counter need not move with the connections (facts: license-sessions 2.6).
    assert forecast.after_ending(Identity(3, 1), 1, community=True) == 1
    assert forecast.after_ending(Identity(3, 1), 3, community=True) == 0
