"""The lists of processes, sessions and license holders: no row is held, and processes come busiest first."""

from __future__ import annotations

import gc

import pytest

from irisops.commands.processes.listing import rank
from irisops.contract.record_rows import RecordRow
from irisops.contract.replies import Table
from irisops.instance.models import Process
from tests.commands.fakes import World


def living_rows() -> int:
    gc.collect()
    return sum(isinstance(each, RecordRow) for each in gc.get_objects())


@pytest.mark.parametrize("line", ["/processes", "/sessions", "/license"])
async def test_a_list_holds_no_rows(connected: World, line: str) -> None:
    before = living_rows()
    (table,) = (reply for reply in await connected.say(line) if isinstance(reply, Table))
    assert len(table.rows) > 1
    assert living_rows() <= before  # fewer where those of an earlier test are let go meanwhile
    assert table.rows[0] == dict(table.rows[0])
    assert {table.key, *(column.name for column in table.columns)} == set(table.rows[0])


async def test_rows_of_an_unchanged_process_are_equal(connected: World) -> None:
    first, second = [
        reply for _ in range(2) for reply in await connected.say("/processes") if isinstance(reply, Table)
    ]
    assert list(first.rows) == list(second.rows)


def test_peoples_processes_come_before_the_systems_and_the_busiest_first() -> None:
    rows = [
        {"pid": pid, "licenseuserid": user, "commandsexecuted": commands}
        for pid in (7, 4_194_304)
        for user in ("", "ana@10.0.0.5")
        for commands in (None, 0, 12, 2**63)
    ]
    found = [Process(row) for row in rows]
    assert sorted(found, key=rank) == sorted(
        found, key=lambda each: (each.system, -(each.commands or 0), each.pid)
    )
