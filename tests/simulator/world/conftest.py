from __future__ import annotations

import pytest

from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.world import World


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def world(clock: ManualClock) -> World:
    """A fresh instance of eight units with nobody in it."""
    return World(clock)
