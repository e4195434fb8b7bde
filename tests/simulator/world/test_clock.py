from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from irisops.simulator.world.clock import ManualClock, SteerableClock, SystemClock

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_the_system_clock_is_in_utc() -> None:
    now = SystemClock().now()
    assert now.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(START)
    assert clock.now() == clock.now() == START
    clock.advance(1.5)
    assert clock.now() == START + timedelta(seconds=1.5)


@pytest.mark.parametrize("clock", [ManualClock(START), SteerableClock(ManualClock(START))])
def test_no_clock_runs_backwards(clock: ManualClock | SteerableClock) -> None:
    with pytest.raises(ValueError, match="forward only"):
        clock.advance(-1)


def test_a_steerable_clock_follows_its_base_and_jumps_ahead() -> None:
    base = ManualClock(START)
    clock = SteerableClock(base)
    base.advance(10)
    clock.advance(100)
    assert clock.now() == START + timedelta(seconds=110)


def test_a_frozen_clock_stands_still_but_can_be_advanced() -> None:
    base = ManualClock(START)
    clock = SteerableClock(base, frozen=True)
    base.advance(50)
    assert clock.frozen
    assert clock.now() == START
    clock.advance(7)
    assert clock.now() == START + timedelta(seconds=7)


def test_thawing_goes_on_from_the_frozen_moment() -> None:
    base = ManualClock(START)
    clock = SteerableClock(base, frozen=True)
    base.advance(50)
    clock.thaw()
    assert clock.now() == START
    base.advance(3)
    assert clock.now() == START + timedelta(seconds=3)
    assert not clock.frozen


def test_freezing_twice_keeps_the_first_moment() -> None:
    base = ManualClock(START)
    clock = SteerableClock(base, frozen=True)
    base.advance(5)
    clock.freeze()
    assert clock.now() == START
