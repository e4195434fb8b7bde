"""The lists of processes, sessions and license holders: no row is held, and processes come busiest first."""

from __future__ import annotations

import gc

import pytest

from irisops.commands.processes.listing import ranks
from irisops.contract.record_rows import RecordRow
from irisops.contract.replies import Table
from irisops.instance.calls import Rows
from irisops.instance.models import Process
from irisops.instance.usage.processes import Processes
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
    of_another_pid = [{**row, "pid": str(row["pid"]), "canbeterminated": "Yes"} for row in rows]
    found = [Process(row) for row in (*rows, *of_another_pid)]
    wanted = sorted(range(len(found)), key=lambda at: _place(found[at]))
    listed = ranks(found)
    assert sorted(range(len(found)), key=listed.__getitem__) == wanted
    names = ("pid", "licenseuserid", "commandsexecuted", "canbeterminated")
    cells = [tuple(each.get(name) for name in names) for each in found]
    assert ranks(Processes(Rows(names, cells), None)) == listed, "the rows of a list without records"
    assert (
        ranks(Processes(Rows(names[:3], [row[:3] for row in cells]), None))[: len(rows)]
        == listed[: len(rows)]
    )


def _place(process: Process) -> tuple[bool, int, int]:
    return process.system, -(process.commands or 0), process.pid
