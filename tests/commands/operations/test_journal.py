"""The journal: state, space and the days left, whatever the unit of its free space is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from irisops.instance.operations.journal import MEGABYTE, JournalFile, a_day, in_bytes
from tests.commands.operations.working import facts, working


@pytest.mark.parametrize("unit", ["bytes", "megabytes"])
async def test_the_days_left_are_told(tmp_path: Path, unit: str) -> None:
    async with working(tmp_path, f"journal-free={unit}") as at:
        shown = await facts(at, "/journal")
        told = {key: shown.facts[key] for key in ("state", "free_mb", "mb_a_day", "days_left", "files")}
        assert told == {"state": "enabled", "free_mb": 7700, "mb_a_day": 2550, "days_left": 3.0, "files": 6}
        assert shown.notes[0] == "! The journal has room for 3.0 days at its pace: 7,700 MB left."
        assert shown.notes[2].startswith("Process ")
        journal = at.served.world.operations.journal
        journal.free = 40 * MEGABYTE
        shown = await facts(at, "/journal")
        assert (shown.facts["free_mb"], shown.facts["space"]) == (40, "Troubled")
        assert shown.notes[0] == "! The journal has 40 MB left."
        journal.state = 3
        shown = await facts(at, "/journal")
        assert shown.facts["state"] == "frozen"
        assert "cannot be written: an I/O error" in shown.notes[0]


async def test_with_one_file_the_pace_is_that_since_the_last_look(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        journal = at.served.world.operations.journal
        del journal.files[:-1]
        assert (await facts(at, "/journal")).facts["days_left"] is None
        kept = at.session.context.places.looks
        looks = json.loads(kept.read_text())
        looks["local"]["journal"][0]["at"] = datetime.now(UTC).replace(year=2020).isoformat()
        kept.write_text(json.dumps(looks))
        journal.files[-1].size += 1
        assert (await facts(at, "/journal")).facts["mb_a_day"] == 0


@pytest.mark.parametrize(
    ("told", "space", "megabytes"),
    [
        (262_144_000, "Normal", 250),
        (250, "Normal", 250),
        (5_000_000, "Normal", 5_000_000),
        (104_857_600, "Warning", 100),
        (100, "Warning", 100),
        (0, "Troubled", 0),
        (100, "", None),
        (None, "Normal", None),
    ],
)
def test_bytes_or_megabytes(told: int | None, space: str, megabytes: int | None) -> None:
    found = in_bytes(told, space)
    assert (None if found is None else found // MEGABYTE) == megabytes


def test_a_pace_needs_two_files() -> None:
    first, second = (datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2))
    assert a_day([JournalFile("b", second, 9), JournalFile("a", first, 5)]) == 5
    assert a_day([JournalFile("a", first, 5)]) is None
    assert a_day([JournalFile("a"), JournalFile("b")]) is None
