from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from weakref import ref

import pytest
from textual.geometry import Region

from irisops.ui.housekeeping import (
    AT_THE_LATEST,
    EVERY,
    LITTER,
    MUCH_LITTER,
    PAUSE,
    QUIET,
    REMEMBERED,
    SOME_LITTER,
    SWITCH,
    WORTH_A_TRIM,
    YOUNG,
    Housekeeping,
)


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def housekeeping(time: Time) -> Iterator[Housekeeping]:
    gc.collect()  # what other tests left behind would be litter of this one
    keeper = Housekeeping(time, settle=lambda: None)  # the allocator of this process stays as it is
    yield keeper
    keeper.end()


MAPPED = """
import ctypes, sys
from irisops.ui.housekeeping import LARGE, keep_large_blocks_apart
FIELDS = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in FIELDS]
look = getattr(ctypes.CDLL(None), "mallinfo2", None)
if look is None:
    print("none")
    sys.exit()
look.restype = Info
if sys.argv[1] == "apart":
    keep_large_blocks_apart()
del [bytearray(20_000_000)][0]  # this raises the limit of glibc
before = look().hblks
kept = [bytearray(2 * LARGE) for _ in range(50)]
print(look().hblks - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone has this setting")
def test_large_blocks_are_mapped_apart_whatever_was_freed_before() -> None:
    found = [
        subprocess.run([sys.executable, "-c", MAPPED, how], capture_output=True, text=True, check=True).stdout
        for how in ("apart", "usual")
    ]
    if found[0].strip() == "none":
        pytest.skip("this C library does not tell what is mapped")
    apart, usual = map(int, found)
    assert apart > 40  # some find room between the small ones
    assert usual == 0


def test_it_takes_over_and_gives_back(housekeeping: Housekeeping) -> None:
    threshold, switch = gc.get_threshold(), sys.getswitchinterval()
    gc.disable()  # as at the start
    housekeeping.begin()
    assert gc.isenabled()
    housekeeping.begin()
    assert gc.get_threshold() != threshold
    assert sys.getswitchinterval() == pytest.approx(SWITCH)
    housekeeping.end()
    housekeeping.end()
    assert gc.get_threshold() == threshold
    assert sys.getswitchinterval() == pytest.approx(switch)
    assert gc.get_freeze_count() == 0


def test_it_collects_when_nobody_types(housekeeping: Housekeeping, time: Time) -> None:
    assert not housekeeping.tick()
    time.now += EVERY
    assert housekeeping.tick()
    assert not housekeeping.tick()


def test_it_waits_for_a_pause_but_not_for_ever(housekeeping: Housekeeping, time: Time) -> None:
    end = time.now + AT_THE_LATEST
    while time.now < end:
        housekeeping.key()
        assert not housekeeping.tick()
        time.now += QUIET / 2
    assert housekeeping.tick()


def test_a_cycle_is_freed_by_the_quiet_collection(housekeeping: Housekeeping, time: Time) -> None:
    class Thing:
        other: Thing | None = None

    housekeeping.begin()
    thing = Thing()
    thing.other = thing
    before = len([each for each in gc.get_objects() if isinstance(each, Thing)])
    del thing
    time.now += EVERY
    assert housekeeping.tick()
    assert before == 1
    assert not any(isinstance(each, Thing) for each in gc.get_objects())


def test_much_litter_is_collected_although_somebody_types(housekeeping: Housekeeping, time: Time) -> None:
    housekeeping.begin()
    gc.collect()
    kept: list[object] = []
    while gc.get_count()[1] < LITTER:
        housekeeping.key()
        assert not housekeeping.tick()
        kept += [[] for _ in range(YOUNG)]
    assert housekeeping.tick()
    time.now += 1
    assert not housekeeping.tick()


def test_it_waits_for_the_end_of_an_answer_but_not_for_ever(housekeeping: Housekeeping, time: Time) -> None:
    housekeeping.begin()
    gc.collect()
    time.now += EVERY
    assert not housekeeping.tick(answering=True)
    assert housekeeping.tick()
    kept: list[object] = []
    while gc.get_count()[1] < MUCH_LITTER:
        assert not housekeeping.tick(answering=True)
        kept += [[] for _ in range(YOUNG)]
    assert housekeeping.tick(answering=True)
    time.now += AT_THE_LATEST
    assert housekeeping.tick(answering=True)


def test_some_litter_is_collected_at_the_next_pause(housekeeping: Housekeeping, time: Time) -> None:
    housekeeping.begin()
    gc.collect()
    kept: list[object] = []
    while gc.get_count()[1] < SOME_LITTER:
        kept += [[] for _ in range(YOUNG)]
    housekeeping.key()
    assert not housekeeping.tick()
    time.now += 2 * PAUSE
    assert housekeeping.tick()


def test_places_of_what_left_the_screen_are_forgotten(housekeeping: Housekeeping, time: Time) -> None:
    for row in range(10):
        Region(0, row, 10, 1).intersection(Region(0, 0, 5, 5))
    assert Region.intersection in REMEMBERED
    assert Region.intersection.cache_info().currsize >= 10
    time.now += EVERY
    assert housekeeping.tick()
    assert all(each.cache_info().currsize == 0 for each in REMEMBERED)


def test_memory_is_given_back_only_where_much_was_freed(time: Time) -> None:
    given: list[float] = []
    settled: list[float] = []
    blocks = 5 * WORTH_A_TRIM
    keeper = Housekeeping(
        time, lambda: given.append(time.now), lambda: blocks, lambda: settled.append(time.now)
    )
    blocks += 2 * WORTH_A_TRIM
    assert not keeper.tick()  # it sees how much is in use
    blocks -= WORTH_A_TRIM - 1
    time.now += EVERY
    assert keeper.tick()
    assert given == settled == []
    blocks -= 1
    time.now += EVERY
    assert keeper.tick()
    assert given == settled == [time.now]
    time.now += EVERY
    assert keeper.tick()
    assert len(given) == 1
    blocks += 2 * WORTH_A_TRIM
    assert not keeper.tick()
    blocks -= 2 * WORTH_A_TRIM
    time.now += EVERY
    assert keeper.tick()
    assert len(given) == 2
    assert len(settled) == 1, "the allocator is set once"


def test_what_was_frozen_before_it_began_can_still_be_freed(housekeeping: Housekeeping) -> None:
    class Thing:
        other: Thing | None = None

    thing = Thing()
    thing.other = thing
    gc.freeze()  # as after the imports of the command line
    seen = ref(thing)
    del thing
    housekeeping.begin()
    assert seen() is None


def test_what_was_frozen_at_the_start_is_swept_up(housekeeping: Housekeeping) -> None:
    class Thing:
        other: Thing | None = None

    thing = Thing()
    thing.other = thing
    gone = ref(thing)
    gc.freeze()
    del thing
    gc.collect()
    assert gone() is not None
    housekeeping.sweep()
    assert gone() is None
