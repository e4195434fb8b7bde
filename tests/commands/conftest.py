from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.commands.fakes import LOCAL, World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A session with one profile, not connected yet."""
    made = World(tmp_path, LOCAL)
    yield made
    await made.session.close()


@pytest.fixture
async def connected(world: World) -> World:
    """The same, logged in."""
    await world.connect()
    return world
