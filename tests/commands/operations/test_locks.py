"""Locks: the waited for first, ten thousand of them, one deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.instance.operations.locks import lock_of
from irisops.simulator.world.operations import Lock
from tests.commands.operations.working import make_read_only, named, table, working


@pytest.mark.parametrize("doubt", ["projection=no", "projection=yes", "row-sets=kept"])
async def test_the_waited_for_come_first(tmp_path: Path, doubt: str) -> None:
    async with working(tmp_path, doubt) as at:
        shown = await table(at, "/locks")
        first, second = shown.rows
        processes = list(at.served.world.processes.values())
        waiters = [str(named(processes, name).pid) for name in ("till1", "till2")]
        assert [first[key] for key in ("lock", "holder", "pid", "waiting", "waiters", "mode", "in_transaction")] == [
            "^Ship.OrderD(4711)", "billing", named(processes, "billing").pid, 2, waiters, "X", True,
        ]  # fmt: skip
        assert (second["lock"], second["waiting"]) == ("^Ship.OrderD(4712)", 0)
        assert shown.notes[0] == "! 2 processes wait for 1 lock."
        assert [row["waiting"] for row in (await table(at, "/locks waiting>0")).rows] == [2]
        none = await table(at, f"/locks pid={waiters[0]}")
        assert (none.rows, none.notes[-1]) == ([], f"Process {waiters[0]} holds no lock.")
        at.served.world.operations.locks.clear()
        assert (await table(at, "/locks")).notes == ["No lock is held, so nobody waits for one."]


async def test_a_lock_is_deleted_after_what_that_risks_was_said(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        locks = at.served.world.operations.locks
        plan = await at.plan("/lock delete ^Ship.OrderD(4711)")
        said = " ".join((*plan.effects, *plan.warnings))
        for part in (
            "of till1 and process",
            "open transaction",
            "goes on as if it held the lock",
            "cannot be taken back",
        ):
            assert part in said
        assert plan.changes[0].kind == "gone"
        await at.yes(plan)
        assert [each.reference for each in locks] == ["^Ship.OrderD(4712)"]
        assert (await at.problem("/undo")).error == "CannotUndo"
        assert (await at.problem("/lock delete ^Ship.OrderD(4711)")).error == "NoSuchLock"
        plan = await at.plan("/lock delete ^Ship.OrderD(4712)")
        locks.clear()
        (moved,) = await at.yes(plan)
        assert getattr(moved, "error", "") == "Moved"
        make_read_only(at)
        assert (await at.problem("/lock delete ^Ship.OrderD(4712)")).error == "ReadOnly"


@pytest.mark.parametrize(("removable", "said"), [(0, "not removable"), (1, ""), (2, "delock pending")])
async def test_what_the_instance_says_of_its_removal_is_told(
    tmp_path: Path, removable: int, said: str
) -> None:
    async with working(tmp_path) as at:
        at.served.world.operations.locks[0].removable = removable
        warned = [
            each for each in (await at.plan("/lock delete ^Ship.OrderD(4711)")).warnings if "calls it" in each
        ]
        assert bool(warned) == bool(said)
        assert said in "".join(warned)


async def test_ten_thousand_locks_are_listed_and_filtered(tmp_path: Path) -> None:
    async with working(tmp_path, "projection=yes") as at:
        at.served.world.operations.locks += [
            Lock(f"3|^A({number})", 5000 + number % 7, f"^A({number})") for number in range(10_000)
        ]
        shown = await table(at, "/locks")
        assert (len(shown.rows), shown.rows[0]["lock"]) == (10_002, "^Ship.OrderD(4711)")
        assert len((await table(at, "/locks lock~(99 limit=20")).rows) == 20
        assert len((await table(at, "/locks pid=5003")).rows) == 1429


@pytest.mark.parametrize(
    ("owner", "pids"),
    [("13792", (13792,)), ("|13792|X||1", (13792,)), ("|1|S||1,|2|S||1", (1, 2)), ("", ()), ("CONTROL", ())],
)
def test_owners(owner: str, pids: tuple[int, ...]) -> None:
    lock = lock_of({"delkey": "3|^A", "owner": owner})
    assert lock is not None
    assert (lock.owners, lock.waiters) == (pids, None)
