"""What connecting and a poll cost on the wire, counted by a relay between the real driver and the simulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.instance.connection import Connection, Target
from irisops.instance.usage.license import read_board
from irisops.instance.usage.poll import Poller
from tests.counting_relay import CountingRelay
from tests.e2e.staging import stage
from tests.instance.served import PASSWORD, USER, serve


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
