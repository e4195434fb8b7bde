"""Databases: listed with what is wrong first, opened, dismounted, mounted, and taken back."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from irisops.connections.looks import Look, look_back
from irisops.instance.calls import Value
from irisops.instance.operations.databases import Database, megabytes
from irisops.simulator.world.clock import ManualClock
from tests.commands.operations.working import facts, make_read_only, table, working


@pytest.mark.parametrize("free_rows", ["none", "text"])
@pytest.mark.parametrize("projection", ["no", "yes"])
async def test_what_is_wrong_comes_first(tmp_path: Path, free_rows: str, projection: str) -> None:
    async with working(tmp_path, f"free-rows={free_rows}", f"projection={projection}") as at:
        shown = await table(at, "/databases")
        rows = {str(row["name"]): row for row in shown.rows}
        assert list(rows)[:2] == ["WAREHOUSE", "ARCHIVE"]
        assert len(rows) == len(shown.rows) == len(at.served.world.databases)
        warehouse, archive, user = (rows[name] for name in ("WAREHOUSE", "ARCHIVE", "USER"))
        assert [warehouse[key] for key in ("state", "size_mb", "free_percent", "disk_mb", "limit_mb")] == [
            "full", 2048, 0, 120, 2048,
        ]  # fmt: skip
        assert [archive[key] for key in ("state", "size_mb", "free_percent", "disk_mb", "mounted")] == [
            "dismounted", 900, None, None, False,
        ]  # fmt: skip
        assert [user[key] for key in ("state", "size_mb", "free_mb", "free_percent", "grown_mb", "resource")] == [
            "mounted", 11, 2.5, 23, None, "%DB_USER",
        ]  # fmt: skip
        assert "WAREHOUSE is full" in shown.notes[0]
        assert "ARCHIVE: free space and disk left are not known." in shown.notes
        assert [row["name"] for row in (await table(at, "/databases mounted=no")).rows] == ["ARCHIVE"]


async def test_growth_is_told_since_the_last_look(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        await table(at, "/databases")
        kept = at.session.context.places.looks
        looks = json.loads(kept.read_text())
        looks["local"]["databases"][0]["at"] = "2026-01-01T00:00:00+00:00"
        kept.write_text(json.dumps(looks))
        database = at.served.world.databases.get("USER")
        assert database is not None
        database.size += 30
        for _ in range(2):  # looks that follow at once do not hide it
            shown = await table(at, "/databases name=USER")
            assert shown.rows[0]["grown_mb"] == 30
        assert any("GROWN is since the last look" in note for note in shown.notes)
        kept.write_text("{")
        assert (await table(at, "/databases name=USER")).rows[0]["grown_mb"] is None


def test_looks_that_are_close_count_as_one(tmp_path: Path) -> None:
    clock = ManualClock()
    path = tmp_path / "looks.json"
    grown: list[float | None] = []
    for minutes in range(0, 40, 4):
        now = Look(clock.now() + timedelta(minutes=minutes), {"x": float(minutes)})
        before = look_back(path, "local", "sizes", now)
        grown.append(None if before is None else minutes - before.figures["x"])
    assert grown == [None, None, None, 12, 16, 20, 12, 16, 20, 12]
    assert look_back(path, "local", "others", now) is None
    assert look_back(path, "elsewhere", "sizes", now) is None


async def test_one_database_in_full(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        shown = (await facts(at, "/database warehouse")).facts
        assert [shown[key] for key in ("name", "directory", "limit", "namespaces", "resource")] == [
            "WAREHOUSE", "/data/warehouse/", "2,048 MB", ["WAREHOUSE"], "%DB_WAREHOUSE",
        ]  # fmt: skip
        problem = await at.problem("/database warehuose")
        assert (problem.error, problem.suggestions) == ("NoSuchDatabase", ("/database WAREHOUSE",))


async def test_a_database_is_dismounted_mounted_and_taken_back(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        database = at.served.world.databases.get("SHIP")
        assert database is not None
        plan = await at.plan("/database dismount ship")
        assert [(each.before, each.after) for each in plan.changes] == [("mounted", "dismounted")]
        warned = " ".join(plan.warnings)
        for said in (
            "Namespace SHIP",
            "3 processes work there now: billing, till1 and till2",
            "open transaction",
        ):
            assert said in warned
        assert 'DismountDatabase("/usr/irissys/mgr/ship/")' in str(plan.calls)
        await at.yes(plan)
        assert [row["state"] for row in (await table(at, "/databases name=ship")).rows] == ["dismounted"]
        await at.do("/undo")
        assert database.mounted
        await at.do("/database mount archive readonly=yes")
        assert (await table(at, "/databases name=archive")).rows[0]["state"] == "read-only"
        await at.do("/undo")
        assert (await at.problem("/database mount user")).error == "AlreadySo"


async def test_what_the_instance_needs_stays(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        for name in ("irissys", "irismetrics"):
            assert (await at.problem(f"/database dismount {name}")).error == "SystemDatabase"
        plan = await at.plan("/database dismount ship")
        database = at.served.world.databases.get("SHIP")
        assert database is not None
        database.mounted = False
        (moved,) = await at.yes(plan)
        assert getattr(moved, "error", "") == "Moved"
        make_read_only(at)
        assert (await at.problem("/database mount ship")).error == "ReadOnly"


def test_sizes_and_states() -> None:
    sizes: list[Value] = ["80MB", "9.2MB", "337.28GB", "1.5TB", "512KB", 80, "Dismounted", "", None, "1.2.3"]
    assert [megabytes(each) for each in sizes] == [
        80,
        9.2,
        345374.72,
        1572864,
        0.5,
        80,
        None,
        None,
        None,
        None,
    ]
    states = [
        Database("A", "/a/", "Mounted/RW", size=10, free=1, disk=900, most=10),
        Database("A", "/a/", "Mounted/RW", size=10, free=1, disk=40, most=0),
        Database("A", "/a/", "Mounted/RW", size=10, free=1, disk=240, most=20),
        Database("A", "/a/", "Mounted/R", read_only=True),
        Database("A", "/a/", "Unmounted"),
        Database("A", "/a/"),
    ]
    assert [each.state for each in states] == ["full", "disk full", "disk low", "read-only", "unmounted", ""]
