"""Tasks: failed ones first; run, suspended, resumed and taken back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from irisops.contract.replies import Done
from irisops.instance.operations.tasks import task_of
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.scenarios import build_world
from tests.commands.operations.working import facts, make_read_only, table, working


@pytest.mark.parametrize("projection", ["no", "yes"])
async def test_failed_tasks_come_first(tmp_path: Path, projection: str) -> None:
    async with working(tmp_path, f"projection={projection}") as at:
        shown = await table(at, "/tasks")
        failed, next_one = shown.rows[:2]
        assert [failed[key] for key in ("id", "state", "failed", "namespace")] == [
            1000,
            "failed",
            True,
            "SHIP",
        ]
        assert str(failed["result"]).startswith("ERROR #5001")
        assert (next_one["id"], next_one["next"]) == (1001, "2026-11-24 09:12")
        assert shown.notes[0] == "! 1 task failed at the last run: Nightly export."
        assert [row["state"] for row in (await table(at, "/tasks suspended=yes")).rows] == ["suspended"]
        one = await facts(at, '/task "nightly export"')
        assert one.facts["last_finished"] == "2026-11-24 02:00:04"
        assert (await at.problem("/task nightly")).suggestions == ('/task "Nightly export"',)


async def test_a_task_is_suspended_resumed_and_taken_back(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        task = at.served.world.operations.task(3)
        assert task is not None
        plan = await at.plan("/task suspend 3")
        assert [(each.before, each.after) for each in plan.changes] == [("scheduled", "suspended")]
        assert "set each.Suspended = 1" in plan.calls["ObjectScript"]
        await at.yes(plan)
        assert [row["id"] for row in (await table(at, "/tasks suspended=yes")).rows] == [3, 7]
        assert (await at.problem("/task suspend 3")).error == "AlreadySo"
        await at.do("/undo")
        assert not task.suspended
        await at.do("/task suspend 3")
        task.suspended = False  # by somebody else
        assert (await at.problem("/undo")).error == "Moved"
        await at.do("/task resume 7")


async def test_a_task_that_is_run_is_followed_until_it_starts(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        plan = await at.plan("/task run 5")
        said = " ".join((*plan.effects, *plan.warnings))
        for part in ("namespace %SYS", "runs as _SYSTEM", "within 60 seconds", "cannot be taken back"):
            assert part in said
        world = at.served.world
        clock = world.clock
        assert isinstance(clock, ManualClock)
        replies = []
        async for reply in at.session.confirm(plan.id):
            replies.append(reply)
            clock.advance(40)
        assert isinstance(replies[-1], Done)
        assert replies[-1].undo is None
        assert (await at.problem("/undo")).error == "CannotUndo"
        make_read_only(at)
        for line in ("/task run 5", "/task suspend 5", "/task resume 7"):
            assert (await at.problem(line)).error == "ReadOnly"


@pytest.mark.parametrize(
    ("cells", "state"),
    [
        ({"last status": "1", "last result": "Success", "last started": "x"}, "fine"),
        ({"last status": "1", "last started": "x", "%er error #": "5001"}, "failed"),
        ({"last status": "0", "last result": "", "last started": "x"}, "failed"),
        ({"last_status": "", "last_result": "ERROR #1", "last_started": "x"}, "failed"),
        ({"suspended": "1"}, "suspended"),
        ({"suspended": "No"}, "never ran"),
    ],
)
def test_states(cells: dict[str, str], state: str) -> None:
    task = task_of({"id": "4", "task name": "T", **cells})
    assert task is not None
    assert task.state == state


def test_tasks_of_the_simulator_run_by_their_schedules() -> None:
    clock = ManualClock()
    world = build_world("broken", clock=clock)
    clock.advance(26 * 3600)
    world.tick()
    due = {each.name: each.next_run for each in world.operations.tasks if each.every and not each.suspended}
    assert len(due) == 8
    assert all(when is not None and when > world.now() for when in due.values())
    assert world.operations.tasks[0].last_started == due["Switch Journal"] - timedelta(days=1)  # type: ignore[operator] # - it is not None
