"""Running SQL: one statement cancelled by plan, and what refuses that."""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.commands.operations.statements import ENDED
from irisops.contract.replies import Problem
from irisops.simulator.world.operations import Statement
from tests.commands.operations.working import make_read_only, table, working


async def test_a_statement_is_cancelled_and_its_process_stays(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        world = at.served.world
        (running,) = world.operations.statements
        shown = await table(at, "/sql running")
        assert ("c", "cancel", "/sql cancel {pid}") in shown.actions
        plan = await at.plan(f"/sql cancel {running.pid}")
        said = " ".join((*plan.effects, *plan.warnings))
        for part in (
            "SELECT COUNT(*) FROM Ship.Item i",
            "its process and its connection go on",
            "%CANCEL_QUERY",
            "cannot be taken back",
        ):
            assert part in said
        assert "may have changed rows" not in said
        assert plan.changes[0].what == "the statement of till1 in SHIP, for 6 min"
        assert plan.changes[0].after == ENDED
        assert f"CANCEL QUERY {running.pid}" in str(plan.calls), plan.calls
        await at.yes(plan)
        assert world.operations.statements == []
        assert running.pid in world.processes
        assert (await at.problem("/undo")).error == "CannotUndo"
        assert (await at.problem(f"/sql cancel {running.pid}")).error == "NoSuchStatement"


async def test_one_that_changes_rows_and_several_of_a_process_are_warned_of(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        operations = at.served.world.operations
        (running,) = operations.statements
        text = "UPDATE Ship.Item SET Price = 0"
        earlier = running.started.replace(year=2020)
        operations.statements.append(Statement(2, running.pid, "till1", "SHIP", text, earlier))
        warned = " ".join((await at.plan(f"/sql cancel {running.pid}")).warnings)
        assert "may have changed rows already" in warned
        assert "runs several" in warned


@pytest.mark.parametrize("ended", [True, False])
async def test_what_ends_before_the_yes_is_not_cancelled(tmp_path: Path, ended: bool) -> None:
    """Nor is the next statement of that process."""
    async with working(tmp_path) as at:
        operations = at.served.world.operations
        (running,) = operations.statements
        plan = await at.plan(f"/sql cancel {running.pid}")
        following = Statement(2, running.pid, "till1", "SHIP", "SELECT 1", running.started)
        operations.statements = [] if ended else [following]
        (reply,) = await at.yes(plan)
        assert isinstance(reply, Problem)
        assert reply.error == "Moved"
        assert operations.statements == ([] if ended else [following])


async def test_who_may_not_is_told_the_privilege(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        operations = at.served.world.operations
        (running,) = operations.statements
        own = at.session.context.link().connection.info
        assert own is not None
        assert (await at.problem(f"/sql cancel {own.pid}")).error == "OwnProcess"
        make_read_only(at)
        assert (await at.problem(f"/sql cancel {running.pid}")).error == "ReadOnly"
        assert operations.statements == [running]
