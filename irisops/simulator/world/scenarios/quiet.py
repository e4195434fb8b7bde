"""quiet: almost nothing happens, for tests that need a still background."""

from __future__ import annotations

from datetime import date

from irisops.simulator.world.model import LicenseKey
from irisops.simulator.world.scenarios.cast import ADMINISTRATOR, Stage, key_of
from irisops.simulator.world.world import World


def key(today: date) -> LicenseKey:
    """Enough units for a few hundred connections from one address."""
    return key_of(256, today)


def fill(world: World) -> None:
    """One terminal, opened an hour ago."""
    stage = Stage(world)
    stage.ago(3600, lambda: stage.terminal(ADMINISTRATOR, "127.0.0.1", namespace="%SYS", os_user="irisowner"))
