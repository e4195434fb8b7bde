"""What connecting and a poll cost on the wire, counted by a relay between the real driver and the simulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.contract.replies import Problem
from irisops.instance.connection import Connection, Target
from irisops.instance.usage.license import read_board
from irisops.instance.usage.poll import Poller
from irisops.simulator.doubts import standing
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.model import Namespace
from irisops.simulator.world.operations import Item, Lock, Statement, Task
from irisops.simulator.world.scenarios import build_world
from irisops.simulator.world.world import World
from tests.commands.editing import desk_on
from tests.counting_relay import CountingRelay
from tests.e2e.staging import stage
from tests.instance.served import PASSWORD, USER, Served, serve


@pytest.mark.parametrize("projected", ["no", "yes"])
async def test_a_connect_costs_at_most_eight_and_a_poll_at_most_four(projected: str) -> None:
    async with (
        serve(doubts=[f"projection={projected}"]) as served,
        CountingRelay(served.server.port) as relay,
    ):
        connection = Connection(Target("127.0.0.1", relay.port, "%SYS", USER, 5.0))
        try:
            await connection.connect(PASSWORD)
            assert 0 < relay.round_trips <= 8
            poller = Poller(connection)
            await poller.poll()
            for _ in range(3):
                before = relay.round_trips
                counts = await poller.poll()
                assert 0 < relay.round_trips - before <= 4
                assert counts.round_trips == relay.round_trips - before
            assert relay.connections == 1
        finally:
            await connection.disconnect()


async def test_a_poll_of_a_community_edition_costs_at_most_four_and_sums_up_the_list(tmp_path: Path) -> None:
    async with (
        stage("home", tmp_path, doubts=["community-units=stay"]) as on,
        CountingRelay(on.simulator.port) as relay,
    ):
        account = on.simulator.account
        connection = Connection(Target("127.0.0.1", relay.port, "%SYS", account.username, 5.0))
        try:
            await connection.connect(account.password)
            poller = Poller(connection)
            before = relay.round_trips
            await poller.know_edition()
            assert relay.round_trips - before == 3
            for _ in range(8):
                on.advance(120)  # tabs time out, and one leaves a reserved unit; the tablet comes and goes
                before = relay.round_trips
                counts = await poller.poll()
                assert 0 < relay.round_trips - before <= 4
                assert counts.round_trips == relay.round_trips - before
                assert counts.connections == (await read_board(connection)).connections
                assert counts.connections == 8 - on.world.license.room
        finally:
            await connection.disconnect()


LISTS = {
    "/databases": 3,
    "/tasks": 1,
    "/locks": 3,
    "/journal": 13,
    "/log": 10,
    "/productions": 16,
    "/production ship": 10,
    "/namespaces": 1,
    "/sql running": 1,
    "/mirror": 6,
    "/indexes namespace=USER": 12,
    "/indexes ^Ens.Util.LogD namespace=USER": 16,
}
"""Each list of daily operations, and its round trips where class queries are SQL procedures. Scalars take one each, and
the second connection for indexes eight."""
MORE = 20


def _more_of_everything(world: World) -> None:
    """`MORE` of what each list has."""
    operations, now = world.operations, world.clock.now()
    for number in range(MORE):
        world.namespaces.add(Namespace(f"MORE{number}", f"MORE{number}", f"MORE{number}"))
        operations.tasks.append(Task(2000 + number, f"More {number}", "More.Task"))
        operations.locks.append(Lock(f"9|^More({number})", 5000 + number, f"^More({number})"))
        operations.statements.append(Statement(90 + number, 4000, "x", "SHIP", "SELECT 1", now))
    production = operations.production("SHIP")
    assert production is not None
    for number in range(MORE):
        production.items.append(Item(f"More {number}", "More.Item"))
        production.queues[f"More {number}"] = number
    world.messages += world.messages[-1:] * MORE


async def test_a_list_costs_as_many_round_trips_however_long_it_is(tmp_path: Path) -> None:
    world = build_world(
        "broken", clock=ManualClock(), doubts=standing().choose("projection=yes", "row-sets=kept")
    )
    async with serve(world=world) as served, CountingRelay(served.server.port) as relay:
        by_relay = Served(relay, served.world, served.runtime)  # type: ignore[arg-type]  # - it has a port
        async with desk_on(by_relay, tmp_path) as at:

            async def cost(line: str) -> int:
                before = relay.round_trips
                replies = await at.say(line)
                assert not isinstance(replies[-1], Problem), replies
                return relay.round_trips - before

            for line in LISTS:  # the first answers teach which routes work
                await cost(line)
            first = {line: await cost(line) for line in LISTS}
            assert {line: count for line, count in first.items() if count > LISTS[line]} == {}
            _more_of_everything(world)
            later = {line: await cost(line) for line in LISTS}
            assert later.pop("/productions") == first.pop("/productions") + 2 * MORE, (
                "it goes into each namespace"
            )
            assert later == first
