"""A person at an instance on which things go wrong: the scenario `broken`, its clock in the test's hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from irisops.connections.connection import Link
from irisops.contract.replies import Facts, Table
from irisops.simulator.doubts import standing
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.model import Process
from irisops.simulator.world.scenarios import build_world
from tests.commands.editing import Desk, desk_on
from tests.instance.served import serve


@asynccontextmanager
async def working(home: Path, *doubts: str, scenario: str = "broken") -> AsyncIterator[Desk]:
    """A connected session on the scenario."""
    world = build_world(scenario, clock=ManualClock(), doubts=standing().choose(*doubts))
    async with serve(world=world) as served, desk_on(served, home) as desk:
        yield desk


async def table(desk: Desk, line: str) -> Table:
    """The only reply, which is a table."""
    (reply,) = await desk.say(line)
    assert isinstance(reply, Table), reply
    return reply


async def facts(desk: Desk, line: str) -> Facts:
    """The only reply, which is facts."""
    (reply,) = await desk.say(line)
    assert isinstance(reply, Facts), reply
    return reply


def make_read_only(desk: Desk) -> Link:
    """The connected profile allows no changes from now on."""
    link = desk.session.context.link()
    link.profile = replace(link.profile, read_only=True)
    return link


def named(processes: Sequence[Process], name: str) -> Process:
    """The process of a user."""
    return next(each for each in processes if each.username == name)
