from __future__ import annotations

from datetime import timedelta

from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.scheduler import Scheduler


def test_actions_run_in_order_each_at_its_own_moment(clock: ManualClock) -> None:
    scheduler = Scheduler(clock)
    start = clock.now()
    seen: list[tuple[str, float]] = []

    def note(name: str) -> None:
        seen.append((name, (scheduler.now() - start).total_seconds()))

    scheduler.after(20, lambda: note("late"))

    def early() -> None:
        note("early")
        scheduler.after(5, lambda: note("chained"))

    scheduler.after(5, early)
    assert scheduler.run() == 0
    clock.advance(3600)
    assert scheduler.run() == 3
    assert seen == [("early", 5.0), ("chained", 10.0), ("late", 20.0)]
    assert scheduler.now() == start + timedelta(hours=1)


def test_what_repeats_makes_up_for_missed_times_in_one_call(clock: ManualClock) -> None:
    scheduler = Scheduler(clock)
    elapsed: list[float] = []
    scheduler.every(1, elapsed.append)
    clock.advance(100)
    scheduler.run()
    clock.advance(1)
    scheduler.run()
    assert elapsed == [100.0, 1.0]


def test_an_action_that_runs_the_queue_does_not_recurse(clock: ManualClock) -> None:
    scheduler = Scheduler(clock)
    inner: list[int] = []
    scheduler.after(1, lambda: inner.append(scheduler.run()))
    scheduler.after(1, lambda: inner.append(-1))
    clock.advance(2)
    scheduler.run()
    assert inner == [0, -1]


def test_as_of_gives_things_a_past(clock: ManualClock) -> None:
    scheduler = Scheduler(clock)
    before = clock.now() - timedelta(hours=1)
    with scheduler.as_of(before):
        assert scheduler.now() == before
    assert scheduler.now() == clock.now()
