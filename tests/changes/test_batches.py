"""Driver batches of a change and of an editor: each costs a round trip on a slow line."""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.contract.replies import Done, Form, Plan, Reply
from irisops.simulator.world.model import User
from tests.changes.counting import CountingConnection
from tests.commands.editing import GOOD, desk_on
from tests.instance.served import serve


@pytest.mark.parametrize(
    ("line", "most"),
    [
        ("/grant %Developer to bob", 5),
        ("/revoke %SQL from bob", 5),
        ("/user bob full_name=Bobby", 6),
        ("/service %Service_Terminal disable", 7),
        ("/user bob", 3),
        ("/user add", 3),
        ("/role %Developer", 3),
        ("/role add", 3),
    ],
)
async def test_a_command_costs_at_most_so_many_driver_batches(tmp_path: Path, line: str, most: int) -> None:
    async with serve(units=50) as served:
        served.world.add_user(User("bob", roles=["%SQL"]), GOOD)
        async with desk_on(served, tmp_path, CountingConnection) as desk:
            link = desk.session.hub.active
            assert link is not None
            assert isinstance(link.connection, CountingConnection)
            before = link.connection.batches
            reply: Reply = (await desk.say(line))[-1]
            if isinstance(reply, Plan):
                reply = (await desk.yes(reply))[-1]
            assert isinstance(reply, Done | Form)
            assert 0 < link.connection.batches - before <= most
